"""Signed URLs: whoever has one may do one thing for some time. The signature is judged here and made anew for the site, which then judges itself.

At the site nobody in particular acts, so that a signed URL opens no more there than the site's own would. Source: Swift's TempURL middleware.
"""

from __future__ import annotations

import urllib.parse

from hansa.model.errors import NotFound
from hansa.northbound.hall import table, wire
from hansa.northbound.object import headers, room
from hansa.ports.site import Headers
from hansa.rules.containers import signatures
from hansa.services import urlkeys
from hansa.services.homes import Where
from hansa.services.relay import Forward, Reply

_NO_LENGTH = b'<html><h1>Length Required</h1><p>Content-Length header required.</p></html>'


class SignedRoom:
    """Stands before the handlers of objects."""

    def __init__(self, shared: room.Room) -> None:
        self._room = shared

    def over(self, handler: table.Handler) -> table.Handler:
        """The handler for all that comes without a signature."""

        async def handle(ask: table.Ask) -> wire.Answer:
            signed = signatures.asked(ask.request.query) and ask.request.method in signatures.METHODS
            return await (self.answer(ask) if signed else handler(ask))

        return handle

    async def answer(self, ask: table.Ask) -> wire.Answer:
        """Raises SiteDown, BadRequest for a copy out of another container."""
        name = urllib.parse.unquote(ask.names['object'])
        try:
            wish = signatures.read(ask.request.items())
            texts = signatures.texts(ask.request.method, urllib.parse.unquote(ask.names['account']), room.container(ask), name, wish)
            where = await self._room.homes.find(room.account(ask), room.container(ask), asking=False)
        except (ValueError, NotFound):
            return invalid()
        if wish.source and not signatures.covers(wish.source, ask.request.client):
            return invalid()
        key = await self._room.keys.maker(room.account(ask), where, texts, wish.digest, wish.raw, wish.until)
        if not key:
            return invalid()
        if ask.request.method == 'PUT' and not {'content-length', 'transfer-encoding'} & ask.request.headers.keys():
            return wire.Answer(411, [('Content-Type', 'text/html; charset=UTF-8')], _NO_LENGTH)
        return room.answer(await self._send(ask, where, key, name, wish))

    async def _send(self, ask: table.Ask, where: Where, key: str, name: str, wish: signatures.Signed) -> Reply:
        sent = headers.without(headers.passed(ask.request), room.POLICY)
        if source := headers.value(sent, 'x-copy-from'):
            await self._room.beside(ask, where, source.lstrip('/').partition('/')[0], 'The container of the copy')
        forward = room.forward(ask, f'{where.path}/{ask.names["object"]}', sent)
        forward.query = await self._room.keys.query(where, room.account(ask), key, ask.request.method, name, wish)
        return await self._room.send(ask, where, forward)


async def put(shared: room.Room, ask: table.Ask, where: Where, key: str, name: str, upload: Forward, until: int) -> Reply:
    """Put an object as whoever has a signed URL by that key; of `upload` headers and body count."""
    wish = signatures.Signed('', b'', until)
    query = await shared.keys.query(where, room.account(ask), key, 'PUT', name, wish)
    path = f'{where.path}/{urllib.parse.quote(name)}'
    return await shared.send(ask, where, Forward('PUT', path, query, upload.headers, upload.body))


def invalid(said: str = 'Temp URL invalid') -> wire.Answer:
    """What is said of a signature that opens nothing, whatever is wrong with it."""
    return wire.Answer(401, [('Content-Type', 'text/plain')], f'401 Unauthorized: {said}\n'.encode())


def veiled(ask: table.Ask, told: Headers) -> Headers:
    """Headers for somebody who may read: the keys, which open more than that, are for who may write."""
    return told if ask.call.token.writer else headers.without(told, *urlkeys.HEADERS)
