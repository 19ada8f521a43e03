"""The version documents of the image API, with the league's links."""

from __future__ import annotations

from hansa.northbound.hall import kinds, table, wire

_VERSIONS = ('v2.17', 'v2.16', 'v2.15', 'v2.13', 'v2.12', 'v2.11', 'v2.10', 'v2.9', 'v2.8', 'v2.7', 'v2.6', 'v2.5', 'v2.4', 'v2.3', 'v2.2', 'v2.1', 'v2.0')


def every(services: kinds.Services, status: int) -> table.Handler:
    """`GET /` (300, as Glance answers) and `GET /versions` (200)."""

    async def handle(ask: table.Ask) -> wire.Answer:
        links = [{'rel': 'self', 'href': f'{ask.call.base}/v2/'}]
        found = [
            {'id': id, 'status': 'CURRENT' if at == 0 else 'SUPPORTED', 'links': links} for at, id in enumerate(_VERSIONS)
        ]
        return wire.document(status, {'versions': found})

    return handle
