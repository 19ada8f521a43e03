"""Neutron's routers, their interfaces and gateways, and floating IPs."""

from __future__ import annotations

from hansa.sites.sim import addresses, netkinds, ports
from hansa.sites.sim.netkinds import Kind
from hansa.sites.sim.state import Doc, State
from hansa.sites.sim.wire import Answer, Ask, Refused


def _ports(state: State, router: str, owner: str) -> list[Doc]:
    return [one for one in state.ports.values() if one['device_id'] == router and one['device_owner'] == owner]


def prepare_router(ask: Ask, doc: Doc, given: Doc) -> None:
    """Give it its gateway."""
    doc['external_gateway_info'] = None
    set_gateway(ask, doc, given.get('external_gateway_info'))


def change_router(ask: Ask, doc: Doc, given: Doc) -> None:
    """Set or clear the gateway. Raises Refused 400, 404 or 409."""
    if 'external_gateway_info' in given:
        set_gateway(ask, doc, given.pop('external_gateway_info'))


def set_gateway(ask: Ask, doc: Doc, info: Doc | None) -> None:
    """The gateway becomes this one, or none. Raises Refused."""
    state, old = ask.state, doc['external_gateway_info']
    if old and (info or {}).get('network_id') != old['network_id']:
        used = [one for one in state.floatingips.values() if one['router_id'] == doc['id']]
        if used:
            why = (
                f'Gateway cannot be updated for router {doc["id"]}, since a gateway to external network '
                f'{old["network_id"]} is required by one or more floating IPs.'
            )
            raise Refused(409, why, 'RouterExternalGatewayInUseByFloatingIp')
    if old:
        for port in _ports(state, doc['id'], 'network:router_gateway'):
            del state.ports[port['id']]
        doc['external_gateway_info'] = None
    if not info or not info.get('network_id'):
        return
    network = netkinds.find(ask, addresses.NETWORKS, info['network_id'])
    if not network['router:external']:
        why = f'Bad router request: Network {network["id"]} is not an external network.'
        raise Refused(400, why, 'BadRequest')
    given = {
        'network_id': network['id'],
        'device_id': doc['id'],
        'device_owner': 'network:router_gateway',
        'fixed_ips': addresses.allocate(state, network['id'], info.get('external_fixed_ips')),
        'mac_address': ports.mac(state),
        'port_security_enabled': False,
        'status': 'ACTIVE',
    }
    port = netkinds.fresh(state, ports.PORTS, '', given)
    state.ports[port['id']] = port
    doc['external_gateway_info'] = {
        'network_id': network['id'],
        'external_fixed_ips': port['fixed_ips'],
        'enable_snat': info.get('enable_snat', True),
    }
    doc['revision_number'] += 1


def remove_router(ask: Ask, doc: Doc, _: Doc) -> None:
    """Raises Refused 409 while it has interfaces."""
    held = [port['id'] for port in _ports(ask.state, doc['id'], 'network:router_interface')]
    if held:
        raise Refused(409, f'Router {doc["id"]} has ports still attached: {", ".join(held)}', 'RouterInUse')
    set_gateway(ask, doc, None)


ROUTERS = Kind(
    plural='routers',
    one='router',
    path='routers',
    label='Router',
    fresh={
        'admin_state_up': True,
        'status': 'ACTIVE',
        'external_gateway_info': None,
        'description': '',
        'availability_zones': [],
        'distributed': False,
        'ha': False,
        'availability_zone_hints': [],
        'routes': [],
        'flavor_id': None,
    },
    more=('name',),
    admin_sees=('distributed', 'ha'),
    admin_sets=('distributed', 'ha'),
    revision=1,
    prepare=prepare_router,
    change=change_router,
    remove=remove_router,
)


def _interface(router: Doc, port: Doc) -> Answer:
    subnet = port['fixed_ips'][0]['subnet_id']
    doc = {
        'id': router['id'],
        'project_id': router['project_id'],
        'tenant_id': router['project_id'],
        'port_id': port['id'],
        'network_id': port['network_id'],
        'subnet_id': subnet,
        'subnet_ids': [subnet],
    }
    return Answer(200, doc)


def add_interface(ask: Ask, id: str) -> Answer:
    """PUT routers/ID/add_router_interface. Raises Refused 400, 404 or 409."""
    state, body = ask.state, ask.object()
    router = netkinds.own(ask, ROUTERS, id, 'update')
    if body.get('port_id'):
        port = netkinds.own(ask, ports.PORTS, body['port_id'], 'update')
        if port['device_id']:
            why = f'Unable to complete operation on port {port["id"]} for network {port["network_id"]}. Port already has an attached device {port["device_id"]}.'
            raise Refused(409, why, 'PortInUse')
        port |= {'device_id': id, 'device_owner': 'network:router_interface', 'status': 'ACTIVE'}
        netkinds.touch(state, port)
        return _interface(router, port)
    if not body.get('subnet_id'):
        raise Refused(400, 'Bad router request: Either subnet_id or port_id must be specified.', 'BadRequest')
    subnet = netkinds.find(ask, addresses.SUBNETS, body['subnet_id'])
    for port in _ports(state, id, 'network:router_interface'):
        if port['fixed_ips'][0]['subnet_id'] == subnet['id']:
            raise Refused(400, f'Bad router request: Router already has a port on subnet {subnet["id"]}.', 'BadRequest')
    if not subnet['gateway_ip']:
        raise Refused(400, 'Bad router request: Subnet for router interface must have a gateway IP.', 'BadRequest')
    if subnet['gateway_ip'] in addresses.taken(state, subnet['id']):
        why = f'IP address {subnet["gateway_ip"]} already allocated in subnet {subnet["id"]}'
        raise Refused(409, why, 'IpAddressAlreadyAllocated')
    given = {
        'network_id': subnet['network_id'],
        'device_id': id,
        'device_owner': 'network:router_interface',
        'fixed_ips': [{'subnet_id': subnet['id'], 'ip_address': subnet['gateway_ip']}],
        'port_security_enabled': False,
        'mac_address': ports.mac(state),
        'status': 'ACTIVE',
    }
    port = netkinds.fresh(state, ports.PORTS, router['project_id'], given)
    state.ports[port['id']] = port
    netkinds.touch(state, router)
    return _interface(router, port)


def remove_interface(ask: Ask, id: str) -> Answer:
    """PUT routers/ID/remove_router_interface. Raises Refused 404 or 409."""
    state, body = ask.state, ask.object()
    router = netkinds.own(ask, ROUTERS, id, 'update')
    subnet, wanted = body.get('subnet_id'), body.get('port_id')
    for port in _ports(state, id, 'network:router_interface'):
        if port['id'] == wanted or any(fixed['subnet_id'] == subnet for fixed in port['fixed_ips']):
            _unneeded(state, router, port)
            del state.ports[port['id']]
            netkinds.touch(state, router)
            return _interface(router, port)
    if subnet:
        raise Refused(404, f'Router {id} has no interface on subnet {subnet}', 'RouterInterfaceNotFoundForSubnet')
    raise Refused(404, f'Router {id} does not have an interface with id {wanted}', 'RouterInterfaceNotFound')


def _unneeded(state: State, router: Doc, port: Doc) -> None:
    subnet = port['fixed_ips'][0]['subnet_id']
    for floating in state.floatingips.values():
        target = state.ports.get(floating['port_id'] or '')
        if floating['router_id'] == router['id'] and target and any(f['subnet_id'] == subnet for f in target['fixed_ips']):
            why = (
                f'Router interface for subnet {subnet} on router {router["id"]} cannot be deleted, as it is required by '
                'one or more floating IPs.'
            )
            raise Refused(409, why, 'RouterInterfaceInUseByFloatingIP')


def change_routes(ask: Ask, id: str, verb: str) -> Answer:
    """PUT routers/ID/add_extraroutes and remove_extraroutes."""
    router = netkinds.own(ask, ROUTERS, id, 'update')
    wanted = ask.member('router').get('routes', [])
    kept = [route for route in router['routes'] if route not in wanted]
    router['routes'] = kept + wanted if verb == 'add' else kept
    netkinds.touch(ask.state, router)
    return Answer(200, {'router': netkinds.view(ask, ROUTERS, router)})


def add_routes(ask: Ask, id: str) -> Answer:
    return change_routes(ask, id, 'add')


def remove_routes(ask: Ask, id: str) -> Answer:
    return change_routes(ask, id, 'remove')


# -- floating IPs


def prepare_floating(ask: Ask, doc: Doc, given: Doc) -> None:
    """Take an address of the external network and point it at a port. Raises Refused 400, 404 or 409."""
    state = ask.state
    network = netkinds.find(ask, addresses.NETWORKS, str(given.get('floating_network_id')))
    if not network['router:external']:
        why = f'Bad floatingip request: Network {network["id"]} is not a valid external network.'
        raise Refused(400, why, 'BadRequest')
    subnets = [one for one in state.subnets.values() if one['network_id'] == network['id']]
    wish: list[Doc] | None = None
    if given.get('floating_ip_address'):
        wish = [{'ip_address': given['floating_ip_address']}]
    elif given.get('subnet_id') or subnets:
        wish = [{'subnet_id': given.get('subnet_id') or subnets[0]['id']}]
    doc.pop('subnet_id', None)
    doc['floating_ip_address'] = addresses.allocate(state, network['id'], wish)[0]['ip_address']
    _point(ask, doc, given.get('port_id'), given.get('fixed_ip_address'))


def change_floating(ask: Ask, doc: Doc, given: Doc) -> None:
    """Point it elsewhere. Raises Refused 404 or 409."""
    if 'port_id' in given:
        _point(ask, doc, given.pop('port_id'), given.pop('fixed_ip_address', None))


def _point(ask: Ask, doc: Doc, port_id: str | None, fixed_ip: str | None) -> None:
    doc |= {'port_id': None, 'router_id': None, 'fixed_ip_address': None, 'status': 'DOWN'}
    if not port_id:
        return
    state, port = ask.state, netkinds.own(ask, ports.PORTS, port_id, 'update')
    fixed = next((one for one in port['fixed_ips'] if fixed_ip in (None, one['ip_address'])), None)
    if fixed is None:
        why = f'Bad floatingip request: Port {port_id} does not have fixed ip {fixed_ip}.'
        raise Refused(400, why, 'BadRequest')
    for other in state.floatingips.values():
        if other['id'] != doc['id'] and other['port_id'] == port_id and other['fixed_ip_address'] == fixed['ip_address']:
            why = (
                f'Cannot associate floating IP {doc["floating_ip_address"]} ({doc["id"]}) with port {port_id} using fixed IP '
                f'{fixed["ip_address"]}, as that fixed IP already has a floating IP on external network {doc["floating_network_id"]}.'
            )
            raise Refused(409, why, 'FloatingIPPortAlreadyAssociated')
    router = _reaching(state, fixed['subnet_id'], doc['floating_network_id'])
    if router is None:
        why = (
            f'External network {doc["floating_network_id"]} is not reachable from subnet {fixed["subnet_id"]}.  Therefore, '
            f'cannot associate Port {port_id} with a Floating IP.'
        )
        raise Refused(404, why, 'ExternalGatewayForFloatingIPNotFound')
    doc |= {'port_id': port_id, 'router_id': router['id'], 'fixed_ip_address': fixed['ip_address'], 'status': 'ACTIVE'}


def _reaching(state: State, subnet: str, external: str) -> Doc | None:
    for router in state.routers.values():
        if (router['external_gateway_info'] or {}).get('network_id') != external:
            continue
        for port in _ports(state, router['id'], 'network:router_interface'):
            if any(fixed['subnet_id'] == subnet for fixed in port['fixed_ips']):
                return router
    return None


FLOATINGIPS = Kind(
    plural='floatingips',
    one='floatingip',
    path='floatingips',
    label='Floating IP',
    fresh={
        'floating_ip_address': '',
        'floating_network_id': '',
        'router_id': None,
        'port_id': None,
        'fixed_ip_address': None,
        'status': 'DOWN',
        'description': '',
    },
    more=('subnet_id', 'port_details'),
    prepare=prepare_floating,
    change=change_floating,
)
