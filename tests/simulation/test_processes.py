"""Seeded lives of a league of several processes: users work through any front while any process may be parted from the database for good or a while."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from tests import shared, virtual
from tests.house import League
from tests.services import users

STEPS = 40
SITES = ('east', 'west')


class Life:
    """What users were told: `standing` servers by id, `gone` those whose delete was accepted."""

    def __init__(self, league: shared.Several, chance: random.Random) -> None:
        self.league = league
        self.chance = chance
        self.standing: dict[str, str] = {}
        self.gone: set[str] = set()
        self.names = 0

    def front(self) -> League:
        """Any that users may reach, which may be parted from the database."""
        fronts = [each for each, role in zip(self.league.leagues, self.league.roles, strict=True) if role == 'front']
        return self.chance.choice(fronts)

    async def boot(self) -> None:
        self.names += 1
        name, front = f's{self.names}', self.front()
        try:
            status, _, told = await users.boot(front, name, self.chance.choice(SITES))
        except AssertionError:
            return  # not even the images could be listed
        if status == 202:
            self.standing[told['server']['id']] = name
            status, _, told = await self.front().ask('GET', f'/compute/v2.1/servers/{told["server"]["id"]}')
            assert status in {200, 503}, told

    async def delete(self) -> None:
        if self.standing:
            id = self.chance.choice(sorted(self.standing))
            name = self.standing.pop(id)
            status, _, told = await self.front().ask('DELETE', f'/compute/v2.1/servers/{id}')
            assert status in {204, 404, 503}, (name, told)
            if status == 204:
                self.gone.add(id)

    async def listed(self) -> None:
        wanted = set(self.standing)
        status, _, told = await self.front().ask('GET', '/compute/v2.1/servers')
        if status == 200:
            assert wanted & set(self.standing) <= {each['id'] for each in told['servers']}

    async def part(self) -> None:
        """One process at a time, so that there is always somebody left."""
        handles = self.league.handles
        if not any(handle.cut for handle in handles):
            self.chance.choice(handles).cut = True

    async def heal(self) -> None:
        for handle in self.league.handles:
            handle.cut = False

    async def wait(self) -> None:
        await self.league.clock.sleep(self.chance.choice((0.1, 1.0, 5.0, 20.0)))


@pytest.mark.parametrize('seed', [0, 1, 2, 126])
def test_nothing_is_lost_and_nothing_is_there_twice_whoever_dies(seed: int) -> None:
    async def main() -> None:
        async with shared.several('front', 'front', 'worker', 'worker', sites=SITES) as league:
            chance = random.Random(seed)
            league.bus.deaf = bool(seed % 2)
            life = Life(league, chance)
            acts = (life.boot, life.boot, life.boot, life.delete, life.listed, life.part, life.heal, life.wait, life.wait)
            under_way: list[asyncio.Task[None]] = []
            for _ in range(STEPS):
                act = chance.choice(acts)
                if act in {life.boot, life.delete, life.listed} and chance.random() < 0.5:
                    under_way.append(asyncio.create_task(act()))
                else:
                    await act()
            await asyncio.gather(*under_way)
            await life.heal()
            await league.clock.sleep(240)
            await settled(league, life)

    virtual.run(main)


async def settled(league: shared.Several, life: Life) -> None:
    at_sites = {
        server['id']: server['name']
        for site in SITES
        for server in league.clouds[site].state.servers.values()
        if server.get('_vm') != 'deleted'
    }
    assert await league.store.open_intents() == []
    assert life.standing.items() <= at_sites.items()
    assert not life.gone & at_sites.keys()
    names = list(at_sites.values())
    assert len(names) == len(set(names))
    for each, role in zip(league.leagues, league.roles, strict=True):
        if role == 'front':
            listed: dict[str, Any] = await each.ok('GET', '/compute/v2.1/servers')
            assert {server['id'] for server in listed['servers']} == set(at_sites)
    for site in SITES:
        assert len(league.followers(site)) == 1
