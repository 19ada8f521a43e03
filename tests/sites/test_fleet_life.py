"""Life, storms and faults of a site of the fleet: by a seed, and by the clock alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hansa.ports.http import TransportError
from hansa.sites.sim.clock import HandClock
from hansa.sites.sim.fleet.cloud import FleetCloud
from hansa.sites.sim.fleet.trouble import Fault
from tests.sites import sim_user

SIZE = 200
Play = Callable[[sim_user.User, FleetCloud], Awaitable[None]]


def cloud(clock: HandClock, seed: int = 1, life: float = 0.0) -> FleetCloud:
    return FleetCloud('east', clock, seed, SIZE, life=life)


def played(play: Play, *faults: Fault) -> None:
    async def main() -> None:
        clock = HandClock()
        site = cloud(clock)
        user = sim_user.User(site, clock)
        async with asyncio.timeout(20):
            await user.login()
            for fault in faults:
                site.strike(fault)
            await play(user, site)
        await user.transport.close()

    asyncio.run(main())


async def servers(user: sim_user.User, query: str = '') -> list[dict[str, Any]]:
    status, told = await user.ask('GET', 'compute', f'/servers/detail?{query}')
    assert status == 200
    found: list[dict[str, Any]] = told['servers']
    return found


# -- life


def test_a_life_is_the_same_however_often_one_looks() -> None:
    def lived(steps: int, seed: int = 1) -> dict[str, Any]:
        clock = HandClock()
        site = cloud(clock, seed, life=500)
        for _ in range(steps):
            clock.advance(7200 / steps)
            site.settle()
        return site.told(digest=True)

    once, often = lived(1), lived(7200)
    assert once == often
    assert lived(1, seed=2)['digest'] != once['digest']


def test_life_has_its_rate_and_servers_come_and_go() -> None:
    clock = HandClock()
    site = cloud(clock, life=100)
    clock.advance(86_400)
    told = site.told()
    assert 0.8 < told['changes'] / (100 * SIZE) <= 1.05
    assert told['deleted'] > 300
    assert 0.7 * SIZE < sum(told['servers'].values()) < 1.4 * SIZE
    of_routers = cloud(HandClock()).told()['ports'] - SIZE
    assert told['ports'] == sum(told['servers'].values()) + of_routers


def test_what_life_changes_is_told_as_a_change() -> None:
    async def play(user: sim_user.User, _: FleetCloud) -> None:
        site = cloud(user.clock, life=1000)
        other = sim_user.User(site, user.clock)
        await other.login()
        before = {doc['id']: doc['status'] for doc in await servers(other)}
        user.clock.advance(600)
        after = {doc['id']: doc['status'] for doc in await servers(other)}
        told = await servers(other, 'changes-since=2026-05-28T20:26:40Z')
        changed = {id for id in before.keys() | after.keys() if before.get(id) != after.get(id)}
        assert changed
        assert changed <= {doc['id'] for doc in told}
        assert {doc['id'] for doc in told if doc['status'] == 'DELETED'} >= before.keys() - after.keys()

    played(play)


# -- storms


def test_a_storm_changes_every_server_and_leads_back() -> None:
    async def play(user: sim_user.User, site: FleetCloud) -> None:
        doc = (await servers(user, 'status=ACTIVE'))[0]
        await user.ask('POST', 'compute', f'/servers/{doc["id"]}/action', {'os-stop': None})
        user.clock.advance(60)
        before = {doc['id']: doc['status'] for doc in await servers(user) if doc['status'] != 'ERROR'}
        site.storm(4, 10)
        seen = set()
        for _ in range(20):
            user.clock.advance(0.5)
            seen |= {doc['status'] for doc in await servers(user)}
            assert site.told()['storm'] == 4 * SIZE - site.told()['changes']
        after = await servers(user)
        assert {'ACTIVE', 'SHUTOFF'} <= seen
        assert {doc['id']: doc['status'] for doc in after if doc['id'] in before} == before
        assert all(doc['updated'] >= '2026-05-28T20:27:40Z' for doc in after)
        assert site.told()['changes'] == 4 * SIZE

    played(play)


def test_too_many_storms_are_refused() -> None:
    site = cloud(HandClock())
    for _ in range(10):
        site.storm(1, 5)
    with pytest.raises(ValueError, match='enough'):
        site.storm(1, 5)


# -- faults


def test_faults_of_a_share_fall_the_same_way_each_time() -> None:
    async def statuses(share: float) -> list[int]:
        clock = HandClock()
        site = cloud(clock)
        user = sim_user.User(site, clock)
        await user.login()
        site.strike(Fault('5xx', share=share, service='compute'))
        found = [(await user.raw('GET', 'compute', '/servers?limit=1')).status for _ in range(40)]
        assert (await user.raw('GET', 'network', '/ports?limit=1')).status == 200
        site.heal()
        assert (await user.raw('GET', 'compute', '/servers?limit=1')).status == 200
        return found

    one, same, all_of = asyncio.run(statuses(0.5)), asyncio.run(statuses(0.5)), asyncio.run(statuses(1))
    assert one == same
    assert {200, 503} <= set(one)
    assert set(all_of) == {500, 502, 503, 504}


def test_a_fault_ends_with_its_time() -> None:
    async def play(user: sim_user.User, _: FleetCloud) -> None:
        assert (await user.raw('GET', 'compute', '/servers')).status == 503
        user.clock.advance(31)
        assert (await user.raw('GET', 'compute', '/servers')).status == 200

    played(play, Fault('5xx', lasts=30, status=503))


def test_latency_is_waited_on_the_clock() -> None:
    async def play(user: sim_user.User, _: FleetCloud) -> None:
        before = user.clock.now()
        await servers(user)
        assert 10 <= user.clock.now() - before <= 30

    played(play, Fault('latency', seconds=20))


@pytest.mark.parametrize(('fault', 'others'), [(Fault('hang', service='compute'), 200), (Fault('black-hole', service='compute'), 0)])
def test_some_requests_are_never_answered(fault: Fault, others: int) -> None:
    async def play(user: sim_user.User, _: FleetCloud) -> None:
        with pytest.raises(TransportError, match='did not answer'):
            await user.raw('GET', 'compute', '/servers', timeout=0.02)
        try:
            status = (await user.raw('GET', 'network', '/ports', timeout=0.2 if others else 0.02)).status
        except TransportError:
            status = 0
        assert status == others

    played(play, fault)


def test_garbage_is_no_json() -> None:
    async def play(user: sim_user.User, _: FleetCloud) -> None:
        answer = await user.raw('GET', 'compute', '/servers')
        assert (answer.status, (await answer.read())[:6]) == (200, b'<html>')

    played(play, Fault('garbage'))


def test_a_wrong_clock_is_wrong_everywhere_and_puts_nothing_off() -> None:
    async def play(user: sim_user.User, site: FleetCloud) -> None:
        made = await user.boot('made')
        await user.ask('POST', 'compute', f'/servers/{made}/action', {'os-stop': None})
        site.strike(Fault('clock-skew', seconds=-3600))
        user.clock.advance(2)
        answer = await user.raw('GET', 'compute', f'/servers/{made}')
        assert answer.header('Date') == 'Thu, 28 May 2026 19:26:44 GMT'
        assert b'SHUTOFF' in await answer.read()
        site.storm(1, 1)
        user.clock.advance(2)
        assert {doc['updated'][:13] for doc in await servers(user)} == {'2026-05-28T19'}
        site.heal()
        assert (await user.raw('GET', 'compute', '/servers')).header('Date') == 'Thu, 28 May 2026 20:26:46 GMT'

    played(play)


@pytest.mark.parametrize('service', ['compute', 'network', 'volume', 'image'])
@pytest.mark.parametrize('kind', ['duplicate', 'reorder'])
def test_entries_of_a_page_come_twice_or_in_any_order(kind: str, service: str) -> None:
    path, key = {
        'compute': ('/servers?limit=50', 'servers'),
        'network': ('/ports?limit=50', 'ports'),
        'volume': ('/volumes?limit=50', 'volumes'),
        'image': ('/images', 'images'),
    }[service]

    async def play(user: sim_user.User, site: FleetCloud) -> None:
        right = [doc['id'] for doc in (await user.ask('GET', service, path))[1][key]]
        site.strike(Fault('duplicate') if kind == 'duplicate' else Fault('reorder'))
        told = [[doc['id'] for doc in (await user.ask('GET', service, path))[1][key]] for _ in range(5)]
        assert {tuple(sorted(set(each))) for each in told} == {tuple(sorted(right))}
        assert any(each != right for each in told)
        assert {len(each) for each in told} == {len(right) * 2 if kind == 'duplicate' else len(right)}

    played(play)


def test_what_changes_in_a_lost_window_is_never_told_as_a_change() -> None:
    async def play(user: sim_user.User, site: FleetCloud) -> None:
        site.storm(1, 5)
        user.clock.advance(20)
        since = 'changes-since=2026-05-28T20:26:40Z'
        assert await servers(user, since) == []
        assert 'SHUTOFF' in {doc['status'] for doc in await servers(user)}
        user.clock.advance(20)
        site.heal()
        assert await servers(user, since) == []
        site.storm(1, 5)
        user.clock.advance(20)
        assert len(await servers(user, since)) == SIZE

    played(play, Fault('lost-window', lasts=30))


def test_a_create_that_is_half_made_is_there_and_never_done() -> None:
    async def play(user: sim_user.User, _: FleetCloud) -> None:
        given = {'name': 'half', 'flavorRef': '1', 'imageRef': (await user.named('image', '/images', 'images', 'cirros'))['id'], 'networks': 'auto'}
        status, _told = await user.ask('POST', 'compute', '/servers', {'server': given})
        assert status == 500
        status, _told = await user.ask('POST', 'volume', '/volumes', {'volume': {'size': 1, 'name': 'half'}})
        assert status == 500
        user.clock.advance(3600)
        assert [doc['status'] for doc in await servers(user, 'name=half')] == ['BUILD']
        volumes = (await user.ask('GET', 'volume', '/volumes/detail?name=half'))[1]['volumes']
        assert [doc['status'] for doc in volumes] == ['creating']

    played(play, Fault('half-made'))
