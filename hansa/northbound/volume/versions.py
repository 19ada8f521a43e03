"""The version documents of the volume API, with the league's links and the range that every site offers."""

from __future__ import annotations

from hansa.northbound.hall import kinds, table, versions, wire


def every(services: kinds.Services, status: int) -> table.Handler:
    """`GET /` (300, as Cinder answers) and `GET /v3` (200)."""

    async def handle(ask: table.Ask) -> wire.Answer:
        offered = versions.offered(services.roster, 'volume')
        entry = {
            'id': 'v3.0',
            'status': 'CURRENT',
            'version': versions.text(offered.highest),
            'min_version': versions.text(offered.lowest),
            'updated': '2023-08-31T00:00:00Z',
            'links': [{'rel': 'self', 'href': f'{ask.call.base}/v3/'}],
            'media-types': [{'base': 'application/json', 'type': 'application/vnd.openstack.volume+json;version=3'}],
        }
        return wire.document(status, {'versions': [entry]})

    return handle
