"""Whatever is sent, no door breaks: no 500, and what the league refuses it refuses in the form of the API asked."""

from __future__ import annotations

import asyncio
import json
import urllib.parse
from collections.abc import Callable

import hypothesis
from hypothesis import strategies as st

from tests import house, virtual
from tests.northbound import forms

KNOWN = ('default', 'demo', house.league_id('demo'), '11111111-1111-4111-8111-111111111111', 'east', 'a@east', 'x@west:nova')
QUERIES = (
    'limit', 'marker', 'sort_key', 'sort_dir', 'sort', 'name', 'status', 'id', 'fields', 'tags', 'not-tags', 'page_reverse', 'with_count',
    'all_tenants', 'changes-since', 'metadata', 'created_at', 'visibility', 'tag', 'size_min', 'fixed_ips', 'ip', 'is_public', 'offset',
)  # fmt: skip

odd = st.text(min_size=1, max_size=12).map(lambda text: urllib.parse.quote(text, safe=''))
value = st.one_of(st.sampled_from(KNOWN), odd, st.integers().map(str), st.sampled_from(('true', 'asc', 'desc', 'name:desc', 'in:a,b', 'gt:3', '(', '[a', '\x00')))
query = st.lists(st.tuples(st.sampled_from(QUERIES), value), max_size=4).map(urllib.parse.urlencode)
scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20), st.sampled_from(KNOWN))
key = st.sampled_from(
    ('server', 'volume', 'network', 'networks', 'subnet', 'port', 'keypair', 'flavor', 'name', 'size', 'imageRef', 'flavorRef', 'id',
     'security_group_rule', 'security_group_rules', 'security_group_id', 'availability_zone', 'availability_zone_hints', 'metadata',
     'quota_set', 'quota', 'security_groups', 'addSecurityGroup', 'createImage', 'uuid', 'network_id', 'image_id', 'transfer', 'key_name')
)  # fmt: skip
tree = st.recursive(scalar, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(key, inner, max_size=3)), max_leaves=8)
body = st.one_of(
    st.none(),
    tree.map(lambda document: json.dumps(document).encode()),
    st.dictionaries(key, st.dictionaries(key, tree, max_size=3), max_size=2).map(lambda document: json.dumps(document).encode()),
    st.binary(max_size=40),
    st.sampled_from((b'{', b'[' * 5000, b'{"a":' * 3000, b'{"server": {"name": "\xff"}}', b'{"a": 1, "a": 2}', b'null', b'\xef\xbb\xbf{}')),
)
kind = st.sampled_from(('application/json', 'application/json; charset=utf-8', 'text/plain', '', 'application/octet-stream', 'a/b; c'))
version = st.sampled_from(('', 'latest', '2.1', '2.96', '3.70', '2.9999', 'x', '1.0', '2.01'))
method = st.sampled_from(('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PURGE'))


def test_no_input_breaks_a_door() -> None:
    with asyncio.Runner(loop_factory=virtual.VirtualLoop) as runner:
        entering = house.league('east', 'west')
        league = runner.run(entering.__aenter__())
        routes = [(service, route.pattern, route.methods) for service, route in forms.routes(league)]
        ids = runner.run(_people(league))

        def ask(method: str, service: str, path: str, headers: dict[str, str], sent: bytes) -> None:
            status, told, answer = runner.run(house.drive(league.house.hall, method, f'/{service}{path}', headers, sent))
            assert status < 500 or status == 501, (method, path, headers, sent, answer)
            if status >= 400 and method != 'HEAD' and 'x-hansa-site' not in told:
                assert forms.is_fault(service, status, answer) or forms.is_fault('', status, answer), (method, path, status, answer)

        _hunt(routes, ids, ask)
        runner.run(entering.__aexit__(None, None, None))


async def _people(league: house.League) -> list[str]:
    """Ids of something of each kind, so that not every path ends at once."""
    network = (await league.ok('POST', '/network/v2.0/networks', {'network': {'name': 'n'}}))['network']['id']
    await league.ok('POST', '/network/v2.0/subnets', {'subnet': {'network_id': network, 'cidr': '10.9.0.0/24', 'ip_version': 4}})
    await league.ok('POST', '/volume/v3/volumes', {'volume': {'size': 1, 'name': 'v'}})
    await league.ok('POST', '/network/v2.0/security-groups', {'security_group': {'name': 'g'}})
    await league.ok('POST', '/compute/v2.1/os-keypairs', {'keypair': {'name': 'k'}})
    image = (await league.ok('GET', '/image/v2/images'))['images'][0]['id']
    flavor = (await league.ok('GET', '/compute/v2.1/flavors'))['flavors'][0]['id']
    body = {'server': {'name': 's', 'imageRef': image, 'flavorRef': flavor, 'networks': [{'uuid': network}]}}
    server = (await league.ok('POST', '/compute/v2.1/servers', body))['server']['id']
    volume = (await league.ok('GET', '/volume/v3/volumes'))['volumes'][0]['id']
    group = (await league.ok('GET', '/network/v2.0/security-groups?name=g'))['security_groups'][0]
    return [network, image, flavor, server, volume, group['id'], group['security_group_rules'][0]['id'], 'k', *KNOWN]


Ask = Callable[[str, str, str, dict[str, str], bytes], None]


def _hunt(routes: list[tuple[str, str, str]], ids: list[str], ask: Ask) -> None:
    word = st.one_of(st.sampled_from(ids), st.sampled_from(ids), odd.filter(lambda text: text.strip('.') != ''))

    @hypothesis.settings(max_examples=500, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(st.data())
    def hunt(data: st.DataObject) -> None:
        service, pattern, methods = data.draw(st.sampled_from(routes))
        words = [data.draw(word) if part[:1] in {'{', '*'} else part for part in pattern.strip('/').split('/')]
        asked = data.draw(query)
        sent = data.draw(body)
        token = data.draw(st.sampled_from(('token-demo', 'token-admin', 'token-demo_reader')))
        headers = {'x-auth-token': token, 'content-type': data.draw(kind)}
        if sent is not None:
            headers['content-length'] = str(len(sent))
        if wanted := data.draw(version):
            headers['openstack-api-version'] = f'{service} {wanted}'
        verb = data.draw(st.one_of(st.sampled_from(methods.replace('*', 'PUT').split()), method))
        ask(verb, service, '/' + '/'.join(words) + (f'?{asked}' if asked else ''), headers, sent or b'')

    hunt()
