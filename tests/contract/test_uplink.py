"""What every uplink does, the gate in the same process and the one over HTTP: an agent need not know which it has."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from hansa.bus.memory import MemoryBus
from hansa.keystone.twin import IdentityTwin
from hansa.model.batch import MOST, Batch, Change, Lane, Receipt
from hansa.model.distant import Distant
from hansa.model.drift import Finding
from hansa.model.errors import Dismissed, Gone
from hansa.model.secret import Secret
from hansa.northbound.hall import table
from hansa.northbound.hall.app import Hall
from hansa.northbound.hall.door import Door
from hansa.northbound.hall.metering import Meter
from hansa.northbound.league.door import STYLE
from hansa.northbound.league.uplink import UplinkRoom
from hansa.ports.tally import Tally
from hansa.ports.uplink import Report, Uplink
from hansa.rules import digests
from hansa.services.credentials import Credentials
from hansa.sites.sim.clock import HandClock
from hansa.sites.sim.transport import AsgiTransport
from hansa.storage import postgres
from hansa.storage.postgres.store import PostgresStore
from hansa.sync.digesting import Digesting
from hansa.sync.far import FarUplink
from hansa.sync.gate import Gate
from hansa.sync.hatch import REPORTED, Hatch
from tests.postgres import Server
from tests.sync.cloud import Cloud
from tests.sync.house import House, house

Scenario = Callable[[House, Uplink], Awaitable[None]]
Judge = Callable[[Scenario], None]


@contextlib.asynccontextmanager
async def over_http(league: House) -> AsyncIterator[Uplink]:
    """Through the league's front door, with a credential for the site east; the agent's clock is 7 s behind the league's."""
    credentials = Credentials(league.store, league.roster, league.clock)
    _, credential = await credentials.add('east')
    room = UplinkRoom(league.gate, credentials, league.clock)
    door = Door(STYLE, table.Table(room.routes), IdentityTwin(league.clock), league.roster, 'http://league.test')
    wire = AsgiTransport(Hall({'league': door.answer}, {}, 100, Meter(league.clock)))
    behind = HandClock()
    behind.time = league.clock.time - 7.0
    try:
        yield FarUplink(wire, 'http://league.test', Secret(credential.reveal()), behind)
    finally:
        await wire.close()


class ThroughTheQueue(Hatch):
    """A league of which one process takes in and another digests, at once."""

    def __init__(self, league: House, store: PostgresStore) -> None:
        bus, here = MemoryBus(), {'east', 'west'}.__contains__
        super().__init__(league.gate, here, self._worker, store.queue, store, league.roster, bus, league.clock)
        self.digesting = Digesting(store.queue, league.intake, here, league.roster, bus, league.clock, self._trusting)

    async def _worker(self, site: str) -> str:
        return 'w'

    async def deliver(self, batch: Batch) -> Receipt:
        receipt = await super().deliver(batch)
        while await self.digesting.one():
            continue
        return receipt

    async def report(self, report: Report) -> float:
        ahead = await super().report(report)
        await self.reported(f'{REPORTED}{report.site}')
        return ahead


    def _trusting(self) -> None:
        """Nothing goes wrong here."""
        raise AssertionError('a batch was not digested')


@pytest.fixture(params=['gate', 'http', 'queue'])
def judge(request: pytest.FixtureRequest) -> Judge:
    """Runs a scenario over each uplink that there is."""

    async def main(scenario: Scenario) -> None:
        clock = HandClock()
        if request.param == 'queue':
            server: Server = request.getfixturevalue('postgres')
            store = await postgres.open_store(server.fresh(), None)
            async with house(clock, Cloud('east', clock), Cloud('west', clock), store=store) as league:
                await scenario(league, ThroughTheQueue(league, store))
            return
        async with house(clock, Cloud('east', clock), Cloud('west', clock)) as league:
            if request.param == 'gate':
                await scenario(league, league.gate)
                return
            async with over_http(league) as uplink:
                await scenario(league, uplink)

    return lambda scenario: asyncio.run(main(scenario))


def batch(run: str, number: int, *names: str, lane: Lane = 'hot', asked: int = 1) -> Batch:
    changes = [Change('server', f's{at}', asked, doc={'id': f's{at}', 'name': name}) for at, name in enumerate(names)]
    return Batch('east', run, lane, number, tuple(changes))


def test_a_batch_is_stored_when_the_receipt_says_so_and_taken_once(judge: Judge) -> None:
    async def scenario(league: House, uplink: Uplink) -> None:
        run = (await uplink.open('east', 'managed')).name
        receipt = await uplink.deliver(batch(run, 1, 'a', 'b'))
        assert (receipt.upto, receipt.credit, receipt.retry_after) == (1, 2, 0.0)
        assert [record.name for record in await league.all('server')] == ['a', 'b']
        again = await uplink.deliver(batch(run, 1, 'other'))
        assert (again.upto, again.retry_after) == (1, 0.0)
        assert [record.name for record in await league.all('server')] == ['a', 'b']

    judge(scenario)


def test_what_is_not_taken_now_is_to_come_again_later(judge: Judge) -> None:
    async def scenario(league: House, uplink: Uplink) -> None:
        run = (await uplink.open('east', 'managed')).name
        early = await uplink.deliver(batch(run, 2, 'a'))
        assert early.upto == 0
        assert early.retry_after > 0
        assert (await uplink.deliver(batch(run, 1, 'a'))).upto == 1

    judge(scenario)


def test_a_new_run_ends_the_one_before(judge: Judge) -> None:
    async def scenario(league: House, uplink: Uplink) -> None:
        old = (await uplink.open('east', 'managed')).name
        new = (await uplink.open('east', 'managed')).name
        for act in (uplink.deliver(batch(old, 1, 'a')), uplink.report(Report('east', old, 1))):
            with pytest.raises(Gone):
                await act
        assert (await uplink.deliver(batch(new, 1, 'a'))).upto == 1

    judge(scenario)


def test_a_run_tells_from_where_on_questions_are_numbered_and_what_time_it_is(judge: Judge) -> None:
    async def scenario(league: House, uplink: Uplink) -> None:
        first = await uplink.open('east', 'managed')
        await uplink.deliver(batch(first.name, 1, 'a', asked=first.asked + 10**9))
        second = await uplink.open('east', 'managed')
        assert second.asked > first.asked + 10**9
        ahead = await uplink.report(Report('east', second.name, 1))
        assert ahead == second.ahead == (7.0 if isinstance(uplink, FarUplink) else 0.0)
        assert isinstance(uplink, FarUplink | Gate | Hatch)

    judge(scenario)


def test_who_sees_another_part_of_the_site_or_one_that_is_none_is_let_go(judge: Judge) -> None:
    async def scenario(league: House, uplink: Uplink) -> None:
        await league.agents['east'].catch_up()
        with pytest.raises(Dismissed, match='sees it as tenant, the league as managed'):
            await uplink.open('east', 'tenant')
        with pytest.raises(Dismissed):
            await uplink.open('nowhere', 'managed')

    judge(scenario)


def test_the_inventory_is_told_by_digests_and_buckets(judge: Judge) -> None:
    async def scenario(league: House, uplink: Uplink) -> None:
        await league.intake.digest(league.roster.get('east'), 'server', [{'id': f's{n}', 'updated_at': '2026-11-21T09:00:00Z'} for n in range(40)])
        for brief in (False, True):
            known = await league.store.known('east', 'server')
            held = dict.fromkeys(known, '') if brief else known
            assert await uplink.digests('east', 'server', brief=brief) == digests.digests(held)
            buckets = [number for number in range(256) if number % 3]
            assert await uplink.holdings('east', 'server', buckets, brief=brief) == digests.within(held, buckets)
        assert await uplink.digests('east', 'volume', brief=True) == digests.digests({})

    judge(scenario)


def test_a_report_is_how_the_agent_stands_and_only_the_latest_counts(judge: Judge) -> None:
    async def scenario(league: House, uplink: Uplink) -> None:
        member, now = league.roster.get('east'), league.clock.now()
        member.distant = member.distant or Distant(now)
        member.tally('server').requests = 5
        run = (await uplink.open('east', 'managed')).name
        finding = Finding('east', 'server', 's1', 'differs', since=now)
        tally = Tally(polls=3, requests=10, cursor='2026-11-21T09:00:00', lag=30.0, backlog=4, drift=1)
        report = Report('east', run, 2, {'server': now - 5, 'nonsense': now}, {'server': tally}, {'server': (finding,)}, 'hangs')
        for _ in range(2):
            await uplink.report(report)
        await uplink.report(Report('east', run, 1, {'server': now - 1}, {'server': Tally(polls=1)}, {}, ''))
        assert member.synced == {'server': now - 5}
        assert member.drift['server'] == {'s1': finding}
        assert member.distant.lost == 'hangs'
        have = member.tally('server')
        assert (have.polls, have.requests, have.cursor, have.lag, have.backlog, have.drift) == (3, 15, '2026-11-21T09:00:00', 30.0, 4, 1)
        league.clock.advance(10)
        await uplink.report(Report('east', run, 3, {'server': now + 1000}, {'server': Tally(polls=5, requests=10)}))
        assert member.synced['server'] <= league.clock.now()
        assert (member.tally('server').polls, member.tally('server').requests) == (5, 15)
        run = (await uplink.open('east', 'managed')).name
        await uplink.report(Report('east', run, 1, {'server': now - 100}, {'server': Tally(polls=2, requests=1)}))
        assert (member.tally('server').polls, member.tally('server').requests) == (7, 16)
        assert member.synced['server'] > now

    judge(scenario)


def test_two_agents_of_a_site_one_in_the_league_do_not_end_each_other(judge: Judge) -> None:
    async def scenario(league: House, uplink: Uplink) -> None:
        there = (await uplink.open('east', 'managed', 'site')).name
        here = (await league.gate.open('east', 'managed')).name
        assert (await uplink.deliver(batch(there, 1, 'new', asked=7))).upto == 1
        assert (await league.gate.deliver(batch(here, 1, 'old', asked=6))).upto == 1
        assert [record.name for record in await league.all('server')] == ['new']

    judge(scenario)


def test_a_whole_batch_passes(judge: Judge) -> None:
    async def scenario(league: House, uplink: Uplink) -> None:
        run = (await uplink.open('east', 'managed')).name
        assert (await uplink.deliver(batch(run, 1, *(f'n{number}' for number in range(MOST)), lane='bulk'))).upto == 1
        assert len(await league.all('server')) == MOST

    judge(scenario)
