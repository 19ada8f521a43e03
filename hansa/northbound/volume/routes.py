"""Every endpoint of the volume API, with its kind. A project id in front of the path was taken off by the door."""

from __future__ import annotations

from hansa.model.resource import KINDS
from hansa.northbound.hall import everywhere, gathering, kinds, own, quotas
from hansa.northbound.hall.table import Route, Table
from hansa.northbound.volume import transfers, versions, volumes


def routes(services: kinds.Services) -> Table:
    """The table."""
    volume = kinds.routed(services, 'volume', '/volumes')
    quota = '/os-quota-sets/{project}'
    snapshot = kinds.routed(services, 'snapshot', '/snapshots')
    return Table(
        (
            Route('own', 'GET', '/', versions.every(services, 300), open=True),
            Route('own', 'GET', '/v3', versions.every(services, 200), open=True),
            Route('listed', 'GET', '/v3/volumes', volumes.listed(services, 'volume', '/volumes', detail=False)),
            Route('listed', 'GET', '/v3/volumes/detail', volumes.listed(services, 'volume', '/volumes/detail', detail=True)),
            Route('listed', 'GET', '/v3/volumes/summary', own.merged(services, '/volumes/summary')),
            Route('placed', 'POST', '/v3/volumes', kinds.placed(services, KINDS['volume'])),
            Route('routed', 'POST', '/v3/volumes/{id}/action', volumes.act(services)),
            Route('routed', '*', '/v3/volumes/{id}', volume),
            Route('routed', '*', '/v3/volumes/{id}/**', volume),
            Route('listed', 'GET', '/v3/snapshots', volumes.listed(services, 'snapshot', '/snapshots', detail=False)),
            Route('listed', 'GET', '/v3/snapshots/detail', volumes.listed(services, 'snapshot', '/snapshots/detail', detail=True)),
            Route('placed', 'POST', '/v3/snapshots', kinds.placed(services, KINDS['snapshot'])),
            Route('routed', '*', '/v3/snapshots/{id}', snapshot),
            Route('routed', '*', '/v3/snapshots/{id}/**', snapshot),
            Route('shared', 'GET', '/v3/types', volumes.listed(services, 'volume_type', '/types', detail=True)),
            Route('shared', 'POST', '/v3/types', everywhere.created(services, 'volume_type')),
            Route('shared', 'GET', '/v3/types/{id}', volumes.type_one(services)),
            Route('shared', '*', '/v3/types/{id}', volumes.type_below(services)),
            Route('shared', '*', '/v3/types/{id}/**', volumes.type_below(services)),
            Route('own', 'GET', '/v3/os-availability-zone', volumes.zones(services)),
            Route('own', 'GET', '/v3/limits', quotas.limits(services, 'volume')),
            Route('own', 'GET', f'/v3{quota}', quotas.shown(services, quota, quotas.VOLUME)),
            Route('own', 'GET', f'/v3{quota}/defaults', quotas.shown(services, f'{quota}/defaults', quotas.VOLUME, 'defaults')),
            Route('own', 'PUT DELETE', f'/v3{quota}', quotas.changed(services, quota, quotas.VOLUME)),
            Route('own', 'GET PUT', '/v3/os-quota-class-sets/{name}', quotas.standard(services, quotas.VOLUME)),
            Route('own', 'GET', '/v3/extensions', own.first(services, '/extensions')),
            Route('own', 'GET', '/v3/resource_filters', own.first(services, '/resource_filters')),
            Route('own', 'GET', '/v3/scheduler-stats/get_pools', gathering.gathered(services, '/scheduler-stats/get_pools')),
            Route('routed', 'POST', '/v3/volume-transfers/{id}/accept', transfers.accept(services)),
            Route('routed', 'POST', '/v3/os-volume-transfer/{id}/accept', transfers.accept(services)),
            Route('placed', 'POST', '/v3/{any}', kinds.created(services)),
            Route('listed', 'GET', '/v3/{any}', gathering.gathered(services, '/{any}')),
            Route('listed', 'GET', '/v3/{any}/detail', gathering.gathered(services, '/{any}/detail')),
            Route('routed', '*', '/v3/{any}/{id}', kinds.found(services)),
            Route('routed', '*', '/v3/{any}/{id}/**', kinds.found(services)),
        )
    )
