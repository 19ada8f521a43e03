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
