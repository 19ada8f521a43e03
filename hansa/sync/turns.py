"""Who is next where several sites want to be served: by lanes, and within a lane one site after the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

from hansa.model.batch import LANES, Lane

_Waiter = asyncio.Future[None]


class Turns:
    """`wide` are served at once, of those of the lane 'command' any number: they wait for nobody here."""

    def __init__(self, wide: int) -> None:
        self.waiting = 0
        self._free = wide
        self._lines: dict[Lane, dict[str, deque[_Waiter]]] = {lane: {} for lane in LANES}

    @contextlib.asynccontextmanager
    async def of(self, site: str, lane: Lane) -> AsyncIterator[None]:
        """The turn of one of a site."""
        if lane == 'command':
            yield
            return
        if self._free:
            self._free -= 1
        else:
            await self._wait(site, lane)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, site: str, lane: Lane) -> None:
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        self._lines[lane].setdefault(site, deque()).append(waiter)
        self.waiting += 1
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                # The turn had come in the same moment.
                self._pass_on()
            else:
                self._leave(site, lane, waiter)
            raise

    def _leave(self, site: str, lane: Lane, waiter: _Waiter) -> None:
        line = self._lines[lane].get(site)
        if line is not None and waiter in line:
            line.remove(waiter)
            self.waiting -= 1
            if not line:
                del self._lines[lane][site]

    def _pass_on(self) -> None:
        """The site that waits longest in the best lane; if it has more, it waits behind the others then."""
        while lines := next((each for each in self._lines.values() if each), None):
            site = next(iter(lines))
            line = lines.pop(site)
            waiter = line.popleft()
            if line:
                lines[site] = line
            self.waiting -= 1
            if not waiter.done():
                waiter.set_result(None)
                return
        self._free += 1
