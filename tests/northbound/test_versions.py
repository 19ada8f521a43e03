"""Microversions: the league offers what all its sites offer, a routed call what its own site offers."""

from __future__ import annotations

from tests import house, virtual
from tests.northbound import forms

C, V = '/compute/v2.1', '/volume/v3'
NOVA = 'x-openstack-nova-api-version'
ANY = 'openstack-api-version'


async def uneven(league: house.League) -> None:
    """East is newer than west."""
    league.clouds['east'].state.highest = {'compute': 104, 'volume': 71}
    league.clouds['west'].state.highest = {'compute': 90, 'volume': 60}
    for name in league.clouds:
        await league.house.membership.check(name)


def test_the_league_offers_what_all_its_sites_offer() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await uneven(league)
            compute = await league.ok('GET', '/compute/', token='')
            assert (compute['versions'][0]['min_version'], compute['versions'][0]['version']) == ('2.1', '2.90')
            assert (await league.ok('GET', C, token=''))['version']['version'] == '2.90'
            assert (await league.ok('GET', V, token=''))['versions'][0]['version'] == '3.60'

    virtual.run(main)


def test_how_a_version_is_asked_for_and_told() -> None:
    cases: tuple[tuple[str, dict[str, str], int, str], ...] = (
        (f'{C}/servers', {}, 200, 'compute 2.1'),
        (f'{C}/servers', {ANY: 'compute 2.53'}, 200, 'compute 2.53'),
        (f'{C}/servers', {ANY: 'volume 3.1, compute 2.53'}, 200, 'compute 2.53'),
        (f'{C}/servers', {ANY: 'nova 2.53'}, 200, 'compute 2.53'),
        (f'{C}/servers', {NOVA: '2.30'}, 200, 'compute 2.30'),
        (f'{C}/servers', {NOVA: '2.30', ANY: 'compute 2.53'}, 200, 'compute 2.53'),
        (f'{C}/servers', {ANY: 'volume 3.1'}, 200, 'compute 2.1'),
        (f'{C}/servers', {ANY: 'compute latest'}, 200, 'compute 2.90'),
        (f'{C}/servers', {ANY: 'compute 2.91'}, 406, ''),
        (f'{C}/servers', {ANY: 'compute 2.0'}, 406, ''),
        (f'{C}/servers', {ANY: 'compute 3.1'}, 406, ''),
        (f'{C}/servers', {ANY: 'compute 2'}, 400, ''),
        (f'{C}/servers', {ANY: 'compute 2.1.1'}, 400, ''),
        (f'{C}/servers', {ANY: 'compute two'}, 400, ''),
        (f'{V}/volumes', {}, 200, 'volume 3.0'),
        (f'{V}/volumes', {ANY: 'volume 3.27'}, 200, 'volume 3.27'),
        (f'{V}/volumes', {ANY: 'block-storage 3.27'}, 200, 'volume 3.27'),
        (f'{V}/volumes', {ANY: 'volume latest'}, 200, 'volume 3.60'),
        (f'{V}/volumes', {ANY: 'volume 3.61'}, 406, ''),
        (f'{V}/volumes', {NOVA: '2.30'}, 200, 'volume 3.0'),
    )

    async def main() -> None:
        async with house.league('east', 'west') as league:
            await uneven(league)
            for path, headers, status, told in cases:
                got, answered, body = await league.ask('GET', path, headers=headers)
                assert got == status, (path, headers, got, body)
                if told:
                    assert answered[ANY] == told, (path, headers, answered)
                    assert answered['vary'] == 'OpenStack-API-Version', (path, headers, answered)
                    assert answered.get(NOVA, told.split()[1]) == told.split()[1]
                    assert (NOVA in answered) == ('compute' in path)
                else:
                    assert forms.is_fault(path.split('/')[1], status, body), body

    virtual.run(main)


def test_a_refused_version_says_which_there_are() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await uneven(league)
            _, _, body = await league.ask('GET', f'{C}/servers', version='2.91')
            assert (body['errors'][0]['min_version'], body['errors'][0]['max_version']) == ('2.1', '2.90')

    virtual.run(main)


def test_a_routed_call_may_use_what_its_own_site_offers() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await uneven(league)
            image = (await league.ok('GET', '/image/v2/images?name=cirros'))['images'][0]['id']
            flavor = (await league.ok('GET', f'{C}/flavors?limit=9'))['flavors']
            tiny = next(each['id'] for each in flavor if each['name'] == 'm1.tiny')
            ids = {}
            for site in ('east', 'west'):
                body = {'server': {'name': site, 'imageRef': image, 'flavorRef': tiny, 'availability_zone': site, 'networks': 'none'}}
                ids[site] = (await league.ok('POST', f'{C}/servers', body, version='2.37'))['server']['id']
            for site, version, status in (('east', '2.96', 200), ('west', '2.96', 406), ('west', '2.90', 200), ('east', '2.105', 406)):
                got, headers, body = await league.ask('GET', f'{C}/servers/{ids[site]}', version=version)
                assert got == status, (site, version, body)
                assert status != 200 or headers[ANY] == headers[NOVA].join(('compute ', ''))
                assert ('pinned_availability_zone' in body.get('server', {})) == (version == '2.96' and status == 200)

    virtual.run(main)
