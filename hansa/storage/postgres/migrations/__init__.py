"""The schema on PostgreSQL: the same numbered steps as on SQLite; opening a database takes the steps it lacks."""

from __future__ import annotations

import pathlib

import asyncpg

from hansa.model.errors import ConfigError
from hansa.storage.postgres.transacting import Again, Session


def steps() -> list[tuple[int, str]]:
    """(version, SQL) of each step, in order; versions count from 1."""
    files = sorted(pathlib.Path(__file__).parent.glob('[0-9][0-9][0-9][0-9]_*.sql'))
    return [(int(file.name[:4]), file.read_text('utf-8')) for file in files]


async def version(db: Session) -> int:
    """How many steps a database has taken, 0 where nothing of ours is in it."""
    if await db.value("SELECT to_regclass(format('%I.hansa', current_schema()))::text") is None:
        return 0
    return int(await db.value('SELECT version FROM hansa'))


async def apply(db: Session, place: str) -> None:
    """Bring a database to the newest schema, in the transaction that is open; `place` names it in errors.

    Raises ConfigError for a database of another program, or of a newer Hansa.
    """
    todo = steps()
    newest = todo[-1][0]
    now = await version(db)
    if now == 0:
        await _begin(db, place)
    # Of several that start at once the others wait here, and find the work done.
    now = int(await db.value('SELECT version FROM hansa FOR UPDATE'))
    if now > newest:
        raise ConfigError(
            f'{place} has schema version {now} and this Hansa knows versions up to {newest}; run the Hansa that wrote it or a newer one.'
        )
    for number, sql in todo:
        if number > now:
            await db.script(sql)
            await db.run('UPDATE hansa SET version = $1', number)


async def _begin(db: Session, place: str) -> None:
    if await db.value("SELECT current_schema() IS NULL OR current_setting('server_encoding') <> 'UTF8'"):
        raise ConfigError(f'{place} must be in UTF8 and have a schema to make tables in; create it with: createdb -E UTF8 NAME.')
    try:
        await db.run('CREATE TABLE hansa (version bigint NOT NULL)')
    except (asyncpg.DuplicateTableError, asyncpg.UniqueViolationError):
        # Somebody else begins in this moment.
        raise Again from None
    others = "SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND relname <> 'hansa' LIMIT 1"
    if await db.value(others) is not None:
        raise ConfigError(f'{place} is a database of another program; name one that is empty.')
    await db.run('INSERT INTO hansa (version) VALUES (0)')
