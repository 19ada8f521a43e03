"""Several servers by one create: one site, all in the list at once with their reason, all or none after a failure."""

from __future__ import annotations

from typing import Any

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.services import users

C, V, N = '/compute/v2.1', '/volume/v3', '/network/v2.0'


async def listed(league: League) -> list[str]:
    return sorted(each['name'] for each in (await league.ok('GET', f'{C}/servers'))['servers'])


async def spread(league: League, name: str, count: int) -> list[str]:
    """Sites of the servers name-1 to name-COUNT, each once."""
    return [site for site in league.clouds if [users.at(league, site, 'servers', f'{name}-{n + 1}') for n in range(count)] != [[]] * count]


def test_all_are_at_one_site_and_listed_at_once_with_their_reason() -> None:
    async def main() -> None:
        async with house.league('east', 'west', 'north') as league:
            status, _, told = await users.boot(league, 's', min_count=3, max_count=3)
            assert status == 202
            assert await listed(league) == ['s-1', 's-2', 's-3']
            assert len(await spread(league, 's', 3)) == 1
            servers = (await league.ok('GET', f'{C}/servers'))['servers']
            assert told['server']['id'] in {each['id'] for each in servers}
            decisions = [await league.store.decision('server', each['id']) for each in servers]
            assert None not in decisions
            assert await league.store.open_intents() == []
            for each in servers:
                await league.ok('GET', f'{C}/servers/{each["id"]}')

    virtual.run(main)


def test_a_reservation_is_answered_and_its_servers_are_listed() -> None:
    async def main() -> None:
        async with house.league() as league:
            status, _, told = await users.boot(league, 's', min_count=1, max_count=2, return_reservation_id=True)
            assert (status, list(told)) == (202, ['reservation_id'])
            assert await listed(league) == ['s-1', 's-2']
            found = (await league.ok('GET', f'{C}/servers?reservation_id={told["reservation_id"]}'))['servers']
            assert len(found) == 2
            status, _, told = await users.boot(league, 'one', return_reservation_id='true')
            assert (status, list(told)) == (202, ['reservation_id'])
            assert await listed(league) == ['one', 's-1', 's-2']

    virtual.run(main)


def test_fewer_are_made_where_the_quota_leaves_no_more() -> None:
    async def main() -> None:
        async with house.league() as league:
            assert (await users.boot(league, 'first', 'west'))[0] == 202
            for project in league.clouds['west'].state.projects:
                league.clouds['west'].state.quotas[f'compute/{project}'] = {'instances': 3}
            assert (await users.boot(league, 's', 'west', min_count=1, max_count=5))[0] == 202
            assert await listed(league) == ['first', 's-1', 's-2']
            assert await league.store.open_intents() == []

    virtual.run(main)


def test_what_several_cannot_share_is_refused_in_novas_words() -> None:
    async def main() -> None:
        async with house.league() as league:
            net = (await league.ok('POST', f'{N}/networks', {'network': {'name': 'n', 'availability_zone_hints': ['west']}}))['network']['id']
            await league.ok('POST', f'{N}/subnets', {'subnet': {'network_id': net, 'cidr': '10.9.0.0/24', 'ip_version': 4}})
            port = (await league.ok('POST', f'{N}/ports', {'port': {'network_id': net}}))['port']['id']
            volume = (await league.ok('POST', f'{V}/volumes', {'volume': {'size': 1, 'availability_zone': 'west'}}))['volume']['id']
            await league.clock.sleep(10)
            disks = [{'uuid': volume, 'source_type': 'volume', 'destination_type': 'volume', 'boot_index': 0}]
            refused: list[tuple[dict[str, Any], str]] = [
                ({'networks': [{'port': port}]}, 'single configured port ID'),
                ({'networks': [{'uuid': net, 'fixed_ip': '10.9.0.7'}]}, 'fixed_ip is specified'),
                ({'block_device_mapping_v2': disks}, 'multiple instances'),
                ({'min_count': 3}, 'min_count must be <= max_count'),
            ]
            for more, words in refused:
                status, _, told = await users.boot(league, 's', **{'max_count': 2, **more})
                assert status == 400
                assert words in told['badRequest']['message']
            assert await listed(league) == []
            assert await league.store.open_intents() == []

    virtual.run(main)


def test_a_site_that_dies_before_it_says_what_it_made_says_it_later() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await league.ok('GET', f'{C}/limits')
            league.clouds['east'].fault = Fault('error', method='GET', path='/servers')
            status, _, told = await users.boot(league, 's', min_count=3)
            assert status == 202
            league.clouds['east'].fault = None
            await league.clock.sleep(90)
            assert await listed(league) == ['s-1', 's-2', 's-3']
            assert await league.store.open_intents() == []
            assert (await league.ok('GET', f'{C}/servers/{told["server"]["id"]}'))['server']['status'] == 'ACTIVE'

    virtual.run(main)


def test_a_lost_reply_takes_all_of_them_back() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await league.ok('GET', f'{C}/limits')
            league.clouds['east'].fault = Fault('lose_reply', method='POST', path='/servers$', count=1)
            status, _, _ = await users.boot(league, 's', max_count=3)
            assert status == 503
            await league.clock.sleep(120)
            assert await listed(league) == []
            assert await league.store.open_intents() == []
            assert [users.at(league, 'east', 'servers', f's-{n}') for n in (1, 2, 3)] == [[], [], []]

    virtual.run(main)
