"""Intents in and out: what is about to be done, and how far it came."""

# ruff: noqa: S608 - SQL is put together from our own words alone; whatever comes from outside is bound

from __future__ import annotations

import msgspec

from hansa.model.errors import Conflict
from hansa.model.intent import Intent
from hansa.storage.postgres import reserving
from hansa.storage.postgres.transacting import Session

# Closed intents are only history; so many rows back they may go.
KEPT = 100_000

_NAMES = Intent.__struct_fields__
_FIELDS = ', '.join(f'"{name}"' for name in _NAMES)
_MARKS = ', '.join(f'${place}' for place, _ in enumerate(_NAMES, 1))
_SETS = ', '.join(f'"{name}" = ${place}' for place, name in enumerate(_NAMES, 1))
# What comes of an intent gets its rows after this moment.
_AFTER = '(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM hot_row)'


async def open(db: Session, intent: Intent) -> None:
    """Write a new one. Raises Conflict if the id is known, OverQuota where what it takes is more than is left: nothing is written then."""
    # From here on until this one is written nobody else writes one, or takes of a quota.
    row = int(await db.value('UPDATE turn SET last = last + 1 RETURNING last'))
    if await db.value('SELECT 1 FROM intent WHERE id = $1', intent.id) is not None:
        raise Conflict(f'Intent {intent.id} is in the journal already.')
    await reserving.admit(db, intent)
    marks = f'{_MARKS}, ${len(_NAMES) + 1}, {_AFTER}'
    await db.run(f'INSERT INTO intent ({_FIELDS}, row, after) VALUES ({marks})', *_row(intent), row)
    await db.run("DELETE FROM intent WHERE row <= $1 AND state IN ('done', 'undone')", row - KEPT)


async def move(db: Session, intent: Intent) -> Intent:
    """Write the next state. Raises Conflict if somebody else has written since."""
    moved = msgspec.structs.replace(intent, generation=intent.generation + 1)
    sql = f'UPDATE intent SET {_SETS} WHERE id = ${len(_NAMES) + 1} AND generation = ${len(_NAMES) + 2} RETURNING 1'
    if await db.value(sql, *_row(moved), intent.id, intent.generation) is None:
        raise Conflict(f'Intent {intent.id} is not at generation {intent.generation} any more: somebody else moved it.')
    return moved


async def unfinished(db: Session) -> list[Intent]:
    """All that are not closed, in the order in which they were written."""
    rows = await db.rows(f'SELECT {_FIELDS} FROM intent WHERE {reserving.OPEN} ORDER BY row')
    return [msgspec.structs.replace(Intent(*row), charge=msgspec.json.decode(row[-1], type=dict[str, int])) for row in rows]


def _row(intent: Intent) -> tuple[object, ...]:
    return (*msgspec.structs.astuple(intent)[:-1], reserving.text(intent.charge))


async def forget(db: Session, site: str) -> None:
    """Delete all of a site."""
    await db.run('DELETE FROM intent WHERE site = $1', site)
