"""Server groups over sites: an object of the league whose policy decides between sites; members come and go with their servers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hansa.ports.roster import Roster
from hansa.rules.aliases import AliasBook
from hansa.services.companies import Companies
from hansa.services.journal import Journal
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.services import users

C = '/compute/v2.1'
SITES = ('east', 'west', 'north')


async def group(league: League, policy: str, name: str = 'g', **more: Any) -> Any:
    body = {'server_group': {'name': name, 'policy': policy, 'rules': {'scope': 'site'}}}
    return (await league.ok('POST', f'{C}/os-server-groups', body, version='2.64', **more))['server_group']


async def boot(league: League, name: str, group: str, zone: str = '', **more: Any) -> Any:
    """Like `users.boot`, with the scheduler hint."""
    images = (await league.ok('GET', '/image/v2/images?name=cirros'))['images']
    flavors = (await league.ok('GET', f'{C}/flavors'))['flavors']
    tiny = next(flavor['id'] for flavor in flavors if flavor['name'] == 'm1.tiny')
    body = {'name': name, 'flavorRef': tiny, 'imageRef': images[0]['id'], 'networks': 'none', **more}
    body |= {'availability_zone': zone} if zone else {}
    return await league.ask('POST', f'{C}/servers', {'server': body, 'os:scheduler_hints': {'group': group}}, version='2.79')


async def members(league: League, id: str) -> list[str]:
    shown = (await league.ok('GET', f'{C}/os-server-groups/{id}', version='2.64'))['server_group']['members']
    listed = (await league.ok('GET', f'{C}/os-server-groups', version='2.64'))['server_groups']
    assert shown == next(each['members'] for each in listed if each['id'] == id)
    return list(shown)


def where(league: League, *names: str) -> list[str]:
    return [site for name in names for site in league.clouds if users.at(league, site, 'servers', name)]


def test_such_a_group_is_the_leagues_own() -> None:
    async def main() -> None:
        async with house.league() as league:
            told = await group(league, 'anti-affinity')
            assert told == {
                'id': told['id'], 'name': 'g', 'policy': 'anti-affinity', 'rules': {'scope': 'site'}, 'members': [],
                'project_id': house.league_id('demo'), 'user_id': house.league_id('user demo'),
            }  # fmt: skip
            assert not any(cloud.state.server_groups for cloud in league.clouds.values())
            path = f'{C}/os-server-groups/{told["id"]}'
            assert (await league.ok('GET', path, version='2.64'))['server_group'] == told
            old = (await league.ok('GET', path))['server_group']
            assert old == {'id': told['id'], 'name': 'g', 'policies': ['anti-affinity'], 'members': [], 'metadata': {}}
            plain = {'server_group': {'name': 'plain', 'policies': ['affinity']}}
            await league.ok('POST', f'{C}/os-server-groups', plain)
            listed = (await league.ok('GET', f'{C}/os-server-groups'))['server_groups']
            assert sorted(each['name'] for each in listed) == ['g', 'plain']
            assert (await league.ask('GET', path, token='alt_demo'))[0] == 404
            assert (await league.ask('DELETE', path, token='alt_demo'))[0] == 404
            assert (await league.ok('GET', f'{C}/os-server-groups', token='alt_demo'))['server_groups'] == []
            assert (await league.ask('PUT', path, {}))[0] == 405
            assert (await league.ask('DELETE', path))[0] == 204
            assert (await league.ask('GET', path))[0] == 404
            assert (await league.ask('DELETE', path))[0] == 404

    virtual.run(main)


@pytest.mark.parametrize(
    ('wanted', 'version', 'words'),
    [
        ({'name': 'g', 'policy': 'near', 'rules': {'scope': 'site'}}, '2.64', 'near'),
        ({'name': 'g', 'rules': {'scope': 'site'}}, '2.64', "'policy' is a required property"),
        ({'policy': 'affinity', 'rules': {'scope': 'site'}}, '2.64', "'name' is a required property"),
        ({'name': '', 'policy': 'affinity', 'rules': {'scope': 'site'}}, '2.64', 'name'),
        ({'name': 'g', 'policy': 'affinity', 'rules': {'scope': 'rack'}}, '2.64', 'scope can only be'),
        ({'name': 'g', 'policy': 'anti-affinity', 'rules': {'scope': 'site', 'max_server_per_host': 2}}, '2.64', 'no other rule'),
        ({'name': 'g', 'policy': 'affinity', 'rules': {'scope': 'site'}, 'x': 1}, '2.64', "('x' was unexpected)"),
        ({'name': 'g', 'policies': ['affinity'], 'rules': {'scope': 'site'}}, '2.63', "('rules' was unexpected)"),
        ({'name': 'g', 'policy': 'affinity', 'rules': {'site': 'atlantis'}}, '2.64', 'atlantis is not available'),
    ],
)
def test_what_makes_no_sense_is_refused(wanted: dict[str, Any], version: str, words: str) -> None:
    async def main() -> None:
        async with house.league() as league:
            status, _, told = await league.ask('POST', f'{C}/os-server-groups', {'server_group': wanted}, version=version)
            assert status == 400
            assert words in told['badRequest']['message']

    virtual.run(main)


def test_anti_affinity_leaves_no_two_at_one_site_and_says_why_there_is_no_room() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            id = (await group(league, 'anti-affinity'))['id']
            made = []
            for n in range(3):
                status, _, told = await boot(league, f's{n}', id)
                assert status == 202, told
                made.append(told['server']['id'])
            assert sorted(where(league, 's0', 's1', 's2')) == sorted(SITES)
            assert await members(league, id) == sorted(made)
            assert (await league.ok('GET', f'{C}/servers/{made[0]}', version='2.71'))['server']['server_groups'] == [id]
            status, _, told = await boot(league, 's3', id)
            assert status == 409
            assert 'has a member of server group g already' in told['conflictingRequest']['message']
            free = where(league, 's1')[0]
            status, _, told = await boot(league, 's3', id, free)
            assert status == 400
            assert 'that site has a member of server group g already' in told['badRequest']['message']
            assert (await league.ask('DELETE', f'{C}/servers/{made[1]}'))[0] == 204
            await league.clock.sleep(20)
            assert await members(league, id) == sorted((made[0], made[2]))
            assert (await boot(league, 's3', id))[0] == 202
            assert where(league, 's3') == [free]
            assert await league.store.open_intents() == []
            assert not any(cloud.state.server_groups for cloud in league.clouds.values())

    virtual.run(main)


def test_affinity_keeps_all_where_the_first_one_went() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            id = (await group(league, 'affinity'))['id']
            assert (await boot(league, 's0', id, 'north'))[0] == 202
            assert (await boot(league, 's', id, min_count=2))[0] == 202
            assert where(league, 's-1', 's-2') == ['north', 'north']
            assert len(await members(league, id)) == 3
            status, _, told = await boot(league, 's1', id, 'east')
            assert status == 400
            assert 'members of server group g are (north)' in told['badRequest']['message']
            league.clouds['north'].fault = Fault('refuse')
            await league.clock.sleep(60)
            status, _, told = await boot(league, 's2', id)
            assert status == 503
            assert 'north' in told['serviceUnavailable']['message']
            assert len(await members(league, id)) == 3

    virtual.run(main)


def test_soft_policies_prefer_and_never_refuse() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            apart = (await group(league, 'soft-anti-affinity', 'apart'))['id']
            near = (await group(league, 'soft-affinity', 'near'))['id']
            for n in range(4):
                assert (await boot(league, f'a{n}', apart))[0] == 202
            assert sorted(where(league, 'a0', 'a1', 'a2')) == sorted(SITES)
            assert (await boot(league, 'n0', near, 'west'))[0] == 202
            assert (await boot(league, 'n1', near))[0] == 202
            assert where(league, 'n0', 'n1') == ['west', 'west']
            league.clouds['west'].fault = Fault('refuse')
            await league.clock.sleep(60)
            assert (await boot(league, 'n2', near))[0] == 202
            assert where(league, 'n2') != ['west']

    virtual.run(main)


def test_the_servers_of_one_request_cannot_be_kept_apart() -> None:
    async def main() -> None:
        async with house.league() as league:
            id = (await group(league, 'anti-affinity'))['id']
            status, _, told = await boot(league, 's', id, max_count=2)
            assert status == 400
            assert 'one by one' in told['badRequest']['message']

    virtual.run(main)


def test_a_group_of_another_project_is_none() -> None:
    async def main() -> None:
        async with house.league() as league:
            id = (await group(league, 'anti-affinity', token='alt_demo'))['id']
            status, _, told = await boot(league, 's', id)
            assert status == 400
            assert id in told['badRequest']['message']

    virtual.run(main)


def test_creates_at_once_never_meet() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            id = (await group(league, 'anti-affinity'))['id']
            answers = await asyncio.gather(*(boot(league, f's{n}', id) for n in range(6)))
            assert sorted(answer[0] for answer in answers) == [202] * 3 + [409] * 3
            assert sorted(where(league, *(f's{n}' for n in range(6)))) == sorted(SITES)
            near = (await group(league, 'affinity', 'near'))['id']
            wishes = ('east', 'west', 'north', '', '', '')
            answers = await asyncio.gather(*(boot(league, f't{n}', near, zone) for n, zone in enumerate(wishes)))
            assert {answer[0] for answer in answers} <= {202, 400}
            assert len(set(where(league, *(f't{n}' for n in range(6))))) == 1
            assert await league.store.open_intents() == []

    virtual.run(main)


def test_members_are_not_forgotten_while_sites_have_yet_to_enter() -> None:
    async def main() -> None:
        async with house.league() as league:
            id = (await group(league, 'affinity'))['id']
            server = (await boot(league, 's', id, 'west'))[2]['server']['id']
            started = Companies(league.store, Roster(), Journal(league.store, AliasBook(), league.clock), league.clock)
            assert await started.members(id) == {server: 'west'}
            assert await members(league, id) == [server]
            await league.house.membership.leave('west')
            assert await members(league, id) == []
            assert (await boot(league, 't', id))[0] == 202
            assert where(league, 't') == ['east']

    virtual.run(main)


def test_a_plain_group_is_at_the_site_that_its_rule_names() -> None:
    async def main() -> None:
        async with house.league() as league:
            for site in league.clouds:
                body = {'server_group': {'name': f'g-{site}', 'policy': 'anti-affinity', 'rules': {'site': site, 'max_server_per_host': 2}}}
                told = (await league.ok('POST', f'{C}/os-server-groups', body, version='2.64'))['server_group']
                assert told['rules'] == {'max_server_per_host': 2}
                assert users.at(league, site, 'server_groups', f'g-{site}')
                assert (await boot(league, f's-{site}', told['id']))[0] == 202
                assert where(league, f's-{site}') == [site]
                other = next(each for each in league.clouds if each != site)
                status, _, refused = await boot(league, 'x', told['id'], other)
                assert status == 400
                assert f'server group g-{site}' in refused['badRequest']['message']
                assert f'zone {other} is at site {other}' in refused['badRequest']['message']

    virtual.run(main)


def test_members_of_plain_groups_are_listed_at_once_and_vanish() -> None:
    async def main() -> None:
        async with house.league() as league:
            body = {'server_group': {'name': 'g', 'policy': 'affinity'}}
            id = (await league.ok('POST', f'{C}/os-server-groups', body, version='2.64'))['server_group']['id']
            server = (await boot(league, 's', id))[2]['server']['id']
            assert await members(league, id) == [server]
            await league.ok('DELETE', f'{C}/servers/{server}')
            await league.clock.sleep(10)
            assert (await league.ask('GET', f'{C}/servers/{server}'))[0] == 404
            assert await members(league, id) == []

    virtual.run(main)
