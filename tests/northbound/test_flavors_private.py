"""Private flavors: in the lists of those who may use them, at every site, and nobody else's."""

from __future__ import annotations

from typing import Any

from hansa.sites.sim import flavors
from tests import house, virtual

C = '/compute/v2.1'
DEMO, ALT = house.league_id('demo'), house.league_id('alt_demo')


async def private(league: house.League) -> str:
    """A flavor of the league's administrator; its id."""
    body = {'flavor': {'name': 'p', 'ram': 64, 'vcpus': 1, 'disk': 1, 'id': 'p', 'os-flavor-access:is_public': False}}
    return str((await league.ok('POST', f'{C}/flavors', body, token='admin'))['flavor']['id'])


async def names(league: house.League, token: str) -> set[str]:
    """What a user's list has."""
    return {each['name'] for each in (await league.ok('GET', f'{C}/flavors', token=token))['flavors']}


async def boot(league: house.League, flavor: str, zone: str, token: str = 'demo') -> int:
    """The status of a create."""
    image = (await league.ok('GET', '/image/v2/images?name=cirros'))['images'][0]['id']
    body: dict[str, Any] = {'name': 's', 'imageRef': image, 'flavorRef': flavor, 'availability_zone': zone, 'networks': 'none'}
    return (await league.ask('POST', f'{C}/servers', {'server': body}, version='2.37', token=token))[0]


def test_a_project_that_is_let_in_sees_it_everywhere() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            id = await private(league)
            assert 'p' not in await names(league, 'demo')
            assert (await league.ask('GET', f'{C}/flavors/{id}'))[0] == 404
            assert await boot(league, id, 'east') == 400
            let = await league.ok('POST', f'{C}/flavors/{id}/action', {'addTenantAccess': {'tenant': DEMO}}, token='admin')
            assert let == {'flavor_access': [{'flavor_id': id, 'tenant_id': DEMO}]}
            assert 'p' in await names(league, 'demo')
            assert 'p' not in await names(league, 'alt_demo')
            assert (await league.ask('GET', f'{C}/flavors/{id}'))[0] == 200
            assert (await league.ask('GET', f'{C}/flavors/{id}', token='alt_demo'))[0] == 404
            assert [await boot(league, id, zone) for zone in ('east', 'west')] == [202, 202]
            assert await boot(league, id, 'east', 'alt_demo') == 400
            await league.ok('POST', f'{C}/flavors/{id}/action', {'addTenantAccess': {'tenant': ALT}}, token='admin')
            listed = await league.ok('GET', f'{C}/flavors/{id}/os-flavor-access', token='admin')
            assert {each['tenant_id'] for each in listed['flavor_access']} == {DEMO, ALT}
            await league.ok('POST', f'{C}/flavors/{id}/action', {'removeTenantAccess': {'tenant': DEMO}}, token='admin')
            assert 'p' not in await names(league, 'demo')
            assert await boot(league, id, 'west') == 400
            for method, path in (('GET', 'os-flavor-access'), ('POST', 'action')):
                assert (await league.ask(method, f'{C}/flavors/{id}/{path}', {'addTenantAccess': {'tenant': DEMO}}, token='alt_demo'))[0] == 403

    virtual.run(main)


def test_access_that_a_site_gave_is_learned_and_holds_at_the_others() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await names(league, 'demo')
            await league.ok('GET', f'{C}/limits')
            state = league.clouds['east'].state
            made = flavors.record(state, {'name': 'q', 'ram': 64, 'vcpus': 1, 'disk': 1, 'id': 'q', 'os-flavor-access:is_public': False})
            local = next(project['id'] for project in state.projects.values() if project['name'] == DEMO)
            made['_access'] = [local]
            await league.house.flock.catch_up('east')
            await league.clock.sleep(70)
            assert 'q' in await names(league, 'demo')
            assert 'q' not in await names(league, 'alt_demo')
            assert await boot(league, 'q', 'west') == 202
            made['_access'] = []
            for flavor in league.clouds['west'].state.flavors.values():
                flavor['_access'] = []
            await league.clock.sleep(70)
            assert 'q' not in await names(league, 'demo')

    virtual.run(main)


def test_what_a_tenants_project_may_use_all_whom_it_serves_may_use() -> None:
    async def main() -> None:
        async with house.league('west', tenant=('west',)) as league:
            state = league.clouds['west'].state
            made = flavors.record(state, {'name': 'r', 'ram': 64, 'vcpus': 1, 'disk': 1, 'id': 'r', 'os-flavor-access:is_public': False})
            made['_access'] = [project['id'] for project in state.projects.values() if project['name'] == 'demo']
            await league.house.flock.catch_up('west')
            assert (await league.ask('GET', f'{C}/flavors/r'))[0] == 200
            assert 'r' in await names(league, 'demo')
            assert (await league.ask('GET', f'{C}/flavors/r', token='alt_demo'))[0] == 404

    virtual.run(main)
