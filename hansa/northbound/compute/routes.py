"""Every endpoint of the compute API, with its kind."""

from __future__ import annotations

from hansa.model.resource import KINDS
from hansa.northbound.compute import (
    aggregates,
    audits,
    flavors,
    gone,
    groups,
    hosts,
    hypervisors,
    keypairs,
    legacy,
    migrations,
    servergroups,
    servers,
    usage,
    versions,
    zones,
)  # fmt: skip
from hansa.northbound.hall import everywhere, gathering, kinds, own, quotas, table
from hansa.northbound.hall.table import Route, Table
from hansa.services.preparing import Preparing

_HOSTS = (2, 43)


def routes(services: kinds.Services, preparing: Preparing) -> Table:
    """The table."""
    access = preparing.flavors.access
    server = servers.one(services)
    quota = '/os-quota-sets/{project}'
    spec = flavors.below(services, access)

    def boot(handler: table.Handler) -> table.Handler:
        return gone.until((2, 103), handler)

    return Table(
        (
            *gone.routes(),
            Route('own', 'GET', '/', versions.every(services), open=True),
            Route('own', 'GET', '/v2', versions.first, open=True),
            Route('own', 'GET', '/v2.1', versions.one(services), open=True),
            Route('listed', 'GET', '/v2.1/servers', servers.listed(services, detail=False)),
            Route('listed', 'GET', '/v2.1/servers/detail', servers.listed(services, detail=True)),
            Route('placed', 'POST', '/v2.1/servers', kinds.placed(services, KINDS['server'])),
            Route('routed', 'POST', '/v2.1/servers/{id}/action', servers.act(services)),
            Route('routed', '*', '/v2.1/servers/{id}', server),
            Route('routed', '*', '/v2.1/servers/{id}/**', server),
            Route('shared', 'GET', '/v2.1/flavors', flavors.listed(services, access, detail=False)),
            Route('shared', 'GET', '/v2.1/flavors/detail', flavors.listed(services, access, detail=True)),
            Route('shared', 'POST', '/v2.1/flavors', flavors.create(services, preparing.flavors)),
            Route('shared', 'GET', '/v2.1/flavors/{id}', flavors.one(services, access)),
            Route('shared', 'PUT DELETE', '/v2.1/flavors/{id}', spec),
            Route('shared', '*', '/v2.1/flavors/{id}/**', spec),
            Route('shared', 'GET', '/v2.1/os-keypairs', keypairs.listed(services)),
            Route('shared', 'POST', '/v2.1/os-keypairs', keypairs.create(services, preparing.keys)),
            Route('shared', 'GET', '/v2.1/os-keypairs/{name}', keypairs.one(services, preparing.keys)),
            Route('shared', 'DELETE', '/v2.1/os-keypairs/{name}', keypairs.delete(services, preparing.keys)),
            Route('listed', 'GET', '/v2.1/os-server-groups', servergroups.listed(services)),
            Route('placed', 'POST', '/v2.1/os-server-groups', servergroups.create(services)),
            Route('routed', '*', '/v2.1/os-server-groups/{id}', servergroups.one(services)),
            Route('own', 'GET', '/v2.1/os-availability-zone', zones.listed(services)),
            Route('own', 'GET', '/v2.1/os-availability-zone/detail', zones.detailed(services)),
            Route('own', 'GET', '/v2.1/limits', quotas.limits(services, 'compute')),
            Route('own', 'GET', f'/v2.1{quota}', quotas.shown(services, quota, quotas.COMPUTE)),
            Route('own', 'GET', f'/v2.1{quota}/detail', quotas.shown(services, f'{quota}/detail', quotas.COMPUTE, 'details')),
            Route('own', 'GET', f'/v2.1{quota}/defaults', quotas.shown(services, f'{quota}/defaults', quotas.COMPUTE, 'defaults')),
            Route('own', 'PUT DELETE', f'/v2.1{quota}', quotas.changed(services, quota, quotas.COMPUTE)),
            Route('own', 'GET PUT', '/v2.1/os-quota-class-sets/{name}', quotas.standard(services, quotas.COMPUTE)),
            Route('own', 'GET', '/v2.1/os-simple-tenant-usage', usage.Usages(services, single=False).shown),
            Route('own', 'GET', '/v2.1/os-simple-tenant-usage/{project}', usage.Usages(services, single=True).shown),
            *_machines(services),
            *legacy.Legacy(services, preparing.images).routes(),
            *groups.OldGroups(services, preparing).routes(),
            Route('own', 'GET', '/v2.1/os-volumes_boot', boot(servers.listed(services, detail=False))),
            Route('own', 'GET', '/v2.1/os-volumes_boot/detail', boot(servers.listed(services, detail=True))),
            Route('own', 'POST', '/v2.1/os-volumes_boot', boot(kinds.placed(services, KINDS['server']))),
            Route('own', '*', '/v2.1/os-volumes_boot/{id}', boot(server)),
            Route('own', 'POST', '/v2.1/os-server-external-events', gone.refused(gone.EVENTS)),
            Route('own', 'POST', '/v2.1/os-assisted-volume-snapshots', gone.refused(gone.ASSISTED)),
            Route('own', 'DELETE', '/v2.1/os-assisted-volume-snapshots/{id}', gone.refused(gone.ASSISTED)),
            Route('routed', 'GET', '/v2.1/os-console-auth-tokens/{id}', everywhere.administrators(kinds.routed(services, '', '/os-console-auth-tokens'))),
            Route('own', 'GET', '/v2.1/versions/{id}', versions.named(services)),
            Route('own', 'GET', '/v2.1/extensions', own.first(services, '/extensions')),
            Route('own', 'GET', '/v2.1/extensions/{alias}', own.first(services, '/extensions/{alias}')),
            Route('listed', 'GET', '/v2.1/{any}', gathering.gathered(services, '/{any}')),
            Route('listed', 'GET', '/v2.1/{any}/detail', gathering.gathered(services, '/{any}/detail')),
            Route('routed', '*', '/v2.1/{any}/{id}', kinds.found(services)),
            Route('routed', '*', '/v2.1/{any}/{id}/**', kinds.found(services)),
        )
    )


def _machines(services: kinds.Services) -> tuple[Route, ...]:
    """What administrators see of the sites' own machines."""
    machines = hypervisors.Hypervisors(services)
    services_and_hosts = hosts.Hosts(services)
    those = aggregates.Aggregates(services)
    audit = '/v2.1/os-instance_usage_audit_log'
    return (
        Route('own', 'GET', '/v2.1/os-hypervisors/statistics', gone.until((2, 88), own.merged(services, '/os-hypervisors/statistics'))),
        Route('listed', 'GET', '/v2.1/os-hypervisors', machines.listed('/os-hypervisors')),
        Route('listed', 'GET', '/v2.1/os-hypervisors/detail', machines.listed('/os-hypervisors/detail')),
        Route('routed', 'GET', '/v2.1/os-hypervisors/{id}', machines.one),
        Route('routed', 'GET', '/v2.1/os-hypervisors/{id}/**', machines.below),
        Route('listed', 'GET', '/v2.1/os-services', services_and_hosts.listed('/os-services', 'services')),
        Route('routed', 'PUT DELETE', '/v2.1/os-services/{id}', services_and_hosts.service),
        Route('listed', 'GET', '/v2.1/os-hosts', gone.until(_HOSTS, services_and_hosts.listed('/os-hosts', 'hosts'))),
        Route('routed', 'GET PUT', '/v2.1/os-hosts/{id}', gone.until(_HOSTS, services_and_hosts.host)),
        Route('routed', 'GET', '/v2.1/os-hosts/{id}/**', gone.until(_HOSTS, services_and_hosts.host)),
        Route('listed', 'GET', '/v2.1/os-aggregates', those.listed),
        Route('placed', 'POST', '/v2.1/os-aggregates', those.create),
        Route('routed', 'GET PUT DELETE', '/v2.1/os-aggregates/{id}', those.one),
        Route('routed', 'POST', '/v2.1/os-aggregates/{id}/**', those.one),
        Route('listed', 'GET', '/v2.1/os-migrations', migrations.listed(services)),
        Route('own', 'GET', audit, audits.shown(services, '/os-instance_usage_audit_log', 'instance_usage_audit_logs')),
        Route('own', 'GET', f'{audit}/{{before}}', audits.shown(services, '/os-instance_usage_audit_log/{before}', 'instance_usage_audit_log')),
    )
