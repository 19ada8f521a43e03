"""Records in and out: what sites hold, which replica is primary, and the tombstones of what is gone."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from hansa.model.errors import BadRequest
from hansa.model.listing import Query, Sheet
from hansa.model.resource import Record
from hansa.rules import quota
from hansa.rules.views import layout
from hansa.storage.sqlite import querying, reserving

T = TypeVar('T')

KEPT = 24 * 3600.0

SUMMARY = """
SELECT site, kind, sum(amount), coalesce((
    SELECT sum(o.amount) FROM owned AS o WHERE o.kind = h.kind AND o.project = '' AND o.site = h.site
), 0) FROM held AS h GROUP BY site, kind ORDER BY site, kind
"""

_JOINED = f'SELECT {querying.FIELDS} FROM hot AS h CROSS JOIN document AS d ON d.row = h.row WHERE h.kind = ? AND h.id = ?'
_COLUMNS = 'row, seen, updated, site_id, project, name, created, public, charge, intent'
_FIND = f'SELECT {_COLUMNS} FROM hot WHERE kind = ? AND id = ? AND site = ?'


def record(row: tuple[Any, ...]) -> Record:
    """A row of querying.FIELDS as the record it keeps."""
    site, kind, id, site_id, project, name, doc, status, created, updated, public, prime, seen = row
    return Record(*(site, kind, id, site_id, project, name, doc, status, created, updated), public == 1, prime == 1, seen)


def put(db: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Insert or replace. Raises BadRequest for a document that is not JSON: it would spoil every filtered list."""
    for new in records:
        _valid(new)
        old = db.execute(_FIND, (new.kind, new.id, new.site)).fetchone()
        if old is None and not _outlived(db, new):
            _insert(db, new)
        elif old is not None and old[1] <= new.seen:
            _replace(db, new, old)


def _valid(new: Record) -> None:
    try:
        msgspec.json.decode(new.doc, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        raise BadRequest(f'The document of {new.kind} {new.id} at site {new.site} is not JSON: {error}.') from error


def _outlived(db: sqlite3.Connection, new: Record) -> bool:
    sql = 'SELECT 1 FROM tombstone WHERE kind = ? AND id = ? AND site = ? AND gone > ?'
    return db.execute(sql, (new.kind, new.id, new.site, new.seen)).fetchone() is not None


def _insert(db: sqlite3.Connection, new: Record) -> None:
    prime = db.execute('SELECT 1 FROM hot WHERE kind = ? AND id = ? AND prime = 1', (new.kind, new.id)).fetchone() is None
    row = db.execute(
        'INSERT INTO hot (site, kind, id, site_id, project, name, status, created, updated, public, prime, seen, charge, intent) '
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        (
            *(new.site, new.kind, new.id, new.site_id, new.project, new.name),
            *(new.status, new.created, new.updated, int(new.public), int(prime), new.seen, *_weight(new)),
        ),
    ).lastrowid
    db.execute('INSERT INTO document (row, doc, ends) VALUES (?, ?, ?)', (row, new.doc, _ends(new)))
    db.execute('DELETE FROM tombstone WHERE kind = ? AND id = ?', (new.kind, new.id))


def _ends(new: Record) -> bytes:
    return layout.ends(new.kind, new.id, new.site, new.doc)


def _weight(new: Record) -> tuple[str, str]:
    charge, marker = quota.weigh(new.kind, new.doc)
    return reserving.text(charge), marker


def _replace(db: sqlite3.Connection, new: Record, old: tuple[Any, ...]) -> None:
    row, _, updated, *others = old
    db.execute('UPDATE hot SET status = ?, seen = ? WHERE row = ?', (new.status, new.seen, row))
    # Kept apart because naming an indexed column makes SQLite rewrite its indexes.
    if new.updated != updated:
        db.execute('UPDATE hot SET updated = ? WHERE row = ?', (new.updated, row))
    indexed = [new.site_id, new.project, new.name, new.created, int(new.public), *_weight(new)]
    if indexed != others:
        sql = 'UPDATE hot SET site_id = ?, project = ?, name = ?, created = ?, public = ?, charge = ?, intent = ? WHERE row = ?'
        db.execute(sql, (*indexed, row))
    sql = 'UPDATE document SET doc = ?1, ends = ?2 WHERE row = ?3 AND (doc, ends) <> (?1, ?2)'
    db.execute(sql, (new.doc, _ends(new), row))


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
