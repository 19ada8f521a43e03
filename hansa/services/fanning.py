"""One body on its way to several sites at once: what has come is held for each until it has taken it, and no more than a little of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable

from hansa.ports.clock import Clock

ROOM = 2 << 20
"""Bytes that wait for one site before the client is paused."""

PATIENCE = 10.0
"""Seconds that one site may hold up others before it is left behind."""

_LOOK_S = 1.0


class Broken(Exception):
    """The body came to no end: what was sent of it must not become an object."""


class Lane:
    """What waits for one site."""

    def __init__(self, freed: asyncio.Event) -> None:
        self.open = True
        self.size = 0
        self.held_up = 0.0
        self._chunks: deque[bytes] = deque()
        self._freed = freed
        self._come = asyncio.Event()
        self._ended = False
        self._broken = False

    @property
    def full(self) -> bool:
        return self.open and self.size >= ROOM

    @property
    def idle(self) -> bool:
        return self.open and not self.size

    def put(self, chunk: bytes) -> None:
        """For the site."""
        self._chunks.append(chunk)
        self.size += len(chunk)
        self._come.set()

    def end(self, *, broken: bool = False) -> None:
        """No more comes."""
        self._ended, self._broken = True, broken
        self._come.set()

    def close(self) -> None:
        """The site takes no more."""
        self.open = False
        self._chunks.clear()
        self.size = 0
        self._freed.set()

    async def body(self) -> AsyncIterator[bytes]:
        """As the site takes it. Raises Broken."""
        while not self._broken:
            while self._chunks:
                chunk = self._chunks.popleft()
                self.size -= len(chunk)
                self._freed.set()
                yield chunk
            if self._ended:
                break
            self._come.clear()
            await self._come.wait()
        if self._broken:
            raise Broken


class Fan:
    """`late` is asked for a site that holds up others for too long: whether it may be left behind, and then no more is sent to it."""

    def __init__(self, source: AsyncIterator[bytes], sites: Iterable[str], clock: Clock, late: Callable[[str], bool]) -> None:
        self.failure: BaseException | None = None
        self._source = source
        self._clock = clock
        self._late = late
        self._freed = asyncio.Event()
        self.lanes = {site: Lane(self._freed) for site in sites}

    async def pump(self) -> None:
        """Until the body ends, breaks off (then `failure` tells how), or nobody takes it any more."""
        try:
            async for chunk in self._source:
                for lane in self._open():
                    lane.put(chunk)
                await self._room()
                if not self._open():
                    return
        except BaseException as error:
            self.failure = error
            for lane in self.lanes.values():
                lane.end(broken=True)
            if not isinstance(error, Exception):
                raise
        else:
            for lane in self.lanes.values():
                lane.end()

    def _open(self) -> list[Lane]:
        return [lane for lane in self.lanes.values() if lane.open]

    async def _room(self) -> None:
        """Wait until each has room; whoever keeps idle ones waiting for too long is left behind."""
        while full := {site: lane for site, lane in self.lanes.items() if lane.full}:
            began = self._clock.monotonic()
            self._freed.clear()
            try:
                async with asyncio.timeout(_LOOK_S):
                    await self._freed.wait()
            except TimeoutError:
                pass
            if not any(lane.idle for lane in self._open()):
                continue
            for site, lane in full.items():
                lane.held_up += self._clock.monotonic() - began
                if lane.held_up > PATIENCE and self._late(site):
                    lane.close()
