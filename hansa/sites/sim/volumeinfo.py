"""What Cinder tells of itself: types, zones, limits, quotas, services."""

from __future__ import annotations

from collections.abc import Callable

from hansa.sites.sim import wire
from hansa.sites.sim.state import DEFAULT_QUOTAS, Doc, micro
from hansa.sites.sim.wire import Answer, Ask, Refused, Row

EXTENSIONS = (
    'os-vol-image-meta os-used-limits os-admin-actions os-types-extra-specs os-snapshot-actions os-quota-sets '
    'os-volume-actions os-availability-zone os-services os-types-manage os-extended-snapshot-attributes os-vol-host-attr '
    'scheduler-stats os-vol-mig-status-attr os-vol-tenant-attr os-extended-services'
).split()


def extensions(ask: Ask) -> Answer:
    listed = []
    for alias in EXTENSIONS:
        name = alias.removeprefix('os-').replace('-', ' ').capitalize()
        listed.append(
            {
                'name': name,
                'alias': alias,
                'description': f'{name} of the API.',
                'updated': '2026-01-01T00:00:00+00:00',
                'links': [],
            }
        )
    return Answer(200, {'extensions': listed})


# -- types


def _type(ask: Ask, wanted: str) -> Doc:
    for doc in ask.state.types.values():
        if wanted == doc['id'] or (wanted, doc['name']) == ('default', '__DEFAULT__'):
            return doc
    raise Refused(404, f'Volume type {wanted} could not be found.')


def _shown(ask: Ask, doc: Doc) -> Doc:
    more = {'qos_specs_id': doc.get('_qos')} if ask.who.admin else {}
    return wire.shown(doc) | {'os-volume-type-access:is_public': doc['is_public']} | more


def types(ask: Ask) -> Answer:
    every = ask.who.admin and ask.arg('is_public').lower() == 'none'
    seen = [doc for doc in ask.state.types.values() if every or doc['is_public'] or ask.who.project in doc.get('_projects', ())]
    return Answer(200, {'volume_types': [_shown(ask, doc) for doc in seen]})


def show_type(ask: Ask, id: str) -> Answer:
    shown = _shown(ask, _type(ask, id))
    if not ask.who.admin:
        del shown['os-volume-type-access:is_public']
    return Answer(200, {'volume_type': shown})


def create_type(ask: Ask) -> Answer:
    """POST /types. Raises Refused 400, 403 or 409."""
    ask.need_admin('volume_extension:type_create')
    given, state = ask.member('volume_type'), ask.state
    name = given.get('name')
    if not name:
        raise Refused(400, "Invalid input for field/attribute volume_type. 'name' is a required property")
    if any(doc['name'] == name for doc in state.types.values()):
        raise Refused(409, f'Volume Type {name} already exists.')
    doc = {
        'id': state.new_id(),
        'name': name,
        'is_public': given.get('os-volume-type-access:is_public', True),
        'description': given.get('description'),
        'extra_specs': dict(given.get('extra_specs') or {}),
    }
    state.types[doc['id']] = doc
    return Answer(200, {'volume_type': _shown(ask, doc)})


def update_type(ask: Ask, id: str) -> Answer:
    ask.need_admin('volume_extension:type_update')
    doc, given = _type(ask, id), ask.member('volume_type')
    doc |= {key: given[key] for key in ('name', 'description', 'is_public') if key in given}
    return Answer(200, {'volume_type': _shown(ask, doc)})


def delete_type(ask: Ask, id: str) -> Answer:
    """DELETE /types/ID. Raises Refused 400, 403 or 404."""
    ask.need_admin('volume_extension:type_delete')
    doc = _type(ask, id)
    if any(volume['_type'] == doc['id'] for volume in ask.state.volumes.values()):
        raise Refused(400, f'Target volume type is still in use: Volume Type {id} deletion is not allowed with volumes present.')
    del ask.state.types[doc['id']]
    return Answer(202)


def specs(ask: Ask, id: str) -> Answer:
    """GET and POST of a type's extra specs."""
    doc = _type(ask, id)
    if ask.method == 'POST':
        ask.need_admin('volume_extension:types_extra_specs:create')
        doc['extra_specs'] = doc['extra_specs'] | ask.member('extra_specs')
    return Answer(200, {'extra_specs': doc['extra_specs']})


# -- zones, limits, quotas


def zones(ask: Ask) -> Answer:
    return Answer(200, {'availabilityZoneInfo': [{'zoneName': 'nova', 'zoneState': {'available': True}}]})


def _used(ask: Ask, project: str) -> dict[str, int]:
    volumes, gigabytes = ask.state.stored(project)
    snapshots = [doc for doc in ask.state.snapshots.values() if doc['project_id'] == project]
    size = gigabytes + sum(doc['size'] for doc in snapshots)
    used = {'volumes': volumes, 'snapshots': len(snapshots), 'gigabytes': size}
    return used | {f'{key}___DEFAULT__': value for key, value in used.items()}


def limits(ask: Ask) -> Answer:
    project = ask.arg('project_id') or ask.arg('tenant_id') if ask.who.admin else ''
    quota, used = ask.state.quota('volume', project or ask.who.project), _used(ask, project or ask.who.project)
    absolute = {
        'maxTotalVolumes': quota['volumes'],
        'maxTotalSnapshots': quota['snapshots'],
        'maxTotalVolumeGigabytes': quota['gigabytes'],
        'maxTotalBackups': quota['backups'],
        'maxTotalBackupGigabytes': quota['backup_gigabytes'],
        'totalVolumesUsed': used['volumes'],
        'totalGigabytesUsed': used['gigabytes'],
        'totalSnapshotsUsed': used['snapshots'],
        'totalBackupsUsed': 0,
        'totalBackupGigabytesUsed': 0,
    }
    return Answer(200, {'limits': {'rate': [], 'absolute': absolute}})


def quota(ask: Ask, project: str) -> Answer:
    """GET /os-quota-sets/ID, with usage where asked. Raises Refused 403."""
    if project != ask.who.project:
        ask.need_admin('volume_extension:quotas:show')
    limits = ask.state.quota('volume', project)
    if not ask.flag('usage'):
        return Answer(200, {'quota_set': limits | {'id': project}})
    used = _used(ask, project)
    full: Doc = {key: {'limit': value, 'in_use': used.get(key, 0), 'reserved': 0} for key, value in limits.items()}
    return Answer(200, {'quota_set': full | {'id': project}})


def quota_defaults(ask: Ask, project: str) -> Answer:
    return Answer(200, {'quota_set': DEFAULT_QUOTAS['volume'] | {'id': project}})


def quota_set(ask: Ask, project: str) -> Answer:
    """PUT /os-quota-sets/ID. Raises Refused 400 or 403."""
    ask.need_admin('volume_extension:quotas:update')
    given = {key: int(value) for key, value in ask.member('quota_set').items() if key in DEFAULT_QUOTAS['volume']}
    ask.state.quotas[f'volume/{project}'] = ask.state.quotas.get(f'volume/{project}', {}) | given
    return Answer(200, {'quota_set': ask.state.quota('volume', project)})


def quota_reset(ask: Ask, project: str) -> Answer:
    ask.need_admin('volume_extension:quotas:delete')
    ask.state.quotas.pop(f'volume/{project}', None)
    return Answer(200)


def services(ask: Ask) -> Answer:
    ask.need_admin('volume_extension:services:index')
    listed = []
    host = f'{ask.state.name}-storage-1'
    running = [('cinder-volume', f'{host}@sim'), ('cinder-scheduler', host)]
    running += [('cinder-backup', host)] if ask.state.backup_service else []
    for binary, name in running:
        off = ask.state.disabled.get(name)
        one: Doc = {'binary': binary, 'host': name, 'zone': 'nova', 'status': 'disabled' if off else 'enabled', 'state': 'up'}
        one |= {'updated_at': micro(ask.state.now()), 'cluster': None, 'disabled_reason': off['reason'] if off else None}
        if ask.arg('binary') in ('', binary):
            listed.append(one)
    return Answer(200, {'services': listed})


def pools(ask: Ask) -> Answer:
    ask.need_admin('scheduler_extension:scheduler_stats:get_pools')
    used = sum(doc['size'] for doc in ask.state.volumes.values())
    capabilities = {
        'pool_name': 'sim',
        'total_capacity_gb': 10000,
        'free_capacity_gb': 10000 - used,
        'allocated_capacity_gb': used,
        'volume_backend_name': 'sim',
    }
    one: Doc = {'name': f'{ask.state.name}-storage-1@sim#sim'}
    return Answer(200, {'pools': [one | ({'capabilities': capabilities} if ask.flag('detail') else {})]})


def _empty(key: str) -> Callable[[Ask], Answer]:
    def handler(ask: Ask) -> Answer:
        return Answer(200, {key: []})

    return handler


ROWS: list[Row] = [
    ('GET', '/extensions', extensions),
    ('GET', '/types', types),
    ('POST', '/types', create_type),
    ('GET', '/types/{}', show_type),
    ('PUT', '/types/{}', update_type),
    ('DELETE', '/types/{}', delete_type),
    ('GET POST', '/types/{}/extra_specs', specs),
    ('GET', '/os-availability-zone', zones),
    ('GET', '/limits', limits),
    ('GET', '/os-quota-sets/{}', quota),
    ('GET', '/os-quota-sets/{}/defaults', quota_defaults),
    ('PUT', '/os-quota-sets/{}', quota_set),
    ('DELETE', '/os-quota-sets/{}', quota_reset),
    ('GET', '/os-services', services),
    ('GET', '/scheduler-stats/get_pools', pools),
    ('GET', '/messages', _empty('messages')),
]
