"""What is not as it should be is found, counted and, when asked for, set right; what is at sites is left alone."""

from __future__ import annotations

from typing import Any

import msgspec

from hansa.model.drift import Finding
from tests import house, virtual
from tests.services import users


async def operator(league: house.League, method: str, path: str, body: object = None) -> tuple[int, Any]:
    raw = b'' if body is None else msgspec.json.encode(body)
    answer = await house.drive(league.house.hall, method, path, {'Content-Type': 'application/json'}, raw, local=True)
    return answer[0], answer[2]


def test_drift_is_listed_and_repaired_when_it_is_really_meant() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await users.boot(league, 's', 'east')
            await league.clock.sleep(60)
            member = league.house.roster.get('east')
            [(site_id, _)] = (await league.store.known(member.name, 'server')).items()
            await league.store.remove(member.name, 'server', [site_id], league.clock.now())
            member.drift['server'] = {site_id: Finding(member.name, 'server', site_id, 'not known', since=league.clock.now())}
            _, told = await operator(league, 'GET', '/league/v1/drift')
            assert told['counts']['not known'] == 1
            assert told['counts']['unclaimed'] >= len([each for each in told['drift'] if each['what'] == 'unclaimed']) > 0
            _, planned = await operator(league, 'POST', '/league/v1/drift/repair', {'site': member.name})
            assert not any(each['done'] for each in planned['repairs'])
            assert await league.store.known(member.name, 'server') == {}
            _, done = await operator(league, 'POST', '/league/v1/drift/repair', {'really': True})
            assert [each['id'] for each in done['repairs'] if each['done']] == [site_id]
            assert site_id in await league.store.known(member.name, 'server')
            assert 'not known' not in (await operator(league, 'GET', '/league/v1/drift'))[1]['counts']

    virtual.run(main)


def test_an_unknown_site_and_a_wish_that_cannot_be_read_are_refused() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            assert (await operator(league, 'POST', '/league/v1/drift/repair', {'site': 'north'}))[0] == 404
            assert (await operator(league, 'POST', '/league/v1/drift/repair', {'relly': True}))[0] == 400

    virtual.run(main)


def test_a_repair_at_a_site_that_is_away_says_so() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            member = league.house.roster.get('east')
            await league.house.flock.remove('east')
            member.drift['port'] = {'p': Finding('east', 'port', 'p', 'not told')}
            _, told = await operator(league, 'POST', '/league/v1/drift/repair', {'really': True})
            [repair] = [each for each in told['repairs'] if each['kind'] == 'port' and each['id'] == 'p']
            assert (repair['done'], 'east' in repair['action']) == (False, True)

    virtual.run(main)
