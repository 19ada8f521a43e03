"""Each store that there is, for the contract that all of them keep."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Awaitable, Callable

import pytest

from hansa.ports.store import Store
from hansa.storage.sqlite import open_store

Scenario = Callable[[Store], Awaitable[None]]
Judge = Callable[[Scenario], None]


@pytest.fixture(params=['memory', 'file'])
def judge(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Judge:
    """Runs a scenario against a fresh store."""

    async def main(scenario: Scenario) -> None:
        store = await open_store(tmp_path / 'league' if request.param == 'file' else None)
        try:
            await scenario(store)
        finally:
            await store.close()

    return lambda scenario: asyncio.run(main(scenario))
