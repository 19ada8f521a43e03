"""Lists of Neutron's kinds, its zones and its extensions."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from hansa.model.errors import HansaError, NotFound
from hansa.model.listing import Filter, Query
from hansa.model.resource import KINDS
from hansa.northbound.hall import kinds, lists, own, table, wire
from hansa.northbound.network import params

MOST = 500
"""Objects of others that one project's lists may have."""


def listed(services: kinds.Services, kind: str) -> table.Handler:
    """`GET /networks` and the like, with `fields` and Neutron's links to the next and the previous page."""

    async def handle(ask: table.Ask) -> wire.Answer:
        listing = params.listing(kind, ask.request.items(), ask.call, services.roster.names())
        lent = await _lent(services, ask, kind) if listing.query.projects is not None else ()
        listing = msgspec.structs.replace(listing, query=msgspec.structs.replace(listing.query, also=lent))

        def around(first: str, last: str, full: bool) -> dict[str, object]:
            links: list[dict[str, str]] = []
            if first and listing.limit:
                url = f'{ask.call.base}/v2.0{KINDS[kind].collection}'
                backwards = listing.query.backwards
                if full and not backwards:
                    links.append({'rel': 'next', 'href': lists.next_link(ask, last, url)})
                if listing.query.marker and not backwards:
                    links.append({'rel': 'previous', 'href': lists.next_link(ask, first, url) + '&page_reverse=True'})
            return lists.linked(kind, links)

        if not lent and not listing.fields:
            return await lists.whole(services, ask, listing, around)
        found = await lists.page(services, ask, listing)
        items = [item | ({'shared': True} if item['id'] in lent else {}) for item in lists.shown(ask, found, detail=True)]
        if listing.fields:
            items = [{key: value for key, value in item.items() if key in listing.fields} for item in items]
        ends = (found.records[0].id, found.records[-1].id) if found.records else ('', '')
        return lists.answer(kind, items, found, around(*ends, found.full))

    return handle


async def _lent(services: kinds.Services, ask: table.Ask, kind: str) -> tuple[str, ...]:
    """Ids of what other projects lend the caller's by RBAC policies; a network's subnets go with it."""
    if kind in {'network', 'security_group'}:
        return (await services.grants.granted(kind, ask.call.token.project))[:MOST]
    networks = (await services.grants.granted('network', ask.call.token.project))[:MOST] if kind == 'subnet' else ()
    if not networks:
        return ()
    of_them = Query('subnet', filters=(Filter(('doc', 'network_id'), 'in', networks),), limit=MOST)
    return tuple(record.id for record in (await services.listing.page(of_them, MOST)).records)


def zones(services: kinds.Services) -> table.Handler:
    """`GET /availability_zones`: each zone for networks and for routers."""

    async def handle(ask: table.Ask) -> wire.Answer:
        found = [
            {'name': zone, 'resource': resource, 'state': 'available' if alive else 'unavailable'}
            for zone, alive in own.zone_names(services, ask, 'network')
            for resource in ('network', 'router')
        ]
        return wire.document(200, {'availability_zones': found})

    return handle


class Extensions:
    """What every site offers, and the zones that the league adds. Documents of extensions are kept as last told."""

    _LEAGUE = (
        ('availability_zone', 'Availability Zone', 'The availability zone extension.'),
        ('network_availability_zone', 'Network Availability Zone', 'Availability zone support for network.'),
        ('router_availability_zone', 'Router Availability Zone', 'Availability zone support for router.'),
    )

    def __init__(self, services: kinds.Services) -> None:
        self._services = services
        self._known: dict[str, dict[str, dict[str, Any]]] = {}

    async def listed(self, ask: table.Ask) -> wire.Answer:
        """`GET /extensions`."""
        return wire.document(200, {'extensions': list((await self._common(ask)).values())})

    async def one(self, ask: table.Ask) -> wire.Answer:
        """`GET /extensions/{alias}`."""
        alias = ask.names['alias']
        found = (await self._common(ask)).get(alias)
        if found is None:
            having = [site for site, told in self._known.items() if alias in told]
            where = f'it is only at {", ".join(having)}' if having else 'no site of the league has it'
            raise NotFound(f'Extension with alias {alias} does not exist: {where}.')
        return wire.document(200, {'extension': found})

    async def _common(self, ask: table.Ask) -> dict[str, dict[str, Any]]:
        members = [member for member in self._services.roster if self._services.accounts.serves(ask.call.token, member)]
        await asyncio.gather(*(self._learn(ask, member.name) for member in members))
        told = [self._known[member.name] for member in members if member.name in self._known]
        if not told:
            raise NotFound('No site of the league has told its extensions yet.')
        common = {alias: document for alias, document in told[0].items() if all(alias in other for other in told)}
        for alias, name, description in self._LEAGUE:
            common.setdefault(
                alias, {'alias': alias, 'name': name, 'description': description, 'updated': '2015-01-01T00:00:00-00:00', 'links': []}
            )
        return common

    async def _learn(self, ask: table.Ask, site: str) -> None:
        member = self._services.roster.get(site)
        if site in self._known or not member.site.health().reachable:
            return
        try:
            status, raw = await self._services.relay.ask(ask.call, member, 'network', '/extensions')
        except HansaError:
            return
        if status == 200:
            self._known[site] = {each['alias']: each for each in msgspec.json.decode(raw)['extensions']}
