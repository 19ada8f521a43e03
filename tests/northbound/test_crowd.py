"""More requests at once than the league takes on: each door says so in its own form and says when to come back; none waits."""

from __future__ import annotations

import asyncio

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.northbound import forms

PATHS = (
    '/compute/v2.1/servers', f'/volume/v3/{house.league_id("demo")}/volumes', '/network/v2.0/networks', '/image/v2/images', '/identity/v3',
)  # fmt: skip


def test_who_comes_beyond_the_limit_is_told_to_come_back() -> None:
    async def main() -> None:
        async with house.league('east', settings={'limits.connections': '2'}) as league:
            id = (await league.ok('POST', '/network/v2.0/networks', {'network': {'name': 'n'}}))['network']['id']
            league.clouds['east'].fault = Fault('slow', seconds=1)
            inside = [asyncio.create_task(league.ask('GET', f'/network/v2.0/networks/{id}')) for _ in range(2)]
            await league.clock.sleep(0.5)
            for path in PATHS:
                status, headers, body = await league.ask('GET', path)
                assert (status, headers['retry-after']) == (503, '1'), (path, status, body)
                assert forms.is_fault(path.split('/')[1], 503, body), (path, body)
            assert (await league.ask('GET', '/healthcheck', token=''))[0] == 200
            assert [(await one)[0] for one in inside] == [200, 200]
            assert (await league.ask('GET', PATHS[0]))[0] == 200

    virtual.run(main)
