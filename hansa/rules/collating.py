"""Putting sites' lists together into one: doubles dropped, one order, one page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hansa.model.errors import BadRequest

Item = dict[str, Any]
_AGES = ('created_at', 'attached_at')


class Page(msgspec.Struct, frozen=True):
    """`items` in order; `before` and `after` say whether there is more on either side; `known` is False where nobody has the marker."""

    items: list[Item]
    before: bool = False
    after: bool = False
    known: bool = True


def united(lists: Iterable[Sequence[Any]], key: str) -> list[Any]:
    """All elements in the order in which they come; of those that are equal, or have an equal `key`, the first."""
    found: list[Any] = []
    seen: set[object] = set()
    for each in lists:
        for item in each:
            mark = item.get(key) if isinstance(item, dict) else None
            if mark is None:
                if item not in found:
                    found.append(item)
            elif mark not in seen:
                seen.add(mark)
                found.append(item)
    return found


def ordered(items: list[Item], sorts: Sequence[tuple[str, bool]]) -> list[Item]:
    """Sorted by (field, descending) pairs, the first weighs most; absent values are lowest. Raises BadRequest for a field that no item has."""
    for key, descending in reversed(sorts):
        if items and not any(_has(item, key) for item in items):
            raise BadRequest(f'Over several sites this list cannot be sorted by {key}: its items do not tell it.')
        items = sorted(items, key=lambda item: _rank(_value(item, key)), reverse=descending)
    return items


def page(items: list[Item], key: str, marker: str, limit: int | None, backwards: bool = False) -> Page:
    """At most `limit` items after the marker; `backwards` those before it."""
    start, end = 0, len(items)
    if marker:
        at = next((at for at, item in enumerate(items) if item.get(key) == marker), None)
        if at is None:
            return Page([], known=False)
        start, end = (0, at) if backwards else (at + 1, len(items))
    if limit is not None and backwards:
        start = max(start, end - limit)
    elif limit is not None:
        end = min(end, start + limit)
    return Page(items[start:end], before=start > 0, after=end < len(items))


def _has(item: Item, key: str) -> bool:
    return key in item or (key == _AGES[0] and _AGES[1] in item)


def _value(item: Item, key: str) -> Any:
    return item.get(key, item.get(_AGES[1]) if key == _AGES[0] else None)


def _rank(value: Any) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, '')
    return (1, float(value), '') if isinstance(value, int | float) else (1, 0.0, str(value))
