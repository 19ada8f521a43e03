"""Records out, and gone: what sites hold, which replica is primary, and the tombstones of what is gone. How they come in is in `putting`."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from hansa.model.listing import Query, Sheet
from hansa.model.resource import Record
from hansa.rules.views import layout
from hansa.storage.sqlite import querying

T = TypeVar('T')

KEPT = 24 * 3600.0

SUMMARY = """
SELECT site, kind, sum(amount), coalesce((
    SELECT sum(o.amount) FROM owned AS o WHERE o.kind = h.kind AND o.project = '' AND o.site = h.site
), 0) FROM held AS h GROUP BY site, kind ORDER BY site, kind
"""

_JOINED = f'SELECT {querying.FIELDS} FROM hot AS h CROSS JOIN document AS d ON d.row = h.row WHERE h.kind = ? AND h.id = ?'
_FIND = 'SELECT row FROM hot WHERE kind = ? AND id = ? AND site = ?'


def record(row: tuple[Any, ...]) -> Record:
    """A row of querying.FIELDS as the record it keeps."""
    site, kind, id, site_id, project, name, doc, status, created, updated, public, prime, seen = row
    return Record(*(site, kind, id, site_id, project, name, doc, status, created, updated), public == 1, prime == 1, seen)


def remove(db: sqlite3.Connection, site: str, kind: str, ids: Sequence[str], when: float) -> None:
    """Delete; the last record of an id leaves a tombstone, and tombstones older than a day go."""
    for id in ids:
        old = db.execute(_FIND, (kind, id, site)).fetchone()
        if old is not None:
            _bury(db, kind, id, old[0], when)
            _delete(db, old[0])
            _promote(db, kind, id)
    db.execute('DELETE FROM tombstone WHERE gone < ?', (when - KEPT,))


def _bury(db: sqlite3.Connection, kind: str, id: str, row: int, when: float) -> None:
    if db.execute('SELECT 1 FROM hot WHERE kind = ? AND id = ? AND row <> ?', (kind, id, row)).fetchone() is None:
        columns = 'site, kind, id, site_id, project, name, status, created, updated'
        db.execute(
            f'INSERT OR REPLACE INTO tombstone ({columns}, doc, gone) '
            f'SELECT {columns}, doc, ? FROM hot CROSS JOIN document USING (row) WHERE row = ?',
            (when, row),
        )


def _delete(db: sqlite3.Connection, row: int) -> None:
    db.execute('DELETE FROM hot WHERE row = ?', (row,))
    db.execute('DELETE FROM document WHERE row = ?', (row,))


def _promote(db: sqlite3.Connection, kind: str, id: str) -> None:
    db.execute(
        'UPDATE hot SET prime = 1 WHERE row = (SELECT row FROM hot WHERE kind = ?1 AND id = ?2 ORDER BY site LIMIT 1) '
        'AND NOT EXISTS (SELECT 1 FROM hot WHERE kind = ?1 AND id = ?2 AND prime = 1)',
        (kind, id),
    )


def get(db: sqlite3.Connection, kind: str, id: str) -> Record | None:
    """The primary record of a league id."""
    row = db.execute(f'{_JOINED} AND h.prime = 1', (kind, id)).fetchone()
    return None if row is None else record(row)


def page(db: sqlite3.Connection, query: Query) -> list[Record]:
    """Primary records that a query asks for, in order. Raises BadRequest like querying.page."""
    return list(map(record, _at_once(db, lambda: querying.page(db, query))))


def sheets(db: sqlite3.Connection, query: Query) -> list[Sheet]:
    """The same as their answer needs them. Raises BadRequest like querying.sheets."""
    return _at_once(db, lambda: querying.sheets(db, query))


def _at_once(db: sqlite3.Connection, read: Callable[[], list[T]]) -> list[T]:
    db.execute('BEGIN')  # the marker and the page after it are of one moment
    try:
        return read()
    finally:
        db.execute('ROLLBACK')


def count(db: sqlite3.Connection, query: Query) -> int:
    """How many records a query has in all. Raises BadRequest like querying.count."""
    return querying.count(db, query)


def replicas(db: sqlite3.Connection, kind: str, id: str) -> list[Record]:
    """All records of a league id, primary first, then by site."""
    return [record(row) for row in db.execute(f'{_JOINED} ORDER BY h.prime DESC, h.site', (kind, id)).fetchall()]


def gone(db: sqlite3.Connection, kind: str, id: str) -> bool:
    """Whether a tombstone stands."""
    return db.execute('SELECT 1 FROM tombstone WHERE kind = ? AND id = ?', (kind, id)).fetchone() is not None


def known(db: sqlite3.Connection, site: str, kind: str) -> dict[str, str]:
    """Site id -> `updated`."""
    return dict(db.execute('SELECT site_id, updated FROM hot WHERE site = ? AND kind = ?', (site, kind)).fetchall())


def summary(db: sqlite3.Connection) -> list[tuple[str, str, int, int]]:
    """(site, kind, records, how many of them nobody owns)."""
    return db.execute(SUMMARY).fetchall()


def spread(db: sqlite3.Connection, kind: str, project: str) -> dict[str, int]:
    """Site -> primary records."""
    return dict(db.execute('SELECT site, sum(amount) FROM owned WHERE kind = ? AND project = ? GROUP BY site', (kind, project)).fetchall())


def forget(db: sqlite3.Connection, site: str) -> None:
    """Drop all records and tombstones of a site; replicas elsewhere become primary."""
    orphans = db.execute(
        'SELECT kind, id FROM hot AS h WHERE site = ?1 AND prime = 1 '
        'AND EXISTS (SELECT 1 FROM hot WHERE kind = h.kind AND id = h.id AND site <> ?1)',
        (site,),
    ).fetchall()
    db.execute('DELETE FROM document WHERE row IN (SELECT row FROM hot WHERE site = ?)', (site,))
    db.execute('DELETE FROM hot WHERE site = ?', (site,))
    db.execute('DELETE FROM tombstone WHERE site = ?', (site,))
    for kind, id in orphans:
        _promote(db, kind, id)


def rename(db: sqlite3.Connection, site: str, kind: str, old: str, new: str) -> None:
    """Give a record another league id, in its key and in all documents of its site."""
    if old == new:
        return
    found = db.execute(_FIND, (kind, old, site)).fetchone()
    if found is not None and db.execute(_FIND, (kind, new, site)).fetchone() is not None:
        # The same object came in under its new id already.
        _delete(db, found[0])
    elif found is not None:
        db.execute('UPDATE hot SET id = ?, prime = 0 WHERE row = ?', (new, found[0]))
        db.execute('DELETE FROM tombstone WHERE kind = ? AND id = ?', (kind, new))
    _promote(db, kind, old)
    _promote(db, kind, new)
    _rewrite(db, site, msgspec.json.encode(old), msgspec.json.encode(new))


def _rewrite(db: sqlite3.Connection, site: str, old: bytes, new: bytes) -> None:
    sql = 'SELECT row, h.kind, h.id FROM hot AS h CROSS JOIN document USING (row) WHERE h.site = ? AND instr(doc, ?)'
    # After a backslash the first quote is part of a longer string.
    whole = re.compile(rb'(?<!\\)' + re.escape(old))
    for row, kind, id in db.execute(sql, (site, old)).fetchall():
        doc = whole.sub(lambda _: new, db.execute('SELECT doc FROM document WHERE row = ?', (row,)).fetchone()[0])
        db.execute('UPDATE document SET doc = ?, ends = ? WHERE row = ?', (doc, layout.ends(kind, id, site, doc), row))
