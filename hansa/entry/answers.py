"""Reading the league's JSON with care: a league of another release may leave out or add keys."""

from __future__ import annotations

from collections.abc import Mapping

Record = Mapping[str, object]


def text(record: Record, key: str, otherwise: str = '-') -> str:
    """A value as text; `otherwise` where it is absent, null or empty."""
    value = record.get(key)
    return otherwise if value is None or value == '' else str(value)


def number(record: Record, key: str) -> int:
    """A count; 0 where it is absent."""
    value = record.get(key)
    return value if isinstance(value, int) else 0


def record(parent: Record, key: str) -> Record:
    """An object; empty where it is absent."""
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def records(parent: Record, key: str) -> list[Record]:
    """A list of objects; empty where it is absent."""
    return [value for value in _list(parent, key) if isinstance(value, dict)]


def sentences(parent: Record, key: str) -> list[str]:
    """A list of texts; empty where it is absent."""
    return [str(value) for value in _list(parent, key)]


def _list(parent: Record, key: str) -> list[object]:
    value = parent.get(key)
    return value if isinstance(value, list) else []
