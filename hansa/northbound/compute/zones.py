"""Availability zones of compute: one per site, or several where the site has several."""

from __future__ import annotations

from hansa.model.errors import Forbidden
from hansa.northbound.hall import kinds, own, table, wire


def listed(services: kinds.Services, *, detail: bool) -> table.Handler:
    """`GET /os-availability-zone` and, for administrators, `/detail`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        if detail and not ask.call.token.admin:
            raise Forbidden("Policy doesn't allow os_compute_api:os-availability-zone:detail to be performed.")
        found = [
            {'zoneName': zone, 'zoneState': {'available': alive}, 'hosts': {} if detail else None}
            for zone, alive in own.zone_names(services, ask, 'compute')
        ]
        return wire.document(200, {'availabilityZoneInfo': found})

    return handle
