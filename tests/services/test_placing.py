"""Where a create goes: what its request leaves open, what it refers to, what is full or dead, and that the reason is kept."""

from __future__ import annotations

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.services import users


def fill(league: League, site: str) -> None:
    """Nobody gets another server there."""
    for project in league.clouds[site].state.projects:
        league.clouds[site].state.quotas[f'compute/{project}'] = {'instances': 0}


async def why(league: League, kind: str, id: str) -> str:
    decision = await league.store.decision(kind, id)
    assert decision is not None
    assert {candidate.site for candidate in decision.candidates} == set(league.clouds)
    return f'{decision.site}: {decision.by}'


def test_a_zone_decides() -> None:
    async def main() -> None:
        async with house.league('east', 'west', 'north') as league:
            for zone in league.clouds:
                told = (await users.boot(league, f's-{zone}', zone))[2]
                assert users.at(league, zone, 'servers', f's-{zone}')
                assert (await why(league, 'server', told['server']['id'])).startswith(f'{zone}: zone')
            status, _, told = await users.boot(league, 'x', 'atlantis')
            assert status == 400
            assert 'atlantis' in told['badRequest']['message']

    virtual.run(main)


def test_what_is_referred_to_decides_and_contradictions_are_named() -> None:
    async def main() -> None:
        async with house.league() as league:
            volumes = {}
            for zone in league.clouds:
                body = {'volume': {'name': f'v-{zone}', 'size': 1, 'availability_zone': zone}}
                volumes[zone] = (await league.ok('POST', '/volume/v3/volumes', body))['volume']['id']
            await league.clock.sleep(30)
            snapshot = await league.ok('POST', '/volume/v3/snapshots', {'snapshot': {'volume_id': volumes['west'], 'name': 'sn'}})
            assert users.at(league, 'west', 'snapshots', 'sn')
            assert (await why(league, 'snapshot', snapshot['snapshot']['id'])).startswith('west: volume')
            disks = [{'uuid': volumes['west'], 'source_type': 'volume', 'destination_type': 'volume', 'boot_index': 0}]
            status, _, told = await users.boot(league, 's', 'east', block_device_mapping_v2=disks)
            assert status == 400
            assert 'v-west' in told['badRequest']['message']
            assert 'east' in told['badRequest']['message']
            assert not users.at(league, 'east', 'servers', 's')

    virtual.run(main)


def test_a_plan_without_zones_lands_whole_at_one_site() -> None:
    async def main() -> None:
        async with house.league('east', 'west', 'north') as league:
            for number in range(3):
                await league.ok('POST', '/network/v2.0/networks', {'network': {'name': f'n{number}'}})
                await league.ok('POST', '/volume/v3/volumes', {'volume': {'name': f'v{number}', 'size': 1}})
                await league.ok('POST', '/network/v2.0/routers', {'router': {'name': f'r{number}'}})
                assert (await users.boot(league, f's{number}'))[0] == 202
            places = {
                site
                for site in league.clouds
                for table, letter in (('networks', 'n'), ('volumes', 'v'), ('routers', 'r'), ('servers', 's'))
                for number in range(3)
                if users.at(league, site, table, f'{letter}{number}')
            }
            assert len(places) == 1

    virtual.run(main)


def test_a_site_that_refuses_for_quota_is_passed_over() -> None:
    async def main() -> None:
        async with house.league() as league:
            first = (await users.boot(league, 'first'))[2]['server']['id']
            full = next(site for site in league.clouds if users.at(league, site, 'servers', 'first'))
            fill(league, full)
            await league.clock.sleep(30)
            status, _, told = await users.boot(league, 'second')
            assert status == 202, told
            assert not users.at(league, full, 'servers', 'second')
            assert (await league.ask('GET', f'/compute/v2.1/servers/{first}'))[0] == 200
            for site in league.clouds:
                fill(league, site)
            status, _, told = await users.boot(league, 'third')
            assert status in {403, 409}, told
            assert 'quota' in str(told).lower()
            assert await league.store.open_intents() == []

    virtual.run(main)


def test_a_dead_site_is_passed_over_unless_it_was_named() -> None:
    async def main() -> None:
        async with house.league() as league:
            league.clouds['east'].fault = Fault('refuse')
            await league.clock.sleep(30)
            told = (await users.boot(league, 's'))[2]
            assert (await why(league, 'server', told['server']['id'])).startswith('west')
            status, headers, told = await users.boot(league, 'named', 'east')
            assert status == 503
            assert 'east' in told['serviceUnavailable']['message']
            assert 'retry-after' in headers

    virtual.run(main)


def test_quotas_and_limits_are_added_up() -> None:
    async def main() -> None:
        async with house.league() as league:
            for zone in league.clouds:
                assert (await users.boot(league, zone, zone))[0] == 202
            absolute = (await league.ok('GET', '/compute/v2.1/limits'))['limits']['absolute']
            assert absolute['totalInstancesUsed'] == 2
            assert absolute['maxTotalInstances'] == 20
            quota = (await league.ok('GET', f'/compute/v2.1/os-quota-sets/{house.league_id("demo")}'))['quota_set']
            assert (quota['instances'], quota['id']) == (20, house.league_id('demo'))
            league.clouds['east'].fault = Fault('refuse')
            await league.clock.sleep(30)
            assert (await league.ok('GET', '/compute/v2.1/limits'))['limits']['absolute']['totalInstancesUsed'] == 2

    virtual.run(main)


def test_what_an_administrator_makes_for_another_project_is_made_in_it() -> None:
    async def main() -> None:
        async with house.league() as league:
            await league.ok('POST', '/network/v2.0/networks', {'network': {'name': 'mine', 'availability_zone_hints': ['west']}}, token='admin')
            await league.clock.sleep(30)
            demo = house.league_id('demo')
            body = {'network': {'name': 'theirs', 'tenant_id': demo}}
            made = (await league.ok('POST', '/network/v2.0/networks', body, token='admin'))['network']
            assert made['project_id'] == demo
            [network] = users.at(league, 'east', 'networks', 'theirs')
            assert league.clouds['east'].state.projects[network['project_id']]['name'] == demo
            assert (await why(league, 'network', made['id'])) == 'east: most room', 'not at the home of the administrator'
            assert (await league.ok('GET', f'/network/v2.0/networks/{made["id"]}'))['network']['name'] == 'theirs'

    virtual.run(main)


def test_what_is_made_at_a_site_that_is_only_just_joining_is_made() -> None:
    async def main() -> None:
        async with house.league() as league:
            await league.house.flock.remove('east')
            body = {'network': {'name': 'early', 'availability_zone_hints': ['east']}}
            made = (await league.ok('POST', '/network/v2.0/networks', body))['network']
            assert made['name'] == 'early'
            assert len(users.at(league, 'east', 'networks', 'early')) == 1

    virtual.run(main)


def test_a_network_tells_its_subnets_in_the_very_next_list() -> None:
    async def main() -> None:
        async with house.league() as league:

            async def listed() -> list[str]:
                networks = (await league.ok('GET', '/network/v2.0/networks?name=n'))['networks']
                return list(networks[0]['subnets'])

            body = {'network': {'name': 'n', 'availability_zone_hints': ['east']}}
            network = (await league.ok('POST', '/network/v2.0/networks', body))['network']['id']
            asked = {'subnet': {'network_id': network, 'ip_version': 4, 'cidr': '10.8.0.0/24'}}
            subnet = (await league.ok('POST', '/network/v2.0/subnets', asked))['subnet']['id']
            assert await listed() == [subnet]
            await league.ok('DELETE', f'/network/v2.0/subnets/{subnet}')
            assert await listed() == []

    virtual.run(main)
