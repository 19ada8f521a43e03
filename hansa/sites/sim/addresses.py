"""Neutron's networks, subnets and pools, and the addresses given out of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from hansa.sites.sim import netkinds
from hansa.sites.sim.netkinds import PROVIDER, Kind
from hansa.sites.sim.state import Doc, State
from hansa.sites.sim.wire import Ask, Refused

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def prepare_network(ask: Ask, doc: Doc, given: Doc) -> None:
    """Fill in what the provider decides."""
    doc['mtu'] = given.get('mtu', 1500 if given.get('router:external') else 1450)
    doc['provider:network_type'] = given.get('provider:network_type', 'vxlan')
    doc['provider:physical_network'] = given.get('provider:physical_network')
    doc['provider:segmentation_id'] = given.get('provider:segmentation_id', ask.state.next_number() + 100)


def remove_network(ask: Ask, doc: Doc, _: Doc) -> None:
    """Raises Refused 409 while ports are on it; its subnets go with it."""
    state = ask.state
    used = [port['id'] for port in state.ports.values() if port['network_id'] == doc['id']]
    if used:
        raise Refused(
            409,
            f'Unable to complete operation on network {doc["id"]}. There are one or more ports still in use on the '
            f'network, id for these ports is: {",".join(used)}.',
            'NetworkInUse',
        )
    for subnet in [one['id'] for one in state.subnets.values() if one['network_id'] == doc['id']]:
        del state.subnets[subnet]


NETWORKS = Kind(
    plural='networks',
    one='network',
    path='networks',
    label='Network',
    fresh={
        'admin_state_up': True,
        'mtu': 1450,
        'status': 'ACTIVE',
        'subnets': [],
        'shared': False,
        'availability_zone_hints': [],
        'availability_zones': [],
        'ipv4_address_scope': None,
        'ipv6_address_scope': None,
        'router:external': False,
        'qinq': False,
        'vlan_transparent': False,
        'description': '',
        'port_security_enabled': True,
        'is_default': False,
        'l2_adjacency': True,
    },
    more=('name', 'segments', 'ha', *PROVIDER),
    admin_sees=PROVIDER,
    admin_sets=('shared', 'router:external', 'is_default', 'segments', *PROVIDER),
    revision=1,
    prepare=prepare_network,
    remove=remove_network,
)


def parse(cidr: Any) -> IPNetwork:
    """A network. Raises Refused 400."""
    try:
        return ipaddress.ip_network(str(cidr), strict=False)
    except ValueError:
        raise Refused(400, f'Invalid input for operation: {cidr} is not in a CIDR format.', 'InvalidInput') from None


def prepare_subnet(ask: Ask, doc: Doc, given: Doc) -> None:
    """Choose and check CIDR, gateway and pools. Raises Refused 400 or 404."""
    state = ask.state
    network = netkinds.own(ask, NETWORKS, str(given.get('network_id')), 'create')
    if given.get('use_default_subnetpool') or given.get('subnetpool_id'):
        doc['cidr'], doc['subnetpool_id'] = _from_pool(ask, given)
    doc.pop('use_default_subnetpool', None)
    doc.pop('prefixlen', None)
    if not doc.get('cidr'):
        why = 'Bad subnets request: a subnetpool must be specified in the absence of a cidr.'
        raise Refused(400, why, 'BadRequest')
    net = parse(doc['cidr'])
    doc['cidr'] = str(net)
    for other in state.subnets.values():
        if other['network_id'] == network['id'] and _overlap(net, parse(other['cidr'])):
            raise Refused(
                400,
                f'Invalid input for operation: Requested subnet with cidr: {net} for network: {network["id"]} overlaps '
                'with another subnet.',
                'InvalidInput',
            )
    doc['ip_version'] = net.version
    slaac = given.get('ipv6_address_mode') == 'slaac'
    if 'gateway_ip' not in given:
        doc['gateway_ip'] = str(net[0] if slaac else net[1])
    if not given.get('allocation_pools'):
        doc['allocation_pools'] = _pools(net, doc['gateway_ip'])
    doc['router:external'] = network['router:external']
    netkinds.touch(state, network)


def _overlap(one: IPNetwork, other: IPNetwork) -> bool:
    return one.version == other.version and int(one[0]) <= int(other[-1]) and int(other[0]) <= int(one[-1])


def _pools(net: IPNetwork, gateway: str | None) -> list[Doc]:
    first, last = int(net[0]) + 1, int(net[-1]) - (1 if net.version == 4 else 0)
    make = ipaddress.IPv4Address if net.version == 4 else ipaddress.IPv6Address
    middle = int(ipaddress.ip_address(gateway)) if gateway else -1
    spans = [(first, middle - 1), (middle + 1, last)] if first <= middle <= last else [(first, last)]
    return [{'start': str(make(low)), 'end': str(make(high))} for low, high in spans if low <= high]


def _from_pool(ask: Ask, given: Doc) -> tuple[str, str]:
    pools = [one for one in ask.state.subnetpools.values() if netkinds.may_see(ask, SUBNETPOOLS, one)]
    if given.get('subnetpool_id'):
        pools = [netkinds.find(ask, SUBNETPOOLS, given['subnetpool_id'])]
    else:
        pools = [one for one in pools if one['is_default'] and one['ip_version'] == int(given.get('ip_version', 4))]
    if not pools:
        raise Refused(400, 'Bad subnets request: No default subnetpool found.', 'BadRequest')
    size = int(given.get('prefixlen') or pools[0]['default_prefixlen'])
    taken = [parse(one['cidr']) for one in ask.state.subnets.values() if one['subnetpool_id'] == pools[0]['id']]
    for prefix in pools[0]['prefixes']:
        for net in parse(prefix).subnets(new_prefix=size):
            if not any(_overlap(net, other) for other in taken):
                return str(net), pools[0]['id']
    raise Refused(409, 'Failed to allocate subnet: Insufficient prefix space to allocate subnet size.', 'SubnetAllocationError')


def remove_subnet(ask: Ask, doc: Doc, _: Doc) -> None:
    """Raises Refused 409 while addresses of it are in use."""
    if any(fixed['subnet_id'] == doc['id'] for port in ask.state.ports.values() for fixed in port['fixed_ips']):
        why = f'Unable to complete operation on subnet {doc["id"]}: One or more ports have an IP allocation from this subnet.'
        raise Refused(409, why, 'SubnetInUse')


SUBNETS = Kind(
    plural='subnets',
    one='subnet',
    path='subnets',
    label='Subnet',
    fresh={
        'network_id': '',
        'ip_version': 4,
        'subnetpool_id': None,
        'enable_dhcp': True,
        'ipv6_ra_mode': None,
        'ipv6_address_mode': None,
        'gateway_ip': None,
        'cidr': '',
        'allocation_pools': [],
        'host_routes': [],
        'dns_nameservers': [],
        'description': '',
        'router:external': False,
        'service_types': [],
    },
    more=('name', 'use_default_subnetpool', 'prefixlen', 'segment_id'),
    prepare=prepare_subnet,
    remove=remove_subnet,
)

SUBNETPOOLS = Kind(
    plural='subnetpools',
    one='subnetpool',
    path='subnetpools',
    label='Subnet pool',
    fresh={
        'default_prefixlen': '26',
        'min_prefixlen': '8',
        'max_prefixlen': '32',
        'is_default': False,
        'shared': False,
        'prefixes': [],
        'ip_version': 4,
        'default_quota': None,
        'address_scope_id': None,
        'description': '',
    },
    more=('name',),
    admin_sets=('shared', 'is_default'),
)

ADDRESS_SCOPES = Kind(
    plural='address_scopes',
    one='address_scope',
    path='address-scopes',
    label='Address scope',
    fresh={'ip_version': 4, 'shared': False},
    more=('name',),
    admin_sets=('shared',),
)

ADDRESS_GROUPS = Kind(
    plural='address_groups',
    one='address_group',
    path='address-groups',
    label='Address group',
    fresh={'addresses': [], 'shared': False},
    more=('name',),
)

RBAC_POLICIES = Kind(
    plural='rbac_policies',
    one='rbac_policy',
    path='rbac-policies',
    label='RBAC policy',
    fresh={'object_type': 'network', 'object_id': '', 'action': 'access_as_shared', 'target_tenant': ''},
)


# -- addresses


def taken(state: State, subnet: str) -> set[str]:
    """Addresses of a subnet that ports and floating IPs hold."""
    return state.held(subnet) | {one['floating_ip_address'] for one in state.floatingips.values()}


def _free(state: State, subnet: Doc) -> Iterator[str]:
    held = taken(state, subnet['id'])
    for pool in subnet['allocation_pools']:
        low, high = ipaddress.ip_address(pool['start']), ipaddress.ip_address(pool['end'])
        for number in range(int(low), int(high) + 1):
            address = str(type(low)(number))
            if address not in held:
                yield address


def one_of(state: State, subnet: Doc) -> Doc:
    """The next free address of a subnet. Raises Refused 409."""
    address = next(_free(state, subnet), None)
    if address is None:
        why = f'No more IP addresses available on network {subnet["network_id"]}.'
        raise Refused(409, why, 'IpAddressGenerationFailure')
    return {'subnet_id': subnet['id'], 'ip_address': address}


def allocate(state: State, network: str, wanted: list[Doc] | None) -> list[Doc]:
    """fixed_ips of a new port: as wanted, or one of each IP version. Raises Refused 400 or 409."""
    subnets = [one for one in state.subnets.values() if one['network_id'] == network]
    if wanted is None:
        chosen = []
        for version in (4, 6):
            fits = [one for one in subnets if one['ip_version'] == version]
            if fits:
                chosen.append(_first_with_room(state, fits))
        return chosen
    made = []
    for wish in wanted:
        if 'ip_address' in wish:
            made.append(_exactly(state, subnets, wish))
        else:
            fits = [one for one in subnets if one['id'] == wish.get('subnet_id')]
            if not fits:
                why = f'Invalid input for operation: Failed to create port on network {network}, because fixed_ips included invalid subnet {wish.get("subnet_id")}.'
                raise Refused(400, why, 'InvalidInput')
            made.append(one_of(state, fits[0]))
    return made


def _first_with_room(state: State, subnets: list[Doc]) -> Doc:
    for subnet in subnets[:-1]:
        if next(_free(state, subnet), None):
            return one_of(state, subnet)
    return one_of(state, subnets[-1])


def _exactly(state: State, subnets: list[Doc], wish: Doc) -> Doc:
    address = str(wish['ip_address'])
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        raise Refused(400, f"'{address}' is not a valid IP address.", 'HTTPBadRequest') from None
    for subnet in subnets:
        if number in parse(subnet['cidr']) and wish.get('subnet_id') in (None, subnet['id']):
            if address in taken(state, subnet['id']):
                why = f'IP address {address} already allocated in subnet {subnet["id"]}'
                raise Refused(409, why, 'IpAddressAlreadyAllocated')
            return {'subnet_id': subnet['id'], 'ip_address': address}
    why = f'IP address {address} is not a valid IP for any of the subnets on the specified network.'
    raise Refused(400, why, 'InvalidIpForNetwork')
