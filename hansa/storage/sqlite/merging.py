"""A page of everybody's objects in an order that has an index within each owner: the owners' rows, merged, so that not all have to be sorted."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

import heapq
import itertools
import sqlite3
from collections.abc import Iterator

import msgspec

from hansa.storage.sqlite.paths import Piece

INDICES = {'h.updated': 'hot_owned_updated', 'h.name': 'hot_owned_name'}
REST = ('h.created', 'h.id')
"""By the first column that is sorted by; the rest is what they have after it."""

_Row = tuple[tuple[str, ...], int]


class Wanted(msgspec.Struct, frozen=True):
    """So many rows of a kind that stand after `start`, in the order of these columns of `hot`, all in one direction."""

    kind: str
    columns: tuple[str, ...]
    descending: bool
    start: Piece
    limit: int

    @property
    def order(self) -> str:
        """SQL for their order."""
        return ', '.join(f'{column} {"DESC" if self.descending else "ASC"}' for column in self.columns)

    def of(self, owner: str, fields: str) -> str:
        """SQL for these fields of an owner's rows, in order; kind, the arguments of `start` and a limit are bound after the owner."""
        source = f'hot AS h INDEXED BY {INDICES[self.columns[0]]}'
        return f'SELECT {fields} FROM {source} WHERE h.project = {owner} AND h.kind = ? AND h.prime = 1 AND {self.start.sql} ORDER BY {self.order} LIMIT ?'


def rows(db: sqlite3.Connection, wanted: Wanted) -> list[int]:
    """The rows, in order."""
    # Nobody whose first row is behind the first rows of so many others has any in the page.
    merged = heapq.merge(*(_rows(db, wanted, *head) for head in _heads(db, wanted)), key=lambda row: row[0], reverse=wanted.descending)
    return [row for _, row in itertools.islice(merged, wanted.limit)]


def _heads(db: sqlite3.Connection, wanted: Wanted) -> list[tuple[str, _Row]]:
    """Each owner and his first row; the best of them, in order."""
    found = db.execute(
        f'SELECT o.project, h.row, {", ".join(wanted.columns)} FROM (SELECT DISTINCT project FROM owned WHERE kind = ?) AS o '
        f'CROSS JOIN hot AS h ON h.row = ({wanted.of("o.project", "h.row")}) ORDER BY {wanted.order} LIMIT ?',
        (wanted.kind, wanted.kind, *wanted.start.args, 1, wanted.limit),
    ).fetchall()
    return [(owner, (tuple(columns), row)) for owner, row, *columns in found]


def _rows(db: sqlite3.Connection, wanted: Wanted, owner: str, head: _Row) -> Iterator[_Row]:
    """An owner's rows; those after the first are looked for once they are asked for."""
    yield head
    sql = wanted.of('?', ', '.join(('h.row', *wanted.columns)))
    for row, *columns in itertools.islice(db.execute(sql, (owner, wanted.kind, *wanted.start.args, wanted.limit)), 1, None):
        yield tuple(columns), row
