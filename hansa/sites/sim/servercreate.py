"""Nova's POST /servers: check everything that is named, then make servers that will be built."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from hansa.sites.sim import addresses, attachments, images, netkinds, ports, servers, volumes
from hansa.sites.sim.state import Doc, State, z
from hansa.sites.sim.wire import Answer, Ask, Refused

FIELDS = set(
    'name flavorRef imageRef networks metadata adminPass accessIPv4 accessIPv6 personality security_groups user_data key_name '
    'availability_zone config_drive min_count max_count return_reservation_id block_device_mapping block_device_mapping_v2 '
    'description tags OS-DCF:diskConfig trusted_image_certificates host hypervisor_hostname hostname'.split()
)
UUID = re.compile('[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}')
NO_HOST = 'No valid host was found. There are not enough hosts available.'


def create(ask: Ask) -> Answer:
    """POST /servers. Raises Refused 400, 403, 404 or 409."""
    given, state = ask.member('server'), ask.state
    hints = ask.json().get('os:scheduler_hints') or ask.json().get('OS-SCH-HNT:scheduler_hints') or {}
    _schema(ask, given)
    flavor = state.flavors.get(str(given['flavorRef']).rpartition('/')[2])
    if flavor is None:
        raise Refused(400, f'Flavor {given["flavorRef"]} could not be found.')
    image = _image(ask, given)
    least, most = int(given.get('min_count') or 1), int(given.get('max_count') or given.get('min_count') or 1)
    if least > most:
        raise Refused(400, 'min_count must be <= max_count')
    if given.get('key_name') and f'{ask.who.user}/{given["key_name"]}' not in state.keypairs:
        raise Refused(400, 'Invalid key_name provided.')
    _zone(given.get('availability_zone'))
    group = _group(state, hints)
    securities = [_security(ask, str(one.get('name'))) for one in given.get('security_groups') or ()]
    most = _within_quota(ask, flavor, least, most)
    wanted = _networks(ask, given)
    if most > 1:
        _multiple(given, wanted)
    reservation = f'r-{state.new_hex()[:8]}'
    made: list[Doc] = []
    try:
        for index in range(most):
            doc = _record(ask, given, flavor, image, hints, index, most) | {'_reservation': reservation}
            state.servers[doc['id']] = doc
            made.append(doc)
            _plug(ask, doc, wanted, securities)
            _disks(ask, doc, given.get('block_device_mapping_v2') or _old_disks(given) or _image_disks(image))
            _build(ask, doc, group)
    except Refused:
        for doc in made:
            servers.gone(state, doc, {})
            state.forget(doc['id'])
            del state.servers[doc['id']]
        raise
    if given.get('return_reservation_id'):
        return Answer(202, {'reservation_id': reservation})
    names = [{'name': one['name']} for one in securities] or [{'name': 'default'}]
    body = {
        'id': made[0]['id'],
        'links': servers.links(ask, 'servers', made[0]['id']),
        'OS-DCF:diskConfig': made[0]['_disk'],
        'security_groups': names,
        'adminPass': given.get('adminPass') or state.new_hex()[:12],
    }
    return Answer(202, {'server': body}, headers={'Location': body['links'][0]['href']})


def _multiple(given: Doc, wanted: list[Doc]) -> None:
    """What several servers cannot share. Raises Refused 400."""
    if any('port' in one for one in wanted):
        why = 'Unable to launch multiple instances with a single configured port ID. Please launch your instance one by one'
        raise Refused(400, f'Failed to launch instances: {why} with different ports.')
    if any('fixed_ips' in one for one in wanted):
        raise Refused(400, 'Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.')
    if any(disk.get('source_type') == 'volume' for disk in given.get('block_device_mapping_v2') or ()):
        raise Refused(400, 'Cannot attach one or more volumes to multiple instances')


def _schema(ask: Ask, given: Doc) -> None:
    def wrong(why: str) -> Refused:
        return Refused(400, f'Invalid input for field/attribute server. Value: {given}. {why}')

    needed = ['name', 'flavorRef'] + (['networks'] if ask.minor >= 37 else [])
    for key in ('flavorRef', *needed):
        if key not in given:
            raise wrong(f"'{key}' is a required property")
    if unknown := [key for key in given if key not in FIELDS]:
        raise wrong(f"Additional properties are not allowed ('{unknown[0]}' was unexpected)")
    networks = given.get('networks', [])
    if isinstance(networks, str) and networks not in ('none', 'auto'):
        raise Refused(
            400,
            f"Invalid input for field/attribute networks. Value: {networks}. '{networks}' is not valid under any of the given schemas",
        )
    ref = given.get('imageRef') or ''
    if ref and not UUID.fullmatch(str(ref).rpartition('/')[2]):
        raise Refused(
            400, f"Invalid input for field/attribute imageRef. Value: {ref}. '{ref}' is not valid under any of the given schemas"
        )


def _image(ask: Ask, given: Doc) -> Doc | None:
    ref = str(given.get('imageRef') or '').rpartition('/')[2]
    if not ref:
        disks = given.get('block_device_mapping_v2') or given.get('block_device_mapping') or []
        if not any(str(disk.get('boot_index', 0)) == '0' for disk in disks):
            raise Refused(400, 'Missing imageRef attribute')
        return None
    image = ask.state.images.get(ref)
    if image is None or not images.visible(ask, image):
        raise Refused(400, 'Can not find requested image')
    if image['status'] != 'active':
        raise Refused(400, f'Image {ref} is not active.')
    return image


def _zone(zone: Any) -> None:
    if zone and str(zone).partition(':')[0] != 'nova':
        raise Refused(400, 'The requested availability zone is not available')


def _group(state: State, hints: Doc) -> Doc | None:
    if not hints.get('group'):
        return None
    group = state.server_groups.get(hints['group'])
    if group is None:
        raise Refused(400, f'Instance group {hints["group"]} could not be found.')
    return group


def _security(ask: Ask, name: str) -> Doc:
    ports.default_group(ask.state, ask.who.project)
    mine = [one for one in ask.state.security_groups.values() if one['project_id'] == ask.who.project]
    found = [one for one in mine if name == one['id']] or [one for one in mine if name == one['name']]
    if not found:
        raise Refused(400, f"Unable to find security_group with name or id '{name}'")
    if len(found) > 1:
        raise Refused(409, f"Multiple security_group matches found for name '{name}', use an ID to be more specific.")
    return found[0]


def _within_quota(ask: Ask, flavor: Doc, least: int, most: int) -> int:
    limits = ask.state.quota('compute', ask.who.project)
    if all(limits[key] < 0 for key in ('instances', 'cores', 'ram')):
        return min(most, max(least, ask.state.capacity))
    used = dict(zip(('instances', 'cores', 'ram'), ask.state.burden(ask.who.project), strict=True))
    each = {'instances': 1, 'cores': flavor['vcpus'], 'ram': flavor['ram']}
    over: list[str] = []
    for count in range(min(most, max(least, ask.state.capacity)), least - 1, -1):
        over = [key for key in used if 0 <= limits[key] < used[key] + each[key] * count]
        if not over:
            return count
    key = over[0]
    why = f'Quota exceeded for {key}: Requested {each[key] * least}, but already used {used[key]} of {limits[key]} {key}'
    raise Refused(403, why)


def _networks(ask: Ask, given: Doc) -> list[Doc]:
    """What to plug in: port requests for Neutron, or {'port': id} of ports that are there."""
    state, asked = ask.state, given.get('networks')
    if asked == 'none':
        return []
    if not asked or asked == 'auto':
        usable = [one for one in state.networks.values() if one['project_id'] == ask.who.project or one['shared']]
        usable = [one for one in usable if any(sub['network_id'] == one['id'] for sub in state.subnets.values())]
        if len(usable) > 1:
            raise Refused(409, 'Multiple possible networks found, use a Network ID to be more specific.')
        return [{'network_id': one['id']} for one in usable]
    wanted = []
    for one in asked:
        if one.get('port'):
            port = state.ports.get(str(one['port']))
            if port is None or not ask.sees(port):
                raise Refused(400, f'Port id {one["port"]} could not be found.')
            if port['device_id']:
                raise Refused(409, f'Port {port["id"]} is still in use.')
            wanted.append({'port': port['id']})
            continue
        network = state.networks.get(str(one.get('uuid')))
        if network is None or not netkinds.may_see(ask, addresses.NETWORKS, network):
            raise Refused(400, f'Network {one.get("uuid")} could not be found.')
        if not (ask.sees(network) or network['shared']):
            raise Refused(403, f'It is not allowed to create an interface on external network {network["id"]}')
        fixed = {'fixed_ips': [{'ip_address': one['fixed_ip']}]} if one.get('fixed_ip') else {}
        wanted.append({'network_id': network['id'], **fixed})
    return wanted


def _record(ask: Ask, given: Doc, flavor: Doc, image: Doc | None, hints: Doc, index: int, most: int) -> Doc:
    state, now = ask.state, ask.state.now()
    name = given['name'] if most == 1 else f'{given["name"]}-{index + 1}'
    doc: Doc = {
        'id': state.new_id(),
        'name': name,
        'project_id': ask.who.project,
        'user_id': ask.who.user,
        'accessIPv4': given.get('accessIPv4', ''),
        'accessIPv6': given.get('accessIPv6', ''),
        'metadata': dict(given.get('metadata') or {}),
        'description': given.get('description') if ask.minor >= 19 else name,
        'tags': sorted(set(given.get('tags') or ())),
        'key_name': given.get('key_name'),
        '_created': now,
        '_updated': now,
        '_launched': None,
        '_terminated': None,
        '_vm': 'building',
        '_task': 'scheduling',
        '_power': 0,
        '_flavor': dict(flavor),
        '_image': image['id'] if image else '',
        '_host': '',
        '_hostname': re.sub('[^a-z0-9-]', '-', name.lower()),
        '_disk': given.get('OS-DCF:diskConfig', 'MANUAL'),
        '_drive': 'True' if given.get('config_drive') in (True, 'true', 'True') else '',
        '_data': given.get('user_data'),
        '_pinned': given.get('availability_zone'),
        '_hints': hints,
        '_locked': False,
        '_reason': None,
        '_fault': None,
        '_index': index,
        '_number': state.next_number(),
        '_given': [],
        '_doomed': [],
        '_before': '',
    }
    return doc


def _plug(ask: Ask, doc: Doc, wanted: list[Doc], securities: list[Doc]) -> None:
    for one in wanted:
        plug(ask, doc, one, [group['id'] for group in securities] or None)


def plug(ask: Ask, doc: Doc, wanted: Doc, securities: list[str] | None) -> Doc:
    """A port of the server: made, or taken over. Raises Refused 400 or 409."""
    mine = {'device_id': doc['id'], 'device_owner': 'compute:nova', 'binding:host_id': ask.state.host}
    if 'port' in wanted:
        port = ask.state.ports[wanted['port']]
        port |= mine
        doc['_given'] = [*doc['_given'], port['id']]
        ports.bind(ask.state, port)
        netkinds.touch(ask.state, port)
        return port
    groups = {'security_groups': securities} if securities else {}
    return ports.create(ask, doc['project_id'], {**wanted, **mine, **groups})


def _disks(ask: Ask, doc: Doc, disks: list[Doc]) -> None:
    for number, disk in enumerate(disks):
        source, ref = disk.get('source_type'), str(disk.get('uuid') or '')
        if disk.get('destination_type', 'volume') == 'local':
            continue
        if source == 'volume':
            volume = ask.state.volumes.get(ref)
            if volume is None or not ask.sees(volume):
                raise Refused(400, f'Block Device Mapping is Invalid: failed to get volume {ref}.')
            if volume['status'] != 'available':
                raise Refused(
                    400, f"Invalid volume: volume '{ref}' status must be 'available'. Currently in '{volume['status']}'"
                )
        else:
            key, table = {'image': ('imageRef', 'images'), 'snapshot': ('snapshot_id', 'snapshots')}.get(str(source), ('', ''))
            if key and ref not in ask.state.table(table):
                raise Refused(400, f'Block Device Mapping is Invalid: failed to get {source} {ref}.')
            size = disk.get('volume_size') or doc['_flavor']['disk'] or 1
            volume = volumes.make(ask, doc['project_id'], {'size': size, 'name': '', **({key: ref} if key else {}), **_type(ask, disk)})
            ask.state.forget(volume['id'])
            volume['bootable'] = bool(key)
        attachments.join(ask.state, volume, doc['id'], f'/dev/sd{"abcdefghijklmnop"[number % 16]}')
        if disk.get('delete_on_termination'):
            doc['_doomed'] = [*doc['_doomed'], volume['id']]


def _type(ask: Ask, disk: Doc) -> Doc:
    if disk.get('volume_type') and ask.minor < 67:
        raise Refused(400, "Additional properties are not allowed ('volume_type' was unexpected)")
    return {'volume_type': disk['volume_type']} if disk.get('volume_type') else {}


def _old_disks(given: Doc) -> list[Doc]:
    """The form of before `block_device_mapping_v2`: volumes and snapshots under keys of their own."""
    found = []
    for disk in given.get('block_device_mapping') or ():
        source = 'volume' if disk.get('volume_id') else 'snapshot'
        found.append(disk | {'source_type': source, 'destination_type': 'volume', 'uuid': disk.get(f'{source}_id')})
    return found


def _image_disks(image: Doc | None) -> list[Doc]:
    """What the image of a server that booted from a volume names."""
    named = msgspec.json.decode((image or {}).get('block_device_mapping') or '[]', type=list[Doc])
    return [disk | {'uuid': disk['snapshot_id']} for disk in named]


def _build(ask: Ask, doc: Doc, group: Doc | None) -> None:
    state = ask.state
    if group is not None:
        group['members'] = [*group['members'], doc['id']]
    servers.record_action(ask, doc, 'create', state.now() + state.pace)
    if state.housed() > state.capacity:
        fault = {'code': 500, 'created': z(state.now()), 'message': NO_HOST}
        state.later('servers', doc['id'], {'_vm': 'error', '_task': None, '_fault': fault}, 'server unplaced')
        return
    done = {'_vm': 'active', '_task': None, '_power': 1, '_launched': state.now() + state.pace, '_host': state.host}
    state.later('servers', doc['id'], done)


def unplaced(state: State, doc: Doc, _: Doc) -> None:
    """No host took it: its ports are given back."""
    for port in servers.own_ports(state, doc['id']):
        if port['id'] in doc['_given']:
            port |= {'device_id': '', 'device_owner': '', 'binding:host_id': ''}
            ports.bind(state, port)
        else:
            del state.ports[port['id']]
