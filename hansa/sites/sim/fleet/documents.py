"""What a simulated cloud holds of an object that only its number tells apart from its sisters."""

from __future__ import annotations

from typing import NamedTuple

from hansa.sites.sim.fleet.rows import STAGES, VOLUME_STATUS
from hansa.sites.sim.state import Doc, micro, z

BOOTED = 1
"""Seconds from a server's creation to its launch."""
FAILED = 'Exceeded maximum number of retries.'


class Ground(NamedTuple):
    """What all objects of a site refer to; ids."""

    project: str
    user: str
    network: str
    subnet: str
    group: str
    type: str
    host: str


class Server(NamedTuple):
    """What one server has of its own."""

    id: str
    name: str
    created: int
    updated: int
    number: int
    reservation: str
    flavor: Doc
    image: str


class Port(NamedTuple):
    """What one port has of its own."""

    id: str
    server: str
    address: str
    mac: str
    created: str
    updated: str


class Volume(NamedTuple):
    """What one volume has of its own."""

    id: str
    name: str
    created: int
    updated: int
    size: int
    number: int


def server(ground: Ground, own: Server, code: int) -> Doc:
    """As POST /servers would have left it."""
    stage = STAGES[code]
    alive = stage.vm not in ('building', 'deleted')
    return {
        'id': own.id,
        'name': own.name,
        'project_id': ground.project,
        'user_id': ground.user,
        'accessIPv4': '',
        'accessIPv6': '',
        'metadata': {},
        'description': own.name,
        'tags': [],
        'key_name': None,
        '_created': float(own.created),
        '_updated': float(own.updated),
        '_launched': float(own.created + BOOTED) if stage.vm != 'building' else None,
        '_terminated': float(own.updated) if stage.vm == 'deleted' else None,
        '_vm': stage.vm,
        '_task': stage.task,
        '_power': stage.power,
        '_flavor': own.flavor,
        '_image': own.image,
        '_host': ground.host if alive else '',
        '_hostname': own.name,
        '_disk': 'MANUAL',
        '_drive': '',
        '_data': None,
        '_pinned': None,
        '_hints': {},
        '_locked': False,
        '_reason': None,
        '_fault': {'code': 500, 'created': z(own.updated), 'message': FAILED} if stage.vm == 'error' else None,
        '_index': 0,
        '_number': own.number,
        '_given': [],
        '_doomed': [],
        '_before': '',
        '_reservation': own.reservation,
    }


def port(ground: Ground, own: Port) -> Doc:
    """As Nova would have made it for its server."""
    return {
        'id': own.id,
        'name': '',
        'network_id': ground.network,
        'mac_address': own.mac,
        'admin_state_up': True,
        'status': 'ACTIVE',
        'device_id': own.server,
        'device_owner': 'compute:nova',
        'fixed_ips': [{'subnet_id': ground.subnet, 'ip_address': own.address}],
        'allowed_address_pairs': [],
        'extra_dhcp_opts': [],
        'security_groups': [ground.group],
        'description': '',
        'binding:vnic_type': 'normal',
        'binding:profile': {},
        'binding:host_id': ground.host,
        'binding:vif_type': 'ovs',
        'binding:vif_details': {'port_filter': True, 'connectivity': 'l2'},
        'port_security_enabled': True,
        'ip_allocation': 'immediate',
        'project_id': ground.project,
        'tenant_id': ground.project,
        'tags': [],
        'created_at': own.created,
        'updated_at': own.updated,
        'revision_number': 2,
    }


def volume(ground: Ground, own: Volume, code: int) -> Doc:
    """As POST /volumes would have left it."""
    return {
        'id': own.id,
        'status': VOLUME_STATUS[code],
        'size': own.size,
        'availability_zone': 'nova',
        'name': own.name,
        'description': None,
        'snapshot_id': None,
        'source_volid': None,
        'metadata': {},
        'user_id': ground.user,
        'bootable': False,
        'encrypted': False,
        'replication_status': None,
        'consistencygroup_id': None,
        'multiattach': False,
        'project_id': ground.project,
        '_created': float(own.created),
        '_updated': float(own.updated),
        '_type': ground.type,
        '_number': own.number,
    }


def attachment(ground: Ground, id: str, mapping: str, server: str, volume: str, since: int) -> Doc:
    """A volume's to its server; `mapping` is the id that Nova has for it."""
    return {
        'id': id,
        'status': 'attached',
        'instance': server,
        'volume_id': volume,
        'attached_at': micro(since),
        'detached_at': '',
        'attach_mode': 'rw',
        'connection_info': {},
        'project_id': ground.project,
        '_device': '/dev/sdb',
        '_bdm': mapping,
    }
