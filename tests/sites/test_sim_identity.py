"""The simulated Keystone: tokens, scopes, roles, and who may do what."""

from __future__ import annotations

from hansa.sites.sim.clock import HandClock
from hansa.sites.sim.cloud import SimCloud
from tests.sites.sim_user import User, another, played


def test_a_token_names_its_project_its_roles_and_a_catalog_on_the_clouds_own_host() -> None:
    async def play(user: User) -> None:
        token = await user.login()
        assert {role['name'] for role in token['roles']} == {'member', 'reader'}
        urls = {end['url'] for service in token['catalog'] for end in service['endpoints']}
        assert f'http://east.sim/volume/v3/{user.project_id}' in urls
        assert all(url.startswith('http://east.sim/') for url in urls)

    played(play)


def test_a_wrong_password_and_a_foreign_project_are_401() -> None:
    async def play(user: User) -> None:
        named = {'name': 'demo', 'domain': {'name': 'Default'}, 'password': 'wrong'}
        auth: dict[str, object] = {'identity': {'methods': ['password'], 'password': {'user': named}}}
        assert (await user.ask('POST', 'identity', '/auth/tokens', {'auth': auth}))[0] == 401
        right = {'methods': ['password'], 'password': {'user': named | {'password': 'secret'}}}
        scope = {'project': {'name': 'alt_demo', 'domain': {'id': 'default'}}}
        assert (await user.ask('POST', 'identity', '/auth/tokens', {'auth': {'identity': right, 'scope': scope}}))[0] == 401

    played(play)


def test_tokens_expire_and_are_revoked() -> None:
    async def play(user: User) -> None:
        assert (await user.ask('GET', 'compute', '/servers'))[0] == 200
        user.clock.advance(5 * 3600)
        assert (await user.ask('GET', 'compute', '/servers'))[0] == 401
        await user.login()
        gone = await user.ask('DELETE', 'identity', '/auth/tokens', headers={'X-Subject-Token': user.token})
        assert gone[0] == 204
        assert (await user.ask('GET', 'network', '/networks'))[0] == 401

    played(play)


def test_an_application_credential_gives_a_token_of_its_project() -> None:
    async def play(user: User) -> None:
        path = f'/users/{user.user_id}/application_credentials'
        _, made = await user.ask('POST', 'identity', path, {'application_credential': {'name': 'robot'}})
        given = {key: made['application_credential'][key] for key in ('id', 'secret')}
        identity = {'methods': ['application_credential'], 'application_credential': given}
        status, doc = await user.ask('POST', 'identity', '/auth/tokens', {'auth': {'identity': identity}})
        assert (status, doc['token']['project']['id']) == (201, user.project_id)

    played(play)


def test_only_admins_make_projects_users_and_grants() -> None:
    async def play(user: User) -> None:
        admin = await another(user, 'admin', 'admin')
        body = {'project': {'name': 'fresh'}}
        assert (await user.ask('POST', 'identity', '/projects', body))[0] == 403
        _, project = await admin.ask('POST', 'identity', '/projects', body)
        assert (await admin.ask('POST', 'identity', '/projects', body))[0] == 409
        _, made = await admin.ask('POST', 'identity', '/users', {'user': {'name': 'anna', 'password': 'secret'}})
        role = await admin.named('identity', '/roles', 'roles', 'member')
        path = f'/projects/{project["project"]["id"]}/users/{made["user"]["id"]}/roles/{role["id"]}'
        assert (await admin.ask('PUT', 'identity', path))[0] == 204
        anna = await another(user, 'anna', 'fresh')
        assert (await anna.ask('GET', 'compute', '/servers'))[1] == {'servers': []}
        assert (await admin.ask('DELETE', 'identity', f'/users/{anna.user_id}'))[0] == 204
        assert (await anna.ask('GET', 'compute', '/servers'))[0] == 401

    played(play)


def test_a_reader_reads_and_changes_nothing() -> None:
    async def play(user: User) -> None:
        assert (await user.ask('GET', 'network', '/networks'))[0] == 200
        assert (await user.ask('POST', 'network', '/networks', {'network': {'name': 'x'}}))[0] == 403
        assert (await user.ask('POST', 'volume', '/volumes', {'volume': {'size': 1}}))[0] == 403

    played(play, 'demo_reader')


def test_the_same_seed_gives_the_same_ids_and_other_names_others() -> None:
    one, two, west = (SimCloud(name, HandClock()) for name in ('east', 'east', 'west'))
    assert list(one.state.networks) == list(two.state.networks)
    assert not set(one.state.networks) & set(west.state.networks)
    assert list(west.state.flavors)[:3] == ['w-10', 'w-20', 'w-30']
