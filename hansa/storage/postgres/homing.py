"""Homes of containers in and out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hansa.model.home import Home
from hansa.storage.postgres.transacting import Session


async def add(db: Session, homes: Sequence[Home]) -> None:
    """Insert; a name that is taken stays where it is."""
    sql = 'INSERT INTO home (project, container, site, registered) VALUES ($1, $2, $3, $4) ON CONFLICT (project, container) DO NOTHING'
    # In the order of keys, so that two who write the same ones do not wait for each other.
    await db.each(sql, [msgspec.structs.astuple(home) for home in sorted(homes, key=lambda home: (home.project, home.container))])


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
    """Delete; one that lives at another site by now stays."""
    await db.run('DELETE FROM home WHERE project = $1 AND container = $2 AND site = $3', home.project, home.container, home.site)


async def forget(db: Session, site: str) -> None:
    """Delete all of a site."""
    await db.run('DELETE FROM home WHERE site = $1', site)
