"""The agent's rhythm, its lanes, and what it does when its site is lost and found."""

from __future__ import annotations

import asyncio
import logging

import msgspec
import pytest

from hansa.model.errors import SiteDown
from hansa.model.site import Capabilities
from hansa.ports.roster import Member
from hansa.ports.site import Acting, SiteRequest
from hansa.sites.sim.clock import HandClock
from hansa.sync import lists
from hansa.sync.flock import Flock
from tests.sync.cloud import Answer, Cloud
from tests.sync.house import house


def test_shared_objects_are_read_before_what_refers_to_them() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        async with house(clock, cloud) as league:
            await league.catch_up()
            paths = [asked.partition('?')[0] for asked in cloud.asked]
            assert list(dict.fromkeys(paths)) == [way.detail for way in lists.WAYS.values()]
            assert league.roster.get('east').synced.keys() == lists.WAYS.keys()

    asyncio.run(main())


@pytest.mark.parametrize(('kind', 'most'), [(kind, most) for kind in lists.ORDER for most in (3, 500)])
def test_what_happens_behind_our_back_shows_within_fifteen_seconds(kind: str, most: int) -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock, most=most)
        stay = [cloud.make(kind, name=f'n{number}') for number in range(5)]
        async with house(clock, cloud) as league:
            await league.catch_up()
            await league.pass_time(200)
            cloud.delete(kind, stay[0])
            new = cloud.make(kind, name='new')
            await league.pass_time(15)
            assert await league.known('east', kind) == {*stay[1:], new}

    asyncio.run(main())


def test_a_list_that_breaks_off_and_one_that_leaves_out_drop_nothing() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock, most=3)
        ids = {cloud.make('network') for _ in range(10)}
        async with house(clock, cloud) as league:
            await league.catch_up()
            for fault in ('cut', 'lose', 'error', 'refuse', 'down', 'double'):
                cloud.fault = fault
                await league.pass_time(40)
                assert await league.known('east', 'network') == ids

    asyncio.run(main())


def test_a_list_that_is_missing_once_is_not_given_up() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        async with house(clock, cloud) as league:
            await league.catch_up()
            await league.pass_time(100)
            cloud.fault = 'no volume'

            def heal() -> None:
                cloud.fault = cloud.fault if '/volumes/detail' not in cloud.asked[-2] else ''

            cloud.stir = heal
            await league.pass_time(15)
            cloud.stir = lambda: None
            assert not cloud.fault
            new = cloud.make('volume')
            await league.pass_time(15)
            assert await league.known('east', 'volume') == {new}
            cloud.fault = 'no volume'
            await league.pass_time(60)
            cloud.asked.clear()
            await league.pass_time(300)
            assert not any('/volumes' in asked for asked in cloud.asked), 'missing again and again: the site has no such thing now'

    asyncio.run(main())


def test_what_is_on_its_way_is_looked_at_oftener_than_what_rests_and_what_is_stuck() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        volume = cloud.make('volume', status='available')
        async with house(clock, cloud) as league:
            await league.catch_up()
            await league.pass_time(100)

            async def rate() -> int:
                cloud.asked.clear()
                await league.pass_time(60)
                return sum('/volumes/detail' in asked and 'updated_at' in asked for asked in cloud.asked)

            resting = await rate()
            cloud.change('volume', volume, status='extending')
            await league.pass_time(15)
            hurried = await rate()
            await league.pass_time(700)
            assert (resting, await rate()) == (5, 5)
            assert hurried > 30

    asyncio.run(main())


def test_a_poke_is_one_look_at_once_and_one_at_its_kin_a_second_later() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        for kind in ('server', 'port', 'volume'):
            cloud.make(kind)
        async with house(clock, cloud) as league:
            await league.catch_up()
            await league.pass_time(0.5)
            cloud.asked.clear()
            for _ in range(5):
                league.agents['east'].poke('server')
            await league.pass_time(0.5)
            assert [asked.partition('?')[0] for asked in cloud.asked] == ['/servers/detail']
            await league.pass_time(1.0)
            assert {asked.partition('?')[0] for asked in cloud.asked[1:]} == {'/ports', '/volumes/detail'}

    asyncio.run(main())


def test_what_a_site_notifies_is_asked_for_within_a_second_and_once() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        for kind in ('server', 'volume'):
            cloud.make(kind)
        async with house(clock, cloud) as league:
            await league.catch_up()
            await league.pass_time(0.1)
            cloud.asked.clear()
            cloud.hinted = ['server', 'volume', 'server']
            await league.agents['east'].listen()
            await league.pass_time(0.8)
            assert cloud.asked == []
            await league.pass_time(0.4)
            assert sorted(asked.partition('?')[0] for asked in cloud.asked) == ['/servers/detail', '/volumes/detail']
            assert [league.roster.get('east').tally(kind).hints for kind in ('server', 'volume', 'port')] == [2, 1, 0]

    asyncio.run(main())


def test_a_site_that_refuses_to_tell_changes_is_read_as_a_whole() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock, most=3)
        cloud.fault = 'filter'
        ids = [cloud.make('port') for _ in range(8)]
        async with house(clock, cloud) as league:
            await league.catch_up()
            await league.pass_time(30)
            cloud.change('port', ids[0], name='new')
            cloud.asked.clear()
            await league.pass_time(15)
            assert 'new' in {record.name for record in await league.all('port')}
            assert not [asked for asked in cloud.asked if 'changed_since' in asked]

    asyncio.run(main())


def test_refresh_tells_the_object_as_it_is_and_its_absence() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        id = cloud.make('server', name='one')
        async with house(clock, cloud) as league:
            hand = league.hands['east']
            await league.catch_up()
            cloud.change('server', id, name='two')
            record = await hand.refresh('server', id)
            assert record is not None
            assert record.name == 'two'
            cloud.delete('server', id)
            assert await hand.refresh('server', id) is None
            assert await league.all('server') == []
            cloud.fault = 'error'
            with pytest.raises(SiteDown):
                await hand.refresh('server', id)

    asyncio.run(main())


class Gated(Cloud):
    """Answers a list late, with what was true when it was asked."""

    gate: asyncio.Event | None = None
    waiting: asyncio.Event
    late = '/servers/detail'

    async def send(self, request: SiteRequest, acting: Acting, timeout: float) -> Answer:
        answer = await super().send(request, acting, timeout)
        if self.gate is not None and request.path == self.late:
            self.waiting.set()
            await self.gate.wait()
        return answer


def test_a_list_that_was_asked_for_before_a_delete_does_not_bring_the_object_back() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Gated('east', clock)
        id = cloud.make('server')
        async with house(clock, cloud) as league:
            await league.catch_up()
            cloud.gate, cloud.waiting = asyncio.Event(), asyncio.Event()
            late = asyncio.create_task(league.agents['east'].catch_up())
            await cloud.waiting.wait()
            cloud.delete('server', id)
            assert await league.hands['east'].refresh('server', id) is None
            cloud.gate.set()
            await late
            assert await league.all('server') == []

    asyncio.run(main())


def test_an_object_that_a_later_list_told_first_is_not_taken_for_gone() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Gated('east', clock)
        id = cloud.make('server', name='old')
        async with house(clock, cloud) as league:
            await league.catch_up()
            cloud.gate, cloud.waiting, cloud.late = asyncio.Event(), asyncio.Event(), f'/servers/{id}'
            late = asyncio.create_task(league.hands['east'].refresh('server', id))
            await cloud.waiting.wait()
            cloud.change('server', id, name='new')
            await league.catch_up()
            cloud.gate.set()
            record = await late
            assert record is not None
            assert record.name == 'new'

    asyncio.run(main())


def test_one_line_when_a_site_is_lost_one_when_it_is_found_and_all_is_true_again(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        cloud.make('volume')
        async with house(clock, cloud) as league:
            await league.catch_up()
            caplog.clear()
            cloud.fault = 'hang'
            await league.pass_time(300)
            cloud.docs['volume'].clear()
            port = cloud.make('port')
            assert [record.levelno for record in caplog.records] == [logging.WARNING]
            cloud.fault = ''
            await league.pass_time(30)
            assert (await league.known('east', 'volume'), await league.known('east', 'port')) == (set(), {port})
            assert [record.getMessage() for record in caplog.records][1:] == ['Site east is found again.']

    caplog.set_level(logging.INFO, 'hansa.sync')
    asyncio.run(main())


def test_a_refused_credential_is_told_from_a_bad_network(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        async with house(clock, cloud) as league:
            await league.catch_up()
            cloud.fault = 'refuse'
            await league.pass_time(60)
            assert 'refuses our credential' in caplog.text

    asyncio.run(main())


def test_what_a_site_said_of_itself_is_written_down() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        async with house(clock, cloud) as league:
            flock, asked = Flock(league.store, league.gate, clock), asyncio.Event()
            cloud.stir = asked.set
            flock.add(league.roster.get('east'))
            await asked.wait()
            await flock.catch_up('east')
            await flock.close()
            kept = await league.store.value('site/east/capabilities')
            assert msgspec.json.decode(kept or b'', type=Capabilities) == league.roster.get('east').capabilities


    asyncio.run(main())


def test_a_flock_follows_its_sites_until_they_leave() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        id = cloud.make('server')
        async with house(clock, cloud) as league:
            flock = Flock(league.store, league.gate, clock)
            member: Member = league.roster.get('east')
            last = asyncio.Event()
            cloud.stir = lambda: last.set() if '/snapshots' in cloud.asked[-1] else None
            flock.add(member)
            await last.wait()
            flock.poke('east', 'server')
            assert (await flock.refresh('east', 'server', id)) is not None
            await flock.remove('east')
            asked = len(cloud.asked)
            flock.poke('east', 'server')
            await flock.close()
            assert len(cloud.asked) == asked

    asyncio.run(main())


def test_what_the_last_list_of_changes_told_is_not_told_again_until_it_changes_or_a_command_may_have() -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock)
        ids = [cloud.make('server', name='a') for _ in range(3)]
        async with house(clock, cloud) as league:
            await league.catch_up()
            await league.pass_time(100)
            told = league.roster.get('east').tally('')
            for id in ids:
                cloud.change('server', id, name='b')
            before = told.batches
            await league.pass_time(25)
            assert {record.name for record in await league.all('server')} == {'b'}
            changed = told.batches - before
            await league.pass_time(5)
            old = await league.all('server')
            cloud.change('server', ids[0], name='c')
            assert await league.hands['east'].refresh('server', ids[0])
            cloud.docs['server'][ids[0]] |= {'name': 'b'}
            await league.pass_time(15)
            assert {record.name for record in await league.all('server')} == {'b'}
            assert changed < 12
            await league.store.put([msgspec.structs.replace(record, name='spoilt') for record in old])
            league.agents['east'].poke('server')
            await league.pass_time(0.5)
            assert {record.name for record in await league.all('server')} == {'b'}

    asyncio.run(main())


@pytest.mark.parametrize(('count', 'least', 'most'), [(500, 5, 14), (501, 1, 3)])
def test_a_site_where_everything_moves_is_not_asked_in_a_hurry(count: int, least: int, most: int) -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = Cloud('east', clock, most=500)
        ids = [cloud.make('server', status='ACTIVE') for _ in range(count)]
        async with house(clock, cloud) as league:
            await league.catch_up()
            await league.pass_time(100)
            told = league.roster.get('east').tally('server')
            before = told.polls
            for second in range(10):
                for id in ids:
                    cloud.change('server', id, status='REBOOT' if second % 2 else 'HARD_REBOOT')
                await league.pass_time(2)
            assert least <= told.polls - before <= most
            for id in ids:
                cloud.change('server', id, status='ACTIVE')
            await league.pass_time(12)
            assert {record.status for record in await league.all('server')} == {'ACTIVE'}

    asyncio.run(main())
