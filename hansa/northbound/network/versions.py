"""The version documents of the network API, with the league's links."""

from __future__ import annotations

from hansa.northbound.hall import kinds, table, wire


def every(services: kinds.Services) -> table.Handler:
    """`GET /`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        links = [{'rel': 'self', 'href': f'{ask.call.base}/v2.0/'}]
        return wire.document(200, {'versions': [{'id': 'v2.0', 'status': 'CURRENT', 'links': links}]})

    return handle


def one(services: kinds.Services) -> table.Handler:
    """`GET /v2.0`: the collections, as Neutron names them."""

    async def handle(ask: table.Ask) -> wire.Answer:
        names = ('network', 'subnet', 'port', 'router', 'floatingip', 'security-group', 'security-group-rule', 'subnetpool', 'extension')
        found = [
            {
                'name': name,
                'collection': f'{name}s',
                'links': [{'rel': 'self', 'href': f'{ask.call.base}/v2.0/{name}s'}],
            }
            for name in names
        ]
        return wire.document(200, {'resources': found})

    return handle
