"""What is in a store, counted and digested by site and kind: two stores that hold the same give the same, whatever they are built on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

# Site and kind come first, '' where a table has none. `{both}` is how a record and its document find each other.
TABLES: dict[str, str] = {
    'inventory': (
        'SELECT h.site, h.kind, h.id, h.site_id, h.project, h.name, h.status, h.created, h.updated, h.public, h.prime, h.seen, h.charge, '
        'h.intent, d.doc FROM hot AS h JOIN document AS d ON {both}'
    ),
    'tombstone': 'SELECT site, kind, id, site_id, project, name, status, created, updated, doc, gone FROM tombstone',
    'alias': 'SELECT site, kind, league, project, local FROM alias',
    'intent': 'SELECT site, kind, row, id, project, "user", marker, detail, state, found, created, generation, charge, after FROM intent',
    'decision': "SELECT '', kind, id, decision FROM decision",
    'site': "SELECT name, '', kind, landlord, projects, settings FROM site",
    'state': "SELECT '', '', key, value, sealed FROM state",
    'quota': "SELECT site, '', project, resource, most FROM quota",
    'home': "SELECT site, '', project, container, registered FROM home",
    'twin': "SELECT site, '', project, container, registered FROM twin",
    'spread': "SELECT '', kind, project, container, sites, need, registered, filling, leaving, generation FROM spread",
    'debt': "SELECT site, '', project, container, object, since, generation, missed FROM debt",
}
# Counters, and what to say where lines of them are not what a count of the inventory gives.
COUNTED: dict[str, str] = {
    'SELECT count(*) FROM (SELECT kind, site, status, public, prime FROM (SELECT kind, site, status, public, prime, 1 AS one FROM hot '
    'UNION ALL SELECT kind, site, status, public, prime, -amount FROM held) AS together GROUP BY 1, 2, 3, 4, 5 HAVING sum(one) <> 0) AS odd': (
        'counters of sites differ from what the inventory holds'
    ),
    'SELECT count(*) FROM (SELECT kind, project, site, status, public FROM (SELECT kind, project, site, status, public, 1 AS one FROM hot '
    'WHERE prime UNION ALL SELECT kind, project, site, status, public, -amount FROM owned) AS together GROUP BY 1, 2, 3, 4, 5 '
    'HAVING sum(one) <> 0) AS odd': 'counters of owners differ from what the inventory holds',
}
USED = 'SELECT project, resource, site, prime, amount FROM used WHERE amount <> 0'

_PROJECT, _PRIME, _CHARGE = 4, 10, 12


class Part(msgspec.Struct, frozen=True):
    """What a table holds of a kind at a site: how many rows, and a digest that does not depend on their order."""

    table: str
    site: str
    kind: str
    count: int
    digest: str


class Report(msgspec.Struct, frozen=True):
    """A store as it was looked at: its schema version, the newest that this Hansa knows, its parts, and a sentence for each fault."""

    version: int
    newest: int
    parts: tuple[Part, ...] = ()
    faults: tuple[str, ...] = ()


def behind(version: int, newest: int) -> Report:
    """Of a store with another schema nothing else is said."""
    what = 'take the missing steps with: hansa db upgrade' if version < newest else 'use the Hansa that wrote it or a newer one'
    return Report(version, newest, faults=(f'The schema has version {version} and this Hansa has {newest}; {what}.',))


class Sums:
    """Counts and digests, fed with the rows of each of TABLES; and what quotas must say is used."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}
        self._sums: dict[tuple[str, str, str], int] = {}
        self._used: dict[tuple[str, str, str, bool], int] = {}

    def add(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Rows as the table's SQL gives them."""
        for row in rows:
            plain = [_plain(value) for value in row]
            key = (table, str(plain[0]), str(plain[1]))
            whole = hashlib.sha256(msgspec.msgpack.encode(plain)).digest()
            self._counts[key] = self._counts.get(key, 0) + 1
            self._sums[key] = (self._sums.get(key, 0) + int.from_bytes(whole[:16])) % (1 << 128)
            if table == 'inventory' and plain[_PROJECT]:
                self._charge(plain)

    def _charge(self, row: Sequence[Any]) -> None:
        for resource, amount in msgspec.json.decode(row[_CHARGE], type=dict[str, int]).items():
            key = (row[_PROJECT], resource, row[0], bool(row[_PRIME]))
            self._used[key] = self._used.get(key, 0) + amount

    def parts(self) -> tuple[Part, ...]:
        """In the order of TABLES, then by site and kind."""
        order = list(TABLES)
        keys = sorted(self._counts, key=lambda key: (order.index(key[0]), *key))
        return tuple(Part(*key, self._counts[key], f'{self._sums[key]:032x}') for key in keys)

    def used(self, kept: Iterable[Sequence[Any]]) -> list[str]:
        """A sentence where the sums that were kept, as USED gives them, are not those of the inventory."""
        there = {(project, resource, site, bool(prime)): int(amount) for project, resource, site, prime, amount in kept}
        wrong = {key for key in {*there, *self._used} if there.get(key, 0) != self._used.get(key, 0)}
        return [f'{len(wrong)} sums of what projects use differ from what the inventory holds.'] if wrong else []


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value.replace('\0', '\ufffd')
    return int(value) if isinstance(value, bool) else value


def odd(count: int, what: str) -> list[str]:
    """A sentence where there are any."""
    return [f'{count} {what}.'] if count else []
