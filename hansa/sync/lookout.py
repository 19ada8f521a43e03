"""Looking at sites from a process that may not be the one that follows them: single objects itself, all else through whoever does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Coroutine

import msgspec

from hansa.model.errors import HansaError
from hansa.model.resource import KINDS, Record
from hansa.ports.bus import Bus
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.sync.flock import Flock

WANTED = 'look/'
"""Small state under this, a site's name and a kind: how new somebody wants the kind to be (epoch seconds)."""
POKED = 'poke/'
"""Small state under this and a site's name: kinds that are to be looked at, where there is no bus to say so."""
LONGEST_S = 30.0
_POKED, _GLANCE_S, _GATHER_S = 'poke', 0.05, 0.3

_LOG = logging.getLogger('hansa.sync')


class Lookout:
    """Fills the ports Observer and Leveller, and keeps agents for membership.

    What is poked elsewhere is a hint that may get lost: then the next poll finds it. Where the bus is away it is written down, once
    for all that comes within _GATHER_S. Who waits for a look has that written down in any case.
    """

    def __init__(self, flock: Flock, store: Store, roster: Roster, bus: Bus, clock: Clock) -> None:
        self._flock = flock
        self._store = store
        self._roster = roster
        self._bus = bus
        self._clock = clock
        self._looks: set[asyncio.Task[None]] = set()
        self._poking: dict[str, set[str]] = {}
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
        elif self._bus.up():
            self._bus.publish(f'{_POKED}.{site}', ' '.join(kinds).encode())
        elif site in self._poking:
            self._poking[site].update(kinds)
        else:
            self._poking[site] = set(kinds)
            self._begin(self._write(site), f'poke {site}')

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
        await self._store.set(f'{WANTED}{site}/{kind}', msgspec.json.encode(since))
        self._bus.publish('news')
        end = self._clock.monotonic() + LONGEST_S
        while member.synced.get(kind, -math.inf) < since and self._clock.monotonic() < end:
            await self._clock.sleep(_GLANCE_S)
        return member.synced.get(kind, -math.inf) >= since

    async def wanted(self, key: str) -> None:
        """Somebody wrote down what he waits for: look, if the site is followed here. Raises Busy."""
        site, _, kind = key.removeprefix(WANTED).partition('/')
        if self._flock.follows(site) and kind in KINDS and (kept := await self._store.value(key)):
            self._begin(self._look(site, kind, msgspec.json.decode(kept, type=float)), f'look at {kind} of {site}')

    async def poked(self, key: str) -> None:
        """Somebody wrote down what is to be looked at. Raises Busy."""
        site = key.removeprefix(POKED)
        if self._flock.follows(site) and (kept := await self._store.value(key)):
            self._flock.poke(site, *(kind for kind in msgspec.json.decode(kept, type=list[str]) if kind in KINDS))

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

    async def _write(self, site: str) -> None:
        await self._clock.sleep(_GATHER_S)
        kinds = sorted(self._poking.pop(site))
        with contextlib.suppress(HansaError):
            await self._store.set(POKED + site, msgspec.json.encode(kinds))

    def _begin(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    def _poked(self, subject: str, body: bytes) -> None:
        site = subject.removeprefix(f'{_POKED}.')
        if self._flock.follows(site):
            self._flock.poke(site, *(kind for kind in body.decode(errors='replace').split() if kind in KINDS))
