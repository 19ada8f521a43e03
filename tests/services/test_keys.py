"""Key pairs: made once per user, good at every site, and never taken for another user's."""

from __future__ import annotations

from tests import house, virtual
from tests.services import users

KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFoooooooooooooooooooooooooooooooooooooooooo'


def test_equal_names_of_two_users_never_meet_where_both_are_one_user() -> None:
    async def main() -> None:
        async with house.league(tenant=['east', 'west'], projects=('demo', 'alt_demo')) as league:
            made = {}
            for user in ('demo', 'alt_demo'):
                made[user] = (await league.ok('POST', '/compute/v2.1/os-keypairs', {'keypair': {'name': 'k'}}, token=user))['keypair']
                for zone in league.clouds:
                    status, _, told = await users.boot(league, f'{user}-{zone}', zone, user, key_name='k')
                    assert status == 202, told
            for site, cloud in league.clouds.items():
                keys = {doc['name']: doc['public_key'] for doc in cloud.state.keypairs.values()}
                assert sorted(keys.values()) == sorted(each['public_key'] for each in made.values())
                for user in made:
                    [server] = users.at(league, site, 'servers', f'{user}-{site}')
                    assert keys[server['key_name']] == made[user]['public_key']
            shown = await league.ok('GET', '/compute/v2.1/os-keypairs')
            assert [each['keypair']['name'] for each in shown['keypairs']] == ['k']
            await league.clock.sleep(60)
            servers = (await league.ok('GET', '/compute/v2.1/servers/detail'))['servers']
            assert {each['key_name'] for each in servers} == {'k'}

    virtual.run(main)


def test_a_deleted_key_is_gone_at_every_site() -> None:
    async def main() -> None:
        async with house.league() as league:
            await league.ok('POST', '/compute/v2.1/os-keypairs', {'keypair': {'name': 'my key', 'public_key': KEY}})
            for zone in league.clouds:
                status, _, told = await users.boot(league, zone, zone, key_name='my key')
                assert status == 202, told
            assert all(cloud.state.keypairs for cloud in league.clouds.values())
            await league.ok('DELETE', '/compute/v2.1/os-keypairs/my%20key')
            assert not any(cloud.state.keypairs for cloud in league.clouds.values())
            assert [each for each in await league.store.aliases() if each.kind == 'keypair'] == []

    virtual.run(main)


def test_an_administrator_makes_a_key_for_another_who_uses_it_at_every_site() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            user = (await league.ok('POST', '/compute/v2.1/os-keypairs', {'keypair': {'name': 'own'}}, version='2.10'))['keypair']['user_id']
            body = {'keypair': {'name': 'k', 'public_key': KEY, 'type': 'ssh', 'user_id': user}}
            new = '2.90'
            made = await league.ok('POST', '/compute/v2.1/os-keypairs', body, token='admin', version=new)
            assert made['keypair']['user_id'] == user
            assert (await league.ok('GET', '/compute/v2.1/os-keypairs', token='admin', version=new))['keypairs'] == []
            for zone in league.clouds:
                status, _, told = await users.boot(league, zone, zone, key_name='k')
                assert status == 202, told
            shown = await league.ok('GET', f'/compute/v2.1/os-keypairs/k?user_id={user}', token='admin', version=new)
            assert shown['keypair']['public_key'] == KEY
            assert (await league.ask('DELETE', f'/compute/v2.1/os-keypairs/k?user_id={user}', token='alt_demo', version=new))[0] == 403
            assert (await league.ask('DELETE', f'/compute/v2.1/os-keypairs/k?user_id={user}', token='admin', version=new))[0] == 204
            assert [key for cloud in league.clouds.values() for key in cloud.state.keypairs if key.endswith('/k')] == []

    virtual.run(main)


def test_what_the_operator_of_a_site_holds_for_a_user_is_not_the_key_of_his_shadow() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            keys = league.clouds['east'].state.keypairs
            await league.ok('POST', '/compute/v2.1/os-keypairs', {'keypair': {'name': 'k', 'public_key': KEY}}, token='admin')
            assert (await users.boot(league, 's', 'east', 'admin', key_name='k'))[0] == 202
            [held] = keys.values()
            assert held['name'].startswith('k-')
            servers = (await league.ok('GET', '/compute/v2.1/servers/detail', token='admin'))['servers']
            assert [each['key_name'] for each in servers] == ['k']
            assert (await league.ask('DELETE', '/compute/v2.1/os-keypairs/k', token='admin'))[0] == 202
            assert not keys

    virtual.run(main)
