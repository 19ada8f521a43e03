"""A league that mirrors is killed at every step of what it does: afterwards its sites are alike, and hold what was acknowledged."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Awaitable, Callable

import pytest

from tests import house, virtual
from tests.house import League
from tests.northbound.test_object_mirrored import ACCOUNT, at
from tests.simulation.world import SITES, World

MOST = 60
BOTH = {'x-container-meta-hansa-mirror': 'east,west'}
HEALED_S = 90
State = tuple[bytes | None, str]
Act = Callable[[League, str], Awaitable[int]]


async def put(league: League, box: str) -> int:
    return (await league.ask('PUT', f'{ACCOUNT}/{box}/o', b'new'))[0]


async def delete(league: League, box: str) -> int:
    return (await league.ask('DELETE', f'{ACCOUNT}/{box}/o'))[0]


async def post(league: League, box: str) -> int:
    return (await league.ask('POST', f'{ACCOUNT}/{box}/o', headers={'x-object-meta-a': 'b'}))[0]


async def join(league: League, box: str) -> int:
    status = (await league.ask('POST', f'{ACCOUNT}/{box}', headers=BOTH))[0]
    await league.clock.sleep(30)
    return status


async def leave(league: League, box: str) -> int:
    status = (await league.ask('POST', f'{ACCOUNT}/{box}', headers={'x-container-meta-hansa-mirror': 'west'}))[0]
    await league.clock.sleep(30)
    return status


async def states(league: League, box: str) -> dict[str, State]:
    found: dict[str, State] = {}
    for site in SITES:
        status, headers, body = await at(league, site, 'GET', f'/{box}/o')
        found[site] = (body if status == 200 else None, headers.get('x-object-meta-a', ''))
    return found


async def sites_of(league: League, box: str) -> tuple[str, ...]:
    spread = await league.store.spanning(house.league_id('demo'), box)
    return spread.sites if spread else ()


async def killed(world: World, act: Act, box: str, change: int, *, before: bool = False) -> bool:
    """Whether it was done before the league died."""
    world.fuse.arm(change, before=before)
    doing = asyncio.ensure_future(act(world.league, box))
    dying = asyncio.ensure_future(world.fuse.blown.wait())
    await asyncio.wait((doing, dying), return_when=asyncio.FIRST_COMPLETED)
    if not world.fuse.blown.is_set():
        assert doing.result() < 300
    return not world.fuse.blown.is_set()


@pytest.mark.parametrize(
    ('act', 'sites', 'states_after'),
    [
        pytest.param(put, 'east,west', ((b'new', ''), (b'new', '')), id='put'),
        pytest.param(delete, 'east,west', ((None, ''), (None, '')), id='delete'),
        pytest.param(post, 'east,west', ((b'old', 'b'), (b'old', 'b')), id='post'),
        pytest.param(join, 'east', ((b'old', ''), (b'old', '')), id='join'),
        pytest.param(leave, 'east,west', ((None, ''), (b'old', '')), id='leave'),
    ],
)
def test_a_kill_at_any_step(act: Act, sites: str, states_after: tuple[State, State], tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        world = World(tmp_path / 'state')
        await world.start()
        old = tuple((b'old' if site in sites else None, '') for site in SITES)
        for change in range(1, MOST):
            box = f'c{change}'
            league = world.league
            assert (await league.ask('PUT', f'{ACCOUNT}/{box}', headers={'x-container-meta-hansa-mirror': sites}))[0] == 201
            assert (await league.ask('PUT', f'{ACCOUNT}/{box}/o', b'old'))[0] == 201
            finished = await killed(world, act, box, change)
            where = f'killed at change {change}: {world.fuse.log[-3:]}'
            await world.kill()
            await world.start()
            await world.clock.sleep(HEALED_S)
            found = tuple((await states(world.league, box)).values())
            assert found == states_after or (not finished and found == old), where
            assert {site for site, state in zip(SITES, found, strict=True) if state[0]} <= {*(await sites_of(world.league, box))}, where
            spread = await world.league.store.spanning(house.league_id('demo'), box)
            assert spread is not None
            assert (await world.league.store.owing(), spread.filling, spread.leaving) == ([], (), ()), where
            body = (await world.league.ask('GET', f'{ACCOUNT}/{box}/o'))[::2]
            assert body[0] == (404 if found[1 if found[0][0] is None else 0][0] is None else 200), where
            if finished:
                assert change > 3
                await world.stop()
                return
        raise AssertionError('it has no end')

    virtual.run(main)


@pytest.mark.parametrize('before', [False, True], ids=['after a step', 'before a step'])
def test_a_container_is_made_and_dropped_whole(before: bool, tmp_path: pathlib.Path) -> None:
    async def make(league: League, box: str) -> int:
        return (await league.ask('PUT', f'{ACCOUNT}/{box}', headers=BOTH))[0]

    async def drop(league: League, box: str) -> int:
        return (await league.ask('DELETE', f'{ACCOUNT}/{box}'))[0]

    async def main() -> None:
        world = World(tmp_path / 'state')
        await world.start()
        assert await make(world.league, 'other') == 201
        ends = 0
        for change in range(1, MOST):
            box, done = f'c{change}', True
            for act in (make, drop):
                if act is drop and not done:
                    assert await make(world.league, box) in {201, 202}
                done = await killed(world, act, box, change, before=before)
                where = f'{act.__name__} killed at change {change}: {world.fuse.log[-3:]}'
                await world.kill()
                await world.start()
                await world.clock.sleep(HEALED_S)
                there = {(await at(world.league, site, 'HEAD', f'/{box}'))[0] for site in SITES}
                spread = await world.league.store.spanning(house.league_id('demo'), box)
                assert there == ({204} if spread else {404}), where
                assert not done or bool(spread) == (act is make), where
                assert await world.league.store.owing() == [], where
            ends += done
            if ends == 2:
                await world.stop()
                return
        raise AssertionError('it has no end')

    virtual.run(main)
