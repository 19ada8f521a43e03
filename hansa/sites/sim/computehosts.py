"""What Nova tells administrators of its machines: services, hypervisors, hosts, aggregates, migrations, the audit log."""

from __future__ import annotations

import re

from hansa.sites.sim import servers, wire
from hansa.sites.sim.state import Doc, micro
from hansa.sites.sim.wire import Answer, Ask, Refused, Row

BINARIES = (('nova-scheduler', 'internal'), ('nova-conductor', 'internal'), ('nova-compute', 'nova'))
_UUID = re.compile('[0-9a-f-]{36}')
_POLICY = 'os_compute_api'


def _whole(word: str, what: str) -> int:
    """Raises Refused 400."""
    if not word.isdigit():
        raise Refused(400, f'Invalid input received: {what} must be an integer')
    return int(word)


# -- services and hosts


def _services(ask: Ask) -> list[Doc]:
    listed = []
    for at, (binary, zone) in enumerate(BINARIES, 2):
        set_ = ask.state.services.get(binary, {})
        one: Doc = {
            'binary': binary, 'host': ask.state.host, 'id': ask.state.fixed_id(binary) if ask.minor >= 53 else at, 'zone': zone,
            'status': 'disabled' if set_.get('disabled') else 'enabled', 'state': 'up', 'updated_at': micro(ask.state.now()),
            'disabled_reason': set_.get('reason'),
        }  # fmt: skip
        listed.append(one | ({'forced_down': set_.get('forced_down', False)} if ask.minor >= 11 else {}))
    return [one for one in listed if ask.arg('host') in ('', one['host']) and ask.arg('binary') in ('', one['binary'])]


def services(ask: Ask) -> Answer:
    ask.need_admin(f'{_POLICY}:os-services:list')
    return Answer(200, {'services': _services(ask)})


def service_change(ask: Ask, word: str) -> Answer:
    """PUT of a service by uuid, or of what to do with one. Raises Refused 400, 403 or 404."""
    ask.need_admin(f'{_POLICY}:os-services:update')
    body = ask.object()
    if ask.minor >= 53:
        binary = _by_uuid(ask, word)
        kept = ask.state.services.setdefault(binary, {})
        if 'status' in body:
            kept.update(disabled=body['status'] == 'disabled', reason=body.get('disabled_reason'))
        kept['forced_down'] = body.get('forced_down', kept.get('forced_down', False))
        return Answer(200, {'service': next(one for one in _services(ask) if one['binary'] == binary)})
    if word not in ('enable', 'disable', 'disable-log-reason', 'force-down'):
        raise Refused(404, 'Unknown action')
    if (body.get('host'), body.get('binary')) != (ask.state.host, 'nova-compute'):
        raise Refused(404, f'Could not find binary {body.get("binary")} on host {body.get("host")}.')
    kept = ask.state.services.setdefault('nova-compute', {})
    shown = {'host': body['host'], 'binary': body['binary']}
    if word == 'force-down':
        kept['forced_down'] = wire.strict_bool(body.get('forced_down'))
        return Answer(200, {'service': shown | {'forced_down': kept['forced_down']}})
    kept.update(disabled=word != 'enable', reason=body.get('disabled_reason'))
    reason = {'disabled_reason': kept['reason']} if kept['reason'] else {}
    return Answer(200, {'service': shown | {'status': 'enabled' if word == 'enable' else 'disabled'} | reason})


def _by_uuid(ask: Ask, word: str) -> str:
    if not _UUID.fullmatch(word):
        raise Refused(400, f'Invalid uuid {word}')
    for binary, _ in BINARIES:
        if ask.state.fixed_id(binary) == word:
            return binary
    raise Refused(404, f'Service {word} could not be found.')


def service_delete(ask: Ask, word: str) -> Answer:
    """The one host cannot go, as its service has to stay for whoever asks next."""
    ask.need_admin(f'{_POLICY}:os-services:delete')
    known = _by_uuid(ask, word) if ask.minor >= 53 else {2: 'nova-scheduler', 3: 'nova-conductor', 4: 'nova-compute'}.get(_whole(word, 'id'))
    if known is None:
        raise Refused(404, f'Service {word} could not be found.')
    raise Refused(409, 'Unable to delete compute service that is hosting instances. Migrate or delete the instances first.')


def hosts(ask: Ask) -> Answer:
    _until(ask, 42)
    ask.need_admin(f'{_POLICY}:os-hosts:list')
    zone = ask.arg('zone')
    hosts = [{'host_name': ask.state.host, 'service': binary[5:], 'zone': place} for binary, place in BINARIES if zone in {'', place}]
    return Answer(200, {'hosts': hosts})


def host(ask: Ask, name: str) -> Answer:
    _until(ask, 42)
    ask.need_admin(f'{_POLICY}:os-hosts:show')
    if name != ask.state.host:
        raise Refused(404, f'Compute host {name} could not be found.')
    if ask.method == 'PUT':
        return Answer(200, {'host': name, 'status': 'enabled'})
    total = {'host': name, 'project': '(total)', 'cpu': 64, 'memory_mb': 262144, 'disk_gb': 4096}
    return Answer(200, {'host': [{'resource': total}]})


def _until(ask: Ask, minor: int) -> None:
    if ask.minor > minor:
        raise Refused(404, 'The resource could not be found.')


# -- hypervisors


def _hypervisor(ask: Ask, detail: bool) -> Doc:
    newer = ask.minor >= 53
    one: Doc = {'id': ask.state.fixed_id('hypervisor') if newer else 1, 'hypervisor_hostname': ask.state.host, 'state': 'up', 'status': 'enabled'}
    if detail:
        service = {'id': ask.state.fixed_id('nova-compute') if newer else 4, 'host': ask.state.host, 'disabled_reason': None}
        one |= {'hypervisor_type': 'sim', 'hypervisor_version': 1000, 'host_ip': '192.0.2.1', 'service': service}
        one |= {'uptime': None} if ask.minor >= 88 else {'vcpus': 64, 'memory_mb': 262144, 'vcpus_used': 0, 'running_vms': _running(ask)}
    if newer and ask.flag('with_servers'):
        one['servers'] = [{'uuid': doc['id'], 'name': doc['name']} for doc in servers.living(ask.state)]
    return one


def _running(ask: Ask) -> int:
    return len(servers.living(ask.state))


def hypervisors(ask: Ask) -> Answer:
    """GET /os-hypervisors and its /detail: the one host."""
    ask.need_admin(f'{_POLICY}:os-hypervisors:list')
    one = _hypervisor(ask, ask.path.endswith('/detail'))
    pattern = ask.arg('hypervisor_hostname_pattern')
    if pattern and pattern not in ask.state.host:
        raise Refused(404, f"No hypervisor matching '{pattern}' could be found.")
    if ask.minor < 33:
        return Answer(200, {'hypervisors': [one]})
    found, more = wire.page([one | {'id': str(one['id'])}], ask, lambda marker: Refused(400, f'Marker {marker} could not be found.'))
    body: Doc = {'hypervisors': [one] if found else []}
    if more:
        body['hypervisors_links'] = [{'rel': 'next', 'href': f'{ask.base}/compute/v2.1{ask.path}?{wire.next_query(ask, one)}'}]
    return Answer(200, body)


def hypervisor(ask: Ask, word: str) -> Answer:
    """GET of one, and of its /uptime. Raises Refused."""
    ask.need_admin(f'{_POLICY}:os-hypervisors:show')
    if ask.minor >= 53 and not _UUID.fullmatch(word):
        raise Refused(400, f'Invalid uuid {word}')
    one = _hypervisor(ask, detail=not ask.path.endswith('/uptime'))
    if str(one['id']) != word:
        raise Refused(404, f"Hypervisor with ID '{word}' could not be found.")
    if ask.path.endswith('/uptime'):
        _until(ask, 87)
        one['uptime'] = ' 08:32:11 up 93 days, 18:25'
    return Answer(200, {'hypervisor': one})


def search(ask: Ask, word: str) -> Answer:
    """GET /os-hypervisors/PATTERN/search and /servers. Raises Refused 404."""
    _until(ask, 52)
    ask.need_admin(f'{_POLICY}:os-hypervisors:search')
    if word not in ask.state.host:
        raise Refused(404, f"No hypervisor matching '{word}' could be found.")
    one = _hypervisor(ask, detail=False)
    if ask.path.endswith('/servers'):
        one['servers'] = [{'uuid': doc['id'], 'name': doc['name']} for doc in servers.living(ask.state)]
    return Answer(200, {'hypervisors': [one]})


def statistics(ask: Ask) -> Answer:
    _until(ask, 87)
    ask.need_admin(f'{_POLICY}:os-hypervisors:statistics')
    return Answer(200, {'hypervisor_statistics': {'count': 1, 'vcpus': 64, 'memory_mb': 262144, 'running_vms': _running(ask)}})


# -- aggregates


def _aggregate(ask: Ask, word: str) -> Doc:
    doc = ask.state.aggregates.get(str(_whole(word, 'id')))
    if doc is None:
        raise Refused(404, f'Aggregate {word} could not be found.')
    return doc


def _shown(ask: Ask, doc: Doc) -> Doc:
    shown = wire.shown(doc) | {'availability_zone': doc['metadata'].get('availability_zone')}
    return shown if ask.minor >= 41 else {key: value for key, value in shown.items() if key != 'uuid'}


def aggregates(ask: Ask) -> Answer:
    """GET and POST. Raises Refused 400, 403 or 409."""
    ask.need_admin(f'{_POLICY}:os-aggregates:{"create" if ask.method == "POST" else "index"}')
    if ask.method == 'GET':
        return Answer(200, {'aggregates': [_shown(ask, doc) for doc in ask.state.aggregates.values()]})
    given = ask.member('aggregate')
    if not isinstance(given.get('name'), str) or not given['name'].strip():
        raise Refused(400, "Invalid input for field/attribute aggregate. 'name' is a required property")
    if any(doc['name'] == given['name'] for doc in ask.state.aggregates.values()):
        raise Refused(409, f'Aggregate {given["name"]} already exists.')
    id = len(ask.state.aggregates) + 1
    zone = given.get('availability_zone')
    doc: Doc = {
        'id': id, 'uuid': ask.state.new_id(), 'name': given['name'], 'hosts': [], 'metadata': {'availability_zone': zone} if zone else {},
        'created_at': micro(ask.state.now()), 'updated_at': None, 'deleted': False, 'deleted_at': None,
    }  # fmt: skip
    ask.state.aggregates[str(id)] = doc
    return Answer(200, {'aggregate': {key: value for key, value in _shown(ask, doc).items() if key not in ('hosts', 'metadata')}})


def aggregate(ask: Ask, word: str) -> Answer:
    """GET, PUT and DELETE of one."""
    ask.need_admin(f'{_POLICY}:os-aggregates:show')
    doc = _aggregate(ask, word)
    if ask.method == 'DELETE':
        if doc['hosts']:
            raise Refused(400, f'Cannot remove aggregate {word}. Reason: Host aggregate is not empty.')
        del ask.state.aggregates[word]
        return Answer(200)
    if ask.method == 'PUT':
        given = ask.member('aggregate')
        doc['name'] = given.get('name', doc['name'])
        if 'availability_zone' in given:
            _describe(doc, {'availability_zone': given['availability_zone']})
    return Answer(200, {'aggregate': _shown(ask, doc)})


def _describe(doc: Doc, words: Doc) -> None:
    every = doc['metadata'] | words
    doc['metadata'] = {key: value for key, value in every.items() if value is not None}


def aggregate_act(ask: Ask, word: str) -> Answer:
    """Hosts in and out, metadata. Raises Refused."""
    ask.need_admin(f'{_POLICY}:os-aggregates:add_host')
    doc, body = _aggregate(ask, word), ask.object()
    action = next(iter(body), '')
    if action in ('add_host', 'remove_host'):
        name = body[action].get('host')
        if name != ask.state.host or (action == 'remove_host' and name not in doc['hosts']):
            raise Refused(404, f'Compute host {name} could not be found.')
        if action == 'add_host' and name in doc['hosts']:
            raise Refused(409, f'Cannot add host to aggregate {word}. Reason: host already in it.')
        doc['hosts'] = [name] if action == 'add_host' else []
    elif action == 'set_metadata':
        _describe(doc, body[action].get('metadata') or {})
    else:
        raise Refused(400, f'There is no such action: {action}')
    return Answer(200, {'aggregate': _shown(ask, doc)})


def cache(ask: Ask, word: str) -> Answer:
    if ask.minor < 81:
        raise Refused(404, 'The resource could not be found.')
    ask.need_admin('compute:aggregates:images')
    _aggregate(ask, word)
    return Answer(202)


# -- migrations and the audit log


def migrations(ask: Ask) -> Answer:
    """The newest first, as `state.migrations` has them. Raises Refused 400 for an unknown marker."""
    ask.need_admin(f'{_POLICY}:os-migrations:index')
    listed = sorted(ask.state.migrations.values(), key=lambda doc: str(doc['created_at']), reverse=True)
    shown = [doc if ask.minor >= 59 else {key: value for key, value in doc.items() if key != 'uuid'} for doc in listed]
    if ask.minor < 59:
        return Answer(200, {'migrations': shown})
    found, more = wire.page([doc | {'id': doc['uuid'], '_id': doc['id']} for doc in shown], ask, lambda marker: Refused(400, f'Marker {marker} could not be found.'))
    body: Doc = {'migrations': [wire.shown(doc) | {'id': doc['_id']} for doc in found]}
    if more:
        body['migrations_links'] = [{'rel': 'next', 'href': f'{ask.base}/compute/v2.1/os-migrations?{wire.next_query(ask, found[-1])}'}]
    return Answer(200, body)


def audit(ask: Ask, before: str = '') -> Answer:
    """GET /os-instance_usage_audit_log: no host has ever run an audit. Raises Refused 400."""
    ask.need_admin(f'{_POLICY}:os-instance-usage-audit-log:list')
    if before and not re.fullmatch(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?', before):
        raise Refused(400, f'Invalid timestamp for date {before}')
    log: Doc = {
        'period_beginning': '2026-10-01 00:00:00', 'period_ending': '2026-11-01 00:00:00', 'num_hosts': 1, 'num_hosts_done': 0,
        'num_hosts_running': 0, 'num_hosts_not_run': 1, 'hosts_not_run': [ask.state.host], 'total_instances': 0, 'total_errors': 0,
        'overall_status': '0 of 1 hosts done. 0 errors.', 'log': {},
    }  # fmt: skip
    return Answer(200, {'instance_usage_audit_log' if before else 'instance_usage_audit_logs': log})


ROWS: list[Row] = [
    ('GET', '/os-services', services),
    ('PUT', '/os-services/{}', service_change),
    ('DELETE', '/os-services/{}', service_delete),
    ('GET', '/os-hosts', hosts),
    ('GET PUT', '/os-hosts/{}', host),
    ('GET', '/os-hypervisors', hypervisors),
    ('GET', '/os-hypervisors/detail', hypervisors),
    ('GET', '/os-hypervisors/statistics', statistics),
    ('GET', '/os-hypervisors/{}', hypervisor),
    ('GET', '/os-hypervisors/{}/uptime', hypervisor),
    ('GET', '/os-hypervisors/{}/search', search),
    ('GET', '/os-hypervisors/{}/servers', search),
    ('GET POST', '/os-aggregates', aggregates),
    ('GET PUT DELETE', '/os-aggregates/{}', aggregate),
    ('POST', '/os-aggregates/{}/action', aggregate_act),
    ('POST', '/os-aggregates/{}/images', cache),
    ('GET', '/os-migrations', migrations),
    ('GET', '/os-instance_usage_audit_log', audit),
    ('GET', '/os-instance_usage_audit_log/{}', audit),
]
