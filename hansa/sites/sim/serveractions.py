"""Nova's POST /servers/ID/action: which states allow what, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from hansa.sites.sim import attachments, images, netkinds, ports, servers, snapshots
from hansa.sites.sim.state import Doc
from hansa.sites.sim.wire import Answer, Ask, Refused

ANY = tuple(state for state in servers.STATUS if state not in ('building', 'deleted'))
ON = ('active', 'paused', 'suspended', 'stopped')
DESCRIBE = {'os-start': 'start', 'os-stop': 'stop'}


class Step(msgspec.Struct):
    """From which vm_states, through which task_state, to which fields; `said` is its name in instance actions."""

    allowed: tuple[str, ...]
    task: str
    end: Doc
    said: str = ''
    admin: bool = False


RUN: Doc = {'_vm': 'active', '_power': 1}
STEPS = {
    'os-start': Step(('stopped',), 'powering-on', RUN, 'start'),
    'os-stop': Step(('active', 'error'), 'powering-off', {'_vm': 'stopped', '_power': 4}, 'stop'),
    'pause': Step(('active',), 'pausing', {'_vm': 'paused', '_power': 3}),
    'unpause': Step(('paused',), 'unpausing', RUN),
    'suspend': Step(('active',), 'suspending', {'_vm': 'suspended', '_power': 4}),
    'resume': Step(('suspended',), 'resuming', RUN),
    'shelve': Step(ON, 'shelving', {'_vm': 'shelved_offloaded', '_power': 4, '_host': ''}),
    'shelveOffload': Step(('shelved',), 'shelving_offloading', {'_vm': 'shelved_offloaded', '_power': 4, '_host': ''}),
    'unrescue': Step(('rescued',), 'unrescuing', RUN),
    'resetNetwork': Step(ANY, '', {}, admin=True),
    'injectNetworkInfo': Step(ANY, '', {}, admin=True),
    'changePassword': Step(('active',), '', {}),
    'os-migrateLive': Step(('active', 'paused'), 'migrating', {}, 'live-migration', admin=True),
    'trigger_crash_dump': Step(ON, '', {}),
}


def act(ask: Ask, id: str) -> Answer:
    """Carry one out. Raises Refused 400, 403, 404 or 409."""
    doc, body = servers.find(ask, id), ask.json()
    name = next(iter(body), '') if isinstance(body, dict) else ''
    if name in STEPS:
        step = STEPS[name]
        if step.admin:
            ask.need_admin(f'os_compute_api:os-admin-actions:{name}')
        begin(ask, doc, DESCRIBE.get(name, name), step.allowed, step.task, step.end, step.said or name)
        return Answer(202)
    if name not in SPECIAL:
        raise Refused(400, f'There is no such action: {name}')
    return SPECIAL[name](ask, doc, body[name] or {})


def allow(ask: Ask, doc: Doc, word: str, allowed: tuple[str, ...]) -> None:
    """Raises Refused 409 for a wrong state or a lock."""
    servers.unlocked(ask, doc)
    if doc['_vm'] not in allowed:
        raise Refused(409, f"Cannot '{word}' instance {doc['id']} while it is in vm_state {doc['_vm']}")
    if doc['_task']:
        raise Refused(409, f"Cannot '{word}' instance {doc['id']} while it is in task_state {doc['_task']}")


def begin(ask: Ask, doc: Doc, word: str, allowed: tuple[str, ...], task: str, end: Doc, said: str) -> None:
    """Now the task, in a while the end. Raises Refused 409."""
    allow(ask, doc, word, allowed)
    state = ask.state
    doc['_updated'] = state.now()
    servers.record_action(ask, doc, said, state.now() + state.pace)
    if not task:
        doc |= end
        return
    doc['_task'] = task
    state.later('servers', doc['id'], {**end, '_task': None})


def reboot(ask: Ask, doc: Doc, given: Doc) -> Answer:
    kind = str(given.get('type', '')).upper()
    if kind not in ('SOFT', 'HARD'):
        raise Refused(400, f"Invalid input for field/attribute type. Value: {kind}. '{kind}' is not one of ['HARD', 'SOFT']")
    allowed = ('active',) if kind == 'SOFT' else (*ON, 'rescued', 'error')
    begin(ask, doc, 'reboot', allowed, 'rebooting' if kind == 'SOFT' else 'rebooting_hard', RUN, 'reboot')
    return Answer(202)


def rescue(ask: Ask, doc: Doc, given: Doc) -> Answer:
    begin(ask, doc, 'rescue', ('active', 'stopped', 'error'), 'rescuing', {'_vm': 'rescued', '_power': 4}, 'rescue')
    return Answer(200, {'adminPass': given.get('adminPass') or ask.state.new_hex()[:12]})


def unshelve(ask: Ask, doc: Doc, _: Doc) -> Answer:
    end = {**RUN, '_host': ask.state.host}
    begin(ask, doc, 'unshelve', ('shelved', 'shelved_offloaded'), 'unshelving', end, 'unshelve')
    return Answer(202)


def resize(ask: Ask, doc: Doc, given: Doc) -> Answer:
    flavor = ask.state.flavors.get(str(given.get('flavorRef')).rpartition('/')[2])
    if flavor is None:
        raise Refused(400, f'Flavor {given.get("flavorRef")} could not be found.')
    if flavor['id'] == doc['_flavor']['id']:
        raise Refused(400, 'When resizing, instances must change flavor!')
    end = {'_vm': 'resized', '_flavor': dict(flavor), '_old': doc['_flavor'], '_before': doc['_vm']}
    begin(ask, doc, 'resize', ('active', 'stopped'), 'resize_prep', end, 'resize')
    return Answer(202)


def migrate(ask: Ask, doc: Doc, _: Doc) -> Answer:
    ask.need_admin('os_compute_api:os-migrate-server:migrate')
    end = {'_vm': 'resized', '_old': doc['_flavor'], '_before': doc['_vm']}
    begin(ask, doc, 'migrate', ('active', 'stopped'), 'resize_prep', end, 'migrate')
    return Answer(202)


def confirm(ask: Ask, doc: Doc, _: Doc) -> Answer:
    end = {'_vm': doc['_before'] or 'active'}
    begin(ask, doc, 'confirmResize', ('resized',), '', end, 'confirmResize')
    return Answer(204)


def revert(ask: Ask, doc: Doc, _: Doc) -> Answer:
    end = {'_vm': doc['_before'] or 'active', '_flavor': doc.get('_old')}
    begin(ask, doc, 'revertResize', ('resized',), 'resize_reverting', end, 'revertResize')
    return Answer(202)


def rebuild(ask: Ask, doc: Doc, given: Doc) -> Answer:
    image = ask.state.images.get(str(given.get('imageRef')).rpartition('/')[2])
    if image is None or not images.visible(ask, image):
        raise Refused(400, 'Cannot find image for rebuild')
    end = {**RUN, '_launched': ask.state.now() + ask.state.pace} if doc['_vm'] != 'stopped' else {'_vm': 'stopped'}
    begin(ask, doc, 'rebuild', ('active', 'stopped', 'error'), 'rebuilding', {**end, '_fault': None}, 'rebuild')
    doc['_image'] = image['id']
    for key in ('name', 'metadata', 'description', 'accessIPv4', 'accessIPv6', 'key_name'):
        if key in given:
            doc[key] = given[key]
    shown = servers.view(ask, doc) | {'adminPass': given.get('adminPass') or ask.state.new_hex()[:12]}
    return Answer(202, {'server': shown}, headers={'Location': shown['links'][0]['href']})


def lock(ask: Ask, doc: Doc, given: Doc) -> Answer:
    doc |= {'_locked': True, '_reason': given.get('locked_reason'), '_updated': ask.state.now()}
    servers.record_action(ask, doc, 'lock')
    return Answer(202)


def unlock(ask: Ask, doc: Doc, _: Doc) -> Answer:
    doc |= {'_locked': False, '_reason': None, '_updated': ask.state.now()}
    servers.record_action(ask, doc, 'unlock')
    return Answer(202)


def _of_volumes(ask: Ask, doc: Doc, name: str) -> Doc:
    """The image of a server that booted from a volume has no bytes: it names snapshots of its volumes."""
    mapping = []
    for number, one in enumerate(attachments.of_server(ask.state, doc['id'])):
        made = snapshots.make(ask, ask.state.volumes[one['volume_id']], {'name': f'snapshot for {name}'})
        mapping.append(
            {'source_type': 'snapshot', 'destination_type': 'volume', 'snapshot_id': made['id'], 'boot_index': number or 0, 'volume_size': 1}
        )
    return {'status': 'active', 'size': 0, 'bdm_v2': 'True', 'block_device_mapping': msgspec.json.encode(mapping).decode()}


def create_image(ask: Ask, doc: Doc, given: Doc) -> Answer:
    allow(ask, doc, 'createImage', ON)
    if not given.get('name'):
        raise Refused(400, "Invalid input for field/attribute createImage. 'name' is a required property")
    state = ask.state
    record = {
        **{key: str(value) for key, value in (given.get('metadata') or {}).items()},
        'base_image_ref': doc['_image'],
        'owner_user_name': ask.who.user_name,
        'owner_project_name': ask.who.project_name,
        'instance_uuid': doc['id'],
        'user_id': ask.who.user,
        'image_type': 'snapshot',
        'name': given['name'],
        'disk_format': 'raw',
        'container_format': 'bare',
        'visibility': 'private',
        'min_disk': doc['_flavor']['disk'],
    }
    if not doc['_image']:
        record |= _of_volumes(ask, doc, given['name'])
    image = images.record(state, doc['project_id'], record)
    servers.record_action(ask, doc, 'createImage', state.now() + state.pace)
    headers = {'Location': f'{ask.base}/image/v2/images/{image["id"]}'}
    if not doc['_image']:
        return Answer(202, {'image_id': image['id']} if ask.minor >= 45 else None, headers=headers)
    doc |= {'_task': 'image_snapshot', '_updated': state.now()}
    state.later('servers', doc['id'], {'_task': None})
    state.later('images', image['id'], {'_content': doc['id']}, 'image filled')
    return Answer(202, {'image_id': image['id']} if ask.minor >= 45 else None, headers=headers)


def console(ask: Ask, doc: Doc, given: Doc) -> Answer:
    lines = [f'{ask.state.name}: {doc["name"]} starts', 'network is up', 'login:']
    length = str(given.get('length') or '')
    if length and not re.fullmatch(r'-?\d+', length):
        raise Refused(400, f'Invalid input for field/attribute length. Value: {length}.')
    return Answer(200, {'output': '\n'.join(lines[-int(length) :] if length and int(length) > 0 else lines)})


def _security_group(ask: Ask, doc: Doc, given: Doc) -> Doc:
    name, project = given.get('name'), doc['project_id']
    for group in ask.state.security_groups.values():
        if group['project_id'] == project and name in (group['id'], group['name']):
            return group
    raise Refused(404, f'Security group {name} is not found for project {project}')


def add_group(ask: Ask, doc: Doc, given: Doc) -> Answer:
    servers.unlocked(ask, doc)
    group = _security_group(ask, doc, given)
    for port in servers.own_ports(ask.state, doc['id']):
        if group['id'] not in port['security_groups']:
            port['security_groups'] = [*port['security_groups'], group['id']]
            netkinds.touch(ask.state, port)
    doc['_updated'] = ask.state.now()
    return Answer(202)


def remove_group(ask: Ask, doc: Doc, given: Doc) -> Answer:
    servers.unlocked(ask, doc)
    group = _security_group(ask, doc, given)
    held = [port for port in servers.own_ports(ask.state, doc['id']) if group['id'] in port['security_groups']]
    if not held:
        raise Refused(404, f'Security group {group["id"]} not associated with the instance {doc["id"]}')
    for port in held:
        port['security_groups'] = [id for id in port['security_groups'] if id != group['id']]
        netkinds.touch(ask.state, port)
    doc['_updated'] = ask.state.now()
    return Answer(202)


def add_fixed(ask: Ask, doc: Doc, given: Doc) -> Answer:
    """addFixedIp: one more port, as old clients ask for it."""
    given = {'network_id': given.get('networkId'), 'device_id': doc['id'], 'device_owner': 'compute:nova'}
    ports.create(ask, doc['project_id'], given | {'binding:host_id': ask.state.host})
    return Answer(202)


def reset_state(ask: Ask, doc: Doc, given: Doc) -> Answer:
    ask.need_admin('os_compute_api:os-admin-actions:reset_state')
    if given.get('state') not in ('active', 'error'):
        raise Refused(400, f'Invalid input for field/attribute state. Value: {given.get("state")}.')
    ask.state.forget(doc['id'])
    doc |= {'_vm': given['state'], '_task': None, '_updated': ask.state.now()}
    return Answer(202)


def force_delete(ask: Ask, doc: Doc, _: Doc) -> Answer:
    servers.delete(ask, doc['id'])
    return Answer(202)


SPECIAL: dict[str, Callable[[Ask, Doc, Any], Answer]] = {
    'reboot': reboot,
    'rescue': rescue,
    'unshelve': unshelve,
    'resize': resize,
    'migrate': migrate,
    'confirmResize': confirm,
    'revertResize': revert,
    'rebuild': rebuild,
    'lock': lock,
    'unlock': unlock,
    'createImage': create_image,
    'os-getConsoleOutput': console,
    'addSecurityGroup': add_group,
    'removeSecurityGroup': remove_group,
    'addFixedIp': add_fixed,
    'os-resetState': reset_state,
    'forceDelete': force_delete,
}
