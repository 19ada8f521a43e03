"""How many objects of a site no project of the league owns: counted seldom, because it is a walk over all that the site has."""

from __future__ import annotations

import asyncio
import weakref

import msgspec

from hansa.model.listing import Filter, Query
from hansa.model.resource import KINDS
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store

KEPT_S = 60.0
SHARE = 0.1
"""How much of the time may go into counting, where everybody asks all the time."""


class _Count(msgspec.Struct, frozen=True):
    number: int
    until: float


class Census:
    """One count at a time; each is kept for a minute, and longer where counting all sites takes long."""

    def __init__(self, store: Store, roster: Roster, clock: Clock) -> None:
        self._store = store
        self._roster = roster
        self._clock = clock
        self._one = asyncio.Lock()
        self._counts: weakref.WeakKeyDictionary[Member, _Count] = weakref.WeakKeyDictionary()

    async def unclaimed(self, member: Member) -> int:
        """Records of kinds that have owners, without one. Raises Busy."""
        async with self._one:
            kept = self._counts.get(member)
            began = self._clock.monotonic()
            if kept is None or kept.until <= began:
                number = await self._count(member.name)
                now = self._clock.monotonic()
                kept = self._counts[member] = _Count(number, now + max(KEPT_S, (now - began) * len(self._roster) / SHARE))
            return kept.number

    async def _count(self, site: str) -> int:
        at = (Filter(('site',), 'in', (site,)), Filter(('project',), 'in', ('',)))
        return sum([await self._store.count(Query(kind.name, filters=at)) for kind in KINDS.values() if not kind.shared])
