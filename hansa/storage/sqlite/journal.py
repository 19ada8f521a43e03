"""Intents in and out: what is about to be done, and how far it came."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

import sqlite3

import msgspec

from hansa.model.errors import Conflict
from hansa.model.intent import Intent
from hansa.storage.sqlite import reserving

# Closed intents are only history; so many rows back they may go.
KEPT = 100_000

_OPEN = "state IN ('planned', 'sent', 'revoked', 'made')"
_FIELDS = ', '.join(Intent.__struct_fields__)
_MARKS = ', '.join('?' * len(Intent.__struct_fields__))


def open(db: sqlite3.Connection, intent: Intent) -> None:
    """Write a new one. Raises Conflict if the id is known, OverQuota where what it takes is more than is left: nothing is written then."""
    if db.execute('SELECT 1 FROM intent WHERE id = ?', (intent.id,)).fetchone() is not None:
        raise Conflict(f'Intent {intent.id} is in the journal already.')
    reserving.admit(db, intent)
    row = db.execute(f'INSERT INTO intent ({_FIELDS}) VALUES ({_MARKS})', _row(intent)).lastrowid or 0
    db.execute('UPDATE intent SET after = (SELECT coalesce(max(row), 0) FROM hot) WHERE row = ?', (row,))
    db.execute("DELETE FROM intent WHERE row <= ? AND state IN ('done', 'undone')", (row - KEPT,))


def move(db: sqlite3.Connection, intent: Intent) -> Intent:
    """Write the next state. Raises Conflict if somebody else has written since."""
    moved = msgspec.structs.replace(intent, generation=intent.generation + 1)
    fields = ', '.join(f'{field} = ?' for field in Intent.__struct_fields__)
    values = (*_row(moved), intent.id, intent.generation)
    if db.execute(f'UPDATE intent SET {fields} WHERE id = ? AND generation = ?', values).rowcount != 1:
        raise Conflict(f'Intent {intent.id} is not at generation {intent.generation} any more: somebody else moved it.')
    return moved


def unfinished(db: sqlite3.Connection) -> list[Intent]:
    """All that are not closed, in the order in which they were written: SQLite has one writer at a time."""
    rows = db.execute(f'SELECT {_FIELDS} FROM intent WHERE {_OPEN} ORDER BY row')
    return [msgspec.structs.replace(Intent(*row), charge=msgspec.json.decode(row[-1], type=dict[str, int])) for row in rows]


def _row(intent: Intent) -> tuple[object, ...]:
    return (*msgspec.structs.astuple(intent)[:-1], reserving.text(intent.charge))


def forget(db: sqlite3.Connection, site: str) -> None:
    """Delete all of a site."""
    db.execute('DELETE FROM intent WHERE site = ?', (site,))
