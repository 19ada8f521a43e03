"""Records in and out: what sites hold, which replica is primary, and the tombstones of what is gone."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hansa.model.listing import Query
from hansa.model.resource import Record
from hansa.rules import quota
from hansa.rules.views import layout
from hansa.storage.postgres import documents, querying, reserving
from hansa.storage.postgres.transacting import Again, Session, clean

KEPT = 24 * 3600.0

SUMMARY = """
SELECT site, kind, sum(amount), coalesce((
    SELECT sum(o.amount) FROM owned AS o WHERE o.kind = h.kind AND o.project = '' AND o.site = h.site
), 0) FROM held AS h GROUP BY site, kind ORDER BY site, kind
"""

_BATCH = 1000

_JOINED = f'SELECT {querying.FIELDS} FROM hot AS h JOIN document AS d ON d.site = h.site AND d.row = h.row'
_PRIME = (
    f'SELECT {querying.FIELDS} FROM prime AS p JOIN hot AS h ON h.kind = p.kind AND h.id = p.id AND h.site = p.site '
    'JOIN document AS d ON d.site = h.site AND d.row = h.row WHERE p.kind = $1 AND p.id = $2'
)
_CLAIM = (
    'INSERT INTO prime (kind, id, site) SELECT kind, id, site FROM unnest($1::text[], $2::text[], $3::text[]) '
    'WITH ORDINALITY AS given (kind, id, site, place) ORDER BY kind, id, place ON CONFLICT DO NOTHING'
)
# Whoever takes a primary away locks its row: nobody does until we are done.
_HOLD = (
    'SELECT p.kind, p.id, p.site FROM prime AS p JOIN (SELECT DISTINCT kind, id FROM unnest($1::text[], $2::text[]) AS given (kind, id)) '
    'AS wanted USING (kind, id) ORDER BY p.kind, p.id FOR KEY SHARE OF p'
)
_PUT = """
WITH given AS (
    SELECT * FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::boolean[], $11::boolean[], $12::float8[], $13::text[], $14::text[], $15::bytea[], $16::text[], $17::bytea[]
    ) AS given (site, kind, id, site_id, project, name, status, created, updated, public, prime, seen, charge, intent, doc, said, ends)
), kept AS (
    INSERT INTO hot (site, kind, id, site_id, project, name, status, created, updated, public, prime, seen, charge, intent)
    SELECT site, kind, id, site_id, project, name, status, created, updated, public, prime, seen, charge, intent
    FROM given ORDER BY kind, id, site
    ON CONFLICT (kind, id, site) DO UPDATE SET
        site_id = excluded.site_id, project = excluded.project, name = excluded.name, status = excluded.status,
        created = excluded.created, updated = excluded.updated, public = excluded.public, seen = excluded.seen,
        charge = excluded.charge, intent = excluded.intent
    WHERE hot.seen <= excluded.seen
    RETURNING kind, id, site, row
)
INSERT INTO document (site, row, doc, said, ends)
SELECT kept.site, kept.row, given.doc, given.said, given.ends FROM kept JOIN given USING (kind, id, site) ORDER BY kept.site, kept.row
ON CONFLICT (site, row) DO UPDATE SET doc = excluded.doc, said = excluded.said, ends = excluded.ends
WHERE (document.doc, document.ends) <> (excluded.doc, excluded.ends)
"""
_OUTLIVED = """
SELECT t.kind, t.id, t.site FROM tombstone AS t
JOIN unnest($1::text[], $2::text[], $3::text[], $4::float8[]) AS given (kind, id, site, seen) USING (kind, id, site) WHERE t.gone > given.seen
"""
_BURY = """
INSERT INTO tombstone (site, kind, id, site_id, project, name, status, created, updated, doc, said, gone)
SELECT h.site, h.kind, h.id, h.site_id, h.project, h.name, h.status, h.created, h.updated, d.doc, d.said, $4
FROM hot AS h JOIN document AS d ON d.site = h.site AND d.row = h.row
WHERE h.site = $1 AND h.kind = $2 AND h.id = ANY ($3::text[])
AND NOT EXISTS (SELECT 1 FROM hot AS o WHERE o.kind = h.kind AND o.id = h.id AND o.site <> h.site)
ORDER BY h.id
ON CONFLICT (kind, id) DO UPDATE SET
    site = excluded.site, site_id = excluded.site_id, project = excluded.project, name = excluded.name, status = excluded.status,
    created = excluded.created, updated = excluded.updated, doc = excluded.doc, said = excluded.said, gone = excluded.gone
"""
_DELETE = (
    'WITH gone AS (DELETE FROM hot WHERE site = $1 AND kind = $2 AND id = ANY ($3::text[]) RETURNING site, row) '
    'DELETE FROM document AS d USING gone WHERE d.site = gone.site AND d.row = gone.row'
)
_LOCK = 'SELECT 1 FROM prime WHERE kind = $1 AND id = ANY ($2::text[]) ORDER BY id FOR UPDATE'
_PROMOTE = """
WITH lost AS (
    SELECT p.kind, p.id, (SELECT min(o.site) FROM hot AS o WHERE o.kind = p.kind AND o.id = p.id) AS heir FROM prime AS p
    WHERE {which} AND NOT EXISTS (SELECT 1 FROM hot AS h WHERE h.kind = p.kind AND h.id = p.id AND h.site = p.site)
), ended AS (
    DELETE FROM prime AS p USING lost WHERE p.kind = lost.kind AND p.id = lost.id AND lost.heir IS NULL
), moved AS (
    UPDATE prime AS p SET site = lost.heir FROM lost WHERE p.kind = lost.kind AND p.id = lost.id AND lost.heir IS NOT NULL
    RETURNING p.kind, p.id, p.site
)
UPDATE hot AS h SET prime = true FROM moved WHERE h.kind = moved.kind AND h.id = moved.id AND h.site = moved.site
"""
_PROMOTE_IDS = _PROMOTE.format(which='p.kind = $1 AND p.id = ANY ($2::text[])')
_PROMOTE_SITE = _PROMOTE.format(which='p.site = $1')


def record(row: Any) -> Record:
    """A row of querying.FIELDS as the record it keeps."""
    site, kind, id, site_id, project, name, status, created, updated, public, prime, seen, doc = row
    return Record(site, kind, id, site_id, project, name, doc, status, created, updated, public, prime, seen)


async def put(db: Session, records: Sequence[Record]) -> None:
    """Insert or replace. Raises BadRequest for a document that is not JSON."""
    for new in records:
        documents.check(new)
    for start in range(0, len(records), _BATCH):
        await _put(db, records[start : start + _BATCH])


async def _put(db: Session, records: Sequence[Record]) -> None:
    # Of two of one key the one seen later stands.
    last = {(clean(new.kind), clean(new.id), clean(new.site)): new for new in sorted(records, key=_seen)}
    for key in await _outlived(db, last):
        del last[key]
    if not last:
        return
    kinds, ids, sites = (list(words) for words in zip(*last, strict=True))
    await db.run(_CLAIM, kinds, ids, sites)
    primes = {(kind, id): site for kind, id, site in await db.rows(_HOLD, kinds, ids)}
    if len(primes) < len({(kind, id) for kind, id, _ in last}):
        raise Again
    if await _outlived(db, last):
        # Removed since we looked; nobody can do so any more.
        raise Again
    rows = [_row(new, primes[kind, id] == site) for (kind, id, site), new in last.items()]
    await db.run(_PUT, *(list(column) for column in zip(*rows, strict=True)))
    await db.run(
        'DELETE FROM tombstone AS t USING unnest($1::text[], $2::text[]) AS given (kind, id) WHERE t.kind = given.kind AND t.id = given.id',
        kinds, ids,
    )  # fmt: skip


def _seen(new: Record) -> float:
    return new.seen


async def _outlived(db: Session, records: Mapping[tuple[str, str, str], Record]) -> list[tuple[str, str, str]]:
    """Of these what was removed after it had been seen so."""
    kinds, ids, sites = (list(words) for words in zip(*records, strict=True))
    found = await db.rows(_OUTLIVED, kinds, ids, sites, [new.seen for new in records.values()])
    return [(kind, id, site) for kind, id, site in found]


def _row(new: Record, prime: bool) -> tuple[object, ...]:
    charge, marker = quota.weigh(new.kind, new.doc)
    words = (new.site, new.kind, new.id, new.site_id, new.project, new.name, new.status, new.created, new.updated)
    weight = (reserving.text(charge), clean(marker))
    return (*map(clean, words), new.public, prime, new.seen, *weight, new.doc, documents.said(new.doc), layout.ends(new.kind, new.id, new.site, new.doc))


async def remove(db: Session, site: str, kind: str, ids: Sequence[str], when: float) -> None:
    """Delete; the last record of an id leaves a tombstone, and tombstones older than a day go."""
    for start in range(0, len(ids), _BATCH):
        some = [clean(id) for id in ids[start : start + _BATCH]]
        await db.run(_LOCK, kind, some)
        await db.run(_BURY, site, kind, some, when)
        await db.run(_DELETE, site, kind, some)
        await db.run(_PROMOTE_IDS, kind, some)
    await db.run('DELETE FROM tombstone WHERE gone < $1', when - KEPT)


async def get(db: Session, kind: str, id: str) -> Record | None:
    """The primary record of a league id."""
    row = await db.row(_PRIME, kind, id)
    return None if row is None else record(row)


async def page(db: Session, query: Query) -> list[Record]:
    """Primary records that a query asks for, in order. Raises BadRequest like querying.page."""
    return list(map(record, await querying.page(db, query)))


async def count(db: Session, query: Query) -> int:
    """How many records a query has in all. Raises BadRequest like querying.count."""
    return await querying.count(db, query)


async def replicas(db: Session, kind: str, id: str) -> list[Record]:
    """All records of a league id, primary first, then by site."""
    sql = f'{_JOINED} WHERE h.kind = $1 AND h.id = $2 ORDER BY h.prime DESC, h.site'
    return list(map(record, await db.rows(sql, kind, id)))


async def gone(db: Session, kind: str, id: str) -> bool:
    """Whether a tombstone stands."""
    return await db.value('SELECT 1 FROM tombstone WHERE kind = $1 AND id = $2', kind, id) is not None


async def known(db: Session, site: str, kind: str) -> dict[str, str]:
    """Site id -> `updated`."""
    return dict(map(tuple, await db.rows('SELECT site_id, updated FROM hot WHERE site = $1 AND kind = $2', site, kind)))


async def summary(db: Session) -> list[tuple[str, str, int, int]]:
    """(site, kind, records, how many of them nobody owns)."""
    return [(site, kind, int(count), int(unclaimed)) for site, kind, count, unclaimed in await db.rows(SUMMARY)]


async def spread(db: Session, kind: str, project: str) -> dict[str, int]:
    """Site -> primary records."""
    rows = await db.rows('SELECT site, sum(amount) FROM owned WHERE kind = $1 AND project = $2 GROUP BY site', kind, project)
    return {site: int(count) for site, count in rows}


async def forget(db: Session, site: str) -> None:
    """Drop all records and tombstones of a site; replicas elsewhere become primary."""
    await db.run('SELECT 1 FROM prime WHERE site = $1 ORDER BY kind, id FOR UPDATE', site)
    for table in ('document', 'hot', 'tombstone'):
        await db.run(f'DELETE FROM {table} WHERE site = $1', site)
    await db.run(_PROMOTE_SITE, site)


async def move(db: Session, site: str, kind: str, old: str, new: str) -> None:
    """Give a record another league id, in its key."""
    await db.run(_LOCK, kind, [old, new])
    find = 'SELECT row FROM hot WHERE kind = $1 AND id = $2 AND site = $3'
    if await db.value(find, kind, old, site) is not None:
        if await db.value(find, kind, new, site) is not None:
            # The same object came in under its new id already.
            await db.run(_DELETE, site, kind, [old])
        else:
            await db.run('UPDATE hot SET id = $4, prime = false WHERE kind = $1 AND id = $2 AND site = $3', kind, old, site, new)
            await db.run('DELETE FROM tombstone WHERE kind = $1 AND id = $2', kind, new)
    await db.run(_PROMOTE_IDS, kind, [old])
    first = 'SELECT kind, id, min(site) FROM hot WHERE kind = $1 AND id = $2 GROUP BY kind, id'
    claimed = f'INSERT INTO prime (kind, id, site) {first} ON CONFLICT DO NOTHING RETURNING kind, id, site'
    await db.run(
        f'WITH claimed AS ({claimed}) UPDATE hot AS h SET prime = true FROM claimed AS c WHERE h.kind = c.kind AND h.id = c.id AND h.site = c.site',
        kind, new,
    )  # fmt: skip
