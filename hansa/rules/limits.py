"""Limits, quotas and usage of several sites as those of one cloud."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

_SMALLEST = frozenset(
    ('maxServerMeta', 'maxImageMeta', 'maxPersonality', 'maxPersonalitySize', 'maxServerGroupMembers', 'per_volume_gigabytes',
     'metadata_items', 'injected_files', 'injected_file_content_bytes', 'injected_file_path_bytes', 'server_group_members',
     'maxSecurityGroupRules', 'maxTotalKeypairs', 'key_pairs')
)  # fmt: skip
UNLIMITED = -1


def merged(documents: Sequence[Any]) -> Any:
    """One document out of the sites' documents of the same form: numbers are added up, -1 stays without limit, limits that hold
    per object take the smallest site's, lists are joined (one item per project), a `start` is the earliest and a `stop` the latest,
    everything else is the first site's.
    """
    if not documents:
        return {}
    return _value('', documents)


def shared_out(word: str, value: Any, at: int, of: int) -> Any:
    """The part of a league's limit that falls to one of `of` sites, so that `merged` gives it back; the first sites take what does not divide."""
    if word in _SMALLEST or not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return value
    return (value + of - 1 - at) // of


def _value(key: str, values: Sequence[Any], limit: str = '') -> Any:
    """`limit` is the word whose details (`{'limit', 'in_use', 'reserved'}`) these are, where they are."""
    told = [value for value in values if value is not None]
    first = told[0] if told else None
    if isinstance(first, dict):
        return _fields(key, [value for value in told if isinstance(value, dict)])
    if isinstance(first, list):
        return _list(item for value in told if isinstance(value, list) for item in value)
    if isinstance(first, str) and key in {'start', 'stop'}:
        texts = [value for value in told if isinstance(value, str)]
        return min(texts) if key == 'start' else max(texts)
    if told and all(isinstance(value, int | float) and not isinstance(value, bool) for value in told):
        return _number(limit if key == 'limit' and limit else key, told)
    return first


def _number(key: str, values: Sequence[float]) -> float:
    if key in _SMALLEST:
        return min((value for value in values if value != UNLIMITED), default=UNLIMITED)
    return UNLIMITED if UNLIMITED in values else sum(values)


def _fields(key: str, documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    names = dict.fromkeys(name for document in documents for name in document)
    return {name: _value(name, [document[name] for document in documents if name in document], key) for name in names}


def _list(items: Iterable[Any]) -> list[Any]:
    """What several sites say alike is said once; usage of one project becomes one item."""
    joined: list[Any] = []
    projects: dict[str, int] = {}
    for item in items:
        project = item.get('tenant_id') if isinstance(item, dict) and 'total_hours' in item else None
        if isinstance(project, str) and project in projects:
            joined[projects[project]] = merged((joined[projects[project]], item))
            continue
        if isinstance(project, str):
            projects[project] = len(joined)
        if item not in joined:
            joined.append(item)
    return joined
