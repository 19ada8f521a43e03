"""Where shares lie, and what sites tell of one object.

At each site the container of the client's name has one object for each of his: a share's head, and its blocks where these are few. Other
blocks lie in a container beside it, under the object's generation, so that an object changes in one moment however long it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import urllib.parse
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

import msgspec

from hansa.model.call import Call
from hansa.model.errors import HansaError, NotFound, SiteDown, Unsupported
from hansa.model.spread import Debt, Spread
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.ports.site import Headers
from hansa.ports.store import Store
from hansa.rules import spreading
from hansa.rules.dispersal import deeds, evidence, labels
from hansa.rules.dispersal.deeds import Deed
from hansa.rules.dispersal.evidence import Verdict
from hansa.rules.dispersal.labels import Label, Mark
from hansa.rules.dispersal.scheme import Scheme
from hansa.services.homes import quoted
from hansa.services.relay import Forward, Reply
from hansa.services.stores import Stores

BESIDE = '+hansa'
"""What the name of the container beside ends with."""

HEAD = '.head'
"""What the name of a head ends with that was put by until the next one stands."""

_LEFT = 1000
_log = logging.getLogger('hansa.dispersal')
_SHARE_LIMIT = 4 << 20

Hand = Callable[[Member, Forward], Coroutine[Any, Any, Reply]]
"""Sends to a site, as the caller or as the league itself; only what GET gives is a stream. Raises SiteDown, NotFound."""


class Piece(msgspec.Struct):
    """What one site has of an object: None for no share; the share itself where it was asked for."""

    site: str
    status: int
    label: Label | None
    headers: dict[str, str]
    raw: bytes = b''


class Told(msgspec.Struct):
    """What sites told of one object, and why others did not."""

    pieces: dict[str, Piece]
    lost: dict[str, SiteDown]

    def marks(self) -> dict[str, Mark | None]:
        """By site, as evidence is weighed."""
        return {site: piece.label.mark if piece.label else None for site, piece in self.pieces.items()}

    def refusal(self) -> Piece | None:
        """An answer that says that the caller may not, if there is one."""
        return next((piece for piece in self.pieces.values() if piece.status in {401, 403}), None)


class Shelves:
    """Asks the sites of a container for what they have."""

    def __init__(self, store: Store, roster: Roster, stores: Stores, clock: Clock) -> None:
        self.store = store
        self.stores = stores
        self.clock = clock
        self._roster = roster
        self._reads = 0
        self.changes: dict[tuple[str, str], int] = {}
        self.underway: set[str] = set()

    def members(self, spread: Spread) -> list[Member]:
        """Its sites that are in the league, those that answer first."""
        found = [self._roster.get(site) for site in spread.sites if site in self._roster]
        return sorted(found, key=lambda member: not member.site.health().reachable)

    def readers(self, spread: Spread) -> list[Member]:
        """The same, beginning with another one each time, so that damage is seen wherever it is."""
        self._reads += 1
        members = self.members(spread)
        there = [member for member in members if member.site.health().reachable]
        at = self._reads % max(1, len(there))
        return [*there[at:], *there[:at], *members[len(there) :]]

    def callers(self, call: Call, project: str) -> Hand:
        """The caller's hand in a project's account: sites judge what he may do."""

        async def send(member: Member, forward: Forward) -> Reply:
            return await self._short(await self.stores.send(call, member, project, forward), member, forward)

        return send

    def own(self, project: str) -> Hand:
        """The league's own hand in a project's account."""

        async def send(member: Member, forward: Forward) -> Reply:
            return await self._short(await self.stores.tend(member, project, forward), member, forward)

        return send

    async def _short(self, reply: Reply, member: Member, forward: Forward) -> Reply:
        return reply if forward.method == 'GET' else msgspec.structs.replace(reply, body=await self.whole(reply, member))

    def changed(self, spread: Spread) -> None:
        """An object of it was changed, so that what was added up of it is to be added up again."""
        id = (spread.project, spread.container)
        self.changes[id] = self.changes.get(id, 0) + 1

    async def tell(self, hand: Hand, spread: Spread, name: str, members: Sequence[Member], method: str) -> Told:
        """Ask these sites for an object, by HEAD or GET."""
        answers = await asyncio.gather(*(self._one(hand, spread, name, member, method) for member in members))
        told = Told({}, {})
        for member, answer in zip(members, answers, strict=True):
            if isinstance(answer, SiteDown):
                told.lost[member.name] = answer
            else:
                told.pieces[member.name] = answer
        return told

    async def _one(self, hand: Hand, spread: Spread, name: str, member: Member, method: str) -> Piece | SiteDown:
        try:
            reply = await hand(member, Forward(method, path(spread, name)))
            raw = await self.whole(reply, member)
        except SiteDown as error:
            return error
        except (NotFound, Unsupported):
            return Piece(member.name, 404, None, {})
        headers = {key.lower(): value for key, value in reply.headers}
        label = labels.read(headers.get('content-type', '')) if reply.status == 200 else None
        return Piece(member.name, reply.status, label, headers, raw)

    async def whole(self, reply: Reply, member: Member, limit: int = _SHARE_LIMIT) -> bytes:
        """A body that is short: no longer than any share that is kept with its head, if no other limit is given. Raises SiteDown."""
        if isinstance(reply.body, bytes):
            return reply.body
        parts: list[bytes] = []
        size = 0
        async for chunk in reply.body:
            size += len(chunk)
            if size > limit:
                await self.stores.let_go(reply)
                raise SiteDown(member.name, 'answers with more than was ever written', sent=True)
            parts.append(chunk)
        return b''.join(parts)

    async def weighed(self, scheme: Scheme, project: str, spread: Spread, name: str, told: Told, *, final: bool = False) -> Verdict:
        """What stands. Where sites that did not tell might decide, it is looked up whether they can: those that missed the last change cannot.

        While a change is under way, or was broken off and is not taken back yet, there may be too few shares of any version; whoever takes it back wants the `final` word.
        """
        lost = [site for site in spread.sites if site not in told.pieces]
        found = evidence.verdict(scheme, told.marks(), len(lost))
        if found.answer == 'here':
            return found
        debts = await self.store.debts(project, spread.container, name)
        stale = {debt.site for debt in debts if debt.missed}
        current = {site: None if site in stale else mark for site, mark in told.marks().items()}
        found = evidence.verdict(scheme, current, len([site for site in lost if site not in stale]))
        if found.answer == 'absent' and not final and any(not debt.missed for debt in debts):
            return Verdict('unknown')
        return found

    async def saved(self, spread: Spread, name: str, member: Member) -> tuple[list[str], dict[str, Label]]:
        """What lies apart of an object at a site: generations of blocks, and heads that were put by, by generation. Raises SiteDown, NotFound."""
        start = folder(name)
        query = urllib.parse.urlencode({'format': 'json', 'prefix': start, 'limit': _LEFT})
        response = await self.stores.look(member, spread.project, 'GET', beside(spread), query)
        raw = await response.read(1 << 20)
        rows = msgspec.json.decode(raw, type=list[dict[str, Any]]) if response.status == 200 else []
        known = {str(row['name']).removeprefix(start): labels.read(str(row.get('content_type', ''))) for row in rows if 'name' in row}
        heads = {left.removesuffix(HEAD): label for left, label in known.items() if left.endswith(HEAD) and label is not None}
        return [left for left in known if not left.endswith(HEAD)], heads

    async def doubt(self, project: str, spread: Spread, name: str, sites: Collection[str], why: str) -> None:
        """These sites have something else than they should, or some of all that is not known where none is named: it is written down and mended."""
        what = f'share of site {", ".join(sites)}' if sites else 'its shares'
        _log.warning('%s/%s/%s: %s: %s; it is mended', project, spread.container, name, what, why)
        debt = Debt(project, spread.container, name, '', self.clock.now(), 0)
        try:
            turn = await self.store.owe(debt, list(sites or spread.sites))
            await self.store.settle(msgspec.structs.replace(debt, generation=turn), [], list(sites))
        except HansaError as error:
            _log.warning('it could not be written down: %s', error)


def path(spread: Spread, name: str) -> str:
    """An object's path at a site; the container's for ''."""
    return f'/{quoted(spread.container)}' + (f'/{urllib.parse.quote(name, safe="/")}' if name else '')


def beside(spread: Spread, name: str = '', generation: str = '') -> str:
    """The path of blocks that lie apart; that of the container beside without a name."""
    return f'/{quoted(spread.container + BESIDE)}' + (f'/{folder(name)}{generation}' if name else '')


def deeded(spread: Spread, deed: Deed) -> Headers:
    """What a site keeps of a container's key, and how it is dispersed."""
    return [(spreading.DISPERSE, f'{deed.scheme}:{",".join(spread.sites)}'), (deeds.HEADER, str(deed))]


def folder(name: str) -> str:
    """Under what the blocks of an object lie in the container beside, however long its name is."""
    return hashlib.sha256(name.encode()).hexdigest()[:32] + '/'


def down(spread: Spread, told: Told) -> SiteDown:
    """Why nothing can be said or done: a site that does not answer."""
    return next(iter(told.lost.values()), None) or SiteDown(spread.sites[0], 'and others hold different versions of this object')
