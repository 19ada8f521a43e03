"""Nova's servers: what one is, how it shows at each microversion, rename and delete."""

from __future__ import annotations

import hashlib

from hansa.sites.sim import attachments, ports
from hansa.sites.sim.state import Doc, State, micro, z
from hansa.sites.sim.wire import Answer, Ask, Refused

STATUS = {
    'active': 'ACTIVE',
    'building': 'BUILD',
    'stopped': 'SHUTOFF',
    'paused': 'PAUSED',
    'suspended': 'SUSPENDED',
    'rescued': 'RESCUE',
    'resized': 'VERIFY_RESIZE',
    'error': 'ERROR',
    'deleted': 'DELETED',
    'shelved': 'SHELVED',
    'shelved_offloaded': 'SHELVED_OFFLOADED',
}
TASKS = {
    'rebooting': 'REBOOT',
    'rebooting_hard': 'HARD_REBOOT',
    'rebuilding': 'REBUILD',
    'resize_prep': 'RESIZE',
    'resize_reverting': 'REVERT_RESIZE',
}
WITH_PROGRESS = {'ACTIVE', 'BUILD', 'REBUILD', 'RESIZE', 'VERIFY_RESIZE', 'REVERT_RESIZE', 'MIGRATING'}


def status(doc: Doc) -> str:
    """Nova's one word for vm_state and task_state."""
    # Nova shows it so for a moment before it is gone; whoever wants to see that moment sets it.
    if doc.get('_deleted'):
        return 'DELETED'
    return TASKS.get(doc['_task'] or '') or STATUS[doc['_vm']]


def find(ask: Ask, id: str) -> Doc:
    """Raises Refused 404."""
    doc = ask.state.servers.get(id)
    if doc is None or doc['_vm'] == 'deleted' or not ask.sees(doc):
        raise Refused(404, f'Instance {id} could not be found.')
    return doc


def living(state: State, project: str = '') -> list[Doc]:
    """Servers that are not deleted, of one project or all."""
    return [doc for doc in state.servers.values() if doc['_vm'] != 'deleted' and project in ('', doc['project_id'])]


def links(ask: Ask, kind: str, id: str) -> list[Doc]:
    """Self and bookmark."""
    return [
        {'rel': 'self', 'href': f'{ask.base}/compute/v2.1/{kind}/{id}'},
        {'rel': 'bookmark', 'href': f'{ask.base}/compute/{kind}/{id}'},
    ]


def own_ports(state: State, server: str) -> list[Doc]:
    """Its ports, oldest first."""
    return state.ports_of(server)


def addresses(state: State, doc: Doc) -> dict[str, list[Doc]]:
    """By network name; floating ones too. Known once the server is built."""
    found: dict[str, list[Doc]] = {}
    for port in own_ports(state, doc['id']) if doc['_vm'] not in ('building', 'deleted') else ():
        name, mac = state.networks[port['network_id']]['name'], port['mac_address']
        floating = {one['fixed_ip_address']: one for one in state.floatingips.values() if one['port_id'] == port['id']}
        for fixed in port['fixed_ips']:
            mine = found.setdefault(name, [])
            mine.append(_address(fixed['ip_address'], 'fixed', mac))
            if fixed['ip_address'] in floating:
                mine.append(_address(floating[fixed['ip_address']]['floating_ip_address'], 'floating', mac))
    return found


def _address(address: str, kind: str, mac: str) -> Doc:
    version = 6 if ':' in address else 4
    return {'version': version, 'addr': address, 'OS-EXT-IPS:type': kind, 'OS-EXT-IPS-MAC:mac_addr': mac}


def view(ask: Ask, doc: Doc, single: bool = True) -> Doc:
    """The document of the caller's microversion."""
    state, word = ask.state, status(doc)
    host = doc['_host']
    shown: Doc = {
        'accessIPv4': doc['accessIPv4'],
        'accessIPv6': doc['accessIPv6'],
        'addresses': addresses(state, doc),
        'created': z(doc['_created']),
        'flavor': flavor_view(ask, doc['_flavor']),
        'hostId': hashlib.sha224((doc['project_id'] + host).encode()).hexdigest() if host else '',
        'id': doc['id'],
        'image': _image(ask, doc),
        'links': links(ask, 'servers', doc['id']),
        'metadata': doc['metadata'] if doc['_vm'] != 'deleted' else {},
        'name': doc['name'],
        'status': word,
        'tenant_id': doc['project_id'],
        'user_id': doc['user_id'],
        'updated': z(doc['_updated']),
        'OS-DCF:diskConfig': doc['_disk'],
        'OS-EXT-AZ:availability_zone': 'nova' if host or doc['_vm'] == 'building' else '',
        'config_drive': doc['_drive'],
        'key_name': doc['key_name'],
        'OS-SRV-USG:launched_at': micro(doc['_launched']),
        'OS-SRV-USG:terminated_at': micro(doc['_terminated']),
        'OS-EXT-STS:task_state': doc['_task'].removesuffix('_hard') if doc['_task'] else None,
        'OS-EXT-STS:vm_state': doc['_vm'],
        'OS-EXT-STS:power_state': doc['_power'],
        'os-extended-volumes:volumes_attached': _volumes(ask, doc),
    }
    groups = {id for port in own_ports(state, doc['id']) for id in port['security_groups']}
    names = sorted({state.security_groups[id]['name'] for id in groups if id in state.security_groups})
    if names and doc['_vm'] not in ('building', 'deleted'):
        shown['security_groups'] = [{'name': name} for name in names]
    if word in WITH_PROGRESS:
        shown['progress'] = 0
    if doc['_fault'] and word in ('ERROR', 'DELETED'):
        shown['fault'] = doc['_fault']
    if ask.who.admin:
        shown |= _of_admins(state, doc, ask.minor)
    return shown | _later(ask, doc, single)


def _later(ask: Ask, doc: Doc, single: bool) -> Doc:
    """What newer microversions added."""
    minor, state = ask.minor, ask.state
    groups = [one['id'] for one in state.server_groups.values() if doc['id'] in one['members']]
    added: list[tuple[int, str, object]] = [
        (9, 'locked', doc['_locked']),
        (19, 'description', doc['description']),
        (26, 'tags', doc['tags']),
        (63, 'trusted_image_certificates', None),
        (73, 'locked_reason', doc['_reason'] if doc['_locked'] else None),
        (90, 'OS-EXT-SRV-ATTR:hostname', doc['_hostname']),
        (96, 'pinned_availability_zone', doc['_pinned']),
        (100, 'scheduler_hints', doc['_hints']),
    ]
    if single:
        added.append((71, 'server_groups', groups))
    return {key: value for since, key, value in added if minor >= since}


def _of_admins(state: State, doc: Doc, minor: int) -> Doc:
    host = doc['_host'] or None
    shown: Doc = {
        'OS-EXT-SRV-ATTR:host': host,
        'OS-EXT-SRV-ATTR:instance_name': f'instance-{doc["_number"]:08x}',
        'OS-EXT-SRV-ATTR:hypervisor_hostname': host,
    }
    if minor >= 3:
        shown |= {
            'OS-EXT-SRV-ATTR:hostname': doc['_hostname'],
            'OS-EXT-SRV-ATTR:kernel_id': '',
            'OS-EXT-SRV-ATTR:launch_index': doc['_index'],
            'OS-EXT-SRV-ATTR:ramdisk_id': '',
            'OS-EXT-SRV-ATTR:reservation_id': doc['_reservation'],
            'OS-EXT-SRV-ATTR:root_device_name': '/dev/sda',
            'OS-EXT-SRV-ATTR:user_data': doc['_data'],
        }
    return shown | ({'host_status': 'UP' if host else ''} if minor >= 16 else {})


def flavor_view(ask: Ask, flavor: Doc) -> Doc:
    """What a server's document says of its flavor."""
    if ask.minor < 47:
        href = f'{ask.base}/compute/flavors/{flavor["id"]}'
        return {'id': flavor['id'], 'links': [{'rel': 'bookmark', 'href': href}]}
    return {
        'vcpus': flavor['vcpus'],
        'ram': flavor['ram'],
        'disk': flavor['disk'],
        'ephemeral': flavor['OS-FLV-EXT-DATA:ephemeral'],
        'swap': flavor['swap'],
        'original_name': flavor['name'],
        'extra_specs': flavor['extra_specs'],
    }


def _image(ask: Ask, doc: Doc) -> Doc | str:
    if not doc['_image']:
        return ''
    href = f'{ask.base}/compute/images/{doc["_image"]}'
    shown = {'id': doc['_image'], 'links': [{'rel': 'bookmark', 'href': href}]}
    return shown | ({'properties': {}} if ask.minor >= 98 else {})


def _volumes(ask: Ask, doc: Doc) -> list[Doc]:
    held = [one['volume_id'] for one in attachments.of_server(ask.state, doc['id'])]
    if ask.minor < 3:
        return [{'id': id} for id in held]
    return [{'id': id, 'delete_on_termination': id in doc['_doomed']} for id in held]


def record_action(ask: Ask, doc: Doc, action: str, until: float | None = None) -> None:
    """Write it into the server's instance actions."""
    now = ask.state.now()
    one = {
        'action': action,
        'instance_uuid': doc['id'],
        'request_id': ask.request_id,
        'user_id': ask.who.user,
        'project_id': ask.who.project,
        'start_time': micro(now),
        'message': None,
        '_end': now if until is None else until,
    }
    ask.state.actions.setdefault(doc['id'], []).insert(0, one)


def show(ask: Ask, id: str) -> Answer:
    return Answer(200, {'server': view(ask, find(ask, id))})


def update(ask: Ask, id: str) -> Answer:
    """PUT /servers/ID. Raises Refused 400 or 404."""
    doc, given = find(ask, id), ask.member('server')
    known = {'name', 'description', 'accessIPv4', 'accessIPv6', 'OS-DCF:diskConfig', 'hostname'}
    if unknown := [key for key in given if key not in known]:
        why = f"Value: {given}. Additional properties are not allowed ('{unknown[0]}' was unexpected)"
        raise Refused(400, f'Invalid input for field/attribute server. {why}')
    stored = {'OS-DCF:diskConfig': '_disk', 'hostname': '_hostname'}
    doc |= {stored.get(key, key): value for key, value in given.items()}
    doc['_updated'] = ask.state.now()
    return Answer(200, {'server': view(ask, doc)})


def unlocked(ask: Ask, doc: Doc) -> None:
    """Raises Refused 409 where a lock keeps plain users off."""
    if doc['_locked'] and not ask.who.admin:
        raise Refused(409, f'Instance {doc["id"]} is locked')


def delete(ask: Ask, id: str) -> Answer:
    """DELETE /servers/ID. Raises Refused 404 or 409."""
    doc, state = find(ask, id), ask.state
    unlocked(ask, doc)
    state.forget(id)
    doc |= {'_task': 'deleting', '_updated': state.now()}
    record_action(ask, doc, 'delete', state.now() + state.pace)
    state.later('servers', id, {}, 'server gone')
    return Answer(204)


def gone(state: State, doc: Doc, _: Doc) -> None:
    """A delete has come to its end: ports and volumes are let go, the record stays for changes-since."""
    for port in own_ports(state, doc['id']):
        if port['id'] in doc['_given']:
            port |= {'device_id': '', 'device_owner': '', 'binding:host_id': ''}
            ports.bind(state, port)
        else:
            ports.release(state, port['id'])
            del state.ports[port['id']]
    for one in attachments.of_server(state, doc['id']):
        volume = state.volumes[one['volume_id']]
        attachments.part(state, volume, doc['id'])
        if volume['id'] in doc['_doomed']:
            del state.volumes[volume['id']]
    for group in state.server_groups.values():
        group['members'] = [member for member in group['members'] if member != doc['id']]
    doc |= {'_vm': 'deleted', '_task': None, '_power': 0, '_host': '', '_terminated': doc['_updated']}
