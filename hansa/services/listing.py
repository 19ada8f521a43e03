"""Lists: served from the inventory for all sites at once, with the age of what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from hansa.model.listing import Query, Sheet
from hansa.model.resource import KINDS, Record
from hansa.ports.clock import Clock
from hansa.ports.roster import Roster
from hansa.ports.store import Store
from hansa.rules.views import layout

Make = Callable[[Sequence[Sheet], bool, frozenset[str]], bytes]
"""Makes a body of sheets: whether as many were found as were asked for, and which sites do not answer."""


class Page(msgspec.Struct, frozen=True):
    """`records` in order, or the `body` that was made of them; `full` says that there are as many as were asked for, so that more may follow;
    `ages` are seconds per site; `dark` are sites that do not answer, `late` those that answer, but of whose objects it may lack some: as
    they were never read to the end, or not in time for the age that the caller wanted; at `sites` are the objects of the page.
    """

    records: list[Record]
    full: bool
    ages: dict[str, float]
    dark: frozenset[str]
    late: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    body: bytes = b''

    @property
    def age(self) -> int:
        """Age of the oldest part, in whole seconds."""
        return int(max(self.ages.values(), default=0.0))


class Listing:
    """Pages of the inventory."""

    def __init__(self, store: Store, roster: Roster, clock: Clock) -> None:
        self._store = store
        self._roster = roster
        self._clock = clock

    async def replicas(self, kind: str, id: str) -> list[Record]:
        """All sites' records of a shared object, the primary first."""
        return await self._store.replicas(kind, id)

    async def page(self, query: Query, limit: int | None = None) -> Page:
        """At most `limit` records (None: all). Raises BadRequest for a marker that is not known."""
        records = await self._store.page(msgspec.structs.replace(query, limit=limit))
        full, sites = limit == len(records) > 0, frozenset(record.site for record in records)
        return Page(records, full, self.ages(query.kind), self.dark(), self.unread(query.kind), sites)

    async def made(self, query: Query, limit: int | None, offset: int, make: Make) -> Page:
        """As `page`, with a body in the place of records, which are passed over up to `offset`."""
        dark = self.dark()

        def whole(sheets: Sequence[Sheet]) -> tuple[bytes, bool, set[str]]:
            full = limit == len(sheets) > 0
            some = sheets[offset:]
            return make(some, full, dark), full, layout.sites(query.kind, some)

        body, full, sites = await self._store.sheets(msgspec.structs.replace(query, limit=limit), whole)
        return Page([], full, self.ages(query.kind), dark, self.unread(query.kind), frozenset(sites), body)

    async def count(self, query: Query) -> int:
        """How many there are without limit and marker."""
        return await self._store.count(query)

    def ages(self, kind: str) -> dict[str, float]:
        """Seconds since the inventory was last level with each site in a kind."""
        now = self._clock.now()
        return {member.name: max(0.0, now - member.synced[kind]) for member in self._roster if kind in member.synced}

    def unread(self, kind: str) -> frozenset[str]:
        """Sites whose objects of a kind the inventory does not have yet."""
        return frozenset(member.name for member in self._roster if KINDS[kind].listed and member.unread(kind))

    def dark(self) -> frozenset[str]:
        """Sites that do not answer now."""
        return frozenset(member.name for member in self._roster if not member.site.health().reachable)

    def age(self, record: Record) -> int:
        """Seconds since a record was last known to be true."""
        member = self._roster.get(record.site) if record.site in self._roster else None
        since = member.synced.get(record.kind, record.seen) if member else record.seen
        return max(0, int(self._clock.now() - max(since, record.seen)))
