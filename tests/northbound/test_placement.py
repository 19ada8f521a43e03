"""Every endpoint of the placement API over two clouds, as administrators look at them, and what is refused."""

from __future__ import annotations

from tests import house, virtual
from tests.northbound import forms
from tests.northbound.story import Step, tell

P, C = '/placement', '/compute/v2.1'
NOWHERE = '11111111-1111-4111-8111-111111111111'


def look(path: str, status: int = 200, **more: object) -> Step:
    """An administrator's GET."""
    return Step(f'GET {P}{path}', status, who='admin', **more)  # type: ignore[arg-type]  # what is more is Step's


STEPS = (
    Step(f'GET {P}/', 200, who='', has={'versions': [{'min_version': '1.0', 'max_version': '1.39', 'links': [{'href': 'http://league.test/placement/'}]}]}),
    look('/resource_providers', has={'resource_providers': [{'name': 'east-compute-1'}, {'name': 'west-compute-1'}]}),
    look('/resource_providers?name=west-compute-1', keep='rp=resource_providers.0.uuid'),
    look('/resource_providers?name=nope', has={'resource_providers': []}),
    look('/resource_providers?resources=CUSTOM_NOPE:1', 400),
    look('/resource_providers/$rp', version='1.14', has={'name': 'west-compute-1', 'links': [{'href': '/placement/resource_providers/$rp'}]}),
    look(f'/resource_providers/{NOWHERE}', 404),
    look('/resource_providers/nope', 404),
    look('/resource_providers/$rp/inventories', has={'inventories': {'VCPU': {'total': 64}}}),
    look('/resource_providers/$rp/inventories/VCPU', has={'total': 64}),
    look('/resource_providers/$rp/usages', has={'usages': {'VCPU': 1}}),
    look('/resource_providers/$rp/aggregates', version='1.19'),
    look('/resource_providers/$rp/traits', version='1.6', has={'traits': ['COMPUTE_NODE']}),
    look('/resource_providers/$rp/allocations', has={'allocations': {'$west': {}}}),
    look('/resource_classes', version='1.2', has={'resource_classes': [{'name': 'CUSTOM_EAST', 'links': [{'href': '/placement/resource_classes/CUSTOM_EAST'}]}]}),
    look('/resource_classes/CUSTOM_WEST', version='1.2', has={'name': 'CUSTOM_WEST'}),
    look('/resource_classes/CUSTOM_SOUTH', 404, version='1.2'),
    look('/traits', version='1.6', has={'traits': ['CUSTOM_EAST', 'CUSTOM_WEST']}),
    look('/traits/CUSTOM_WEST', 204, version='1.6'),
    look('/traits/CUSTOM_SOUTH', 404, version='1.6'),
    look('/usages', 400, version='1.9'),
    look('/usages?project_id=$project', version='1.9', has={'usages': {'VCPU': 2}}),
    look('/allocations/$west', version='1.12', has={'allocations': {'$rp': {'resources': {'VCPU': 1}}}, 'project_id': '$project'}),
    look(f'/allocations/{NOWHERE}', has={'allocations': {}}),
    look('/allocation_candidates?resources=VCPU:1', version='1.12', has={'provider_summaries': {'$rp': {}}}),
    look('/allocation_candidates?resources=VCPU:1&limit=1', version='1.16', keep='first=provider_summaries'),
    look('/allocation_candidates?resources=CUSTOM_NOPE:1', 400, version='1.12'),
    *(
        Step(f'{method} {P}/{path}', 403, {}, who=who, has={'errors': [{'status': 403, 'title': 'Forbidden'}]})
        for who in ('demo', 'admin')
        for method, path in (
            ('POST', 'resource_providers'), ('PUT', 'resource_providers/$rp/inventories'), ('POST', 'resource_classes'), ('DELETE', 'resource_classes/A'),
            ('PUT', 'traits/CUSTOM_A'), ('POST', 'allocations'), ('DELETE', f'allocations/{NOWHERE}'), ('POST', 'reshaper'),
            ('POST', 'traits'), ('POST', 'reshaper/a'),
        )
    ),
    *(Step(f'GET {P}/{path}', 403) for path in ('resource_providers', 'resource_providers/$rp', 'traits', 'usages?project_id=$project')),
)  # fmt: skip


async def booted(league: house.League) -> str:
    """A server at each site; the id of the west's."""
    image = (await league.ok('GET', '/image/v2/images?name=cirros'))['images'][0]['id']
    flavor = next(each['id'] for each in (await league.ok('GET', f'{C}/flavors'))['flavors'] if each['name'] == 'm1.tiny')
    id = ''
    for zone in ('east', 'west'):
        body = {'server': {'name': zone, 'imageRef': image, 'flavorRef': flavor, 'availability_zone': zone, 'networks': 'none'}}
        id = (await league.ok('POST', f'{C}/servers', body, version='2.37'))['server']['id']
    await league.clock.sleep(10)
    return str(id)


def test_every_endpoint_of_placement() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            west = await booted(league)
            assert await tell(league, 'placement', STEPS, project=house.league_id('demo'), west=west) == []

    virtual.run(main)


def test_candidates_are_of_all_sites_and_as_many_as_asked_for() -> None:
    async def main() -> None:
        async with house.league('east', 'west', 'north') as league:
            for limit in (1, 2, 3, 9):
                query = f'resources=VCPU:1&limit={limit}'
                body = await league.ok('GET', f'{P}/allocation_candidates?{query}', token='admin', version='1.16')
                assert len(body['allocation_requests']) == len(body['provider_summaries']) == min(limit, 3)
            custom = await league.ok('GET', f'{P}/resource_providers?resources=VCPU:65', token='admin', version='1.4')
            assert custom == {'resource_providers': []}

    virtual.run(main)


def test_errors_have_placements_form() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            for path, token, version, status in (
                ('/resource_providers', '', '', 401), ('/resource_providers', 'demo', '', 403), ('/nope', 'admin', '', 404),
                ('/usages/a/b', 'admin', '', 404), ('/resource_providers', 'admin', '1.40', 406), ('/resource_providers', 'admin', 'x', 400),
            ):  # fmt: skip
                got, headers, body = await league.ask('GET', f'{P}{path}', token=token, version=version)
                assert got == status, body
                assert forms.is_fault('placement', status, body), body
                assert status != 406 or body['errors'][0]['max_version'] == '1.39'
            _, headers, _ = await league.ask('GET', f'{P}/traits', token='admin', version='1.10')
            assert headers['openstack-api-version'] == 'placement 1.10'

    virtual.run(main)


def test_of_a_tenant_nothing_is_shown() -> None:
    async def main() -> None:
        async with house.league('east', 'west', tenant=('west',)) as league:
            found = await league.ok('GET', f'{P}/resource_providers', token='admin')
            assert [each['name'] for each in found['resource_providers']] == ['east-compute-1']
        async with house.league('west', tenant=('west',)) as league:
            status, _, body = await league.ask('GET', f'{P}/resource_providers', token='admin')
            assert (status, 'west (is used as a tenant)' in body['errors'][0]['detail']) == (404, True)

    virtual.run(main)
