"""What a simulated cloud has from its beginning: accounts, flavors, images, networks."""

from __future__ import annotations

import hashlib

from hansa.sites.sim import accounts, addresses, flavors, imagefiles, images, ports, routers
from hansa.sites.sim.netkinds import Kind, fresh
from hansa.sites.sim.state import Doc, State
from hansa.sites.sim.wire import Ask, Who

PASSWORD = 'secret'  # noqa: S105 - of users that exist only in memory
"""Of all users; nothing real is behind it."""

ROLES = ('admin', 'manager', 'member', 'reader', 'service', 'ResellerAdmin', 'swiftoperator')
USERS = [
    ('admin', 'admin', 'admin'),
    ('demo', 'demo', 'member'),
    ('alt_demo', 'alt_demo', 'member'),
    ('demo_reader', 'demo', 'reader'),
]
FLAVORS = [('m1.tiny', 512, 1, 1), ('m1.small', 2048, 1, 20), ('m1.medium', 4096, 2, 40)]
FLAVOR_IDS = {'east': ('1', '2', '3'), 'west': ('w-10', 'w-20', 'w-30'), 'south': ('101', '102', '103')}
PLACES = ('east', 'west', 'north', 'south', 'centre', 'coast', 'hills', 'lake')


def fill(state: State) -> None:
    """Make it all."""
    _accounts(state)
    _compute(state)
    _images(state)
    _network(state)


def _accounts(state: State) -> None:
    state.domains['default'] = {
        'id': 'default',
        **accounts.FRESH['domains'],
        'name': 'Default',
        'description': 'The default domain',
    }
    roles = {name: accounts.fresh(state, 'roles', {'name': name})['id'] for name in ROLES}
    projects = {
        name: accounts.fresh(state, 'projects', {'name': name})['id'] for name in ('admin', 'service', 'demo', 'alt_demo')
    }
    for name, project, role in USERS:
        given = {'name': name, 'password': PASSWORD, 'default_project_id': projects[project]}
        user = accounts.fresh(state, 'users', given)['id']
        state.grants.add((user, projects[project], roles[role]))
        if name == 'admin':
            state.grants |= {(user, projects[more], roles['admin']) for more in ('demo', 'alt_demo')}
            state.grants.add((user, 'system', roles['admin']))


def _compute(state: State) -> None:
    ids: tuple[str, ...] = FLAVOR_IDS.get(state.name, ('', '', ''))
    for id, (name, ram, vcpus, disk) in zip(ids, FLAVORS, strict=True):
        flavors.record(state, {'id': id, 'name': name, 'ram': ram, 'vcpus': vcpus, 'disk': disk})
    flavors.record(state, {'name': f'{state.name}.special', 'ram': 1024, 'vcpus': 1, 'disk': 5})
    id = state.new_id()
    state.types[id] = {
        'id': id,
        'name': '__DEFAULT__',
        'is_public': True,
        'description': 'Default Volume Type',
        'extra_specs': {},
    }


def qcow2(size: int) -> bytes:
    """An empty disk image of `size` virtual bytes: a right header, then zeros."""
    header = b'QFI\xfb' + (3).to_bytes(4, 'big') + bytes(12) + (16).to_bytes(4, 'big') + size.to_bytes(8, 'big')
    return header.ljust(65536, b'\0')


def project_id(state: State, name: str) -> str:
    """Id of a project by its name. Raises StopIteration."""
    return str(next(one['id'] for one in state.projects.values() if one['name'] == name))


def _images(state: State) -> None:
    raw = hashlib.sha256(state.name.encode()).digest() * 2048
    for name, kind, content in (('cirros', 'qcow2', qcow2(1 << 20)), (f'{state.name}-linux', 'raw', raw)):
        given = {'name': name, 'disk_format': kind, 'container_format': 'bare', 'visibility': 'public'}
        imagefiles.fill(state, images.record(state, project_id(state, 'admin'), given), content)


def _network(state: State) -> None:
    third = 11 + (PLACES.index(state.name) if state.name in PLACES else sum(state.name.encode()) % 200)
    admin, demo = asking(state, 'admin', 'admin'), asking(state, 'demo', 'member')
    given: Doc = {'name': 'public', 'router:external': True, 'is_default': True, 'provider:network_type': 'flat'}
    public = make(admin, addresses.NETWORKS, given)
    span = f'172.24.{third}'
    given = {
        'name': 'public-subnet',
        'network_id': public['id'],
        'cidr': f'{span}.0/24',
        'gateway_ip': f'{span}.1',
        'enable_dhcp': False,
    }
    make(admin, addresses.SUBNETS, given)
    given = {
        'name': 'shared-default-subnetpool',
        'is_default': True,
        'shared': True,
        'prefixes': [f'10.{100 + third % 150}.0.0/16'],
    }
    make(admin, addresses.SUBNETPOOLS, given)
    private = make(demo, addresses.NETWORKS, {'name': 'private'})
    given = {
        'name': 'private-subnet',
        'network_id': private['id'],
        'cidr': f'10.{third}.0.0/24',
        'dns_nameservers': ['192.0.2.53'],
    }
    subnet = make(demo, addresses.SUBNETS, given)
    router = make(demo, routers.ROUTERS, {'name': 'router1', 'external_gateway_info': {'network_id': public['id']}})
    demo.body = b'{"subnet_id": "%s"}' % subnet['id'].encode()
    routers.add_interface(demo, router['id'])
    ports.default_group(state, demo.who.project)


def asking(state: State, name: str, role: str) -> Ask:
    """A request of that user for what the cloud has from its beginning."""
    who = Who('', name, project_id(state, name), name, frozenset([role]))
    return Ask(state, 'POST', '', '', {}, b'', '', '', who)


def make(ask: Ask, kind: Kind, given: Doc) -> Doc:
    """A stored object of the network."""
    doc = fresh(ask.state, kind, ask.who.project, given)
    kind.prepare(ask, doc, given)
    ask.state.table(kind.plural)[doc['id']] = doc
    return doc
