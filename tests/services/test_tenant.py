"""A site used as a tenant: one project there stands for one of the league, or for several, which must not see each other."""

from __future__ import annotations

from typing import Any

from hansa.ports.site import OPERATOR, SiteRequest
from tests import house, virtual
from tests.house import League
from tests.services import users

SHARED = ('demo', 'alt_demo')


async def network(league: League, name: str, token: str = 'demo') -> dict[str, Any]:
    made: dict[str, Any] = (await league.ok('POST', '/network/v2.0/networks', {'network': {'name': name}}, token=token))['network']
    subnet = {'network_id': made['id'], 'cidr': '10.9.0.0/24', 'ip_version': 4}
    await league.ok('POST', '/network/v2.0/subnets', {'subnet': subnet}, token=token)
    return made


async def server(league: League, name: str, network: str, token: str = 'demo', **more: Any) -> dict[str, Any]:
    flavors = (await league.ok('GET', '/compute/v2.1/flavors', token=token))['flavors']
    images = (await league.ok('GET', '/image/v2/images?name=cirros', token=token))['images']
    tiny = next(flavor['id'] for flavor in flavors if flavor['name'] == 'm1.tiny')
    body = {'name': name, 'flavorRef': tiny, 'imageRef': images[0]['id'], 'networks': [{'uuid': network}], **more}
    made: dict[str, Any] = (await league.ok('POST', '/compute/v2.1/servers', {'server': body}, token=token))['server']
    return made


async def names(league: League, path: str, plural: str, token: str) -> set[str]:
    return {each['name'] for each in (await league.ok('GET', path, token=token))[plural]}


async def made_behind(league: League, name: str) -> None:
    """A network made at east by its own user, not through the league."""
    site = league.house.roster.get('east').site
    request = SiteRequest('network', 'POST', '/networks', '', [('Content-Type', 'application/json')], b'{"network":{"name":"%s"}}' % name.encode())
    answer = await site.send(request, OPERATOR, 10)
    assert answer.status == 201
    await answer.close()
    await league.clock.sleep(60)


def test_with_one_project_all_that_is_there_belongs_to_it() -> None:
    async def main() -> None:
        async with house.league('east', tenant=['east']) as league:
            await made_behind(league, 'found')
            assert await names(league, '/network/v2.0/networks', 'networks', 'demo') >= {'found', 'private'}
            assert 'found' not in await names(league, '/network/v2.0/networks', 'networks', 'alt_demo')
            private = (await league.ok('GET', '/network/v2.0/networks?name=private'))['networks'][0]
            assert private['project_id'] == house.league_id('demo')
            assert (await league.ask('GET', f'/network/v2.0/networks/{private["id"]}', token='alt_demo'))[0] == 404

    virtual.run(main)


def test_with_several_each_sees_what_it_made_and_nobody_the_rest() -> None:
    async def main() -> None:
        async with house.league('east', tenant=['east'], projects=SHARED) as league:
            await made_behind(league, 'found')
            for user in SHARED:
                net = await network(league, f'net-{user}', user)
                assert net['project_id'] == house.league_id(user)
                made = await server(league, f'server-{user}', net['id'], user)
                shown = (await league.ok('GET', f'/compute/v2.1/servers/{made["id"]}', token=user))['server']
                assert shown['tenant_id'] == house.league_id(user)
            await league.clock.sleep(60)
            for user in SHARED:
                assert await names(league, '/compute/v2.1/servers', 'servers', user) == {f'server-{user}'}
                assert await names(league, '/network/v2.0/networks', 'networks', user) == {f'net-{user}', 'public'}
                ports = (await league.ok('GET', '/network/v2.0/ports', token=user))['ports']
                assert {port['project_id'] for port in ports} == {house.league_id(user)}
            assert 'found' in await names(league, '/network/v2.0/networks', 'networks', 'admin')

    virtual.run(main)


def test_what_another_made_cannot_be_read_changed_or_referred_to() -> None:
    async def main() -> None:
        async with house.league('east', tenant=['east'], projects=SHARED) as league:
            net = await network(league, 'mine')
            made = await server(league, 'mine', net['id'])
            volume = (await league.ok('POST', '/volume/v3/volumes', {'volume': {'size': 1, 'name': 'v'}}))['volume']
            await league.clock.sleep(30)
            for path in (f'/compute/v2.1/servers/{made["id"]}', f'/volume/v3/volumes/{volume["id"]}', f'/network/v2.0/networks/{net["id"]}'):
                for method in ('GET', 'DELETE'):
                    assert (await league.ask(method, path, token='alt_demo'))[0] == 404, (method, path)
            body = {'name': 'x', 'flavorRef': '1', 'networks': [{'uuid': net['id']}], 'imageRef': ''}
            assert (await league.ask('POST', '/compute/v2.1/servers', {'server': body}, token='alt_demo'))[0] == 400
            theirs = await network(league, 'theirs', 'alt_demo')
            other = await server(league, 'theirs', theirs['id'], 'alt_demo')
            path = f'/compute/v2.1/servers/{other["id"]}/os-volume_attachments'
            attach = {'volumeAttachment': {'volumeId': volume['id']}}
            assert (await league.ask('POST', path, attach, token='alt_demo'))[0] == 400

    virtual.run(main)


def test_who_owns_what_outlives_the_object_by_nothing() -> None:
    async def main() -> None:
        async with house.league('east', tenant=['east'], projects=SHARED) as league:
            before = await league.store.aliases()
            volume = (await league.ok('POST', '/volume/v3/volumes', {'volume': {'size': 1, 'name': 'v'}}))['volume']
            assert len(await league.store.aliases()) == len(before) + 1
            await league.clock.sleep(30)
            await league.ok('DELETE', f'/volume/v3/volumes/{volume["id"]}')
            await league.clock.sleep(60)
            assert await league.store.aliases() == before

    virtual.run(main)


def test_groups_of_one_name_are_told_apart() -> None:
    async def main() -> None:
        async with house.league('east', 'west', tenant=['east', 'west'], projects=SHARED) as league:
            for number, user in enumerate(SHARED):
                group = await users.group(league, 'web', user)
                await users.rule(league, group, 80 + number, token=user)
                for site in league.clouds:
                    hints = [site]
                    body = {'network': {'name': f'{user}-{site}', 'availability_zone_hints': hints}}
                    net = (await league.ok('POST', '/network/v2.0/networks', body, token=user))['network']
                    subnet = {'network_id': net['id'], 'cidr': '10.9.0.0/24', 'ip_version': 4}
                    await league.ok('POST', '/network/v2.0/subnets', {'subnet': subnet}, token=user)
                    await server(league, f's-{user}-{site}', net['id'], user, security_groups=[{'name': 'web'}])
            await league.clock.sleep(60)
            for number, user in enumerate(SHARED):
                for site, cloud in league.clouds.items():
                    state = cloud.state
                    [made] = users.at(league, site, 'servers', f's-{user}-{site}')
                    [port] = [each for each in state.ports.values() if each['device_id'] == made['id']]
                    [group] = port['security_groups']
                    through = [
                        each['port_range_min']
                        for each in state.security_group_rules.values()
                        if each['security_group_id'] == group and each.get('port_range_min')
                    ]
                    assert through == [80 + number]
                listed = (await league.ok('GET', '/network/v2.0/security-groups?name=web', token=user))['security_groups']
                assert len(listed) == 1

    virtual.run(main)
