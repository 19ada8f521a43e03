"""Listings of one account over three sites: whatever comes and goes, pages are the sorted union, and nothing that stays is missed."""

from __future__ import annotations

import random
from urllib.parse import quote

import pytest

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'
SITES = ('east', 'north', 'west')
LETTERS = ('a', 'b', 'é', '\U0001f600', '-', '~', 'Z')


async def page(league: League, marker: str, limit: int, more: str = '') -> list[str]:
    rows = await league.ok('GET', f'{ACCOUNT}?format=json&limit={limit}&marker={quote(marker, safe="")}{more}')
    return [row.get('name') or row['subdir'] for row in rows]


async def walked(league: League, limit: int, more: str = '') -> list[str]:
    found: list[str] = []
    while told := await page(league, found[-1] if found else '', limit, more):
        found += told
        assert len(found) < 200
    return found


async def make(league: League, name: str, site: str) -> None:
    status, _, said = await league.ask('PUT', f'{ACCOUNT}/{quote(name, safe="")}', headers={'x-storage-policy': site})
    assert status == 201, said


@pytest.mark.parametrize('seed', range(3))
def test_pages_are_the_sorted_union(seed: int) -> None:
    async def main() -> None:
        lot = random.Random(seed)
        names = sorted({''.join(lot.choices(LETTERS, k=lot.randint(1, 3))) for _ in range(25)})
        async with house.league(*SITES) as league:
            for name in names:
                await make(league, name, lot.choice(SITES))
            for limit in (1, 3, 7, 100):
                assert await walked(league, limit) == names
            assert await walked(league, 2, '&reverse=true') == names[::-1]
            assert await walked(league, 2, '&prefix=a') == [name for name in names if name.startswith('a')]
            rolled = sorted({name[: name.find('b') + 1] if 'b' in name else name for name in names})
            assert await walked(league, 2, '&delimiter=b') == rolled

    virtual.run(main)


def test_what_stays_is_listed_once_while_others_come_and_go() -> None:
    async def main() -> None:
        lot = random.Random(7)
        stay = [f'{number:03}' for number in range(0, 40, 2)]
        async with house.league(*SITES) as league:
            for name in stay:
                await make(league, name, lot.choice(SITES))
            found: list[str] = []
            while told := await page(league, found[-1] if found else '', 3):
                found += told
                name = f'{lot.randrange(1, 40, 2):03}'
                status, _, _ = await league.ask('DELETE', f'{ACCOUNT}/{name}')
                if status == 404:
                    await make(league, name, lot.choice(SITES))
            assert found == sorted(set(found))
            assert [name for name in found if name in stay] == stay

    virtual.run(main)


def test_counts_by_policy_have_the_names_of_their_sites() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await make(league, 'c', 'west')
            await league.ok('PUT', f'{ACCOUNT}/c/o', b'123')
            headers = (await league.ask('HEAD', ACCOUNT))[1]
            counted = {name: value for name, value in headers.items() if name.startswith('x-account-storage-policy-west.')}
            assert '3' in counted.values(), headers

    virtual.run(main)


def test_counts_of_what_spans_sites_are_right_or_none() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league, 'c', 'west')
            status, _, said = await league.ask('PUT', f'{ACCOUNT}/d', headers={'x-container-meta-hansa-disperse': '2-of-3'})
            assert status == 201, said
            assert (await league.ask('HEAD', ACCOUNT))[1]['x-account-container-count'] == '2'
            league.clouds['west'].fault = Fault('error', method='HEAD', path='/d$')
            assert (await league.ask('HEAD', ACCOUNT))[0] == 503
            status, headers, _ = await league.ask('HEAD', ACCOUNT, headers={'x-hansa-partial': 'true'})
            assert (status, headers['x-account-container-count'], headers['x-hansa-missing-sites']) == (204, '2', 'west')

    virtual.run(main)
