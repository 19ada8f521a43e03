"""Volumes, snapshots and types in lists; by id they are routed, and creates are placed."""

from __future__ import annotations

import msgspec

from hansa.model.errors import NotFound
from hansa.northbound.hall import everywhere, headers, kinds, lists, own, table, versions, wire
from hansa.northbound.volume import params
from hansa.rules import views
from hansa.services.routing import decoded


def listed(services: kinds.Services, kind: str, path: str, *, detail: bool) -> table.Handler:
    """`GET /volumes[/detail]`, `GET /snapshots[/detail]` and `GET /types`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        listing = params.listing(kind, ask.request.items(), ask.call, services.roster.names())
        found = await lists.page(services, listing)
        items = lists.shown(ask, found, detail=detail)
        links: list[dict[str, str]] = []
        if found.more and found.records:
            project = f'/{ask.request.prefix}' if ask.request.prefix else ''
            link = lists.next_link(ask, found.records[-1].id, f'{ask.call.base}/v3{project}{path}')
            links = [{'rel': 'next', 'href': link}]
        answer = lists.answer(kind, items, found, links)
        if listing.with_count and isinstance(answer.body, bytes):
            body = msgspec.json.decode(answer.body)
            answer.body = msgspec.json.encode({**body, 'count': await services.listing.count(listing.query)})
        return answer

    return handle


def act(services: kinds.Services) -> table.Handler:
    """`POST /volumes/{id}/action`: an image that it makes is in the list at once."""

    async def handle(ask: table.Ask) -> wire.Answer:
        forward = await headers.forward(ask.request, '', services.limit)
        makes = 'os-volume_upload_image' in (decoded(forward) or {})
        reply = await services.routing.change(ask.call, 'volume', '/volumes', ask.names['id'], '/action', forward)
        if makes and reply.status < 300:
            told = kinds.document(reply).get('os-volume_upload_image', {}).get('image_id')
            await services.routing.look(services.roster.get(reply.header('x-hansa-site')), 'image', str(told))
        return kinds.answer(reply)

    return handle


def type_one(services: kinds.Services) -> table.Handler:
    """`GET /types/{id}`; 'default' is asked of the first site."""

    async def handle(ask: table.Ask) -> wire.Answer:
        id = ask.names['id']
        if id == 'default':
            return await own.first(services, '/types/default')(ask)
        record = await services.locating.record(ask.call, 'volume_type', id)
        if record is None:
            raise NotFound(f'Volume type {id} could not be found.')
        version = versions.number(ask.call.version)
        doc = views.show('volume_type', msgspec.json.decode(record.doc), version, ask.call.token.admin, kinds.context(ask), single=True)
        return wire.document(200, {'volume_type': doc})

    return handle


def type_below(services: kinds.Services) -> table.Handler:
    """What stands below a type (extra specs, access): read at its first site, changed at every site that has it."""
    routed = kinds.routed(services, 'volume_type', '/types')

    async def handle(ask: table.Ask) -> wire.Answer:
        if ask.request.method in kinds.READS:
            return await routed(ask)
        forward = await headers.forward(ask.request, '', services.limit)
        everywhere.administrator(ask)
        record = await services.locating.record(ask.call, 'volume_type', ask.names['id'])
        if record is None:
            raise NotFound(f'Volume type {ask.names["id"]} could not be found.')
        return await everywhere.change(services, ask, record, forward)

    return handle


def zones(services: kinds.Services) -> table.Handler:
    """`GET /os-availability-zone`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        found = [
            {'zoneName': zone, 'zoneState': {'available': alive}} for zone, alive in own.zone_names(services, ask, 'volume')
        ]
        return wire.document(200, {'availabilityZoneInfo': found})

    return handle
