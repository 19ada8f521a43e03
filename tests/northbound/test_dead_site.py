"""A site that does not answer: what it had is shown as last known, changes to it are refused for now, the others are unhurt."""

from __future__ import annotations

from typing import Any

import pytest

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.northbound import forms

C, V, N, I = '/compute/v2.1', '/volume/v3', '/network/v2.0', '/image/v2'  # noqa: E741 - one letter each


async def settled(league: house.League) -> dict[str, dict[str, Any]]:
    """A network, a server and a volume at each site: ids by site and kind."""
    image = (await league.ok('GET', f'{I}/images?name=cirros'))['images'][0]['id']
    tiny = next(each['id'] for each in (await league.ok('GET', f'{C}/flavors'))['flavors'] if each['name'] == 'm1.tiny')
    found: dict[str, dict[str, Any]] = {}
    for site in league.clouds:
        network = await league.ok('POST', f'{N}/networks', {'network': {'name': site, 'availability_zone_hints': [site]}})
        body = {'server': {'name': site, 'imageRef': image, 'flavorRef': tiny, 'availability_zone': site, 'networks': 'none'}}
        server = await league.ok('POST', f'{C}/servers', body, version='2.37')
        volume = await league.ok('POST', f'{V}/volumes', {'volume': {'size': 1, 'name': site, 'availability_zone': site}})
        found[site] = {'network': network['network']['id'], 'server': server['server']['id'], 'volume': volume['volume']['id']}
    await league.clock.sleep(10)
    return found


@pytest.mark.parametrize('kind', ['refuse', 'hang'])
def test_a_dead_site_costs_nothing_but_itself(kind: Any) -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            ids = await settled(league)
            league.clouds['east'].fault = Fault(kind)
            await league.clock.sleep(60)
            for path, plural in ((f'{C}/servers/detail', 'servers'), (f'{V}/volumes', 'volumes'), (f'{N}/networks?router:external=false', 'networks')):
                status, headers, body = await league.ask('GET', path)
                assert status == 200, (path, status, body)
                assert sorted(each['name'] for each in body[plural]) == ['east', 'west'], (path, status, body)
                assert headers['x-hansa-missing-sites'] == 'east', headers
                assert int(headers['age']) >= 50, headers
            servers = (await league.ok('GET', f'{C}/servers/detail'))['servers']
            assert {each['name']: each['status'] for each in servers} == {'east': 'UNKNOWN', 'west': 'ACTIVE'}
            for path, key in ((f'{C}/servers', 'server'), (f'{V}/volumes', 'volume'), (f'{N}/networks', 'network')):
                status, headers, body = await league.ask('GET', f'{path}/{ids["east"][key]}')
                assert status == 200, (path, status, body)
                assert body[key]['name'] == 'east', (path, status, body)
                assert int(headers['age']) > 0
                assert headers['warning'].startswith('110 ')
                assert headers['x-hansa-site'] == 'east'
                for method, more in (('DELETE', None), ('PUT', {key: {'name': 'x'}})):
                    status, headers, body = await league.ask(method, f'{path}/{ids["east"][key]}', more)
                    assert status == 503, (method, path, body)
                    assert int(headers['retry-after']) > 0, (method, path, body)
                    assert forms.is_fault(path.split('/')[1], 503, body), (method, path, body)
                assert 'east' in forms.text(body)
                await league.ok('PUT', f'{path}/{ids["west"][key]}', {key: {'name': 'still'}})
            zones = (await league.ok('GET', f'{C}/os-availability-zone'))['availabilityZoneInfo']
            assert {zone['zoneName']: zone['zoneState']['available'] for zone in zones} == {'east': False, 'west': True}
            made = await league.ok('POST', f'{N}/networks', {'network': {'name': 'new'}})
            assert (await league.ask('GET', f'{N}/networks/{made["network"]["id"]}'))[1]['x-hansa-site'] == 'west'
            status, _, body = await league.ask('POST', f'{V}/volumes', {'volume': {'size': 1, 'availability_zone': 'east'}})
            assert status == 503
            assert 'east' in forms.text(body)
            status, _, body = await league.ask('GET', f'{C}/servers/11111111-1111-4111-8111-111111111111')
            assert status == 503, 'an id that nobody alive knows may be at the dead site: never a false 404'

    virtual.run(main)


@pytest.mark.parametrize('kind', ['refuse', 'error', 'garbage', 'lose_reply'])
def test_no_failure_of_a_site_is_a_500_of_the_league(kind: Any) -> None:
    async def main() -> None:
        async with house.league('east') as league:
            ids = (await settled(league))['east']
            for service, route in forms.routes(league):
                for method in route.methods.replace('*', 'GET POST PUT PATCH DELETE').split():
                    known = ids.get({'compute': 'server', 'volume': 'volume'}.get(service, 'network'), 'a')
                    path = f'/{service}{route.pattern}'.replace('{id}', known).replace('{project}', house.league_id('demo'))
                    path = path.replace('**', 'b').replace('{any}', 'c')
                    league.clouds['east'].fault = Fault(kind)
                    status, _, body = await league.ask(method, path, _body(path), token='admin')
                    assert status != 500, (method, path, body)

    virtual.run(main)


def _body(path: str) -> dict[str, Any]:
    """Something that every create takes so far that it goes to the site."""
    word = path.rpartition('/')[2]
    single = {'os-keypairs': 'keypair', 'os-server-groups': 'server_group', 'security-group-rules': 'security_group_rule'}
    return {single.get(word, word.rstrip('s').replace('-', '_')): {'name': 'x', 'size': 1}, 'name': 'x', 'quota_set': {}, 'quota': {}}


def test_what_others_own_at_a_dead_site_is_not_told() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            ids = await settled(league)
            body = {'name': 'mine', 'disk_format': 'raw', 'container_format': 'bare'}
            image = (await league.ok('POST', f'{I}/images', body))['id']
            await league.ok('GET', f'{N}/networks', token='alt_demo')
            for cloud in league.clouds.values():
                cloud.fault = Fault('refuse')
            await league.clock.sleep(60)
            for path in (f'{N}/networks/{ids["east"]["network"]}', f'{I}/images/{image}'):
                assert (await league.ask('GET', path))[0] == 200, path
                status, _, told = await league.ask('GET', path, token='alt_demo')
                assert status in {404, 503}, (path, status, told)
                assert 'mine' not in str(told)

    virtual.run(main)
