"""Containers that span sites and what sites owe them, in and out."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hansa.model.errors import Conflict
from hansa.model.spread import Debt, Spread
from hansa.storage.postgres.transacting import Session

_SPREAD = 'SELECT project, container, kind, sites, need, registered, filling, leaving, generation FROM spread'
_DEBT = 'SELECT project, container, object, site, since, generation, missed FROM debt'


async def put(db: Session, spread: Spread) -> Spread:
    """Write the next state. Raises Conflict if somebody else has written since."""
    row = (spread.project, spread.container, *_row(spread))
    sql = (
        'UPDATE spread SET kind = $3, sites = $4, need = $5, registered = $6, filling = $7, leaving = $8, generation = $9 '
        'WHERE project = $1 AND container = $2 AND generation = $10 RETURNING 1'
    )
    done = await db.value(sql, *row, spread.generation) is not None
    if not done and not spread.generation:
        sql = (
            'INSERT INTO spread (project, container, kind, sites, need, registered, filling, leaving, generation) '
            'VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (project, container) DO NOTHING RETURNING 1'
        )
        done = await db.value(sql, *row) is not None
    if not done:
        raise Conflict(f'The container {spread.container} was changed by somebody else just now.')
    return msgspec.structs.replace(spread, generation=spread.generation + 1)


async def drop(db: Session, spread: Spread) -> None:
    """Delete it with its debts. Raises Conflict if somebody else has written since."""
    sql = 'DELETE FROM spread WHERE project = $1 AND container = $2 AND generation = $3 RETURNING 1'
    if await db.value(sql, spread.project, spread.container, spread.generation) is None:
        raise Conflict(f'The container {spread.container} was changed by somebody else just now.')
    await db.run('DELETE FROM debt WHERE project = $1 AND container = $2', spread.project, spread.container)


async def one(db: Session, project: str, container: str) -> Spread | None:
    """That of a container."""
    row = await db.row(f'{_SPREAD} WHERE project = $1 AND container = $2', project, container)
    return _spread(row) if row else None


async def every(db: Session, project: str) -> list[Spread]:
    """Those of a project, or of all."""
    if not project:
        return [_spread(row) for row in await db.rows(f'{_SPREAD} ORDER BY project, container')]
    return [_spread(row) for row in await db.rows(f'{_SPREAD} WHERE project = $1 ORDER BY container', project)]


async def owe(db: Session, debts: Sequence[Debt]) -> int:
    """What a change is about to leave at sites; its generation."""
    turn = int(await db.value("SELECT nextval('debt_turn')"))
    sql = (
        'INSERT INTO debt AS d (project, container, object, site, since, generation, missed) VALUES ($1, $2, $3, $4, $5, $6, $7) '
        'ON CONFLICT (project, container, object, site) DO UPDATE SET generation = excluded.generation, missed = d.missed OR excluded.missed'
    )
    # In the order of keys, so that two who write the same ones do not wait for each other.
    ordered = sorted(debts, key=lambda debt: (debt.project, debt.container, debt.object, debt.site))
    await db.each(sql, [(debt.project, debt.container, debt.object, debt.site, debt.since, turn, debt.missed) for debt in ordered])
    return turn


async def settle(db: Session, debt: Debt, paid: Sequence[str], missed: Sequence[str], done: Sequence[str]) -> None:
    """How the change of that generation ended."""
    key = (debt.project, debt.container, debt.object, debt.generation)
    where = 'WHERE project = $1 AND container = $2 AND object = $3 AND generation = $4 AND site = $5'
    for site in sorted((*paid, *missed, *done)):
        change = 'DELETE FROM debt' if site in paid else f'UPDATE debt SET missed = {site in missed}'
        await db.run(f'{change} {where}', *key, site)


async def debts(db: Session, project: str, container: str, object: str) -> list[Debt]:
    """Of one object, by site."""
    sql = f'{_DEBT} WHERE project = $1 AND container = $2 AND object = $3 ORDER BY site'
    return [Debt(*row) for row in await db.rows(sql, project, container, object)]


async def owed(db: Session, project: str, container: str, after: str, limit: int) -> list[Debt]:
    """Of a container's objects; of the last one too all that owe it."""
    sql = f'{_DEBT} WHERE project = $1 AND container = $2 AND object > $3 ORDER BY object, site LIMIT $4'
    found = [Debt(*row) for row in await db.rows(sql, project, container, after, limit)]
    if len(found) == limit:
        found += [debt for debt in await debts(db, project, container, found[-1].object) if debt.site > found[-1].site]
    return found


async def owing(db: Session, project: str) -> list[tuple[str, str, str, int]]:
    """(project, container, site, debts)."""
    sql = (
        "SELECT project, container, site, count(*) FROM debt WHERE $1 IN ('', project) "
        'GROUP BY project, container, site ORDER BY project, container, site'
    )
    return [(project, container, site, int(count)) for project, container, site, count in await db.rows(sql, project)]


async def forget(db: Session, site: str) -> None:
    """A site holds nothing any more."""
    await db.run('DELETE FROM debt WHERE site = $1', site)
    for spread in await every(db, ''):
        if site in spread.everywhere:
            kept = [','.join(each for each in sites if each != site) for sites in (spread.sites, spread.filling, spread.leaving)]
            sql = 'UPDATE spread SET sites = $3, filling = $4, leaving = $5, generation = generation + 1 WHERE project = $1 AND container = $2'
            await db.run(sql, spread.project, spread.container, *kept)
    await db.run("DELETE FROM spread WHERE sites = '' AND leaving = ''")


def _row(spread: Spread) -> tuple[object, ...]:
    names = [','.join(sites) for sites in (spread.sites, spread.filling, spread.leaving)]
    return (spread.kind, names[0], spread.need, spread.registered, names[1], names[2], spread.generation + 1)


def _spread(row: Any) -> Spread:
    project, container, kind, sites, need, registered, filling, leaving, generation = row
    return Spread(project, container, kind, _names(sites), need, registered, _names(filling), _names(leaving), generation)


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split(',')) if words else ()
