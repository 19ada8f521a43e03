"""Who is next where several sites want to be served: by lanes, and within a lane by how much each has had and wants."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator

from hansa.model.batch import LANES, Lane

_Waiter = tuple[int, int, int, asyncio.Future[None]]
"""At which work it ends and begins, and its number, on the clock of the line."""


class Turns:
    """`wide` are served at once, of those of the lane 'command' any number: they wait for nobody here.

    Of those that wait that one is next which would be done first if all sites were served at the same time, each at the same speed (weighted fair
    queueing): whoever has little to tell does not wait for those that have much, and these go round.
    """

    def __init__(self, wide: int) -> None:
        self.waiting = 0
        self._free = wide
        self._lines: dict[Lane, list[_Waiter]] = {lane: [] for lane in LANES}
        self._numbers = itertools.count()
        self._served = 0
        self._ends: dict[str, int] = {}

    @contextlib.asynccontextmanager
    async def of(self, site: str, lane: Lane, work: int = 1) -> AsyncIterator[None]:
        """The turn of one of a site, who wants so much."""
        if lane == 'command':
            yield
            return
        if self._free:
            self._free -= 1
        else:
            await self._wait(site, lane, work)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, site: str, lane: Lane, work: int) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        start = max(self._served, self._ends.get(site, 0))
        self._ends[site] = start + work
        heapq.heappush(self._lines[lane], (start + work, start, next(self._numbers), waiter))
        self.waiting += 1
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                # The turn had come in the same moment.
                self._pass_on()
            else:
                waiter.cancel()
                self.waiting -= 1
            raise

    def _pass_on(self) -> None:
        for line in self._lines.values():
            while line:
                _, start, _, waiter = heapq.heappop(line)
                if not waiter.done():
                    self._served = max(self._served, start)
                    self.waiting -= 1
                    waiter.set_result(None)
                    return
        self._free += 1
        self._ends.clear()
        self._served = 0
