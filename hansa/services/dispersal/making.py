"""Dispersed containers themselves: made at all their sites or at none, changed and deleted only while all of them answer."""

from __future__ import annotations

import asyncio
import contextlib
import urllib.parse
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import msgspec

from hansa.model.errors import Conflict, HansaError, NotFound, SiteDown
from hansa.model.spread import Spread
from hansa.ports.roster import Member
from hansa.ports.site import Headers
from hansa.rules.containers.merging import Query
from hansa.rules.dispersal.deeds import Deed
from hansa.rules.dispersal.scheme import Scheme
from hansa.rules.spreading import Choice
from hansa.services.dispersal import shelves
from hansa.services.dispersal.keyring import Keyring, Ring
from hansa.services.dispersal.lists import Lists
from hansa.services.dispersal.mending import Mending
from hansa.services.dispersal.shelves import Hand, Piece, Shelves
from hansa.services.homes import Homes
from hansa.services.relay import Forward, Reply
from hansa.services.spreads import Spreads

_LEFT = 1000
_LISTS = ('x-container-read', 'x-container-write', 'x-remove-container-read', 'x-remove-container-write')

Worded = Callable[[Member], Coroutine[Any, Any, Headers]]
"""The client's headers in the words of a site."""


class Making:
    """Makes, changes and deletes containers with the caller's hand."""

    def __init__(self, shelves: Shelves, spreads: Spreads, homes: Homes, keyring: Keyring, lists: Lists, mending: Mending) -> None:
        self._shelves = shelves
        self._spreads = spreads
        self._homes = homes
        self._keyring = keyring
        self._lists = lists
        self._mending = mending

    async def make(self, hand: Hand, project: str, name: str, choice: Choice, worded: Worded) -> Reply:
        """A new one. Raises Conflict for a name that is taken, SiteDown where not all of its sites answer: then it is nowhere."""
        with contextlib.suppress(NotFound):
            where = await self._homes.find(project, name)
            raise Conflict(f'The container {name} is at site {where.member.name} already.')
        spread = await self._spreads.register(project, name, choice)
        fresh = dict(zip(choice.sites, self._keyring.drawn(Scheme(choice.need, len(choice.sites))), strict=True))
        made: list[Member] = []
        try:
            refused = await self._everywhere(hand, spread, fresh, worded, made)
        except BaseException:
            await asyncio.shield(self._unmade(spread, made))
            raise
        if refused is not None:
            await self._unmade(spread, made)
        return refused or Reply(201, [])

    async def _everywhere(self, hand: Hand, spread: Spread, fresh: Mapping[str, Deed], worded: Worded, made: list[Member]) -> Reply | None:
        """Raises SiteDown, Conflict."""
        members = self._all(spread)
        for member, reply in zip(members, await asyncio.gather(*(self._at(hand, spread, member, fresh[member.name], worded) for member in members)), strict=True):
            if isinstance(reply, Reply) and reply.status == 201:
                made.append(member)
            elif isinstance(reply, HansaError):
                raise reply
            elif reply.status == 202:
                raise Conflict(f'Site {member.name} has a container {spread.container} already.')
            else:
                return reply
        return None

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
        for member in self._shelves.members(spread):
            with contextlib.suppress(HansaError):
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
        """An empty one. Raises SiteDown."""
        listed = await self._lists.page(hand, spread, Query(1))
        if isinstance(listed, Piece):
            return Reply(listed.status, [], listed.raw)
        members, ring = self._all(spread), await self._keyring.ring(spread.project, spread)
        if not listed.rows:
            await asyncio.gather(*(self._emptied(spread, member) for member in members))
        for at, member in enumerate(members):
            try:
                reply = await hand(member, Forward('DELETE', shelves.path(spread, '')))
            except SiteDown:
                with contextlib.suppress(SiteDown):
                    await self._again(spread, ring, members[: at + 1])
                raise
            if reply.status not in {204, 404}:
                # Somebody put an object meanwhile: what is gone comes back, as its objects' shares are still at the other sites.
                await self._again(spread, ring, members[:at])
                return reply
        for member in members:
            with contextlib.suppress(HansaError):
                await self._emptied(spread, member)
                await hand(member, Forward('DELETE', shelves.beside(spread)))
        await self._spreads.forget(spread)
        return Reply(204, [])

    async def _emptied(self, spread: Spread, member: Member) -> None:
        """Take away what is left at a site of objects that are not there. Raises SiteDown."""
        for path in (shelves.path(spread, ''), shelves.beside(spread)):
            query = urllib.parse.urlencode({'format': 'json', 'limit': _LEFT})
            response = await self._shelves.stores.look(member, spread.project, 'GET', path, query)
            raw = await response.read(16 << 20)
            names = [str(row['name']) for row in msgspec.json.decode(raw, type=list[dict[str, Any]])] if response.status == 200 else []
            for name in names:
                if path == shelves.path(spread, ''):
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


def _lists(sent: Headers) -> Headers:
    return [(name, value) for name, value in sent if name.lower() in _LISTS]
