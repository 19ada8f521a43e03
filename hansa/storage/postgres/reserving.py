"""Quotas in and out: limits, the kept sums of what is used, and what open intents have reserved."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hansa.model.intent import Intent
from hansa.model.quota import LEAGUE, Amounts, Quota
from hansa.rules import quota as rules
from hansa.storage.postgres.transacting import Session, clean

OPEN = "state IN ('planned', 'sent', 'revoked', 'made')"

# One statement sees one moment: an object counts as used or as reserved, never as neither.
_STANDING = f"""
WITH standing AS (
    SELECT kind, site, marker, found, charge, after FROM intent WHERE project = $1 AND {OPEN} AND charge <> '{{}}'
), held AS (
    SELECT kind, marker, found FROM standing UNION ALL SELECT $2, $3, $4
), named AS (
    SELECT DISTINCT split_part(kind, '.', 1) AS kind, id FROM held CROSS JOIN unnest(string_to_array(found, ',')) AS id WHERE id <> ''
), words AS (
    SELECT marker AS word FROM held UNION SELECT id FROM named
)
SELECT json_build_object(
    'limits', (SELECT coalesce(json_agg(json_build_array(project, site, resource, most)), '[]') FROM quota WHERE project IN ($1, '')),
    'used', (SELECT coalesce(json_agg(json_build_array(site, prime, resource, amount)), '[]') FROM used WHERE project = $1),
    'held', (SELECT coalesce(json_agg(json_build_array(kind, site, marker, found, charge, after)), '[]') FROM standing),
    'named', (SELECT coalesce(json_agg(json_build_array(h.row, h.kind, h.id, h.charge)), '[]') FROM named JOIN hot AS h USING (kind, id)),
    'linked', (SELECT coalesce(json_agg(json_build_array(h.row, h.intent, h.charge)), '[]')
        FROM words JOIN hot AS h ON h.intent = words.word WHERE h.intent <> '')
)::text
"""


class _Standing(msgspec.Struct, frozen=True):
    """What is known of a project in one moment, rows as lists."""

    limits: list[tuple[str, str, str, int]]
    used: list[tuple[str, bool, str, int]]
    held: list[tuple[str, str, str, str, str, int]]
    named: list[tuple[int, str, str, str]]
    linked: list[tuple[int, str, str]]


async def set_limits(db: Session, project: str, site: str, limits: Mapping[str, int | None]) -> None:
    """Insert or replace; None takes one away."""
    for resource, most in sorted(limits.items()):
        if most is None:
            await db.run('DELETE FROM quota WHERE project = $1 AND site = $2 AND resource = $3', project, site, resource)
        else:
            sql = 'INSERT INTO quota (project, site, resource, most) VALUES ($1, $2, $3, $4)'
            await db.run(f'{sql} ON CONFLICT (project, site, resource) DO UPDATE SET most = excluded.most', project, site, resource, most)


async def limits(db: Session, projects: Sequence[str] = ()) -> dict[str, dict[str, Amounts]]:
    """By project and place; of all projects where none is named."""
    sql = 'SELECT project, site, resource, most FROM quota WHERE cardinality($1::text[]) = 0 OR project = ANY ($1::text[])'
    return _limits([(project, site, resource, most) for project, site, resource, most in await db.rows(sql, list(projects))])


def _limits(rows: Sequence[tuple[str, str, str, int]]) -> dict[str, dict[str, Amounts]]:
    found: dict[str, dict[str, Amounts]] = {}
    for project, site, resource, most in rows:
        found.setdefault(project, {}).setdefault(site, {})[resource] = most
    return found


async def quota(db: Session, project: str) -> Quota:
    """What stands of a project."""
    return _quota(project, await _standing(db, Intent('', '', project, '', '', '', b'')))


async def admit(db: Session, intent: Intent) -> None:
    """Raises OverQuota where what an intent takes is more than is left."""
    standing = await _standing(db, intent)
    whole = _quota(intent.project, standing)
    if any(resource in whole.limits.get(place, {}) for place in (LEAGUE, intent.site) for resource in intent.charge):
        rules.admit(_remaining(standing, intent), whole, intent.site)


async def _standing(db: Session, wish: Intent) -> _Standing:
    raw = await db.value(_STANDING, wish.project, wish.kind, wish.marker, wish.found)
    return msgspec.json.decode(raw, type=_Standing)


def _quota(project: str, standing: _Standing) -> Quota:
    found = _limits(standing.limits)
    used: dict[str, Amounts] = {}
    for site, prime, resource, amount in standing.used:
        if amount:
            _add(used, site, resource, amount)
            if prime and site != LEAGUE:
                _add(used, LEAGUE, resource, amount)
    return Quota(rules.effective(found.get(project, {}), found.get('', {})), used, _reserved(standing))


def _reserved(standing: _Standing) -> dict[str, Amounts]:
    reserved: dict[str, Amounts] = {}
    for kind, site, marker, found, charge, after in standing.held:
        intent = Intent('', kind, '', '', site, marker, b'', found=found, charge=_amounts(charge))
        for resource, amount in _remaining(standing, intent, after).items():
            if amount:
                _add(reserved, site, resource, amount)
                _add(reserved, LEAGUE, resource, amount)
    return reserved


def _remaining(standing: _Standing, intent: Intent, after: int = 0) -> Amounts:
    """What of the charge the inventory does not show yet. An intent's objects carry its marker, or their ids are known; what comes
    with them is known by them, and is newer than the intent.
    """
    kind, ids = intent.kind.partition('.')[0], frozenset(intent.ids)
    shown = {row: charge for row, word, charge in standing.linked if word == intent.marker}
    shown |= {row: charge for row, of, id, charge in standing.named if of == kind and id in ids}
    if rules.later(intent):
        shown |= {row: charge for row, word, charge in standing.linked if word in ids and row > after}
    return rules.remaining(intent.charge, map(_amounts, shown.values()))


def _amounts(charge: str) -> Amounts:
    return msgspec.json.decode(charge, type=dict[str, int])


def _add(sums: dict[str, Amounts], site: str, resource: str, amount: int) -> None:
    place = sums.setdefault(site, {})
    place[resource] = place.get(resource, 0) + amount


async def forget(db: Session, site: str) -> None:
    """Delete the shares of a site."""
    await db.run('DELETE FROM quota WHERE site = $1', site)


def text(charge: Amounts) -> str:
    """Amounts as they are kept: '{}' for none."""
    return msgspec.json.encode({clean(resource): amount for resource, amount in charge.items() if amount}).decode()
