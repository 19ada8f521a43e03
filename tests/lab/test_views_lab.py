"""Against real clouds: what `views` makes of the newest administrator's document is what the site itself answers.

Set LAB_CLOUDS to a clouds.yaml that has CLOUD and CLOUD-admin for each cloud of LAB_NAMES (default 'east'). With
LAB_RECORD=FOLDER the answers are written there too, as CLOUD.json: these are the corpus of tests/rules/test_views_corpus.py.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from hansa.model import resource
from hansa.rules import views

# openstacksdk and what it imports warn of each other's age.
pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]

NAMES = os.environ.get('LAB_NAMES', 'east').split()
PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRoZSBjb3JwdXMgb2Ygdmlld3M6IG5vdCBzZWNyZXQh views'
ROOTS = {'compute': '/v2.1', 'volume': '/v3', 'network': '/v2.0', 'image': '/v2'}
TYPES = {'compute': 'compute', 'volume': 'block-storage', 'network': 'network', 'image': 'image'}
RANGES = {'compute': [(2, n) for n in range(1, 105)], 'volume': [(3, n) for n in range(72)]}
SINGLES = frozenset(('server', 'volume', 'keypair', 'flavor', 'server_group', 'snapshot'))
LISTS = {
    ('server', 'show'): '/servers/detail?all_tenants=%d',
    ('server', 'brief'): '/servers?all_tenants=%d',
    ('flavor', 'show'): '/flavors/detail?is_public=None',
    ('flavor', 'brief'): '/flavors?is_public=None',
    ('keypair', 'show'): '/os-keypairs',
    ('server_group', 'show'): '/os-server-groups',
    ('volume', 'show'): '/volumes/detail?all_tenants=%d',
    ('volume', 'brief'): '/volumes?all_tenants=%d',
    ('snapshot', 'show'): '/snapshots/detail?all_tenants=%d',
    ('snapshot', 'brief'): '/snapshots?all_tenants=%d',
    ('volume_type', 'show'): '/types?is_public=None',
    ('network', 'show'): '/networks',
    ('subnet', 'show'): '/subnets',
    ('port', 'show'): '/ports',
    ('router', 'show'): '/routers',
    ('floating_ip', 'show'): '/floatingips',
    ('security_group', 'show'): '/security-groups',
    ('image', 'show'): '/images',
}

Answer = tuple[str, str, tuple[int, int], dict[str, Any]]
"""Form, role, version, documents by id."""


class Lab:
    """One cloud as its administrator and as its plain user, with a few varied objects of the plain user."""

    def __init__(self, cloud: str) -> None:
        import openstack

        config = openstack.config.OpenStackConfig(config_files=[os.environ['LAB_CLOUDS']])
        self.cloud = cloud
        self.roles: dict[str, Any] = {
            role: openstack.connection.Connection(config=config.get_one(cloud=name))
            for role, name in (('admin', cloud + '-admin'), ('user', cloud))
        }
        self.projects = {role: c.session.get_project_id() for role, c in self.roles.items()}
        self.bases = {s: self._base(s) for s in TYPES}
        self.made: list[tuple[str, str, str]] = []
        self.ids: dict[str, list[str]] = {}
        self.told: dict[str, Any] = {}

    def _base(self, service: str) -> str:
        address = self.roles['user'].session.get_endpoint(service_type=TYPES[service], interface='public')
        return str(address).split('/v')[0]

    def url(self, kind: str, path: str, role: str, prefixed: bool) -> str:
        service = resource.KINDS[kind].service
        middle = '/' + self.projects[role] if prefixed and service == 'volume' else ''
        return self.bases[service] + ROOTS[service] + middle + path

    def ask(self, kind: str, path: str, role: str, version: tuple[int, int], prefixed: bool = True) -> Any:
        service = resource.KINDS[kind].service
        said = {'compute': 'compute', 'volume': 'volume'}.get(service, '')
        headers = {'OpenStack-API-Version': f'{said} {version[0]}.{version[1]}'} if said else {}
        if service == 'compute':
            headers['X-OpenStack-Nova-API-Version'] = f'{version[0]}.{version[1]}'
        answer = self.roles[role].session.get(self.url(kind, path, role, prefixed), headers=headers)
        return answer.json()

    def listed(self, kind: str, form: str, role: str, version: tuple[int, int]) -> dict[str, Any]:
        """The list's elements of our own making by id."""
        path = LISTS[kind, form]
        if '%d' in path:
            path %= role == 'admin'
        if kind in ('keypair', 'server_group') and role == 'admin':
            path += {'keypair': f'?user_id={self.user()}', 'server_group': '?all_projects=1'}[kind]
        key = resource.KINDS[kind].plural
        items = [i.get('keypair', i) for i in self.ask(kind, path, role, version)[key]]
        told = {item['name' if kind == 'keypair' else 'id']: item for item in items}
        return {id: item for id, item in told.items() if id in self.ids[kind]}

    def single(self, kind: str, id: str, role: str, version: tuple[int, int]) -> Any:
        path = resource.KINDS[kind].collection + '/' + id
        if kind == 'keypair' and role == 'admin':
            path += f'?user_id={self.user()}'
        answer = self.ask(kind, path, role, version)
        return answer if kind == 'image' else answer[resource.KINDS[kind].single]

    def user(self) -> str:
        return str(self.roles['user'].session.get_user_id())

    def make(self, kind: str, body: dict[str, Any], role: str = 'user', version: str = '2.95') -> Any:
        spec = resource.KINDS[kind]
        headers = {'X-OpenStack-Nova-API-Version': version, 'OpenStack-API-Version': f'volume {version}'}
        payload = body if kind == 'image' else {spec.single: body}
        url = self.url(kind, spec.collection, role, True)
        answer = self.roles[role].session.post(url, json=payload, headers=headers).json()
        made = answer if kind == 'image' else answer[spec.single]
        id = str(made['name'] if kind == 'keypair' else made['id'])
        self.made.append((kind, id, role))
        self.ids.setdefault(kind, []).append(id)
        return made

    def act(self, kind: str, path: str, body: Any, role: str = 'user', verb: str = 'POST') -> Any:
        headers = {'X-OpenStack-Nova-API-Version': '2.95'}
        url = self.url(kind, path, role, True)
        return self.roles[role].session.request(url, verb, json=body, headers=headers, raise_exc=verb != 'DELETE')

    def settled(self, kind: str, id: str, *words: str) -> None:
        """Return when the object's status is one of the words."""
        end = time.monotonic() + 90
        while self.single(kind, id, 'user', (2, 90) if kind == 'server' else (3, 50))['status'] not in words:
            assert time.monotonic() < end, f'{kind} {id} does not become {words}'

    def find(self, kind: str, name: str) -> str:
        items = self.ask(kind, resource.KINDS[kind].collection, 'user', (2, 1))[resource.KINDS[kind].plural]
        return str(next(i['id'] for i in items if i['name'] == name))

    def build(self) -> None:
        tag = 'views-' + uuid.uuid4().hex[:6]
        self.build_network(tag)
        self.build_volumes(tag)
        self.build_servers(tag)
        for kind in resource.KINDS:
            self.ids.setdefault(kind, [])
        self.ids['flavor'] += [f['id'] for f in self.ask('flavor', '/flavors', 'user', (2, 1))['flavors']]
        self.ids['volume_type'] += [f['id'] for f in self.ask('volume_type', '/types', 'user', (3, 1))['volume_types']]
        self.ids['image'] += [f['id'] for f in self.ask('image', '/images?visibility=public', 'user', (2, 1))['images']]
        self.ids['network'] += [self.find('network', 'public'), self.find('network', 'private')]

    def build_network(self, tag: str) -> None:
        network = self.make('network', {'name': tag, 'description': 'of the corpus'})
        self.act('network', f'/networks/{network["id"]}/tags', {'tags': ['blue', 'red']}, verb='PUT')
        subnet = self.make('subnet', {'network_id': network['id'], 'ip_version': 4, 'cidr': '10.91.0.0/24', 'name': tag})
        router = self.make('router', {'name': tag, 'external_gateway_info': {'network_id': self.find('network', 'public')}})
        self.act('router', f'/routers/{router["id"]}/add_router_interface', {'subnet_id': subnet['id']}, verb='PUT')
        port = self.make('port', {'network_id': network['id'], 'name': tag,
                                  'allowed_address_pairs': [{'ip_address': '10.91.0.200'}]})
        outside = {'floating_network_id': self.find('network', 'public'), 'port_id': port['id']}
        self.make('floating_ip', outside)
        self.make('security_group', {'name': tag, 'description': 'of the corpus'})
        self.make('image', {'name': tag, 'disk_format': 'raw', 'container_format': 'bare', 'tags': ['blue'],
                            'hw_disk_bus': 'scsi', 'colour': 'green'})

    def build_volumes(self, tag: str) -> None:
        self.make('volume_type', {'name': tag, 'os-volume-type-access:is_public': False, 'description': 'of the corpus',
                                  'extra_specs': {'multiattach': '<is> False', 'inner': 'word'}}, 'admin', '3.0')
        blank = self.make('volume', {'size': 1, 'name': tag, 'metadata': {'a': 'b'}, 'description': 'blank'}, version='3.0')
        image = self.find('image', 'cirros')
        boot = self.make('volume', {'size': 1, 'name': tag + '-boot', 'imageRef': image}, version='3.0')
        for volume in (blank, boot):
            self.settled('volume', volume['id'], 'available')
        self.make('snapshot', {'volume_id': blank['id'], 'name': tag, 'metadata': {'c': 'd'}}, version='3.0')
        self.settled('snapshot', self.ids['snapshot'][0], 'available')

    def build_servers(self, tag: str) -> None:
        self.make('keypair', {'name': tag, 'public_key': PUBLIC_KEY})
        flavor = self.make('flavor', {'name': tag, 'ram': 64, 'vcpus': 1, 'disk': 1, 'swap': 8, 'description': 'of the corpus',
                                      'os-flavor-access:is_public': False}, 'admin')['id']
        self.act('flavor', f'/flavors/{flavor}/os-extra_specs', {'extra_specs': {'hw:cpu_policy': 'shared'}}, 'admin')
        self.act('flavor', f'/flavors/{flavor}/action', {'addTenantAccess': {'tenant': self.projects['user']}}, 'admin')
        group = self.make('server_group', {'name': tag, 'policy': 'anti-affinity', 'rules': {'max_server_per_host': 1}})
        image, private = self.find('image', 'cirros'), self.find('network', 'private')
        full = {'name': tag + '-full', 'imageRef': image, 'flavorRef': flavor, 'networks': [{'uuid': private}], 'tags': ['x', 'y'],
                'metadata': {'role': 'web'}, 'description': 'everything', 'key_name': tag, 'user_data': 'aGVsbG8=',
                'security_groups': [{'name': tag}], 'config_drive': True, 'availability_zone': 'nova', 'hostname': 'web'}
        hints = {'os:scheduler_hints': {'group': group['id']}}
        first = self.boot(full | {'availability_zone': 'nova'}, hints)
        self.settled('server', first, 'ACTIVE')
        self.act('server', f'/servers/{first}/os-volume_attachments', {'volumeAttachment': {'volumeId': self.ids['volume'][0]}})
        self.settled('volume', self.ids['volume'][0], 'in-use')
        tiny = {'flavorRef': self.find('flavor', 'm1.tiny'), 'networks': 'none'}
        disk = {'boot_index': 0, 'uuid': self.ids['volume'][1], 'source_type': 'volume', 'destination_type': 'volume',
                'delete_on_termination': True}
        second = self.boot(tiny | {'name': tag + '-disk', 'block_device_mapping_v2': [disk]}, {})
        failed = self.boot(tiny | {'name': tag + '-failed', 'imageRef': image}, hints)
        ported = self.boot(tiny | {'name': tag + '-ported', 'imageRef': image,
                                   'networks': [{'port': self.ids['port'][0]}]}, {})
        for server in (second, ported):
            self.settled('server', server, 'ACTIVE')
        self.settled('server', failed, 'ERROR')
        self.act('server', f'/servers/{ported}/action', {'lock': {'locked_reason': 'kept'}})
        self.act('server', f'/servers/{second}/action', {'os-stop': None})
        self.settled('server', second, 'SHUTOFF')

    def boot(self, body: dict[str, Any], hints: dict[str, Any]) -> str:
        answer = self.act('server', '/servers', {'server': body, **hints})
        assert answer.status_code == 202, answer.text
        id = str(answer.json()['server']['id'])
        self.made.append(('server', id, 'user'))
        self.ids.setdefault('server', []).append(id)
        return id

    def clear(self) -> None:
        for id in self.ids.get('server', []):
            self.act('server', f'/servers/{id}/action', {'unlock': None})
        order = ['server', 'floating_ip', 'router', 'port', 'subnet', 'network', 'security_group', 'snapshot', 'volume']
        rank = {kind: n for n, kind in enumerate(order)}
        for kind, id, role in sorted(self.made, key=lambda m: rank.get(m[0], 99)):
            if kind == 'floating_ip':
                self.vanished('server')
            if kind == 'router':
                self.act('router', f'/routers/{id}/remove_router_interface', {'subnet_id': self.ids['subnet'][0]}, verb='PUT')
            if kind == 'volume':
                self.vanished('snapshot')
            self.act(kind, resource.KINDS[kind].collection + '/' + id, None, role, 'DELETE')

    def vanished(self, kind: str) -> None:
        """Return when none of ours is listed any more."""
        end = time.monotonic() + 90
        while self.listed(kind, 'brief', 'user', (2, 1) if kind == 'server' else (3, 0)):
            assert time.monotonic() < end, f'{kind} does not go'


@pytest.fixture(scope='module', params=NAMES)
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    lab = Lab(request.param)
    try:
        lab.build()
        yield lab
        if 'LAB_RECORD' in os.environ:
            record(lab, os.environ['LAB_RECORD'])
    finally:
        lab.clear()


def bare(value: Any) -> Any:
    """A document as the inventory keeps it: without links."""
    if not isinstance(value, dict):
        return value
    return {k: bare(v) if k in ('flavor', 'image') else v for k, v in value.items()
            if k not in ('links', 'self', 'file', 'schema')}


def canonical(doc: dict[str, Any]) -> dict[str, Any]:
    """Lists that the services give in any order, ordered."""
    rules = sorted(doc.get('security_group_rules', ()), key=lambda rule: str(rule['id']))
    return doc | {'members': sorted(doc.get('members', ())), 'security_group_rules': rules}


def walk(lab: Lab, kind: str) -> Iterator[Answer]:
    """Every list of a kind, and single objects, as each role, oldest version first."""
    forms = [form for listed, form in LISTS if listed == kind] + ['single'] * (kind in SINGLES)
    for form in forms:
        for role in lab.roles:
            for version in RANGES.get(resource.KINDS[kind].service, [(2, 0)]):
                if form != 'single':
                    yield form, role, version, lab.listed(kind, form, role, version)
                elif kind != 'keypair' or role == 'user' or version >= (2, 10):
                    yield form, role, version, {id: lab.single(kind, id, role, version) for id in lab.ids[kind][:4:2]}


def steps(answers: list[Answer]) -> dict[str, Any]:
    """Each field once for each version in which it changed: [version, value], or [version] where it went."""
    lines: dict[str, Any] = {}
    for form, role, version, items in answers:
        for id, doc in items.items():
            fields = lines.setdefault(form, {}).setdefault(role, {}).setdefault(id, {})
            for field in fields.keys() | doc.keys():
                said = [doc[field]] if field in doc else []
                changes = fields.setdefault(field, [])
                if (changes[-1][1:] if changes else []) != said:
                    changes.append([version[1], *said])
    return lines


def record(lab: Lab, folder: str) -> None:
    told = {'projects': lab.projects, 'bases': lab.bases, 'kinds': lab.told}
    text = json.dumps(told, sort_keys=True, separators=(',', ':'))
    # A fault's details name files of that machine.
    (pathlib.Path(folder) / (lab.cloud + '.json')).write_text(re.sub(r'/[^" ]*/site-packages/', '', text) + '\n')


@pytest.mark.parametrize('kind', resource.KINDS)
def test_every_version_and_role(lab: Lab, kind: str) -> None:
    answers = list(walk(lab, kind))
    lab.told[kind] = steps(answers)
    newest = {(form, id): bare(doc) for form, role, _, items in answers if role == 'admin' for id, doc in items.items()}
    flavors = {flavor['name']: id for id, flavor in lab.listed('flavor', 'brief', 'admin', (2, 1)).items()}
    service = resource.KINDS[kind].service
    for form, role, version, items in answers:
        prefix = lab.projects[role] if service == 'volume' else ''
        context = views.Context(base=lab.bases[service], prefix=prefix, flavors=flavors)
        for id, doc in items.items():
            stored = newest['single' if form == 'single' else 'show', id]
            if form == 'brief':
                made = views.brief(kind, stored, version, context)
            else:
                made = views.show(kind, stored, version, role == 'admin', context, single=form == 'single')
            assert canonical(made.get('keypair', made)) == canonical(doc), f'{kind} {form} as {role} at {version}'
