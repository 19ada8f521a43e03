"""Batches at the gate: each once, in their order, by turns, and no more at once than it bears."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from hansa.model.batch import Batch, Change, Lane
from hansa.model.errors import Gone
from hansa.model.resource import Record
from hansa.ports.roster import Member
from hansa.sites.sim.clock import HandClock
from hansa.sync import gate
from hansa.sync.intake import Intake
from hansa.sync.turns import Turns
from tests.sync.cloud import Cloud
from tests.sync.house import House, house

LARGE = gate.SMALL + 1


def batch(site: str, run: str, number: int, name: str = 'n', lane: Lane = 'hot', id: str = 'a', size: int = 1) -> Batch:
    ids = [id, *(f'{id}{more}' for more in range(1, size))]
    return Batch(site, run, lane, number, tuple(Change('server', each, number, doc={'id': each, 'name': name}) for each in ids))


async def names(league: House) -> list[str]:
    return [record.name for record in await league.all('server')]


def test_a_batch_is_taken_once_and_in_its_order() -> None:
    async def main() -> None:
        clock = HandClock()
        async with house(clock, Cloud('east', clock)) as league:
            run = (await league.gate.open('east', 'managed')).name
            early = await league.gate.deliver(batch('east', run, 2, 'too early'))
            assert (early.upto, early.retry_after > 0) == (0, True)
            assert (await league.gate.deliver(batch('east', run, 1, 'first'))).upto == 1
            assert (await league.gate.deliver(batch('east', run, 2, 'second'))).upto == 2
            again = await league.gate.deliver(batch('east', run, 1, 'first'))
            assert (again.upto, again.retry_after) == (2, 0.0)
            assert await names(league) == ['second']
            assert league.roster.get('east').tally('').batches == 2

    asyncio.run(main())


def test_nothing_is_taken_of_an_earlier_run_nor_of_a_site_that_left() -> None:
    async def main() -> None:
        clock = HandClock()
        async with house(clock, Cloud('east', clock)) as league:
            old = (await league.gate.open('east', 'managed')).name
            new = (await league.gate.open('east', 'managed')).name
            with pytest.raises(Gone):
                await league.gate.deliver(batch('east', old, 1))
            await league.gate.deliver(batch('east', new, 1))
            league.gate.forget('east')
            with pytest.raises(Gone):
                await league.gate.deliver(batch('east', new, 2))
            with pytest.raises(Gone):
                await league.gate.deliver(batch('nowhere', new, 2))

    asyncio.run(main())


class Slow(Intake):
    """Takes what it is given when the test opens it; `order` says in which order it came, `most` how many stood in it at once."""

    def __init__(self, league: House) -> None:
        super().__init__(league.store, league.book, league.roster, league.clock)
        self.opened = asyncio.Event()
        self.order: list[str] = []
        self.inside = 0
        self.most = 0

    async def take(self, member: Member, changes: Sequence[Change], *, anew: bool = False) -> list[Record]:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.order.append(f'{member.name} {changes[0].id}')
        await self.opened.wait()
        await asyncio.sleep(0)
        self.inside -= 1
        return []


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_site_has_its_credit_and_no_more() -> None:
    async def main() -> None:
        clock = HandClock()
        async with house(clock, Cloud('east', clock)) as league:
            slow = Slow(league)
            door = gate.Gate(league.store, slow, league.roster, clock)
            run = (await door.open('east', 'managed')).name
            lanes: tuple[Lane, ...] = ('hot', 'bulk')
            under_way = [asyncio.create_task(door.deliver(batch('east', run, 1, lane=lane))) for lane in lanes]
            await settled()
            refused = await door.deliver(batch('east', run, 1, lane='command'))
            assert (refused.upto, refused.credit) == (0, 2)
            assert refused.retry_after > 0
            tally = league.roster.get('east').tally('')
            assert (tally.refused, tally.flying) == (1, 2)
            slow.opened.set()
            assert [receipt.upto for receipt in await asyncio.gather(*under_way)] == [1, 1]
            assert (await door.deliver(batch('east', run, 1, lane='command'))).upto == 1

    asyncio.run(main())


def test_a_burst_waits_outside_and_commands_pass() -> None:
    async def main() -> None:
        clock = HandClock()
        sites = [Cloud(f's{number}', clock) for number in range(gate.HIGH_WATER + gate.WIDE + 5)]
        async with house(clock, *sites) as league:
            slow = Slow(league)
            door = gate.Gate(league.store, slow, league.roster, clock)
            runs = {site.name: (await door.open(site.name, 'managed')).name for site in sites}
            given = [asyncio.create_task(door.deliver(batch(name, run, 1, lane='bulk', size=LARGE))) for name, run in runs.items()]
            await settled()
            refused = [task for task in given if task.done()]
            assert len(refused) == 5
            assert all(task.result().retry_after > 0 for task in refused)
            commanded = asyncio.create_task(door.deliver(batch('s0', runs['s0'], 1, lane='command', id='mine')))
            await settled()
            assert slow.order[-1] == 's0 mine'
            little = asyncio.create_task(door.deliver(batch('s9', runs['s9'], 1)))
            await settled()
            assert not little.done()
            slow.opened.set()
            await asyncio.gather(commanded, little, *given)
            assert slow.most == gate.WIDE + 1

    asyncio.run(main())


def test_who_was_turned_away_goes_before_who_comes_later() -> None:
    async def main() -> None:
        clock = HandClock()
        sites = [Cloud(f's{number}', clock) for number in range(gate.HIGH_WATER + gate.WIDE + 3)]
        async with house(clock, *sites) as league:
            slow = Slow(league)
            door = gate.Gate(league.store, slow, league.roster, clock)
            runs = {site.name: (await door.open(site.name, 'managed')).name for site in sites}
            given = {name: asyncio.create_task(door.deliver(batch(name, run, 1, size=LARGE))) for name, run in runs.items()}
            await settled()
            away = [name for name, task in given.items() if task.done()]
            assert len(away) == 3
            slow.opened.set()
            await asyncio.gather(*given.values())
            slow.opened.clear()
            again = [asyncio.create_task(door.deliver(batch(name, runs[name], 2, size=LARGE))) for name in runs if name not in away]
            await settled()
            assert [task.done() for task in again] == [False] * (gate.HIGH_WATER + gate.WIDE - 3) + [True] * 3
            first = [asyncio.create_task(door.deliver(batch(name, runs[name], 1, size=LARGE))) for name in away]
            await settled()
            assert not any(task.done() for task in first)
            clock.advance(gate.PATIENCE_S)
            slow.opened.set()
            await asyncio.gather(*again, *first)
            assert (await door.deliver(batch('s9', runs['s9'], 3))).retry_after == 0.0

    asyncio.run(main())


def test_turns_go_round_the_sites_and_a_better_lane_goes_first() -> None:
    async def main() -> None:
        turns, order = Turns(1), []

        async def one(site: str, lane: Lane) -> None:
            async with turns.of(site, lane):
                order.append(f'{site} {lane}')
                await asyncio.sleep(0)

        wanted: tuple[tuple[str, Lane], ...] = (
            ('a', 'bulk'), ('a', 'bulk'), ('a', 'bulk'), ('b', 'bulk'), ('c', 'hot'), ('b', 'bulk'), ('c', 'command'),
        )  # fmt: skip
        await asyncio.gather(*(one(site, lane) for site, lane in wanted))
        assert order == ['a bulk', 'c command', 'c hot', 'a bulk', 'b bulk', 'a bulk', 'b bulk']
        assert turns.waiting == 0

    asyncio.run(main())


def test_who_has_little_goes_before_those_who_have_much_and_these_go_round() -> None:
    async def main() -> None:
        turns, order = Turns(1), []

        async def one(name: str, work: int, times: int) -> None:
            for _ in range(times):
                async with turns.of(name, 'hot', work):
                    order.append(name)
                    await asyncio.sleep(0)

        await asyncio.gather(*(one(name, 500, 3) for name in 'abc'), one('quiet', 5, 2))
        assert [name for name in order if name != 'quiet'] == [*'abc'] * 3
        assert order.index('quiet') == 1
        assert order[:5].count('quiet') == 2

    asyncio.run(main())


@pytest.mark.parametrize('steps', range(1, 6))
def test_who_gives_up_waiting_keeps_nobody_from_his_turn(steps: int) -> None:
    async def main() -> None:
        turns, done = Turns(1), []

        async def one(name: str) -> None:
            async with turns.of(name, 'bulk'):
                await asyncio.sleep(0)
                done.append(name)

        tasks = [asyncio.create_task(one(name)) for name in 'abcd']
        for _ in range(steps):
            await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.wait(tasks)
        await one('e')
        assert [name for name in done if name != 'b'] == ['a', 'c', 'd', 'e']
        assert turns.waiting == 0

    asyncio.run(main())
