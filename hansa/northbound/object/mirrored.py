"""The room of mirrored containers: what is asked of them goes to the services that know all their sites."""

from __future__ import annotations

import urllib.parse

import msgspec

from hansa.model.errors import BadRequest, SiteDown
from hansa.model.spread import Spread
from hansa.northbound.hall import table, wire
from hansa.northbound.object import headers, room
from hansa.northbound.object.account import MISSING, PARTIAL
from hansa.northbound.object.objects import MANIFEST, segments, unsized
from hansa.ports.roster import Member
from hansa.ports.site import Headers
from hansa.rules import mirroring, spreading
from hansa.rules.containers import forms
from hansa.rules.spreading import Choice
from hansa.services import mirrored
from hansa.services.homes import Where
from hansa.services.mirrored import Mirrored
from hansa.services.mirrorlists import MirrorLists, Shelf
from hansa.services.mirrors import Mirrors, Send
from hansa.services.relay import Forward, Reply

_REMOVED = ('x-remove-container-meta-hansa-mirror', 'x-remove-container-meta-hansa-quorum')
_VERSIONS = ('x-versions-location', 'x-history-location')
_TRUE = frozenset(('true', '1', 'yes', 'on'))


class MirrorRoom:
    """A SpanRoom."""

    def __init__(self, shared: room.Room, mirrors: Mirrors, containers: Mirrored, lists: MirrorLists) -> None:
        self._room = shared
        self._mirrors = mirrors
        self._containers = containers
        self._lists = lists

    async def make(self, ask: table.Ask, spread: Spread | None, choice: Choice | None) -> wire.Answer:
        """`PUT` or `POST` of a container."""
        ask.writes()
        sent = headers.without(headers.passed(ask.request), room.POLICY)
        gone = [name for name in (*_REMOVED, spreading.MIRROR) if name in ask.request.headers and not (name == spreading.MIRROR and headers.value(sent, name))]
        if gone and gone[0] != _REMOVED[1]:
            raise BadRequest('A mirrored container stays one: to keep it at one site only, name that site in X-Container-Meta-Hansa-Mirror.')
        if any(headers.value(sent, name) for name in _VERSIONS) or headers.value(sent, 'x-versions-enabled').lower() in _TRUE:
            raise BadRequest('A mirrored container keeps no older versions.')
        need = None
        if spread is not None and choice is None and spreading.QUORUM in ask.request.headers:
            need = spreading.needed(ask.request.header(spreading.QUORUM), len(spread.sites))
        elif _REMOVED[1] in gone:
            need = 0
        forward = Forward(ask.request.method, '', ask.request.query, sent, b'')
        return room.answer(await self._containers.make(room.account(ask), room.container(ask), choice, forward, self._to(ask), need))

    async def container(self, ask: table.Ask, spread: Spread) -> wire.Answer:
        """All but `PUT` and `POST` by its owner."""
        if ask.request.method == 'DELETE':
            return await self._drop(ask, spread)
        if ask.request.method == 'GET' and 'hansa-conflicts' in dict(ask.request.items()):
            return await self._conflicts(ask, spread)
        forward = Forward(ask.request.method, '', ask.request.query, headers.passed(ask.request))
        if ask.request.method != 'GET':
            return room.answer(await self._shown(ask, spread, await self._mirrors.read(spread, '', forward, self._to(ask))))
        shelf = await self._lists.shelf(spread)
        if shelf.whole:
            return room.answer(await self._shown(ask, spread, await self._from(ask, spread, shelf.whole, forward)))
        return await self._corrected(ask, spread, shelf)

    async def _from(self, ask: table.Ask, spread: Spread, site: str, forward: Forward) -> Reply:
        """Of a certain site; where that is away all of a sudden, of any other that lacks nothing."""
        try:
            return await self._to(ask)(self._mirrors.member(site), forward)
        except SiteDown:
            shelf = await self._lists.shelf(spread)
            others = [other for other in shelf.sites if other != site and not shelf.missed.get(other)]
            if not others:
                raise
            return await self._to(ask)(self._mirrors.member(others[0]), forward)

    async def _corrected(self, ask: table.Ask, spread: Spread, shelf: Shelf) -> wire.Answer:
        """No site is without debts: one listing out of those of all."""
        args = dict(ask.request.items())
        form = forms.media(args.get('format', ''), ask.request.header('accept'))
        query = forms.query(args, await self._room.info.rows('container'))
        if 'path' in args:
            query = msgspec.structs.replace(query, prefix=f'{args["path"]}/' if args['path'] else '', delimiter='/')
        head = await self._mirrors.read(spread, '', Forward('HEAD', '', '', headers.passed(ask.request)), self._to(ask))
        if head.status >= 300:
            return room.answer(head)
        partial = ask.request.header(PARTIAL).lower() in _TRUE
        rows = await self._lists.page(spread, shelf, query, partial)
        if 'path' in args:
            rows = [row for row in rows if 'name' in row]
        status, body = forms.render(rows, form, 'container', ask.names['container'])
        told = headers.without((await self._shown(ask, spread, head)).headers, 'content-length', 'content-type')
        if partial:
            away = [site for site in mirroring.targets(spread) if site not in shelf.sites]
            told += [(MISSING, ', '.join(away))] if away else []
        return wire.Answer(status, [('Content-Type', f'{form}; charset=utf-8'), *told], body)

    async def _conflicts(self, ask: table.Ask, spread: Spread) -> wire.Answer:
        head = await self._mirrors.read(spread, '', Forward('HEAD', '', '', headers.passed(ask.request)), self._to(ask))
        if head.status >= 300:
            return room.answer(head)
        rows = await self._lists.conflicts(spread)
        status, body = forms.render(rows, 'application/json', 'container', ask.names['container'])
        return wire.Answer(status, [('Content-Type', 'application/json; charset=utf-8')], body)

    async def _shown(self, ask: table.Ask, spread: Spread, reply: Reply) -> Reply:
        if reply.status < 300 and room.own(ask):
            reply.headers += mirrored.standing(spread, await self._room.spreads.behind(spread))
        return reply

    async def _drop(self, ask: table.Ask, spread: Spread) -> wire.Answer:
        room.known(ask)
        if not room.own(ask):
            raise room.refusal(ask)
        ask.writes()
        shelf = await self._lists.shelf(spread)
        empty = not await self._lists.page(spread, shelf, forms.query({'limit': '1'}, 1), False)
        forward = Forward('DELETE', '', ask.request.query, headers.passed(ask.request))
        return room.answer(await self._containers.drop(spread, empty, forward, self._to(ask)))

    async def object(self, ask: table.Ask, spread: Spread) -> wire.Answer:
        """All of an object but copies."""
        if ask.request.method in {'GET', 'HEAD', 'OPTIONS'}:
            return room.answer(await self.fetch(ask, spread, room.forward(ask, '')))
        room.known(ask)
        sent = headers.without(headers.passed(ask.request), room.POLICY)
        forward = room.forward(ask, '', sent)
        if ask.request.method == 'PUT':
            if refusal := unsized(ask):
                return refusal
            for name, what in (('x-object-manifest', 'The container of the segments'), ('x-symlink-target', 'The target of the link')):
                if value := headers.value(sent, name):
                    await self._alike(ask, spread, value.lstrip('/').partition('/')[0], what)
            if ('multipart-manifest', 'put') in ask.request.items():
                raw = await ask.request.body(MANIFEST)
                for word in segments(raw):
                    await self._alike(ask, spread, word, 'The container of a segment')
                forward = Forward('PUT', '', ask.request.query, sent, raw)
        return room.answer(await self.keep(ask, spread, forward))

    async def fetch(self, ask: table.Ask, spread: Spread, forward: Forward) -> Reply:
        """Read it."""
        reply = await self._mirrors.read(spread, _name(ask), forward, self._to(ask))
        reply.headers = headers.without(reply.headers, mirroring.MARK)
        return reply

    async def keep(self, ask: table.Ask, spread: Spread, forward: Forward) -> Reply:
        """Change it. What a project may keep is counted once, at however many sites it is kept."""

        async def act(sent: Forward) -> Reply:
            return await self._mirrors.write(spread, _name(ask), sent, self._to(ask))

        first = Where(self._mirrors.member(spread.sites[0]), room.container(ask))
        there = msgspec.structs.replace(forward, path=f'{first.path}/{ask.names["object"]}')
        return await self._room.quotas.over(ask.call, room.account(ask), first.member, there, act)

    async def _alike(self, ask: table.Ask, spread: Spread, word: str, what: str) -> None:
        """Raises BadRequest where a container that an object's parts are in is not mirrored likewise."""
        name = urllib.parse.unquote_to_bytes(word.encode('latin-1')).decode(errors='replace')
        other = await self._room.spreads.find(room.account(ask), name)
        if other is None or other.kind != 'mirror' or set(other.sites) != set(spread.sites):
            raise BadRequest(f'{what}, {name}, has to be mirrored at {", ".join(spread.sites)}, as {spread.container} is.')

    def _to(self, ask: table.Ask) -> Send:
        """Sends to a site as the caller, with ids of that site in access lists."""
        tail = f'/{ask.names["object"]}' if 'object' in ask.names else ''

        async def send(member: Member, forward: Forward) -> Reply:
            where = Where(member, room.container(ask))
            sent: Headers = forward.headers if tail else await self._room.granted(ask, where, forward.headers)
            return await self._room.send(ask, where, msgspec.structs.replace(forward, path=where.path + tail, headers=sent), counted=False)

        return send


def _name(ask: table.Ask) -> str:
    return urllib.parse.unquote(ask.names['object'])
