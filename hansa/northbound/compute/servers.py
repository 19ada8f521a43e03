"""Servers in lists; by id they are routed, and creates are placed."""

from __future__ import annotations

from hansa.model.listing import Query
from hansa.northbound.compute import params
from hansa.northbound.hall import kinds, lists, table, wire


async def flavor_ids(services: kinds.Services) -> dict[str, str]:
    """Flavor name -> league id; servers name their flavor by name at the sites' highest microversion."""
    found = await services.listing.page(Query('flavor'))
    return {record.name: record.id for record in found.records}


def listed(services: kinds.Services, *, detail: bool) -> table.Handler:
    """`GET /servers` and `GET /servers/detail`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        flavors = await flavor_ids(services)
        listing = params.listing('server', ask.request.items(), ask.call, sites=services.roster.names(), flavors=flavors, detail=detail)
        found = await lists.page(services, listing)
        items = lists.shown(ask, found, detail=detail, flavors=flavors)
        links: list[dict[str, str]] = []
        if found.more and found.records:
            url = f'{ask.call.base}/v2.1/servers' + ('/detail' if detail else '')
            links = [{'rel': 'next', 'href': lists.next_link(ask, found.records[-1].id, url)}]
        return lists.answer('server', items, found, links)

    return handle




def groups(services: kinds.Services) -> table.Handler:
    """`GET /os-server-groups`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        listing = params.listing('server_group', ask.request.items(), ask.call, sites=services.roster.names())
        found = await lists.page(services, listing)
        return lists.answer('server_group', lists.shown(ask, found, detail=True), found)

    return handle
