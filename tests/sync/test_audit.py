"""What complete lists find: nothing is dropped on the word of one, and nothing that differs stays so."""

from __future__ import annotations

import asyncio

import pytest

from hansa.sites.sim.clock import HandClock
from hansa.sync import audit, lists
from tests.sync.cloud import Cloud
from tests.sync.house import house


def test_two_lists_have_to_agree_before_anything_is_dropped() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        for number in range(3):
            cloud.make('network', name=f'n{number}')
        gone = cloud.make('network', name='gone')
        async with house(clock, cloud) as league:
            await league.catch_up()
            await league.pass_time(100)
            cloud.delete('network', gone)
            cloud.asked.clear()
            await league.pass_time(20)
            lists_ = [number for number, asked in enumerate(cloud.asked) if asked.startswith('/networks?limit')]
            single = cloud.asked.index(f'/networks/{gone}?')
            assert sum(number < single for number in lists_) >= 2
            assert gone not in await league.known('east', 'network')

    asyncio.run(main())


@pytest.mark.parametrize('most', [3, 500])
def test_a_site_that_does_not_find_what_it_lists_is_not_believed(most: int) -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock, most=most)
        ids = {cloud.make('network') for _ in range(10)}
        async with house(clock, cloud) as league:
            await league.catch_up()
            cloud.fault = 'lose, find nothing'
            await league.pass_time(200)
            assert await league.known('east', 'network') == ids
            assert 'network' in league.roster.get('east').drift
            cloud.fault = ''
            await league.pass_time(60)
            assert not league.roster.get('east').drift['network']

    asyncio.run(main())


def test_a_site_that_has_nothing_left_has_to_describe_itself() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        cloud.make('router')
        async with house(clock, cloud) as league:
            await league.catch_up()
            described = cloud.described
            cloud.docs['router'].clear()
            await league.pass_time(30)
            assert await league.known('east', 'router') == set()
            assert cloud.described == described + 1

    asyncio.run(main())


def test_what_was_lost_or_spoilt_here_is_fetched_though_the_site_tells_nothing_new() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        ids = [cloud.make('server', name=f'n{number}') for number in range(5)]
        async with house(clock, cloud) as league:
            await league.catch_up()
            await league.pass_time(200)
            [old] = [record for record in await league.all('server') if record.site_id == ids[0]]
            cloud.change('server', ids[0], name='new')
            await league.pass_time(60)
            await league.store.put([old])
            await league.store.remove('east', 'server', [ids[1]], clock.now())
            await league.pass_time(60)
            assert [record.name for record in await league.all('server')] == ['n1', 'n2', 'n3', 'n4', 'new']

    asyncio.run(main())


def test_what_cannot_be_taken_in_is_drift_and_not_asked_for_without_end() -> None:
    async def main() -> None:
        clock = HandClock()
        east, west = Cloud('east', clock), Cloud('west', clock)
        id = east.make('server', name='mine')
        west.make('server', id, name='captured')
        async with house(clock, east, west) as league:
            await league.catch_up()
            await league.pass_time(100)
            [finding] = league.roster.get('west').drift['server'].values()
            assert (finding.id, finding.what) == (id, 'not known')
            since = finding.since
            west.asked.clear()
            await league.pass_time(1200)
            assert west.asked.count(f'/servers/{id}?') <= 4
            assert league.roster.get('west').drift['server'][id].since == since

    asyncio.run(main())


def test_brief_lists_say_nothing_of_states_and_keep_what_was_found_of_them() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        a, b = cloud.make('port', name='a'), cloud.make('port', name='b')
        async with house(clock, cloud) as league:
            await league.catch_up()
            known = await league.store.known('east', 'port')
            deep = await audit.compare(league.gate, 'east', 'port', {a: known[a], b: 'other', 'c': ''}, {}, brief=False)
            assert deep.suspects == {'c': 'not known', b: 'differs'}
            assert (deep.agreed, deep.fetch, deep.doubts) == (frozenset(), frozenset(), False)
            brief = await audit.compare(league.gate, 'east', 'port', {b: '', 'c': ''}, deep.suspects, brief=True)
            assert brief.suspects == {a: 'not told', 'c': 'not known', b: 'differs'}
            assert (brief.agreed, brief.fetch, brief.doubts) == (frozenset({'c', b}), frozenset({'c'}), True)

    asyncio.run(main())


def test_every_kind_is_compared() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        async with house(clock, cloud) as league:
            await league.catch_up()
            assert league.roster.get('east').drift == {kind: {} for kind in lists.ORDER}

    asyncio.run(main())


def test_very_much_that_is_gone_at_once_is_dropped_where_each_says_so() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock, most=500)
        ids = [cloud.make('network') for _ in range(100)]
        async with house(clock, cloud) as league:
            await league.pass_time(100)
            for id in ids[10:]:
                cloud.delete('network', id)
            await league.pass_time(60)
            assert await league.known('east', 'network') == set(ids[:10])
            assert league.roster.get('east').tally('network').held == 0

    asyncio.run(main())


def test_nothing_of_very_much_is_dropped_where_some_of_it_is_there(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock, most=500)
        ids = [cloud.make('network') for _ in range(200)]
        async with house(clock, cloud) as league:
            await league.pass_time(100)
            tally, drift = league.roster.get('east').tally('network'), league.roster.get('east').drift
            for id in ids[:60]:
                cloud.delete('network', id)
            cloud.fault = 'lose'
            await league.pass_time(120)
            assert await league.known('east', 'network') == set(ids)
            assert tally.held > 60
            assert len([each for each in drift['network'].values() if each.what == 'not told']) > 60
            await league.pass_time(600)
            assert await league.known('east', 'network') == set(ids), 'however often they are asked for'
            cloud.fault = ''
            await league.pass_time(60)
            assert await league.known('east', 'network') == set(ids[60:])
            assert tally.held == 0

    asyncio.run(main())
    assert [record.getMessage() for record in caplog.records if 'none is dropped' in record.getMessage()] == [caplog.messages[-1]]


def test_nothing_of_very_much_is_dropped_where_the_league_sees_less_than_before() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock, most=500)
        ids = [cloud.make('network') for _ in range(100)]
        async with house(clock, cloud) as league:
            await league.pass_time(100)
            kept, cloud.mode = cloud.docs['network'], 'tenant'
            cloud.docs['network'] = {id: kept[id] for id in ids[:10]}
            await league.pass_time(2000)
            assert await league.known('east', 'network') == set(ids)
            assert league.roster.get('east').tally('network').held == 90
            cloud.docs['network'], cloud.mode = kept, 'managed'
            await league.pass_time(1000)
            assert league.roster.get('east').tally('network').held == 0

    asyncio.run(main())
