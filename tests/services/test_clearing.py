"""Projects and users that the league has no more leave no shadow at the sites; what still holds something stays."""

from __future__ import annotations

from tests import house, virtual
from tests.house import League
from tests.services import users

_PASSES = 200.0


def _shadows(league: League, site: str, table: str, word: str) -> list[str]:
    return [id for id, doc in league.clouds[site].state.table(table).items() if doc['name'] == house.league_id(word)]


def test_a_project_and_a_user_that_are_gone_are_gone_at_the_sites() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            for site in ('east', 'west'):
                assert (await users.boot(league, site, zone=site, token='alt_demo'))[0] == 202
            group = await users.group(league, 'mine', token='alt_demo')
            await league.clock.sleep(_PASSES)
            for name in ('servers', 'os-server-groups'):
                for each in (await league.ok('GET', f'/compute/v2.1/{name}', token='alt_demo'))[name.replace('os-server-', 'server_')]:
                    await league.ok('DELETE', f'/compute/v2.1/{name}/{each["id"]}', token='alt_demo')
            await league.ok('DELETE', f'/network/v2.0/security-groups/{group}', token='alt_demo')
            assert _shadows(league, 'east', 'projects', 'alt_demo')
            assert _shadows(league, 'west', 'users', 'user alt_demo')
            league.twin.revoke('token-alt_demo')
            await league.clock.sleep(_PASSES)
            for site in ('east', 'west'):
                assert not _shadows(league, site, 'projects', 'alt_demo')
                assert not _shadows(league, site, 'users', 'user alt_demo')
            assert not [alias for alias in await league.store.aliases() if alias.league == house.league_id('alt_demo')]
            assert not await league.store.values(f'shadow/east/{house.league_id("user alt_demo")}')

    virtual.run(main)


def test_a_project_that_still_has_something_stays() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            assert (await users.boot(league, 's', token='alt_demo'))[0] == 202
            league.twin.revoke('token-alt_demo')
            await league.clock.sleep(_PASSES)
            assert _shadows(league, 'east', 'projects', 'alt_demo')
            assert users.at(league, 'east', 'servers', 's')

    virtual.run(main)


def test_who_is_still_there_keeps_everything() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            assert (await users.boot(league, 's'))[0] == 202
            await league.clock.sleep(_PASSES)
            assert _shadows(league, 'east', 'projects', 'demo')
            assert _shadows(league, 'east', 'users', 'user demo')

    virtual.run(main)
