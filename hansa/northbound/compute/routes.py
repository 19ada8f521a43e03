"""Every endpoint of the compute API, with its kind."""

from __future__ import annotations

from hansa.model.resource import KINDS
from hansa.northbound.compute import flavors, keypairs, servergroups, servers, usage, versions, zones
from hansa.northbound.hall import gathering, kinds, own
from hansa.northbound.hall.table import Route, Table
from hansa.services.preparing import Preparing


def routes(services: kinds.Services, preparing: Preparing) -> Table:
    """The table."""
    server = kinds.routed(services, 'server', '/servers')
    spec = flavors.below(services)
    return Table(
        (
            Route('own', 'GET', '/', versions.every(services), open=True),
            Route('own', 'GET', '/v2.1', versions.one(services), open=True),
            Route('listed', 'GET', '/v2.1/servers', servers.listed(services, detail=False)),
            Route('listed', 'GET', '/v2.1/servers/detail', servers.listed(services, detail=True)),
            Route('placed', 'POST', '/v2.1/servers', kinds.placed(services, KINDS['server'])),
            Route('routed', 'POST', '/v2.1/servers/{id}/action', servers.act(services)),
            Route('routed', '*', '/v2.1/servers/{id}', server),
            Route('routed', '*', '/v2.1/servers/{id}/**', server),
            Route('shared', 'GET', '/v2.1/flavors', flavors.listed(services, detail=False)),
            Route('shared', 'GET', '/v2.1/flavors/detail', flavors.listed(services, detail=True)),
            Route('shared', 'POST', '/v2.1/flavors', flavors.create(services, preparing.flavors)),
            Route('shared', 'GET', '/v2.1/flavors/{id}', flavors.one(services)),
            Route('shared', 'PUT DELETE', '/v2.1/flavors/{id}', spec),
            Route('shared', '*', '/v2.1/flavors/{id}/**', spec),
            Route('shared', 'GET', '/v2.1/os-keypairs', keypairs.listed(services)),
            Route('shared', 'POST', '/v2.1/os-keypairs', keypairs.create(services, preparing.keys)),
            Route('shared', 'GET', '/v2.1/os-keypairs/{name}', keypairs.one(services, preparing.keys)),
            Route('shared', 'DELETE', '/v2.1/os-keypairs/{name}', keypairs.delete(services, preparing.keys)),
            Route('listed', 'GET', '/v2.1/os-server-groups', servergroups.listed(services)),
            Route('placed', 'POST', '/v2.1/os-server-groups', servergroups.create(services)),
            Route('routed', '*', '/v2.1/os-server-groups/{id}', servergroups.one(services)),
            Route('own', 'GET', '/v2.1/os-availability-zone', zones.listed(services, detail=False)),
            Route('own', 'GET', '/v2.1/os-availability-zone/detail', zones.listed(services, detail=True)),
            Route('own', 'GET', '/v2.1/limits', own.merged(services, '/limits')),
            Route('own', 'GET', '/v2.1/os-quota-sets/{project}', own.merged(services, '/os-quota-sets/{project}')),
            Route('own', 'GET', '/v2.1/os-quota-sets/{project}/detail', own.merged(services, '/os-quota-sets/{project}/detail')),
            Route('own', 'GET', '/v2.1/os-quota-sets/{project}/defaults', own.merged(services, '/os-quota-sets/{project}/defaults')),
            Route('own', 'PUT DELETE', '/v2.1/os-quota-sets/{project}', own.quota(services, '/os-quota-sets/{project}', 'quota_set')),
            Route('own', 'GET', '/v2.1/os-quota-class-sets/{name}', own.merged(services, '/os-quota-class-sets/{name}')),
            Route('own', 'GET', '/v2.1/os-simple-tenant-usage', usage.shown(services, '/os-simple-tenant-usage')),
            Route('own', 'GET', '/v2.1/os-simple-tenant-usage/{project}', usage.shown(services, '/os-simple-tenant-usage/{project}')),
            Route('own', 'GET', '/v2.1/os-hypervisors/statistics', own.merged(services, '/os-hypervisors/statistics')),
            Route('own', 'GET', '/v2.1/extensions', own.first(services, '/extensions')),
            Route('own', 'GET', '/v2.1/extensions/{alias}', own.first(services, '/extensions/{alias}')),
            Route('listed', 'GET', '/v2.1/{any}', gathering.gathered(services, '/{any}')),
            Route('listed', 'GET', '/v2.1/{any}/detail', gathering.gathered(services, '/{any}/detail')),
            Route('routed', '*', '/v2.1/{any}/{id}', kinds.found(services)),
            Route('routed', '*', '/v2.1/{any}/{id}/**', kinds.found(services)),
        )
    )
