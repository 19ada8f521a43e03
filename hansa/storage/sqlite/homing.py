"""Homes of containers in and out."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from hansa.model.home import Home


def add(db: sqlite3.Connection, homes: Sequence[Home]) -> None:
    """Insert; a name that is taken stays where it is."""
    sql = 'INSERT OR IGNORE INTO home (project, container, site, registered) VALUES (?, ?, ?, ?)'
    db.executemany(sql, map(msgspec.structs.astuple, homes))
    sql = 'DELETE FROM twin WHERE (project, container, site) = (?, ?, ?) AND (project, container, site) IN (SELECT project, container, site FROM home)'
    db.executemany(sql, [(home.project, home.container, home.site) for home in homes])


def add_twins(db: sqlite3.Connection, twins: Sequence[Home]) -> None:
    """Insert; known ones stay."""
    sql = 'INSERT OR IGNORE INTO twin (project, container, site, registered) VALUES (?, ?, ?, ?)'
    db.executemany(sql, map(msgspec.structs.astuple, twins))


def twins(db: sqlite3.Connection, project: str) -> list[Home]:
    """Those of a project."""
    sql = 'SELECT project, container, site, registered FROM twin WHERE project = ? ORDER BY container, site'
    return [Home(*row) for row in db.execute(sql, (project,))]


def one(db: sqlite3.Connection, project: str, container: str) -> Home | None:
    """The home of a container."""
    sql = 'SELECT project, container, site, registered FROM home WHERE project = ? AND container = ?'
    row = db.execute(sql, (project, container)).fetchone()
    return Home(*row) if row else None


def spread(db: sqlite3.Connection, project: str) -> dict[str, int]:
    """How many containers of a project live at which site."""
    return dict(db.execute('SELECT site, count(*) FROM home WHERE project = ? GROUP BY site', (project,)).fetchall())


def drop(db: sqlite3.Connection, home: Home) -> None:
    """Delete; one that lives at another site by now stays. The oldest twin takes the name."""
    key = (home.project, home.container, home.site)
    db.execute('DELETE FROM home WHERE (project, container, site) = (?, ?, ?)', key)
    db.execute('DELETE FROM twin WHERE (project, container, site) = (?, ?, ?)', key)
    _inherit(db, 'WHERE project = ? AND container = ?', *key[:2])


def _inherit(db: sqlite3.Connection, which: str, *key: str) -> None:
    """Names that nobody has go to the oldest of their twins; `which` are those of twins that are looked at."""
    sql = f'SELECT project, container, site, registered FROM twin {which} ORDER BY registered, site'  # noqa: S608  # the condition is ours
    db.execute(f'INSERT OR IGNORE INTO home (project, container, site, registered) {sql}', key)
    db.execute('DELETE FROM twin WHERE (project, container, site) IN (SELECT project, container, site FROM home)')


def forget(db: sqlite3.Connection, site: str) -> None:
    """Delete all of a site."""
    db.execute('DELETE FROM home WHERE site = ?', (site,))
    db.execute('DELETE FROM twin WHERE site = ?', (site,))
    _inherit(db, '')
