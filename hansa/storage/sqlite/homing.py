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


def one(db: sqlite3.Connection, project: str, container: str) -> Home | None:
    """The home of a container."""
    sql = 'SELECT project, container, site, registered FROM home WHERE project = ? AND container = ?'
    row = db.execute(sql, (project, container)).fetchone()
    return Home(*row) if row else None


def spread(db: sqlite3.Connection, project: str) -> dict[str, int]:
    """How many containers of a project live at which site."""
    return dict(db.execute('SELECT site, count(*) FROM home WHERE project = ? GROUP BY site', (project,)).fetchall())


def drop(db: sqlite3.Connection, home: Home) -> None:
    """Delete; one that lives at another site by now stays."""
    db.execute('DELETE FROM home WHERE project = ? AND container = ? AND site = ?', (home.project, home.container, home.site))


def forget(db: sqlite3.Connection, site: str) -> None:
    """Delete all of a site."""
    db.execute('DELETE FROM home WHERE site = ?', (site,))
