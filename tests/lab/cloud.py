"""One cloud of the lab, spoken to as its administrator and as its plain user; it remembers what was made and takes it away again."""

from __future__ import annotations

import os
import time
from typing import Any

from hansa.model import resource
from hansa.rules import views

ROOTS = {'compute': '/v2.1', 'volume': '/v3', 'network': '/v2.0', 'image': '/v2'}
TYPES = {'compute': 'compute', 'volume': 'block-storage', 'network': 'network', 'image': 'image'}
LOWEST = {'compute': (2, 1), 'volume': (3, 0)}
EVERY_RELEASE = {'compute': '2.90', 'volume': '3.60'}
"""Versions for what prepares and does not matter."""

SETTLE_SECONDS = 240
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
# Those at whose going others have to wait, in the order of going.
# Flavors go first: they need wait for nobody, and one that stays is offered to everybody.
_ORDER = ('flavor', 'server', 'floating_ip', 'router', 'port', 'subnet', 'network', 'security_group', 'snapshot', 'volume', 'volume_type')
# What bootstrap.py of the lab makes in the plain user's project.
_BUILT = frozenset(('private', 'private-subnet', 'router1', 'default'))

Version = tuple[int, int]


class Cloud:
    """`ids` are those looked at, by kind; `ranges` the microversions that the cloud offers, by service."""

    def __init__(self, name: str) -> None:
        import openstack

        config = openstack.config.OpenStackConfig(config_files=[os.environ['LAB_CLOUDS']])
        self.name = name
        self.roles: dict[str, Any] = {
            role: openstack.connection.Connection(config=config.get_one(cloud=entry))
            for role, entry in (('admin', name + '-admin'), ('user', name))
        }
        self.projects = {role: each.session.get_project_id() for role, each in self.roles.items()}
        self.bases = {service: self._base(service) for service in TYPES}
        self.ranges = {service: self._range(service) for service in LOWEST}
        self.made: list[tuple[str, str, str]] = []
        self.ids: dict[str, list[str]] = {kind: [] for kind in resource.KINDS}

    def _base(self, service: str) -> str:
        address = self.roles['user'].session.get_endpoint(service_type=TYPES[service], interface='public')
        return str(address).split('/v')[0]

    def _range(self, service: str) -> list[Version]:
        major, lowest = LOWEST[service]
        told = self.roles['user'].session.get(self.bases[service] + '/', headers={'Accept': 'application/json'}).json()['versions']
        highest = next(each['version'] for each in told if each['id'].startswith(f'v{major}.') and each['version'])
        return [(major, minor) for minor in range(lowest, int(highest.partition('.')[2]) + 1)]

    def user(self) -> str:
        """The plain user's id."""
        return str(self.roles['user'].session.get_user_id())

    # -- asking

    def url(self, kind: str, path: str, role: str) -> str:
        """Cinder's with the project in front, as its catalog has it."""
        service = resource.KINDS[kind].service
        middle = '/' + self.projects[role] if service == 'volume' else ''
        return self.bases[service] + ROOTS[service] + middle + path

    def ask(self, kind: str, path: str, role: str, version: Version) -> Any:
        """The document of a GET."""
        headers = _headers(resource.KINDS[kind].service, f'{version[0]}.{version[1]}')
        return self.roles[role].session.get(self.url(kind, path, role), headers=headers).json()

    def listed(self, kind: str, form: str, role: str, version: Version) -> dict[str, Any]:
        """The list's elements that we look at, by id."""
        path = LISTS[kind, form]
        if '%d' in path:
            path %= role == 'admin'
        if kind in ('keypair', 'server_group') and role == 'admin':
            path += {'keypair': f'?user_id={self.user()}', 'server_group': '?all_projects=1'}[kind]
        key = resource.KINDS[kind].plural
        items = [item.get('keypair', item) for item in self.ask(kind, path, role, version)[key]]
        told = {item['name' if kind == 'keypair' else 'id']: item for item in items}
        return {id: item for id, item in told.items() if id in self.ids[kind]}

    def single(self, kind: str, id: str, role: str, version: Version) -> Any:
        """One by its id."""
        path = resource.KINDS[kind].collection + '/' + id
        if kind == 'keypair' and role == 'admin':
            path += f'?user_id={self.user()}'
        answer = self.ask(kind, path, role, version)
        return answer if kind == 'image' else answer[resource.KINDS[kind].single]

    def find(self, kind: str, name: str) -> str:
        """Id of what the plain user sees under a name."""
        items = self.ask(kind, resource.KINDS[kind].collection, 'user', (2, 1))[resource.KINDS[kind].plural]
        return str(next(item['id'] for item in items if item['name'] == name))

    # -- making

    def make(self, kind: str, body: dict[str, Any], role: str = 'user', hints: dict[str, Any] | None = None) -> str:
        """A new object; its id."""
        spec = resource.KINDS[kind]
        payload = body if kind == 'image' else {spec.single: body} | ({'os:scheduler_hints': hints} if hints else {})
        answer = self.act(kind, spec.collection, payload, role)
        made = answer if kind == 'image' else answer[spec.single]
        id = str(made['name'] if kind == 'keypair' else made['id'])
        self.made.append((kind, id, role))
        self.ids[kind].append(id)
        return id

    def act(self, kind: str, path: str, body: Any, role: str = 'user', verb: str = 'POST') -> Any:
        """Any other change; its document. Fails where the cloud refuses."""
        service = resource.KINDS[kind].service
        headers = _headers(service, EVERY_RELEASE.get(service, '2.1'))
        answer = self.roles[role].session.request(self.url(kind, path, role), verb, json=body, headers=headers, raise_exc=False)
        assert answer.status_code < 300, (verb, path, answer.status_code, answer.text)
        return answer.json() if answer.content else {}

    def settled(self, kind: str, id: str, word: str) -> None:
        """Return when the object's status is that word."""
        end = time.monotonic() + SETTLE_SECONDS
        version = (2, 90) if kind == 'server' else (3, 50)
        while (status := self.single(kind, id, 'user', version)['status']) != word:
            assert time.monotonic() < end, f'{kind} {id} does not become {word}: {status}'
            time.sleep(0.5)

    # -- taking away

    def sweep(self) -> None:
        """Take away what a run that was killed left: all of the plain user's but what the lab made with the cloud, and the scenes' flavors and types."""
        for kind in dict.fromkeys(kind for kind, _ in LISTS):
            role = 'admin' if kind in ('flavor', 'volume_type') else 'user'
            path = LISTS.get((kind, 'brief'), LISTS[kind, 'show'])
            told = self.ask(kind, path % 0 if '%d' in path else path, role, LOWEST.get(resource.KINDS[kind].service, (2, 0)))
            for item in told[resource.KINDS[kind].plural]:
                left = item.get('keypair', item)
                if self._is_left(kind, left):
                    id = str(left['name' if kind == 'keypair' else 'id'])
                    self.made.append((kind, id, role))
                    self.ids[kind].append(id)
        self.clear()
        self.ids = {kind: [] for kind in resource.KINDS}

    def _is_left(self, kind: str, item: dict[str, Any]) -> bool:
        """Whether no cloud of the lab has this from its start."""
        if kind in ('flavor', 'volume_type'):
            return str(item['name']).startswith('views-')
        owner = item.get('project_id', item.get('owner', self.projects['user']))
        return owner == self.projects['user'] and item.get('name') not in _BUILT and item.get('device_owner') != 'network:router_interface'

    def clear(self) -> None:
        """Take away what was made, each kind when those have gone that stand on it."""
        rank = {kind: n for n, kind in enumerate(_ORDER)}
        before = ''
        for kind, id, role in sorted(self.made, key=lambda made: rank.get(made[0], 99)):
            if kind != before and before in ('server', 'snapshot', 'volume'):
                self._gone(before)
            before = kind
            if kind == 'router':
                self._unplug(id)
            path = resource.KINDS[kind].collection + '/' + id
            if kind == 'server':
                self.roles[role].session.post(self.url(kind, path + '/action', role), json={'unlock': None}, raise_exc=False)
            self.roles[role].session.delete(self.url(kind, path, role), raise_exc=False)
        self.made = []

    def _unplug(self, router: str) -> None:
        self.act('router', f'/routers/{router}', {'router': {'routes': []}}, verb='PUT')
        for port in self.ask('port', f'/ports?device_id={router}', 'user', (2, 1))['ports']:
            if port['device_owner'] == 'network:router_interface':
                self.act('router', f'/routers/{router}/remove_router_interface', {'port_id': port['id']}, verb='PUT')

    def _gone(self, kind: str) -> None:
        end = time.monotonic() + SETTLE_SECONDS
        while left := self.listed(kind, 'brief', 'user', (2, 1) if kind == 'server' else (3, 0)):
            assert time.monotonic() < end, f'{kind} {sorted(left)} do not go'
            time.sleep(0.5)

    def context(self, service: str, role: str) -> views.Context:
        """What the views have to know of this cloud."""
        flavors = {flavor['name']: id for id, flavor in self.listed('flavor', 'brief', 'admin', (2, 1)).items()}
        return views.Context(base=self.bases[service], prefix=self.projects[role] if service == 'volume' else '', flavors=flavors)


def _headers(service: str, version: str) -> dict[str, str]:
    """Those that ask for a microversion; none where the API has none."""
    if service not in LOWEST:
        return {}
    headers = {'OpenStack-API-Version': f'{service} {version}'}
    return headers | ({'X-OpenStack-Nova-API-Version': version} if service == 'compute' else {})
