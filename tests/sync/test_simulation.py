"""Chance at a site, with faults in between: when they end, the inventory is what the site is, within bounded time."""

from __future__ import annotations

import asyncio
import random

import msgspec
import pytest

from hansa.model.listing import Query
from hansa.sites.sim.clock import HandClock
from hansa.sync import lists
from hansa.sync.agent import Agent
from tests.sync.cloud import FAULTS, Cloud
from tests.sync.house import House, house

KINDS = ('server', 'volume', 'port', 'network', 'image', 'server_group', 'snapshot', 'security_group')
STATES = {
    'server': ('BUILD', 'ACTIVE', 'SHUTOFF'),
    'volume': ('creating', 'available', 'deleting'),
    'snapshot': ('creating', 'available'),
    'image': ('queued', 'active'),
}


class Chance:
    """Makes, changes and deletes at a cloud."""

    def __init__(self, cloud: Cloud, seed: int) -> None:
        self.random = random.Random(seed)
        self.calls = 0
        self._cloud = cloud

    def act(self) -> None:
        kind = self.random.choice(KINDS)
        ids = sorted(self._cloud.docs[kind])
        fields = {'name': f'n{self.random.randrange(1000)}', 'status': self.random.choice(STATES.get(kind, ('ACTIVE',)))}
        verb = self.random.choice(('make', 'change', 'delete'))
        if verb == 'make' or not ids:
            self._cloud.make(kind, project_id='p', **fields)
        elif verb == 'change':
            self._cloud.change(kind, self.random.choice(ids), **fields)
        else:
            self._cloud.delete(kind, self.random.choice(ids))

    def stir(self) -> None:
        """Now and then something happens between two requests."""
        if self.random.random() < 0.2:
            self.act()


async def cut_short(agent: Agent, steps: int) -> None:
    """A turn that is cancelled after so many steps."""
    task = asyncio.create_task(agent.turn())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


async def differences(league: House, cloud: Cloud) -> list[str]:
    found = []
    for kind in lists.ORDER:
        have = {record.site_id: msgspec.json.decode(record.doc) for record in await league.store.page(Query(kind))}
        for id in sorted(have.keys() | cloud.docs[kind].keys()):
            if have.get(id) != cloud.docs[kind].get(id):
                found.append(f'{kind} {id}: {have.get(id)} is {cloud.docs[kind].get(id)}')
    return found


@pytest.mark.parametrize('seed', range(12))
def test_after_faults_the_inventory_is_true_again_within_bounded_time(seed: int) -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock, seed, skew=random.Random(seed).uniform(-500, 500), most=random.Random(seed).choice((3, 7, 500)))
        cloud.dates = bool(seed % 2)
        chance = Chance(cloud, seed)
        async with house(clock, cloud) as league:
            for _ in range(15):
                chance.act()
            cloud.stir = chance.stir
            await league.catch_up()
            for _ in range(60):
                cloud.fault = chance.random.choice(('', '', *FAULTS))
                for _ in range(chance.random.randrange(4)):
                    chance.act()
                if chance.random.random() < 0.3:
                    kind = chance.random.choice(KINDS)
                    league.agents['east'].poke(kind)
                await league.pass_time(chance.random.uniform(0.1, 20))
                await cut_short(league.agents['east'], chance.random.randrange(5))
            cloud.fault = ''
            cloud.stir = lambda: None
            await league.pass_time(60)
            assert '\n'.join(await differences(league, cloud)) == ''

    asyncio.run(main())
