"""Dispersed containers: what clients see of them is what they put there, never the shares that sites have."""

from __future__ import annotations

import email.utils
import hashlib
import math
import mimetypes
import urllib.parse
from collections.abc import AsyncIterator

import msgspec

from hansa.model.errors import BadRequest, Conflict, NotFound
from hansa.model.spread import Spread
from hansa.northbound.hall import table, wire
from hansa.northbound.object import headers, room
from hansa.ports.roster import Member
from hansa.ports.site import Headers
from hansa.rules import spreading
from hansa.rules.containers import forms, reading
from hansa.rules.dispersal import deeds, scheme
from hansa.rules.spreading import Choice
from hansa.services.dispersal import shelves
from hansa.services.dispersal.blocks import Blocks
from hansa.services.dispersal.reading import Found
from hansa.services.dispersal.shelves import Hand, Piece
from hansa.services.dispersal.vault import Vault
from hansa.services.dispersal.writing import Wish
from hansa.services.homes import Where
from hansa.services.relay import Forward, Reply

_HTML = ('Content-Type', 'text/html; charset=UTF-8')
_NO_LENGTH = b'<html><h1>Length Required</h1><p>Content-Length header required.</p></html>'
_META = 'x-object-meta-'
_KEPT = frozenset(('content-encoding', 'content-disposition', 'content-language', 'cache-control', 'expires', 'x-robots-tag'))
_NEVER = {
    'x-object-manifest': 'a large object of segments, as sites would have to put it together',
    'x-symlink-target': 'a link, as sites would have to follow it',
    'x-delete-at': 'an object that sites delete by themselves',
    'x-delete-after': 'an object that sites delete by themselves',
    'x-versions-location': 'older versions, as sites would have to keep them',
    'x-history-location': 'older versions, as sites would have to keep them',
    'x-versions-enabled': 'older versions, as sites would have to keep them',
    'x-container-meta-temp-url-key': 'signed URLs: their keys lie at the sites, so that any landlord could sign one',
    'x-container-meta-temp-url-key-2': 'signed URLs: their keys lie at the sites, so that any landlord could sign one',
    'x-container-meta-quota-bytes': 'a quota of bytes, as sites count those of shares',
}
_TRUE = frozenset(('true', '1', 'yes', 'on', 't', 'y'))


class DispersedRoom:
    """The room of the kind `disperse`, as `spanning.SpanRoom` has it."""

    def __init__(self, shared: room.Room, vault: Vault) -> None:
        self._room = shared
        self._vault = vault

    # -- containers

    async def make(self, ask: table.Ask, spread: Spread | None, choice: Choice | None) -> wire.Answer:
        """`PUT` and `POST`. Raises Conflict for a container that is dispersed in another way, BadRequest for what cannot be of it, SiteDown."""
        _possible(ask)
        hand, name = self._hand(ask), room.container(ask)
        if spread is not None and spread.filling:
            await self._vault.making.finish(spread)
            spread = await self._room.spreads.find(spread.project, spread.container)

        async def worded(member: Member) -> Headers:
            sent = headers.without(headers.passed(ask.request), room.POLICY, spreading.DISPERSE, deeds.HEADER, f'x-remove-{deeds.HEADER[2:]}')
            return await self._room.granted(ask, Where(member, name), sent)

        if spread is not None:
            if choice is not None and not _same(ask, choice, spread):
                raise Conflict(f'The container {name} is dispersed as {spread.need}-of-{len(spread.sites)} over {", ".join(spread.sites)}, which does not change.')
            reply = await self._vault.making.change(hand, spread, ask.request.method, worded)
        elif choice is not None and ask.request.method == 'PUT':
            reply = await self._vault.making.make(hand, room.account(ask), name, self._chosen(ask, choice), worded)
        else:
            raise NotFound('The resource could not be found.')
        return room.answer(Reply(reply.status, [_HTML, *reply.headers], reply.body))

    def _chosen(self, ask: table.Ask, choice: Choice) -> Choice:
        """Where sites are not named: those that answer go first."""
        if ':' in ask.request.header(spreading.DISPERSE) or not ask.request.header(spreading.DISPERSE):
            return choice
        members = sorted(self._room.stores.members(), key=lambda member: not member.site.health().reachable)
        return msgspec.structs.replace(choice, sites=tuple(member.name for member in members[: len(choice.sites)]))

    async def container(self, ask: table.Ask, spread: Spread) -> wire.Answer:
        """`GET`, `HEAD`, `OPTIONS`, `DELETE`, and `POST` by somebody else."""
        hand = self._hand(ask)
        if ask.request.method == 'DELETE':
            room.known(ask)
            return room.answer(await self._vault.making.drop(hand, spread))
        if ask.request.method not in {'GET', 'HEAD'}:
            raise room.refusal(ask)
        args = dict(ask.request.items())
        form = forms.media(args.get('format', ''), ask.request.header('accept'))
        query = forms.query(args, await self._room.info.rows('container'))
        query = query if ask.request.method == 'GET' else msgspec.structs.replace(query, limit=1)
        listed = await self._vault.lists.page(hand, spread, query, args.get('path'))
        if isinstance(listed, Piece):
            raise room.refusal(ask)
        told = await self._told(ask, spread, listed.headers)
        told.append(('Content-Type', f'{form}; charset=utf-8'))
        if ask.request.method == 'HEAD':
            return wire.Answer(204, told)
        status, body = forms.render(listed.rows, form, 'container', ask.names['container'])
        return wire.Answer(status, told, body)

    async def _told(self, ask: table.Ask, spread: Spread, site: dict[str, str]) -> Headers:
        """Headers of the container: one site's, with the client's counters for those of shares."""
        member = next(member for member in self._room.stores.members() if member.name == site['x-hansa-site'])
        kept = [(name, value) for name, value in site.items() if name.startswith('x-container-meta-') and name != deeds.HEADER]
        kept += [(name, value) for name, value in site.items() if name in {'x-timestamp', 'last-modified', 'accept-ranges'}]
        kept += [(name, self._room.grantees.inbound(member, value)) for name, value in site.items() if name in room.LISTS]
        count, size = await self._vault.lists.sums(spread)
        behind = ', '.join(f'{site}={lacking}' for site, lacking in sorted((await self._room.spreads.behind(spread)).items()))
        kept += [('X-Hansa-Disperse-Behind', behind)] if behind else []
        return [*kept, ('X-Container-Object-Count', str(count)), ('X-Container-Bytes-Used', str(size)), ('X-Hansa-Site', ', '.join(spread.sites))]

    # -- objects

    async def object(self, ask: table.Ask, spread: Spread) -> wire.Answer:
        """`GET`, `HEAD`, `PUT`, `POST`, `DELETE`."""
        method = ask.request.method
        if method in {'GET', 'HEAD'}:
            return room.answer(await self._read(ask, spread, ask.request.headers, method))
        room.known(ask)
        _possible(ask)
        if method == 'PUT':
            if not {'content-length', 'transfer-encoding'} & ask.request.headers.keys():
                return wire.Answer(411, [_HTML], _NO_LENGTH)
            sent = headers.passed(ask.request)
            if length := ask.request.header('content-length'):
                sent.append(('content-length', length))
            return room.answer(await self._put(ask, spread, sent, ask.request.stream()))
        if method == 'POST':
            sent = headers.passed(ask.request)
            media = ask.request.header('content-type')
            refused = await self._vault.writing.post(self._hand(ask), spread, _name(ask), media, _kept(sent))
            return room.answer(refused or Reply(202, [_HTML, *_sites(spread)]))
        if method == 'DELETE':
            refused = await self._vault.writing.drop(self._hand(ask), spread, _name(ask))
            return room.answer(refused or Reply(204, [_HTML, *_sites(spread)]))
        raise BadRequest(f'{method} is not offered in a dispersed container.')

    async def fetch(self, ask: table.Ask, spread: Spread, forward: Forward) -> Reply:
        """The source of a copy."""
        return await self._read(ask, spread, {name.lower(): value for name, value in forward.headers}, 'GET')

    async def keep(self, ask: table.Ask, spread: Spread, forward: Forward) -> Reply:
        """The destination of a copy."""
        _possible(ask)
        return await self._put(ask, spread, forward.headers, forward.body)

    async def _put(self, ask: table.Ask, spread: Spread, sent: Headers, body: AsyncIterator[bytes] | bytes | None) -> Reply:
        """Raises BadRequest, TooLarge, PreconditionFailed, SiteDown."""
        fresh = headers.value(sent, 'if-none-match').strip()
        if fresh and fresh != '*':
            raise BadRequest('If-None-Match only supports *')
        name, media = _name(ask), headers.value(sent, 'content-type')
        if not media or headers.value(sent, 'x-detect-content-type').lower() in _TRUE:
            media = mimetypes.guess_type(name)[0] or 'application/octet-stream'
        length = headers.value(sent, 'content-length')
        etag = headers.value(sent, 'etag').strip('"').lower()
        wish = Wish(media, _kept(sent), etag, bool(fresh), int(length) if length.isdecimal() else None)

        async def act(forward: Forward) -> Reply:
            chunks = _once(forward.body) if forward.body is None or isinstance(forward.body, bytes) else forward.body
            made = await self._vault.writing.put(self._hand(ask), spread, name, wish, chunks)
            if isinstance(made, Reply):
                return made
            return Reply(201, [_HTML, ('ETag', made.etag), ('Last-Modified', _date(made.modified)), *_sites(spread)])

        member, forward = self._vault.shelves.members(spread)[0], Forward('PUT', shelves.path(spread, name), '', sent, body)
        return await self._room.quotas.over(ask.call, room.account(ask), member, forward, act)

    async def _read(self, ask: table.Ask, spread: Spread, wanted: dict[str, str], method: str) -> Reply:
        """Raises NotFound, SiteDown."""
        hand, name = self._hand(ask), _name(ask)
        try:
            found = await self._vault.reading.find(hand, spread.project, spread, name, method)
        except NotFound:
            raise (NotFound('The resource could not be found.') if room.own(ask) else room.refusal(ask)) from None
        if isinstance(found, Piece):
            raise room.refusal(ask)
        told = _headers(found)
        refused = reading.refusal(wanted, found.row.etag, found.modified)
        if refused:
            return Reply(refused, [header for header in told if header[0] != 'Content-Length'])
        spans = reading.spans(wanted.get('range', ''), found.row.length) if method == 'GET' and _current(wanted, found) else None
        if spans is not None and not spans:
            told = [header for header in told if header[0] not in {'Content-Length', 'Content-Type'}]
            return Reply(416, [*told, ('Content-Range', f'bytes */{found.row.length}'), _HTML])
        if method == 'HEAD':
            return Reply(200, told)
        return await self._sent(hand, spread, name, found, told, spans)

    async def _sent(self, hand: Hand, spread: Spread, name: str, found: Found, told: Headers, spans: list[reading.Span] | None) -> Reply:
        length = found.row.length
        wanted = spans or [(0, length)]
        first = await self._vault.reading.blocks(hand, spread.project, spread, name, found, *wanted[0])
        if spans is None:
            return Reply(200, told, _whole(first, 0, length))
        told = [header for header in told if header[0] != 'Content-Length']
        if len(spans) == 1:
            low, end = spans[0]
            ranged = [('Content-Range', f'bytes {low}-{end - 1}/{length}'), ('Content-Length', str(end - low))]
            return Reply(206, [*told, *ranged], _whole(first, low, end))
        boundary = hashlib.md5(f'{spans}{found.row.etag}'.encode(), usedforsecurity=False).hexdigest()
        heads, tail, size = reading.parts(spans, found.row.media, length, boundary)
        told = [header for header in told if header[0] != 'Content-Type']
        told += [('Content-Type', f'multipart/byteranges;boundary={boundary}'), ('Content-Length', str(size))]

        async def parts() -> AsyncIterator[bytes]:
            blocks = first
            for at, (low, end) in enumerate(spans):
                if at:
                    blocks = await self._vault.reading.blocks(hand, spread.project, spread, name, found, low, end)
                yield heads[at]
                async for chunk in _whole(blocks, low, end):
                    yield chunk
                yield b'\r\n'
            yield tail

        return Reply(206, told, parts())

    def _hand(self, ask: table.Ask) -> Hand:
        return self._vault.shelves.callers(ask.call, room.account(ask))


def _name(ask: table.Ask) -> str:
    return urllib.parse.unquote(ask.names['object'])


def _same(ask: table.Ask, choice: Choice, spread: Spread) -> bool:
    named = scheme.parsed(ask.request.header(spreading.DISPERSE))[1] if ask.request.header(spreading.DISPERSE) else ()
    return choice.need == spread.need and len(choice.sites) == len(spread.sites) and (not named or named == spread.sites)


def _possible(ask: table.Ask) -> None:
    """Raises BadRequest for what sites can only do with objects that they can read."""
    wanted = [why for name, why in _NEVER.items() if ask.request.header(name)]
    if 'multipart-manifest' in dict(ask.request.items()):
        wanted.append(_NEVER['x-object-manifest'])
    if wanted:
        raise BadRequest(f'A dispersed container takes no request for {wanted[0]}.')


def _kept(sent: Headers) -> dict[str, str]:
    """What is kept of the headers that came with an object."""
    return {name.lower(): value for name, value in sent if value and (name.lower() in _KEPT or name.lower().startswith(_META))}


def _headers(found: Found) -> Headers:
    """An object's headers, as Swift gives them."""
    return [
        ('Content-Length', str(found.row.length)),
        ('Content-Type', found.row.media),
        ('ETag', found.row.etag),
        ('Last-Modified', _date(found.modified)),
        ('X-Timestamp', f'{found.modified:016.5f}'),
        ('Accept-Ranges', 'bytes'),
        *((name.title(), value) for name, value in found.kept.items()),
        ('X-Hansa-Site', ', '.join(piece.site for piece in found.pieces)),
    ]


def _current(wanted: dict[str, str], found: Found) -> bool:
    """Whether a range is still of what the client has, where it says what that is."""
    held = wanted.get('if-range', '').strip()
    return not held or held.strip('"') == found.row.etag or held == _date(found.modified)


def _sites(spread: Spread) -> Headers:
    return [('X-Hansa-Site', ', '.join(spread.sites))]


def _date(when: float) -> str:
    return email.utils.formatdate(math.ceil(when), usegmt=True)


async def _whole(blocks: Blocks, first: int, end: int) -> AsyncIterator[bytes]:
    try:
        async for chunk in blocks.plain(first, end):
            yield chunk
    finally:
        await blocks.close()


async def _once(body: bytes | None) -> AsyncIterator[bytes]:
    if body:
        yield body
