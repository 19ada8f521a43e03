"""What Cinder's administrators keep: QoS specs, group types, what hangs on volume types, services and hosts."""

from __future__ import annotations

from collections.abc import Callable

from hansa.sites.sim import volumeinfo
from hansa.sites.sim.state import Doc, micro
from hansa.sites.sim.wire import Answer, Ask, Refused, Row


def _found(table: dict[str, Doc], id: str, what: str) -> Doc:
    if id not in table:
        raise Refused(404, f'{what} {id} could not be found.')
    return table[id]


def _unique(table: dict[str, Doc], name: object, what: str) -> None:
    if not isinstance(name, str) or not name:
        raise Refused(400, f"Invalid input for field/attribute {what}. 'name' is a required property")
    if any(doc['name'] == name for doc in table.values()):
        raise Refused(409, f'{what} {name} already exists.')


# -- QoS specs


def qos_list(ask: Ask) -> Answer:
    ask.need_admin('volume_extension:qos_specs_manage:get_all')
    return Answer(200, {'qos_specs': list(ask.state.qos_specs.values())})


def qos_create(ask: Ask) -> Answer:
    """POST /qos-specs. Raises Refused 400, 403 or 409."""
    ask.need_admin('volume_extension:qos_specs_manage:create')
    given = ask.member('qos_specs')
    _unique(ask.state.qos_specs, given.get('name'), 'Qos spec')
    specs = {key: value for key, value in given.items() if key not in ('name', 'consumer')}
    doc = {'id': ask.state.new_id(), 'name': given['name'], 'consumer': given.get('consumer', 'back-end'), 'specs': specs}
    ask.state.qos_specs[doc['id']] = doc
    return _qos_shown(ask, doc)


def _qos_shown(ask: Ask, doc: Doc) -> Answer:
    return Answer(200, {'qos_specs': doc, 'links': [{'rel': 'self', 'href': f'{ask.base}/volume/v3/qos-specs/{doc["id"]}'}]})


def qos_one(ask: Ask, id: str) -> Answer:
    """GET, PUT (which adds specs) and DELETE. Raises Refused 400, 403 or 404."""
    ask.need_admin('volume_extension:qos_specs_manage:get')
    doc = _found(ask.state.qos_specs, id, 'No such qos spec')
    if ask.method == 'PUT':
        given = ask.member('qos_specs')
        doc['specs'] |= {key: value for key, value in given.items() if key != 'consumer'}
        return Answer(200, {'qos_specs': given})
    if ask.method == 'DELETE':
        if _associated(ask, id) and not ask.flag('force'):
            raise Refused(400, f'Invalid Qos specs: {id} is in use.')
        del ask.state.qos_specs[id]
        return Answer(202)
    return _qos_shown(ask, doc)


def _associated(ask: Ask, id: str) -> list[Doc]:
    return [doc for doc in ask.state.types.values() if doc.get('_qos') == id]


def qos_order(ask: Ask, id: str, verb: str) -> Answer:
    """What stands below a spec; Cinder associates by GET. Raises Refused 403 or 404."""
    ask.need_admin('volume_extension:qos_specs_manage:update')
    doc = _found(ask.state.qos_specs, id, 'No such qos spec')
    if verb == 'delete_keys':
        for key in ask.object().get('keys', []):
            doc['specs'].pop(key, None)
    elif verb == 'associations':
        told = [{'association_type': 'volume_type', 'name': each['name'], 'id': each['id']} for each in _associated(ask, id)]
        return Answer(200, {'qos_associations': told})
    elif verb == 'disassociate_all':
        for each in _associated(ask, id):
            each['_qos'] = None
    else:
        kind = _found(ask.state.types, ask.arg('vol_type_id'), 'Volume type')
        kind['_qos'] = id if verb == 'associate' else None
    return Answer(202)


# -- group types


def _group_type(ask: Ask, doc: Doc) -> Doc:
    hidden = () if ask.who.admin else ('group_specs',)
    return {key: value for key, value in doc.items() if key not in hidden}


def group_types(ask: Ask) -> Answer:
    return Answer(200, {'group_types': [_group_type(ask, doc) for doc in ask.state.group_types.values()]})


def create_group_type(ask: Ask) -> Answer:
    """POST /group_types. Raises Refused 400, 403 or 409."""
    ask.need_admin('group:group_types:create')
    given = ask.member('group_type')
    _unique(ask.state.group_types, given.get('name'), 'Group Type')
    doc = {
        'id': ask.state.new_id(),
        'name': given['name'],
        'description': given.get('description'),
        'is_public': given.get('is_public', True),
        'group_specs': dict(given.get('group_specs') or {}),
    }
    ask.state.group_types[doc['id']] = doc
    return Answer(202, {'group_type': doc})


def group_type(ask: Ask, id: str) -> Answer:
    """GET, PUT and DELETE. Raises Refused 400, 403 or 404."""
    doc = _found(ask.state.group_types, id, 'Group type')
    if ask.method == 'PUT':
        ask.need_admin('group:group_types:update')
        doc |= {key: value for key, value in ask.member('group_type').items() if key in ('name', 'description', 'is_public')}
    elif ask.method == 'DELETE':
        ask.need_admin('group:group_types:delete')
        if any(group['group_type'] == id for group in ask.state.groups.values()):
            raise Refused(400, 'Target group type is still in use.')
        del ask.state.group_types[id]
        return Answer(202)
    return Answer(200, {'group_type': _group_type(ask, doc)})


def group_specs(ask: Ask, id: str) -> Answer:
    """GET and POST of a group type's specs. Raises Refused 403 or 404."""
    ask.need_admin('group:group_types_specs:get')
    doc = _found(ask.state.group_types, id, 'Group type')
    if ask.method == 'POST':
        doc['group_specs'] |= ask.member('group_specs')
        return Answer(202, {'group_specs': doc['group_specs']})
    return Answer(200, {'group_specs': doc['group_specs']})


# -- what hangs on a volume type


def type_action(ask: Ask, id: str) -> Answer:
    """POST /types/ID/action. Raises Refused 400, 403, 404 or 409."""
    ask.need_admin('volume_extension:volume_type_access:addProjectAccess')
    doc = _found(ask.state.types, id, 'Volume type')
    body = ask.object()
    word = next(iter(body), '')
    if word not in ('addProjectAccess', 'removeProjectAccess'):
        raise Refused(400, f'There is no such action: {word}.')
    given = ask.member(word)
    granted = doc.setdefault('_projects', [])
    if (given['project'] in granted) == (word == 'addProjectAccess'):
        raise Refused(409 if granted else 404, f'Volume type access for {given["project"]} project is as asked already.')
    doc['_projects'] = [*granted, given['project']] if word == 'addProjectAccess' else [one for one in granted if one != given['project']]
    return Answer(202)


def type_access(ask: Ask, id: str) -> Answer:
    ask.need_admin('volume_extension:volume_type_access:get_all_for_type')
    doc = _found(ask.state.types, id, 'Volume type')
    return Answer(200, {'volume_type_access': [{'volume_type_id': id, 'project_id': one} for one in doc.get('_projects', ())]})


def encryption(ask: Ask, id: str) -> Answer:
    """GET and POST of a type's encryption. Raises Refused 400, 403 or 404."""
    ask.need_admin('volume_extension:volume_type_encryption:get')
    doc = _found(ask.state.types, id, 'Volume type')
    if ask.method == 'POST':
        if doc.get('_encryption'):
            raise Refused(400, f'Volume type encryption for type {id} already exists.')
        doc['_encryption'] = ask.member('encryption') | {'volume_type_id': id, 'encryption_id': ask.state.new_id()}
        return Answer(200, {'encryption': doc['_encryption']})
    return Answer(200, doc.get('_encryption') or {})


def encryption_one(ask: Ask, id: str, key: str) -> Answer:
    """PUT and DELETE look at the type alone, as Cinder does; GET names a field. Raises Refused 403 or 404."""
    ask.need_admin('volume_extension:volume_type_encryption:update')
    doc = _found(ask.state.types, id, 'Volume type')
    held = doc.get('_encryption') or {}
    if ask.method == 'PUT':
        doc['_encryption'] = held | ask.member('encryption')
        return Answer(200, {'encryption': ask.member('encryption')})
    if ask.method == 'DELETE':
        doc['_encryption'] = None
        return Answer(202)
    if key not in held:
        raise Refused(404, f'Volume type encryption for type {id} does not exist.')
    return Answer(200, {key: held[key]})


def default_types(ask: Ask) -> Answer:
    ask.need_admin('volume_extension:default_get_all')
    return Answer(200, {'default_types': list(ask.state.default_types.values())})


def default_type(ask: Ask, project: str) -> Answer:
    """GET, PUT and DELETE of a project's default type. Raises Refused 400, 403 or 404."""
    ask.need_admin('volume_extension:default_set_or_update')
    if project not in ask.state.projects:
        raise Refused(404, f'Project id {project} not found.')
    if ask.method == 'PUT':
        wanted = ask.member('default_type').get('volume_type')
        kind = next((one for one in ask.state.types.values() if wanted in (one['id'], one['name'])), None)
        if kind is None:
            raise Refused(400, f'Volume type {wanted} could not be found.')
        ask.state.default_types[project] = {'project_id': project, 'volume_type_id': kind['id']}
    elif ask.method == 'DELETE':
        ask.state.default_types.pop(project, None)
        return Answer(204)
    return Answer(200, {'default_type': _found(ask.state.default_types, project, 'Default type for project')})


# -- services and hosts


def _hosts(ask: Ask) -> list[Doc]:
    found: list[Doc] = volumeinfo.services(ask).doc['services']
    return found


def _host(ask: Ask, name: str) -> Doc:
    found = next((one for one in _hosts(ask) if one['host'] == name.partition('#')[0]), None)
    if found is None:
        raise Refused(404, f'Service {name} could not be found.')
    return found


def order(ask: Ask, verb: str) -> Answer:
    """PUT /os-services/VERB. Raises Refused 400, 403 or 404."""
    ask.need_admin('volume_extension:services:update')
    if verb in ('get-log', 'set-log'):
        levels = [{'host': one['host'], 'binary': one['binary'], 'levels': {'cinder': 'INFO'}} for one in _hosts(ask)]
        return Answer(200, {'log_levels': levels}) if verb == 'get-log' else Answer(202)
    given = ask.object()
    if not isinstance(given.get('host'), str):
        raise Refused(400, "Invalid input for field/attribute host. 'host' is a required property")
    service = _host(ask, given['host'])
    if verb in ('freeze', 'thaw', 'failover_host', 'failover'):
        return Answer(200 if verb in ('freeze', 'thaw') else 202)
    disabled = verb != 'enable'
    ask.state.disabled.pop(service['host'], None)
    if disabled:
        ask.state.disabled[service['host']] = {'reason': given.get('disabled_reason')}
    told = {'host': given['host'], 'service': '', 'binary': given.get('binary', ''), 'status': 'disabled' if disabled else 'enabled'}
    return Answer(200, told | {'disabled': disabled})


def hosts(ask: Ask) -> Answer:
    ask.need_admin('volume_extension:hosts')
    keys = {'zone': 'nova', 'service-status': 'available', 'service-state': 'enabled', 'last-update': micro(ask.state.now())}
    return Answer(200, {'hosts': [{'host_name': one['host'], 'service': one['binary'], **keys} for one in _hosts(ask)]})


def host(ask: Ask, name: str) -> Answer:
    ask.need_admin('volume_extension:hosts')
    total = {'host': _host(ask, name)['host'], 'project': '(total)', 'volume_count': str(len(ask.state.volumes))}
    return Answer(200, {'host': [{'resource': total}]})


def capabilities(ask: Ask, name: str) -> Answer:
    ask.need_admin('volume_extension:capabilities')
    return Answer(200, {'namespace': f'OS::Storage::Capabilities::{_host(ask, name)["host"]}', 'properties': {}})


def manageable(ask: Ask) -> Answer:
    """GET of what a host has that Cinder does not manage. Raises Refused 400, 403 or 404."""
    ask.need_admin('volume_extension:list_manageable')
    if not ask.arg('host'):
        raise Refused(400, 'Invalid input received: One and only one of cluster and host must be set.')
    _host(ask, ask.arg('host'))
    return Answer(200, {'manageable-volumes': []})


def clusters(ask: Ask) -> Answer:
    ask.need_admin('clusters:get_all')
    return Answer(200, {'clusters': []})


def cleanup(ask: Ask) -> Answer:
    ask.need_admin('workers:cleanup')
    return Answer(202, {'cleaning': [], 'unavailable': [{'id': one['host'], 'host': one['host']} for one in _hosts(ask)[:1]]})


def filters(ask: Ask) -> Answer:
    return Answer(200, {'resource_filters': [{'resource': 'backup', 'filters': ['name', 'status', 'volume_id']}]})


def extension(ask: Ask, alias: str) -> Answer:
    if alias not in volumeinfo.EXTENSIONS:
        raise Refused(404, 'The resource could not be found.')
    return Answer(200, {'extension': {'alias': alias, 'name': alias, 'description': '', 'links': []}})


_BELOW: list[tuple[str, Callable[..., Answer]]] = [
    (verb, lambda ask, spec, verb=verb: qos_order(ask, spec, verb))
    for verb in ('associate', 'associations', 'delete_keys', 'disassociate', 'disassociate_all')
]
ROWS: list[Row] = [
    ('GET', '/qos-specs', qos_list),
    ('POST', '/qos-specs', qos_create),
    ('GET PUT DELETE', '/qos-specs/{}', qos_one),
    *[('GET PUT', f'/qos-specs/{{}}/{verb}', handler) for verb, handler in _BELOW],
    ('GET', '/group_types', group_types),
    ('POST', '/group_types', create_group_type),
    ('GET PUT DELETE', '/group_types/{}', group_type),
    ('GET POST', '/group_types/{}/group_specs', group_specs),
    ('POST', '/types/{}/action', type_action),
    ('GET', '/types/{}/os-volume-type-access', type_access),
    ('GET POST', '/types/{}/encryption', encryption),
    ('GET PUT DELETE', '/types/{}/encryption/{}', encryption_one),
    ('GET', '/default-types', default_types),
    ('GET PUT DELETE', '/default-types/{}', default_type),
    ('PUT', '/os-services/{}', order),
    ('GET', '/os-hosts', hosts),
    ('GET', '/os-hosts/{}', host),
    ('GET', '/capabilities/{}', capabilities),
    ('GET', '/os-volume-manage', manageable),
    ('GET', '/manageable_volumes', manageable),
    ('GET', '/clusters', clusters),
    ('POST', '/workers/cleanup', cleanup),
    ('GET', '/resource_filters', filters),
    ('GET', '/extensions/{}', extension),
]
