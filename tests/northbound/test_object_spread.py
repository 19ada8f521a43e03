"""Containers that span sites, as the account shows them."""

from __future__ import annotations

import msgspec

from hansa.model.spread import Spread
from hansa.ports.site import Acting, SiteRequest
from tests import house, virtual
from tests.house import League

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'


async def behind(league: League, site: str, path: str, body: bytes = b'') -> None:
    """What somebody makes at a site who goes past the league."""
    member = league.house.roster.get(site)
    acting = Acting(project=next(alias.local for alias in await league.store.aliases() if (alias.site, alias.kind) == (site, 'project')))
    response = await member.site.send(SiteRequest('object-store', 'PUT', path, '', [], body), acting, 10)
    await response.close()
    assert response.status < 300


async def shown(league: League) -> tuple[list[tuple[str, int, int]], list[str]]:
    rows = await league.ok('GET', f'{ACCOUNT}?format=json')
    _, told, _ = await league.ask('HEAD', ACCOUNT)
    counted = [told[f'x-account-{what}'] for what in ('container-count', 'object-count', 'bytes-used')]
    return [(row['name'], row['count'], row['bytes']) for row in rows], counted


def test_a_container_that_spans_sites_is_shown_and_counted_once() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            for site in ('east', 'west'):
                assert (await league.ask('PUT', f'{ACCOUNT}/{site}', headers={'x-storage-policy': site}))[0] == 201
                await behind(league, site, '/c')
                await behind(league, site, '/c/o', b'123')
            await behind(league, 'west', '/c/p', b'12345')
            spread = await league.store.put_spread(Spread(house.league_id('demo'), 'c', 'mirror', ('east', 'west'), 0, 1.0))
            assert await shown(league) == ([('c', 1, 3), ('east', 0, 0), ('west', 0, 0)], ['3', '1', '3'])
            spread = await league.store.put_spread(msgspec.structs.replace(spread, filling=('east',)))
            assert await shown(league) == ([('c', 2, 8), ('east', 0, 0), ('west', 0, 0)], ['3', '2', '8'])
            await league.store.put_spread(msgspec.structs.replace(spread, sites=(), filling=(), leaving=('east', 'west')))
            assert await shown(league) == ([('east', 0, 0), ('west', 0, 0)], ['2', '0', '0'])
            assert (await league.ask('GET', f'{ACCOUNT}/c'))[0] == 404
            assert (await league.ask('PUT', f'{ACCOUNT}/c'))[0] == 409

    virtual.run(main)


def test_a_choice_that_cannot_be_is_refused() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            for name, value in (('mirror', 'east,south'), ('disperse', '3-of-3'), ('disperse', 'all')):
                assert (await league.ask('PUT', f'{ACCOUNT}/c', headers={f'x-container-meta-hansa-{name}': value}))[0] == 400, value
            both = {'x-container-meta-hansa-mirror': 'east,west', 'x-storage-policy': 'east'}
            assert (await league.ask('PUT', f'{ACCOUNT}/c', headers=both))[0] == 400

    virtual.run(main)
