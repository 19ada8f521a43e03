"""A league over sites of the fleet comes level with them: after their life, a storm, and faults that are over."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hansa.sites.sim.fleet import cloud
from hansa.sites.sim.fleet.trouble import Fault
from hansa.storage.sqlite import open_store
from tests import house, virtual

SITES, SIZE = ('north', 'south'), 30
FAULTS = [
    Fault('5xx', share=0.3, lasts=30),
    Fault('latency', seconds=2, lasts=30),
    Fault('garbage', share=0.3, lasts=30),
    Fault('black-hole', lasts=30),
    Fault('duplicate', share=0.3, lasts=30),
    Fault('reorder', lasts=30),
    Fault('clock-skew', seconds=120, lasts=30),
    Fault('lost-window', lasts=30),
]


@contextlib.asynccontextmanager
async def league(life: float) -> AsyncIterator[tuple[house.League, dict[str, cloud.FleetCloud]]]:
    clock = virtual.VirtualClock()
    clouds = {name: cloud.FleetCloud(name, clock, 5, SIZE, life=life) for name in SITES}
    twin = house.people(clock)
    made = await house.build(clouds, twin, clock, store=await open_store(None))
    try:
        for name in SITES:
            await made.membership.join(house.spec(name, 'tenant'))
        await made.membership.ready(list(SITES), 60)
        for name in SITES:
            await made.flock.catch_up(name)
        yield house.League(made, clouds, twin, clock), clouds
    finally:
        await made.close()


async def listed(one: house.League) -> list[tuple[str, str, str]]:
    """Of all servers of the league: id, status, updated."""
    found: list[dict[str, Any]] = []
    marker = ''
    while True:
        page = (await one.ok('GET', f'/compute/v2.1/servers/detail?limit=20{marker}'))['servers']
        if not page:
            return [(doc['id'], doc['status'], doc['updated']) for doc in found]
        found += page
        marker = f'&marker={page[-1]["id"]}'


async def level(one: house.League, clouds: dict[str, cloud.FleetCloud]) -> None:
    rows = await listed(one)
    for site in clouds.values():
        mine = [row for row in rows if site.rows.server_table.number(row[0]) >= 0]
        assert cloud.digest_of(mine) == site.told(digest=True)['digest']
    assert len(rows) == sum(sum(site.told()['servers'].values()) for site in clouds.values())


def test_a_league_follows_the_life_of_its_sites() -> None:
    async def main() -> None:
        async with league(life=4000) as (one, clouds):
            await level(one, clouds)
            await one.clock.sleep(200)
            assert all(site.told()['changes'] > 100 for site in clouds.values())
            for site in clouds.values():
                site.quicken(0)
            await one.clock.sleep(60)
            await level(one, clouds)

    virtual.run(main)


def test_a_storm_is_over_for_the_league_soon_after_it_is_over() -> None:
    async def main() -> None:
        async with league(life=0) as (one, clouds):
            clouds['north'].storm(3, 10)
            await one.clock.sleep(40)
            assert clouds['north'].told()['changes'] == 3 * SIZE
            await level(one, clouds)

    virtual.run(main)


@pytest.mark.parametrize('fault', FAULTS, ids=lambda fault: fault.kind)
def test_a_league_comes_level_after_a_fault(fault: Fault) -> None:
    async def main() -> None:
        async with league(life=0) as (one, clouds):
            clouds['north'].strike(fault)
            await one.clock.sleep(5)
            clouds['north'].storm(3, 20)
            clouds['south'].storm(1, 20)
            await one.clock.sleep(180)
            await level(one, clouds)

    virtual.run(main)
