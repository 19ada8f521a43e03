"""Digests what a site told: documents become records in league words, aliases first, and only what changed is written."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from hansa.model.batch import Change
from hansa.model.listing import Filter, Query
from hansa.model.resource import KINDS, Record
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.rules import ingest, merge, owners, translate
from hansa.rules.aliases import AliasBook
from hansa.sync import lists
from hansa.sync.desk import SLICE, Desk
from hansa.sync.memory import Memory
from hansa.sync.questions import SECOND, Questions
from hansa.sync.shares import CHUNK, Shares
from hansa.sync.turnstile import Turnstile

_LOG = logging.getLogger('hansa.sync')
_ORDER = {kind: number for number, kind in enumerate(lists.ORDER)}

_TRIES = 3


class _Sight:
    """Of one kind at a site, by site id: what is believed of what was told, the part of it that is new, and that as it is to be stored; and which
    ids this site claims with it for the first time. `words` tells in which state of the site's aliases it is.
    """

    def __init__(self, member: Member, kind: str) -> None:
        self.member = member
        self.kind = kind
        self.told: dict[str, Record] = {}
        self.docs: dict[str, dict[str, Any]] = {}
        self.asked: dict[str, int] = {}
        self.changed: dict[str, Record] = {}
        self.settled: list[Record] = []
        self.new: list[str] = []
        self.words = 0


class Intake:
    """The one writer of what sites tell, for all agents. `collisions` counts objects refused because another site has their id.

    `level` comes back when the book has all that other processes wrote before: what a site tells may speak of that.
    """

    def __init__(
        self, store: Store, book: AliasBook, roster: Roster, clock: Clock, level: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self.collisions = 0
        self.desk = Desk()
        self._level = level
        self._store = store
        self._book = book
        self._roster = roster
        self._clock = clock
        self._shares = Shares(store, book)
        self._memories: dict[tuple[str, str], Memory] = {}
        self._locks: dict[tuple[str, str], Turnstile] = {}
        self._entering: set[tuple[str, str]] = set()
        self._refused: set[tuple[str, str, str]] = set()
        self._questions: dict[str, Questions] = {}

    def questions(self, site: str) -> Questions:
        """The numbers of what is asked of a site from here."""
        return self._questions.setdefault(site, Questions(self._clock))

    async def digest(self, member: Member, kind: str, docs: Sequence[dict[str, Any]], ticket: int = 0) -> list[Record]:
        """Take in what a site told in answer to a question (0: just now). Returns what is believed of it, in league words.

        A document that cannot be read is left out and reported; so is one whose id another site has already.
        """
        asked = ticket or self.questions(member.name).ticket()
        return await self.take(member, [Change(kind, str(doc.get('id', '')), asked, doc=doc) for doc in docs])

    async def gone(self, member: Member, kind: str, site_ids: Sequence[str], ticket: int = 0) -> None:
        """These are no more at the site; records and aliases go."""
        asked = ticket or self.questions(member.name).ticket()
        await self.take(member, [Change(kind, site_id, asked) for site_id in site_ids])

    async def take(self, member: Member, changes: Sequence[Change], *, anew: bool = False) -> list[Record]:
        """Take in changes of one site, each object once; `anew`: whether or not they were told before, as others may have written.

        Shared objects come first, so that their aliases stand; all else is one write. Returns as `digest` does.
        """
        if self._level is not None:
            await self._level()
        # An agent elsewhere has asked what this one knows nothing of; who asks now must not be taken for earlier.
        self.questions(member.name).seen(max((change.asked for change in changes), default=0))
        if anew:
            for change in changes:
                self.doubt(member.name, change.kind, change.id)
        results: list[Record] = []
        plain: list[Change] = []
        for kind in dict.fromkeys(change.kind for change in sorted(changes, key=_rank)):
            some = [change for change in changes if change.kind == kind]
            if kind in merge.KINDS:
                async with self._lock('', kind):
                    results += await self._write([await self._shared(member, kind, some)])
                    await self._drop(member, kind, some)
            else:
                plain += some
        kinds = list(dict.fromkeys(change.kind for change in plain))
        sorts = [[change for change in plain if change.kind == kind] for kind in kinds]
        sights = [_Sight(member, some[0].kind) for some in sorts]
        # To read much takes many turns of the loop; nobody who has a single object of the same kind to tell waits for that.
        for sight, some in zip(sights, sorts, strict=True):
            await self._see(sight, some)
        async with contextlib.AsyncExitStack() as held:
            for kind in sorted(kinds):
                await held.enter_async_context(self._lock(member.name, kind))
            try:
                for sight, some in zip(sights, sorts, strict=True):
                    await self._plain(sight, some)
                results += await self._write(sights)
            finally:
                self._enter(sights)
            for some in sorts:
                await self._drop(member, some[0].kind, some)
        return results

    async def _write(self, sights: Sequence[_Sight]) -> list[Record]:
        """Store what is new in one transaction, and remember what was told."""
        if fresh := [record for sight in sights for record in sight.settled]:
            await self._store.put(fresh)
        results: list[Record] = []
        for sight in sights:
            memory, told = self._memory(sight.member.name, sight.kind), sight.told
            found = {site_id: told[site_id] for site_id in told if site_id not in sight.changed}
            for site_id in found:
                memory.again(site_id, sight.asked[site_id])
            if sight.settled:
                sight.member.tally(sight.kind).took(len(sight.settled))
            for record in sight.settled:
                # What is shared as it will be told next time: with the aliases of now, but by its own name. All else is told as it was;
                # to make a record twice is most of the work of a first look at a site.
                again = None
                if sight.kind in merge.KINDS:
                    again = self._record(sight.member, sight.kind, sight.docs[record.site_id], sight.asked[record.site_id])
                memory.note(again or record, sight.asked[record.site_id])
                found[record.site_id] = record
            results += found.values()
        return results

    async def _see(self, sight: _Sight, changes: Sequence[Change]) -> None:
        """Read what was told, in slices; once more where an alias of the site came or went meanwhile, so that all of it is in the same words."""
        for _ in range(_TRIES):
            sight.words = self._book.changes(sight.member.name)
            await self._read(sight, changes)
            if self._book.changes(sight.member.name) == sight.words:
                break
        self._sift(sight)

    def _sift(self, sight: _Sight) -> None:
        """Leave out what was told by a later answer meanwhile; what is left and new is changed."""
        memory = self._memory(sight.member.name, sight.kind)
        for site_id in [site_id for site_id, asked in sight.asked.items() if not memory.news(site_id, asked)]:
            del sight.told[site_id], sight.docs[site_id], sight.asked[site_id]
        sight.changed = {site_id: record for site_id, record in sight.told.items() if not memory.same(record)}

    async def _read(self, sight: _Sight, changes: Sequence[Change]) -> None:
        member, kind = sight.member, sight.kind
        memory = self._memory(member.name, kind)
        for start in range(0, len(changes), SLICE):
            async with self.desk.documents(len(changes)):
                for change in changes[start : start + SLICE]:
                    if change.doc is not None and (record := self._record(member, kind, change.doc, change.asked)) and memory.news(record.site_id, change.asked):
                        sight.told[record.site_id] = record
                        sight.docs[record.site_id] = change.doc
                        sight.asked[record.site_id] = change.asked
            if len(changes) > SLICE:
                await asyncio.sleep(0)

    async def _plain(self, sight: _Sight, changes: Sequence[Change]) -> None:
        """With its lock held, of what was seen without."""
        if self._book.changes(sight.member.name) == sight.words:
            self._sift(sight)
        else:
            await self._see(sight, changes)
        if sight.changed:
            sight.settled = await self._refuse_strangers(sight)

    async def _shared(self, member: Member, kind: str, changes: Sequence[Change]) -> _Sight:
        sight = _Sight(member, kind)
        await self._see(sight, changes)
        if sight.changed:
            sight.settled = await self._settle_shared(sight)
        return sight

    async def _drop(self, member: Member, kind: str, changes: Sequence[Change]) -> None:
        memory = self._memory(member.name, kind)
        asked = {change.id: change.asked for change in changes if change.doc is None and memory.news(change.id, change.asked)}
        ids = list(asked)
        if not ids:
            return
        when = min(asked.values()) / SECOND
        if kind in merge.KINDS:
            await self._shares.bury(member.name, kind, ids, when)
        else:
            await self._store.remove(member.name, kind, ids, when)
        for site_id in ids:
            memory.bury(site_id, asked[site_id])
        await self._disown(member.name, ids)
        if kind in merge.NAMED:
            # The plain name may be free for another site's flavor now.
            for other in self._roster:
                self.doubt(other.name, kind)

    async def _disown(self, site: str, site_ids: Sequence[str]) -> None:
        claims = [claim for site_id in site_ids for claim in owners.claims(self._book, site, site_id)]
        if claims:
            await self._store.drop_aliases(claims)
            self._book.drop(claims)

    async def standing(self, member: Member, kind: str, site_id: str) -> Record | None:
        """The record that the inventory holds of a site's object."""
        replicas = await self._store.replicas(kind, self._book.league(member.name, site_id) or site_id)
        return next((record for record in replicas if (record.site, record.site_id) == (member.name, site_id)), None)

    async def standings(self, member: Member, kind: str, site_ids: Sequence[str]) -> list[Record]:
        """The primary records that the inventory holds of a site's objects."""
        ids = [self._book.league(member.name, site_id) or site_id for site_id in site_ids]
        found: list[Record] = []
        for start in range(0, len(ids), CHUNK):
            some = tuple(ids[start : start + CHUNK])
            found += await self._store.page(Query(kind, filters=(Filter(('id',), 'in', some),), limit=len(some)))
        return [record for record in found if record.site == member.name]

    def doubt(self, site: str, kind: str, *site_ids: str) -> None:
        """Write what is told next of these (of all, where none is named) whether or not it changed: others may have written."""
        memory = self._memory(site, kind)
        for site_id in site_ids:
            memory.doubt(site_id)
        if not site_ids:
            memory.clear()

    def forget(self, site: str) -> None:
        """A site has left."""
        for key in [key for key in self._memories if key[0] == site]:
            del self._memories[key]
        self._questions.pop(site, None)
        self._refused = {refused for refused in self._refused if refused[0] != site}

    def _memory(self, site: str, kind: str) -> Memory:
        return self._memories.setdefault((site, kind), Memory())

    def _record(self, member: Member, kind: str, doc: dict[str, Any], asked: int) -> Record | None:
        service = KINDS[kind].service
        place = translate.Place(member.name, member.site.root(service), '', member.zones(service))
        try:
            shared = not member.managed and owners.several(self._book, member.name)
            owned = owners.judge(self._book, member.name, ingest.identity(KINDS[kind], doc), doc) if shared else None
            return ingest.record(KINDS[kind], doc, place, self._book, asked / SECOND, owned)
        except (KeyError, TypeError, ValueError) as error:
            _LOG.warning('Site %s told a %s that cannot be read: %r', member.name, kind, error)
            return None

    async def _settle_shared(self, sight: _Sight) -> list[Record]:
        def again(site_id: str) -> Record:
            return self._record(sight.member, sight.kind, sight.docs[site_id], sight.asked[site_id]) or sight.changed[site_id]

        settled, moved = await self._shares.settle(list(sight.changed.values()), again)
        for site, site_id in moved:
            self._memory(site, sight.kind).doubt(site_id)
        return settled

    async def _refuse_strangers(self, sight: _Sight) -> list[Record]:
        """Only objects not told before can claim another site's id; of two that come at the same time the first stands."""
        member, kind, changed = sight.member, sight.kind, list(sight.changed.values())
        memory = self._memory(member.name, kind)
        new = [record.id for record in changed if record.site_id not in memory]
        if not new or KINDS[kind].shared:
            return changed
        taken = {id for id in new if (kind, id) in self._entering}
        sight.new = [id for id in new if id not in taken]
        self._entering.update((kind, id) for id in sight.new)
        for start in range(0, len(new), CHUNK):
            wanted = Filter(('id',), 'in', tuple(new[start : start + CHUNK]))
            found = await self._store.page(Query(kind, filters=(wanted,)))
            taken |= {record.id for record in found if record.site != member.name}
        for id in taken - {id for site, kind_, id in self._refused if (site, kind_) == (member.name, kind)}:
            self.collisions += 1
            self._refused.add((member.name, kind, id))
            _LOG.error('Site %s claims the %s %s, which another site has; it is refused.', member.name, kind, id)
        return [record for record in changed if record.id not in taken]

    def _enter(self, sights: Sequence[_Sight]) -> None:
        """What came in is in the store from now on, or is not."""
        for sight in sights:
            self._entering.difference_update((sight.kind, id) for id in sight.new)

    def _lock(self, site: str, kind: str) -> Turnstile:
        """One at a time of a kind at a site; of what is shared, whose aliases concern all sites, of a kind (site '')."""
        return self._locks.setdefault((site, kind), Turnstile())


def _rank(change: Change) -> int:
    return _ORDER.get(change.kind, len(_ORDER))
