"""Every endpoint of the volume API, with its kind. A project id in front of the path was taken off by the door."""

from __future__ import annotations

from hansa.model.resource import KINDS
from hansa.northbound.hall import alike, collecting, everywhere, kinds, own, quotas
from hansa.northbound.hall.table import Route, Table
from hansa.northbound.volume import groups, hosts, transfers, types, versions, volumes

_BY_GET = ('associate', 'disassociate', 'disassociate_all')
_HANGING = ('attachments', 'volume-transfers', 'os-volume-transfer')
_ORDERS = ('enable', 'disable', 'disable-log-reason', 'freeze', 'thaw', 'failover_host', 'failover')


def routes(services: kinds.Services) -> Table:
    """The table."""
    return Table(
        (
            Route('own', 'GET', '/', versions.every(services, 300), open=True),
            Route('own', 'GET', '/v3', versions.every(services, 200), open=True),
            *_volumes(services),
            *_types(services),
            *_sums(services),
            *_machinery(services),
            *_rest(services),
        )
    )


def _volumes(services: kinds.Services) -> tuple[Route, ...]:
    volume = kinds.routed(services, 'volume', '/volumes')
    snapshot = kinds.routed(services, 'snapshot', '/snapshots')
    return (
        Route('listed', 'GET', '/v3/volumes', volumes.listed(services, 'volume', '/volumes', detail=False)),
        Route('listed', 'GET', '/v3/volumes/detail', volumes.listed(services, 'volume', '/volumes/detail', detail=True)),
        Route('listed', 'GET', '/v3/volumes/summary', volumes.summary(services)),
        Route('placed', 'POST', '/v3/volumes', kinds.placed(services, KINDS['volume'])),
        Route('routed', 'POST', '/v3/volumes/{id}/action', volumes.act(services), asks=True),
        Route('routed', '*', '/v3/volumes/{id}', volume),
        Route('routed', '*', '/v3/volumes/{id}/**', volume),
        Route('listed', 'GET', '/v3/snapshots', volumes.listed(services, 'snapshot', '/snapshots', detail=False)),
        Route('listed', 'GET', '/v3/snapshots/detail', volumes.listed(services, 'snapshot', '/snapshots/detail', detail=True)),
        Route('placed', 'POST', '/v3/snapshots', kinds.placed(services, KINDS['snapshot'])),
        Route('routed', '*', '/v3/snapshots/{id}', snapshot),
        Route('routed', '*', '/v3/snapshots/{id}/**', snapshot),
    )


def _types(services: kinds.Services) -> tuple[Route, ...]:
    room = types.Types(services)
    qos = alike.Alikes(services, 'qos_specs', '/qos-specs', 'qos_specs', touches='volume_type')
    kinds_of_group = alike.Alikes(services, 'group_type', '/group_types', 'group_types')
    return (
        Route('shared', 'GET', '/v3/types', volumes.listed(services, 'volume_type', '/types', detail=True, granted=True)),
        Route('shared', 'POST', '/v3/types', everywhere.created(services, 'volume_type')),
        Route('shared', 'GET', '/v3/types/{id}', room.one),
        Route('shared', '*', '/v3/types/{id}', room.below),
        Route('shared', '*', '/v3/types/{id}/**', room.below),
        # Cinder changes by GET here.
        *(Route('shared', 'GET', f'/v3/qos-specs/{{id}}/{verb}', qos.order(f'/{verb}')) for verb in _BY_GET),
        *qos.routes('/v3', 'PUT DELETE'),
        *kinds_of_group.routes('/v3', 'POST PUT DELETE'),
        Route('shared', 'GET', '/v3/default-types', room.defaults),
        Route('shared', 'GET', '/v3/default-types/{project}', own.first(services, '/default-types/{project}')),
        Route('shared', 'PUT DELETE', '/v3/default-types/{project}', room.set_default),
    )


def _sums(services: kinds.Services) -> tuple[Route, ...]:
    quota = '/os-quota-sets/{project}'
    return (
        Route('own', 'GET', '/v3/os-availability-zone', volumes.zones(services)),
        Route('own', 'GET', '/v3/limits', quotas.limits(services, 'volume')),
        Route('own', 'GET', f'/v3{quota}', quotas.shown(services, quota, quotas.VOLUME)),
        Route('own', 'GET', f'/v3{quota}/defaults', quotas.shown(services, f'{quota}/defaults', quotas.VOLUME, 'defaults')),
        Route('own', 'PUT DELETE', f'/v3{quota}', quotas.changed(services, quota, quotas.VOLUME)),
        Route('own', 'GET PUT', '/v3/os-quota-class-sets/{name}', quotas.standard(services, quotas.VOLUME)),
        Route('own', 'GET', '/v3/extensions', own.first(services, '/extensions')),
        Route('own', 'GET', '/v3/extensions/{alias}', own.first(services, '/extensions/{alias}')),
        Route('own', 'GET', '/v3/resource_filters', own.first(services, '/resource_filters')),
    )


def _machinery(services: kinds.Services) -> tuple[Route, ...]:
    """What the landlords' own administrators see of Cinder."""
    pools = hosts.listed(services, '/scheduler-stats/get_pools', 'pools', 'name')
    manage = [('os-volume-manage', 'volume'), ('manageable_volumes', 'volume')]
    seen = [*(word for word, _ in manage), 'os-snapshot-manage', 'manageable_snapshots']
    return (
        Route('listed', 'GET', '/v3/scheduler-stats/get_pools', pools),
        Route('listed', 'GET', '/v3/os-services', hosts.listed(services, *hosts.HOSTS)),
        *(Route('routed', 'PUT', f'/v3/os-services/{verb}', hosts.by_body(services, f'/os-services/{verb}')) for verb in _ORDERS),
        *(Route('own', 'PUT', f'/v3/os-services/{verb}', hosts.to_all(services, f'/os-services/{verb}')) for verb in ('get-log', 'set-log')),
        Route('listed', 'GET', '/v3/os-hosts', hosts.listed(services, '/os-hosts', 'hosts', 'host_name')),
        Route('routed', 'GET PUT', '/v3/os-hosts/{name}', hosts.by_path(services, '/os-hosts')),
        Route('listed', 'GET', '/v3/clusters', hosts.listed(services, *hosts.CLUSTERS)),
        Route('listed', 'GET', '/v3/clusters/detail', hosts.listed(services, '/clusters/detail', 'clusters', 'name')),
        *(Route('routed', 'PUT', f'/v3/clusters/{verb}', hosts.by_body(services, f'/clusters/{verb}')) for verb in ('enable', 'disable')),
        Route('routed', 'GET', '/v3/clusters/{name}', hosts.by_path(services, '/clusters', hosts.CLUSTERS)),
        Route('routed', 'GET', '/v3/capabilities/{name}', hosts.by_path(services, '/capabilities')),
        Route('own', 'POST', '/v3/workers/cleanup', hosts.to_all(services, '/workers/cleanup')),
        *(Route('routed', 'GET', f'/v3/{word}', hosts.by_query(services, f'/{word}')) for word in seen),
        *(Route('routed', 'GET', f'/v3/{word}/detail', hosts.by_query(services, f'/{word}/detail')) for word in seen),
        *(Route('routed', 'POST', f'/v3/{word}', hosts.by_body(services, f'/{word}', inner, inner)) for word, inner in manage),
    )


def _rest(services: kinds.Services) -> tuple[Route, ...]:
    """What the inventory does not keep: attachments, backups, groups, messages, transfers."""
    handing, group = transfers.Handing(services), groups.GroupRoom(services)
    source = kinds.created(services, word='groups', below='/action', wrap='group')
    older = kinds.created(services, word='consistencygroups', below='/create_from_src', wrap='consistencygroup')
    return (
        Route('routed', 'POST', '/v3/volume-transfers/{id}/accept', handing.accept),
        Route('routed', 'POST', '/v3/os-volume-transfer/{id}/accept', handing.accept),
        *(Route('routed', 'PUT POST DELETE', f'/v3/{word}/{{id}}', handing.part(f'/{word}')) for word in _HANGING),
        *(Route('routed', 'PUT POST DELETE', f'/v3/{word}/{{id}}/**', handing.part(f'/{word}')) for word in _HANGING),
        Route('placed', 'POST', '/v3/backups', kinds.created(services, needs=handing.backup_needs, word='backups')),
        Route('routed', 'POST', '/v3/backups/{id}/restore', handing.restore),
        Route('placed', 'POST', '/v3/backups/import_record', handing.take_record),
        Route('placed', 'POST', '/v3/groups/action', source),
        Route('listed', 'GET', '/v3/groups/detail', collecting.collected(services, '/groups/detail')),
        Route('routed', 'PUT', '/v3/groups/{id}', group.change),
        Route('routed', 'GET DELETE', '/v3/groups/{id}', group.one),
        Route('placed', 'POST', '/v3/consistencygroups/create_from_src', older),
        Route('placed', 'POST', '/v3/{any}', kinds.created(services)),
        Route('listed', 'GET', '/v3/{any}', collecting.collected(services, '/{any}', detail='/{any}/detail')),
        Route('listed', 'GET', '/v3/{any}/detail', collecting.collected(services, '/{any}/detail')),
        Route('routed', '*', '/v3/{any}/{id}', kinds.found(services)),
        Route('routed', '*', '/v3/{any}/{id}/**', kinds.found(services)),
    )
