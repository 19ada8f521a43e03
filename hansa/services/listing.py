"""Lists: served from the inventory for all sites at once, with the age of what they say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hansa.model.listing import Query, Sheet
from hansa.model.resource import Record
from hansa.ports.clock import Clock
from hansa.ports.roster import Roster
from hansa.ports.store import Store


class Page(msgspec.Struct, frozen=True):
    """`records` in order, or their `sheets`, as was asked for; `full` says that there are as many as were asked for, so that more may follow; `ages` are seconds per site;
    `dark` are sites that do not answer, `late` those that answer, but not in time for the age that the caller wanted.
    """

    records: list[Record]
    full: bool
    ages: dict[str, float]
    dark: frozenset[str]
    late: frozenset[str] = frozenset()
    sheets: Sequence[Sheet] = ()

    @property
    def ids(self) -> tuple[str, str]:
        """Of the first and of the last; '' where there are none."""
        if self.sheets:
            return self.sheets[0][0].decode(), self.sheets[-1][0].decode()
        return (self.records[0].id, self.records[-1].id) if self.records else ('', '')

    @property
    def sites(self) -> set[str]:
        """Where they are."""
        return {record.site for record in self.records} | {sheet[1] for sheet in self.sheets}

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
        return Page(records, limit == len(records) > 0, self.ages(query.kind), self.dark())

    async def sheets(self, query: Query, limit: int | None = None) -> Page:
        """As `page`, with sheets in the place of records."""
        sheets = await self._store.sheets(msgspec.structs.replace(query, limit=limit))
        return Page([], limit == len(sheets) > 0, self.ages(query.kind), self.dark(), sheets=sheets)

    async def count(self, query: Query) -> int:
        """How many there are without limit and marker."""
        return await self._store.count(query)

    def ages(self, kind: str) -> dict[str, float]:
        """Seconds since the inventory was last level with each site in a kind."""
        now = self._clock.now()
        return {member.name: max(0.0, now - member.synced[kind]) for member in self._roster if kind in member.synced}

    def dark(self) -> frozenset[str]:
        """Sites that do not answer now."""
        return frozenset(member.name for member in self._roster if not member.site.health().reachable)

    def age(self, record: Record) -> int:
        """Seconds since a record was last known to be true."""
        member = self._roster.get(record.site) if record.site in self._roster else None
        since = member.synced.get(record.kind, record.seen) if member else record.seen
        return max(0, int(self._clock.now() - max(since, record.seen)))
