"""Neutron's ports and security groups."""

from __future__ import annotations

from hansa.sites.sim import addresses, netkinds
from hansa.sites.sim.netkinds import BINDING, Kind
from hansa.sites.sim.state import Doc, State
from hansa.sites.sim.wire import Ask, Refused

PROTOCOLS = (
    'ah dccp egp esp gre hopopt icmp igmp ip ipip ipv6-encap ipv6-frag ipv6-icmp icmpv6 ipv6-nonxt ipv6-opts '
    'ipv6-route ospf pgm rsvp sctp tcp udp udplite vrrp any'
).split()


def default_group(state: State, project: str) -> Doc:
    """The project's own 'default' group, made when first looked for."""
    for group in state.security_groups.values():
        if group['name'] == 'default' and group['project_id'] == project:
            return group
    group = netkinds.fresh(state, SECURITY_GROUPS, project, {'name': 'default', 'description': 'Default security group'})
    state.security_groups[group['id']] = group
    _first_rules(state, group)
    return group


def _first_rules(state: State, group: Doc) -> None:
    for ethertype in ('IPv4', 'IPv6'):
        ways = [('egress', None)]
        if group['name'] == 'default':
            ways.append(('ingress', group['id']))
        for direction, remote in ways:
            given = {
                'security_group_id': group['id'],
                'ethertype': ethertype,
                'direction': direction,
                'remote_group_id': remote,
                'description': None,
                'belongs_to_default_sg': group['name'] == 'default',
            }
            rule = netkinds.fresh(state, RULES, group['project_id'], given)
            state.security_group_rules[rule['id']] = rule


def prepare_group(ask: Ask, doc: Doc, _: Doc) -> None:
    """Raises Refused 409 for a second default."""
    if doc['name'] == 'default':
        raise Refused(409, 'Default security group already exists.', 'SecurityGroupDefaultAlreadyExists')
    ask.state.security_groups[doc['id']] = doc
    _first_rules(ask.state, doc)


def change_group(ask: Ask, doc: Doc, given: Doc) -> None:
    """Raises Refused 409 for renaming the default."""
    if doc['name'] == 'default' and given.get('name', 'default') != 'default':
        raise Refused(409, 'Updating default security group not allowed.', 'SecurityGroupCannotUpdateDefault')


def remove_group(ask: Ask, doc: Doc, _: Doc) -> None:
    """Raises Refused 409 for the default and for one in use."""
    if doc['name'] == 'default' and not ask.who.admin:
        raise Refused(409, 'Insufficient rights for removing default security group.', 'SecurityGroupCannotRemoveDefault')
    if any(doc['id'] in port['security_groups'] for port in ask.state.ports.values()):
        raise Refused(409, f'Security Group {doc["id"]} in use.', 'SecurityGroupInUse')
    rules = ask.state.security_group_rules
    for rule in [one['id'] for one in rules.values() if one['security_group_id'] == doc['id']]:
        del rules[rule]


def prepare_rule(ask: Ask, doc: Doc, given: Doc) -> None:
    """Raises Refused 400, 404 or 409."""
    group = netkinds.own(ask, SECURITY_GROUPS, str(given.get('security_group_id')), 'create')
    protocol = given.get('protocol')
    if protocol is not None and str(protocol).lower() not in PROTOCOLS and not str(protocol).isdigit():
        why = f'Security group rule protocol {protocol} not supported. Only protocol values {(None, *PROTOCOLS)} and integer representations [0 to 255] are supported.'
        raise Refused(400, why, 'SecurityGroupRuleInvalidProtocol')
    if doc['direction'] not in ('ingress', 'egress'):
        why = f"Invalid input for direction. Reason: '{doc['direction']}' is not in valid_values: ingress, egress."
        raise Refused(400, why, 'HTTPBadRequest')
    doc['description'] = doc['description'] or ''
    doc['belongs_to_default_sg'] = group['name'] == 'default'
    if doc['remote_ip_prefix']:
        doc['normalized_cidr'] = str(addresses.parse(doc['remote_ip_prefix']))
    keys = [key for key in RULES.fresh if key not in ('description', 'normalized_cidr', 'belongs_to_default_sg')]
    for old in ask.state.security_group_rules.values():
        if all(old[key] == doc[key] for key in keys):
            raise Refused(409, f'Security group rule already exists. Rule id is {old["id"]}.', 'SecurityGroupRuleExists')
    netkinds.touch(ask.state, group)


def remove_rule(ask: Ask, doc: Doc, _: Doc) -> None:
    """The group counts it as a change."""
    netkinds.touch(ask.state, ask.state.security_groups[doc['security_group_id']])


SECURITY_GROUPS = Kind(
    plural='security_groups',
    one='security_group',
    path='security-groups',
    label='Security group',
    fresh={'stateful': True, 'description': '', 'shared': False},
    more=('name', 'security_group_rules'),
    revision=1,
    prepare=prepare_group,
    change=change_group,
    remove=remove_group,
)

RULES = Kind(
    plural='security_group_rules',
    one='security_group_rule',
    path='security-group-rules',
    label='Security group rule',
    fresh={
        'security_group_id': '',
        'ethertype': 'IPv4',
        'direction': '',
        'protocol': None,
        'port_range_min': None,
        'port_range_max': None,
        'remote_ip_prefix': None,
        'remote_address_group_id': None,
        'normalized_cidr': None,
        'remote_group_id': None,
        'belongs_to_default_sg': False,
        'description': None,
    },
    prepare=prepare_rule,
    remove=remove_rule,
)


# -- ports


def _groups(ask: Ask, given: Doc, project: str) -> list[str]:
    if given.get('port_security_enabled') is False:
        return []
    wanted = given.get('security_groups')
    if wanted is None:
        return [default_group(ask.state, project)['id']] if project else []
    return [netkinds.find(ask, SECURITY_GROUPS, str(id))['id'] for id in wanted]


def prepare_port(ask: Ask, doc: Doc, given: Doc) -> None:
    """Give it addresses, a MAC and security groups. Raises Refused 400, 404 or 409."""
    network = netkinds.find(ask, addresses.NETWORKS, str(given.get('network_id')))
    if not (ask.sees(network) or network['shared'] or netkinds.lent(ask, network['id'])):
        raise Refused(403, '(rule:create_port and rule:create_port:network_id) is disallowed by policy', 'PolicyNotAuthorized')
    wanted = given.get('fixed_ips')
    doc['fixed_ips'] = addresses.allocate(ask.state, network['id'], wanted)
    doc['security_groups'] = _groups(ask, given, doc['project_id'])
    doc['mac_address'] = given.get('mac_address') or mac(ask.state)
    doc['ip_allocation'] = 'immediate' if doc['fixed_ips'] else 'none'
    bind(ask.state, doc)


def mac(state: State) -> str:
    """An address of OpenStack's own range."""
    return 'fa:16:3e:' + ':'.join(f'{state.random.randrange(256):02x}' for _ in range(3))


def bind(state: State, doc: Doc) -> None:
    """A port with a host is bound and up at once; one without is down."""
    bound = bool(doc['binding:host_id']) and bool(doc['device_id'])
    doc['status'] = 'ACTIVE' if bound or doc['device_owner'].startswith('network:') else 'DOWN'
    doc['binding:vif_type'] = 'ovs' if bound else 'unbound'
    doc['binding:vif_details'] = {'port_filter': True, 'connectivity': 'l2'} if bound else {}


def change_port(ask: Ask, doc: Doc, given: Doc) -> None:
    """Check groups and addresses of an update. Raises Refused 400, 404 or 409."""
    if 'security_groups' in given:
        given['security_groups'] = _groups(ask, given, doc['project_id'])
    if 'fixed_ips' in given:
        kept = {fixed['ip_address']: fixed for fixed in doc['fixed_ips']}
        fresh = [wish for wish in given['fixed_ips'] if wish.get('ip_address') not in kept]
        old = [kept[wish['ip_address']] for wish in given['fixed_ips'] if wish.get('ip_address') in kept]
        given['fixed_ips'] = old + addresses.allocate(ask.state, doc['network_id'], fresh)
    doc |= given
    bind(ask.state, doc)


def remove_port(ask: Ask, doc: Doc, _: Doc) -> None:
    """Raises Refused 409 for a router's; a floating IP lets go of it."""
    if doc['device_owner'] in ('network:router_interface', 'network:router_gateway'):
        why = f'Port {doc["id"]} cannot be deleted directly via the port API: has device owner {doc["device_owner"]}.'
        raise Refused(409, why, 'ServicePortInUse')
    release(ask.state, doc['id'])


def release(state: State, port: str) -> None:
    """Floating IPs that point at a port do no more."""
    for floating in state.floatingips.values():
        if floating['port_id'] == port:
            floating |= {'port_id': None, 'fixed_ip_address': None, 'router_id': None, 'status': 'DOWN'}
            netkinds.touch(state, floating)


def create(ask: Ask, project: str, given: Doc) -> Doc:
    """A stored port for another service. Raises Refused."""
    doc = netkinds.fresh(ask.state, PORTS, project, given)
    prepare_port(ask, doc, given)
    ask.state.ports[doc['id']] = doc
    return doc


PORTS = Kind(
    plural='ports',
    one='port',
    path='ports',
    label='Port',
    fresh={
        'network_id': '',
        'mac_address': '',
        'admin_state_up': True,
        'status': 'DOWN',
        'device_id': '',
        'device_owner': '',
        'fixed_ips': [],
        'allowed_address_pairs': [],
        'extra_dhcp_opts': [],
        'security_groups': [],
        'description': '',
        'binding:vnic_type': 'normal',
        'binding:profile': {},
        'binding:host_id': '',
        'binding:vif_type': 'unbound',
        'binding:vif_details': {},
        'port_security_enabled': True,
        'ip_allocation': 'immediate',
    },
    more=('name', 'propagate_uplink_status', 'dns_name'),
    admin_sees=BINDING,
    admin_sets=('binding:host_id', 'binding:profile'),
    revision=1,
    prepare=prepare_port,
    change=change_port,
    remove=remove_port,
)
