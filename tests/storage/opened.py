"""Empty stores of each engine, one after the other, for tests that want many of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator

from hansa.ports.store import Store
from hansa.storage import postgres, sqlite
from tests.postgres import Server

Scenario = Callable[[Store], Awaitable[None]]
In = Callable[[Scenario], None]
"""Runs a scenario in an empty store."""


def sqlite_stores() -> In:
    """A store in memory for each."""

    async def main(scenario: Scenario) -> None:
        store = await sqlite.open_store(None)
        try:
            await scenario(store)
        finally:
            await store.close()

    return lambda scenario: asyncio.run(main(scenario))


@contextlib.contextmanager
def postgres_stores(server: Server) -> Iterator[In]:
    """One store for all, which is emptied before each."""
    url = server.fresh()

    async def main(store: Store, scenario: Scenario) -> None:
        await server.empty(url)
        await scenario(store)

    with asyncio.Runner() as runner:
        store = runner.run(postgres.open_store(url, None))
        try:
            yield lambda scenario: runner.run(main(store, scenario))
        finally:
            runner.run(store.close())
