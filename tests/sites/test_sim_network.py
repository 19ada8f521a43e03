"""The simulated Neutron: addresses, routers, floating IPs, security groups, lists, who sees what."""

from __future__ import annotations

from typing import Any

from tests.sites.sim_user import NOWHERE, User, another, played


async def make(user: User, path: str, one: str, **given: object) -> dict[str, Any]:
    status, doc = await user.ask('POST', 'network', f'/{path}', {one: given})
    assert status == 201, doc
    made: dict[str, Any] = doc[one]
    return made


async def refused(user: User, method: str, path: str, body: object, status: int, kind: str) -> None:
    code, doc = await user.ask(method, 'network', path, body)
    assert (code, doc['NeutronError']['type']) == (status, kind)


def test_a_small_subnet_gives_its_addresses_and_no_more() -> None:
    async def play(user: User) -> None:
        network = await make(user, 'networks', 'network', name='n')
        subnet = await make(user, 'subnets', 'subnet', network_id=network['id'], ip_version=4, cidr='10.9.0.0/29')
        assert (subnet['gateway_ip'], subnet['allocation_pools']) == ('10.9.0.1', [{'start': '10.9.0.2', 'end': '10.9.0.6'}])
        bulk = {'ports': [{'network_id': network['id']} for _ in range(9)]}
        await refused(user, 'POST', '/ports', bulk, 409, 'IpAddressGenerationFailure')
        _, left = await user.ask('GET', 'network', f'/ports?network_id={network["id"]}')
        assert left == {'ports': []}, 'a bulk create is all or nothing'
        port = await make(user, 'ports', 'port', network_id=network['id'])
        taken = {'network_id': network['id'], 'fixed_ips': [{'ip_address': port['fixed_ips'][0]['ip_address']}]}
        await refused(user, 'POST', '/ports', {'port': taken}, 409, 'IpAddressAlreadyAllocated')
        outside = {'network_id': network['id'], 'fixed_ips': [{'ip_address': '1.2.3.4'}]}
        await refused(user, 'POST', '/ports', {'port': outside}, 400, 'InvalidIpForNetwork')
        await refused(user, 'DELETE', f'/networks/{network["id"]}', None, 409, 'NetworkInUse')
        overlap = {'network_id': network['id'], 'ip_version': 4, 'cidr': '10.9.0.0/24'}
        await refused(user, 'POST', '/subnets', {'subnet': overlap}, 400, 'InvalidInput')

    played(play)


def test_a_router_joins_and_a_floating_ip_needs_it() -> None:
    async def play(user: User) -> None:
        public = (await user.named('network', '/networks', 'networks', 'public'))['id']
        network = await make(user, 'networks', 'network', name='n')
        subnet = await make(user, 'subnets', 'subnet', network_id=network['id'], ip_version=4, cidr='10.9.0.0/24')
        port = await make(user, 'ports', 'port', network_id=network['id'])
        floating: dict[str, Any] = {'floatingip': {'floating_network_id': public, 'port_id': port['id']}}
        await refused(user, 'POST', '/floatingips', floating, 404, 'ExternalGatewayForFloatingIPNotFound')
        router = await make(user, 'routers', 'router', name='r', external_gateway_info={'network_id': public})
        path, body = f'/routers/{router["id"]}', {'subnet_id': subnet['id']}
        assert (await user.ask('PUT', 'network', f'{path}/add_router_interface', body))[0] == 200
        await refused(user, 'PUT', f'{path}/add_router_interface', body, 400, 'BadRequest')
        made = await make(user, 'floatingips', 'floatingip', **floating['floatingip'])
        assert (made['status'], made['router_id']) == ('ACTIVE', router['id'])
        await refused(user, 'PUT', f'{path}/remove_router_interface', body, 409, 'RouterInterfaceInUseByFloatingIP')
        await refused(user, 'DELETE', path, None, 409, 'RouterInUse')
        assert (await user.ask('DELETE', 'network', f'/floatingips/{made["id"]}'))[0] == 204
        assert (await user.ask('PUT', 'network', f'{path}/remove_router_interface', body))[0] == 200
        assert (await user.ask('DELETE', 'network', path))[0] == 204

    played(play)


def test_security_groups_have_rules_and_the_default_stays() -> None:
    async def play(user: User) -> None:
        group = await make(user, 'security-groups', 'security_group', name='web')
        assert len(group['security_group_rules']) == 2
        rule = {
            'security_group_id': group['id'],
            'direction': 'ingress',
            'protocol': 'tcp',
            'port_range_min': 80,
            'port_range_max': 80,
        }
        made = await make(user, 'security-group-rules', 'security_group_rule', **rule)
        _, again = await user.ask('GET', 'network', f'/security-groups/{group["id"]}')
        assert made['id'] in {one['id'] for one in again['security_group']['security_group_rules']}
        await refused(user, 'POST', '/security-group-rules', {'security_group_rule': rule}, 409, 'SecurityGroupRuleExists')
        default = await user.named('network', '/security-groups', 'security_groups', 'default')
        path = f'/security-groups/{default["id"]}'
        await refused(user, 'DELETE', path, None, 409, 'SecurityGroupCannotRemoveDefault')
        other = await another(user, 'alt_demo', 'alt_demo')
        theirs = await other.named('network', '/security-groups', 'security_groups', 'default')
        assert theirs['id'] != default['id']

    played(play)


def test_lists_filter_choose_fields_and_page_both_ways() -> None:
    async def play(user: User) -> None:
        for name in ('a', 'b', 'c'):
            await make(user, 'networks', 'network', name=name)
        query = '/networks?name=a&name=b&name=c&sort_key=name&sort_dir=desc&fields=id&fields=name&limit=2'
        _, doc = await user.ask('GET', 'network', query)
        assert [one['name'] for one in doc['networks']] == ['c', 'b']
        assert all(set(one) == {'id', 'name'} for one in doc['networks'])
        links = {one['rel']: one['href'].removeprefix('http://east.sim') for one in doc['networks_links']}
        _, doc = await user.ask('GET', 'network', '^' + links['next'])
        assert [one['name'] for one in doc['networks']] == ['a']
        links = {one['rel']: one['href'].removeprefix('http://east.sim') for one in doc['networks_links']}
        _, doc = await user.ask('GET', 'network', '^' + links['previous'])
        assert [one['name'] for one in doc['networks']] == ['c', 'b']
        _, doc = await user.ask('GET', 'network', '/networks?router:external=True')
        assert [one['name'] for one in doc['networks']] == ['public']
        await refused(user, 'GET', '/networks?bogus=1', None, 400, 'HTTPBadRequest')
        await refused(user, 'GET', f'/networks?limit=1&marker={NOWHERE}', None, 404, 'NetworkNotFound')

    played(play)


def test_changes_are_counted_timed_and_found() -> None:
    async def play(user: User) -> None:
        network = await make(user, 'networks', 'network', name='n')
        user.clock.advance(60)
        path = f'/networks/{network["id"]}'
        _, doc = await user.ask('PUT', 'network', path, {'network': {'name': 'm'}})
        changed = doc['network']
        assert changed['revision_number'] > network['revision_number']
        _, doc = await user.ask('GET', 'network', f'/networks?changed_since={changed["updated_at"]}')
        assert [one['id'] for one in doc['networks']] == [network['id']]
        assert (await user.ask('PUT', 'network', f'{path}/tags/blue'))[0] == 201
        _, doc = await user.ask('GET', 'network', '/networks?tags=blue')
        assert [one['tags'] for one in doc['networks']] == [['blue']]
        stale = {'If-Match': 'revision_number=1'}
        assert (await user.ask('PUT', 'network', path, {'network': {'name': 'x'}}, stale))[0] == 412

    played(play)


def test_admins_see_and_set_more() -> None:
    async def play(user: User) -> None:
        admin = await another(user, 'admin', 'admin')
        _, plain = await user.ask('GET', 'network', '/networks?name=private')
        _, full = await admin.ask('GET', 'network', '/networks?name=private')
        assert set(full['networks'][0]) - set(plain['networks'][0]) == {
            'provider:network_type',
            'provider:physical_network',
            'provider:segmentation_id',
        }
        shared = {'network': {'name': 'x', 'shared': True}}
        await refused(user, 'POST', '/networks', shared, 403, 'PolicyNotAuthorized')
        network = await make(admin, 'networks', 'network', name='everybodys', shared=True)
        assert (await user.ask('GET', 'network', f'/networks/{network["id"]}'))[0] == 200
        await refused(user, 'DELETE', f'/networks/{network["id"]}', None, 403, 'PolicyNotAuthorized')
        own = await make(user, 'networks', 'network', name='mine')
        other = await another(user, 'alt_demo', 'alt_demo')
        await refused(other, 'GET', f'/networks/{own["id"]}', None, 404, 'NetworkNotFound')
        hint = {'network': {'name': 'x', 'availability_zone_hints': ['zz']}}
        await refused(user, 'POST', '/networks', hint, 404, 'AvailabilityZoneNotFound')

    played(play)
