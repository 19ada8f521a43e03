"""From a URL to a pool of connections: the server, the schema, the seal."""

from __future__ import annotations

import pathlib

import asyncpg

from hansa.model import secret
from hansa.model.errors import Busy, ConfigError
from hansa.storage import seal
from hansa.storage.postgres import migrations, transacting
from hansa.storage.postgres.transacting import Pool, Session

_OLDEST = 150000


async def connect(dsn: str, upgrade: bool = True) -> Pool:
    """Connections to a database, with the schema brought up to date unless it is to be left as it is.

    Raises ConfigError where the server cannot be reached or will not have us, for a database that is not ours, of a newer schema,
    or on a server that is too old. A password in the URL is in none of the sentences.
    """
    place = secret.veiled(dsn)
    try:
        pool = await transacting.pool(dsn)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        # What these say may hold the URL that they were given.
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        if isinstance(error, asyncpg.PostgresError):
            why = str(error.args[0]) if error.args else why
        raise ConfigError(f'{place} cannot be reached: {_without(dsn, why)}.') from None
    try:
        await pool.read(lambda db: _check(db, place))
        if upgrade:
            await pool.write(lambda db: migrations.apply(db, place))
    except (asyncpg.PostgresError, Busy) as error:
        await pool.close()
        raise ConfigError(f'{place} cannot be used: {error}.') from error
    except BaseException:
        await pool.close()
        raise
    return pool


def _without(dsn: str, sentence: str) -> str:
    return sentence.replace(dsn, secret.veiled(dsn)).rstrip('.')


async def _check(db: Session, place: str) -> None:
    if int(await db.value("SELECT current_setting('server_version_num')")) < _OLDEST:
        raise ConfigError(f'{place} is too old; Hansa needs PostgreSQL 15 or newer.')
    if await db.value("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'") is None:
        raise ConfigError(f'{place} has no ICU collations; Hansa needs a PostgreSQL that was built with ICU.')


async def sealed(pool: Pool, key: pathlib.Path | None) -> seal.Seal:
    """The seal that belongs to the database; None makes one that is kept nowhere.

    Raises ConfigError where the key file is missing or is another database's.
    """
    if key is None:
        return seal.fresh()

    async def work(db: Session) -> seal.Seal:
        # Two that start at once must not both make the word.
        await db.run('SELECT version FROM hansa FOR UPDATE')
        kept = await db.value('SELECT word FROM seal')
        if kept is None and (key.parent / 'hansa.db').exists():
            raise ConfigError(f'{key.parent} has a store in hansa.db and the database is empty; move it first: hansa db move --to URL.')
        known, word = seal.belonging(key, kept)
        if kept is None:
            await db.run('INSERT INTO seal (word) VALUES ($1)', word)
        return known

    return await pool.write(work)
