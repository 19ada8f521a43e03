"""Aliases in and out: where the league's id of a thing differs from a site's."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hansa.model.alias import Alias
from hansa.storage.postgres import feed
from hansa.storage.postgres.transacting import Session


async def add(db: Session, aliases: Sequence[Alias]) -> None:
    """Insert or replace."""
    sql = (
        'INSERT INTO alias (site, kind, league, local, project) VALUES ($1, $2, $3, $4, $5) '
        'ON CONFLICT (site, kind, league, project) DO UPDATE SET local = excluded.local'
    )
    await db.each(sql, _rows(aliases))
    feed.tell_aliases(db, 'aliases-added', aliases)


async def drop(db: Session, aliases: Sequence[Alias]) -> None:
    """Delete; one that has another local id by now stays."""
    sql = 'DELETE FROM alias WHERE site = $1 AND kind = $2 AND league = $3 AND local = $4 AND project = $5'
    await db.each(sql, _rows(aliases))
    feed.tell_aliases(db, 'aliases-dropped', aliases)


def _rows(aliases: Sequence[Alias]) -> list[tuple[object, ...]]:
    # In the order of keys, so that two who write the same ones do not wait for each other.
    return [msgspec.structs.astuple(one) for one in sorted(aliases, key=lambda one: (one.site, one.kind, one.league, one.project))]


async def read(db: Session) -> list[Alias]:
    """All, in the order of their keys."""
    rows = await db.rows('SELECT site, kind, league, local, project FROM alias ORDER BY site, kind, league, project')
    return [Alias(*row) for row in rows]


async def forget(db: Session, site: str) -> None:
    """Delete all of a site."""
    await db.run('DELETE FROM alias WHERE site = $1', site)
