"""What the digesting of batches from the queue does where one cannot be digested."""

from __future__ import annotations

import asyncio

import pytest

from hansa.bus.memory import MemoryBus
from hansa.model import batch
from hansa.model.batch import Batch, Change
from hansa.model.errors import BadRequest
from hansa.ports.uplink import Report
from hansa.sites.sim.clock import HandClock
from hansa.storage import postgres as room
from hansa.storage.postgres.queue import PostgresQueue
from hansa.sync.digesting import Digesting
from hansa.sync.hatch import REPORTED, Hatch
from tests.postgres import Server
from tests.sync.cloud import Cloud
from tests.sync.house import house


def _trust() -> None:
    """Nothing goes wrong."""


def test_what_waits_keeps_the_age_from_moving(postgres: Server) -> None:
    async def main() -> None:
        clock, bus = HandClock(), MemoryBus()
        store = await room.open_store(postgres.fresh(), None)

        async def worker(site: str) -> str:
            return 'w'

        async with house(clock, Cloud('east', clock), store=store) as league:
            here, east = {'east'}.__contains__, league.roster.get('east')
            hatch = Hatch(league.gate, here, worker, store.queue, store, league.roster, bus, clock)
            digesting = Digesting(store.queue, league.intake, here, league.roster, bus, clock, _trust)
            run = (await hatch.open('east', 'managed')).name
            change = Change('server', 's1', 1, doc={'id': 's1', 'name': 'one'})
            await hatch.deliver(Batch('east', run, 'hot', 1, (change,)))
            levels: list[dict[str, float]] = [{}, {'server': clock.now()}]
            for number, level in enumerate(levels, 1):
                await hatch.report(Report('east', run, number, {'server': clock.now()}))
                await hatch.reported(f'{REPORTED}east')
                assert east.synced == level
                assert await digesting.one() is (number == 1)

    asyncio.run(main())


def test_what_cannot_be_digested_is_undone_forgotten_and_waits_on(postgres: Server) -> None:
    async def main() -> None:
        clock, doubts = HandClock(), 0

        def doubt() -> None:
            nonlocal doubts
            doubts += 1

        store = await room.open_store(postgres.fresh(), None)
        async with house(clock, Cloud('east', clock), Cloud('west', clock), store=store) as league:
            queue = PostgresQueue(store._pool, pause=3600.0)
            here = {'east', 'west'}.__contains__
            digesting = Digesting(queue, league.intake, here, league.roster, MemoryBus(), clock, doubt)
            whole = Change('server', 's1', 1, doc={'id': 's1', 'name': 'one'})
            runs = {site: await queue.begin(site) for site in ('east', 'west')}
            await queue.give('east', runs['east'], 'hot', 1, b'no batch at all')
            await queue.give('west', runs['west'], 'hot', 1, batch.encode(Batch('west', runs['west'], 'hot', 1, (whole,))))
            with pytest.raises(BadRequest):
                await digesting.one()
            assert doubts == 1
            assert await digesting.one()
            assert [record.name for record in await league.all('server')] == ['one']
            assert league.roster.get('west').tally('').batches == 1
            assert not await digesting.one()
            assert await queue.backlog() == {'east': 1}

    asyncio.run(main())
