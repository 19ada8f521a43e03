"""Intents in and out: what is about to be done, and how far it came."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

import sqlite3

import msgspec

from hansa.model.errors import Conflict
from hansa.model.intent import Intent

# Closed intents are only history; so many rows back they may go.
KEPT = 100_000

_FIELDS = ', '.join(Intent.__struct_fields__)
_MARKS = ', '.join('?' * len(Intent.__struct_fields__))


def open(db: sqlite3.Connection, intent: Intent) -> None:
    """Write a new one. Raises Conflict if the id is known."""
    if db.execute('SELECT 1 FROM intent WHERE id = ?', (intent.id,)).fetchone() is not None:
        raise Conflict(f'Intent {intent.id} is in the journal already.')
    row = db.execute(f'INSERT INTO intent ({_FIELDS}) VALUES ({_MARKS})', msgspec.structs.astuple(intent)).lastrowid or 0
    db.execute("DELETE FROM intent WHERE row <= ? AND state IN ('done', 'undone')", (row - KEPT,))


def move(db: sqlite3.Connection, intent: Intent) -> Intent:
    """Write the next state. Raises Conflict if somebody else has written since."""
    moved = msgspec.structs.replace(intent, generation=intent.generation + 1)
    fields = ', '.join(f'{field} = ?' for field in Intent.__struct_fields__)
    values = (*msgspec.structs.astuple(moved), intent.id, intent.generation)
    if db.execute(f'UPDATE intent SET {fields} WHERE id = ? AND generation = ?', values).rowcount != 1:
        raise Conflict(f'Intent {intent.id} is not at generation {intent.generation} any more: somebody else moved it.')
    return moved


def unfinished(db: sqlite3.Connection) -> list[Intent]:
    """All that are planned, sent or revoked, in the order in which they were written: SQLite has one writer at a time."""
    rows = db.execute(f"SELECT {_FIELDS} FROM intent WHERE state IN ('planned', 'sent', 'revoked') ORDER BY row")
    return [Intent(*row) for row in rows]


def forget(db: sqlite3.Connection, site: str) -> None:
    """Delete all of a site."""
    db.execute('DELETE FROM intent WHERE site = ?', (site,))
