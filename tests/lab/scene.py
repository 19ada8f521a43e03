"""Varied objects of a cloud's plain user: in every state and of every make that shows in their documents."""

from __future__ import annotations

import uuid
from typing import Any

from hansa.model import resource
from tests.lab.cloud import Cloud

PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRoZSBjb3JwdXMgb2Ygdmlld3M6IG5vdCBzZWNyZXQh views'


def build(cloud: Cloud) -> None:
    """Make all of them, and add what the cloud has for everybody."""
    tag = 'views-' + uuid.uuid4().hex[:6]
    _networks(cloud, tag)
    _images(cloud, tag)
    _volumes(cloud, tag)
    _flavors(cloud, tag)
    _servers(cloud, tag)
    for kind, path in (('flavor', '/flavors'), ('volume_type', '/types'), ('image', '/images?visibility=public')):
        told = cloud.ask(kind, path, 'user', (3, 1) if kind == 'volume_type' else (2, 1))
        cloud.ids[kind] += [each['id'] for each in told[resource.KINDS[kind].plural] if each['id'] not in cloud.ids[kind]]
    cloud.ids['network'] += [cloud.find('network', 'public'), cloud.find('network', 'private')]
    cloud.ids['security_group'].append(cloud.find('security_group', 'default'))


def _networks(cloud: Cloud, tag: str) -> None:
    network = cloud.make('network', {'name': tag, 'description': 'of the corpus'})
    cloud.act('network', f'/networks/{network}/tags', {'tags': ['blue', 'red']}, verb='PUT')
    cloud.make('network', {'name': tag + '-vlan', 'provider:network_type': 'vlan', 'shared': True, 'mtu': 1400,
                           'project_id': cloud.projects['user']}, 'admin')
    subnet = cloud.make('subnet', {'network_id': network, 'ip_version': 4, 'cidr': '10.91.0.0/24', 'name': tag})
    cloud.make('subnet', {'network_id': network, 'ip_version': 6, 'cidr': '2001:db8:91::/64', 'ipv6_address_mode': 'slaac',
                          'ipv6_ra_mode': 'slaac', 'dns_nameservers': ['2001:db8::53'], 'name': tag + '-6'})
    outside = cloud.find('network', 'public')
    router = cloud.make('router', {'name': tag, 'external_gateway_info': {'network_id': outside}})
    cloud.act('router', f'/routers/{router}/add_router_interface', {'subnet_id': subnet}, verb='PUT')
    cloud.act('router', f'/routers/{router}', {'router': {'routes': [{'destination': '10.92.0.0/24', 'nexthop': '10.91.0.9'}]}}, verb='PUT')
    cloud.make('router', {'name': tag + '-alone', 'admin_state_up': False, 'description': 'no gateway'})
    group = cloud.make('security_group', {'name': tag, 'description': 'of the corpus'})
    for rule in ({'protocol': 'tcp', 'port_range_min': 22, 'port_range_max': 22, 'remote_ip_prefix': '192.0.2.0/24'},
                 {'protocol': 'icmp', 'remote_group_id': group}):
        cloud.act('security_group', '/security-group-rules',
                  {'security_group_rule': rule | {'direction': 'ingress', 'security_group_id': group}})
    port = cloud.make('port', {'network_id': network, 'name': tag, 'allowed_address_pairs': [{'ip_address': '10.91.0.200'}]})
    cloud.make('port', {'network_id': network, 'name': tag + '-open', 'port_security_enabled': False, 'admin_state_up': False})
    cloud.make('floating_ip', {'floating_network_id': outside, 'port_id': port})
    cloud.make('floating_ip', {'floating_network_id': outside, 'description': 'not yet used'})
    plugged = cloud.ask('port', f'/ports?network_id={network}&device_owner=network:router_interface', 'user', (2, 1))['ports']
    cloud.ids['port'] += [each['id'] for each in plugged]


def _images(cloud: Cloud, tag: str) -> None:
    form = {'disk_format': 'raw', 'container_format': 'bare'}
    cloud.make('image', form | {'name': tag, 'tags': ['blue'], 'hw_disk_bus': 'scsi', 'colour': 'green'})
    full = cloud.make('image', form | {'name': tag + '-full', 'min_disk': 1, 'min_ram': 64, 'os_distro': 'debian', 'visibility': 'shared'})
    user = cloud.roles['user'].session
    user.put(cloud.url('image', f'/images/{full}/file', 'user'), data=b'bytes' * 200, headers={'Content-Type': 'application/octet-stream'})
    cloud.act('image', f'/images/{full}/members', {'member': cloud.projects['admin']})
    cloud.make('image', form | {'name': tag + '-open', 'visibility': 'community'})


def _volumes(cloud: Cloud, tag: str) -> None:
    private = {'name': tag, 'os-volume-type-access:is_public': False, 'description': 'of the corpus',
               'extra_specs': {'multiattach': '<is> False', 'inner': 'word'}}
    cloud.make('volume_type', private, 'admin')
    several = cloud.make('volume_type', {'name': tag + '-many', 'extra_specs': {'multiattach': '<is> True'}}, 'admin')
    nowhere = {'name': tag + '-nowhere', 'extra_specs': {'volume_backend_name': 'none such', 'RESKEY:availability_zones': 'nova'}}
    cloud.make('volume_type', nowhere, 'admin')
    blank = cloud.make('volume', {'size': 1, 'name': tag, 'metadata': {'a': 'b'}, 'description': 'blank'})
    boot = cloud.make('volume', {'size': 1, 'name': tag + '-boot', 'imageRef': cloud.find('image', 'cirros')})
    many = cloud.make('volume', {'size': 1, 'name': tag + '-many', 'volume_type': several})
    lost = cloud.make('volume', {'size': 1, 'name': tag + '-lost', 'volume_type': tag + '-nowhere'})
    for volume in (blank, boot, many):
        cloud.settled('volume', volume, 'available')
    cloud.settled('volume', lost, 'error')
    snapshot = cloud.make('snapshot', {'volume_id': blank, 'name': tag, 'metadata': {'c': 'd'}})
    cloud.settled('snapshot', snapshot, 'available')
    cloud.make('snapshot', {'volume_id': boot, 'description': 'no name'})
    for source in ({'snapshot_id': snapshot}, {'source_volid': blank}):
        cloud.settled('volume', cloud.make('volume', source | {'size': 1}), 'available')
    cloud.settled('snapshot', cloud.ids['snapshot'][1], 'available')
    cloud.act('volume', f'/volumes/{cloud.ids["volume"][-1]}/action', {'os-update_readonly_flag': {'readonly': True}})


def _flavors(cloud: Cloud, tag: str) -> None:
    shape = {'ram': 64, 'vcpus': 1, 'disk': 1}
    private = cloud.make('flavor', shape | {'name': tag, 'swap': 8, 'description': 'x', 'os-flavor-access:is_public': False}, 'admin')
    cloud.act('flavor', f'/flavors/{private}/os-extra_specs', {'extra_specs': {'hw:cpu_policy': 'shared'}}, 'admin')
    cloud.act('flavor', f'/flavors/{private}/action', {'addTenantAccess': {'tenant': cloud.projects['user']}}, 'admin')
    cloud.make('flavor', shape | {'name': tag + '-more', 'OS-FLV-EXT-DATA:ephemeral': 1, 'disk': 0}, 'admin')


def _servers(cloud: Cloud, tag: str) -> None:
    cloud.make('keypair', {'name': tag, 'public_key': PUBLIC_KEY})
    cloud.make('keypair', {'name': tag + '-typed', 'public_key': PUBLIC_KEY, 'type': 'ssh'})
    group = cloud.make('server_group', {'name': tag, 'policy': 'anti-affinity', 'rules': {'max_server_per_host': 1}})
    cloud.make('server_group', {'name': tag + '-soft', 'policy': 'soft-affinity'})
    flavor, private, image = cloud.ids['flavor'][0], cloud.find('network', 'private'), cloud.find('image', 'cirros')
    tiny = {'flavorRef': cloud.find('flavor', 'm1.tiny'), 'networks': 'none'}
    full = {'name': tag + '-full', 'imageRef': image, 'flavorRef': flavor, 'networks': [{'uuid': private}], 'tags': ['x', 'y'],
            'metadata': {'role': 'web'}, 'description': 'everything', 'key_name': tag, 'user_data': 'aGVsbG8=',
            'security_groups': [{'name': tag}], 'config_drive': True, 'availability_zone': 'nova', 'hostname': 'web',
            'trusted_image_certificates': ['one', 'two']}
    first = cloud.make('server', full, hints={'group': group})
    disk = {'boot_index': 0, 'uuid': cloud.ids['volume'][1], 'source_type': 'volume', 'destination_type': 'volume',
            'delete_on_termination': True}
    second = cloud.make('server', tiny | {'name': tag + '-disk', 'block_device_mapping_v2': [disk]})
    ported = cloud.make('server', tiny | {'name': tag + '-ported', 'imageRef': image, 'networks': [{'port': cloud.ids['port'][0]}]})
    others = [cloud.make('server', tiny | {'name': f'{tag}-{word}', 'imageRef': image}) for word in ('shelved', 'paused', 'resized')]
    for server in (first, second, ported, *others):
        cloud.settled('server', server, 'ACTIVE')
    # The group's one place is taken.
    failed = cloud.make('server', tiny | {'name': tag + '-failed', 'imageRef': image}, hints={'group': group})
    _attach(cloud, first, cloud.ids['volume'][0], cloud.ids['volume'][2])
    _attach(cloud, ported, cloud.ids['volume'][2])
    _change(cloud, ported, {'lock': {'locked_reason': 'kept'}})
    _change(cloud, ported, {'createImage': {'name': tag + '-picture', 'metadata': {'e': 'f'}}})
    told = cloud.ask('image', f'/images?name={tag}-picture', 'user', (2, 1))['images'][0]['id']
    cloud.made.append(('image', told, 'user'))
    cloud.ids['image'].append(told)
    for server, action, status in (
        (second, {'os-stop': None}, 'SHUTOFF'), (others[0], {'shelve': None}, 'SHELVED_OFFLOADED'), (others[1], {'pause': None}, 'PAUSED'),
        (others[2], {'resize': {'flavorRef': cloud.find('flavor', 'm1.small')}}, 'VERIFY_RESIZE'),
    ):  # fmt: skip
        _change(cloud, server, action)
        cloud.settled('server', server, status)
    cloud.settled('server', failed, 'ERROR')
    cloud.settled('image', told, 'active')


def _change(cloud: Cloud, server: str, action: dict[str, Any]) -> None:
    cloud.act('server', f'/servers/{server}/action', action)


def _attach(cloud: Cloud, server: str, *volumes: str) -> None:
    for volume in volumes:
        cloud.act('server', f'/servers/{server}/os-volume_attachments', {'volumeAttachment': {'volumeId': volume}})
        cloud.settled('volume', volume, 'in-use')
