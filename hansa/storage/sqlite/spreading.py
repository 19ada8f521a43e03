"""Containers that span sites and what sites owe them, in and out."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from hansa.model.errors import Conflict
from hansa.model.spread import Debt, Spread

_SPREAD = 'SELECT project, container, kind, sites, need, registered, filling, leaving, generation FROM spread'
_DEBT = 'SELECT project, container, object, site, since, generation, missed FROM debt'


def put(db: sqlite3.Connection, spread: Spread) -> Spread:
    """Write the next state. Raises Conflict if somebody else has written since."""
    row = (*_row(spread), spread.project, spread.container, spread.generation)
    sql = 'UPDATE spread SET kind = ?, sites = ?, need = ?, registered = ?, filling = ?, leaving = ?, generation = ? WHERE '
    done = db.execute(sql + 'project = ? AND container = ? AND generation = ?', row).rowcount == 1
    if not done and not spread.generation:
        sql = 'INSERT OR IGNORE INTO spread (project, container, kind, sites, need, registered, filling, leaving, generation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'
        done = db.execute(sql, (spread.project, spread.container, *_row(spread))).rowcount == 1
    if not done:
        raise Conflict(f'The container {spread.container} was changed by somebody else just now.')
    return msgspec.structs.replace(spread, generation=spread.generation + 1)


def drop(db: sqlite3.Connection, spread: Spread) -> None:
    """Delete it with its debts. Raises Conflict if somebody else has written since."""
    key = (spread.project, spread.container)
    if db.execute('DELETE FROM spread WHERE project = ? AND container = ? AND generation = ?', (*key, spread.generation)).rowcount != 1:
        raise Conflict(f'The container {spread.container} was changed by somebody else just now.')
    db.execute('DELETE FROM debt WHERE project = ? AND container = ?', key)


def one(db: sqlite3.Connection, project: str, container: str) -> Spread | None:
    """That of a container."""
    row = db.execute(f'{_SPREAD} WHERE project = ? AND container = ?', (project, container)).fetchone()
    return _spread(row) if row else None


def every(db: sqlite3.Connection, project: str) -> list[Spread]:
    """Those of a project, or of all."""
    where = 'WHERE project = ? ORDER BY container' if project else 'ORDER BY project, container'
    return [_spread(row) for row in db.execute(f'{_SPREAD} {where}', (project,) if project else ())]


def owe(db: sqlite3.Connection, debts: Sequence[Debt]) -> int:
    """What a change is about to leave at sites; its generation."""
    turn = int(db.execute('UPDATE debt_turn SET last = last + 1 RETURNING last').fetchone()[0])
    sql = (
        'INSERT INTO debt (project, container, object, site, since, generation, missed) VALUES (?, ?, ?, ?, ?, ?, ?) '
        'ON CONFLICT (project, container, object, site) DO UPDATE SET generation = excluded.generation, missed = max(missed, excluded.missed)'
    )
    rows = [(debt.project, debt.container, debt.object, debt.site, debt.since, turn, int(debt.missed)) for debt in debts]
    db.executemany(sql, rows)
    return turn


def settle(db: sqlite3.Connection, debt: Debt, paid: Sequence[str], missed: Sequence[str], done: Sequence[str]) -> None:
    """How the change of that generation ended."""
    key = (debt.project, debt.container, debt.object, debt.generation)
    where = 'WHERE project = ? AND container = ? AND object = ? AND generation = ? AND site = ?'
    db.executemany(f'DELETE FROM debt {where}', [(*key, site) for site in paid])
    db.executemany(f'UPDATE debt SET missed = ? {where}', [(site in missed, *key, site) for site in (*missed, *done)])


def debts(db: sqlite3.Connection, project: str, container: str, object: str) -> list[Debt]:
    """Of one object, by site."""
    sql = f'{_DEBT} WHERE project = ? AND container = ? AND object = ? ORDER BY site'
    return [_debt(row) for row in db.execute(sql, (project, container, object))]


def owed(db: sqlite3.Connection, project: str, container: str, after: str, limit: int) -> list[Debt]:
    """Of a container's objects; of the last one too all that owe it."""
    sql = f'{_DEBT} WHERE project = ? AND container = ? AND object > ? ORDER BY object, site LIMIT ?'
    found = [_debt(row) for row in db.execute(sql, (project, container, after, limit))]
    if len(found) == limit:
        found += [debt for debt in debts(db, project, container, found[-1].object) if debt.site > found[-1].site]
    return found


def owing(db: sqlite3.Connection, project: str) -> list[tuple[str, str, str, int]]:
    """(project, container, site, debts)."""
    where = 'WHERE project = ? ' if project else ''
    sql = f'SELECT project, container, site, count(*) FROM debt {where}GROUP BY project, container, site ORDER BY project, container, site'
    return list(db.execute(sql, (project,) if project else ()).fetchall())


def forget(db: sqlite3.Connection, site: str) -> None:
    """A site holds nothing any more."""
    db.execute('DELETE FROM debt WHERE site = ?', (site,))
    for spread in every(db, ''):
        if site in spread.everywhere:
            kept = [','.join(each for each in sites if each != site) for sites in (spread.sites, spread.filling, spread.leaving)]
            sql = 'UPDATE spread SET sites = ?, filling = ?, leaving = ?, generation = generation + 1 WHERE project = ? AND container = ?'
            db.execute(sql, (*kept, spread.project, spread.container))
    db.execute("DELETE FROM spread WHERE sites = '' AND leaving = ''")


def _row(spread: Spread) -> tuple[object, ...]:
    names = [','.join(sites) for sites in (spread.sites, spread.filling, spread.leaving)]
    return (spread.kind, names[0], spread.need, spread.registered, names[1], names[2], spread.generation + 1)


def _spread(row: Any) -> Spread:
    project, container, kind, sites, need, registered, filling, leaving, generation = row
    return Spread(project, container, kind, _names(sites), need, registered, _names(filling), _names(leaving), generation)


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split(',')) if words else ()


def _debt(row: Any) -> Debt:
    project, container, object, site, since, generation, missed = row
    return Debt(project, container, object, site, since, generation, bool(missed))
