"""Servers that boot from volumes, in all forms: what they refer to decides the site, and lists of volumes keep pace."""

from __future__ import annotations

from typing import Any

import pytest

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.services import users

C, V, N = '/compute/v2.1', '/volume/v3', '/network/v2.0'
NOWHERE = '11111111-1111-4111-8111-111111111111'


async def boot(league: League, disks: list[dict[str, Any]], *, form: str = 'block_device_mapping_v2', **more: Any) -> Any:
    """A server 's' without an image of its own, unless there is more."""
    flavors = (await league.ok('GET', f'{C}/flavors'))['flavors']
    tiny = next(flavor['id'] for flavor in flavors if flavor['name'] == 'm1.tiny')
    body = {'name': 's', 'flavorRef': tiny, 'networks': 'none', form: disks, **more}
    return await league.ask('POST', f'{C}/servers', {'server': body}, version='2.79')


def disk(source: str, id: str = '', **more: Any) -> dict[str, Any]:
    return {'source_type': source, 'destination_type': 'volume', **({'uuid': id} if id else {}), **more}


async def volume(league: League, site: str, name: str = 'v') -> str:
    body = {'volume': {'name': name, 'size': 1, 'availability_zone': site}}
    made = (await league.ok('POST', f'{V}/volumes', body))['volume']['id']
    await league.clock.sleep(10)
    return str(made)


async def snapshot(league: League, id: str) -> str:
    made = (await league.ok('POST', f'{V}/snapshots', {'snapshot': {'volume_id': id, 'name': 'sn'}}))['snapshot']['id']
    await league.clock.sleep(10)
    return str(made)


async def image(league: League, name: str) -> str:
    return str((await league.ok('GET', f'/image/v2/images?name={name}'))['images'][0]['id'])


async def volumes(league: League) -> dict[str, str]:
    return {each['id']: each['status'] for each in (await league.ok('GET', f'{V}/volumes/detail'))['volumes']}


async def ended(league: League, server: str) -> None:
    """Delete it, and look until it is gone, as waiters do."""
    await league.ok('DELETE', f'{C}/servers/{server}')
    for _ in range(20):
        if (await league.ask('GET', f'{C}/servers/{server}'))[0] == 404:
            return
        await league.clock.sleep(1)
    raise AssertionError('it stays')


def test_an_image_becomes_a_volume_that_lives_and_dies_with_its_server() -> None:
    async def main() -> None:
        async with house.league() as league:
            cirros = await image(league, 'cirros')
            root = disk('image', cirros, boot_index=0, volume_size=2, delete_on_termination=True, tag='root')
            for keep in (False, True):
                status, _, told = await boot(league, [root | {'delete_on_termination': not keep}, disk('blank', boot_index=-1, volume_size=1)])
                assert status == 202, told
                await league.clock.sleep(10)
                attached = (await league.ok('GET', f'{C}/servers/{told["server"]["id"]}'))['server']
                held = {each['id'] for each in attached['os-extended-volumes:volumes_attached']}
                assert len(held) == 2
                assert {id: (await volumes(league))[id] for id in held} == dict.fromkeys(held, 'in-use')
                await ended(league, told['server']['id'])
                left = await volumes(league)
                assert sorted(left.values()) == (['available'] * 3 if keep else ['available'])

    virtual.run(main)


@pytest.mark.parametrize('form', ['block_device_mapping_v2', 'block_device_mapping'])
def test_volumes_and_snapshots_decide_the_site(form: str) -> None:
    async def main() -> None:
        async with house.league('east', 'west', 'north') as league:
            for site in league.clouds:
                made = await volume(league, site)
                taken = await snapshot(league, made)
                for source, id in (('volume', made), ('snapshot', taken)):
                    old = {f'{source}_id': id, 'device_name': 'vda'}
                    new = disk(source, id, boot_index=0)
                    status, _, told = await boot(league, [old if form == 'block_device_mapping' else new], form=form)
                    assert status == 202, told
                    assert [each for each in league.clouds if users.at(league, each, 'servers', 's')] == [site]
                    assert (await volumes(league))[made] == ('in-use' if source == 'volume' else 'available')
                    await ended(league, told['server']['id'])
                    assert (await volumes(league))[made] == 'available'

    virtual.run(main)


def test_an_image_is_brought_to_the_volumes_site() -> None:
    async def main() -> None:
        async with house.league() as league:
            made = await volume(league, 'west')
            linux = await image(league, 'east-linux')
            status, _, told = await boot(league, [disk('image', linux, destination_type='local', boot_index=0), disk('volume', made)], imageRef=linux)
            assert status == 202, told
            assert users.at(league, 'west', 'servers', 's')
            assert users.at(league, 'west', 'images', 'east-linux')
            other = await boot(league, [disk('image', linux, boot_index=0, volume_size=1)], availability_zone='west', name='t')
            assert other[0] == 202, other
            assert users.at(league, 'west', 'servers', 't')

    virtual.run(main)


def test_an_image_of_such_a_server_is_bound_to_the_site_of_its_snapshots() -> None:
    async def main() -> None:
        async with house.league() as league:
            made = await volume(league, 'west')
            server = (await boot(league, [disk('volume', made, boot_index=0)]))[2]['server']['id']
            await league.clock.sleep(10)
            await league.ok('POST', f'{C}/servers/{server}/action', {'createImage': {'name': 'whole'}})
            taken = (await league.ok('GET', f'{V}/snapshots'))['snapshots']
            assert [each['volume_id'] for each in taken] == [made]
            whole = await image(league, 'whole')
            status, _, told = await boot(league, [], imageRef=whole, name='again')
            assert status == 202, told
            assert users.at(league, 'west', 'servers', 'again')
            assert len(await volumes(league)) == 2
            status, _, told = await boot(league, [], imageRef=whole, availability_zone='east')
            assert status == 400
            assert 'has no image whole' in told['badRequest']['message']

    virtual.run(main)


@pytest.mark.parametrize('source', ['volume', 'snapshot', 'image'])
def test_an_unknown_id_is_refused_as_nova_does(source: str) -> None:
    async def main() -> None:
        async with house.league() as league:
            status, _, told = await boot(league, [disk(source, NOWHERE, boot_index=0, volume_size=1)])
            assert status == 400
            assert f'failed to get {source} {NOWHERE}' in told['badRequest']['message']

    virtual.run(main)


def test_contradictions_name_both() -> None:
    async def main() -> None:
        async with house.league() as league:
            made = await volume(league, 'east', 'v-east')
            body = {'network': {'name': 'n-west', 'availability_zone_hints': ['west']}}
            net = (await league.ok('POST', f'{N}/networks', body))['network']['id']
            status, _, told = await boot(league, [disk('volume', made, boot_index=0)], networks=[{'uuid': net}])
            assert status == 400
            for words in ('v-east', 'site east', 'n-west', 'site west'):
                assert words in told['badRequest']['message']

    virtual.run(main)


def test_a_volume_type_that_one_site_has_decides() -> None:
    async def main() -> None:
        async with house.league() as league:
            state = league.clouds['west'].state
            kind = next(iter(state.types.values()))
            state.types['t-fast'] = kind | {'id': 't-fast', 'name': 'fast'}
            await league.clock.sleep(120)
            cirros = await image(league, 'cirros')
            status, _, told = await boot(league, [disk('image', cirros, boot_index=0, volume_size=1, volume_type='fast')])
            assert status == 202, told
            assert users.at(league, 'west', 'servers', 's')
            disks = [disk('image', cirros, boot_index=0, volume_size=1, volume_type='fast')]
            status, _, told = await boot(league, disks, availability_zone='east')
            assert status == 400
            assert 'volume type fast' in told['badRequest']['message']

    virtual.run(main)


def test_a_server_that_takes_any_network_goes_where_there_is_one() -> None:
    async def main() -> None:
        async with house.league('east', 'west', 'north') as league:
            for site in league.clouds:
                body = {'network': {'name': f'n-{site}', 'availability_zone_hints': [site]}}
                net = (await league.ok('POST', f'{N}/networks', body))['network']['id']
                await league.ok('POST', f'{N}/subnets', {'subnet': {'network_id': net, 'cidr': '10.9.0.0/24', 'ip_version': 4}})
                status, _, told = await users.boot(league, f's-{site}', networks='auto')
                assert status == 202, told
                [where] = [each for each in league.clouds if users.at(league, each, 'servers', f's-{site}')]
                assert where == site
                await league.ok('DELETE', f'{C}/servers/{told["server"]["id"]}')
                await league.clock.sleep(10)
                await league.ok('DELETE', f'{N}/networks/{net}')
            status, _, told = await users.boot(league, 'bare', networks='auto')
            assert status == 202, 'where there is none anywhere the site decides what that means'

    virtual.run(main)


def test_away_from_servers_of_several_sites_is_no_contradiction() -> None:
    async def main() -> None:
        async with house.league() as league:
            ids = [(await users.boot(league, f's-{site}', site))[2]['server']['id'] for site in league.clouds]
            flavors = (await league.ok('GET', f'{C}/flavors'))['flavors']
            body = {'name': 'x', 'flavorRef': flavors[0]['id'], 'imageRef': await image(league, 'cirros'), 'networks': 'none'}
            for hints, status in (({'different_host': ids}, 202), ({'same_host': ids}, 400), ({'same_host': ids[1:]}, 202)):
                told = await league.ask('POST', f'{C}/servers', {'server': body, 'os:scheduler_hints': hints}, version='2.79')
                assert told[0] == status, told

    virtual.run(main)


def test_where_cinder_does_not_answer_servers_are_followed_all_the_same() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            made = await volume(league, 'east')
            server = (await boot(league, [disk('volume', made, boot_index=0)]))[2]['server']['id']
            await league.clock.sleep(10)
            league.clouds['east'].fault = Fault('refuse', service='volume')
            await league.clock.sleep(10)
            await ended(league, server)
            assert (await league.ok('GET', f'{C}/servers'))['servers'] == []
            league.clouds['east'].fault = None
            await league.clock.sleep(60)
            assert await volumes(league) == {made: 'available'}

    virtual.run(main)
