"""How sites stand, told by the process that follows them to those that do not: one row of small state for all its sites."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from hansa.model.drift import Finding
from hansa.model.errors import HansaError
from hansa.model.site import Health
from hansa.ports.bus import Bus
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.ports.tally import Tally
from hansa.sync.flock import Flock
from hansa.sync.heard import STALE_S, Heard

STANDING = 'standing/'
"""Small state under this and a process: how fresh its copy of each of its sites is, and whether they answer."""
COUNTED = 'counted/'
"""The same for what is counted of them, and their drift, which nobody waits for."""
EVERY_S = 1.0
COUNTED_S = 15.0
MOST_FINDINGS = 200

_LOG = logging.getLogger('hansa.sync')


class Stand(msgspec.Struct):
    """Of one site: `Member.synced`, and its health."""

    synced: dict[str, float]
    health: Health


class Count(msgspec.Struct):
    """Of one site: `Member.tallies`, and the first of what `Member.drift` holds of each kind."""

    tallies: dict[str, Tally]
    drift: dict[str, dict[str, Finding]]


class Standing:
    """Writes the rows of this process at most once in EVERY_S, and where something changed; reads the others'."""

    def __init__(self, flock: Flock, store: Store, roster: Roster, bus: Bus, clock: Clock, holder: str) -> None:
        self._flock = flock
        self._store = store
        self._roster = roster
        self._bus = bus
        self._clock = clock
        self._holder = holder
        self._told: dict[str, tuple[bytes, float]] = {}
        self._counted = 0.0

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            try:
                await self.tell()
            except HansaError as error:
                _LOG.warning('how sites stand is not told for the moment: %s', error)
            await self._clock.sleep(EVERY_S)

    async def tell(self) -> None:
        """Tell what changed of the sites that are followed here. Raises Busy."""
        mine = [member for member in self._roster if self._flock.follows(member.name)]
        await self._say(STANDING, {each.name: Stand(each.synced, _health(each)) for each in mine})
        if self._clock.monotonic() - self._counted >= COUNTED_S:
            self._counted = self._clock.monotonic()
            await self._say(COUNTED, {each.name: Count(each.tallies, _some(each)) for each in mine})

    async def _say(self, prefix: str, rows: dict[str, Stand] | dict[str, Count]) -> None:
        said = msgspec.json.encode(rows)
        before, when = self._told.get(prefix, (b'{}', self._clock.monotonic()))
        # Who hears nothing for long believes it no more.
        if said != before or (rows and self._clock.monotonic() - when >= STALE_S / 3):
            await self._store.set(prefix + self._holder, said)
            self._told[prefix] = said, self._clock.monotonic()
            self._bus.publish('news')

    async def heard(self, key: str) -> None:
        """Another process told how its sites stand. Raises Busy."""
        if key.endswith(f'/{self._holder}') or not (kept := await self._store.value(key)):
            return
        for name, stand in msgspec.json.decode(kept, type=dict[str, Stand]).items():
            if name in self._roster and not self._flock.follows(name):
                member = self._roster.get(name)
                for kind, when in stand.synced.items():
                    member.synced[kind] = max(when, member.synced.get(kind, when))
                if isinstance(member.site, Heard):
                    member.site.tell(stand.health)

    async def counted(self, key: str) -> None:
        """Another process told what it counted. Raises Busy."""
        if key.endswith(f'/{self._holder}') or not (kept := await self._store.value(key)):
            return
        for name, count in msgspec.json.decode(kept, type=dict[str, Count]).items():
            if name in self._roster and not self._flock.follows(name):
                member = self._roster.get(name)
                member.tallies, member.drift = count.tallies, count.drift

    async def clear(self, living: frozenset[str]) -> None:
        """Take away the rows of processes that are no more. Raises Busy."""
        for prefix in (STANDING, COUNTED):
            for key in await self._store.values(prefix):
                if key.removeprefix(prefix) not in living:
                    await self._store.unset(key)

    async def close(self) -> None:
        """Take away our own."""
        await asyncio.gather(*(self._store.unset(prefix + self._holder) for prefix in self._told), return_exceptions=True)


def _health(member: Member) -> Health:
    return member.site.own() if isinstance(member.site, Heard) else member.site.health()


def _some(member: Member) -> dict[str, dict[str, Finding]]:
    return {kind: dict(list(found.items())[:MOST_FINDINGS]) for kind, found in member.drift.items() if found}
