"""Every endpoint of the network API over two clouds, as its clients use it."""

from __future__ import annotations

from tests import house, virtual
from tests.northbound.story import Step, tell

N = '/network/v2.0'
PROJECT = house.league_id('demo')

OBJECTS = (
    Step('GET /network/', 200, who='', has={'versions': [{'id': 'v2.0', 'links': [{'href': 'http://league.test/network/v2.0/'}]}]}),
    Step(f'GET {N}', 200, who='', has={'resources': [{'name': 'network'}]}),
    Step(f'POST {N}/networks', 201, {'network': {'name': 'n', 'availability_zone_hints': ['west']}}, keep='n=network.id'),
    Step(f'GET {N}/networks?name=n', 200, has={'networks': [{'id': '$n', 'availability_zones': ['west']}]}),
    Step(f'GET {N}/networks?name=n@east', 200, has={'networks': []}),
    Step(f'GET {N}/networks?name=n@west&fields=id', 200, has={'networks': [{'id': '$n'}]}),
    Step(f'GET {N}/networks/$n', 200, has={'network': {'name': 'n', 'project_id': PROJECT}}),
    Step(f'GET {N}/networks/n@west', 200, has={'network': {'id': '$n'}}),
    Step(f'GET {N}/networks/n', 404),
    Step(f'PUT {N}/networks/$n', 200, {'network': {'description': 'd'}}),
    Step(f'PUT {N}/networks/$n', 403, {'network': {'description': 'd'}}, who='demo_reader'),
    Step(f'PUT {N}/networks/$n/tags/t', 201),
    Step(f'GET {N}/networks?tags=t', 200, has={'networks': [{'id': '$n'}]}),
    Step(f'POST {N}/networks', 201, {'networks': [{'name': 'a'}, {'name': 'b', 'availability_zone_hints': ['east']}]}),
    Step(f'GET {N}/networks?name=a&name=b', 200, has={'networks': [{'name': 'a'}, {'name': 'b'}]}),
    Step(f'POST {N}/networks', 400, {'networks': [{'name': 'c'}, {'name': 'd', 'availability_zone_hints': ['nowhere']}]}),
    Step(f'GET {N}/networks?name=c', 200, has={'networks': []}),
    Step(f'POST {N}/subnets', 201, {'subnet': {'network_id': '$n', 'cidr': '10.9.0.0/24', 'ip_version': 4}}, keep='s=subnet.id'),
    Step(f'GET {N}/subnets', 200, has={'subnets': [{'id': '$s'}]}),
    Step(f'GET {N}/subnets/$s', 200, has={'subnet': {'cidr': '10.9.0.0/24'}}),
    Step(f'GET {N}/subnets/$s/tags', 200, has={'tags': []}),
    Step(f'POST {N}/ports', 201, {'port': {'network_id': '$n', 'name': 'p'}}, keep='p=port.id'),
    Step(f'GET {N}/ports?network_id=$n', 200, has={'ports': [{'id': '$p', 'name': 'p'}]}),
    Step(f'PUT {N}/ports/$p', 200, {'port': {'name': 'q'}}, has={'port': {'name': 'q'}}),
    Step(f'GET {N}/ports/$p/tags', 200),
    Step(f'POST {N}/routers', 201, {'router': {'name': 'r', 'availability_zone_hints': ['west']}}, keep='r=router.id'),
    Step(f'PUT {N}/routers/$r/add_router_interface', 200, {'subnet_id': '$s'}),
    Step(f'GET {N}/networks?router:external=true&name=public@west', 200, keep='x=networks.0.id'),
    Step(f'GET {N}/networks?router:external=true&name=public@east', 200, keep='y=networks.0.id'),
    Step(f'PUT {N}/routers/$r', 400, {'router': {'external_gateway_info': {'network_id': '$y'}}}),
    Step(f'PUT {N}/routers/$r', 200, {'router': {'external_gateway_info': {'network_id': '$x'}}}),
    Step(f'GET {N}/routers', 200, has={'routers': [{'id': '$r', 'external_gateway_info': {'network_id': '$x'}}]}),
    Step(f'GET {N}/routers/$r', 200),
    Step(f'POST {N}/floatingips', 201, {'floatingip': {'floating_network_id': '$x', 'port_id': '$p'}}, keep='f=floatingip.id'),
    Step(f'GET {N}/floatingips?port_id=$p', 200, has={'floatingips': [{'id': '$f'}]}),
    Step(f'GET {N}/floatingips/$f', 200),
    Step(f'GET {N}/floatingips/$f/tags', 200),
    Step(f'DELETE {N}/floatingips/$f', 204),
    Step(f'GET {N}/floatingips', 200, has={'floatingips': []}),
)

GROUPS = (
    Step(f'POST {N}/security-groups', 201, {'security_group': {'name': 'g'}}, keep='g=security_group.id'),
    Step(f'GET {N}/security-groups?name=g', 200, has={'security_groups': [{'id': '$g'}]}),
    Step(f'PUT {N}/security-groups/$g', 200, {'security_group': {'description': 'd'}}),
    Step(f'GET {N}/security-groups/$g', 200, has={'security_group': {'description': 'd'}}),
    Step(f'PUT {N}/security-groups/$g/tags/t', 201),
    Step(
        f'POST {N}/security-group-rules',
        201,
        {'security_group_rule': {'security_group_id': '$g', 'direction': 'ingress', 'protocol': 'tcp', 'port_range_min': 22,
                                 'port_range_max': 22}},
        keep='rule=security_group_rule.id',
    ),
    Step(
        f'POST {N}/security-group-rules',
        201,
        {'security_group_rules': [
            {'security_group_id': '$g', 'direction': 'ingress', 'protocol': 'udp'},
            {'security_group_id': '$g', 'direction': 'ingress', 'protocol': 'icmp'},
        ]},
        has={'security_group_rules': [{'protocol': 'udp'}, {'protocol': 'icmp'}]},
    ),
    Step(f'GET {N}/security-group-rules?security_group_id=$g&protocol=udp', 200, has={'security_group_rules': [{'protocol': 'udp'}]}),
    Step(f'GET {N}/security-group-rules/$rule', 200, has={'security_group_rule': {'port_range_min': 22}}),
    Step(f'GET {N}/security-group-rules/$rule', 404, who='alt_demo'),
    Step(f'PUT {N}/ports/$p', 200, {'port': {'security_groups': ['$g']}}),
    Step(f'DELETE {N}/security-groups/$g', 409),
    Step(f'PUT {N}/ports/$p', 200, {'port': {'security_groups': []}}),
    Step(f'DELETE {N}/security-group-rules/$rule', 204),
    Step(f'GET {N}/security-group-rules/$rule', 404),
    Step(f'DELETE {N}/security-groups/$g', 204),
    Step(f'GET {N}/security-groups/$g', 404),
)  # fmt: skip

SUMS = (
    Step(f'GET {N}/extensions', 200, has={'extensions': [{'alias': 'router'}, {'alias': 'network_availability_zone'}]}),
    Step(f'GET {N}/extensions/router', 200, has={'extension': {'alias': 'router'}}),
    Step(f'GET {N}/extensions/nothing', 404),
    Step(f'GET {N}/availability_zones', 200, has={'availability_zones': [{'name': 'east', 'resource': 'router'}]}),
    Step(f'GET {N}/quotas', 200, who='admin', has={'quotas': []}),
    Step(f'GET {N}/quotas/{PROJECT}', 200, has={'quota': {'network': 200}}),
    Step(f'GET {N}/quotas/{PROJECT}/default', 200, has={'quota': {'network': 200}}),
    Step(f'PUT {N}/quotas/{PROJECT}', 200, {'quota': {'network': 31}}, who='admin', has={'quota': {'network': 31}}),
    Step(f'DELETE {N}/quotas/{PROJECT}', 204, who='admin'),
    Step(f'GET {N}/quotas/{PROJECT}', 200, has={'quota': {'network': 200}}),
    Step(f'GET {N}/subnetpools', 200, has={'subnetpools': [{}]}, keep='pool=subnetpools.0.id'),
    Step(f'GET {N}/subnetpools/$pool', 200, has={'subnetpool': {'id': '$pool'}}),
    Step(f'GET {N}/subnetpools/$pool/tags', 200),
    Step(f'POST {N}/address-groups', 404, {'address_group': {'name': 'a'}}),
    Step(f'GET {N}/trunks', 404),
    Step(f'GET {N}/floatingips/$pool/port_forwardings', 404),
    Step(f'GET {N}/agents', 200, has={'agents': []}),
    Step(f'GET {N}/service-providers', 200, has={'service_providers': [{'name': 'single_node'}]}),
    Step(f'GET {N}/default-security-group-rules', 404),
    Step(f'POST {N}/default-security-group-rules', 403, {'default_security_group_rule': {}}),
    *(Step(f'{method} {N}/default-security-group-rules/$pool{more}', 404, who='admin') for method in ('GET', 'DELETE') for more in ('', '/x')),
    Step(f'GET {N}/auto-allocated-topology/{PROJECT}', 404),
    Step(f'GET {N}/qos/rule-types/bandwidth_limit', 404),
    Step(f'POST {N}/rbac-policies', 400, {'policy': {}}),
    Step(f'GET {N}/rbac-policies', 200, has={'rbac_policies': []}),
    Step(f'DELETE {N}/rbac-policies/$pool', 404),
    Step(f'GET {N}/qos/policies', 404),
    Step(f'POST {N}/qos/policies', 404, {'policy': {'name': 'p'}}, who='admin'),
    Step(f'GET {N}/qos/policies/$pool', 404),
    Step(f'GET {N}/qos/policies/$pool/bandwidth_limit_rules', 404),
    *(
        Step(f'{method} {N}/{family}/things{more}', 404, body)
        for family in ('bgpvpn', 'fwaas', 'lbaas', 'log', 'metering', 'sfc', 'taas', 'vpn')
        for method, more, body in (('GET', '', None), ('POST', '', {'thing': {}}), ('GET', '/$pool', None), ('GET', '/$pool/x', None))
    ),
    Step(f'PUT {N}/routers/$r/remove_router_interface', 200, {'subnet_id': '$s'}),
    Step(f'DELETE {N}/ports/$p', 204),
    Step(f'DELETE {N}/networks/$n', 204),
    Step(f'GET {N}/networks/$n', 404),
    Step(f'GET {N}/subnets/$s', 404),
)


def test_every_endpoint_of_network() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            assert await tell(league, 'network', (*OBJECTS, *GROUPS, *SUMS)) == []

    virtual.run(main)


def test_a_network_that_is_lent_is_in_the_lists_of_whom_it_is_lent_to() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            asked = {'network': {'name': 'lent', 'availability_zone_hints': ['west']}}
            network = (await league.ok('POST', f'{N}/networks', asked))['network']['id']
            subnet = {'subnet': {'network_id': network, 'cidr': '10.9.0.0/24', 'ip_version': 4}}
            await league.ok('POST', f'{N}/subnets', subnet)

            async def seen(who: str) -> tuple[list[str], int]:
                networks = (await league.ok('GET', f'{N}/networks?name=lent', token=who))['networks']
                assert all(each['shared'] for each in networks)
                return [each['id'] for each in networks], len((await league.ok('GET', f'{N}/subnets?network_id={network}', token=who))['subnets'])

            assert await seen('alt_demo') == ([], 0)
            policy = {'object_type': 'network', 'object_id': network, 'action': 'access_as_shared', 'target_tenant': house.league_id('alt_demo')}
            made = (await league.ok('POST', f'{N}/rbac-policies', {'rbac_policy': policy}))['rbac_policy']
            assert made | policy == made
            assert await seen('alt_demo') == ([network], 1)
            port = (await league.ok('POST', f'{N}/ports', {'port': {'network_id': network}}, token='alt_demo'))['port']
            await league.ok('DELETE', f'{N}/ports/{port["id"]}', token='alt_demo')
            await league.ok('DELETE', f'{N}/rbac-policies/{made["id"]}')
            assert await seen('alt_demo') == ([], 0)

    virtual.run(main)


def test_nothing_is_lent_at_a_site_that_knows_one_project() -> None:
    async def main() -> None:
        async with house.league('east', 'west', tenant=['west']) as league:
            asked = {'network': {'name': 'n', 'availability_zone_hints': ['west']}}
            network = (await league.ok('POST', f'{N}/networks', asked))['network']['id']
            policy = {'object_type': 'network', 'object_id': network, 'action': 'access_as_shared', 'target_tenant': house.league_id('alt_demo')}
            status, _, told = await league.ask('POST', f'{N}/rbac-policies', {'rbac_policy': policy})
            assert (status, 'Site west' in told['NeutronError']['message']) == (501, True)

    virtual.run(main)


def test_what_one_site_has_goes_there_and_what_none_has_is_refused_with_the_reason() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            group = {'address_group': {'name': 'a'}}
            status, _, told = await league.ask('POST', f'{N}/address-groups', group)
            assert (status, told['NeutronError']['type']) == (404, 'HTTPNotFound')
            assert 'No site of the league (east, west) has address groups: Neutron extension address-group.' in told['NeutronError']['message']
            league.clouds['west'].state.extensions.add('address-group')
            await league.house.flock.catch_up('west')
            made = (await league.ok('POST', f'{N}/address-groups', group))['address_group']['id']
            assert made in league.clouds['west'].state.address_groups
            assert [each['id'] for each in (await league.ok('GET', f'{N}/address-groups'))['address_groups']] == [made]
            assert (await league.ok('PUT', f'{N}/address-groups/{made}', {'address_group': {'name': 'b'}}))['address_group']['name'] == 'b'
            status, _, told = await league.ask('GET', f'{N}/extensions/address-group')
            assert (status, 'only at west' in told['NeutronError']['message']) == (404, True)

    virtual.run(main)


def test_pages_of_subnet_pools_go_both_ways() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            for number in range(3):
                pool = {'name': f'p{number}', 'prefixes': [f'10.{200 + number}.0.0/16']}
                await league.ok('POST', f'{N}/subnetpools', {'subnetpool': pool})
            whole = [each['id'] for each in (await league.ok('GET', f'{N}/subnetpools'))['subnetpools']]
            assert (len(whole), whole) == (5, sorted(whole))
            page = await league.ok('GET', f'{N}/subnetpools?limit=2&marker={whole[1]}&fields=id&fields=name')
            assert [each['id'] for each in page['subnetpools']] == whole[2:4]
            assert [sorted(each) for each in page['subnetpools']] == [['id', 'name']] * 2
            back = next(link['href'] for link in page['subnetpools_links'] if link['rel'] == 'previous')
            page = await league.ok('GET', back.removeprefix('http://league.test'))
            assert [each['id'] for each in page['subnetpools']] == whole[:2]

    virtual.run(main)
