"""A create into a server group over sites, killed at every step: a member is what there is of it, and nothing else."""

from __future__ import annotations

import pathlib
from typing import Any

from tests import virtual
from tests.house import League
from tests.simulation.test_crash import MOST, into_the_fuse, prepare
from tests.simulation.world import World

C = '/compute/v2.1'


async def member(league: League, ids: dict[str, str], name: str = 'x') -> Any:
    description = {'name': name, 'flavorRef': ids['flavor'], 'imageRef': ids['cirros'], 'networks': 'none'}
    body = {'server': description, 'os:scheduler_hints': {'group': ids['company']}}
    return await league.ask('POST', f'{C}/servers', body, version='2.79')


async def members(league: League, ids: dict[str, str]) -> list[str]:
    told = await league.ok('GET', f'{C}/os-server-groups/{ids["company"]}')
    return list(told['server_group']['members'])


def test_membership_survives_kill_at_every_step(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        world = World(tmp_path / 'state')
        await world.start()
        await world.level()
        ids = await prepare(world.league)
        ids['cirros'] = (await world.league.ok('GET', '/image/v2/images?name=cirros'))['images'][0]['id']
        body = {'server_group': {'name': 'g', 'policy': 'anti-affinity', 'rules': {'scope': 'site'}}}
        ids['company'] = (await world.league.ok('POST', f'{C}/os-server-groups', body, version='2.64'))['server_group']['id']
        await world.clock.sleep(60)
        await world.stop()
        world.keep()
        for at in range(1, MOST):
            world.again()
            await world.start()
            finished = await into_the_fuse(world, member, ids, at, before=False)
            where = f'killed at change {at}: {world.fuse.log[-3:]}'
            await world.kill()
            await world.start()
            assert await world.healed() == [], where
            made = [doc['id'] for _, doc in world.named('servers', 'x')]
            assert len(made) == 1 if finished else len(made) <= 1, where
            assert await members(world.league, ids) == made, where
            told = [await member(world.league, ids, name) for name in ('second', 'third')]
            assert [status for status, _, _ in told] == ([202, 409] if made else [202, 202]), (where, told)
            sites = [site for name in ('x', 'second', 'third') for site, _ in world.named('servers', name)]
            assert sorted(sites) == ['east', 'west'], where
            assert await world.healed() == [], where
            await world.stop()
            if finished:
                assert at > 5
                return
        raise AssertionError('the create has no end')

    virtual.run(main)
