"""Homes of containers in and out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hansa.model.home import Home
from hansa.storage.postgres.transacting import Session


async def add(db: Session, homes: Sequence[Home]) -> None:
    """Insert; a name that is taken stays where it is."""
    sql = 'INSERT INTO home (project, container, site, registered) VALUES ($1, $2, $3, $4) ON CONFLICT (project, container) DO NOTHING'
    await db.each(sql, _rows(homes))
    sql = (
        'DELETE FROM twin WHERE (project, container, site) = ($1, $2, $3) '
        'AND EXISTS (SELECT FROM home WHERE (project, container, site) = ($1, $2, $3))'
    )
    await db.each(sql, [row[:3] for row in _rows(homes)])


async def add_twins(db: Session, twins: Sequence[Home]) -> None:
    """Insert; known ones stay."""
    sql = 'INSERT INTO twin (project, container, site, registered) VALUES ($1, $2, $3, $4) ON CONFLICT (project, container, site) DO NOTHING'
    await db.each(sql, _rows(twins))


async def twins(db: Session, project: str) -> list[Home]:
    """Those of a project."""
    sql = 'SELECT project, container, site, registered FROM twin WHERE project = $1 ORDER BY container, site'
    return [Home(*row) for row in await db.rows(sql, project)]


def _rows(homes: Sequence[Home]) -> list[tuple[object, ...]]:
    # In the order of keys, so that two who write the same ones do not wait for each other.
    return [msgspec.structs.astuple(home) for home in sorted(homes, key=lambda home: (home.project, home.container, home.site))]


async def one(db: Session, project: str, container: str) -> Home | None:
    """The home of a container."""
    sql = 'SELECT project, container, site, registered FROM home WHERE project = $1 AND container = $2'
    row = await db.row(sql, project, container)
    return Home(*row) if row else None


async def spread(db: Session, project: str) -> dict[str, int]:
    """How many containers of a project live at which site."""
    rows = await db.rows('SELECT site, count(*) FROM home WHERE project = $1 GROUP BY site', project)
    return {site: int(count) for site, count in rows}


async def drop(db: Session, home: Home) -> None:
    """Delete; one that lives at another site by now stays. The oldest twin takes the name."""
    key = (home.project, home.container, home.site)
    await db.run('DELETE FROM home WHERE (project, container, site) = ($1, $2, $3)', *key)
    await db.run('DELETE FROM twin WHERE (project, container, site) = ($1, $2, $3)', *key)
    await _inherit(db, 'WHERE project = $1 AND container = $2', *key[:2])


async def _inherit(db: Session, which: str, *key: str) -> None:
    """Names that nobody has go to the oldest of their twins; `which` are those of twins that are looked at."""
    sql = f'SELECT project, container, site, registered FROM twin {which} ORDER BY registered, site'  # noqa: S608  # the condition is ours
    sql = f'INSERT INTO home (project, container, site, registered) {sql} ON CONFLICT (project, container) DO NOTHING'
    await db.run(sql, *key)
    await db.run('DELETE FROM twin WHERE (project, container, site) IN (SELECT project, container, site FROM home)')


async def forget(db: Session, site: str) -> None:
    """Delete all of a site."""
    await db.run('DELETE FROM home WHERE site = $1', site)
    await db.run('DELETE FROM twin WHERE site = $1', site)
    await _inherit(db, '')
