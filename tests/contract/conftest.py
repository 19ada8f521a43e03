"""Each store that there is, for the contract that all of them keep."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Awaitable, Callable

import pytest

from hansa.ports.store import Store
from hansa.storage import postgres, sqlite
from tests.postgres import Server

Scenario = Callable[[Store], Awaitable[None]]
Judge = Callable[[Scenario], None]


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
