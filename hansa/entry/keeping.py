"""Where the league keeps its store, by the setting `store`: opened, looked through, brought up to date, moved."""

from __future__ import annotations

import asyncio
import os
import pathlib

from hansa.entry.config import Config
from hansa.model import secret
from hansa.model.errors import ConfigError
from hansa.ports.store import Store
from hansa.storage import folder, moving, postgres, sqlite
from hansa.storage.postgres import inspecting as database
from hansa.storage.postgres import migrations
from hansa.storage.postgres import opening as connecting
from hansa.storage.reports import Report
from hansa.storage.sqlite import inspecting as embedded
from hansa.storage.sqlite import opening


def place(config: Config) -> str:
    """Where it is, to be shown: the file, or the URL without its password."""
    return secret.veiled(config.store) or str(_file(config))


async def opened(config: Config, directory: pathlib.Path) -> Store:
    """The store, made where there is none. Raises ConfigError where it cannot be used, or was moved elsewhere."""
    if config.store:
        return await postgres.open_store(config.store, directory)
    if (directory / moving.MOVED).exists() and not (directory / moving.FILE).exists():
        raise ConfigError(
            f'The store of {directory} was moved to PostgreSQL; set store to its URL, or rename {moving.MOVED} to {moving.FILE} '
            'to go back to what it was then.'
        )
    return await sqlite.open_store(directory)


async def known(config: Config, directory: pathlib.Path) -> Store | None:
    """The store of an earlier start; None where there was none. It holds the lock of the directory, so nothing in there is touched before
    it is had. Raises ConfigError like `opened`.
    """
    traces = ('seal.key',) if config.store else (moving.FILE, moving.MOVED)
    return await opened(config, directory) if any((directory / trace).exists() for trace in traces) else None


async def inspect(config: Config) -> Report:
    """What is in it; a league may be running. Raises ConfigError where there is none."""
    if not config.store:
        return await asyncio.to_thread(embedded.inspect, _file(config))
    pool = await connecting.connect(config.store, upgrade=False)
    try:
        return await pool.look(database.report)
    finally:
        await pool.close()


async def upgrade(config: Config) -> tuple[int, int]:
    """Take the steps that its schema lacks; the version before and after. Raises ConfigError where a league runs, or there is no store."""
    before = 0 if config.store else embedded.version(_file(config))
    lock = folder.lock(_file(config).parent)
    try:
        if config.store:
            return await _upgrade_database(config.store)
        opening.writer(_file(config)).close()
        return before, embedded.version(_file(config))
    finally:
        os.close(lock)


async def _upgrade_database(dsn: str) -> tuple[int, int]:
    pool = await connecting.connect(dsn, upgrade=False)
    try:
        before = await pool.read(migrations.version)
        await pool.write(lambda db: migrations.apply(db, secret.veiled(dsn)))
        return before, await pool.read(migrations.version)
    finally:
        await pool.close()


async def move(config: Config, dsn: str) -> Report:
    """Move it from the file to a database. Raises ConfigError and HansaError as moving.move does."""
    return await moving.move(_file(config).parent, dsn)


def _file(config: Config) -> pathlib.Path:
    return pathlib.Path(config.state).resolve() / moving.FILE
