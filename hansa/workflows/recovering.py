"""Reading the journal after a crash, a lost reply or a hung site: each intent is adopted, finished or undone."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hansa.model.errors import Conflict, HansaError
from hansa.model.intent import Intent
from hansa.model.resource import KINDS, Kind, Record
from hansa.ports.clock import Clock
from hansa.ports.observer import Observer
from hansa.ports.roster import Member, Roster
from hansa.ports.site import OPERATOR, SiteRequest
from hansa.ports.store import Store
from hansa.rules import quota
from hansa.services import relay, searching
from hansa.services.journal import Journal
from hansa.workflows.openers import Openers

_log = logging.getLogger('hansa.journal')

GRACE = relay.WRITE_TIMEOUT + 15.0
"""Seconds that a healthy site must have been without the object before an intent counts as never carried out: as long as a
request may be under way there.
"""

_TIMEOUT = 20.0
_BUSY = frozenset(('BUILD', 'RESIZE', 'extending', 'retyping'))
_MARKED = {
    'server.create': 'server', 'volume.create': 'volume', 'snapshot.create': 'snapshot', 'image.create': 'image', 'image.copy': 'image',
    'security_group.copy': 'security_group',
}  # fmt: skip


class Recovering:
    """Goes over the intents whose opener is no more, and over all that were revoked, made or left to it.

    The others are left to whoever works on them.
    """

    def __init__(
        self, store: Store, roster: Roster, journal: Journal, observer: Observer, clock: Clock, openers: Openers
    ) -> None:
        self._store = store
        self._roster = roster
        self._journal = journal
        self._observer = observer
        self._clock = clock
        self._openers = openers
        self._since: dict[str, float] = {}
        self._still: dict[str, float] = {}

    async def go_over(self) -> int:
        """One pass; how many intents stay open. A site that does not answer keeps its intents for the next pass."""
        waiting, left = 0, await self._journal.left()
        intents = await self._store.open_intents()
        await self._journal.settled(left - {intent.id for intent in intents})
        ours = await self._openers.gone(intents) | left
        self._still = {intent.id: self._still[intent.id] for intent in intents if intent.id in self._still}
        for intent in intents:
            if intent.id not in ours and intent.state not in {'revoked', 'made'}:
                continue
            try:
                waiting += not await self._settle(intent)
            except Conflict:
                continue
            except HansaError as error:
                waiting += 1
                _log.info('intent %s (%s at %s) waits: %s', intent.id, intent.kind, intent.site, error)
        return waiting

    async def _settle(self, intent: Intent) -> bool:
        if intent.state == 'planned':
            await self._journal.undone(intent)
            return True
        if intent.site not in self._roster:
            return False  # it has yet to enter; one that leaves takes its intents along
        member = self._roster.get(intent.site)
        if member.capabilities is None or not member.site.health().reachable:
            return False
        if intent.state == 'made':
            return await self._shown(member, intent)
        kind = _MARKED.get(intent.kind)
        if kind is None:
            # What the site may yet do of it is not known before no request can be under way any more.
            return await self._never(intent)
        found = await searching.marked(member, KINDS[kind], intent)
        if not found:
            return await self._never(intent)
        several = intent.aim.most > len(found)
        if not several:
            self._since.pop(intent.id, None)
        # Looked at first, so that what is taken back leaves no alias behind.
        await self._journal.own(intent, found)
        records = [await self._observer.refresh(member.name, kind, id) for id in found]
        if intent.state == 'revoked' or (intent.kind.endswith('.copy') and not _stands(records)):
            await self._delete(member, KINDS[kind], found)
            _log.warning('intent %s: %s %s at %s was taken back', intent.id, kind, ', '.join(found), member.name)
            if not several:
                await self._journal.undone(intent)
            return not several  # the site may be making more of them
        if several and not self._waited(intent):
            return False
        made = await self._journal.made(intent, found)
        _log.warning('intent %s: %s %s at %s was adopted', intent.id, kind, ', '.join(found), member.name)
        return await self._shown(member, made)

    async def _shown(self, member: Member, intent: Intent) -> bool:
        """Close what was made once the inventory shows all of it: the objects at rest, and looked at later than that, what comes with them."""
        kind, _, act = intent.kind.partition('.')
        records = [await self._look(member, kind, id, fresh=act != 'create') for id in intent.ids if kind in KINDS]
        others = quota.later(intent) if intent.ids or kind not in KINDS else [kind]
        if (others or act != 'create') and any(record is not None and record.status in _BUSY for record in records):
            self._still.pop(intent.id, None)
            return False
        now = self._clock.now()
        since = self._still.setdefault(intent.id, now)
        if any(member.synced.get(other, 0.0) <= since for other in others):
            self._observer.poke(member.name, *others)
            return False
        del self._still[intent.id]
        await self._journal.shown(intent)
        return True

    async def _look(self, member: Member, kind: str, id: str, *, fresh: bool) -> Record | None:
        known = await self._store.get(kind, id)
        if known is not None and known.status not in _BUSY and not fresh:
            return known
        return await self._observer.refresh(member.name, kind, known.site_id if known else id)

    async def _never(self, intent: Intent) -> bool:
        if not self._waited(intent):
            return False
        await self._journal.undone(intent)
        return True

    def _waited(self, intent: Intent) -> bool:
        """Whether a healthy site has had the time to finish what may be under way there."""
        now = self._clock.monotonic()
        if now - self._since.setdefault(intent.id, now) < GRACE:
            return False
        del self._since[intent.id]
        return True

    async def _delete(self, member: Member, kind: Kind, ids: list[str]) -> None:
        for id in ids:
            response = await member.site.send(SiteRequest(kind.service, 'DELETE', f'{kind.collection}/{id}'), OPERATOR, _TIMEOUT)
            await response.read()
            if response.status >= 400 and response.status != 404:
                raise HansaError(f'{member.name} answered {response.status} to taking back {kind.name} {id}')
            await self._observer.refresh(member.name, kind.name, id)


def _stands(copies: Sequence[Record | None]) -> bool:
    """Whether a copy was finished: only then it stands for an object of the league."""
    return all(copy is not None and copy.id != copy.site_id for copy in copies)
