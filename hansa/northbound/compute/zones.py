"""Availability zones of compute: one per site, or several where the site has several."""

from __future__ import annotations

from typing import Any

from hansa.northbound.hall import everywhere, gathering, kinds, own, table, wire
from hansa.rules import zones


def listed(services: kinds.Services) -> table.Handler:
    """`GET /os-availability-zone`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        found = [
            {'zoneName': zone, 'zoneState': {'available': alive}, 'hosts': None} for zone, alive in own.zone_names(services, ask, 'compute')
        ]
        return wire.document(200, {'availabilityZoneInfo': found})

    return handle


def detailed(services: kinds.Services) -> table.Handler:
    """`GET /os-availability-zone/detail`: with the hosts of each zone, and the zone of each site's own services."""

    async def handle(ask: table.Ask) -> wire.Answer:
        everywhere.administrator(ask)
        got = await gathering.every(services, ask, '/os-availability-zone/detail')
        told = {member.name: document['availabilityZoneInfo'] for member, document in got.found}
        found: list[dict[str, Any]] = []
        for member in services.roster:
            # Of a site that does not answer, or does not tell us its hosts, the zones are shown all the same.
            alive, own_zones = member.site.health().reachable, member.zones('compute')
            bare = [zones.shown(member.name, zone, own_zones) for zone in (own_zones or ('',))]
            found += told.get(member.name) or [{'zoneName': zone, 'zoneState': {'available': alive}, 'hosts': {}} for zone in bare]
        return got.document({'availabilityZoneInfo': found})

    return handle
