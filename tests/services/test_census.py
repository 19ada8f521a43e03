"""Objects that nobody in the league owns are counted seldom, and seldomer where that takes long."""

from __future__ import annotations

from hansa.services import census
from hansa.services.census import Census
from tests import house, virtual


def test_a_count_is_kept_for_a_minute() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            east = league.house.roster.get('east')
            counting = Census(league.store, league.house.roster, league.clock)
            # What the inventory lost would be fetched again.
            await league.house.flock.remove('east')
            before = await counting.unclaimed(east)
            assert before > 0
            known = await league.store.known('east', 'port')
            await league.store.remove('east', 'port', list(known), league.clock.now())
            assert await counting.unclaimed(east) == before
            await league.clock.sleep(census.KEPT_S)
            assert await counting.unclaimed(east) < before

    virtual.run(main)
