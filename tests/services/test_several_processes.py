"""Fronts and workers on one store: what one does the others know, and what one leaves when it dies the others do."""

from __future__ import annotations

import asyncio

import pytest

from hansa.model.errors import Busy
from hansa.sites.sim.fault import Fault
from tests import house, shared, virtual
from tests.services import users


def test_what_is_made_through_one_front_is_there_through_the_other_at_once_without_a_bus() -> None:
    async def main() -> None:
        async with shared.several('front', 'front', 'worker') as league:
            league.bus.deaf = True
            one, other, _ = league.leagues
            id = ''
            for number in range(3):
                status, _, told = await users.boot(one, f's{number}', 'west')
                assert status == 202, told
                id = told['server']['id']
                assert (await other.ok('GET', f'/compute/v2.1/servers/{id}'))['server']['name'] == f's{number}'
                listed = (await other.ok('GET', '/compute/v2.1/servers'))['servers']
                assert id in {each['id'] for each in listed}
                one, other = other, one
            assert (await one.ask('DELETE', f'/compute/v2.1/servers/{id}'))[0] == 204
            await league.clock.sleep(20)
            assert (await other.ask('GET', f'/compute/v2.1/servers/{id}'))[0] == 404

    virtual.run(main)


def test_one_shadow_and_one_replica_are_made_however_many_fronts_ask_first() -> None:
    async def main() -> None:
        async with shared.several('front', 'front', 'front', 'worker') as league:
            fronts = league.leagues[:3]
            answers = await asyncio.gather(*(users.boot(front, f's{number}', 'east') for number, front in enumerate(fronts)))
            assert [status for status, _, _ in answers] == [202, 202, 202], answers
            aliases = await league.store.aliases()
            assert len([alias for alias in aliases if (alias.site, alias.kind) == ('east', 'user')]) == 1
            for front in fronts:
                assert len((await front.ok('GET', '/compute/v2.1/servers'))['servers']) == 3

    virtual.run(main)


def test_a_site_that_joins_or_leaves_at_one_does_so_at_all() -> None:
    async def main() -> None:
        async with shared.several('front', 'front', 'worker') as league:
            one, other, worker = league.leagues
            await one.house.membership.leave('west')
            assert (await users.boot(other, 'x', 'west'))[0] == 400
            await league.clock.sleep(10)
            assert [member.name for member in worker.house.roster] == ['east']
            assert league.followers('west') == []
            await other.house.membership.join(house.spec('west'))
            await league.clock.sleep(20)
            assert league.followers('west') == [2]
            assert (await users.boot(one, 'x', 'west'))[0] == 202

    virtual.run(main)


def test_many_requests_share_one_question_for_news() -> None:
    async def main() -> None:
        async with shared.several('front', 'worker') as league:
            await league.leagues[0].ok('GET', '/compute/v2.1/servers')
            before = league.feed.asked
            await asyncio.gather(*(league.leagues[0].ok('GET', '/compute/v2.1/servers') for _ in range(50)))
            assert league.feed.asked - before < 10

    virtual.run(main)


def test_whoever_is_too_late_for_the_oldest_news_reads_all_anew() -> None:
    async def main() -> None:
        async with shared.several('front', 'front', 'worker') as league:
            one, other, _ = league.leagues
            league.handles[1].cut = True
            status, _, told = await users.boot(one, 's', 'east')
            assert status == 202
            await one.house.membership.leave('west')
            league.feed.forgotten = len(league.feed.news)
            assert (await other.ask('GET', '/compute/v2.1/servers'))[0] == 503
            league.handles[1].cut = False
            listed = (await other.ok('GET', '/compute/v2.1/servers'))['servers']
            assert [each['id'] for each in listed] == [told['server']['id']]
            assert [member.name for member in other.house.roster] == ['east']

    virtual.run(main)


def test_sites_and_loops_are_spread_over_workers_and_taken_over_from_a_dead_one() -> None:
    async def main() -> None:
        sites = ('a', 'b', 'c', 'd')
        async with shared.several('front', 'worker', 'worker', sites=sites) as league:
            held = {site: league.followers(site) for site in sites}
            assert sorted(number for found in held.values() for number in found) == [1, 1, 2, 2]
            rounds = {'recovering', 'levelling', 'admitting', 'clearing', 'accounts', 'mending', 'restoring'}
            assert (await league.leases.holders('round/')).keys() == {f'round/{name}' for name in rounds}
            league.handles[1].cut = True
            await league.clock.sleep(21)
            assert {site: league.followers(site) for site in sites} == {site: [2] for site in sites}
            assert len(set((await league.leases.holders('round/')).values())) == 1
            league.handles[1].cut = False
            await league.clock.sleep(15)
            assert sorted(number for site in sites for number in league.followers(site)) == [1, 1, 2, 2]

    virtual.run(main)


def test_a_front_knows_how_fresh_and_how_well_the_sites_are_that_others_follow() -> None:
    async def main() -> None:
        async with shared.several('front', 'worker', 'worker') as league:
            front = league.leagues[0].house
            for member in front.roster:
                assert member.synced.keys() >= {'server', 'volume', 'network'}
            league.clouds['west'].fault = Fault('refuse')
            await league.clock.sleep(40)
            assert not front.roster.get('west').site.health().reachable
            assert (await users.boot(league.leagues[0], 'x', 'west'))[0] == 503
            league.clouds['west'].fault = None
            await league.clock.sleep(40)
            assert front.roster.get('west').site.health().reachable
            assert (await users.boot(league.leagues[0], 'x', 'west'))[0] == 202

    virtual.run(main)


@pytest.mark.parametrize('deaf', [False, True])
def test_a_list_as_young_as_asked_for_is_had_through_whoever_follows_the_site(deaf: bool) -> None:
    async def main() -> None:
        async with shared.several('front', 'worker') as league:
            league.bus.deaf = deaf
            front = league.leagues[0]
            await league.clock.sleep(5)
            status, headers, _ = await front.ask('GET', '/compute/v2.1/servers', headers={'cache-control': 'max-age=1'})
            assert status == 200
            assert float(headers['age']) <= 4

    virtual.run(main)


@pytest.mark.parametrize('deaf', [False, True])
def test_what_a_user_does_through_a_front_is_followed_up_by_the_worker(deaf: bool) -> None:
    async def main() -> None:
        async with shared.several('front', 'worker') as league:
            league.bus.deaf = deaf
            front = league.leagues[0]
            await league.clock.sleep(60)
            status, _, told = await users.boot(front, 's', 'east')
            assert status == 202
            assert (await front.ok('GET', '/compute/v2.1/servers/detail'))['servers'][0]['status'] == 'BUILD'
            await league.clock.sleep(6)
            [shown] = (await front.ok('GET', '/compute/v2.1/servers/detail'))['servers']
            assert (shown['id'], shown['status']) == (told['server']['id'], 'ACTIVE')

    virtual.run(main)


def test_the_intents_of_a_dead_front_are_finished_and_those_of_a_live_one_left_alone() -> None:
    async def main() -> None:
        async with shared.several('front', 'front', 'worker') as league:
            league.clouds['east'].fault = Fault('hang', method='POST', path='/servers$')
            dead, live = (asyncio.create_task(users.boot(front, f's{number}', 'east')) for number, front in enumerate(league.leagues[:2]))
            await league.clock.sleep(2)
            assert [intent.state for intent in await league.store.open_intents()] == ['sent', 'sent']
            league.handles[0].cut = True
            await league.clock.sleep(25)
            assert not live.done() or (await live)[0] == 503
            dead.cancel()
            league.clouds['east'].fault = None
            await league.clock.sleep(200)
            assert await league.store.open_intents() == []
            await asyncio.gather(dead, live, return_exceptions=True)

    virtual.run(main)


def test_a_front_that_is_parted_from_the_database_says_so() -> None:
    async def main() -> None:
        async with shared.several('front', 'worker') as league:
            league.handles[0].cut = True
            status, headers, _ = await league.leagues[0].ask('GET', '/compute/v2.1/servers')
            assert status == 503
            assert 'retry-after' in headers
            with pytest.raises(Busy):
                await league.handles[0].aliases()

    virtual.run(main)
