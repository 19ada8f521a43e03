"""Limits, quotas and usage of several sites as those of one cloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_SMALLEST = frozenset(
    ('maxServerMeta', 'maxImageMeta', 'maxPersonality', 'maxPersonalitySize', 'maxServerGroupMembers', 'per_volume_gigabytes',
     'metadata_items', 'injected_files', 'injected_file_content_bytes', 'injected_file_path_bytes', 'server_group_members',
     'maxSecurityGroupRules', 'maxTotalKeypairs', 'key_pairs')
)  # fmt: skip
UNLIMITED = -1


def merged(documents: Sequence[Any]) -> Any:
    """One document out of the sites' documents of the same form: numbers are added up, -1 stays without limit, limits that hold
    per object take the smallest site's, everything else is the first site's.
    """
    if not documents:
        return {}
    first = documents[0]
    if isinstance(first, dict):
        keys = dict.fromkeys(key for document in documents if isinstance(document, dict) for key in document)
        return {key: _field(key, [document[key] for document in documents if isinstance(document, dict) and key in document]) for key in keys}
    return first


def _field(key: str, values: Sequence[Any]) -> Any:
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        if UNLIMITED in values:
            return UNLIMITED
        return min(values) if key in _SMALLEST else sum(values)
    return merged(values)
