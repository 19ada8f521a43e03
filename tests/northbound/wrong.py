"""Wrong requests as data, by API: what a client may get wrong in types, sizes, encodings, shapes and ids.

'$word' in path and body stands for something that is there: project, network, subnet, port, router, group, server,
volume, image, flavor; `$foreign_…` for another project's; `$nobody` for an id that nobody has.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

C, V, N, I, K = '/compute/v2.1', '/volume/v3', '/network/v2.0', '/image/v2', '/identity/v3'  # noqa: E741 - one letter each
LONG = 'x' * 256
HUGE = 10**30
DEEP: Any = json.loads('[' * 60 + ']' * 60)
SERVER = {'name': 'wrong', 'imageRef': '$image', 'flavorRef': '$flavor', 'networks': 'none'}
PATCH = {'content-type': 'application/openstack-images-v2.1-json-patch'}


class Wrong(msgspec.Struct, frozen=True):
    """One request. `line` is method and path; a body of bytes goes as it is, anything else as JSON; `version` is a microversion."""

    line: str
    body: Any = None
    version: str = ''
    headers: dict[str, str] = {}


def _server(version: str = '2.79', **more: Any) -> Wrong:
    body = {key: value for key, value in (SERVER | more).items() if value != 'DROP'}
    return Wrong(f'POST {C}/servers', {'server': body}, version)


def _sent(line: str, *bodies: Any, headers: dict[str, str] | None = None) -> tuple[Wrong, ...]:
    return tuple(Wrong(line, body, '', headers or {}) for body in bodies)


def _act(body: Any, version: str = '2.79', id: str = '$server') -> Wrong:
    return Wrong(f'POST {C}/servers/{id}/action', body, version)


def _made(path: str, key: str, *wishes: Any) -> tuple[Wrong, ...]:
    return tuple(Wrong(f'POST {path}', {key: wish}) for wish in wishes)


def _asked(path: str, *queries: str, version: str = '') -> tuple[Wrong, ...]:
    return tuple(Wrong(f'GET {path}?{query}', None, version) for query in queries)


COMPUTE: tuple[Wrong, ...] = (
    _server(name=''), _server(name=' '), _server(name=LONG), _server(name=7), _server(name=None), _server(name='DROP'), _server(name=['a']),
    _server(name='a\x00b'), _server(name='\U0001f600' * 256),
    _server(imageRef=7), _server(imageRef='nope'), _server(imageRef='$nobody'), _server(imageRef='DROP'), _server(imageRef=''), _server(imageRef={}),
    _server(flavorRef='DROP'), _server(flavorRef=''), _server(flavorRef='$nobody'), _server(flavorRef=[]), _server(flavorRef=-1),
    _server(flavorRef='../x'),
    _server(networks='DROP', version='2.37'), _server(networks='nonsense'), _server(networks=[{}]), _server(networks=[{'uuid': 'x'}]),
    _server(networks=[{'uuid': '$nobody'}]),
    _server(networks=[{'uuid': 7}]), _server(networks=[{'port': '$nobody'}]), _server(networks=[{'uuid': '$network', 'fixed_ip': 'x'}]),
    _server(networks=[{'uuid': '$network', 'fixed_ip': '203.0.113.1'}]), _server(networks=['$network']), _server(networks={}),
    _server(networks=[{'uuid': '$foreign_network'}]),
    _server(availability_zone=7), _server(availability_zone=''), _server(availability_zone='nowhere'), _server(availability_zone=LONG),
    _server(min_count=0), _server(min_count=-1), _server(min_count='x'), _server(max_count=0), _server(min_count=3, max_count=2),
    _server(min_count=2.5), _server(min_count=HUGE),
    _server(min_count=None), _server(return_reservation_id='maybe'),
    _server(metadata=[]), _server(metadata={'a': 7}), _server(metadata={'a': None}), _server(metadata={LONG: 'a'}), _server(metadata={'a': LONG}),
    _server(metadata={'': 'a'}),
    _server(metadata={f'k{number}': 'v' for number in range(200)}), _server(metadata='a'), _server(metadata={'a/b$': 'c'}),
    _server(user_data='not base64!'), _server(user_data='x' * 70000), _server(user_data=7), _server(personality=[{}]),
    _server(key_name='nope'), _server(key_name=7), _server(key_name=''), _server(config_drive='maybe'), _server(security_groups=7),
    _server(security_groups=[{'name': 'nope'}]), _server(security_groups=[{}]), _server(security_groups='default'),
    _server(block_device_mapping_v2={}), _server(block_device_mapping_v2=[{}]),
    _server(block_device_mapping_v2=[{'source_type': 'volume', 'destination_type': 'volume', 'uuid': '$nobody', 'boot_index': 0}]),
    _server(block_device_mapping_v2=[{'source_type': 'nonsense'}]),
    _server(block_device_mapping_v2=[{'source_type': 'volume', 'destination_type': 'volume', 'uuid': 'x', 'boot_index': 0}]),
    _server(tags=['a']), _server(tags=['a/b'], version='2.79'), _server(tags=['a'] * 60), _server(description='x' * 256), _server(unknown=1),
    _server(hostname='-', version='2.90'),
    _server(accessIPv4='x'), _server(accessIPv6='x'), _server(adminPass=''), _server(adminPass=7), _server(**{'OS-DCF:diskConfig': 'x'}),
    _server(trusted_image_certificates=['a']),
    _server(deep=DEEP), _server(version='2.1', tags=['a']), _server(version='2.9999'), _server(version='1.0'), _server(version='x'),
    _server(version='2.01'), _server(version='-2.1'),
    Wrong(f'POST {C}/servers', {'server': SERVER, 'os:scheduler_hints': {'group': 'x'}}, '2.79'), Wrong(f'POST {C}/servers',
    {'server': SERVER, 'os:scheduler_hints': {'group': '$nobody'}}, '2.79'),
    Wrong(f'POST {C}/servers', {'server': SERVER, 'os:scheduler_hints': 7}, '2.79'), Wrong(f'POST {C}/servers',
    {'server': SERVER, 'other': 7}, '2.79'),
    Wrong(f'POST {C}/servers', {'Server': SERVER}), Wrong(f'POST {C}/servers', {}), Wrong(f'POST {C}/servers', {'server': None}),
    Wrong(f'POST {C}/servers', {'server': 'a'}),
    Wrong(f'POST {C}/servers', b'{"server": '), Wrong(f'POST {C}/servers', b'\xff\xfe'), Wrong(f'POST {C}/servers', b'<server/>', '',
    {'content-type': 'application/xml'}),
    Wrong(f'POST {C}/servers', b'', '', {'content-type': 'application/json'}), Wrong(f'POST {C}/servers', b'[]'),
    Wrong(f'POST {C}/servers', b'1e999'),
    Wrong(f'GET {C}/servers/nope'), Wrong(f'GET {C}/servers/$nobody'), Wrong(f'DELETE {C}/servers/$nobody'), Wrong(f'PUT {C}/servers/$nobody',
    {'server': {'name': 'a'}}),
    Wrong(f'GET {C}/servers/$foreign_server'), Wrong(f'DELETE {C}/servers/$foreign_server'), _act({'os-stop': None}, id='$foreign_server'),
    _act({'os-stop': None}, id='$nobody'),
    Wrong(f'PUT {C}/servers/$server', {}), Wrong(f'PUT {C}/servers/$server', {'server': {}}), Wrong(f'PUT {C}/servers/$server',
    {'server': {'name': ''}}), Wrong(f'PUT {C}/servers/$server', {'server': {'status': 'ERROR'}}),
    Wrong(f'PUT {C}/servers/$server', b'nonsense'), Wrong(f'PATCH {C}/servers/$server', {}),
    _act({}), _act({'nonsense': {}}), _act({'reboot': {}}), _act({'reboot': {'type': 'x'}}), _act({'resize': {}}),
    _act({'resize': {'flavorRef': '$nobody'}}), _act({'rebuild': {'imageRef': '$nobody'}}),
    _act({'os-start': None}), _act({'createImage': {}}), _act({'createImage': {'name': ''}}), _act({'confirmResize': None}),
    _act({'revertResize': None}), _act({'addSecurityGroup': {'name': 'nope'}}),
    _act({'addSecurityGroup': {}}), _act({'removeSecurityGroup': {'name': 'nope'}}), _act({'lock': 7}), _act({'unpause': None}),
    _act({'resume': None}), _act({'os-getConsoleOutput': {'length': 'x'}}),
    _act({'os-getVNCConsole': {'type': 'x'}}, '2.1'), _act({'os-migrateLive': {}}), _act({'os-resetState': {'state': 'active'}}),
    _act({'changePassword': {}}), _act([]), _act(b'{'), _act({'reboot': {'type': 'SOFT'}, 'os-stop': None}),
    _act({'addFloatingIp': {'address': 'x'}}, '2.1'), _act({'unshelve': {'availability_zone': 7}}), _act({'unrescue': None}),
    Wrong(f'GET {C}/servers/$server/nonsense'), Wrong(f'GET {C}/servers/$server/os-interface/$nobody'),
    Wrong(f'POST {C}/servers/$server/os-interface', {'interfaceAttachment': {'net_id': '$nobody'}}),
    Wrong(f'POST {C}/servers/$server/os-interface', {'interfaceAttachment': {'port_id': 'x'}}), Wrong(f'POST {C}/servers/$server/os-interface',
    {'interfaceAttachment': {'fixed_ips': [{}]}}),
    Wrong(f'DELETE {C}/servers/$server/os-interface/$nobody'), Wrong(f'POST {C}/servers/$server/os-volume_attachments',
    {'volumeAttachment': {'volumeId': '$nobody'}}),
    Wrong(f'POST {C}/servers/$server/os-volume_attachments', {'volumeAttachment': {}}), Wrong(f'POST {C}/servers/$server/os-volume_attachments',
    {'volumeAttachment': {'volumeId': 'x'}}),
    Wrong(f'DELETE {C}/servers/$server/os-volume_attachments/$nobody'), Wrong(f'POST {C}/servers/$server/metadata', {'metadata': {'a': 7}}),
    Wrong(f'PUT {C}/servers/$server/metadata/a', {'meta': {'b': 'c'}}),
    Wrong(f'DELETE {C}/servers/$server/metadata/nope'), Wrong(f'GET {C}/servers/$server/metadata/nope'),
    Wrong(f'PUT {C}/servers/$server/tags/a,b', None, '2.79'), Wrong(f'PUT {C}/servers/$server/tags', {'tags': 'a'}, '2.79'),
    Wrong(f'DELETE {C}/servers/$server/tags/nope', None, '2.79'), Wrong(f'GET {C}/servers/$server/ips/nope'),
    Wrong(f'GET {C}/servers/$server/os-instance-actions/nope'),
    Wrong(f'POST {C}/servers/$server/remote-consoles', {'remote_console': {'protocol': 'x', 'type': 'y'}}, '2.79'),
    Wrong(f'GET {C}/servers/$server/diagnostics'),
    Wrong(f'GET {C}/flavors/nope'), Wrong(f'GET {C}/flavors/$nobody'), *_made(f'{C}/flavors', 'flavor',
    {'name': 'a', 'ram': 1, 'vcpus': 1, 'disk': 1}, {}), Wrong(f'GET {C}/flavors/$flavor/os-extra_specs/nope'),
    Wrong(f'DELETE {C}/flavors/$flavor'), Wrong(f'POST {C}/flavors/$flavor/action', {'addTenantAccess': {'tenant': '$project'}}),
    *_asked(f'{C}/flavors/detail', 'limit=-1', 'limit=x', 'marker=nope', 'sort_key=nope', 'sort_dir=up', 'minRam=x', 'minDisk=x', 'is_public=maybe',
    'a=b', version='2.79'),
    *_made(f'{C}/os-keypairs', 'keypair', {}, {'name': ''}, {'name': LONG}, {'name': 7}, {'name': 'a/b'}, {'name': 'a', 'public_key': 'x'},
    {'name': 'a', 'public_key': ''}, {'name': 'a', 'type': 'x'}, {'name': 'a b\x01'}),
    Wrong(f'GET {C}/os-keypairs/nope'), Wrong(f'DELETE {C}/os-keypairs/nope'), Wrong(f'POST {C}/os-keypairs',
    {'keypair': {'name': 'a', 'user_id': 'x'}}, '2.79'),
    *_made(f'{C}/os-server-groups', 'server_group', {}, {'name': ''}, {'name': 'a'}, {'name': 'a', 'policies': []}, {'name': 'a', 'policies': ['x']},
    {'name': 'a', 'policies': ['affinity', 'anti-affinity']}, {'name': 7, 'policies': ['affinity']}),
    Wrong(f'POST {C}/os-server-groups', {'server_group': {'name': 'a', 'policies': ['affinity']}}, '2.79'), Wrong(f'POST {C}/os-server-groups',
    {'server_group': {'name': 'a', 'policy': 'affinity', 'rules': {'max_server_per_host': 2}}}, '2.79'),
    Wrong(f'GET {C}/os-server-groups/$nobody'), Wrong(f'DELETE {C}/os-server-groups/nope'),
    *_asked(f'{C}/servers', 'limit=-1', 'limit=x', 'limit=', 'marker=nope', 'marker=$nobody', 'sort_key=nope', 'sort_dir=up', 'changes-since=x',
    'changes-before=x', 'ip=[', 'name=[', 'status=nope', 'all_tenants=1',
            'all_tenants=x', 'locked=x', 'tags=', 'deleted=1', 'limit=1&limit=x', 'name=a&name=(', 'a=b', 'host=a', 'flavor=(', 'not-tags-any=(',
            'limit=' + '9' * 40, version='2.79'),
    *_asked(f'{C}/servers/detail', 'a=b', 'limit=0', 'sort_key=uuid;drop', 'fields=x', version='2.75'),
    *_asked(f'{C}/servers', 'marker=nope', 'sort_key=nope', 'sort_dir=up', 'status=nope', 'changes-since=1', version='2.1'),
    Wrong(f'GET {C}/os-hypervisors'), Wrong(f'GET {C}/os-services'), Wrong(f'GET {C}/os-aggregates'), Wrong(f'POST {C}/os-aggregates',
    {'aggregate': {'name': 'a'}}), Wrong(f'GET {C}/os-migrations'),
    Wrong(f'GET {C}/os-simple-tenant-usage'), Wrong(f'GET {C}/os-simple-tenant-usage/$project?start=x'), Wrong(f'PUT {C}/os-quota-sets/$project',
    {'quota_set': {'instances': 1}}), Wrong(f'GET {C}/os-quota-sets/$nobody'),
    Wrong(f'POST {C}/os-server-external-events', {'events': [{'name': 'network-changed', 'server_uuid': '$server'}]}),
    Wrong(f'GET {C}/extensions/nope'), Wrong(f'GET {C}/nonsense'), Wrong(f'GET {C}/os-hosts'),
    Wrong(f'POST {C}/limits', {}), Wrong(f'PUT {C}/servers'), Wrong(f'DELETE {C}/flavors'), Wrong(f'GET {C}/os-networks', None, '2.79'),
    Wrong(f'GET {C}/images', None, '2.79'), Wrong(f'GET {C}/os-floating-ips', None, '2.79'),
)  # fmt: skip

VOLUME: tuple[Wrong, ...] = (
    *_made(
        f'{V}/volumes', 'volume', {}, {'size': 0}, {'size': -1}, {'size': 'x'}, {'size': None}, {'size': 1.5}, {'size': HUGE}, {'size': [1]},
        {'size': ''}, {'size': 1, 'name': LONG}, {'size': 1, 'name': 7},
        {'size': 1, 'description': LONG}, {'size': 1, 'volume_type': 'nope'}, {'size': 1, 'volume_type': '$nobody'}, {'size': 1, 'volume_type': 7},
        {'size': 1, 'availability_zone': 'nowhere'},
        {'size': 1, 'availability_zone': 7}, {'size': 1, 'imageRef': 'nope'}, {'size': 1, 'imageRef': '$nobody'}, {'size': 1, 'imageRef': 7},
        {'size': 1, 'snapshot_id': '$nobody'}, {'size': 1, 'snapshot_id': 'x'},
        {'size': 1, 'source_volid': '$nobody'}, {'size': 1, 'source_volid': 7}, {'size': 1, 'metadata': []}, {'size': 1, 'metadata': {'a': 7}},
        {'size': 1, 'metadata': {LONG: 'a'}}, {'size': 1, 'metadata': {'a': LONG}},
        {'size': 1, 'metadata': {'': 'a'}}, {'size': 1, 'unknown': 7}, {'size': 1, 'multiattach': True},
        {'size': 1, 'consistencygroup_id': '$nobody'}, {'size': 1, 'imageRef': '$image', 'source_volid': '$volume'},
        {'size': 1, 'name': 'a\x00b'}, {'size': 1, 'deep': DEEP}, {'size': 99999999999},
    ),
    Wrong(f'POST {V}/volumes', {}), Wrong(f'POST {V}/volumes', {'volume': None}), Wrong(f'POST {V}/volumes', {'volume': 'a'}),
    Wrong(f'POST {V}/volumes', b'{'), Wrong(f'POST {V}/volumes', b'\xff'), Wrong(f'POST {V}/volumes', b'[]'),
    Wrong(f'POST {V}/volumes', b'', '', {'content-type': 'application/json'}), Wrong(f'POST {V}/volumes',
    {'volume': {'size': 1, 'group_id': '$nobody'}}, '3.13'), Wrong(f'POST {V}/volumes', {'volume': {'size': 1, 'backup_id': '$nobody'}}, '3.47'),
    Wrong(f'GET {V}/volumes', None, '3.9999'), Wrong(f'GET {V}/volumes', None, '2.0'), Wrong(f'GET {V}/volumes', None, 'x'),
    Wrong(f'GET {V}/volumes/nope'), Wrong(f'GET {V}/volumes/$nobody'), Wrong(f'DELETE {V}/volumes/$nobody'),
    Wrong(f'GET {V}/volumes/$foreign_volume'), Wrong(f'DELETE {V}/volumes/$foreign_volume'),
    Wrong(f'PUT {V}/volumes/$volume', {}), Wrong(f'PUT {V}/volumes/$volume', {'volume': {'name': LONG}}), Wrong(f'PUT {V}/volumes/$volume',
    {'volume': {'size': 7}}), Wrong(f'PUT {V}/volumes/$nobody', {'volume': {'name': 'a'}}),
    *_sent(
        f'POST {V}/volumes/$volume/action',
        {}, {'nonsense': {}}, {'os-extend': {}}, {'os-extend': {'new_size': 0}}, {'os-extend': {'new_size': 'x'}}, {'os-extend': {'new_size': 1}},
        {'os-retype': {}}, {'os-retype': {'new_type': 'nope'}},
        {'os-attach': {}}, {'os-detach': {}}, {'os-reset_status': {'status': 'error'}}, {'os-set_bootable': {}},
        {'os-set_bootable': {'bootable': 'x'}}, {'os-volume_upload_image': {}}, {'os-force_delete': {}},
        {'os-update_readonly_flag': {'readonly': 'x'}}, {'os-set_image_metadata': {}}, {'os-unreserve': {}}, {'revert': {'snapshot_id': 'x'}}, [],
    ),
    Wrong(f'POST {V}/volumes/$nobody/action', {'os-extend': {'new_size': 2}}), Wrong(f'POST {V}/volumes/$volume/metadata', {'metadata': []}),
    Wrong(f'PUT {V}/volumes/$volume/metadata/a', {'meta': {'b': 'c'}}),
    Wrong(f'DELETE {V}/volumes/$volume/metadata/nope'), Wrong(f'GET {V}/volumes/$volume/metadata/nope'),
    *_made(f'{V}/snapshots', 'snapshot', {}, {'volume_id': '$nobody'}, {'volume_id': 'x'}, {'volume_id': 7}, {'volume_id': '$volume', 'name': LONG},
    {'volume_id': '$volume', 'force': 'x'}, {'volume_id': '$volume', 'metadata': 7}, {'volume_id': '$foreign_volume'}),
    Wrong(f'GET {V}/snapshots/$nobody'), Wrong(f'GET {V}/snapshots/nope'), Wrong(f'DELETE {V}/snapshots/$nobody'),
    *_made(f'{V}/volume-transfers', 'transfer', {'volume_id': '$nobody'}, {}),
    Wrong(f'GET {V}/volume-transfers/$nobody'), Wrong(f'POST {V}/volume-transfers/$nobody/accept', {'accept': {'auth_key': 'x'}}),
    *_made(f'{V}/types', 'volume_type', {'name': 'a'}, {}), Wrong(f'GET {V}/types/nope'), Wrong(f'GET {V}/types/$nobody'),
    Wrong(f'DELETE {V}/types/$nobody'), Wrong(f'GET {V}/attachments/$nobody', None, '3.60'), Wrong(f'POST {V}/attachments',
    {'attachment': {}}, '3.60'), Wrong(f'GET {V}/groups/$nobody', None, '3.60'), Wrong(f'GET {V}/group_types/$nobody', None, '3.60'),
    Wrong(f'POST {V}/groups', {'group': {}}, '3.60'), Wrong(f'GET {V}/messages/$nobody', None, '3.60'), Wrong(f'GET {V}/qos-specs'),
    Wrong(f'GET {V}/os-services'), Wrong(f'GET {V}/scheduler-stats/get_pools'), Wrong(f'PUT {V}/os-quota-sets/$project',
    {'quota_set': {'volumes': 1}}),
    Wrong(f'GET {V}/os-quota-sets/$nobody'), Wrong(f'GET {V}/nonsense'), Wrong(f'POST {V}/limits', {}), Wrong(f'DELETE {V}/volumes'),
    Wrong(f'PATCH {V}/volumes/$volume', {}),
    *_asked(f'{V}/volumes', 'limit=-1', 'limit=x', 'limit=', 'marker=nope', 'marker=$nobody', 'sort=nope', 'sort=name:up', 'sort_key=nope',
    'offset=-1', 'offset=x', 'status=nope', 'all_tenants=1', 'metadata=x', 'nonsense=1', 'limit=' + '9' * 40, 'created_at=x'),
    *_asked(f'{V}/volumes/detail', 'created_at=gt:x', 'with_count=x', 'limit=0', 'sort=name:asc&sort_key=name', version='3.60'),
    *_asked(f'{V}/snapshots', 'limit=x', 'marker=nope', 'sort=nope'),
)  # fmt: skip

NETWORK: tuple[Wrong, ...] = (
    *_made(f'{N}/networks', 'network', {'name': 7}, {'name': 'x' * 256}, {'name': None}, {'admin_state_up': 'maybe'}, {'unknown': 1}, {'mtu': 'x'},
    {'mtu': 1}, {'shared': True}, {'router:external': True}, {'tenant_id': '$foreign_project'},
           {'provider:network_type': 'vlan'}, {'availability_zone_hints': ['nowhere']}, {'availability_zone_hints': 'east'}, {'id': '$nobody'},
           {'status': 'ACTIVE'}, {'port_security_enabled': 'x'}, {'deep': DEEP}, {'name': 'a\x00b'}),
    Wrong(f'POST {N}/networks', {}), Wrong(f'POST {N}/networks', {'network': None}), Wrong(f'POST {N}/networks', {'network': 7}),
    Wrong(f'POST {N}/networks', {'networks': [{'name': 'a'}, 7]}), Wrong(f'POST {N}/networks', {'networks': []}),
    Wrong(f'POST {N}/networks', b'{'), Wrong(f'POST {N}/networks', b'\xff'), Wrong(f'POST {N}/networks', b'[]'), Wrong(f'POST {N}/networks', b'', '',
    {'content-type': 'application/json'}), Wrong(f'POST {N}/networks', {'nonsense': {}}),
    Wrong(f'GET {N}/networks/nope'), Wrong(f'GET {N}/networks/$nobody'), Wrong(f'DELETE {N}/networks/$nobody'), Wrong(f'DELETE {N}/networks/nope'),
    Wrong(f'PUT {N}/networks/$nobody', {'network': {'name': 'a'}}), Wrong(f'PUT {N}/networks/$network', {'network': {'id': 'x'}}),
    Wrong(f'PUT {N}/networks/$network', {}), Wrong(f'PUT {N}/networks/$network', {'network': {'status': 'DOWN'}}),
    Wrong(f'GET {N}/networks/$foreign_network'), Wrong(f'DELETE {N}/networks/$foreign_network'), Wrong(f'PUT {N}/networks/$foreign_network',
    {'network': {'name': 'a'}}),
    Wrong(f'DELETE {N}/networks/$network'), Wrong(f'PATCH {N}/networks/$network', {}), Wrong(f'GET {N}/networks/$network/nonsense'),
    *_made(f'{N}/subnets', 'subnet', {}, {'network_id': '$network'}, {'network_id': '$nobody', 'ip_version': 4, 'cidr': '10.77.0.0/24'},
    {'network_id': 'x', 'ip_version': 4, 'cidr': '10.77.0.0/24'}, {'network_id': '$network', 'ip_version': 5, 'cidr': '10.77.0.0/24'},
           {'network_id': '$network', 'ip_version': 4, 'cidr': 'x'}, {'network_id': '$network', 'ip_version': 4, 'cidr': '10.77.0.0/33'},
           {'network_id': '$network', 'ip_version': 4, 'cidr': 7}, {'network_id': '$network', 'ip_version': 6, 'cidr': '10.77.0.0/24'},
           {'network_id': '$network', 'ip_version': 4, 'cidr': '10.77.0.0/24', 'gateway_ip': 'x'},
           {'network_id': '$network', 'ip_version': 4, 'cidr': '10.77.0.0/24', 'allocation_pools': [{'start': '10.78.0.1', 'end': '10.78.0.9'}]},
           {'network_id': '$network', 'ip_version': 4, 'cidr': '10.77.0.0/24', 'dns_nameservers': 'x'},
           {'network_id': '$network', 'ip_version': 4, 'cidr': '10.77.0.0/24', 'host_routes': [{}]},
           {'network_id': '$foreign_network', 'ip_version': 4, 'cidr': '10.77.0.0/24'},
           {'network_id': 7, 'ip_version': 4, 'cidr': '10.77.0.0/24'}, {'network_id': ['$network'], 'ip_version': 4, 'cidr': '10.77.0.0/24'},
           {'network_id': '$network', 'subnetpool_id': '$nobody'}),
    Wrong(f'GET {N}/subnets/$nobody'), Wrong(f'DELETE {N}/subnets/$nobody'), Wrong(f'PUT {N}/subnets/$subnet', {'subnet': {'cidr': '10.1.1.0/24'}}),
    Wrong(f'PUT {N}/subnets/$subnet', {'subnet': {'gateway_ip': 'x'}}),
    *_made(f'{N}/ports', 'port', {}, {'network_id': '$nobody'}, {'network_id': 'x'}, {'network_id': '$network', 'fixed_ips': 'x'},
    {'network_id': '$network', 'fixed_ips': [{'ip_address': '203.0.113.9'}]}, {'network_id': '$network', 'fixed_ips': [{'subnet_id': '$nobody'}]},
           {'network_id': '$network', 'mac_address': 'x'}, {'network_id': '$network', 'security_groups': ['$nobody']},
           {'network_id': '$network', 'security_groups': 'x'}, {'network_id': '$network', 'device_owner': 7},
           {'network_id': '$network', 'binding:host_id': 'x'},
           {'network_id': '$foreign_network'}, {'network_id': '$network', 'allowed_address_pairs': [{}]},
           {'network_id': '$network', 'admin_state_up': 'x'}, {'network_id': '$network', 'name': LONG}),
    Wrong(f'GET {N}/ports/$nobody'), Wrong(f'DELETE {N}/ports/nope'), Wrong(f'PUT {N}/ports/$port', {'port': {'network_id': '$network'}}),
    Wrong(f'PUT {N}/ports/$port', {'port': {'security_groups': ['$nobody']}}),
    *_made(f'{N}/routers', 'router', {'name': 7}, {'external_gateway_info': 'x'}, {'external_gateway_info': {'network_id': '$nobody'}},
    {'external_gateway_info': {'network_id': 'x'}}, {'external_gateway_info': {'network_id': '$network'}}, {'external_gateway_info': {}},
    {'unknown': 7}, {'distributed': 'x'}),
    Wrong(f'GET {N}/routers/$nobody'), Wrong(f'PUT {N}/routers/$router/add_router_interface', {}),
    Wrong(f'PUT {N}/routers/$router/add_router_interface', {'subnet_id': '$nobody'}), Wrong(f'PUT {N}/routers/$router/add_router_interface',
    {'subnet_id': 'x'}),
    Wrong(f'PUT {N}/routers/$router/add_router_interface', {'subnet_id': '$subnet', 'port_id': '$port'}),
    Wrong(f'PUT {N}/routers/$router/remove_router_interface', {'subnet_id': '$subnet'}), Wrong(f'PUT {N}/routers/$nobody/add_router_interface',
    {'subnet_id': '$subnet'}),
    Wrong(f'PUT {N}/routers/$router/nonsense', {}), Wrong(f'PUT {N}/routers/$router/add_router_interface', b'{'), Wrong(f'PUT {N}/routers/$router',
    {'router': {'external_gateway_info': {'network_id': '$nobody'}}}),
    *_made(f'{N}/floatingips', 'floatingip', {}, {'floating_network_id': '$nobody'}, {'floating_network_id': 'x'},
    {'floating_network_id': '$network'}, {'floating_network_id': '$external', 'port_id': '$nobody'},
    {'floating_network_id': '$external', 'port_id': '$port'},
           {'floating_network_id': '$external', 'floating_ip_address': 'x'}, {'floating_network_id': '$external', 'fixed_ip_address': '10.0.0.3'},
           {'floating_network_id': 7}),
    Wrong(f'GET {N}/floatingips/$nobody'), Wrong(f'PUT {N}/floatingips/$nobody', {'floatingip': {'port_id': None}}),
    Wrong(f'DELETE {N}/floatingips/$nobody'),
    *_made(f'{N}/security-groups', 'security_group', {'name': 7}, {'name': 'default'}, {'name': LONG}, {'description': LONG}, {'unknown': 1}, {}),
    Wrong(f'GET {N}/security-groups/$nobody'), Wrong(f'DELETE {N}/security-groups/$nobody'), Wrong(f'PUT {N}/security-groups/$nobody',
    {'security_group': {'name': 'a'}}),
    *_made(f'{N}/security-group-rules', 'security_group_rule', {}, {'security_group_id': '$nobody', 'direction': 'ingress'},
    {'security_group_id': '$group', 'direction': 'sideways'}, {'security_group_id': '$group', 'direction': 'ingress', 'port_range_min': 1},
           {'security_group_id': '$group', 'direction': 'ingress', 'protocol': 'tcp', 'port_range_min': 9, 'port_range_max': 1},
           {'security_group_id': '$group', 'direction': 'ingress', 'protocol': 'tcp', 'port_range_min': 70000, 'port_range_max': 70001},
           {'security_group_id': '$group', 'direction': 'ingress', 'protocol': 'nonsense'},
           {'security_group_id': '$group', 'direction': 'ingress', 'remote_ip_prefix': 'x'},
           {'security_group_id': '$group', 'direction': 'ingress', 'remote_group_id': '$nobody'},
           {'security_group_id': '$group', 'direction': 'ingress', 'ethertype': 'IPv5'},
           {'security_group_id': '$group', 'direction': 'ingress', 'remote_ip_prefix': '10.0.0.0/8', 'remote_group_id': '$group'},
           {'security_group_id': 7, 'direction': 'ingress'},
           {'security_group_id': 'x', 'direction': 'ingress'}, {'direction': 'ingress'}),
    Wrong(f'GET {N}/security-group-rules/$nobody'), Wrong(f'DELETE {N}/security-group-rules/$nobody'), Wrong(f'PUT {N}/quotas/$project',
    {'quota': {'network': 1}}), Wrong(f'GET {N}/quotas/$foreign_project'), Wrong(f'GET {N}/extensions/nope'), Wrong(f'GET {N}/nonsense'),
    Wrong(f'POST {N}/nonsense', {'nonsense': {}}), Wrong(f'GET {N}/agents'), Wrong(f'GET {N}/qos/policies'), Wrong(f'GET {N}/trunks'),
    Wrong(f'GET {N}/subnetpools/$nobody'), *_made(f'{N}/subnetpools', 'subnetpool', {}, {'name': 'a', 'prefixes': ['x']},
    {'name': 'a', 'prefixes': []}),
    *_made(f'{N}/address-scopes', 'address_scope', {'name': 'a', 'ip_version': 7}), *_made(f'{N}/rbac-policies', 'rbac_policy', {},
    {'object_type': 'network', 'object_id': '$nobody', 'action': 'access_as_shared', 'target_tenant': '*'},
    {'object_type': 'x', 'object_id': '$network', 'action': 'y', 'target_tenant': '*'}),
    Wrong(f'GET {N}/rbac-policies/$nobody'), Wrong(f'PUT {N}/networks/$network/tags', {'tags': 'a'}),
    Wrong(f'PUT {N}/networks/$network/tags/' + 'x' * 300), Wrong(f'DELETE {N}/networks/$network/tags/nope'),
    Wrong(f'PUT {N}/networks/$nobody/tags/a'),
    Wrong(f'DELETE {N}/networks'), Wrong(f'PUT {N}/networks', {}),
    *_asked(f'{N}/networks', 'limit=-1', 'limit=x', 'limit=', 'marker=nope&limit=1', 'marker=$nobody&limit=1', 'sort_key=nope', 'sort_key=name',
    'sort_key=name&sort_dir=up', 'fields=nope', 'nonsense=1', 'admin_state_up=maybe', 'shared=x', 'tags=', 'page_reverse=x', 'mtu=x', 'id=',
    'name=%00'),
    *_asked(f'{N}/ports', 'fixed_ips=x', 'fixed_ips=ip_address', 'fixed_ips=nope=1', 'limit=x', 'sort_key=fixed_ips'),
)  # fmt: skip

IMAGE: tuple[Wrong, ...] = (
    *_sent(
        f'POST {I}/images',
        {'name': 7}, {'name': LONG}, {'disk_format': 'x'}, {'container_format': 'x'}, {'visibility': 'x'}, {'visibility': 'public', 'name': 'a'},
        {'min_disk': -1}, {'min_disk': 'x'}, {'min_ram': HUGE}, {'tags': 'a'}, {'tags': [7]}, {'tags': [LONG]},
        {'id': 'x'}, {'id': '$image'}, {'status': 'active'}, {'size': 7}, {'owner': '$foreign_project'}, {'checksum': 'x'}, {'protected': 'x'},
        {'created_at': 'x'}, {'custom': 7}, {'custom': {}}, {'file': 'x'}, {'locations': []}, {'deep': DEEP}, [], 7, None, {'os_hidden': 'x'},
    ),
    Wrong(f'POST {I}/images', b'{'), Wrong(f'POST {I}/images', b'\xff'), Wrong(f'POST {I}/images', b'', '', {'content-type': 'application/json'}),
    Wrong(f'GET {I}/images/nope'), Wrong(f'GET {I}/images/$nobody'), Wrong(f'DELETE {I}/images/$nobody'), Wrong(f'DELETE {I}/images/nope'),
    Wrong(f'GET {I}/images/$nobody/file'), Wrong(f'PUT {I}/images/$nobody/file', b'x', '', {'content-type': 'application/octet-stream'}),
    Wrong(f'PUT {I}/images/$image/file', b'x', '', {'content-type': 'application/octet-stream'}), Wrong(f'PUT {I}/images/$image/file', b'{}', '',
    {'content-type': 'application/json'}), Wrong(f'DELETE {I}/images/$image'),
    *_sent(
        f'PATCH {I}/images/$own_image',
        {}, [{}], [7], [{'op': 'x', 'path': '/name', 'value': 'a'}], [{'op': 'replace', 'path': '/name'}],
        [{'op': 'replace', 'path': 'name', 'value': 'a'}], [{'op': 'replace', 'path': '/id', 'value': 'a'}],
        [{'op': 'replace', 'path': '/status', 'value': 'active'}],
        [{'op': 'remove', 'path': '/nope'}], [{'op': 'remove', 'path': '/name'}], [{'op': 'replace', 'path': '/nope', 'value': 'a'}],
        [{'op': 'replace', 'path': '/visibility', 'value': 'x'}], [{'op': 'replace', 'path': '/visibility', 'value': 'public'}],
        [{'op': 'add', 'path': '/a/b/c', 'value': 'x'}], [{'op': 'replace', 'path': '/min_disk', 'value': 'x'}],
        [{'op': 'replace', 'path': '/owner', 'value': '$foreign_project'}], [{'op': 'replace', 'path': '/tags', 'value': 'x'}],
        [{'op': 'replace', 'path': '/name', 'value': LONG}],
        headers=PATCH,
    ),
    Wrong(f'PATCH {I}/images/$own_image', [{'op': 'replace', 'path': '/name', 'value': 'a'}]), Wrong(f'PATCH {I}/images/$own_image', b'[', '', PATCH),
    Wrong(f'PATCH {I}/images/$nobody', [], '', PATCH), Wrong(f'PATCH {I}/images/$image',
    [{'op': 'replace', 'path': '/name', 'value': 'a'}], '', PATCH),
    Wrong(f'POST {I}/images/$own_image/members', {'member': '$foreign_project'}), Wrong(f'POST {I}/images/$own_image/members', {}),
    Wrong(f'POST {I}/images/$own_image/members', {'member': ''}), Wrong(f'GET {I}/images/$own_image/members/$nobody'),
    Wrong(f'PUT {I}/images/$own_image/members/$nobody', {'status': 'accepted'}),
    Wrong(f'PUT {I}/images/$own_image/members/$project', {'status': 'x'}), Wrong(f'PUT {I}/images/$own_image/tags/' + 'x' * 300),
    Wrong(f'DELETE {I}/images/$own_image/tags/nope'), Wrong(f'POST {I}/images/$own_image/import', {}), Wrong(f'POST {I}/images/$own_image/import',
    {'method': {'name': 'x'}}),
    Wrong(f'POST {I}/images/$own_image/actions/nonsense', {}), Wrong(f'POST {I}/images/$own_image/actions/deactivate', {}),
    Wrong(f'GET {I}/images/$own_image/file'), Wrong(f'PUT {I}/images/$own_image/stage', b'{}', '', {'content-type': 'application/json'}),
    Wrong(f'GET {I}/images/$own_image/nonsense'),
    Wrong(f'GET {I}/schemas/nope'), Wrong(f'GET {I}/nonsense'), Wrong(f'GET {I}/metadefs/namespaces/nope'), Wrong(f'POST {I}/metadefs/namespaces',
    {'namespace': 'a'}), Wrong(f'GET {I}/tasks'), Wrong(f'GET {I}/tasks/$nobody'), Wrong(f'POST {I}/tasks', {}), Wrong(f'DELETE {I}/images'),
    Wrong(f'PUT {I}/images/$own_image', {}),
    *_asked(f'{I}/images', 'limit=-1', 'limit=x', 'marker=nope', 'marker=$nobody', 'sort_key=nope', 'sort_dir=up', 'sort=nope', 'sort=name:up',
    'visibility=x', 'status=nope', 'size_min=x', 'size_max=-1', 'created_at=x', 'created_at=gt:x', 'protected=x', 'os_hidden=x', 'member_status=x',
    'tag=', 'name=in:"a', 'sort=name&sort_key=name',
            'owner=$foreign_project', 'limit=' + '9' * 40, 'nonsense=1', 'id=x', 'changes-since=1'),
)  # fmt: skip

IDENTITY: tuple[Wrong, ...] = (
    *_sent(
        f'POST {K}/auth/tokens',
        {}, {'auth': {}}, {'auth': {'identity': {}}}, {'auth': {'identity': {'methods': []}}}, {'auth': {'identity': {'methods': ['x']}}},
        {'auth': {'identity': {'methods': ['password'], 'password': {}}}},
        {'auth': {'identity': {'methods': ['password'], 'password': {'user': {'name': 'demo', 'domain': {'name': 'Default'}, 'password': 'wrong'}}}}},
        {'auth': {'identity': {'methods': ['password'], 'password': {'user': {'id': 'x', 'password': 7}}}}},
        {'auth': {'identity': {'methods': ['token'], 'token': {'id': 'x'}}}}, {'auth': 7}, [], {'auth': {'identity': DEEP}},
    ),
    Wrong(f'POST {K}/auth/tokens', b'{'), Wrong(f'POST {K}/auth/tokens', b'\xff'), Wrong(f'GET {K}/auth/tokens'), Wrong(f'GET {K}/users'),
    Wrong(f'GET {K}/projects'), Wrong(f'GET {K}/projects/$nobody'), Wrong(f'GET {K}/users/$nobody'), Wrong(f'POST {K}/projects',
    {'project': {'name': 'a'}}),
    Wrong(f'POST {K}/users', {'user': {}}), Wrong(f'GET {K}/nonsense'), Wrong(f'DELETE {K}/projects/$project'), Wrong(f'GET {K}/roles'),
    Wrong(f'POST {K}/auth/projects', {}), Wrong(f'PATCH {K}/projects/$project', {'project': {'name': 'a'}}), Wrong(f'GET {K}/regions/nope'),
    Wrong(f'GET {K}/services'),
)  # fmt: skip

EVERY: dict[str, tuple[Wrong, ...]] = {'compute': COMPUTE, 'volume': VOLUME, 'network': NETWORK, 'image': IMAGE, 'identity': IDENTITY}
