"""Every endpoint of the placement API, with its kind: reading is for administrators, changing for nobody."""

from __future__ import annotations

from hansa.northbound.hall import kinds
from hansa.northbound.hall.table import Route, Table
from hansa.northbound.placement import resources, versions

_CHANGES = 'POST PUT PATCH DELETE'


def routes(services: kinds.Services) -> Table:
    """The table."""
    room = resources.Resources(services)
    words = ('resource_providers', 'resource_classes', 'traits', 'allocations', 'reshaper')
    return Table(
        (
            Route('own', 'GET', '/', versions.every(services), open=True),
            Route('listed', 'GET', '/resource_providers', room.listed('/resource_providers', 'resource_providers')),
            Route('routed', 'GET', '/resource_providers/{id}', room.provider),
            Route('routed', 'GET', '/resource_providers/{id}/**', room.provider),
            Route('listed', 'GET', '/resource_classes', room.listed('/resource_classes', 'resource_classes')),
            Route('listed', 'GET', '/resource_classes/{id}', room.named('/resource_classes/{id}')),
            Route('listed', 'GET', '/traits', room.listed('/traits', 'traits')),
            Route('listed', 'GET', '/traits/{id}', room.named('/traits/{id}')),
            Route('listed', 'GET', '/usages', room.usages()),
            Route('listed', 'GET', '/allocations/{id}', room.allocations),
            Route('listed', 'GET', '/allocation_candidates', room.candidates()),
            *(Route('own', _CHANGES, f'/{word}{below}', room.refused) for word in words for below in ('', '/**')),
        )
    )
