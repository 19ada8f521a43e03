"""A path into a record, as SQL: a column, one value of the document, or all values that '*' steps to."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

import re

import msgspec

from hansa.model.errors import BadRequest
from hansa.model.listing import COLUMNS

# Keys of these characters mean themselves in a JSON path and in an SQL literal; every other key is bound.
_PLAIN = re.compile(r'[A-Za-z0-9_:.\-/ ]+')
_DEPTH = 16


class Piece(msgspec.Struct, frozen=True):
    """SQL and what is bound to its question marks, in order."""

    sql: str
    args: tuple[object, ...] = ()


class Reach(msgspec.Struct, frozen=True):
    """What a path leads to.

    `value` is an SQL value and `type` its JSON type ('' for columns, which are text and never null). Where the
    path takes json_each() to walk, `source` is what they stand in; it has one row, or with `many` a row for
    each value that '*' led to. What is absent after the last '*' is a null.
    """

    value: str
    type: str = ''
    source: Piece | None = None
    many: bool = False

    @property
    def text(self) -> str:
        """The value as text; true and false are 'true' and 'false'."""
        if not self.type:
            return self.value
        return f"CASE WHEN {self.type} IN ('true', 'false') THEN {self.type} ELSE CAST({self.value} AS TEXT) END"

    def any(self, condition: Piece) -> Piece:
        """1 where the condition holds for any value reached, else 0; of a column plain, so that an index serves it."""
        if not self.type:
            return Piece(f'({condition.sql})', condition.args)
        if self.source is None:
            return Piece(f'coalesce(({condition.sql}), 0)', condition.args)
        sql = f'EXISTS (SELECT 1 FROM {self.source.sql} WHERE {condition.sql})'
        return Piece(sql, (*self.source.args, *condition.args))

    @property
    def single(self) -> Piece:
        """The value itself, NULL where it is absent."""
        if self.source is None:
            return Piece(self.value)
        return Piece(f'(SELECT {self.value} FROM {self.source.sql} LIMIT 1)', self.source.args)


def reach(path: tuple[str, ...]) -> Reach:
    """SQL for a path, over `hot AS h` and `document AS d`. Raises BadRequest for a path that leads nowhere."""
    if len(path) == 1 and path[0] in COLUMNS:
        return Reach(f'h.{path[0]}')
    if len(path) < 2 or path[0] != 'doc' or len(path) > _DEPTH:
        raise BadRequest(f'{".".join(path)[:80]!r} is nothing that a list can be filtered or sorted by.')
    return _document(path[1:])


def _document(keys: tuple[str, ...]) -> Reach:
    json, inside = 'CAST(d.doc AS TEXT)', '$'
    steps: list[str] = []
    args: list[object] = []
    for key in keys:
        if key != '*' and _PLAIN.fullmatch(key):
            inside += f'."{key}"'
            continue
        step = f'j{len(steps)}'
        each = f"json_each({json}, '{inside}') AS {step}"
        # A value that is neither list nor object is its own only row, without a key.
        steps.append(f'JOIN {each} ON {step}.key IS NOT NULL' if key == '*' else f'LEFT JOIN {each} ON {step}.key = ?')
        args += [] if key == '*' else [key]
        json, inside = f"CASE WHEN {step}.type IN ('object', 'array') THEN {step}.value END", '$'
    source = Piece(f'(SELECT 1) {" ".join(steps)}', tuple(args)) if steps else None
    if inside == '$':
        return Reach(f'j{len(steps) - 1}.value', f'j{len(steps) - 1}.type', source, '*' in keys)
    return Reach(f"json_extract({json}, '{inside}')", f"json_type({json}, '{inside}')", source, '*' in keys)
