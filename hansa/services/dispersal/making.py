"""Dispersed containers themselves: made at all their sites or at none, changed and deleted only while all of them answer.

What is broken off half way is written down before it begins: the spread is `filling`, or its sites owe the container itself. It is finished later.
"""

from __future__ import annotations

import asyncio
import contextlib
import urllib.parse
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from hansa.model.errors import Conflict, HansaError, NotFound, SiteDown, Unsupported
from hansa.model.spread import Debt, Spread
from hansa.ports.roster import Member
from hansa.ports.site import Headers
from hansa.rules.containers.merging import Query
from hansa.rules.dispersal.deeds import Deed
from hansa.rules.dispersal.scheme import Scheme
from hansa.rules.spreading import Choice
from hansa.services.dispersal import mending, shelves
from hansa.services.dispersal.keyring import Keyring, Ring
from hansa.services.dispersal.lists import Listed, Lists
from hansa.services.dispersal.mending import Mending
from hansa.services.dispersal.shelves import Hand, Piece, Shelves
from hansa.services.homes import Homes
from hansa.services.relay import Forward, Reply
from hansa.services.spreads import Spreads
from hansa.services.turns import Turns

_LEFT = 1000
_LISTS = ('x-container-read', 'x-container-write', 'x-remove-container-read', 'x-remove-container-write')

Worded = Callable[[Member], Coroutine[Any, Any, Headers]]
"""The client's headers in the words of a site."""


class Making:
    """Makes, changes and deletes containers with the caller's hand."""

    def __init__(
        self, shelves: Shelves, spreads: Spreads, homes: Homes, keyring: Keyring, lists: Lists, mending: Mending, turns: Turns
    ) -> None:
        self._shelves = shelves
        self._spreads = spreads
        self._homes = homes
        self._keyring = keyring
        self._lists = lists
        self._mending = mending
        self._turns = turns

    async def make(self, hand: Hand, project: str, name: str, choice: Choice, worded: Worded) -> Reply:
        """A new one. Raises Conflict for a name that is taken, SiteDown where not all of its sites answer: then it is nowhere; Busy."""
        with contextlib.suppress(NotFound):
            where = await self._homes.find(project, name)
            raise Conflict(f'The container {name} is at site {where.member.name} already.')
        async with self._turns.of(mending.turn(project, name, '')):
            return await self._made(hand, await self._spreads.register(project, name, choice, choice.sites), choice, worded)

    async def _made(self, hand: Hand, spread: Spread, choice: Choice, worded: Worded) -> Reply:
        """Raises as `make` does."""
        fresh = dict(zip(choice.sites, self._keyring.drawn(Scheme(choice.need, len(choice.sites))), strict=True))
        try:
            members = self._all(spread)
        except SiteDown:
            await self._spreads.forget(spread)
            raise
        replies = await asyncio.gather(*(self._at(hand, spread, member, fresh[member.name], worded) for member in members))
        if all(isinstance(reply, Reply) and reply.status == 201 for reply in replies):
            await self._spreads.move(spread, filling=())
            return Reply(201, [])
        # Of a site that was asked and did not answer nobody knows: that is finished when it does.
        if not any(isinstance(reply, SiteDown) and reply.sent for reply in replies):
            await self._unmade(spread, [member for member, reply in zip(members, replies, strict=True) if isinstance(reply, Reply) and reply.status == 201])
        for member, reply in zip(members, replies, strict=True):
            if isinstance(reply, HansaError):
                raise reply
            if reply.status == 202:
                raise Conflict(f'Site {member.name} has a container {spread.container} already.')
        return next(reply for reply in replies if isinstance(reply, Reply) and reply.status != 201)

    async def _at(self, hand: Hand, spread: Spread, member: Member, deed: Deed, worded: Worded) -> Reply | HansaError:
        try:
            sent = await worded(member)
            beside = await hand(member, Forward('PUT', shelves.beside(spread), '', _lists(sent), b''))
            if beside.status != 201:
                return beside
            return await hand(member, Forward('PUT', shelves.path(spread, ''), '', [*sent, *shelves.deeded(spread, deed)], b''))
        except HansaError as error:
            return error

    async def _unmade(self, spread: Spread, made: list[Member]) -> None:
        hand = self._shelves.own(spread.project)
        with contextlib.suppress(HansaError):
            for member in self._shelves.members(spread):
                if member in made:
                    await hand(member, Forward('DELETE', shelves.path(spread, '')))
                await hand(member, Forward('DELETE', shelves.beside(spread)))
            await self._spreads.forget(spread)

    async def change(self, hand: Hand, spread: Spread, method: str, worded: Worded) -> Reply:
        """Metadata and access lists, at all sites alike. Raises SiteDown."""
        reply = Reply(204, [])
        for member in self._all(spread):
            sent = await worded(member)
            for path, told in ((shelves.path(spread, ''), sent), (shelves.beside(spread), _lists(sent))):
                reply = await hand(member, Forward(method, path, '', told, b''))
                if reply.status >= 300:
                    return reply
        return reply

    async def drop(self, hand: Hand, spread: Spread) -> Reply:
        """An empty one. Raises SiteDown, Busy."""
        async with self._turns.of(_turn(spread)):
            listed = await self._lists.page(hand, spread, Query(1))
            if isinstance(listed, Piece):
                return Reply(listed.status, [], listed.raw)
            members, ring = self._all(spread), await self._keyring.ring(spread.project, spread)
            if not listed.rows:
                await asyncio.gather(*(self._emptied(spread, member) for member in members))
            await self._shelves.store.owe(_itself(spread, self._shelves.clock.now()), spread.sites)
            for at, member in enumerate(members):
                try:
                    reply = await hand(member, Forward('DELETE', shelves.path(spread, '')))
                except SiteDown:
                    with contextlib.suppress(SiteDown):
                        await self._again(spread, ring, members[: at + 1])
                        await self._settled(spread)
                    raise
                if reply.status not in {204, 404}:
                    # Somebody put an object meanwhile: what is gone comes back, as its objects' shares are still at the other sites.
                    await self._again(spread, ring, members[:at])
                    await self._settled(spread)
                    return reply
            for member in members:
                with contextlib.suppress(HansaError):
                    await self._emptied(spread, member)
                    await hand(member, Forward('DELETE', shelves.beside(spread)))
            await self._settled(spread)
            await self._spreads.forget(spread)
            return Reply(204, [])

    async def finish(self, spread: Spread) -> None:
        """What was broken off: one that was being made goes, and so does one that was being deleted and is not everywhere any more, unless objects
        are in it. Raises SiteDown, Busy, NotFound.
        """
        async with self._turns.of(_turn(spread)):
            now = await self._spreads.find(spread.project, spread.container)
            if now is None or now.registered != spread.registered:
                return
            if now.filling:
                await self._unmade(now, self._all(now))
            elif await self._shelves.store.debts(now.project, now.container, ''):
                await self._dropped(now)

    async def _dropped(self, spread: Spread) -> None:
        members, own = self._all(spread), self._shelves.own(spread.project)
        there = [member for member in members if await self._stands(own, member, spread)]
        if len(there) < len(members):
            readable = len(there) >= spread.need
            listed = await self._lists.page(own, spread, Query(1)) if readable else None
            if not isinstance(listed, Listed) or not listed.rows:
                await self._gone(own, spread, members, judged=readable)
                return
            await self._again(spread, await self._keyring.ring(spread.project, spread), members)
        await self._settled(spread)

    async def _stands(self, hand: Hand, member: Member, spread: Spread) -> bool:
        with contextlib.suppress(NotFound, Unsupported):
            return (await hand(member, Forward('HEAD', shelves.path(spread, '')))).status == 204
        return False

    async def _gone(self, hand: Hand, spread: Spread, members: Sequence[Member], *, judged: bool) -> None:
        for member in members:
            with contextlib.suppress(NotFound, Unsupported):
                await self._emptied(spread, member, judged=judged)
                for path in (shelves.path(spread, ''), shelves.beside(spread)):
                    if (await hand(member, Forward('DELETE', path))).status not in {204, 404}:
                        raise SiteDown(member.name, f'does not give up what is left of {spread.container}')
        await self._settled(spread)
        await self._spreads.forget(spread)

    async def _settled(self, spread: Spread) -> None:
        for debt in await self._shelves.store.debts(spread.project, spread.container, ''):
            await self._shelves.store.settle(debt, [debt.site], [])

    async def _emptied(self, spread: Spread, member: Member, *, judged: bool = True) -> None:
        """Take away what is left at a site of objects that are not there, which is `judged` for each that has a head. Raises SiteDown."""
        for path in (shelves.path(spread, ''), shelves.beside(spread)):
            query = urllib.parse.urlencode({'format': 'json', 'limit': _LEFT})
            response = await self._shelves.stores.look(member, spread.project, 'GET', path, query)
            raw = await response.read(16 << 20)
            names = [str(row['name']) for row in msgspec.json.decode(raw, type=list[dict[str, Any]])] if response.status == 200 else []
            for name in names:
                if judged and path == shelves.path(spread, ''):
                    await self._mending.mend(spread, name)
                else:
                    await self._shelves.own(spread.project)(member, Forward('DELETE', f'{path}/{urllib.parse.quote(name)}'))

    async def _again(self, spread: Spread, ring: Ring, members: list[Member]) -> None:
        """Raises SiteDown."""
        hand = self._shelves.own(spread.project)
        for member in members:
            if deed := ring.deeds.get(member.name):
                await hand(member, Forward('PUT', shelves.path(spread, ''), '', shelves.deeded(spread, deed), b''))

    def _all(self, spread: Spread) -> list[Member]:
        """Raises SiteDown where one of the sites does not answer."""
        members = self._shelves.members(spread)
        away = [member for member in members if not member.site.health().reachable]
        if len(members) < len(spread.sites):
            raise SiteDown(next(site for site in spread.sites if site not in {member.name for member in members}), 'is no site of the league any more')
        if away:
            raise SiteDown(away[0].name, 'does not answer, and a dispersed container changes at all its sites or at none')
        return members


def _turn(spread: Spread) -> str:
    return mending.turn(spread.project, spread.container, '')


def _itself(spread: Spread, now: float) -> Debt:
    return Debt(spread.project, spread.container, '', '', now, 0)


def _lists(sent: Headers) -> Headers:
    return [(name, value) for name, value in sent if name.lower() in _LISTS]
