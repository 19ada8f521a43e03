"""The yardstick of storms: a plain wide table to which each change is written by itself, as it comes; docs/decisions/0015-storms.md says why this one."""

from __future__ import annotations

import pathlib
import random
import time
from collections.abc import Iterable, Sequence

import msgspec

from hansa.model.resource import Record
from hansa.storage.sqlite import opening, store

CHANGES = 20_000
"""So many are written to take the rate."""

_COLUMNS = ('id', 'site', 'project', 'name', 'status', 'created', 'updated', 'public', 'seen', 'doc')
_TABLE = (
    'CREATE TABLE server (id TEXT PRIMARY KEY, site TEXT, project TEXT, name TEXT, status TEXT, created TEXT, updated TEXT, public INTEGER, seen REAL, doc BLOB)'
)
# As the league's own: each order that is promised, within an owner and over all, and the rows of a site.
_ORDERS = ('project, created, id', 'project, name, created, id', 'project, updated, created, id', 'project, id', 'created, id', 'site')
_INSERT = f'INSERT INTO server ({", ".join(_COLUMNS)}) VALUES ({", ".join("?" * len(_COLUMNS))})'  # noqa: S608 - our own words alone
_UPSERT = f'{_INSERT} ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}'


class Wide:
    """The table in a file, by the engine's settings of the league's own store: the same log, the same durability, pages of the same size."""

    def __init__(self, file: pathlib.Path) -> None:
        self._db = opening.connect(file, cache=8)
        # The league tells nobody of a transaction before it is synced, which it does for many at once; docs/decisions/0016-durable.md.
        self._db.execute('PRAGMA synchronous=FULL').fetchall()
        self._db.execute(_TABLE)
        # The league's store folds its log beside its work past this size; here the one who writes does it.
        self._db.execute(f'PRAGMA wal_autocheckpoint={store.LOG_BYTES // 8192}').fetchall()

    def fill(self, rows: Iterable[Record]) -> None:
        """What the league knows before the storm; not measured."""
        self._db.execute('BEGIN')
        self._db.executemany(_INSERT, map(_row, rows))
        self._db.execute('COMMIT')

    def index(self) -> None:
        """All orders, once it is filled."""
        for number, order in enumerate(_ORDERS):
            self._db.execute(f'CREATE INDEX by_{number} ON server ({order})')
        self._db.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()

    def rate(self, changes: Sequence[Record]) -> float:
        """Changes a second, each an upsert of its whole row and a transaction of its own. Raises RuntimeError where they did not arrive."""
        rows = [_row(one) for one in changes]
        began = time.perf_counter()
        for row in rows:
            self._db.execute('BEGIN IMMEDIATE')
            self._db.execute(_UPSERT, row)
            self._db.execute('COMMIT')
        rate = len(rows) / (time.perf_counter() - began)
        last = changes[-1]
        if self._db.execute('SELECT status, updated FROM server WHERE id = ?', (last.id,)).fetchone() != (last.status, last.updated):
            raise RuntimeError('The yardstick did not write what it was given.')
        return rate

    def close(self) -> None:
        self._db.close()


def sampled(rows: Sequence[Record], count: int) -> list[Record]:
    """Some of them, no two of which lie beside one another if that can be."""
    return list(rows[:: max(1, len(rows) // count)])


def changed(rows: Sequence[Record]) -> list[Record]:
    """Rows in a new state as they come from all sites at once, in any order; CHANGES of them at most."""
    mixed = random.Random(0).sample(rows, min(CHANGES, len(rows)))  # noqa: S311 - any will do
    return [later(one, f'2099-01-01T{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}Z') for at, one in enumerate(mixed)]


def later(one: Record, stamp: str) -> Record:
    """In another state since then."""
    status = 'SHUTOFF' if one.status == 'ACTIVE' else 'ACTIVE'
    doc = one.doc.replace(one.updated.encode(), stamp.encode()).replace(one.status.encode(), status.encode())
    return msgspec.structs.replace(one, status=status, updated=stamp, doc=doc)


def _row(one: Record) -> tuple[object, ...]:
    return one.id, one.site, one.project, one.name, one.status, one.created, one.updated, int(one.public), one.seen, one.doc
