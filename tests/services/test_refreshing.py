"""Lists as young as a client asks for: sites are looked at first, once for all who wait, and not for long."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from hansa.ports.site import OPERATOR, SiteRequest
from hansa.rules import freshness
from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.fault import Fault
from hansa.storage.sqlite import open_store
from tests import house, virtual
from tests.services import users
from tests.services.tap import Tape

C, V, N = '/compute/v2.1', '/volume/v3', '/network/v2.0'
NOW = {'cache-control': 'max-age=0'}
BRIEFLY = 0.5


async def aged(league: house.League, kind: str, seconds: float) -> None:
    """Let time go by until the copies of a kind are older than that at every site."""
    for _ in range(10_000):
        await league.clock.sleep(BRIEFLY)
        if all(league.clock.now() - member.synced[kind] > seconds for member in league.house.roster):
            return
    raise AssertionError(f'{kind} never gets {seconds} s old')


async def behind_its_back(league: house.League, site: str, name: str) -> None:
    """A volume made at a site by its own door."""
    body = msgspec.json.encode({'volume': {'size': 1, 'name': name}})
    request = SiteRequest('volume', 'POST', '/volumes', headers=[('Content-Type', 'application/json')], body=body)
    answer = await league.house.roster.get(site).site.send(request, OPERATOR, 10.0)
    await answer.read()
    assert answer.status == 202


async def names(league: house.League, headers: dict[str, str]) -> set[str]:
    _, _, body = await league.ask('GET', f'{V}/volumes?all_tenants=1', token='admin', headers=headers)
    return {each['name'] for each in body['volumes']}


def test_a_list_is_as_young_as_asked() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await aged(league, 'volume', 4)
            await behind_its_back(league, 'east', 'new')
            assert 'new' not in await names(league, {})
            assert 'new' not in await names(league, {'cache-control': 'max-age=60'})
            assert 'new' in await names(league, {'cache-control': 'max-age=2'})
            await aged(league, 'volume', 4)
            [(id, _)] = (await league.store.known('east', 'volume')).items()
            await (await league.house.roster.get('east').site.send(SiteRequest('volume', 'DELETE', f'/volumes/{id}'), OPERATOR, 10.0)).read()
            await league.clock.sleep(3)
            assert 'new' in await names(league, {})
            assert 'new' not in await names(league, {'cache-control': 'max-age=1'})
            _, headers, _ = await league.ask('GET', f'{V}/volumes')
            assert headers['age'] == '0'
            assert 'x-hansa-missing-sites' not in headers

    virtual.run(main)


@pytest.mark.parametrize(
    ('path', 'kind'),
    [
        (f'{C}/servers', 'server'), (f'{C}/flavors/detail', 'flavor'), (f'{C}/os-server-groups', 'server_group'), (f'{V}/snapshots', 'snapshot'),
        (f'{V}/types', 'volume_type'), (f'{N}/networks', 'network'), (f'{N}/security-group-rules', 'security_group'), ('/image/v2/images', 'image'),
    ],
)  # fmt: skip
def test_of_every_kind(path: str, kind: str) -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await aged(league, kind, 3)
            before = int((await league.ask('GET', path))[1]['age'])
            assert before >= 3
            status, headers, _ = await league.ask('GET', path, headers={'cache-control': 'no-cache'})
            assert (status, headers['age']) == (200, '0')
            assert headers['x-hansa-ages'] == 'east=0, west=0'

    virtual.run(main)


def test_one_look_for_all_who_wait() -> None:
    async def main() -> None:
        tape = Tape()
        async with house.league('east', 'west', wrap=tape.wrap) as league:
            await users.boot(league, 's', zone='east')
            await aged(league, 'server', 3)
            tape.sent.clear()
            answers = await asyncio.gather(*(league.ask('GET', f'{C}/servers', headers=NOW) for _ in range(50)))
            assert {headers['age'] for _, headers, _ in answers} == {'0'}
            assert [tape.count('GET', '/servers/detail', site) for site in ('east', 'west')] == [1, 1]

    virtual.run(main)


def test_nobody_makes_the_league_look_oftener_than_every_second() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await users.boot(league, 's')
            await aged(league, 'server', 3)
            tally = league.house.roster.get('east').tally('server')
            before = tally.refreshes
            for _ in range(100):
                await league.ask('GET', f'{C}/servers', headers=NOW)
                await league.clock.sleep(0.1)
            assert 5 <= tally.refreshes - before <= 10

    virtual.run(main)


def test_a_site_that_takes_its_time_is_named_and_the_list_is_served() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await users.boot(league, 's', zone='east')
            await aged(league, 'server', 3)
            league.clouds['east'].fault = Fault('slow', method='GET', path='/servers/detail', seconds=6)
            began = league.clock.monotonic()
            status, headers, body = await league.ask('GET', f'{C}/servers/detail', headers=NOW)
            assert league.clock.monotonic() - began == pytest.approx(freshness.PATIENCE_S)
            assert status == 200
            assert headers['x-hansa-missing-sites'] == 'east'
            assert int(headers['age']) >= 7
            assert 'west=4' in headers['x-hansa-ages']
            assert [each['status'] for each in body['servers']] == ['ACTIVE']
            await league.clock.sleep(3)
            _, headers, _ = await league.ask('GET', f'{C}/servers/detail')
            assert 'x-hansa-missing-sites' not in headers
            assert int(headers['age']) < 8

    virtual.run(main)


def test_a_site_that_answers_badly_is_named_each_time() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await users.boot(league, 's', zone='east')
            await aged(league, 'volume', 3)
            league.clouds['east'].fault = Fault('garbage', method='GET', path='/volumes/detail')
            for _ in range(3):
                status, headers, _ = await league.ask('GET', f'{V}/volumes', headers=NOW)
                assert (status, headers.get('x-hansa-missing-sites')) == (200, 'east')
                assert int(headers['age']) >= 3

    virtual.run(main)


def test_a_house_that_closes_waits_for_no_look() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await aged(league, 'volume', 3)
            league.clouds['east'].fault = Fault('slow', method='GET', path='/volumes/detail', seconds=9)
            await league.ask('GET', f'{V}/volumes', headers=NOW)
            began = league.clock.monotonic()
        assert league.clock.monotonic() - began < 1

    virtual.run(main)


def test_a_dead_site_is_not_waited_for() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            league.clouds['east'].fault = Fault('refuse')
            await league.clock.sleep(30)
            began = league.clock.monotonic()
            _, headers, _ = await league.ask('GET', f'{V}/volumes', headers=NOW)
            assert league.clock.monotonic() - began < 1
            assert headers['x-hansa-missing-sites'] == 'east'

    virtual.run(main)


def test_only_sites_that_serve_the_caller_are_asked() -> None:
    async def main() -> None:
        async with house.league('east', 'west', tenant=['west']) as league:
            await aged(league, 'volume', 3)

            def looks() -> list[int]:
                return [league.house.roster.get(site).tally('volume').refreshes for site in ('east', 'west')]

            _, headers, _ = await league.ask('GET', f'{V}/volumes', token='alt_demo', headers=NOW)
            assert (headers['age'], headers['x-hansa-ages']) == ('0', 'east=0')
            assert looks() == [1, 0]
            await league.clock.sleep(4)
            _, headers, _ = await league.ask('GET', f'{V}/volumes', headers=NOW)
            assert (headers['age'], headers['x-hansa-ages']) == ('0', 'east=0, west=0')
            assert looks()[1] == 1
            await league.clock.sleep(4)
            _, headers, _ = await league.ask('GET', f'{V}/volumes?all_tenants=1', token='admin', headers=NOW)
            assert headers['x-hansa-ages'] == 'east=0, west=0'

    virtual.run(main)


def test_a_dead_site_is_told_to_those_whom_it_concerns() -> None:
    async def main() -> None:
        async with house.league('east', 'west', tenant=['west']) as league:
            league.clouds['west'].fault = Fault('refuse')
            await league.clock.sleep(30)
            assert 'x-hansa-missing-sites' not in (await league.ask('GET', f'{V}/volumes', token='alt_demo'))[1]
            assert (await league.ask('GET', f'{V}/volumes'))[1]['x-hansa-missing-sites'] == 'west'
            assert (await league.ask('GET', f'{V}/volumes?all_tenants=1', token='admin'))[1]['x-hansa-missing-sites'] == 'west'

    virtual.run(main)


def test_a_site_of_which_a_kind_was_never_read_is_missing_from_its_lists() -> None:
    async def main() -> None:
        clock = virtual.VirtualClock()
        clouds = {name: SimCloud(name, clock, seed) for seed, name in enumerate(('east', 'west'))}
        clouds['west'].fault = Fault('garbage', method='GET', path='/volumes/detail')
        twin = house.people(clock)
        built = await house.build(clouds, twin, clock, store=await open_store(None))
        try:
            for name in clouds:
                await built.membership.join(house.spec(name))
            await built.membership.ready(list(clouds), 60)
            began = clock.monotonic()
            await built.membership.read(['east'], 30)
            assert clock.monotonic() - began < 5
            await built.membership.read(list(clouds), 30)
            assert 30 <= clock.monotonic() - began < 36
            league = house.League(built, clouds, twin, clock)
            status, headers, _ = await league.ask('GET', f'{V}/volumes')
            assert (status, headers['x-hansa-missing-sites'], headers['x-hansa-ages'].count('=')) == (200, 'west', 1)
            assert 'x-hansa-missing-sites' not in (await league.ask('GET', f'{C}/servers'))[1]
            clouds['west'].fault = None
            await built.membership.read(list(clouds), 30)
            assert clock.monotonic() - began < 50
            assert 'x-hansa-missing-sites' not in (await league.ask('GET', f'{V}/volumes'))[1]
        finally:
            await built.close()

    virtual.run(main)
