"""Microversions: the league offers what all its sites offer, a routed call what its own site offers."""

from __future__ import annotations

from typing import Any

import msgspec

from hansa.model.site import ServiceOffer
from hansa.sites.sim.fault import Fault
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
            assert [(each['min_version'], each['version']) for each in compute['versions']] == [('', ''), ('2.1', '2.90')]
            assert (await league.ok('GET', C, token=''))['version']['version'] == '2.90'
            assert (await league.ok('GET', V, token=''))['versions'][0]['version'] == '3.60'

    virtual.run(main)


def test_below_v2_there_are_no_microversions() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            status, headers, told = await league.ask('GET', '/compute/v2/os-keypairs', version='2.90')
            assert (status, told) == (200, {'keypairs': []})
            assert not {'openstack-api-version', 'x-openstack-nova-api-version', 'vary'} & headers.keys()
            assert (await league.ask('GET', '/compute/v2/os-networks'))[0] == 200

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
            ids = {site: await server(league, site) for site in ('east', 'west')}
            for site, version, status in (('east', '2.96', 200), ('west', '2.96', 406), ('west', '2.90', 200), ('east', '2.105', 406)):
                got, headers, body = await league.ask('GET', f'{C}/servers/{ids[site]}', version=version)
                assert got == status, (site, version, body)
                assert status != 200 or headers[ANY] == headers[NOVA].join(('compute ', ''))
                assert ('pinned_availability_zone' in body.get('server', {})) == (version == '2.96' and status == 200)

    virtual.run(main)


def test_latest_is_what_the_site_of_the_object_has() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await uneven(league)
            for site, highest in (('east', '2.104'), ('west', '2.90')):
                id = await server(league, site)
                for headers in ({ANY: 'compute latest'}, {NOVA: 'latest'}):
                    _, told, _ = await league.ask('GET', f'{C}/servers/{id}', headers=headers)
                    assert (told[ANY], told[NOVA]) == (f'compute {highest}', highest)
                body = {'volume': {'name': site, 'size': 1, 'availability_zone': site}}
                status, told, made = await league.ask('POST', f'{V}/volumes', body, version='latest')
                assert (status, told[ANY]) == (202, 'volume 3.71' if site == 'east' else 'volume 3.60')
                for word in ('volume', 'block-storage'):
                    _, told, _ = await league.ask('GET', f'{V}/volumes/{made["volume"]["id"]}', headers={ANY: f'{word} latest'})
                    assert told[ANY] == ('volume 3.71' if site == 'east' else 'volume 3.60')
            status, told, _ = await league.ask('GET', f'{C}/servers/{"0" * 8}-{"0" * 4}-{"0" * 4}-{"0" * 4}-{"0" * 12}', version='latest')
            assert (status, told[ANY]) == (404, 'compute 2.90')
            # What is put together of several sites is all of one version.
            _, told, _ = await league.ask('GET', f'{C}/os-services', version='latest', token='admin')
            assert told[ANY] == 'compute 2.90'

    virtual.run(main)


def test_a_create_may_use_what_the_site_of_its_zone_offers() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await uneven(league)
            for zone, version, status, told in (
                ('', '2.96', 406, ('2.1', '2.90')),
                ('', '2.90', 202, '2.90'),
                ('', 'latest', 202, '2.90'),
                ('east', '2.96', 202, '2.96'),
                ('east', 'latest', 202, '2.104'),
                ('west', '2.96', 406, ('2.1', '2.90')),
                ('west', 'latest', 202, '2.90'),
                ('east', '2.105', 406, ('2.1', '2.104')),
                ('nowhere', '2.90', 400, '2.90'),
                ('nowhere', '2.96', 406, ('2.1', '2.90')),
            ):
                body = await wanted(league, zone or 'free', zone)
                got, headers, answer = await league.ask('POST', f'{C}/servers', body, version=version)
                assert got == status, (zone, version, answer)
                if isinstance(told, str):
                    assert headers[ANY] == f'compute {told}', (zone, version)
                else:
                    assert (answer['errors'][0]['min_version'], answer['errors'][0]['max_version']) == told
            for zone, version, status in (('', '3.61', 406), ('east', '3.61', 202), ('west', '3.61', 406), ('', '3.60', 202)):
                volume = {'size': 1} | ({'availability_zone': zone} if zone else {})
                got, _, answer = await league.ask('POST', f'{V}/volumes', {'volume': volume}, version=version)
                assert got == status, (zone, version, answer)

    virtual.run(main)


def test_a_dead_site_is_shown_at_its_own_versions() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await uneven(league)
            id = await server(league, 'east')
            await league.clock.sleep(30)
            league.clouds['east'].fault = Fault('refuse')
            for version, status, told in (
                ('2.100', 200, 'compute 2.100'), ('latest', 200, 'compute 2.104'), ('', 200, 'compute 2.1'), ('2.105', 406, ''),
            ):  # fmt: skip
                got, headers, body = await league.ask('GET', f'{C}/servers/{id}', version=version)
                assert got == status, (version, body)
                assert not told or (headers[ANY], body['server']['status']) == (told, 'UNKNOWN')

    virtual.run(main)


def test_image_versions_are_those_of_all_sites() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            told = await league.ok('GET', '/image/versions', token='')
            assert [each['id'] for each in told['versions']][:3] == ['v2.17', 'v2.16', 'v2.15']
            west = league.house.roster.get('west')
            assert west.capabilities is not None
            older = {**west.capabilities.services, 'image': ServiceOffer('2.0', '2.15')}
            west.capabilities = msgspec.structs.replace(west.capabilities, services=older)
            told = await league.ok('GET', '/image/versions', token='')
            assert [each['status'] for each in told['versions']][:2] == ['CURRENT', 'SUPPORTED']
            assert [each['id'] for each in told['versions']][:2] == ['v2.15', 'v2.13']

    virtual.run(main)


async def wanted(league: house.League, name: str, zone: str) -> dict[str, Any]:
    """A body that creates a server."""
    image = (await league.ok('GET', '/image/v2/images?name=cirros'))['images'][0]['id']
    flavors = (await league.ok('GET', f'{C}/flavors?limit=9'))['flavors']
    tiny = next(each['id'] for each in flavors if each['name'] == 'm1.tiny')
    body = {'name': name, 'imageRef': image, 'flavorRef': tiny, 'networks': 'none'}
    return {'server': body | ({'availability_zone': zone} if zone else {})}


async def server(league: house.League, site: str) -> str:
    """The id of a new server at a site."""
    told = await league.ok('POST', f'{C}/servers', await wanted(league, site, site), version='2.37')
    return str(told['server']['id'])
