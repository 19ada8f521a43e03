"""A path into a record, as SQL: a column, one value of the document, or all values that '*' steps to."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

import re

import msgspec

from hansa.model.errors import BadRequest
from hansa.model.listing import COLUMNS
from hansa.storage.postgres.transacting import clean

_DEPTH = 16
_MARK = re.compile(r'\?')


class Piece(msgspec.Struct, frozen=True):
    """SQL and the texts that are bound to its question marks, in order."""

    sql: str
    args: tuple[object, ...] = ()

    def numbered(self) -> tuple[str, list[object]]:
        """As PostgreSQL wants it: $1, $2 and so on for the question marks."""
        numbers = iter(range(1, len(self.args) + 1))
        args = [clean(arg) if isinstance(arg, str) else [clean(word) for word in arg] if isinstance(arg, tuple) else arg for arg in self.args]
        return _MARK.sub(lambda _: f'${next(numbers)}', self.sql), args


class Reach(msgspec.Struct, frozen=True):
    """What a path leads to.

    `value` is an SQL value: a text for a column, which is never null, JSON for what is in a document. Where the path takes
    hansa_each() to walk, `source` is what the values stand in, a row for each that '*' led to. What is absent after the last '*' is
    a null.
    """

    value: Piece
    column: bool = False
    source: Piece | None = None

    @property
    def many(self) -> bool:
        """Whether '*' is in the path."""
        return self.source is not None

    @property
    def text(self) -> Piece:
        """The value as text; true and false are 'true' and 'false'."""
        return self.value if self.column else Piece(f'hansa_text({self.value.sql}) COLLATE "C"', self.value.args)

    def any(self, condition: Piece) -> Piece:
        """True where the condition holds for any value reached, else false."""
        if self.source is None:
            return Piece(f'coalesce(({condition.sql}), false)', condition.args)
        return Piece(f'EXISTS (SELECT 1 FROM {self.source.sql} WHERE {condition.sql})', (*self.source.args, *condition.args))


def reach(path: tuple[str, ...]) -> Reach:
    """SQL for a path, over `hot AS h` and a document's JSON `j.doc`. Raises BadRequest for a path that leads nowhere."""
    if len(path) == 1 and path[0] in COLUMNS:
        return Reach(Piece(f'h.{path[0]}'), column=True)
    if len(path) < 2 or path[0] != 'doc' or len(path) > _DEPTH:
        raise BadRequest(f'{".".join(path)[:80]!r} is nothing that a list can be filtered or sorted by.')
    value = Piece('j.doc')
    steps: list[Piece] = []
    for key in path[1:]:
        if key == '*':
            step = f's{len(steps)}'
            steps.append(Piece(f'hansa_each({value.sql}) AS {step} (value)', value.args))
            value = Piece(f'{step}.value')
        else:
            # A key, never a place in a list: what `->` does with a text.
            value = Piece(f'({value.sql} -> ?::text)', (*value.args, key))
    source = Piece(', '.join(step.sql for step in steps), tuple(arg for step in steps for arg in step.args)) if steps else None
    return Reach(value, source=source)
