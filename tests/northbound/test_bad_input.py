"""What is wrong is refused: in the form of the API asked, before any site hears of it where the league can tell."""

from __future__ import annotations

import json
import re

import pytest

from tests import house, virtual
from tests.northbound import forms, wrong

C, V, N, I = '/compute/v2.1', '/volume/v3', '/network/v2.0', '/image/v2'  # noqa: E741 - one letter each
SERVERS = f'{C}/servers'
JSON = {'content-type': 'application/json'}
DEEP = b'{"server": ' + b'[' * 20_000 + b']' * 20_000 + b'}'
POWER = {
    'x-roles': 'admin', 'x-role': 'admin', 'x-user-id': 'root', 'x-project-id': 'root', 'x-is-admin-project': 'true', 'x-service-token': 'token-admin',
    'x-service-roles': 'service', 'x-identity-status': 'Confirmed', 'x_roles': 'admin', 'x-openstack-nova-instance-id': 'a', 'cookie': 'a=b',
    'x-forwarded-for': '127.0.0.1', 'forwarded': 'for=127.0.0.1', 'openstack-system-scope': 'all', 'authorization': 'Basic x',
    'x-auth-project-id': 'root', 'x-subject-token': 'token-admin', 'oidc_claim_email': 'a@b', 'x-container-meta-a': 'b', 'x-domain-id': 'default',
}  # fmt: skip

# Path, body and the status that it gets. Bytes are sent as JSON as they are.
BODIES: tuple[tuple[str, str, bytes, int], ...] = (
    ('POST', SERVERS, b'{', 400),
    ('POST', SERVERS, b'', 400),
    ('POST', SERVERS, b'null', 400),
    ('POST', SERVERS, b'[]', 400),
    ('POST', SERVERS, b'{"server": []}', 400),
    ('POST', SERVERS, b'{"server": {"name": "\xff\xfe"}}', 400),
    ('POST', SERVERS, DEEP, 400),
    ('POST', SERVERS, b'{"server": {"availability_zone": 7}}', 400),
    ('POST', SERVERS, b'{"server": {"flavorRef": {"a": 1}}}', 400),
    ('POST', SERVERS, b'{"server": {"flavorRef": "nope", "imageRef": "x", "name": "x"}}', 400),
    ('POST', f'{C}/os-server-groups', b'nonsense', 400),
    ('POST', f'{C}/os-keypairs', b'{"keypair": {"name": ["a"]}}', 400),
    ('POST', f'{C}/os-keypairs', b'[[[', 400),
    ('POST', f'{V}/volumes', b'{"volume": "a"}', 400),
    ('POST', f'{V}/volumes', b'{,}', 400),
    ('POST', f'{V}/snapshots', b'3', 400),
    ('POST', f'{N}/networks', b'{"networks": [1]}', 400),
    ('POST', f'{N}/networks', b'{"networks": []}', 400),
    ('POST', f'{N}/networks', b'}', 400),
    ('POST', f'{N}/security-group-rules', b'{"security_group_rule": 7}', 400),
    ('POST', f'{N}/security-group-rules', b'{"security_group_rules": 7}', 400),
    ('POST', f'{N}/subnetpools', b'{"', 400),
    ('POST', f'{I}/images', b'"name"', 400),
    ('POST', f'{I}/images', b'{"name": ', 400),
)

PATHS: tuple[tuple[str, str, int], ...] = (
    ('GET', f'{C}//servers', 400),
    ('GET', f'{C}/servers/../flavors', 400),
    ('GET', f'{C}/servers/%2e%2e/flavors', 400),
    ('GET', f'{C}/servers/a%2fb', 400),
    ('GET', f'{C}/servers/a%00b', 400),
    ('GET', f'{C}/servers/a%0d%0aX-Roles:admin', 400),
    ('GET', f'{C}/servers/a%5cb', 400),
    ('GET', f'{C}/servers/a b', 400),
    ('GET', f'{C}/servers/\u2603', 400),
    ('GET', f'{C}/servers/x#y', 400),
    ('GET', f'{C}/servers?name=a#b', 400),
    ('GET', f'{C}/servers/{"a" * 9000}', 400),
    ('GET', f'{C}/servers?{"a=b&" * 1001}', 400),
    ('GET', f'{C}/servers?name=%ff', 400),
    ('GET', f'{C}/servers/a%20HTTP%3F', 404),
    ('GET', f'{C}/os-%3Fall_tenants=1', 404),
    ('GET', f'{C}/nothing/at/all', 404),
    ('GET', '/compute/v3/servers', 404),
    ('GET', '/nothing', 404),
    ('GET', '/league/v1/nothing', 404),
    ('POST', '/league/v1/sites', 405),
    ('POST', f'{C}/limits', 405),
    ('DELETE', f'{C}/servers', 405),
    ('PURGE', f'{C}/servers/a', 405),
    ('PATCH', f'{N}/availability_zones', 405),
)


@pytest.mark.parametrize('wanted', [400, 404, 405])
def test_paths(wanted: int) -> None:
    async def main() -> None:
        async with house.league('east') as league:
            for method, path, status in PATHS:
                if status == wanted:
                    got, headers, body = await league.ask(method, path)
                    assert got == status, (method, path[:80], got, body)
                    service = path.split('/')[1]
                    assert 'x-hansa-site' in headers or forms.is_fault(service, got, body) or forms.is_fault('', got, body), body
                    assert status != 405 or 'GET' in headers['allow'] or 'POST' in headers['allow']

    virtual.run(main)


def test_bodies() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            for cloud in league.clouds.values():
                cloud.log.clear()
            for method, path, raw, status in BODIES:
                got, _, body = await league.ask(method, path, raw, headers=JSON)
                assert got == status, (method, path, raw[:60], got, body)
                assert forms.is_fault(path.split('/')[1], got, body), (path, raw[:60], body)
            changes = [entry for cloud in league.clouds.values() for entry in cloud.log if entry.method == 'POST' and entry.service != 'identity']
            assert not changes

    virtual.run(main)


def test_a_routed_change_with_a_broken_body_is_refused_for_its_site() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            id = (await league.ok('POST', f'{N}/networks', {'network': {'name': 'n'}}))['network']['id']
            for raw in (b'{"network": ', b'\xff', DEEP):
                status, _, body = await league.ask('PUT', f'{N}/networks/{id}', raw, headers=JSON)
                assert status == 400, body
                assert forms.is_fault('network', 400, body), body

    virtual.run(main)


def test_of_two_equal_keys_all_see_the_same() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            raw = b'{"network": {"name": "a", "name": "b", "availability_zone_hints": ["east"], "availability_zone_hints": ["west"]}}'
            status, headers, body = await league.ask('POST', f'{N}/networks', raw, headers=JSON)
            assert (status, headers['x-hansa-site'], body['network']['name']) == (201, 'west', 'b')

    virtual.run(main)


def test_a_huge_body_is_refused_unread() -> None:
    async def main() -> None:
        async with house.league('east', settings={'limits.body_mb': '1'}) as league:
            for path, announced in ((SERVERS, '99999999'), (f'{N}/networks', '99999999'), (f'{V}/volumes', ''), (f'{I}/images', '')):
                headers = JSON | ({'content-length': announced} if announced else {'transfer-encoding': 'chunked'})
                raw = b'{}' if announced else b' ' * ((1 << 20) + 1)
                status, _, body = await league.ask('POST', path, raw, headers=headers)
                assert status == 413, (path, status, body)
                assert forms.is_fault(path.split('/')[1], 413, body), (path, status, body)

    virtual.run(main)


def test_without_a_good_token_nothing_is_told() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            for path in (SERVERS, f'{V}/volumes', f'{V}/{"0" * 32}/volumes', f'{N}/networks', f'{I}/images'):
                for token in ('', 'nobody', 'x' * 5000, 'demo\t'):
                    status, headers, body = await league.ask('GET', path, token=token)
                    assert status == 401, (path, status)
                    assert headers['www-authenticate'] == f'Keystone uri="{house.URL}/identity/v3"', (path, status)
                    assert forms.is_fault(path.split('/')[1], 401, body)

    virtual.run(main)


def test_a_reader_changes_nothing() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            asked = [
                (method, f'/{service}{route.pattern}'.replace('{id}', 'a').replace('**', 'b').replace('{any}', 'c'))
                for service, route in forms.routes(league)
                for method in ('POST', 'PUT', 'PATCH', 'DELETE')
                if method in route.methods or route.methods == '*'
            ]
            assert len(asked) > 100
            for method, path in asked:
                status, _, body = await league.ask(method, path, {}, token='demo_reader')
                assert status == 403, (method, path, status, body)
                assert forms.is_fault(path.split('/')[1], 403, body), (method, path, status, body)

    virtual.run(main)


def test_headers_that_grant_power_reach_no_site() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            for cloud in league.clouds.values():
                cloud.log.clear()
            await league.ask('GET', f'{C}/limits', headers=POWER)
            await league.ask('GET', f'{N}/subnetpools', headers=POWER)
            await league.ask('POST', f'{N}/networks', {'network': {'name': 'n'}}, headers=POWER)
            await league.ask('POST', f'{I}/images', {'name': 'i'}, headers=POWER)
            await league.ask('PUT', f'{I}/images/{"0" * 32}/file', b'x', headers=POWER)
            seen = [entry for cloud in league.clouds.values() for entry in cloud.log]
            names = {name for entry in seen for name in entry.headers}
            assert seen
            assert not names & (POWER.keys() - {'x-subject-token'})
            assert not any(value in {'token-demo', 'token-admin'} for entry in seen for value in entry.headers.values())
            assert (await league.ask('GET', f'{C}/servers?all_tenants=1', headers=POWER))[0] == 403

    virtual.run(main)


@pytest.mark.parametrize('service', [name for name in wrong.EVERY if name in forms.DOORS])
def test_nothing_of_the_corpus_breaks_the_league(service: str) -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            words = await _furnished(league)
            for one in wrong.EVERY[service]:
                method, _, path = _filled(one.line, words).partition(' ')
                raw = one.body if isinstance(one.body, bytes) or one.body is None else _filled(json.dumps(one.body), words).encode()
                status, headers, body = await league.ask(method, path, raw, headers=JSON | one.headers, version=one.version)
                assert status < 500, (one, status, body)
                # The simulated clouds have not every word of the real ones: what they say is held against those in the lab.
                assert status < 400 or 'x-hansa-site' in headers or forms.is_fault(service, status, body), (one, status, body)

    virtual.run(main)


async def _furnished(league: house.League) -> dict[str, str]:
    words = {'nobody': '99999999-9999-4999-8999-999999999999', 'project': house.league_id('demo'), 'foreign_project': house.league_id('admin')}
    for before, token in (('', 'demo'), ('foreign_', 'admin')):
        network = (await league.ok('POST', f'{N}/networks', {'network': {'name': 'n'}}, token=token))['network']['id']
        words |= {f'{before}network': network, f'{before}server': await _server(league, network, token)}
        words[f'{before}volume'] = (await league.ok('POST', f'{V}/volumes', {'volume': {'size': 1}}, token=token))['volume']['id']
    words['subnet'] = (await league.ok('GET', f'{N}/subnets?network_id={words["network"]}'))['subnets'][0]['id']
    words['port'] = (await league.ok('POST', f'{N}/ports', {'port': {'network_id': words['network']}}))['port']['id']
    words['router'] = (await league.ok('POST', f'{N}/routers', {'router': {'name': 'r'}}))['router']['id']
    words['group'] = (await league.ok('POST', f'{N}/security-groups', {'security_group': {'name': 'g'}}))['security_group']['id']
    words['external'] = (await league.ok('GET', f'{N}/networks?router:external=true'))['networks'][0]['id']
    words['own_image'] = (await league.ok('POST', f'{I}/images', {'name': 'i', 'disk_format': 'raw', 'container_format': 'bare'}))['id']
    words |= {'image': (await league.ok('GET', f'{I}/images?name=cirros'))['images'][0]['id'], 'flavor': (await league.ok('GET', f'{C}/flavors'))['flavors'][0]['id']}
    return words


async def _server(league: house.League, network: str, token: str) -> str:
    image = (await league.ok('GET', f'{I}/images?name=cirros'))['images'][0]['id']
    flavor = (await league.ok('GET', f'{C}/flavors'))['flavors'][0]['id']
    subnet = {'subnet': {'network_id': network, 'cidr': '10.9.0.0/24', 'ip_version': 4}}
    await league.ok('POST', f'{N}/subnets', subnet, token=token)
    body = {'server': {'name': 's', 'imageRef': image, 'flavorRef': flavor, 'networks': [{'uuid': network}]}}
    made = await league.ok('POST', SERVERS, body, token=token)
    await league.clock.sleep(10)
    return str(made['server']['id'])


def _filled(text: str, words: dict[str, str]) -> str:
    return re.sub(r'\$([a-z_]+)', lambda found: words.get(found[1], found[0]), text)
