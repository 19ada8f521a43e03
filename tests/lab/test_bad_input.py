"""What a client gets wrong is answered by the league as the site itself answers it: the same status, a fault of the same form."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from bench import cloud
from tests.lab import league
from tests.northbound import forms, wrong

pytestmark = pytest.mark.lab
NOBODY = '99999999-9999-4999-8999-999999999999'
ROOTS = {'compute': wrong.C, 'volume': wrong.V, 'network': wrong.N, 'image': wrong.I, 'identity': wrong.K}

OTHERWISE: tuple[tuple[str, str, str], ...] = (
    ('404 405', '', 'the path is there and the method is not: the league says so, and which are'),
    ('500 400', '', 'the service breaks over it; the league says what is wrong'),
    ('500 404', '', 'the service breaks over it; the league says what is wrong'),
    ('500 503', '', "a site's failure is told as the site's"),
    ('415 400', '', 'what is not JSON is not looked at for what it may be instead'),
    ('400 403', '', 'who may not do it is told so before the body is looked at'),
    ('404 400', f'POST {wrong.N}/networks', 'a zone that is none is a bad request in all APIs alike, and the answer names those that there are'),
    ('403 404', f'GET {wrong.I}/tasks', 'an id that nobody has is looked for before its site could say who may ask'),
)
"""The site's status and the league's, how the request begins, and why the two may differ there."""


class Way:
    """One way to the cloud: as a user of the site itself, or of the league over it; `words` is what stands there for the corpus."""

    def __init__(self, file: pathlib.Path, entry: str, zone: str) -> None:
        self.cloud = cloud.Cloud(file, entry)
        self._at = zone
        self._zone: dict[str, object] = {'availability_zone': zone} if zone else {}
        self._hints: dict[str, object] = {'availability_zone_hints': [zone]} if zone else {}
        roots = {service: self.cloud.url(service, '').removesuffix(f'/{self.cloud.project}') for service in ('compute', 'volume', 'image')}
        self._roots = roots | {service: _versioned(self.cloud.catalog[service], word) for service, word in (('network', 'v2.0'), ('identity', 'v3'))}
        self.words = {'nobody': NOBODY, 'project': self.cloud.project}
        self._made: list[str] = []

    def ask(self, service: str, one: wrong.Wrong) -> tuple[int, Any]:
        """Status and decoded body (bytes where it is no JSON)."""
        method, _, path = self._filled(one.line).partition(' ')
        body = one.body if isinstance(one.body, bytes) or one.body is None else self._filled(json.dumps(one.body)).encode()
        headers = {'accept': 'application/json'} | ({} if body is None else {'content-type': 'application/json'})
        if one.version:
            headers['openstack-api-version'] = f'{service} {one.version}'
        if (method, path) != ('POST', f'{wrong.K}/auth/tokens'):
            headers['x-auth-token'] = self.cloud.headers['X-Auth-Token']
        url = urllib.parse.urlsplit(self._roots[service] + path.removeprefix(ROOTS[service]))
        with contextlib.closing(http.client.HTTPConnection(url.hostname or '', url.port, timeout=60)) as connection:
            connection.request(method, url.path + (f'?{url.query}' if url.query else ''), body, headers | one.headers)
            answer = connection.getresponse()
            raw = answer.read()
        try:
            found = json.loads(raw) if raw else None
        except ValueError:
            found = raw
        if answer.status < 300 and method == 'POST' and service != 'identity':
            self._made += [f'{service} {path.partition("?")[0]}/{id}' for id in _ids(found)]
        return answer.status, found

    def furnish(self) -> None:
        """One of each thing that the corpus speaks of."""
        words = self.words
        words['network'] = self._make('network', '/networks', 'network', {'name': 'wrong', **self._hints})
        words['subnet'] = self._make('network', '/subnets', 'subnet', {'network_id': words['network'], 'ip_version': 4, 'cidr': '10.66.0.0/24'})
        words['port'] = self._make('network', '/ports', 'port', {'network_id': words['network']})
        words['router'] = self._make('network', '/routers', 'router', {'name': 'wrong', **self._hints})
        words['group'] = self._make('network', '/security-groups', 'security_group', {'name': 'wrong'})
        words['own_image'] = self._make('image', '/images', '', {'name': 'wrong', 'disk_format': 'raw', 'container_format': 'bare'})
        external = self._get('network', f'/networks/public@{self._at}')['network'] if self._at else self._get('network', '/networks?name=public')['networks'][0]
        words['external'] = external['id']
        words |= self.alive('')

    def alive(self, before: str) -> dict[str, str]:
        """A volume and a server that is ACTIVE, what it was made of too; `before` goes before each word."""
        image = self._get('image', '/images?name=cirros')['images'][0]['id']
        flavor = next(one['id'] for one in self._get('compute', '/flavors')['flavors'] if one['name'] == 'm1.tiny')
        volume = self._make('volume', '/volumes', 'volume', {'size': 1, 'name': 'wrong', **self._zone})
        wish = {'name': 'wrong', 'imageRef': image, 'flavorRef': flavor, 'networks': 'none', **self._zone}
        server = self._make('compute', '/servers', 'server', wish)
        cloud.until(lambda: self._get('compute', f'/servers/{server}')['server']['status'] == 'ACTIVE', 'a server ACTIVE', 90)
        return {f'{before}server': server, f'{before}volume': volume, 'image': image, 'flavor': flavor}

    def lend(self, other: Way) -> None:
        """What another project must not reach."""
        network = self._make('network', '/networks', 'network', {'name': 'wrong', **self._hints})
        other.words |= {key: value for key, value in self.alive('foreign_').items() if key.startswith('foreign_')}
        other.words |= {'foreign_network': network, 'foreign_project': self.cloud.project}

    def made(self) -> int:
        """How much was made so far."""
        return len(self._made)

    def clean(self, since: int = 0) -> None:
        """Nothing stays of what was made since."""
        for service, path in reversed([one.split(' ', 1) for one in self._made[since:]]):
            self.ask(service, wrong.Wrong(f'DELETE {path}'))
        del self._made[since:]

    def _make(self, service: str, path: str, key: str, wish: dict[str, object]) -> str:
        status, told = self.ask(service, wrong.Wrong(f'POST {ROOTS[service]}{path}', {key: wish} if key else wish, '2.79' if service == 'compute' else ''))
        assert status < 300, (path, status, told)
        return str((told[key] if key else told)['id'])

    def _get(self, service: str, path: str) -> Any:
        status, told = self.ask(service, wrong.Wrong(f'GET {ROOTS[service]}{path}'))
        assert status == 200, (path, status, told)
        return told

    def _filled(self, text: str) -> str:
        return re.sub(r'\$([a-z_]+)', lambda found: self.words.get(found[1], found[0]), text)


def _versioned(root: str, version: str) -> str:
    root = root.rstrip('/')
    return root if root.endswith(version) else f'{root}/{version}'


def _ids(document: Any) -> list[str]:
    """Ids of what a create made, single or bulk."""
    if not isinstance(document, dict):
        return []
    found = [document, *document.values(), *(item for value in document.values() if isinstance(value, list) for item in value)]
    return [one['id'] for one in found if isinstance(one, dict) and isinstance(one.get('id'), str)]


@pytest.fixture(scope='module')
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Way, Way]]:
    """The user of the site itself and the user of the league, each with the same things around."""
    clouds = pathlib.Path(os.environ['LAB_CLOUDS'])
    with league.serve(clouds, 'east=east-admin,west=west-admin', tmp_path_factory.mktemp('wrong') / 'state') as one:
        users = Way(clouds, 'east', ''), Way(one.clouds, 'hansa', 'east')
        others = Way(clouds, 'east-admin', ''), Way(one.clouds, 'hansa-admin', 'east')
        try:
            for user, other in zip(users, others, strict=True):
                user.furnish()
                other.lend(user)
            yield users
        finally:
            for way in (*users, *others):
                way.clean()


@pytest.mark.parametrize('service', wrong.EVERY)
def test_what_is_wrong_is_answered_as_the_site_answers_it(ways: tuple[Way, Way], service: str) -> None:
    direct, through = ways
    different = []
    furniture = direct.made(), through.made()
    for one in wrong.EVERY[service]:
        mine, said = direct.ask(service, one)
        theirs, told = through.ask(service, one)
        direct.clean(furniture[0])
        through.clean(furniture[1])
        form = service if service != 'identity' else ''
        if theirs >= 400 and forms.is_fault(form, mine, said) and not forms.is_fault(form, theirs, told):
            different.append(f'{one.line} {str(one.body)[:200]}: {theirs} in another form: {told}')
        elif mine != theirs and not any(f'{mine} {theirs}' == pair and one.line.startswith(line) for pair, line, _ in OTHERWISE):
            different.append(f'{one.line} {one.version} {str(one.body)[:200]}: the site says {mine} {said}, the league {theirs} {told}')
    assert not different, '\n'.join(different)
