"""One upload to several sites at once: each takes what it is given at its own pace, and who falls behind or breaks off is left out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from hansa.model.errors import HansaError, SiteDown
from hansa.ports.roster import Member
from hansa.services.dispersal.shelves import Hand
from hansa.services.relay import Forward, Reply

_PATIENCE = 30.0
"""Seconds that a site may keep the others waiting."""

_GRACE = 15.0
"""Seconds that a change which stands waits for sites that are slower."""

_AHEAD = 2


class Lane:
    """One site's part of it."""

    def __init__(self, member: Member, hand: Hand, forward: Forward) -> None:
        self.member = member
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(_AHEAD)
        self.task = asyncio.create_task(hand(member, Forward('PUT', forward.path, '', forward.headers, self._chunks())))

    async def _chunks(self) -> AsyncIterator[bytes]:
        while (piece := await self._queue.get()) is not None:
            yield piece

    async def give(self, piece: bytes | None) -> bool:
        """Hand on the next piece, None behind the last; False where the site takes no more."""
        if self.task.done():
            return False
        if not self._queue.full():
            self._queue.put_nowait(piece)
            return True
        put = asyncio.ensure_future(self._queue.put(piece))
        await asyncio.wait({put, self.task}, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if put.done():
            return True
        put.cancel()
        await asyncio.gather(put, return_exceptions=True)
        return False

    async def end(self) -> Reply | HansaError:
        """What the site says of it."""
        try:
            return await self.task
        except HansaError as error:
            return error
        except asyncio.CancelledError:
            if not self.task.cancelled():
                raise
            return SiteDown(self.member.name, 'does not take what it is sent in time', sent=True)

    async def drop(self) -> None:
        """Break it off, so that the site keeps nothing."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def settled(tasks: Sequence[asyncio.Task[Reply]], need: int) -> None:
    """Wait for all that sites are asked; when `need` of them have done it, no longer than a moment for the others."""
    left: set[asyncio.Task[Reply]] = set(tasks)
    while left:
        good = [task for task in tasks if task.done() and not task.cancelled() and task.exception() is None and task.result().status < 300]
        done, left = await asyncio.wait(left, timeout=_GRACE if len(good) >= need else None, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            return


class Lanes:
    """All of them; it goes on as long as `need` sites do."""

    def __init__(self, hand: Hand, forwards: Mapping[str, Forward], members: Sequence[Member], need: int) -> None:
        self._need = need
        self._lanes = {member.name: Lane(member, hand, forwards[member.name]) for member in members}
        self.lost: dict[str, Reply | HansaError] = {}

    async def give(self, pieces: Mapping[str, bytes | None]) -> bool:
        """Hand on what is next for each site; False where too few are left."""
        sites = list(self._lanes)
        taken = await asyncio.gather(*(self._lanes[site].give(pieces[site]) for site in sites))
        for site, took in zip(sites, taken, strict=True):
            if not took:
                await self._out(site)
        return len(self._lanes) >= self._need

    async def _out(self, site: str) -> None:
        lane = self._lanes.pop(site)
        if not lane.task.done():
            await lane.drop()
        self.lost[site] = await lane.end()

    async def end(self) -> list[str]:
        """The sites that have all of it; when enough have, the others get a moment more."""
        await self.give(dict.fromkeys(self._lanes))
        await settled([lane.task for lane in self._lanes.values()], self._need)
        for lane in self._lanes.values():
            if not lane.task.done():
                await lane.drop()
        told = {site: await lane.end() for site, lane in self._lanes.items()}
        self.lost |= {site: answer for site, answer in told.items() if not isinstance(answer, Reply) or answer.status != 201}
        return [site for site in told if site not in self.lost]

    async def drop(self) -> None:
        """Break all off."""
        await asyncio.gather(*(lane.drop() for lane in self._lanes.values()))
