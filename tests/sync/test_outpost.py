"""An agent near its site and the league that it tells: one follows, the other stands by, and steps in where the first is not heard of."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hansa.model.errors import Dismissed
from hansa.model.secret import Secret
from hansa.ports.http import Transport, TransportError
from hansa.ports.roster import Member
from hansa.ports.site import Headers, SiteResponse
from hansa.sites.openstack.connector import OpenStackSite
from hansa.sites.sim.fault import Fault
from hansa.sites.sim.transport import AsgiTransport
from hansa.sync.far import FarUplink
from hansa.sync.outpost import Outpost
from tests import house, virtual

LISTS = ('/servers/detail', '/volumes/detail', '/ports', '/networks')


class Counted:
    """A wire that counts the lists that are asked for; `cut`: nobody is reached by it."""

    def __init__(self, wire: Transport) -> None:
        self.lists = 0
        self.cut = False
        self._wire = wire

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float
    ) -> SiteResponse:
        if self.cut:
            raise TransportError('refuses connections', sent=False)
        self.lists += method == 'GET' and url.partition('?')[0].endswith(LISTS)
        return await self._wire.send(method, url, headers, body, timeout)

    async def close(self) -> None:
        await self._wire.close()


class Afar:
    """A league of one site, and an agent near it that comes in by the league's front door."""

    def __init__(self, league: house.League, wires: list[Counted]) -> None:
        self.league = league
        self.own = wires[0]
        self.near = Counted(AsgiTransport(league.clouds['east']))
        self.up = Counted(AsgiTransport(league.house.hall))
        self.word = ''
        self.task: asyncio.Task[None] | None = None

    async def operate(self, method: str, path: str) -> Any:
        status, _, body = await house.drive(self.league.house.hall, method, f'/league/v1{path}', {}, b'', local=True)
        assert status < 300, body
        return body

    async def start(self) -> None:
        """A new agent, who remembers nothing; with a credential, which is made where there is none."""
        self.word = self.word or (await self.operate('POST', '/sites/east/agents'))['credential']
        spec = house.spec('east')
        member = Member(OpenStackSite('east', spec.settings, self.league.clock, self.near), spec)
        outpost = Outpost(member, FarUplink(self.up, 'http://league.test', Secret(self.word), self.league.clock), self.league.clock)
        self.task = asyncio.create_task(outpost.run())

    def running(self) -> asyncio.Task[None]:
        """The agent that was started last."""
        assert self.task is not None
        return self.task

    async def kill(self) -> None:
        """It is no more; the answer to what it has under way is lost."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])
            self.task = None

    async def site(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.operate('GET', '/sites'))['sites'][0]
        return found

    async def follows(self) -> str:
        return str((await self.site())['agent']['follows'])

    def happen(self, name: str) -> None:
        """A network comes at the site, behind everybody's back."""
        doc: dict[str, Any] = {'id': house.league_id(name), 'name': name, 'shared': True, 'status': 'ACTIVE'}
        state = self.league.clouds['east'].state
        some = next(iter(state.networks.values()))
        now = '2126-11-21T09:00:00Z'
        state.networks[doc['id']] = {**some, **doc, 'updated_at': now, 'created_at': now}

    async def names(self) -> set[str]:
        return {each['name'] for each in (await self.league.ok('GET', '/network/v2.0/networks'))['networks']}

    async def lists(self, seconds: float) -> tuple[int, int]:
        """How many lists the league and the agent ask of the site in that time."""
        own, near = self.own.lists, self.near.lists
        await self.league.clock.sleep(seconds)
        return self.own.lists - own, self.near.lists - near


@contextlib.asynccontextmanager
async def afar() -> AsyncIterator[Afar]:
    wires: list[Counted] = []

    def wrap(_: str, wire: Transport) -> Transport:
        wires.append(Counted(wire))
        return wires[-1]

    async with house.league('east', wrap=wrap) as league:
        scene = Afar(league, wires)
        try:
            yield scene
        finally:
            await scene.kill()


def test_the_league_stands_by_while_the_agent_follows_and_steps_in_when_it_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with afar() as scene:
            clock = scene.league.clock
            assert await scene.follows() == 'league'
            own, near = await scene.lists(60)
            assert own > 20
            assert near == 0
            await scene.start()
            await clock.sleep(30)
            assert await scene.follows() == 'site'
            own, near = await scene.lists(60)
            assert own == 0, 'the site is asked twice'
            assert near > 20
            scene.happen('first')
            await clock.sleep(15)
            assert 'first' in await scene.names()
            site = await scene.site()
            assert site['age_s'] < 20, site
            assert all(kind['polls'] + kind['sweeps'] > 0 for kind in site['kinds'])
            await scene.kill()
            await clock.sleep(50)
            site = await scene.site()
            assert site['agent']['follows'] == 'site'
            assert site['agent']['heard_s'] >= 45
            assert min(kind['age_s'] for kind in site['kinds']) > 40, 'that it is gone is seen'
            scene.happen('second')
            await clock.sleep(40)
            assert await scene.follows() == 'away'
            assert 'second' in await scene.names()
            await scene.start()
            await clock.sleep(30)
            assert await scene.follows() == 'site'
            assert (await scene.lists(60))[0] == 0

    with caplog.at_level(logging.INFO, 'hansa.sync'):
        virtual.run(main)
    said = [record.getMessage() for record in caplog.records if 'near' in record.getMessage()]
    assert len(said) == 3, said
    assert 'was not heard of for 60 s' in said[1]


def test_a_credential_that_is_removed_lets_nobody_in_from_that_moment() -> None:
    async def main() -> None:
        async with afar() as scene:
            await scene.start()
            await scene.league.clock.sleep(30)
            agents = (await scene.operate('GET', '/sites/east/agents'))['agents']
            assert [each['follows'] for each in agents] == ['site']
            assert await scene.operate('DELETE', f'/sites/east/agents/{agents[0]["id"]}') == {'removed': 1}
            headers = {'authorization': f'Bearer {scene.word}'}
            status, _, body = await scene.league.ask('POST', '/league/v1/sites/east/runs', {'mode': 'managed'}, token='', headers=headers)
            assert status == 401, body
            assert scene.task is not None
            await asyncio.wait([scene.task], timeout=60)
            with pytest.raises(Dismissed, match='not known here'):
                scene.task.result()
            scene.happen('new')
            await scene.league.clock.sleep(20)
            assert await scene.follows() == 'league'
            assert 'new' in await scene.names()

    virtual.run(main)


def test_a_league_that_is_away_is_waited_for_and_told_all(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with afar() as scene:
            await scene.start()
            await scene.league.clock.sleep(30)
            scene.up.cut = True
            scene.happen('meanwhile')
            await scene.league.clock.sleep(40)
            assert 'meanwhile' not in await scene.names()
            scene.up.cut = False
            await scene.league.clock.sleep(40)
            assert 'meanwhile' in await scene.names()
            assert await scene.follows() == 'site'

    with caplog.at_level(logging.INFO, 'hansa.sync'):
        virtual.run(main)
    assert sum('cannot be reached' in record.getMessage() for record in caplog.records) == 1


def test_what_users_do_and_wait_for_is_the_leagues_own_matter() -> None:
    async def main() -> None:
        async with afar() as scene:
            league = scene.league
            await scene.start()
            await league.clock.sleep(30)
            image = (await league.ok('GET', '/image/v2/images?name=cirros'))['images'][0]['id']
            flavor = (await league.ok('GET', '/compute/v2.1/flavors'))['flavors'][0]['id']
            network = (await league.ok('POST', '/network/v2.0/networks', {'network': {'name': 'n'}}))['network']['id']
            subnet = {'network_id': network, 'cidr': '10.9.0.0/24', 'ip_version': 4}
            await league.ok('POST', '/network/v2.0/subnets', {'subnet': subnet})
            body = {'server': {'name': 's', 'flavorRef': flavor, 'imageRef': image, 'networks': [{'uuid': network}]}}
            id = (await league.ok('POST', '/compute/v2.1/servers', body))['server']['id']
            assert [each['id'] for each in (await league.ok('GET', '/compute/v2.1/servers'))['servers']] == [id]
            await league.clock.sleep(15)
            assert (await league.ok('GET', f'/network/v2.0/ports?device_id={id}'))['ports'] != []
            assert [each['status'] for each in (await league.ok('GET', '/compute/v2.1/servers/detail'))['servers']] == ['ACTIVE']
            scene.happen('hidden')
            _, headers, told = await league.ask('GET', '/network/v2.0/networks', headers={'cache-control': 'max-age=0'})
            assert 'hidden' in {each['name'] for each in told['networks']}
            assert int(headers['age']) <= 5
            await league.ok('DELETE', f'/compute/v2.1/servers/{id}')
            await league.clock.sleep(20)
            assert (await league.ok('GET', '/compute/v2.1/servers'))['servers'] == []
            assert (await league.ok('GET', f'/network/v2.0/ports?device_id={id}'))['ports'] == []

    virtual.run(main)


def test_a_site_that_dies_for_its_agent_is_seen_to_be_dead() -> None:
    async def main() -> None:
        async with afar() as scene:
            await scene.start()
            await scene.league.clock.sleep(30)
            assert (await scene.site())['reachable']
            scene.league.clouds['east'].fault = Fault('refuse')
            await scene.league.clock.sleep(40)
            site = await scene.site()
            assert (site['reachable'], site['agent']['follows']) == (False, 'site')
            scene.league.clouds['east'].fault = None
            await scene.league.clock.sleep(60)
            site = await scene.site()
            assert site['reachable']
            assert site['age_s'] < 20

    virtual.run(main)


@pytest.mark.parametrize(
    ('method', 'path', 'body', 'status'),
    [
        ('POST', 'east/batches', b'garbage', 400),
        ('POST', 'east/batches', b'{"site": "west", "run": "", "lane": "hot", "number": 1}', 400),
        ('POST', 'east/batches', b'{"site": "east", "run": "", "lane": "hot", "number": 1}', 410),
        ('POST', 'east/batches', b'{"site": "east", "run": "", "lane": "odd", "number": 1}', 400),
        ('POST', 'east/batches', b'{"site":"east","run":"","lane":"hot","number":1,"changes":[{"kind":"x","id":"1","asked":1}]}', 400),
        ('POST', 'east/batches', b' ' * ((16 << 20) + 1), 413),
        ('POST', 'east/reports', b'{"site": "west", "run": "", "number": 1}', 400),
        ('POST', 'east/reports', b'[]', 400),
        ('POST', 'east/runs', {'mode': 'lord'}, 400),
        ('POST', 'west/runs', {'mode': 'managed'}, 404),
        ('GET', 'east/digests/stone', None, 404),
        ('POST', 'east/holdings/server', b'{"buckets": "all"}', 400),
        ('GET', 'east/batches', None, 405),
    ],
)
def test_what_makes_no_sense_is_refused(method: str, path: str, body: Any, status: int) -> None:
    async def main() -> None:
        async with house.league('east') as league:
            _, _, made = await house.drive(league.house.hall, 'POST', '/league/v1/sites/east/agents', {}, b'', local=True)
            for word, wanted in ((made['credential'], status), ('', 401), ('nonsense', 401), (made['credential'][:-1] + '?', 401)):
                headers = {'authorization': f'Bearer {word}'} if word else {}
                got, told, answer = await league.ask(method, f'/league/v1/sites/{path}', body, token='', headers=headers)
                assert got == (405 if status == 405 else wanted), answer
                assert made['credential'].partition('.')[2] not in str((told, answer))
            got, _, _ = await league.ask(method, f'/league/v1/sites/{path}', body, token='admin')
            assert got in {401, 405}

    virtual.run(main)


def test_who_comes_too_early_is_told_when_to_come_again() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            _, _, made = await house.drive(league.house.hall, 'POST', '/league/v1/sites/east/agents', {}, b'', local=True)
            headers = {'authorization': f'Bearer {made["credential"]}'}
            begun = await league.ok('POST', '/league/v1/sites/east/runs', {'mode': 'managed'}, token='', headers=headers)
            body = {'site': 'east', 'run': begun['run'], 'lane': 'hot', 'number': 2}
            status, told, receipt = await league.ask('POST', '/league/v1/sites/east/batches', body, token='', headers=headers)
            assert (status, receipt['upto'], receipt['retry_after']) == (429, 0, 1.0)
            assert told['retry-after'] == '1'
            status, _, receipt = await league.ask('POST', '/league/v1/sites/east/batches', body | {'number': 1}, token='', headers=headers)
            assert (status, receipt) == (200, {'upto': 1, 'credit': 2, 'retry_after': 0.0})

    virtual.run(main)


def test_credentials_are_listed_without_their_secret_and_go_with_the_site() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            async def operate(method: str, path: str, wanted: int = 200) -> Any:
                status, _, body = await house.drive(league.house.hall, method, f'/league/v1{path}', {}, b'', local=True)
                assert status == wanted, body
                return body

            words = [(await operate('POST', f'/sites/{site}/agents', 201))['credential'] for site in ('east', 'east', 'west')]
            listed = (await operate('GET', '/agents'))['agents']
            assert [each['site'] for each in listed] == ['east', 'east', 'west']
            kept = str(await league.store.values('')) + str(listed)
            assert not any(word.partition('.')[2] in kept for word in words)
            await operate('POST', '/sites/nowhere/agents', 404)
            await operate('DELETE', '/sites/west/agents/00000000', 404)
            await operate('DELETE', '/sites/west', 204)
            assert len((await operate('GET', '/agents'))['agents']) == 2
            for _ in range(14):
                await operate('POST', '/sites/east/agents', 201)
            await operate('POST', '/sites/east/agents', 409)
            assert await operate('DELETE', '/sites/east/agents') == {'removed': 16}
            await operate('DELETE', '/sites/east/agents', 404)

    virtual.run(main)


def test_of_two_agents_the_one_that_was_started_last_follows_and_the_other_ends_and_says_why() -> None:
    async def main() -> None:
        async with afar() as scene:
            await scene.start()
            await scene.league.clock.sleep(30)
            earlier = scene.running()
            await scene.start()
            await asyncio.wait([earlier], timeout=60)
            with pytest.raises(Dismissed, match='Another agent of east was started after this one'):
                earlier.result()
            own, near = await scene.lists(60)
            assert (own, near > 20) == (0, True)
            assert not scene.running().done()
            await scene.kill()
            await scene.start()
            await scene.league.clock.sleep(60)
            assert not scene.running().done()
            assert await scene.follows() == 'site'

    virtual.run(main)
