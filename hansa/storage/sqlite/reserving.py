"""Quotas in and out: limits, the kept sums of what is used, and what open intents have reserved."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from hansa.model.intent import Intent
from hansa.model.quota import LEAGUE, Amounts, Quota
from hansa.rules import quota as rules

_OPEN = "state IN ('planned', 'sent', 'revoked', 'made')"


def set_limits(db: sqlite3.Connection, project: str, site: str, limits: Mapping[str, int | None]) -> None:
    """Insert or replace; None takes one away."""
    for resource, most in limits.items():
        if most is None:
            db.execute('DELETE FROM quota WHERE project = ? AND site = ? AND resource = ?', (project, site, resource))
        else:
            db.execute('INSERT OR REPLACE INTO quota (project, site, resource, most) VALUES (?, ?, ?, ?)', (project, site, resource, most))


def limits(db: sqlite3.Connection, projects: Sequence[str] = ()) -> dict[str, dict[str, Amounts]]:
    """By project and place; of all projects where none is named."""
    which = f'WHERE project IN ({", ".join("?" * len(projects))})' if projects else ''
    found: dict[str, dict[str, Amounts]] = {}
    for project, site, resource, most in db.execute(f'SELECT project, site, resource, most FROM quota {which}', projects):
        found.setdefault(project, {}).setdefault(site, {})[resource] = most
    return found


def quota(db: sqlite3.Connection, project: str) -> Quota:
    """What stands of a project."""
    used: dict[str, Amounts] = {}
    for site, prime, resource, amount in db.execute('SELECT site, prime, resource, amount FROM used WHERE project = ?', (project,)):
        if amount:
            _add(used, site, resource, amount)
            if prime and site != LEAGUE:
                _add(used, LEAGUE, resource, amount)
    return Quota(_effective(db, project), used, _reserved(db, project))


def admit(db: sqlite3.Connection, intent: Intent) -> None:
    """Raises OverQuota where what an intent takes is more than is left."""
    caps = _effective(db, intent.project)
    if any(resource in caps.get(place, {}) for place in (LEAGUE, intent.site) for resource in intent.charge):
        rules.admit(_remaining(db, intent), quota(db, intent.project), intent.site)


def _effective(db: sqlite3.Connection, project: str) -> dict[str, Amounts]:
    found = limits(db, (project, ''))
    return rules.effective(found.get(project, {}), found.get('', {}))


def _reserved(db: sqlite3.Connection, project: str) -> dict[str, Amounts]:
    reserved: dict[str, Amounts] = {}
    sql = f"SELECT site, kind, marker, found, charge, after FROM intent WHERE project = ? AND {_OPEN} AND charge <> '{{}}'"
    for site, kind, marker, found, charge, after in db.execute(sql, (project,)).fetchall():
        intent = Intent('', kind, project, '', site, marker, b'', found=found, charge=json.loads(charge))
        for resource, amount in _remaining(db, intent, after).items():
            if amount:
                _add(reserved, site, resource, amount)
                _add(reserved, LEAGUE, resource, amount)
    return reserved


def _remaining(db: sqlite3.Connection, intent: Intent, after: int = 0) -> Amounts:
    """What of the charge the inventory does not show yet. An intent's objects carry its marker, or their ids are known; what comes
    with them is known by them, and is newer than the intent.
    """
    # SQLite takes the index of markers only where it is told that there is one.
    linked = "SELECT row, charge FROM hot WHERE intent = ? AND intent <> '' AND row > ?"
    shown: dict[int, str] = dict(db.execute(linked, (intent.marker, 0)).fetchall())
    for id in intent.ids:
        shown.update(db.execute('SELECT row, charge FROM hot WHERE kind = ? AND id = ?', (intent.kind.partition('.')[0], id)).fetchall())
        if rules.later(intent):
            shown.update(db.execute(linked, (id, after)).fetchall())
    return rules.remaining(intent.charge, map(json.loads, shown.values()))


def _add(sums: dict[str, Amounts], site: str, resource: str, amount: int) -> None:
    place = sums.setdefault(site, {})
    place[resource] = place.get(resource, 0) + amount


def forget(db: sqlite3.Connection, site: str) -> None:
    """Delete the shares of a site."""
    db.execute('DELETE FROM quota WHERE site = ?', (site,))


def charge_of(kind: str, raw: bytes | None) -> str:
    """What an object takes, as JSON; for the schema's own use."""
    return text(rules.weigh(kind, raw or b'{}')[0])


def marker_of(kind: str, raw: bytes | None) -> str:
    """By which word the intent that made an object knows it; for the schema's own use."""
    return rules.weigh(kind, raw or b'{}')[1]


def text(charge: Amounts) -> str:
    """Amounts as they are kept: '{}' for none."""
    return msgspec.json.encode({resource: amount for resource, amount in charge.items() if amount}).decode()


def register(db: sqlite3.Connection) -> None:
    """Make what the schema needs known to a connection."""
    db.create_function('charge_of', 2, charge_of, deterministic=True)
    db.create_function('marker_of', 2, marker_of, deterministic=True)
