"""Signed URLs: whoever has one may do one thing for some time. The signature is judged here and made anew for the site, which then judges itself.

At the site nobody in particular acts, so that a signed URL opens no more there than the site's own would. Source: Swift's TempURL middleware.
"""

from __future__ import annotations

import email.utils
import urllib.parse
from collections.abc import AsyncIterator, Mapping

import msgspec

from hansa.model.errors import BadRequest, NotFound, SiteDown
from hansa.northbound.hall import table, wire
from hansa.northbound.object import headers, inner, room
from hansa.ports.site import Headers
from hansa.rules.containers import signatures
from hansa.services import urlkeys
from hansa.services.homes import Where
from hansa.services.relay import Forward, Reply

_NO_LENGTH = b'<html><h1>Length Required</h1><p>Content-Length header required.</p></html>'
_LEADING = ('x-object-manifest', 'x-symlink-target', 'x-copy-from')
_META = 'x-object-meta-'
_PUBLIC = 'x-object-meta-public-'


class SignedRoom:
    """Stands before the handlers of objects."""

    def __init__(self, shared: room.Room) -> None:
        self._room = shared

    def over(self, handler: table.Handler) -> table.Handler:
        """The handler for all that comes without a signature."""

        async def handle(ask: table.Ask) -> wire.Answer:
            signed = signatures.asked(ask.request.query) and ask.request.method in signatures.METHODS
            return await (self.answer(ask, handler) if signed else handler(ask))

        return handle

    async def answer(self, ask: table.Ask, handler: table.Handler) -> wire.Answer:
        """`handler` does what is asked where a container spans sites. Raises SiteDown, BadRequest for a copy out of another container."""
        name = urllib.parse.unquote(ask.names['object'])
        try:
            wish = signatures.read(ask.request.items())
            texts = signatures.texts(ask.request.method, urllib.parse.unquote(ask.names['account']), room.container(ask), name, wish)
            if wish.source and not signatures.covers(wish.source, ask.request.client):
                return invalid()
            found = await opened(self._room, ask, texts, wish)
        except (ValueError, NotFound):
            return invalid()
        if ask.request.method == 'PUT' and not {'content-length', 'transfer-encoding'} & ask.request.headers.keys():
            return wire.Answer(411, [('Content-Type', 'text/html; charset=UTF-8')], _NO_LENGTH)
        if found.spans:
            return _veiled(ask, name, wish, await handler(_standing(ask)))
        return room.answer(await self._send(ask, found.where, found.key, name, wish))

    async def _send(self, ask: table.Ask, where: Where, key: str, name: str, wish: signatures.Signed) -> Reply:
        sent = headers.without(headers.passed(ask.request), room.POLICY)
        if source := headers.value(sent, 'x-copy-from'):
            await self._room.beside(ask, where, source.lstrip('/').partition('/')[0], 'The container of the copy')
        forward = room.forward(ask, f'{where.path}/{ask.names["object"]}', sent)
        forward.query = await self._room.keys.query(where, room.account(ask), key, ask.request.method, name, wish)
        return await self._room.send(ask, where, forward)


class Opened(msgspec.Struct, frozen=True):
    """What a signature opens: the container, or where it `spans` sites one of them, and the key that made the signature."""

    where: Where
    key: str
    spans: bool


async def opened(shared: room.Room, ask: table.Ask, texts: list[str], wish: signatures.Signed) -> Opened:
    """Raises ValueError where no key made it, NotFound, SiteDown where none of the container's sites tells its keys."""
    project, name = room.account(ask), room.container(ask)
    spread = await shared.spreads.find(project, name)
    spans = spread is not None and not spread.gone
    if spread is not None and spread.kind == 'disperse':
        # No landlord alone may open it, and keys of containers lie with landlords.
        raise ValueError('A dispersed container has no signed URLs.')
    if spread is not None and spans:
        places = [Where(member, name) for member in shared.stores.members() if member.name in spread.sites and member.name not in spread.filling]
    else:
        places = [await shared.homes.find(project, name, asking=False)]
    lost: list[SiteDown] = []
    for where in sorted(places, key=lambda place: not place.member.site.health().reachable):
        try:
            key = await shared.keys.maker(project, where, texts, wish.digest, wish.raw, wish.until)
        except SiteDown as error:
            lost.append(error)
            continue
        if key:
            return Opened(where, key, spans)
        break
    if lost and len(lost) == len(places):
        raise lost[0]
    raise ValueError('No key made it.')


def _standing(ask: table.Ask) -> table.Ask:
    """The same in the project's place, of all that a query can say nothing. Raises BadRequest for what would lead to other objects."""
    for header in _LEADING:
        if ask.request.header(header):
            raise BadRequest(f"The header '{header.title()}' is not allowed in this tempurl")
    body = ask.request.stream() if ask.request.has_body() else None
    return standing(ask, ask.request.method, ask.names['object'], ask.request.headers, body)


def standing(ask: table.Ask, method: str, name: str, headers: Mapping[str, str], body: AsyncIterator[bytes] | None) -> table.Ask:
    """One request about one object (quoted), in the project's place."""
    call = msgspec.structs.replace(ask.call, token=urlkeys.standing_in(room.account(ask)))
    return inner.part(table.Ask(call, ask.request, ask.names), method, {'container': ask.names['container'], 'object': name}, headers, body)


def _veiled(ask: table.Ask, name: str, wish: signatures.Signed, answer: wire.Answer) -> wire.Answer:
    """What sites give to whoever has a signed URL: no metadata but what is public, and a name to save it under."""
    if ask.request.method not in {'GET', 'HEAD'} or answer.status >= 300:
        return answer
    expires = ('Expires', email.utils.formatdate(wish.until, usegmt=True))
    answer.headers = [expires, *(each for each in answer.headers if not each[0].lower().startswith(_META) or each[0].lower().startswith(_PUBLIC))]
    if wish.filename or wish.inline or not any(each[0].lower() == 'content-disposition' for each in answer.headers):
        shown = wish.filename or name.rstrip('/').rpartition('/')[2]
        plain, coded = urllib.parse.quote(shown, safe=' /'), urllib.parse.quote(shown)
        told = f'{"inline" if wish.inline else "attachment"}; filename="{plain}"; filename*=UTF-8\'\'{coded}'
        answer.headers = [*headers.without(answer.headers, 'content-disposition'), ('Content-Disposition', told)]
    return answer


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
