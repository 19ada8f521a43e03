"""The version documents of the compute API, with the league's links and the range that every site offers."""

from __future__ import annotations

from hansa.model.errors import NotFound
from hansa.northbound.hall import kinds, table, versions, wire


def _first(base: str) -> dict[str, object]:
    links = [{'rel': 'self', 'href': f'{base}/v2/'}]
    return {'id': 'v2.0', 'status': 'DEPRECATED', 'version': '', 'min_version': '', 'updated': '2025-07-04T12:00:00Z', 'links': links}


def _entry(services: kinds.Services, base: str) -> dict[str, object]:
    offered = versions.offered(services.roster, 'compute')
    return {
        'id': 'v2.1',
        'status': 'CURRENT',
        'version': versions.text(offered.highest),
        'min_version': versions.text(offered.lowest),
        'updated': '2013-07-23T11:33:21Z',
        'links': [{'rel': 'self', 'href': f'{base}/v2.1/'}],
    }


def every(services: kinds.Services) -> table.Handler:
    """`GET /`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        return wire.document(200, {'versions': [_first(ask.call.base), _entry(services, ask.call.base)]})

    return handle


def one(services: kinds.Services) -> table.Handler:
    """`GET /v2.1`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        media = [{'base': 'application/json', 'type': 'application/vnd.openstack.compute+json;version=2.1'}]
        return wire.document(200, {'version': {**_entry(services, ask.call.base), 'media-types': media}})

    return handle


async def first(ask: table.Ask) -> wire.Answer:
    """`GET /v2`."""
    media = [{'base': 'application/json', 'type': 'application/vnd.openstack.compute+json;version=2'}]
    return wire.document(200, {'version': {**_first(ask.call.base), 'media-types': media}})


def named(services: kinds.Services) -> table.Handler:
    """`GET /v2.1/versions/{id}`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        if ask.names['id'] != 'v2.1':
            raise NotFound(f'There is no version {ask.names["id"]} of this API.')
        return await one(services)(ask)

    return handle
