"""What a request body refers to, without knowing its schema: every id in it but those in free text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

ID = re.compile(r'[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}')

_FREE = frozenset(
    ('metadata', 'name', 'description', 'user_data', 'personality', 'tags', 'properties', 'tenant_id', 'project_id', 'adminPass', 'data')
)
# Nova takes a group by name or id under `name`.
_GROUPS = frozenset(('security_groups', 'addSecurityGroup', 'removeSecurityGroup'))
_DEPTH = 12


def ids(body: Any, depth: int = 0) -> Iterator[str]:
    """Ids that a decoded JSON body refers to, in order; free text and owners are passed over."""
    if depth > _DEPTH:
        return
    if isinstance(body, dict):
        for key, value in body.items():
            if key in _GROUPS:
                yield from ids(_names(value), depth + 1)
            if key not in _FREE:
                yield from ids(value, depth + 1)
    elif isinstance(body, list):
        for value in body:
            yield from ids(value, depth + 1)
    elif isinstance(body, str):
        match = ID.fullmatch(body.rpartition('/')[2])
        if match:
            yield match.group()


def _names(groups: Any) -> list[Any]:
    return [group['name'] for group in (groups if isinstance(groups, list) else [groups]) if isinstance(group, dict) and 'name' in group]
