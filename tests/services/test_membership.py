"""Sites come late, come back and leave; nothing at them is touched when they do."""

from __future__ import annotations

from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.fault import Fault
from hansa.storage.sqlite import open_store
from tests import house, virtual
from tests.services import users


def test_a_site_that_is_down_at_the_start_enters_when_it_is_up() -> None:
    async def main() -> None:
        clock = virtual.VirtualClock()
        clouds = {name: SimCloud(name, clock) for name in ('east', 'west')}
        clouds['west'].fault = Fault('refuse')
        built = await house.build(clouds, house.people(clock), clock, store=await open_store(None))
        league = house.League(built, clouds, house.people(clock), clock)
        for name in clouds:
            await built.membership.join(house.spec(name))
        await built.membership.ready(['east', 'west'], 20)
        assert (await users.boot(league, 'early'))[0] == 202
        assert (await users.boot(league, 'x', 'west'))[0] in {400, 503}
        clouds['west'].fault = None
        await clock.sleep(60)
        status, _, told = await users.boot(league, 'late', 'west')
        assert status == 202, told
        await built.close()

    virtual.run(main)


def test_a_site_that_leaves_is_forgotten_and_left_as_it_is() -> None:
    async def main() -> None:
        async with house.league() as league:
            for zone in league.clouds:
                assert (await users.boot(league, f's-{zone}', zone))[0] == 202
            await league.house.membership.leave('west')
            listed = (await league.ok('GET', '/compute/v2.1/servers'))['servers']
            assert [each['name'] for each in listed] == ['s-east']
            assert users.at(league, 'west', 'servers', 's-west')
            assert {alias.site for alias in await league.store.aliases()} == {'east'}
            assert (await users.boot(league, 'x', 'west'))[0] == 400
            assert (await users.boot(league, 'y'))[0] == 202
            await league.house.membership.join(house.spec('west'))
            await league.clock.sleep(60)
            listed = (await league.ok('GET', '/compute/v2.1/servers'))['servers']
            assert {each['name'] for each in listed} == {'s-east', 's-west', 'y'}
            assert (await users.boot(league, 'again', 'west'))[0] == 202
            await league.clock.sleep(60)
            listed = (await league.ok('GET', '/compute/v2.1/servers'))['servers']
            assert {each['name'] for each in listed} == {'s-east', 's-west', 'y', 'again'}

    virtual.run(main)


def test_a_site_of_a_tenant_is_there_for_its_projects_only() -> None:
    async def main() -> None:
        async with house.league('east', 'west', tenant=['west']) as league:
            assert (await users.boot(league, 'mine', 'west'))[0] == 202
            assert (await users.boot(league, 'theirs', 'west', 'alt_demo'))[0] == 400
            assert (await users.boot(league, 'theirs', '', 'alt_demo'))[0] == 202
            assert users.at(league, 'east', 'servers', 'theirs')
            assert not users.at(league, 'west', 'servers', 'theirs')

    virtual.run(main)
