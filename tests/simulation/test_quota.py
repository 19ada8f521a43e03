"""A quota survives kill -9 at every step of a create: it is never exceeded, and what was reserved comes back."""

from __future__ import annotations

import asyncio
import pathlib
from typing import Any

import pytest

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.services import users
from tests.simulation.test_crash import MOST, into_the_fuse
from tests.simulation.world import World

DEMO = house.league_id('demo')
LIMITS = {'instances': 2, 'volumes': 2, 'network': 2}


async def server(league: League, ids: dict[str, str], name: str = 'x') -> Any:
    return await users.boot(league, name, 'west')


async def volume(league: League, ids: dict[str, str], name: str = 'x') -> Any:
    return await league.ask('POST', '/volume/v3/volumes', {'volume': {'name': name, 'size': 1, 'availability_zone': 'west'}})


async def network(league: League, ids: dict[str, str], name: str = 'x') -> Any:
    body = {'network': {'name': name, 'availability_zone_hints': ['west']}}
    return await league.ask('POST', '/network/v2.0/networks', body)


def there(world: World, table: str) -> int:
    return sum(len(world.named(table, name)) for name in ('x', 'y0', 'y1', 'y2'))


@pytest.mark.parametrize(
    ('act', 'table', 'resource', 'refused'),
    [
        pytest.param(server, 'servers', 'instances', 403, id='server'),
        pytest.param(volume, 'volumes', 'volumes', 413, id='volume'),
        pytest.param(network, 'networks', 'network', 409, id='network'),
    ],
)
def test_what_a_killed_create_reserved_comes_back(act: Any, table: str, resource: str, refused: int, tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        world = World(tmp_path / 'state')
        await world.start()
        await world.level()
        await world.league.store.set_limits(DEMO, '', LIMITS)
        await world.stop()
        world.keep()
        for at in range(1, MOST):
            world.again()
            await world.start()
            finished = await into_the_fuse(world, act, {}, at, before=False)
            where = f'killed at change {at}: {world.fuse.log[-3:]}'
            await world.kill()
            await world.start()
            answers = await asyncio.gather(*(act(world.league, {}, f'y{number}') for number in range(3)))
            assert {answer[0] for answer in answers} <= {200, 201, 202, refused}, (where, answers)
            assert there(world, table) <= 2, where
            assert await world.healed() == [], where
            # Whatever became of the killed one, what is left of the quota can be had again.
            for number in range(2 - there(world, table)):
                status, _, told = await act(world.league, {}, f'y{number}')
                assert status < 300, (where, told)
            assert there(world, table) == 2, where
            assert (await act(world.league, {}, 'y2'))[0] == refused, where
            stands = await world.league.store.quota(DEMO)
            assert (stands.used[''][resource], stands.reserved) == (2, {}), where
            await world.stop()
            if finished:
                assert at > 5
                return
        raise AssertionError('the create has no end')

    virtual.run(main)


@pytest.mark.parametrize('kind', ['lose_reply', 'hang', 'error', 'garbage'])
def test_what_a_faulty_site_may_have_made_stays_reserved_until_that_is_known(kind: Any) -> None:
    async def main() -> None:
        async with house.league() as league:
            await league.ok('PUT', f'/compute/v2.1/os-quota-sets/{DEMO}', {'quota_set': {'instances': 10}}, token='admin')
            await asyncio.gather(*(users.boot(league, f'x{site}', site) for site in league.clouds))
            league.clouds['west'].fault = Fault(kind, service='compute', method='POST', path='/servers$')
            answers = await asyncio.gather(*(users.boot(league, f'y{number}') for number in range(50)))
            made = sum(answer[0] == 202 for answer in answers)
            assert {answer[0] for answer in answers} <= {202, 403, 503}
            living = [doc for cloud in league.clouds.values() for doc in cloud.state.servers.values() if doc['_vm'] != 'deleted']
            assert made + 2 <= len(living) <= 10
            league.clouds['west'].fault = None
            await league.clock.sleep(300)
            stands = await league.store.quota(DEMO)
            assert (stands.used['']['instances'], stands.reserved) == (made + 2, {})
            answers = await asyncio.gather(*(users.boot(league, f'z{number}') for number in range(12)))
            assert sum(answer[0] == 202 for answer in answers) == 8 - made

    virtual.run(main)
