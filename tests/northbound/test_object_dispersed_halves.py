"""Dispersed containers that were half made or half deleted when the league died: all of it or nothing stands a little later."""

from __future__ import annotations

import asyncio

import pytest

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.northbound.test_object_dispersed import ACCOUNT, SITES, held, listed, make


@pytest.mark.parametrize('method', ['PUT', 'DELETE'])
@pytest.mark.parametrize('site', SITES)
def test_a_container_that_was_half_made_or_half_deleted_when_the_league_died_goes(method: str, site: str) -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            if method == 'DELETE':
                await make(league)
            league.clouds[site].fault = Fault('hang', method=method, path='/d$')
            broken = asyncio.create_task(league.ask(method, f'{ACCOUNT}/d', headers={'x-container-meta-hansa-disperse': '2-of-3'}))
            await league.clock.sleep(1)
            broken.cancel()
            await asyncio.gather(broken, return_exceptions=True)
            league.clouds[site].fault = None
            await league.clock.sleep(120)
            assert (await league.ask('HEAD', f'{ACCOUNT}/d'))[0] == (404 if site != SITES[0] or method == 'PUT' else 204)
            for cloud in league.clouds.values():
                names = {name for account in cloud.state.objects.accounts.values() for name in account.containers}
                assert len(names) in {0, 2}, names
            if method == 'PUT' or site != SITES[0]:
                await make(league)
                await league.ok('PUT', f'{ACCOUNT}/d/o', b'again')
                assert await listed(league) == ['o']

    virtual.run(main)


@pytest.mark.parametrize('site', SITES[1:])
def test_a_container_that_was_half_deleted_is_whole_again_where_an_object_is_in_it(site: str) -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            await league.ok('PUT', f'{ACCOUNT}/d/o', b'was there')
            # As if the first site had lost its share, so that it deletes the container, and the others refuse to.
            del held(league, 'east').blobs['o']
            held(league, 'east').names.remove('o')
            league.clouds[site].fault = Fault('hang', method='DELETE', path='/d$')
            broken = asyncio.create_task(league.ask('DELETE', f'{ACCOUNT}/d'))
            await league.clock.sleep(1)
            broken.cancel()
            await asyncio.gather(broken, return_exceptions=True)
            league.clouds[site].fault = None
            await league.clock.sleep(120)
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[2] == b'was there'
            assert await listed(league) == ['o']
            assert held(league, 'east').names == ['o']

    virtual.run(main)
