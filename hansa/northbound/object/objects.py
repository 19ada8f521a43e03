"""Objects: they are where their container is, and a copy into a container of another site goes through the league."""

from __future__ import annotations

import urllib.parse

import msgspec

from hansa.model.errors import Forbidden, NotFound, PreconditionFailed, TooLarge
from hansa.northbound.hall import table, wire
from hansa.northbound.object import copying, headers, room
from hansa.ports.site import Headers
from hansa.services.homes import Where
from hansa.services.relay import Forward, Reply

MANIFEST = 8 << 20
"""Bytes of the longest manifest, as Swift has it."""

_LARGEST = (5 << 30) + 2
"""Bytes of the largest object of one piece, likewise. No site needs to be asked, and no client to send a body, to learn that one is larger."""

_NO_LENGTH = b'<html><h1>Length Required</h1><p>Content-Length header required.</p></html>'


class ObjectRoom:
    """Handlers of `/v1/{account}/{container}/{object}`."""

    def __init__(self, shared: room.Room) -> None:
        self._room = shared

    async def read(self, ask: table.Ask) -> wire.Answer:
        """`GET`, `HEAD`, `OPTIONS`."""
        where = await self._room.find(ask)
        return room.answer(await self._room.send(ask, where, room.forward(ask, _path(ask, where))))

    async def change(self, ask: table.Ask) -> wire.Answer:
        """`PUT`, `POST`, `DELETE`."""
        room.known(ask)
        sent = headers.without(headers.passed(ask.request), room.POLICY)
        if ask.request.method == 'PUT' and (source := headers.value(sent, 'x-copy-from')):
            return await self._copied(ask, ask.names['object'], sent, source, headers.value(sent, 'x-copy-from-account'))
        where = await self._room.find(ask)
        if ask.request.method == 'PUT':
            if refusal := unsized(ask):
                return refusal
            await self._beside(ask, where, sent)
            if ('multipart-manifest', 'put') in ask.request.items():
                return await self._manifest(ask, where, sent)
        return room.answer(await self._room.send(ask, where, room.forward(ask, _path(ask, where), sent)))

    async def copy(self, ask: table.Ask) -> wire.Answer:
        """`COPY`: a PUT of the destination with the object as its source."""
        room.known(ask)
        sent = headers.without(headers.passed(ask.request), room.POLICY)
        target, account = headers.value(sent, 'destination'), headers.value(sent, 'destination-account')
        container, slash, name = target.lstrip('/').partition('/')
        if not (container and slash and name):
            raise PreconditionFailed('Destination header must be of the form <container name>/<object name>')
        source = f'/{ask.names["container"]}/{ask.names["object"]}'
        there = table.Ask(ask.call, ask.request, {'account': _named(account) or ask.names['account'], 'container': _quoted(container), 'object': name})
        sent = headers.without(sent, 'destination', 'destination-account')
        return await self._copied(there, _quoted(name), sent, source, ask.names['account'])

    async def send(self, ask: table.Ask, forward: Forward) -> Reply:
        """A request of the league's own making, to the object that the path names."""
        where = await self._room.find(ask)
        return await self._room.send(ask, where, msgspec.structs.replace(forward, path=_path(ask, where)))

    async def _copied(self, ask: table.Ask, target: str, sent: Headers, source: str, account: str) -> wire.Answer:
        """What is wrong with the source is said first, as Swift does, and nobody learns of it by way of the target what he may not see."""
        container, slash, name = source.lstrip('/').partition('/')
        if not (container and slash and name):
            raise PreconditionFailed('X-Copy-From header must be of the form <container name>/<object name>')
        there = table.Ask(ask.call, ask.request, {'account': _named(account) or ask.names['account'], 'container': _quoted(container), 'object': name})
        origin = await self._room.find(there)
        begin = copying.End(there, origin, f'{origin.path}/{_quoted(name)}')
        try:
            where = await self._room.find(ask)
        except (NotFound, Forbidden):
            seen = await self._room.send(there, origin, Forward('HEAD', begin.path))
            if seen.status >= 400:
                return room.answer(seen)
            raise
        return await copying.copied(self._room, begin, copying.End(ask, where, f'{where.path}/{target}'), sent)

    async def _beside(self, ask: table.Ask, where: Where, sent: Headers) -> None:
        """Raises BadRequest for parts of an object, or what it stands for, that its site could not find."""
        for name, what in (('x-object-manifest', 'The container of the segments'), ('x-symlink-target', 'The target of the link')):
            value = headers.value(sent, name)
            if value:
                foreign = headers.value(sent, 'x-symlink-target-account') if name == 'x-symlink-target' else ''
                if not foreign or foreign == ask.names['account']:
                    await self._room.beside(ask, where, value.lstrip('/').partition('/')[0], what)

    async def _manifest(self, ask: table.Ask, where: Where, sent: Headers) -> wire.Answer:
        """A static large object: its segments have to be at its site, which looks at each of them."""
        raw = await ask.request.body(MANIFEST)
        for name in segments(raw):
            await self._room.beside(ask, where, name, 'The container of a segment')
        forward = Forward('PUT', _path(ask, where), ask.request.query, sent, raw)
        return room.answer(await self._room.send(ask, where, forward))


def unsized(ask: table.Ask) -> wire.Answer | None:
    """What is said of a body that does not tell where it ends. Raises TooLarge."""
    if not {'content-length', 'transfer-encoding'} & ask.request.headers.keys():
        return wire.Answer(411, [('Content-Type', 'text/html; charset=UTF-8')], _NO_LENGTH)
    length = ask.request.header('content-length')
    if length.isdigit() and int(length) > _LARGEST:
        raise TooLarge('Your request is too large.')
    return None


def segments(raw: bytes) -> list[str]:
    """Containers that a manifest names, quoted. What is no manifest is for the site to refuse."""
    try:
        listed = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    paths = [each.get('path') for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return list(dict.fromkeys(urllib.parse.quote(path.lstrip('/').partition('/')[0]) for path in paths if isinstance(path, str)))


def _path(ask: table.Ask, where: Where) -> str:
    """The object's path at the site, as it came."""
    return f'{where.path}/{ask.names["object"]}'


def _named(word: str) -> str:
    return word.strip('/')


def _quoted(word: str) -> str:
    """A name out of a header, as it stands in a path."""
    return urllib.parse.quote(urllib.parse.unquote_to_bytes(word.encode('latin-1')), safe='/')
