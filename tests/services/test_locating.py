"""Finding the site of what a caller names: by id, by name@site, and by asking where the inventory knows nothing."""

from __future__ import annotations

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.services import users

UNKNOWN = '11111111-1111-4111-8111-111111111111'


def test_a_name_may_say_its_site_and_zone() -> None:
    async def main() -> None:
        async with house.league() as league:
            ids = {zone: (await users.boot(league, 'twin', zone))[2]['server']['id'] for zone in league.clouds}
            await league.clock.sleep(30)
            for site, id in ids.items():
                shown = (await league.ok('GET', f'/compute/v2.1/servers/twin@{site}'))['server']
                assert shown['id'] == id
                zone = shown['OS-EXT-AZ:availability_zone']
                named = f'twin@{zone if ":" in zone else site}'
                assert (await league.ok('GET', f'/compute/v2.1/servers/{named}'))['server']['id'] == id
            assert (await league.ask('GET', '/compute/v2.1/servers/twin@nowhere'))[0] == 404
            assert (await league.ask('GET', '/compute/v2.1/servers/twin@east:nozone'))[0] == 404
            assert (await league.ask('GET', '/compute/v2.1/servers/twin@east', token='alt_demo'))[0] == 404

    virtual.run(main)


def test_an_unknown_id_is_not_found_only_if_every_site_says_so() -> None:
    async def main() -> None:
        async with house.league() as league:
            path = f'/compute/v2.1/servers/{UNKNOWN}'
            assert (await league.ask('GET', path))[0] == 404
            await league.clock.sleep(10)
            league.clouds['west'].fault = Fault('refuse')
            status, headers, told = await league.ask('GET', path)
            assert status == 503
            assert 'west' in told['serviceUnavailable']['message']
            assert int(headers['retry-after']) > 0
            league.clouds['west'].fault = None
            await league.clock.sleep(60)
            assert (await league.ask('GET', path))[0] == 404

    virtual.run(main)


def test_what_is_another_projects_is_not_found() -> None:
    async def main() -> None:
        async with house.league() as league:
            id = (await users.boot(league, 's'))[2]['server']['id']
            for method in ('GET', 'DELETE'):
                assert (await league.ask(method, f'/compute/v2.1/servers/{id}', token='alt_demo'))[0] == 404
            assert (await league.ask('GET', f'/compute/v2.1/servers/{id}'))[0] == 200
            assert (await league.ask('GET', f'/compute/v2.1/servers/{id}', token=''))[0] == 401

    virtual.run(main)


def test_a_deleted_object_is_not_found_even_while_another_site_is_dead() -> None:
    async def main() -> None:
        async with house.league() as league:
            id = (await users.boot(league, 's', 'east'))[2]['server']['id']
            await league.clock.sleep(30)
            await league.ok('DELETE', f'/compute/v2.1/servers/{id}')
            await league.clock.sleep(30)
            league.clouds['west'].fault = Fault('refuse')
            assert (await league.ask('GET', f'/compute/v2.1/servers/{id}'))[0] == 404

    virtual.run(main)
