"""Dispersed containers that were half made or half deleted when the league died: all of it or nothing stands a little later."""

from __future__ import annotations

import asyncio

import pytest

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.northbound.test_object_dispersed import ACCOUNT, BIG, SITES, held, listed, make, plain


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


def test_what_a_site_missed_before_is_not_held_against_what_it_has_now() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            await league.ok('PUT', f'{ACCOUNT}/d/o', plain(BIG, 1))
            league.clouds['east'].fault = Fault('refuse', method='PUT', path='/d/o')
            await league.ok('PUT', f'{ACCOUNT}/d/o', plain(BIG, 2))
            # The next is at east and west; east does not take away what is left of the one before, and west now and then does not answer.
            league.clouds['east'].fault = Fault('error', method='DELETE', path='/d', status=503)
            league.clouds['north'].fault = Fault('refuse', method='PUT', path='/d/o')
            await league.ok('PUT', f'{ACCOUNT}/d/o', plain(BIG, 3))
            league.clouds['east'].fault = league.clouds['north'].fault = None
            league.clouds['west'].fault = Fault('refuse', method='GET', path='/d/o')
            await league.clock.sleep(120)
            league.clouds['west'].fault = None
            await league.clock.sleep(120)
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[2] == plain(BIG, 3)
            assert [held(league, site).names for site in SITES] == [['o']] * 3

    virtual.run(main)
