"""Metadata of accounts: the same at every site, also at those that were away or came later."""

from __future__ import annotations

from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'


async def kept(league: League, site: str) -> dict[str, str]:
    """The metadata that a site itself has of the account."""
    local = next(alias.local for alias in await league.store.aliases() if (alias.site, alias.league) == (site, house.league_id('demo')))
    account = league.clouds[site].state.objects.accounts.get(f'AUTH_{local}')
    return account.headers if account is not None else {}


def test_a_site_that_was_away_is_told_when_it_is_back() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await league.ok('POST', ACCOUNT, headers={'x-account-meta-colour': 'red', 'x-account-meta-form': 'round'})
            league.clouds['west'].fault = Fault('refuse')
            changes = {'x-account-meta-colour': 'blue', 'x-remove-account-meta-form': 'x', 'x-account-meta-temp-url-key': 'secret'}
            status, headers, _ = await league.ask('POST', ACCOUNT, headers=changes)
            assert (status, headers['x-hansa-missing-sites']) == (204, 'west')
            assert (await kept(league, 'east')).keys() == {'x-account-meta-colour', 'x-account-meta-temp-url-key'}
            assert await kept(league, 'west') == {'x-account-meta-colour': 'red', 'x-account-meta-form': 'round'}
            league.clouds['west'].fault = None
            await league.clock.sleep(90)
            told = [await kept(league, site) for site in ('east', 'west')]
            assert [each.pop('x-account-meta-temp-url-key') == 'secret' for each in told] == [False, False]
            assert told == [{'x-account-meta-colour': 'blue'}] * 2
            assert (await league.ask('HEAD', ACCOUNT))[1]['x-account-meta-colour'] == 'blue'

    virtual.run(main)


def test_where_no_site_is_there_nothing_is_changed_and_what_a_site_refuses_is_said() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await league.ok('POST', ACCOUNT, headers={'x-account-meta-colour': 'red'})
            for cloud in league.clouds.values():
                cloud.fault = Fault('refuse')
            assert (await league.ask('POST', ACCOUNT, headers={'x-account-meta-colour': 'blue'}))[0] == 503
            for cloud in league.clouds.values():
                cloud.fault = None
            await league.clock.sleep(90)
            assert [await kept(league, site) for site in ('east', 'west')] == [{'x-account-meta-colour': 'red'}] * 2
            assert (await league.ask('POST', ACCOUNT, headers={'x-account-meta-colour': 'x' * 257}))[0] == 400
            assert (await league.ask('POST', ACCOUNT, headers={'x-account-meta-colour': 'green'}))[0] == 204
            assert await kept(league, 'west') == {'x-account-meta-colour': 'green'}

    virtual.run(main)


def test_a_site_that_comes_later_is_told_with_its_first_container() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await league.ok('POST', ACCOUNT, headers={'x-account-meta-colour': 'red'})
            league.clouds['north'] = SimCloud('north', league.clock, 7)  # type: ignore[index]  # the house connects to what is in this mapping
            await league.house.membership.join(house.spec('north'))
            await league.house.membership.ready(['north'], 60)
            await league.house.flock.catch_up('north')
            await league.ok('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'north'})
            assert await kept(league, 'north') == {'x-account-meta-colour': 'red'}

    virtual.run(main)


def test_a_swift_that_lets_in_only_its_own_role_lets_in_the_leagues_users() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            for cloud in league.clouds.values():
                cloud.state.objects.operators = frozenset({'admin', 'swiftoperator'})
            await league.ok('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'west'})
            assert (await league.ask('PUT', f'{ACCOUNT}/c/o', b'hello'))[0] == 201

    virtual.run(main)
