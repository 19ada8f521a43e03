"""Which sites and loops one worker has: each under a lease of its own, spread evenly over the workers that live."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from hansa.model.errors import HansaError
from hansa.ports.clock import Clock
from hansa.ports.leases import Leases

LEASE_S = 15.0
RENEW_S = 5.0
WORKER = 'worker/'
"""A lease under this and its name says that a process is a worker that lives."""

_LOG = logging.getLogger('hansa.sync')


class Charge(Protocol):
    """One kind of thing to have; names are unique over all kinds."""

    def names(self) -> Iterable[str]:
        """All that there are."""
        ...

    async def begin(self, name: str) -> bool:
        """Work at it from now on; False where that is too early."""
        ...

    async def end(self, name: str) -> None:
        """Work at it no more."""
        ...


class Holding:
    """The leases of one worker. What could not be renewed in time is no longer worked at, whoever has it then."""

    def __init__(self, leases: Leases, clock: Clock, holder: str, charges: dict[str, Charge], told: Callable[[frozenset[str]], Awaitable[None]]) -> None:
        self._leases = leases
        self._clock = clock
        self._holder = holder
        self._charges = charges
        self._told = told
        self._until: dict[str, dict[str, float]] = {prefix: {} for prefix in charges}
        self._workers = frozenset((holder,))

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            try:
                async with asyncio.timeout(LEASE_S - RENEW_S):
                    await self.turn()
            except (HansaError, TimeoutError) as error:
                _LOG.warning('leases cannot be renewed for the moment: %s', str(error) or 'the database does not answer in time')
            await self._lapse()
            await self._clock.sleep(RENEW_S)

    async def turn(self) -> None:
        """Renew what is ours, give up what is too much, take what nobody has. Raises Busy."""
        await self._leases.take(WORKER + self._holder, self._holder, LEASE_S)
        workers = frozenset((await self._leases.holders(WORKER)).values()) | {self._holder}
        if workers != self._workers:
            _LOG.info('the workers of the league are %s', ', '.join(sorted(workers)))
            self._workers = workers
            await self._told(workers)
        for prefix, charge in self._charges.items():
            await self._share(prefix, charge, len(workers))

    async def _share(self, prefix: str, charge: Charge, workers: int) -> None:
        names = list(charge.names())
        mine = self._until[prefix]
        for name in [name for name in mine if name not in names]:
            await self._part(prefix, charge, name)
        most = math.ceil(len(names) / workers)
        for name in list(mine)[most:]:
            await self._part(prefix, charge, name)
        for name in list(mine):
            if not await self._renewed(prefix, name):
                await self._part(prefix, charge, name)
        if len(mine) < most:
            held = await self._leases.holders(prefix)
            for name in names:
                if len(mine) < most and name not in mine and held.get(prefix + name, self._holder) == self._holder:
                    await self._take(prefix, charge, name)

    async def _take(self, prefix: str, charge: Charge, name: str) -> None:
        if not await self._renewed(prefix, name):
            return
        try:
            begun = await charge.begin(name)
        except BaseException:
            self._until[prefix].pop(name, None)
            raise
        if not begun:
            await self._part(prefix, charge, name)

    async def _renewed(self, prefix: str, name: str) -> bool:
        asked = self._clock.monotonic()
        if not await self._leases.take(prefix + name, self._holder, LEASE_S):
            return False
        self._until[prefix][name] = asked + LEASE_S
        return True

    async def _part(self, prefix: str, charge: Charge, name: str) -> None:
        self._until[prefix].pop(name, None)
        await charge.end(name)
        await self._leases.give_up(prefix + name, self._holder)

    async def _lapse(self) -> None:
        """What would end before we look again is not ours any more."""
        soon = self._clock.monotonic() + RENEW_S
        for prefix, mine in self._until.items():
            for name in [name for name, until in mine.items() if until < soon]:
                mine.pop(name)
                await self._charges[prefix].end(name)

    async def close(self) -> None:
        """End all work, and let the others have it at once."""
        for prefix, charge in self._charges.items():
            for name in list(self._until[prefix]):
                try:
                    await self._part(prefix, charge, name)
                except HansaError:
                    continue
        try:
            await self._leases.give_up(WORKER + self._holder, self._holder)
        except HansaError as error:
            _LOG.info('the others notice later that this worker is gone: %s', error)
