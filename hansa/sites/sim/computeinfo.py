"""What Nova tells of itself: zones, limits, quotas, usage, services, hypervisors, extensions."""

from __future__ import annotations

from collections.abc import Callable

from hansa.sites.sim import servers
from hansa.sites.sim.state import DEFAULT_QUOTAS, Doc, micro
from hansa.sites.sim.wire import Answer, Ask, Refused, Row

EXTENSIONS = (
    'OS-DCF OS-EXT-AZ OS-EXT-SRV-ATTR OS-EXT-STS OS-FLV-DISABLED OS-FLV-EXT-DATA OS-SCH-HNT OS-SRV-USG os-admin-actions '
    'os-attach-interfaces os-availability-zone os-console-output os-consoles os-extended-volumes os-flavor-access '
    'os-flavor-extra-specs os-flavor-manage os-hypervisors os-instance-actions os-keypairs os-multiple-create os-quota-sets '
    'os-rescue os-security-groups os-server-groups os-services os-shelve os-simple-tenant-usage os-volumes servers flavors limits'
).split()


def extensions(ask: Ask) -> Answer:
    listed = []
    for alias in EXTENSIONS:
        name = alias.removeprefix('os-').replace('-', ' ')
        more = {'namespace': 'http://docs.openstack.org/compute/ext/fake_xml', 'updated': '2014-12-03T00:00:00Z'}
        listed.append({'alias': alias, 'name': name, 'description': f'{name} of the API.', 'links': [], **more})
    return Answer(200, {'extensions': listed})


def zones(ask: Ask) -> Answer:
    one = {'zoneName': 'nova', 'zoneState': {'available': True}, 'hosts': None}
    return Answer(200, {'availabilityZoneInfo': [one]})


def zones_detail(ask: Ask) -> Answer:
    ask.need_admin('os_compute_api:os-availability-zone:detail')
    state: Doc = {'available': True, 'active': True, 'updated_at': micro(ask.state.now())}
    made = []
    for zone, names in (('internal', ('nova-scheduler', 'nova-conductor')), ('nova', ('nova-compute',))):
        hosts = {ask.state.host: dict.fromkeys(names, state)}
        made.append({'zoneName': zone, 'zoneState': {'available': True}, 'hosts': hosts})
    return Answer(200, {'availabilityZoneInfo': made})


# -- limits, quotas, usage

OLD_QUOTAS = {
    'fixed_ips': -1,
    'floating_ips': -1,
    'security_groups': -1,
    'security_group_rules': -1,
    'injected_files': 5,
    'injected_file_content_bytes': 10240,
    'injected_file_path_bytes': 255,
}
"""Nova showed these before 2.36."""


def used(ask: Ask, project: str) -> dict[str, int]:
    """What a project has of each quota."""
    mine = servers.living(ask.state, project)
    groups = [doc for doc in ask.state.server_groups.values() if doc['project_id'] == project]
    return {
        'instances': len(mine),
        'cores': sum(doc['_flavor']['vcpus'] for doc in mine),
        'ram': sum(doc['_flavor']['ram'] for doc in mine),
        'server_groups': len(groups),
    }


def limits(ask: Ask) -> Answer:
    project = ask.who.project
    if ask.arg('tenant_id') and ask.arg('tenant_id') != project:
        ask.need_admin('os_compute_api:limits:other_project')
        project = ask.arg('tenant_id')
    quota, have = ask.state.quota('compute', project), used(ask, project)
    absolute = {
        'maxTotalCores': quota['cores'],
        'maxTotalInstances': quota['instances'],
        'maxTotalKeypairs': quota['key_pairs'],
        'maxServerMeta': quota['metadata_items'],
        'maxTotalRAMSize': quota['ram'],
        'maxServerGroups': quota['server_groups'],
        'maxServerGroupMembers': quota['server_group_members'],
        'totalRAMUsed': have['ram'],
        'totalCoresUsed': have['cores'],
        'totalInstancesUsed': have['instances'],
        'totalServerGroupsUsed': have['server_groups'],
    }
    if ask.minor < 57:
        absolute |= {'maxPersonality': 5, 'maxPersonalitySize': 10240}
    if ask.minor < 39:
        absolute |= {'maxImageMeta': 128}
    if ask.minor < 36:
        absolute |= dict.fromkeys(('maxTotalFloatingIps', 'maxSecurityGroups', 'maxSecurityGroupRules'), -1)
        absolute |= {'totalFloatingIpsUsed': 0, 'totalSecurityGroupsUsed': 0}
    return Answer(200, {'limits': {'rate': [], 'absolute': absolute}})


def quota(ask: Ask, project: str) -> Answer:
    """GET and PUT /os-quota-sets/ID. Raises Refused 400 or 403."""
    if ask.method == 'PUT':
        ask.need_admin('os_compute_api:os-quota-sets:update')
        given = {key: value for key, value in ask.member('quota_set').items() if key != 'force'}
        if unknown := [key for key in given if key not in DEFAULT_QUOTAS['compute']]:
            raise Refused(400, f"Additional properties are not allowed ('{unknown[0]}' was unexpected)")
        numbers = {key: int(value) for key, value in given.items()}
        ask.state.quotas[f'compute/{project}'] = ask.state.quotas.get(f'compute/{project}', {}) | numbers
        return Answer(200, {'quota_set': ask.state.quota('compute', project)})
    if project != ask.who.project:
        ask.need_admin('os_compute_api:os-quota-sets:show')
    old = OLD_QUOTAS if ask.minor < 36 else {}
    return Answer(200, {'quota_set': {'id': project} | ask.state.quota('compute', project) | old})


def quota_detail(ask: Ask, project: str) -> Answer:
    limits, have = quota(ask, project).doc['quota_set'], used(ask, project)
    full = {key: {'limit': value, 'in_use': have.get(key, 0), 'reserved': 0} for key, value in limits.items() if key != 'id'}
    return Answer(200, {'quota_set': {'id': project, **full}})


def quota_defaults(ask: Ask, project: str) -> Answer:
    return Answer(200, {'quota_set': {'id': project} | DEFAULT_QUOTAS['compute']})


def quota_reset(ask: Ask, project: str) -> Answer:
    ask.need_admin('os_compute_api:os-quota-sets:delete')
    ask.state.quotas.pop(f'compute/{project}', None)
    return Answer(202)


def _usage(ask: Ask, project: str, detailed: bool) -> Doc:
    now, each = ask.state.now(), []
    for doc in ask.state.servers.values():
        if doc['project_id'] != project or doc['_launched'] is None or doc['_launched'] > now:
            continue
        flavor, end = doc['_flavor'], doc['_terminated'] or now
        hours = max(0.0, end - doc['_launched']) / 3600
        each.append(
            {
                'instance_id': doc['id'],
                'name': doc['name'],
                'hours': hours,
                'flavor': flavor['name'],
                'tenant_id': project,
                'memory_mb': flavor['ram'],
                'local_gb': flavor['disk'],
                'vcpus': flavor['vcpus'],
                'started_at': micro(doc['_launched']),
                'ended_at': micro(doc['_terminated']),
                'state': 'terminated' if doc['_terminated'] else doc['_vm'],
                'uptime': int(end - doc['_launched']),
            }
        )
    if not each:
        return {}
    total: Doc = {
        'tenant_id': project,
        'start': micro(now - 28 * 86400),
        'stop': micro(now),
        'total_hours': sum(one['hours'] for one in each),
        'total_vcpus_usage': sum(one['hours'] * one['vcpus'] for one in each),
        'total_memory_mb_usage': sum(one['hours'] * one['memory_mb'] for one in each),
        'total_local_gb_usage': sum(one['hours'] * one['local_gb'] for one in each),
    }
    return total | ({'server_usages': each} if detailed else {})


def usage(ask: Ask, project: str) -> Answer:
    if project != ask.who.project:
        ask.need_admin('os_compute_api:os-simple-tenant-usage:show')
    return Answer(200, {'tenant_usage': _usage(ask, project, True)})


def usages(ask: Ask) -> Answer:
    ask.need_admin('os_compute_api:os-simple-tenant-usage:list')
    found = [_usage(ask, project, ask.flag('detailed')) for project in ask.state.projects]
    return Answer(200, {'tenant_usages': [one for one in found if one]})


# -- the operator's view


def services(ask: Ask) -> Answer:
    ask.need_admin('os_compute_api:os-services:list')
    listed = []
    for binary, zone in (('nova-scheduler', 'internal'), ('nova-conductor', 'internal'), ('nova-compute', 'nova')):
        one: Doc = {'binary': binary, 'host': ask.state.host, 'id': ask.state.fixed_id(binary), 'zone': zone, 'status': 'enabled'}
        listed.append(one | {'state': 'up', 'updated_at': micro(ask.state.now()), 'disabled_reason': None, 'forced_down': False})
    return Answer(200, {'services': listed})


def hypervisors(ask: Ask) -> Answer:
    """GET /os-hypervisors and its /detail: the one host."""
    ask.need_admin('os_compute_api:os-hypervisors:list')
    one: Doc = {'id': ask.state.fixed_id('hypervisor'), 'hypervisor_hostname': ask.state.host, 'state': 'up', 'status': 'enabled'}
    if ask.path.endswith('/detail'):
        service = {'id': ask.state.fixed_id('nova-compute'), 'host': ask.state.host, 'disabled_reason': None}
        one |= {'hypervisor_type': 'sim', 'hypervisor_version': 1000, 'host_ip': '192.0.2.1', 'service': service, 'uptime': None}
    return Answer(200, {'hypervisors': [one]})


def _empty(key: str) -> Callable[[Ask], Answer]:
    def handler(ask: Ask) -> Answer:
        ask.need_admin(f'os_compute_api:os-{key}:index')
        return Answer(200, {key: []})

    return handler


def version(ask: Ask, highest: int) -> Doc:
    """The version document."""
    return {
        'id': 'v2.1',
        'status': 'CURRENT',
        'version': f'2.{highest}',
        'min_version': '2.1',
        'updated': '2013-07-23T11:33:21Z',
        'links': [{'rel': 'self', 'href': f'{ask.base}/compute/v2.1/'}],
    }


ROWS: list[Row] = [
    ('GET', '/extensions', extensions),
    ('GET', '/os-availability-zone', zones),
    ('GET', '/os-availability-zone/detail', zones_detail),
    ('GET', '/limits', limits),
    ('GET PUT', '/os-quota-sets/{}', quota),
    ('DELETE', '/os-quota-sets/{}', quota_reset),
    ('GET', '/os-quota-sets/{}/detail', quota_detail),
    ('GET', '/os-quota-sets/{}/defaults', quota_defaults),
    ('GET', '/os-simple-tenant-usage', usages),
    ('GET', '/os-simple-tenant-usage/{}', usage),
    ('GET', '/os-services', services),
    ('GET', '/os-hypervisors', hypervisors),
    ('GET', '/os-hypervisors/detail', hypervisors),
    ('GET', '/os-aggregates', _empty('aggregates')),
    ('GET', '/os-migrations', _empty('migrations')),
]
