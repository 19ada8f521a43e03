"""The version document of the placement API, with the league's link and the range that every site with a placement service offers."""

from __future__ import annotations

from hansa.northbound.hall import kinds, table, versions, wire


def every(services: kinds.Services) -> table.Handler:
    """`GET /`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        offered = versions.offered(services.roster, 'placement')
        document = {
            'id': 'v1.0',
            'status': 'CURRENT',
            'min_version': versions.text(offered.lowest),
            'max_version': versions.text(offered.highest),
            'links': [{'rel': 'self', 'href': f'{ask.call.base}/'}],
        }
        return wire.document(200, {'versions': [document]})

    return handle
