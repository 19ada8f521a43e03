"""An agent near its site and a league of several processes: whichever it reaches, the worker that follows the site digests what it tells."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

from hansa.model.secret import Secret
from hansa.ports.roster import Member
from hansa.ports.site import Headers, SiteResponse
from hansa.sites.openstack.connector import OpenStackSite
from hansa.sites.sim.transport import AsgiTransport
from hansa.sync.far import FarUplink
from hansa.sync.outpost import Outpost
from tests import house, shared, virtual


class ByTurns:
    """A load balancer that remembers nobody."""

    def __init__(self, *leagues: house.League) -> None:
        self._wires = [AsgiTransport(league.house.hall) for league in leagues]
        self._turn = itertools.cycle(self._wires)

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float
    ) -> SiteResponse:
        return await next(self._turn).send(method, url, headers, body, timeout)

    async def close(self) -> None:
        for wire in self._wires:
            await wire.close()


async def operate(league: house.League, method: str, path: str) -> Any:
    status, _, body = await house.drive(league.house.hall, method, f'/league/v1{path}', {}, b'', local=True)
    assert status < 300, body
    return body


@contextlib.asynccontextmanager
async def near(league: shared.Several, word: str, *doors: house.League) -> AsyncIterator[Member]:
    """An agent near the site east, and what it knows of it."""
    spec = house.spec('east')
    member = Member(OpenStackSite('east', spec.settings, league.clock, AsgiTransport(league.clouds['east'])), spec)
    uplink = FarUplink(ByTurns(*doors), 'http://league.test', Secret(word), league.clock)
    task = asyncio.create_task(Outpost(member, uplink, league.clock).run())
    try:
        yield member
    finally:
        task.cancel()
        await asyncio.wait([task])


def happen(league: shared.Several, name: str) -> None:
    """A network comes at the site, behind everybody's back."""
    state = league.clouds['east'].state
    doc: dict[str, Any] = {'id': house.league_id(name), 'name': name, 'shared': True, 'status': 'ACTIVE'}
    some = next(iter(state.networks.values()))
    now = '2126-11-21T09:00:00Z'
    state.networks[doc['id']] = {**some, **doc, 'updated_at': now, 'created_at': now}


async def names(league: house.League) -> set[str]:
    return {each['name'] for each in (await league.ok('GET', '/network/v2.0/networks'))['networks']}


def test_what_an_agent_gives_to_any_process_gets_to_the_worker_of_its_site() -> None:
    async def main() -> None:
        async with shared.several('front', 'intake', 'intake', 'worker', 'worker') as league:
            front, one, two, *workers = league.leagues
            word = (await operate(front, 'POST', '/sites/east/agents'))['credential']
            async with near(league, word, one, two, front):
                await league.clock.sleep(30)
                for each in league.leagues:
                    distant = each.house.roster.get('east').distant
                    assert distant is not None
                    assert distant.follows(league.clock.now())
                    assert each.house.roster.get('west').distant is None
                given = league.queue.given
                happen(league, 'behind')
                await league.clock.sleep(20)
                assert 'behind' in await names(front)
                assert league.queue.given > given > 0
                assert league.queue.waiting == []
                (follower,) = [worker for worker in workers if worker.house.flock.follows('east')]
                assert follower.house.roster.get('east').synced['network'] > league.clock.now() - 20
            # It is not waited for for long.
            await league.clock.sleep(90)
            happen(league, 'later')
            await league.clock.sleep(30)
            assert 'later' in await names(front)
            await operate(front, 'DELETE', '/sites/east/agents')
            await league.clock.sleep(5)
            assert [each.house.roster.get('east').distant for each in league.leagues] == [None] * 5

    virtual.run(main)


def test_what_a_worker_did_not_finish_another_does() -> None:
    async def main() -> None:
        async with shared.several('front', 'worker', 'worker') as league:
            front, *workers = league.leagues
            word = (await operate(front, 'POST', '/sites/east/agents'))['credential']
            async with near(league, word, front):
                await league.clock.sleep(30)
                first = next(number for number, each in enumerate(workers, 1) if each.house.flock.follows('east'))
                league.handles[first].cut = True
                happen(league, 'behind')
                await league.clock.sleep(60)
                assert 'behind' in await names(front)
                assert league.queue.waiting == []

    virtual.run(main)


def test_an_intake_lets_in_agents_and_nobody_else() -> None:
    async def main() -> None:
        async with shared.several('front', 'intake', 'worker') as league:
            _, intake, _ = league.leagues
            assert (await intake.ask('GET', '/compute/v2.1/servers'))[0] == 404
            assert (await intake.ask('GET', '/healthcheck', token=''))[0] == 200
            assert (await intake.ask('POST', '/league/v1/sites/east/runs', {'mode': 'managed'}, token=''))[0] == 401

    virtual.run(main)
