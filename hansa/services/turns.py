"""Turns at what only one may do at a time: among the tasks of this process, and, where several processes make up a league, among those."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable

from hansa.model.errors import Busy, HansaError
from hansa.ports.clock import Clock
from hansa.ports.leases import Leases

LEASE_S = 15.0
RENEW_S = 5.0
_AGAIN_S = 0.2


class Turns:
    """Named turns. Without `leases` they are locks of this process; with them each is a lease, too, which is kept as long as the turn lasts.

    `level` is awaited once a lease is had, so that whoever has the turn knows what the one before him did.
    """

    def __init__(self, clock: Clock, holder: str = '', leases: Leases | None = None, level: Callable[[], Awaitable[None]] | None = None) -> None:
        self._clock = clock
        self._holder = holder
        self._leases = leases
        self._level = level
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def of(self, name: str, patience: float = 30.0) -> AsyncIterator[None]:
        """Have the turn while the block lasts. Raises Busy where another process has it for longer than `patience` seconds."""
        lock = self._locks.setdefault(name, asyncio.Lock())
        async with lock:
            if self._leases is None:
                yield
                return
            await self._wait(self._leases, name, patience)
            keeper = asyncio.create_task(self._keep(self._leases, name))
            try:
                if self._level is not None:
                    await self._level()
                yield
            finally:
                keeper.cancel()
                # Given up while it is being renewed it would stand again.
                await asyncio.gather(keeper, return_exceptions=True)
                with contextlib.suppress(HansaError):
                    await self._leases.give_up(f'turn/{name}', self._holder)

    async def _wait(self, leases: Leases, name: str, patience: float) -> None:
        end = self._clock.monotonic() + patience
        while not await leases.take(f'turn/{name}', self._holder, LEASE_S):
            if self._clock.monotonic() > end:
                raise Busy('Another process of the league is doing just that; try again.')
            await self._clock.sleep(_AGAIN_S)

    async def _keep(self, leases: Leases, name: str) -> None:
        while True:
            await self._clock.sleep(RENEW_S)
            with contextlib.suppress(HansaError):
                await leases.take(f'turn/{name}', self._holder, LEASE_S)
