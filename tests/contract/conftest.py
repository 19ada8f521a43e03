"""Each store that there is, for the contract that all of them keep."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import pytest

from hansa.ports.store import Store
from hansa.storage import postgres, sqlite
from hansa.storage.postgres.store import PostgresStore
from tests.postgres import Server

Scenario = Callable[[Store], Awaitable[None]]
Judge = Callable[[Scenario], None]
Several = Callable[[list[PostgresStore]], Awaitable[None]]
Cluster = Callable[[Several], None]


@pytest.fixture(params=['memory', 'file', 'postgres'])
def judge(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Judge:
    """Runs a scenario against a fresh store."""
    directory = tmp_path / 'league'

    async def opened() -> Store:
        if request.param == 'postgres':
            server: Server = request.getfixturevalue('postgres')
            return await postgres.open_store(server.fresh(), directory)
        return await sqlite.open_store(directory if request.param == 'file' else None)

    async def main(scenario: Scenario) -> None:
        store = await opened()
        try:
            await scenario(store)
        finally:
            await store.close()

    return lambda scenario: asyncio.run(main(scenario))


@pytest.fixture(params=['read committed', 'repeatable read'])
def cluster(request: pytest.FixtureRequest, postgres: Server) -> Cluster:
    """Runs a scenario with three stores on one fresh database, as three processes have it; the second time every two that change
    one row meet, as they do in a database that is spread over machines.
    """
    return lambda scenario: asyncio.run(clustered(f'{postgres.fresh()}&default_transaction_isolation={quote(request.param)}', scenario))


async def clustered(url: str, scenario: Several) -> None:
    """The same with a database that is there."""
    stores = [await postgres.open_store(url, None) for _ in range(3)]
    try:
        await scenario(stores)
    finally:
        for store in stores:
            await store.close()
