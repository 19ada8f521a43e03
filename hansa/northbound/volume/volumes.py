"""Volumes, snapshots and types in lists; by id volumes and snapshots are routed, and creates are placed."""

from __future__ import annotations

import msgspec

from hansa.northbound.hall import filters, headers, kinds, lists, own, table, wire
from hansa.northbound.volume import params
from hansa.rules import translate, views
from hansa.services.routing import decoded

_QUESTIONS = {'os-show_image_metadata'}


def listed(services: kinds.Services, kind: str, path: str, *, detail: bool, granted: bool = False) -> table.Handler:
    """`GET /volumes[/detail]`, `GET /snapshots[/detail]` and `GET /types`, where private ones are in the lists of whom they were granted."""

    async def handle(ask: table.Ask) -> wire.Answer:
        listing = params.listing(kind, ask.request.items(), ask.call, services.roster.names())
        if granted and listing.query.projects is not None:
            also = await services.grants.granted(kind, ask.call.token.project)
            listing = msgspec.structs.replace(listing, query=msgspec.structs.replace(listing.query, also=also[: filters.MAX_PAGE]))
        more: dict[str, object] = {'count': await services.listing.count(listing.query)} if listing.with_count else {}

        def around(_: str, last: str, full: bool) -> dict[str, object]:
            project = f'/{ask.request.prefix}' if ask.request.prefix else ''
            link = lists.next_link(ask, last, f'{ask.call.base}/v3{project}{path}')
            return lists.linked(kind, [{'rel': 'next', 'href': link}] if full else []) | more

        if detail or kind in views.NAMED:
            return await lists.whole(services, ask, listing, around, detail=detail)
        found = await lists.page(services, ask, listing)
        last = found.records[-1].id if found.records else ''
        return lists.answer(kind, lists.shown(ask, found, detail=False), found, around('', last, found.full))

    return handle


def act(services: kinds.Services) -> table.Handler:
    """`POST /volumes/{id}/action`: an image that it makes is in the list at once."""

    async def handle(ask: table.Ask) -> wire.Answer:
        forward = await headers.forward(ask.request, '', services.limit)
        body = decoded(forward) or {}
        if body.keys() != _QUESTIONS:
            ask.writes()
        makes = 'os-volume_upload_image' in body
        reply = await services.routing.change(ask.call, 'volume', '/volumes', ask.names['id'], '/action', forward)
        if makes and reply.status < 300:
            told = kinds.document(reply).get('os-volume_upload_image', {}).get('image_id')
            await services.routing.look(services.roster.get(reply.header('x-hansa-site')), 'image', str(told))
        return kinds.answer(reply)

    return handle


def zones(services: kinds.Services) -> table.Handler:
    """`GET /os-availability-zone`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        found = [
            {'zoneName': zone, 'zoneState': {'available': alive}} for zone, alive in own.zone_names(services, ask, 'volume')
        ]
        return wire.document(200, {'availabilityZoneInfo': found})

    return handle


def summary(services: kinds.Services) -> table.Handler:
    """`GET /volumes/summary`: added up over the sites, without the league's own marks."""
    merged = own.merged(services, '/volumes/summary')

    async def handle(ask: table.Ask) -> wire.Answer:
        answer = await merged(ask)
        if answer.status == 200 and isinstance(answer.body, bytes):
            whole = msgspec.json.decode(answer.body)
            whole.get('volume-summary', {}).get('metadata', {}).pop(translate.MARKER, None)
            answer.body = msgspec.json.encode(whole)
        return answer

    return handle


