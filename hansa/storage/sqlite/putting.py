"""Records into the inventory, many at once: what stands is looked up first, then each table is written in one go, and each sum once.

Nothing else inserts into `hot`, or changes whose an object is and how it does; so it is here that names are indexed and sums are kept. What
removes a record or makes another one primary leaves that to triggers.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hansa.model.errors import BadRequest
from hansa.model.quota import Amounts
from hansa.model.resource import Record
from hansa.rules import quota
from hansa.rules.views import layout
from hansa.storage.sqlite import reserving

_FIND = (
    'SELECT seen, row, prime, status, updated, site_id, project, name, created, public, charge, intent '
    'FROM hot WHERE kind = ? AND id = ? AND site = ?'
)
_AROUND = (
    'SELECT EXISTS (SELECT 1 FROM hot WHERE kind = ?1 AND id = ?2 AND prime = 1), (SELECT site FROM tombstone WHERE kind = ?1 AND id = ?2), '
    '(SELECT gone FROM tombstone WHERE kind = ?1 AND id = ?2)'
)
_NEW = (
    'INSERT INTO hot (row, site, kind, id, site_id, project, name, status, created, updated, public, prime, seen, charge, intent) '
    'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
)
_HELD = ('held', ('kind', 'site', 'status', 'public', 'prime'))
_OWNED = ('owned', ('kind', 'project', 'site', 'status', 'public'))
_USED = ('used', ('project', 'resource', 'site', 'prime'))

_Sum = dict[tuple[object, ...], int]


class _Sums:
    """By how much each counter changes."""

    def __init__(self) -> None:
        self._held: _Sum = defaultdict(int)
        self._owned: _Sum = defaultdict(int)
        self._used: _Sum = defaultdict(int)

    def count(self, one: Record, prime: int, by: int) -> None:
        """There is a record more or less."""
        public = int(one.public)
        self._held[one.kind, one.site, one.status, public, prime] += by
        if prime:
            self._owned[one.kind, one.project, one.site, one.status, public] += by

    def charge(self, project: str, site: str, prime: int, amounts: Amounts, by: int) -> None:
        """More or less is taken of a project's quota."""
        if project:
            for resource, amount in amounts.items():
                self._used[project, resource, site, prime] += by * amount

    def write(self, db: sqlite3.Connection) -> None:
        """Add them to what stands; a line that comes to nothing goes, but for quotas."""
        for (table, columns), sums in ((_HELD, self._held), (_OWNED, self._owned), (_USED, self._used)):
            changed: list[tuple[Any, ...]] = [(*line, by) for line, by in sums.items() if by]
            add = f'INSERT INTO {table} ({", ".join(columns)}, amount) VALUES ({"?, " * len(columns)}?) '  # noqa: S608 - our own words alone
            db.executemany(f'{add} ON CONFLICT DO UPDATE SET amount = amount + excluded.amount', changed)
            if table != 'used':
                empty = f'DELETE FROM {table} WHERE ({", ".join(columns)}) = ({"?, " * (len(columns) - 1)}?) AND amount = 0'  # noqa: S608 - the same
                db.executemany(empty, [line for *line, by in changed if by < 0])


class _Work:
    """Rows to be written, by statement."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._row = int(db.execute('SELECT coalesce(max(row), 0) FROM hot').fetchone()[0])
        self._primes: set[tuple[str, str]] = set()
        self._raised: list[tuple[str, str]] = []
        self._new: list[tuple[object, ...]] = []
        self._documents: list[tuple[object, ...]] = []
        self._told: list[tuple[object, ...]] = []
        self._moved: list[tuple[object, ...]] = []
        self._changed: list[tuple[object, ...]] = []
        self._rewritten: list[tuple[object, ...]] = []
        self._unnamed: list[tuple[int, str]] = []
        self._named: list[tuple[int, str]] = []
        self._sums = _Sums()

    def take(self, new: Record) -> None:
        """One record, unless what stands is of later. Raises BadRequest for a document that is not JSON."""
        old = self._db.execute(_FIND, (new.kind, new.id, new.site)).fetchone()
        if old is None:
            self._insert(new)
        elif old[0] <= new.seen:
            self._replace(new, old)

    def _insert(self, new: Record) -> None:
        taken, site, gone = self._db.execute(_AROUND, (new.kind, new.id)).fetchone()
        if site == new.site and gone > new.seen:
            return
        key = (new.kind, new.id)
        prime = int(not taken and key not in self._primes)
        self._primes.add(key)
        if site is not None:
            self._raised.append(key)
        amounts, marker = quota.weigh(new.kind, new.doc)
        self._row += 1
        self._new.append((
            *(self._row, new.site, new.kind, new.id, new.site_id, new.project, new.name, new.status, new.created, new.updated),
            *(int(new.public), prime, new.seen, reserving.text(amounts), marker),
        ))  # fmt: skip
        self._documents.append((self._row, new.doc, _ends(new)))
        self._named.append((self._row, new.name.casefold()))
        self._sums.count(new, prime, 1)
        self._sums.charge(new.project, new.site, prime, amounts, 1)

    def _replace(self, new: Record, old: tuple[Any, ...]) -> None:
        _, row, prime, status, updated, *others = old
        site_id, project, name, created, public, charge, marker = others
        amounts, link = quota.weigh(new.kind, new.doc)
        text = reserving.text(amounts)
        if updated != new.updated:
            # Apart, as naming an indexed column makes SQLite rewrite its indexes.
            self._moved.append((new.status, new.seen, new.updated, row))
        else:
            self._told.append((new.status, new.seen, row))
        indexed = (new.site_id, new.project, new.name, new.created, int(new.public), text, link)
        if indexed != (site_id, project, name, created, public, charge, marker):
            self._changed.append((*indexed, row))
        self._rewritten.append((new.doc, _ends(new), row))
        if name != new.name:
            self._unnamed.append((row, name.casefold()))
            self._named.append((row, new.name.casefold()))
        if (status, project, public) != (new.status, new.project, int(new.public)):
            self._sums.count(msgspec.structs.replace(new, status=status, project=project, public=public == 1), prime, -1)
            self._sums.count(new, prime, 1)
        if (project, charge) != (new.project, text):
            self._sums.charge(project, new.site, prime, msgspec.json.decode(charge), -1)
            self._sums.charge(new.project, new.site, prime, amounts, 1)

    def write(self) -> None:
        """All of it."""
        for sql, rows in (
            (_NEW, self._new),
            ('INSERT INTO document (row, doc, ends) VALUES (?, ?, ?)', self._documents),
            ('DELETE FROM tombstone WHERE kind = ? AND id = ?', self._raised),
            ('UPDATE hot SET status = ?, seen = ? WHERE row = ?', self._told),
            ('UPDATE hot SET status = ?, seen = ?, updated = ? WHERE row = ?', self._moved),
            ('UPDATE hot SET site_id = ?, project = ?, name = ?, created = ?, public = ?, charge = ?, intent = ? WHERE row = ?', self._changed),
            ('UPDATE document SET doc = ?1, ends = ?2 WHERE row = ?3 AND (doc, ends) <> (?1, ?2)', self._rewritten),
            ("INSERT INTO names (names, rowid, name) VALUES ('delete', ?, ?)", self._unnamed),
            ('INSERT INTO names (rowid, name) VALUES (?, ?)', self._named),
        ):
            if rows:
                self._db.executemany(sql, rows)
        self._sums.write(self._db)


def put(db: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Insert or replace. Raises BadRequest for a document that is not JSON: it would spoil every filtered list."""
    work = _Work(db)
    for new in _last(records):
        valid(new)
        work.take(new)
    work.write()


def valid(new: Record) -> None:
    """Raises BadRequest where the document is not JSON."""
    try:
        msgspec.json.decode(new.doc, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        raise BadRequest(f'The document of {new.kind} {new.id} at site {new.site} is not JSON: {error}.') from error


def _last(records: Sequence[Record]) -> Iterable[Record]:
    """Each object once, as it was seen last."""
    found: dict[tuple[str, str, str], Record] = {}
    for new in records:
        key = (new.kind, new.id, new.site)
        if key not in found or found[key].seen <= new.seen:
            found[key] = new
    return found.values()


def _ends(new: Record) -> bytes:
    return layout.ends(new.kind, new.id, new.site, new.doc)
