"""What administrators make at every site alike and the inventory does not keep: listed once, made and changed everywhere.

A site that is away when something is made lacks it until it is made again; for a change all sites have to answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from hansa.model.alias import AliasKind
from hansa.model.errors import HansaError, SiteDown, Unsupported
from hansa.northbound.hall import collecting, everywhere, gathering, headers, kinds, own, paging, table, wire
from hansa.ports.roster import Member
from hansa.services.relay import Forward, Reply
from hansa.services.sharing.twins import Alike


def name(document: dict[str, Any]) -> str:
    """Twins have one name."""
    return str(document.get('name'))


class Alikes:
    """Handlers of one kind: `collection` is its path, `plural` the key of its list, `alike` what twins have in common,
    `touches` the kind of the inventory that tells of them.
    """

    def __init__(
        self, services: kinds.Services, kind: AliasKind, collection: str, plural: str, alike: Alike = name,
        touches: str = '',
    ) -> None:
        self._services = services
        self._kind = kind
        self._collection = collection
        self._plural = plural
        self._alike = alike
        self._touches = touches

    async def listed(self, ask: table.Ask) -> wire.Answer:
        """`GET` of the collection."""
        wanted = paging.read(ask)
        told = await self._told(ask, wanted.query)
        if not told.found:
            return told.refusal()
        whole = collecting.united(told)
        found = paging.cut(whole[self._plural], 'id', wanted)
        items = [{key: item[key] for key in wanted.fields if key in item} if wanted.fields else item for item in found.items]
        whole |= {self._plural: items} | paging.around(ask, self._plural, 'id', found, wanted, len(whole[self._plural]))
        return told.document(whole)

    async def make(self, ask: table.Ask) -> wire.Answer:
        """`POST` to the collection: at every managed site that answers; the first one's answer is the league's."""
        forward = await headers.forward(ask.request, self._collection, self._services.limit)
        reply, away = await made(self._services, ask, forward)
        if reply.status < 300:
            await self._told(ask, '')
        answer = kinds.answer(reply)
        answer.headers += [('x-hansa-missing-sites', ','.join(away))] if away else []
        return answer

    async def change(self, ask: table.Ask) -> wire.Answer:
        """Anything else by id but reading: at every site that has it."""
        reply = await self._change(ask, kinds.tail(ask))
        if reply.status < 300 and ask.request.method == 'DELETE' and 'rest' not in ask.names:
            await self._services.twins.forget(self._kind, ask.names['id'])
        return kinds.answer(reply)

    def order(self, below: str) -> table.Handler:
        """An order by id at every site that has it, whatever its method: Cinder changes some things by GET."""

        async def handle(ask: table.Ask) -> wire.Answer:
            return kinds.answer(await self._change(ask, below))

        return handle

    async def _change(self, ask: table.Ask, below: str) -> Reply:
        forward = await headers.forward(ask.request, f'{self._collection}{ask.path("/{id}")}{below}', self._services.limit)
        reply = await changed(self._services, ask, forward)
        if reply.status < 300 and self._touches:
            await self._look(ask)
        return reply

    async def _look(self, ask: table.Ask) -> None:
        """Objects of the kind that these are part of: those that the query names at once, the others soon."""
        for id in dict(ask.request.items()).values():
            for replica in await self._services.listing.replicas(self._touches, id):
                await self._services.routing.look(self._services.roster.get(replica.site), self._touches, replica.site_id)
        for member in self._services.roster:
            self._services.routing.poke(member, self._touches)

    def routes(self, root: str, methods: str) -> tuple[table.Route, ...]:
        """The rows of a table: `methods` are those that change one by its id."""
        path = f'{root}{self._collection}'
        first = own.first(self._services, f'{self._collection}/{{id}}')
        below = own.first(self._services, f'{self._collection}/{{id}}/{{rest}}')
        return (
            table.Route('shared', 'GET', path, self.listed),
            table.Route('shared', 'POST', path, self.make),
            table.Route('shared', 'GET', f'{path}/{{id}}', first),
            table.Route('shared', methods, f'{path}/{{id}}', self.change),
            table.Route('shared', 'GET', f'{path}/{{id}}/**', below),
            table.Route('shared', methods, f'{path}/{{id}}/**', self.change),
        )

    async def _told(self, ask: table.Ask, query: str) -> gathering.Gathered:
        told = await collecting.whole(self._services, ask, self._collection, query)
        lists = [(member.name, document.get(self._plural) or []) for member, document in told.found]
        await self._services.twins.match(self._kind, lists, self._alike)
        return told


async def made(services: kinds.Services, ask: table.Ask, forward: Forward) -> tuple[Reply, list[str]]:
    """Send a create to every managed site that answers: the first one's reply, and the sites that are away.

    Another site that has it already is no failure. Raises Forbidden, Unsupported, SiteDown.
    """
    everywhere.administrator(ask)
    members = _managed(services)
    away = [member.name for member in members if not member.site.health().reachable]
    first: Reply | None = None
    for member in members:
        if member.name in away:
            continue
        try:
            reply = await services.relay.send(ask.call, member, _again(forward))
        except SiteDown:
            if first is None:
                raise
            away.append(member.name)
            continue
        first = first or reply
        if first.status >= 300:
            break
    if first is None:
        raise SiteDown(', '.join(away), 'does not answer')
    return first, away


async def changed(services: kinds.Services, ask: table.Ask, forward: Forward) -> Reply:
    """Send a change to every managed site; the first that has it speaks for all. Raises Forbidden, Unsupported, SiteDown."""
    replies = await every(services, ask, forward)
    done = [reply for reply in replies if reply.status != 404]
    refused = [reply for reply in done if reply.status >= 400]
    return [*refused, *done, *replies][0]


async def every(services: kinds.Services, ask: table.Ask, forward: Forward) -> list[Reply]:
    """The answers of all managed sites to one request; every one of them has to answer. Raises Forbidden, Unsupported, SiteDown."""
    everywhere.administrator(ask)
    members = _managed(services)
    for member in members:
        if not member.site.health().reachable:
            raise SiteDown(member.name, 'does not answer, and this is to be done at every site')
    told = await asyncio.gather(*(_one(services, ask, member, forward) for member in members))
    for answer in told:
        if isinstance(answer, HansaError):
            raise answer
    return [answer for answer in told if isinstance(answer, Reply)]


async def _one(services: kinds.Services, ask: table.Ask, member: Member, forward: Forward) -> Reply | HansaError:
    try:
        return await services.relay.send(ask.call, member, _again(forward))
    except HansaError as error:
        return error


def _managed(services: kinds.Services) -> list[Member]:
    members = [member for member in services.roster if member.managed]
    if not members:
        raise Unsupported('No site of the league lets it change this: it is for their own administrators.')
    return members


def _again(forward: Forward) -> Forward:
    return Forward(forward.method, forward.path, forward.query, forward.headers, forward.body)
