"""What hangs on a server: metadata, tags, addresses, interfaces, volumes, its history, its console."""

from __future__ import annotations

from hansa.sites.sim import addresses, attachments, netkinds, ports, servercreate, serverlist, servers
from hansa.sites.sim.state import Doc, micro
from hansa.sites.sim.wire import Answer, Ask, Refused


def metadata(ask: Ask, id: str) -> Answer:
    """GET, POST (merge) and PUT (replace)."""
    doc = servers.find(ask, id)
    if ask.method != 'GET':
        given = ask.member('metadata')
        if any(not isinstance(value, str) for value in given.values()):
            raise Refused(400, f'Invalid input for field/attribute metadata. Value: {given}.')
        doc['metadata'] = (doc['metadata'] if ask.method == 'POST' else {}) | given
        doc['_updated'] = ask.state.now()
    return Answer(200, {'metadata': doc['metadata']})


def metadatum(ask: Ask, id: str, key: str) -> Answer:
    """GET, PUT and DELETE of one key."""
    doc = servers.find(ask, id)
    if ask.method == 'PUT':
        given = ask.member('meta')
        if list(given) != [key]:
            raise Refused(400, 'Request body and URI mismatch')
        doc['metadata'] = doc['metadata'] | given
    elif key not in doc['metadata']:
        raise Refused(404, 'Metadata item was not found')
    elif ask.method == 'DELETE':
        doc |= {'metadata': {word: value for word, value in doc['metadata'].items() if word != key}, '_updated': ask.state.now()}
        return Answer(204)
    return Answer(200, {'meta': {key: doc['metadata'][key]}})


def tags(ask: Ask, id: str) -> Answer:
    """GET, PUT and DELETE of all tags."""
    doc = servers.find(ask, id)
    if ask.method != 'GET':
        doc |= {'tags': sorted(set(ask.object().get('tags', ()))) if ask.method == 'PUT' else [], '_updated': ask.state.now()}
    return Answer(204) if ask.method == 'DELETE' else Answer(200, {'tags': doc['tags']})


def tag(ask: Ask, id: str, word: str) -> Answer:
    """GET, PUT and DELETE of one tag."""
    doc = servers.find(ask, id)
    if ask.method == 'PUT':
        known = word in doc['tags']
        doc |= {'tags': sorted({*doc['tags'], word}), '_updated': ask.state.now()}
        return Answer(204 if known else 201, headers={'Location': f'{ask.base}/compute/v2.1/servers/{id}/tags/{word}'})
    if word not in doc['tags']:
        raise Refused(404, f"Server {id} has no tag '{word}'")
    if ask.method == 'DELETE':
        doc |= {'tags': [one for one in doc['tags'] if one != word], '_updated': ask.state.now()}
    return Answer(204)


def ips(ask: Ask, id: str) -> Answer:
    doc = servers.find(ask, id)
    held = servers.addresses(ask.state, doc)
    plain = {name: [{'version': one['version'], 'addr': one['addr']} for one in found] for name, found in held.items()}
    return Answer(200, {'addresses': plain})


def ips_of(ask: Ask, id: str, name: str) -> Answer:
    held = ips(ask, id).doc['addresses']
    if name not in held:
        raise Refused(404, 'Instance is not a member of specified network')
    return Answer(200, {name: held[name]})


# -- interfaces


def _interface(ask: Ask, port: Doc) -> Doc:
    shown = {
        'net_id': port['network_id'],
        'port_id': port['id'],
        'mac_addr': port['mac_address'],
        'port_state': port['status'],
        'fixed_ips': port['fixed_ips'],
    }
    return shown | ({'tag': None} if ask.minor >= 70 else {})


def interfaces(ask: Ask, id: str) -> Answer:
    servers.find(ask, id)
    return Answer(200, {'interfaceAttachments': [_interface(ask, one) for one in servers.own_ports(ask.state, id)]})


def _own_port(ask: Ask, id: str, port_id: str) -> Doc:
    servers.find(ask, id)
    port = ask.state.ports.get(port_id)
    if port is None or port['device_id'] != id:
        raise Refused(404, f'Port id {port_id} could not be found.')
    return port


def interface(ask: Ask, id: str, port_id: str) -> Answer:
    return Answer(200, {'interfaceAttachment': _interface(ask, _own_port(ask, id, port_id))})


def attach_interface(ask: Ask, id: str) -> Answer:
    """POST os-interface. Raises Refused 400, 404 or 409."""
    doc, given = servers.find(ask, id), ask.member('interfaceAttachment')
    servers.unlocked(ask, doc)
    if given.get('port_id'):
        found = ask.state.ports.get(given['port_id'])
        if found is None or not ask.sees(found):
            raise Refused(404, f'Port id {given["port_id"]} could not be found.')
        if found['device_id']:
            raise Refused(400, f'Port {found["id"]} is still in use.')
        wanted: Doc = {'port': found['id']}
    else:
        network = ask.state.networks.get(str(given.get('net_id')))
        if network is None or not netkinds.may_see(ask, addresses.NETWORKS, network):
            raise Refused(400, f'Network {given.get("net_id")} could not be found.')
        wanted = {'network_id': network['id']}
        if given.get('fixed_ips'):
            wanted['fixed_ips'] = given['fixed_ips']
    port = servercreate.plug(ask, doc, wanted, None)
    doc['_updated'] = ask.state.now()
    servers.record_action(ask, doc, 'attach_interface')
    return Answer(200, {'interfaceAttachment': _interface(ask, port)})


def detach_interface(ask: Ask, id: str, port_id: str) -> Answer:
    """DELETE os-interface/ID. Raises Refused 404 or 409."""
    doc, port = servers.find(ask, id), _own_port(ask, id, port_id)
    servers.unlocked(ask, doc)
    if port_id in doc['_given']:
        port |= {'device_id': '', 'device_owner': '', 'binding:host_id': ''}
        ports.bind(ask.state, port)
        doc['_given'] = [one for one in doc['_given'] if one != port_id]
    else:
        ports.release(ask.state, port_id)
        del ask.state.ports[port_id]
    doc['_updated'] = ask.state.now()
    servers.record_action(ask, doc, 'detach_interface')
    return Answer(202)


# -- volumes


def volumes_index(ask: Ask, id: str) -> Answer:
    return Answer(200, {'volumeAttachments': serverlist.volumes_of(ask, id)})


def _own_volume(ask: Ask, id: str, volume: str) -> Doc:
    for one in attachments.of_server(ask.state, id):
        if one['volume_id'] == volume:
            return one
    raise Refused(404, f'Instance {id} is not attached to volume {volume}')


def volume_show(ask: Ask, id: str, volume: str) -> Answer:
    doc = servers.find(ask, id)
    return Answer(200, {'volumeAttachment': serverlist.attachment_view(ask, doc, _own_volume(ask, id, volume))})


def volume_attach(ask: Ask, id: str) -> Answer:
    """POST os-volume_attachments. Raises Refused 400, 404 or 409."""
    doc, given = servers.find(ask, id), ask.member('volumeAttachment')
    state, wanted = ask.state, str(given.get('volumeId'))
    volume = state.volumes.get(wanted)
    servers.unlocked(ask, doc)
    if volume is None or not ask.sees(volume):
        raise Refused(404, f'Volume {wanted} could not be found.')
    if doc['_vm'] in ('building', 'error'):
        raise Refused(409, f"Cannot 'attach_volume' instance {id} while it is in vm_state {doc['_vm']}")
    holders = [one['instance'] for one in state.attachments.values() if one['volume_id'] == wanted]
    if holders and not volume['multiattach']:
        raise Refused(400, f'Invalid volume: volume {wanted} is already attached to instances: {", ".join(holders)}')
    if volume['status'] not in ('available', 'in-use'):
        why = f"Invalid volume: volume '{wanted}' status must be 'available'. Currently in '{volume['status']}'"
        raise Refused(400, why)
    root = 0 if not doc['_image'] else 1
    letter = 'abcdefghijklmnopqrstuvwxyz'[(len(attachments.of_server(state, id)) + root) % 26]
    device = given.get('device') or f'/dev/sd{letter}'
    attachments.join(state, volume, id, device)
    if given.get('delete_on_termination'):
        doc['_doomed'] = [*doc['_doomed'], wanted]
    doc['_updated'] = state.now()
    servers.record_action(ask, doc, 'attach_volume')
    shown: Doc = {'id': wanted, 'serverId': id, 'volumeId': wanted, 'device': device}
    if ask.minor >= 70:
        shown['tag'] = None
    if ask.minor >= 79:
        shown['delete_on_termination'] = bool(given.get('delete_on_termination'))
    return Answer(200, {'volumeAttachment': shown})


def volume_detach(ask: Ask, id: str, volume: str) -> Answer:
    """DELETE os-volume_attachments/ID; done a while later. Raises Refused 404 or 409."""
    doc, one = servers.find(ask, id), _own_volume(ask, id, volume)
    servers.unlocked(ask, doc)
    if one['_device'] == '/dev/sda' and doc['_vm'] in ('active', 'paused', 'stopped', 'suspended'):
        raise Refused(403, 'Cannot detach a root device volume')
    ask.state.volumes[volume] |= {'status': 'detaching', '_updated': ask.state.now()}
    ask.state.later('volumes', volume, {'_leaving': id}, 'volume parted')
    doc['_updated'] = ask.state.now()
    servers.record_action(ask, doc, 'detach_volume', ask.state.now() + ask.state.pace)
    return Answer(202)


# -- history and console


def _action(ask: Ask, one: Doc) -> Doc:
    shown = {key: value for key, value in one.items() if not key.startswith('_')}
    return shown | ({'updated_at': micro(min(one['_end'], ask.state.now()))} if ask.minor >= 58 else {})


def _history(ask: Ask, id: str) -> list[Doc]:
    doc = ask.state.servers.get(id)
    if doc is None or not ask.sees(doc):
        raise Refused(404, f'Instance {id} could not be found.')
    return ask.state.actions.get(id, [])


def history(ask: Ask, id: str) -> Answer:
    """GET os-instance-actions; outlives the server."""
    return Answer(200, {'instanceActions': [_action(ask, one) for one in _history(ask, id)]})


def history_one(ask: Ask, id: str, request: str) -> Answer:
    for one in _history(ask, id):
        if one['request_id'] == request:
            over = one['_end'] <= ask.state.now()
            event = {
                'event': f'compute_{one["action"]}',
                'start_time': one['start_time'],
                'finish_time': micro(one['_end']) if over else None,
                'result': 'Success' if over else None,
            }
            return Answer(200, {'instanceAction': _action(ask, one) | {'events': [event]}})
    raise Refused(404, f'Action for request_id {request} on instance {id} not found')


def security_groups(ask: Ask, id: str) -> Answer:
    """GET os-security-groups of a server, without their rules."""
    servers.find(ask, id)
    held = {group for port in servers.own_ports(ask.state, id) for group in port['security_groups']}
    listed = []
    for group in (ask.state.security_groups[one] for one in sorted(held)):
        shown = {key: group[key] for key in ('id', 'name', 'description', 'tenant_id')}
        listed.append(shown | {'rules': []})
    return Answer(200, {'security_groups': listed})


def remote_console(ask: Ask, id: str) -> Answer:
    """POST remote-consoles. Raises Refused 404 or 409."""
    doc, given = servers.find(ask, id), ask.member('remote_console')
    if doc['_vm'] == 'building':
        raise Refused(409, f'Instance {id} is not ready')
    kind = {'protocol': given.get('protocol'), 'type': given.get('type')}
    path = f'vnc_lite.html?path=%3Ftoken%3D{ask.state.new_id()}'
    return Answer(200, {'remote_console': kind | {'url': f'{ask.base}/console/{path}'}})


def diagnostics(ask: Ask, id: str) -> Answer:
    ask.need_admin('os_compute_api:os-server-diagnostics')
    doc = servers.find(ask, id)
    return Answer(200, {'state': 'running' if doc['_power'] == 1 else 'shutdown', 'driver': 'sim', 'hypervisor': 'sim'})
