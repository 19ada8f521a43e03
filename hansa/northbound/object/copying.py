"""Copies of objects: at one site the site makes them, between sites they stream through the league and are checked on both sides.

Source: Object Storage API reference v1, 'Copy object'.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import msgspec

from hansa.model.errors import BadRequest, TooLarge
from hansa.northbound.hall import table, wire
from hansa.northbound.object import headers, room
from hansa.ports.site import Headers
from hansa.services.homes import Where
from hansa.services.relay import Forward, Reply

LARGEST = 5 << 30
_CONDITIONS = frozenset(('if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'range', 'x-newest'))
_KEPT = frozenset(('content-encoding', 'content-disposition', 'content-language', 'cache-control', 'expires', 'x-delete-at', 'x-robots-tag'))
_META = 'x-object-meta-'
_ETAG = re.compile(r'"?([0-9a-f]{32})"?')
_TRUE = frozenset(('true', '1', 'yes', 'on', 't', 'y'))
Send = Callable[[Forward], Awaitable[Reply]]

_OURS = ('x-copy-from', 'x-copy-from-account', 'x-fresh-metadata')


class End(msgspec.Struct, frozen=True):
    """One end of a copy: whose account is meant, where the container is, and the object's path at that site."""

    ask: table.Ask
    where: Where
    path: str


async def copied(shared: room.Room, source: End, target: End, sent: Headers) -> wire.Answer:
    """Copy an object; `sent` are the client's headers for the new one. Raises BadRequest, TooLarge, SiteDown."""
    if source.where.member.name == target.where.member.name:
        beside = headers.without(sent, 'x-copy-from', 'x-copy-from-account')
        beside.append(('X-Copy-From', source.path))
        if room.account(source.ask) != room.account(target.ask):
            beside.append(('X-Copy-From-Account', source.ask.names['account']))
        put = Forward('PUT', target.path, target.ask.request.query, beside, b'')
        return room.answer(await shared.send(target.ask, target.where, put))

    async def fetch(forward: Forward) -> Reply:
        return await shared.send(source.ask, source.where, msgspec.structs.replace(forward, path=source.path))

    async def keep(forward: Forward) -> Reply:
        return await shared.send(target.ask, target.where, msgspec.structs.replace(forward, path=target.path))

    return await streamed(shared, source.ask, fetch, target.ask, keep, sent)


async def streamed(shared: room.Room, source: table.Ask, fetch: Send, target: table.Ask, keep: Send, sent: Headers) -> wire.Answer:
    """Copy an object through the league: `fetch` sends the GET of the source and `keep` the PUT of the new one, wherever these are; paths are theirs.

    Raises BadRequest, TooLarge, SiteDown.
    """
    query = target.request.query
    wanted = [header for header in sent if header[0].lower() in _CONDITIONS]
    read = await fetch(Forward('GET', '', query, wanted))
    if read.status not in {200, 206}:
        return room.answer(read)
    try:
        _judge(read, query)
        reply = await keep(Forward('PUT', '', '', _described(read, sent), read.body, checked=True))
    finally:
        await shared.stores.let_go(read)
    if reply.status == 201:
        reply.headers.append(('X-Copied-From', f'{source.names["container"]}/{source.names["object"]}'))
        reply.headers.append(('X-Copied-From-Account', source.names['account']))
        reply.headers.append(('X-Copied-From-Last-Modified', read.header('last-modified')))
    return room.answer(reply)


def _judge(read: Reply, query: str) -> None:
    """Raises BadRequest, TooLarge for what cannot be one object at another site."""
    large = read.header('x-static-large-object') or read.header('x-object-manifest')
    if large and 'multipart-manifest=get' in query:
        raise BadRequest('A manifest cannot be copied to another site than that of its segments; without multipart-manifest=get its content is copied.')
    length = read.header('content-length')
    if length.isdigit() and int(length) > LARGEST:
        raise TooLarge(f'The object has {length} bytes; a copy at another site can have {LARGEST}.')


def _described(read: Reply, sent: Headers) -> Headers:
    """Headers of the new object: the source's metadata, unless fresh ones are asked for, and over them what the client says."""
    told = headers.without(sent, *_OURS, *_CONDITIONS)
    names = {name.lower() for name, _ in told}
    fresh = headers.value(sent, 'x-fresh-metadata').lower() in _TRUE
    for name, value in read.headers:
        lower = name.lower()
        if lower not in names and (lower == 'content-type' or (not fresh and (lower in _KEPT or lower.startswith(_META)))):
            told.append((name, value))
    if length := read.header('content-length'):
        told.append(('content-length', length))
    whole = read.status == 200 and not read.header('x-static-large-object') and not read.header('x-object-manifest')
    etag = _ETAG.fullmatch(read.header('etag'))
    if whole and etag and 'etag' not in names:
        told.append(('ETag', etag[1]))
    return told
