"""What a list must give, said a second time in plain Python: the judge of the generated SQL."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

from hansa.model.listing import Filter, Query
from hansa.model.resource import Record

Ordered = TypeVar('Ordered', float, str)


def listed(records: Sequence[Record], query: Query) -> list[Record]:
    """All that a query asks for without limit and marker, in order."""
    wanted = [r for r in records if r.kind == query.kind and r.primary and _visible(r, query)]
    found = [r for r in wanted if all(holds(r, filter) for filter in query.filters)]
    return sorted(found, key=functools.cmp_to_key(functools.partial(_order, query)))


def _visible(record: Record, query: Query) -> bool:
    if query.projects is None:
        return True
    return record.project in query.projects or (query.public and record.public) or record.id in query.also


def _order(query: Query, one: Record, other: Record) -> int:
    descending = False
    for sort in query.sorts:
        descending = sort.descending
        a, b = _rank(_one(one, sort.path)), _rank(_one(other, sort.path))
        if a != b:
            return -1 if (a < b) is not descending else 1
    if one.id == other.id:
        return 0
    return -1 if (one.id < other.id) is not descending else 1


def _one(record: Record, path: tuple[str, ...]) -> object:
    return next(reached(record, path), None)


def _rank(value: object) -> tuple[int, float, str]:
    match value:
        case None:
            return (0, 0.0, '')
        case bool() | int() | float():
            return (1, float(value), '')
        case str():
            return (2, 0.0, value)
        case _:
            return (2, 0.0, json.dumps(value, separators=(',', ':'), ensure_ascii=False))


def reached(record: Record, path: tuple[str, ...]) -> Iterator[object]:
    """Every value that a path leads to; None for what is absent after its last '*'."""
    if len(path) == 1:
        return iter((getattr(record, path[0]),))
    return _walk(json.loads(record.doc), path[1:])


def _walk(value: object, keys: tuple[str, ...]) -> Iterator[object]:
    if not keys:
        yield value
    elif keys[0] == '*':
        children = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        for child in children:
            yield from _walk(child, keys[1:])
    elif isinstance(value, dict) and keys[0] in value:
        yield from _walk(value[keys[0]], keys[1:])
    elif '*' not in keys:
        yield None


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return 'true' if value else 'false'
        case str():
            return value
        case int() | float():
            return str(value)
        case _:
            return json.dumps(value, separators=(',', ':'), ensure_ascii=False)


def holds(record: Record, filter: Filter) -> bool:
    """Whether one condition holds for a record."""
    values = list(reached(record, filter.path))
    texts = [text for text in map(_text, values) if text is not None]
    match filter.operator:
        case 'in':
            return any(text in filter.values for text in texts)
        case 'not_in':
            return not any(text in filter.values for text in texts)
        case 'has':
            return all(value in texts for value in filter.values)
        case 'null':
            return not values or any(value in (None, '') for value in values)
        case 'not_null':
            return any(value not in (None, '') for value in values)
        case 'regex':
            return any(re.search(filter.values[0], text) for text in texts)
        case 'like':
            return any(filter.values[0].casefold() in text.casefold() for text in texts)
        case _:
            return any(_beyond(value, filter) for value in values)


def _beyond(value: object, filter: Filter) -> bool:
    text = _text(value)
    if text is None:
        return False
    number = re.fullmatch(r'-?\d+(\.\d+)?', filter.values[0])
    if isinstance(value, int | float) and not isinstance(value, bool) and number and len(filter.path) > 1:
        return _compared(float(value), filter.operator, float(filter.values[0]))
    return _compared(text, filter.operator, filter.values[0])


def _compared(one: Ordered, operator: str, other: Ordered) -> bool:
    return {'gt': one > other, 'ge': one >= other, 'lt': one < other, 'le': one <= other}[operator]
