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
    Step(f'POST {N}/address-groups', 405, {'address_group': {'name': 'a'}}),
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
