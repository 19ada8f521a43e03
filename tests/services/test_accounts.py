"""As whom the league acts at a site: shadow users with the role member, and nothing of a user's own secrets."""

from __future__ import annotations

from typing import Any

from hansa.model.call import Token
from tests import house, virtual
from tests.house import League
from tests.services import tap, users


def grants(league: League, site: str) -> set[tuple[str, str, str]]:
    """(user, project, role) by name of what was granted in the league's own domain."""
    state = league.clouds[site].state
    domain = next(id for id, doc in state.domains.items() if doc['name'] == 'hansa')
    ours = {id for id, doc in state.projects.items() if doc['domain_id'] == domain}
    return {
        (state.users[user]['name'], state.projects[project]['name'], state.roles[role]['name'])
        for user, project, role in state.grants
        if project in ours
    }


def test_a_user_is_a_member_of_its_shadow_project_may_keep_objects_there_and_nothing_more() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            assert (await users.boot(league, 's'))[0] == 202
            project, user = house.league_id('demo'), house.league_id('user demo')
            assert grants(league, 'east') == {('admin', project, 'admin'), (user, project, 'member'), (user, project, 'swiftoperator')}
            [server] = users.at(league, 'east', 'servers', 's')
            state = league.clouds['east'].state
            assert state.users[server['user_id']]['name'] == user
            assert state.projects[server['project_id']]['name'] == project

    virtual.run(main)


def test_a_site_that_has_not_told_its_mode_yet_does_nothing_for_users_as_its_operator() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            known = league.house.roster.get('east').capabilities
            league.house.roster.get('east').capabilities = None
            body = {'volume': {'name': 'v', 'size': 1, 'availability_zone': 'east'}}
            for method, path, sent in (('POST', '/volume/v3/volumes', body), ('GET', '/compute/v2.1/limits', None), ('GET', '/network/v2.0/agents', None)):
                status, _, told = await league.ask(method, path, sent)
                assert (status, 'has not told yet' in str(told)) == (503, True), (path, told)
            assert not users.at(league, 'east', 'volumes', 'v')
            league.house.roster.get('east').capabilities = known
            await league.ok('POST', '/volume/v3/volumes', body)

    virtual.run(main)


def test_an_administrator_of_the_league_acts_with_the_operators_credential() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            assert (await users.boot(league, 's'))[0] == 202
            assert (await users.boot(league, 'a', token='admin'))[0] == 202
            listed = (await league.ok('GET', '/compute/v2.1/servers?all_tenants=1', token='admin'))['servers']
            assert {each['name'] for each in listed} == {'s', 'a'}
            [server] = users.at(league, 'east', 'servers', 's')
            shown = (await league.ok('GET', f'/compute/v2.1/servers/{server["id"]}', token='admin'))['server']
            assert shown['tenant_id'] == house.league_id('demo')
            assert not any(house.league_id('user admin') == name for name, _, _ in grants(league, 'east'))

    virtual.run(main)


def test_a_reader_changes_nothing_at_any_site() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            assert (await users.boot(league, 's', token='demo_reader'))[0] == 403
            assert not users.at(league, 'east', 'servers', 's')
            assert (await league.ask('GET', '/compute/v2.1/servers', token='demo_reader'))[0] == 200

    virtual.run(main)


def test_one_login_serves_many_requests() -> None:
    async def main() -> None:
        tape = tap.Tape()
        async with house.league('east', wrap=tape.wrap) as league:
            made = (await users.boot(league, 's'))[2]['server']
            before = tape.count('POST', '/auth/tokens')
            for _ in range(50):
                await league.ok('GET', f'/compute/v2.1/servers/{made["id"]}')
            assert tape.count('POST', '/auth/tokens') == before
            assert before <= 5

    virtual.run(main)


def test_no_token_or_password_of_a_user_is_ever_sent_to_a_site() -> None:
    async def main() -> None:
        tape = tap.Tape()
        async with house.league(wrap=tape.wrap) as league:
            await users.image(league, 'mine')
            for zone in league.clouds:
                assert (await users.boot(league, zone, zone, image='mine'))[0] == 202
            body: dict[str, Any] = {'keypair': {'name': 'k'}}
            headers = {'x-service-token': 'token-admin', 'cookie': 'session=token-demo', 'authorization': 'Bearer token-demo'}
            await league.ok('POST', '/compute/v2.1/os-keypairs', body, headers=headers)
            await league.ok('GET', '/network/v2.0/agents', token='admin', headers=headers)
            assert len(tape.raw) > 10_000
            for user, *_ in house.USERS:
                assert f'token-{user}'.encode() not in tape.raw

    virtual.run(main)


LISTS = (
    '/compute/v2.1/servers', '/compute/v2.1/servers?all_tenants=1', '/compute/v2.1/limits', '/compute/v2.1/flavors', '/network/v2.0/networks',
    '/network/v2.0/security-groups', '/volume/v3/volumes', '/image/v2/images',
)  # fmt: skip


def give(league: League, name: str, user: str, project: str, *roles: str, system: bool = False) -> None:
    """A token of this name that says this and no more."""
    expires = league.clock.now() + 1e8
    told = Token(
        house.league_id(f'user {user}'), user, 'Default', house.league_id(project) if project else '', project, '',
        frozenset(roles), expires, system,
    )  # fmt: skip
    league.twin.add(f'token-{name}', told)


def test_a_token_without_a_project_opens_nothing_and_a_domains_administrator_is_no_administrator_here() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            assert (await users.boot(league, 's'))[0] == 202
            give(league, 'unscoped', 'demo', '')
            give(league, 'of a domain', 'heat_domain_admin', '', 'admin', 'member', 'reader')
            give(league, 'reading the system', 'auditor', '', 'reader', system=True)
            for name in ('unscoped', 'of a domain', 'reading the system'):
                assert [(await league.ask('GET', path, token=name))[0] for path in LISTS] == [403] * len(LISTS)
            give(league, 'of the system', 'admin', '', 'admin', 'member', 'reader', system=True)
            assert len((await league.ok('GET', '/compute/v2.1/servers?all_tenants=1', token='of the system'))['servers']) == 1

    virtual.run(main)


def test_what_was_not_delegated_is_not_done() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            assert (await users.boot(league, 's'))[0] == 202
            give(league, 'of a trust', 'admin', 'demo', 'member', 'reader')
            assert (await users.boot(league, 't', token='of a trust'))[0] == 202
            assert (await league.ask('GET', '/compute/v2.1/servers?all_tenants=1', token='of a trust'))[0] == 403
            assert (house.league_id('user admin'), house.league_id('demo'), 'member') in grants(league, 'east')
            give(league, 'of another role', 'demo', 'demo', 'heat_stack_owner')
            assert [(await league.ask('GET', path, token='of another role'))[0] for path in LISTS] == [403] * len(LISTS)
            give(league, 'to read', 'demo', 'demo', 'reader')
            assert (await users.boot(league, 'u', token='to read', image='cirros'))[0] == 403
            assert len((await league.ok('GET', '/compute/v2.1/servers', token='to read'))['servers']) == 2

    virtual.run(main)
