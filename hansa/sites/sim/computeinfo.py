"""What Nova tells of itself: zones, limits, quotas, usage, extensions."""

from __future__ import annotations

from hansa.sites.sim import wire
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
    instances, cores, ram = ask.state.burden(project)
    groups = [doc for doc in ask.state.server_groups.values() if doc['project_id'] == project]
    return {
        'instances': instances,
        'cores': cores,
        'ram': ram,
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


def _used_servers(ask: Ask, project: str) -> tuple[list[Doc], bool]:
    """Usage of each server that ran, by project and id; from 2.40 on a page of them, and whether it is full. Raises Refused 400."""
    now, each = ask.state.now(), []
    for doc in ask.state.servers.values():
        if project not in ('', doc['project_id']) or doc['_launched'] is None or doc['_launched'] > now:
            continue
        flavor, end = doc['_flavor'], doc['_terminated'] or now
        each.append(
            {
                'instance_id': doc['id'],
                'name': doc['name'],
                'hours': max(0.0, end - doc['_launched']) / 3600,
                'flavor': flavor['name'],
                'tenant_id': doc['project_id'],
                'memory_mb': flavor['ram'],
                'local_gb': flavor['disk'],
                'vcpus': flavor['vcpus'],
                'started_at': micro(doc['_launched']),
                'ended_at': micro(doc['_terminated']),
                'state': 'terminated' if doc['_terminated'] else doc['_vm'],
                'uptime': int(end - doc['_launched']),
            }
        )
    each.sort(key=lambda one: (one['tenant_id'], one['instance_id']))
    if ask.minor < 40:
        return each, False
    found, full = wire.page([one | {'id': one['instance_id']} for one in each], ask, lambda marker: Refused(400, f'Marker {marker} could not be found.'))
    return [{key: value for key, value in one.items() if key != 'id'} for one in found], full


def _usages(ask: Ask, project: str, detailed: bool) -> tuple[list[Doc], list[Doc]]:
    """Usage by project, and the link to the next page where there is one."""
    now = ask.state.now()
    each, full = _used_servers(ask, project)
    totals: dict[str, Doc] = {}
    for one in each:
        start: Doc = {'tenant_id': one['tenant_id'], 'start': micro(now - 28 * 86400), 'stop': micro(now), 'total_hours': 0.0, 'server_usages': []}
        total = totals.setdefault(one['tenant_id'], start)
        total['total_hours'] += one['hours']
        for key, field in (('vcpus', 'vcpus'), ('memory_mb', 'memory_mb'), ('local_gb', 'local_gb')):
            total[f'total_{key}_usage'] = total.get(f'total_{key}_usage', 0.0) + one['hours'] * one[field]
        total['server_usages'].append(one)
    link = []
    if full and each:
        href = f'{ask.base}/compute/v2.1{ask.path}?{wire.next_query(ask, {"id": each[-1]["instance_id"]})}'
        link = [{'rel': 'next', 'href': href}]
    shown = [total if detailed else {key: value for key, value in total.items() if key != 'server_usages'} for total in totals.values()]
    return shown, link


def usage(ask: Ask, project: str) -> Answer:
    if project != ask.who.project:
        ask.need_admin('os_compute_api:os-simple-tenant-usage:show')
    found, link = _usages(ask, project, detailed=True)
    return Answer(200, {'tenant_usage': found[0] if found else {}} | ({'tenant_usage_links': link} if link else {}))


def usages(ask: Ask) -> Answer:
    ask.need_admin('os_compute_api:os-simple-tenant-usage:list')
    found, link = _usages(ask, '', ask.arg('detailed') == '1')
    return Answer(200, {'tenant_usages': found} | ({'tenant_usages_links': link} if link else {}))


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
]
