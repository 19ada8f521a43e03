"""Looking at sites from a process that may not be the one that follows them: single objects itself, all else through whoever does."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable

import msgspec

from hansa.model.errors import HansaError
from hansa.model.resource import KINDS, Record
from hansa.ports.bus import Bus
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.sync.flock import Flock

WANTED = 'look/'
"""Small state under this and a site's name: how new somebody wants a kind to be, as JSON {kind: epoch seconds}."""
LONGEST_S = 30.0
_POKED, _GLANCE_S = 'poke', 0.05

_LOG = logging.getLogger('hansa.sync')


class Lookout:
    """Fills the ports Observer and Leveller, and keeps agents for membership.

    What is poked elsewhere is a hint that may get lost: then the next poll finds it. Who waits for a look has it written down, too.
    """

    def __init__(self, flock: Flock, store: Store, roster: Roster, bus: Bus, clock: Clock) -> None:
        self._flock = flock
        self._store = store
        self._roster = roster
        self._bus = bus
        self._clock = clock
        self._looks: set[asyncio.Task[None]] = set()
        self._deaf: Callable[[], None] = bus.subscribe(_POKED, self._poked)

    def add(self, member: Member) -> object:
        """Have an agent for a site."""
        return self._flock.add(member)

    async def remove(self, name: str) -> None:
        """Let a site go."""
        await self._flock.remove(name)

    def poke(self, site: str, *kinds: str) -> None:
        """Have somebody ask soon for what changed in these kinds."""
        if self._flock.follows(site):
            self._flock.poke(site, *kinds)
        else:
            self._bus.publish(f'{_POKED}.{site}', ' '.join(kinds).encode())

    async def refresh(self, site: str, kind: str, site_id: str) -> Record | None:
        """One object as its site has it now. Raises SiteDown."""
        return await self._flock.refresh(site, kind, site_id)

    async def level(self, site: str, kind: str, since: float) -> bool:
        """See to it that all of a kind was looked at after `since`; False where that is not so after LONGEST_S. May be cancelled. Raises Busy."""
        if self._flock.follows(site):
            return await self._flock.level(site, kind, since)
        if site not in self._roster:
            return False
        member = self._roster.get(site)
        await self._store.set(f'{WANTED}{site}', msgspec.json.encode({kind: since}))
        self._bus.publish('news')
        end = self._clock.monotonic() + LONGEST_S
        while member.synced.get(kind, -math.inf) < since and self._clock.monotonic() < end:
            await self._clock.sleep(_GLANCE_S)
        return member.synced.get(kind, -math.inf) >= since

    async def wanted(self, key: str) -> None:
        """Somebody wrote down what he waits for: look, if the site is followed here. Raises Busy."""
        site = key.removeprefix(WANTED)
        if self._flock.follows(site) and (kept := await self._store.value(key)):
            for kind, since in msgspec.json.decode(kept, type=dict[str, float]).items():
                task = asyncio.create_task(self._look(site, kind, since), name=f'look at {kind} of {site}')
                self._looks.add(task)
                task.add_done_callback(self._looks.discard)

    async def close(self) -> None:
        """End what is under way."""
        self._deaf()
        for task in self._looks:
            task.cancel()
        await asyncio.gather(*self._looks, return_exceptions=True)

    async def _look(self, site: str, kind: str, since: float) -> None:
        try:
            async with asyncio.timeout(LONGEST_S):
                await self._flock.level(site, kind, since)
        except (HansaError, TimeoutError) as error:
            _LOG.info('Site %s, %s: %s', site, kind, str(error) or 'no answer in time')

    def _poked(self, subject: str, body: bytes) -> None:
        site = subject.removeprefix(f'{_POKED}.')
        if self._flock.follows(site):
            self._flock.poke(site, *(kind for kind in body.decode(errors='replace').split() if kind in KINDS))
