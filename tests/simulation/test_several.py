"""A create of several servers, killed at every step: all of them or none, listed and told why, and the next one works."""

from __future__ import annotations

import pathlib
from typing import Any

from tests import virtual
from tests.house import League
from tests.simulation.test_crash import MOST, into_the_fuse, prepare
from tests.simulation.world import World

COUNT = 2


async def several(league: League, ids: dict[str, str], name: str = 'x') -> Any:
    description = {
        'name': name, 'availability_zone': 'east', 'flavorRef': ids['flavor'], 'imageRef': ids['image'], 'networks': 'none',
        'min_count': COUNT,
    }  # fmt: skip
    return await league.ask('POST', '/compute/v2.1/servers', {'server': description}, version='2.79')


def made(world: World, name: str) -> int:
    return sum(len(world.named('servers', f'{name}-{n + 1}')) for n in range(COUNT))


def test_all_or_none_after_a_kill(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        world = World(tmp_path / 'state')
        await world.start()
        await world.level()
        ids = await prepare(world.league)
        await world.stop()
        world.keep()
        for at in range(1, MOST):
            world.again()
            await world.start()
            finished = await into_the_fuse(world, several, ids, at, before=False)
            where = f'killed at change {at}: {world.fuse.log[-3:]}'
            await world.kill()
            await world.start()
            assert await world.healed() == [], where
            assert made(world, 'x') in ({COUNT} if finished else {0, COUNT}), where
            status, _, told = await several(world.league, ids, 'second')
            assert status == 202, (where, told)
            assert await world.healed() == [], where
            assert made(world, 'second') == COUNT, where
            await world.stop()
            if finished:
                assert at > 5
                return
        raise AssertionError('the create has no end')

    virtual.run(main)
