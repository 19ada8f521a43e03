"""A create is journaled before the site is called and survives kill -9 at every step: never two servers, never an orphan."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests import virtual
from tests.house import League
from tests.simulation.world import SITES, World

MOST = 400
RULES = (22, 443)
Act = Callable[[League, dict[str, str]], Awaitable[Any]]


async def prepare(league: League) -> dict[str, str]:
    """A key pair and a group that stand at east only, and the ids that a create needs."""
    await league.ok('POST', '/compute/v2.1/os-keypairs', {'keypair': {'name': 'k'}})
    group = await group_with_rules(league, 'web')
    images = (await league.ok('GET', '/image/v2/images'))['images']
    image = next(image['id'] for image in images if image['name'] == 'east-linux')
    flavors = (await league.ok('GET', '/compute/v2.1/flavors'))['flavors']
    return {'group': group, 'image': image, 'flavor': next(flavor['id'] for flavor in flavors if flavor['name'] == 'm1.tiny')}


async def group_with_rules(league: League, name: str) -> str:
    group = (await league.ok('POST', '/network/v2.0/security-groups', {'security_group': {'name': name}}))['security_group']
    for port in RULES:
        rule = {'security_group_id': group['id'], 'direction': 'ingress', 'protocol': 'tcp', 'port_range_min': port, 'port_range_max': port}
        await league.ok('POST', '/network/v2.0/security-group-rules', {'security_group_rule': rule})
    return str(group['id'])


async def server(league: League, ids: dict[str, str], name: str = 'x') -> Any:
    """At west, where nothing of what it needs is yet: not even the project."""
    description = {
        'name': name, 'availability_zone': 'west', 'flavorRef': ids['flavor'], 'imageRef': ids['image'], 'networks': 'none',
        'key_name': 'k', 'security_groups': [{'name': 'web'}],
    }  # fmt: skip
    return await league.ask('POST', '/compute/v2.1/servers', {'server': description}, version='2.79')


async def volume(league: League, ids: dict[str, str], name: str = 'x') -> Any:
    description = {'name': name, 'size': 1, 'availability_zone': 'west', 'imageRef': ids['image']}
    return await league.ask('POST', '/volume/v3/volumes', {'volume': description})


async def image(league: League, ids: dict[str, str], name: str = 'x') -> Any:
    told = await league.ask('POST', '/image/v2/images', {'name': name, 'disk_format': 'raw', 'container_format': 'bare'})
    if told[0] >= 300:
        return told
    done = await league.ask('PUT', f'/image/v2/images/{told[2]["id"]}/file', b'bytes' * 100)
    return done if done[0] >= 300 else told


async def group(league: League, ids: dict[str, str], name: str = 'x') -> Any:
    return await league.ask('POST', '/network/v2.0/security-groups', {'security_group': {'name': name}})


async def into_the_fuse(world: World, act: Act, ids: dict[str, str], at: int, *, before: bool) -> bool:
    """Whether the create was finished before the league died."""
    world.fuse.arm(at, before=before)
    doing = asyncio.ensure_future(act(world.league, ids))
    dying = asyncio.ensure_future(world.fuse.blown.wait())
    await asyncio.wait((doing, dying), return_when=asyncio.FIRST_COMPLETED)
    if not world.fuse.blown.is_set():
        status, _, told = doing.result()
        assert status < 300, (at, status, told)
    return not world.fuse.blown.is_set()


@pytest.mark.parametrize(
    ('act', 'table', 'before', 'tenant'),
    [
        pytest.param(server, 'servers', False, (), id='server'),
        pytest.param(server, 'servers', True, (), id='server, before a step'),
        pytest.param(server, 'servers', False, SITES, id='server, as a tenant'),
        pytest.param(volume, 'volumes', False, (), id='volume'),
        pytest.param(image, 'images', False, (), id='image'),
        pytest.param(group, 'security_groups', False, (), id='group'),
    ],
)
def test_a_create_survives_kill_at_every_step(
    act: Act, table: str, before: bool, tenant: tuple[str, ...], tmp_path: pathlib.Path
) -> None:
    async def main() -> None:
        world = World(tmp_path / 'state', tenant)
        await world.start()
        await world.level()
        ids = await prepare(world.league)
        await world.clock.sleep(60)
        await world.stop()
        world.keep()
        for at in range(1, MOST):
            world.again()
            await world.start()
            finished = await into_the_fuse(world, act, ids, at, before=before)
            where = f'killed at change {at}: {world.fuse.log[-3:]}'
            await world.kill()
            await world.start()
            assert await world.healed() == [], where
            assert len(world.named(table, 'x')) <= 1, where
            assert not finished or len(world.named(table, 'x')) == 1, where
            status, _, told = await act(world.league, ids, 'second')  # type: ignore[call-arg]  # all of these take a name
            assert status < 300, (where, status, told)
            assert await world.healed() == [], where
            assert len(world.named(table, 'second')) == 1, where
            await world.stop()
            if finished:
                assert at > 5
                return
        raise AssertionError('the create has no end')

    virtual.run(main)
