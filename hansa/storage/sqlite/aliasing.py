"""Aliases in and out: where the league's id of a thing differs from a site's."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from hansa.model.alias import Alias


def add(db: sqlite3.Connection, aliases: Sequence[Alias]) -> None:
    """Insert or replace."""
    sql = 'INSERT OR REPLACE INTO alias (site, kind, league, local, project) VALUES (?, ?, ?, ?, ?)'
    db.executemany(sql, map(msgspec.structs.astuple, aliases))


def drop(db: sqlite3.Connection, aliases: Sequence[Alias]) -> None:
    """Delete; one that has another local id by now stays."""
    sql = 'DELETE FROM alias WHERE site = ? AND kind = ? AND league = ? AND local = ? AND project = ?'
    db.executemany(sql, map(msgspec.structs.astuple, aliases))


def read(db: sqlite3.Connection) -> list[Alias]:
    """All, in the order of their keys."""
    rows = db.execute('SELECT site, kind, league, local, project FROM alias ORDER BY site, kind, league, project')
    return [Alias(*row) for row in rows]


def forget(db: sqlite3.Connection, site: str) -> None:
    """Delete all of a site."""
    db.execute('DELETE FROM alias WHERE site = ?', (site,))
