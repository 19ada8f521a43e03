"""Many sites and much at once: each is asked more rarely, and a burst is told before anything is asked for again."""

from __future__ import annotations

import asyncio

import pytest

from hansa.model.batch import MOST, Batch, Receipt
from hansa.rules import diff
from hansa.sites.sim.clock import HandClock
from hansa.sync.agent import Agent
from hansa.sync.flock import Flock
from hansa.sync.gate import Gate
from tests.sync.cloud import Cloud
from tests.sync.house import house


def test_a_flock_tells_its_agents_how_many_they_are() -> None:
    async def main() -> None:
        clock, pace = HandClock(), diff.Pace()
        async with house(clock, Cloud('east', clock), Cloud('west', clock)) as league:
            flock = Flock(league.store, league.gate, clock, pace)
            for member in league.roster:
                flock.add(member)
            assert pace.among == 2
            await flock.remove('east')
            assert pace.among == 1
            await flock.close()

    asyncio.run(main())


class Shut(Gate):
    """A gate that can be shut: then each batch is to come again a second later."""

    shut = False

    async def deliver(self, batch: Batch) -> Receipt:
        return Receipt(batch.number - 1, 2, 1.0) if self.shut else await super().deliver(batch)


def test_a_burst_is_told_before_anything_is_asked_for_again() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        ids = [cloud.make('server') for _ in range(600)]
        async with house(clock, cloud) as league:
            gate = Shut(league.store, league.intake, league.roster, clock)
            questions = league.intake.questions('east')
            agent = league.agents['east'] = Agent(league.roster.get('east'), gate, clock, questions=questions)
            await league.pass_time(60)
            gate.shut = True
            for id in ids:
                cloud.change('server', id, status='SHUTOFF')
            await league.pass_time(15)
            assert MOST <= agent.waiting < 600, 'what is not taken waits at the site, but for a batch'
            asked = len(cloud.asked)
            await league.pass_time(45)
            assert len(cloud.asked) == asked
            agent.poke('server')
            await league.pass_time(5)
            assert any('/servers/detail' in path for path in cloud.asked[asked:])
            gate.shut = False
            await league.pass_time(30)
            assert agent.waiting == 0
            assert {record.status for record in await league.all('server')} == {'SHUTOFF'}

    asyncio.run(main())


@pytest.mark.parametrize('late', [0.0, 3600.0])
def test_a_storm_is_not_read_again_and_again_when_nothing_comes_after_it(late: float) -> None:
    """Also where the clock that stamps is an hour behind the one that dates answers."""

    async def main() -> None:
        clock = HandClock()
        stamps = Cloud('east', clock, skew=-late)
        cloud = Cloud('east', clock, most=500)
        cloud.stamp = stamps.stamp  # type: ignore[method-assign]  # of another machine
        ids = [cloud.make('server') for _ in range(600)]
        async with house(clock, cloud) as league:
            agent = league.agents['east']
            await league.pass_time(60)

            def polls(since: int) -> list[str]:
                return [path for path in cloud.asked[since:] if 'changes-since' in path]

            for id in ids:
                cloud.change('server', id, status='SHUTOFF')
            await league.pass_time(120)
            assert agent.waiting == 0
            asked = len(cloud.asked)
            await league.pass_time(120)
            again = polls(asked)
            assert len(again) > 5
            assert not any('marker' in path for path in again), 'two pages'
            cloud.change('server', ids[0], status='ACTIVE')
            await league.pass_time(20)
            assert [record.site_id for record in await league.all('server') if record.status == 'ACTIVE'] == ids[:1]

    asyncio.run(main())
