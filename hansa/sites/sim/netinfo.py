"""What Neutron tells of itself: extensions, quotas, agents, zones, how many addresses are left."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from hansa.sites.sim import addresses, netkinds
from hansa.sites.sim.state import DEFAULT_QUOTAS, Doc
from hansa.sites.sim.wire import Answer, Ask, Refused, Row

EXTENSIONS = (
    'address-scope agent allowed-address-pairs availability_zone binding default-subnetpools empty-string-filtering '
    'external-net extra_dhcp_opt extraroute extraroute-atomic filter-validation fip-port-details ext-gw-mode ip_allocation '
    'ip-substring-filtering l2_adjacency net-mtu net-mtu-writable network_availability_zone network-ip-availability '
    'pagination port-security port-security-groups-filtering project-id provider rbac-policies quota_details quotas revision-if-match '
    'router router_availability_zone security-group security-groups-normalized-cidr security-groups-shared-filtering '
    'service-type sorting standard-attr-description standard-attr-revisions standard-attr-tag standard-attr-timestamp '
    'stateful-security-group subnet-external-network subnet-service-types subnet_allocation tag-creation'
).split()


def _extension(alias: str) -> Doc:
    name = alias.replace('-', ' ').replace('_', ' ').title()
    return {
        'name': name,
        'alias': alias,
        'description': f'{name} of the API.',
        'updated': '2026-01-01T00:00:00-00:00',
        'links': [],
    }


def extensions(ask: Ask) -> Answer:
    return Answer(200, {'extensions': [_extension(alias) for alias in [*EXTENSIONS, *sorted(ask.state.extensions)]]})


def extension(ask: Ask, alias: str) -> Answer:
    if alias not in EXTENSIONS and alias not in ask.state.extensions:
        raise Refused(404, f'Extension with alias {alias} does not exist')
    return Answer(200, {'extension': _extension(alias)})


def _project(ask: Ask, project: str, rule: str) -> None:
    if project != ask.who.project and not ask.who.admin:
        raise Refused(403, f'rule:{rule} is disallowed by policy', 'PolicyNotAuthorized')


def quotas(ask: Ask) -> Answer:
    """GET /quotas: the projects whose limits were set."""
    _project(ask, '', 'get_quota')
    own = [(key.partition('/')[2], key) for key in ask.state.quotas if key.startswith('network/')]
    made = [ask.state.quota('network', project) | {'project_id': project, 'tenant_id': project} for project, _ in own]
    return Answer(200, {'quotas': made})


def quota(ask: Ask, project: str) -> Answer:
    _project(ask, project, 'get_quota')
    return Answer(200, {'quota': ask.state.quota('network', project)})


def quota_defaults(ask: Ask, project: str) -> Answer:
    return Answer(200, {'quota': DEFAULT_QUOTAS['network']})


def quota_details(ask: Ask, project: str) -> Answer:
    _project(ask, project, 'get_quota')
    details = {}
    for key, limit in ask.state.quota('network', project).items():
        kind = getattr(ask.state, key + 's', {})
        used = sum(doc['project_id'] == project for doc in kind.values())
        details[key] = {'limit': limit, 'used': used, 'reserved': 0}
    return Answer(200, {'quota': details})


def quota_set(ask: Ask, project: str) -> Answer:
    """PUT /quotas/ID."""
    _project(ask, '', 'update_quota')
    given = ask.member('quota')
    if unknown := [key for key in given if key not in DEFAULT_QUOTAS['network']]:
        raise Refused(400, f"Unrecognized attribute(s) '{', '.join(unknown)}'", 'HTTPBadRequest')
    ask.state.quotas[f'network/{project}'] = ask.state.quotas.get(f'network/{project}', {}) | given
    return Answer(200, {'quota': ask.state.quota('network', project)})


def quota_reset(ask: Ask, project: str) -> Answer:
    """DELETE /quotas/ID."""
    _project(ask, '', 'delete_quota')
    if ask.state.quotas.pop(f'network/{project}', None) is None:
        raise Refused(404, f'Quota for tenant {project} could not be found.', 'TenantQuotaNotFound')
    return Answer(204)


def availabilities(ask: Ask) -> Answer:
    """GET /network-ip-availabilities, of admins only."""
    made = []
    for network in ask.state.networks.values() if ask.who.admin else ():
        subnets = [_room(ask, one) for one in ask.state.subnets.values() if one['network_id'] == network['id']]
        made.append(
            {
                'network_id': network['id'],
                'network_name': network['name'],
                'project_id': network['project_id'],
                'tenant_id': network['project_id'],
                'subnet_ip_availability': subnets,
                'used_ips': sum(one['used_ips'] for one in subnets),
                'total_ips': sum(one['total_ips'] for one in subnets),
            }
        )
    return Answer(200, {'network_ip_availabilities': made})


def availability(ask: Ask, id: str) -> Answer:
    found = [one for one in availabilities(ask).doc['network_ip_availabilities'] if one['network_id'] == id]
    if not found:
        raise netkinds.missing(addresses.NETWORKS, id)
    return Answer(200, {'network_ip_availability': found[0]})


def _room(ask: Ask, subnet: Doc) -> Doc:
    total = 0
    for pool in subnet['allocation_pools']:
        total += int(ipaddress.ip_address(pool['end'])) - int(ipaddress.ip_address(pool['start'])) + 1
    fixed = [one for port in ask.state.ports.values() for one in port['fixed_ips'] if one['subnet_id'] == subnet['id']]
    return {
        'subnet_id': subnet['id'],
        'ip_version': subnet['ip_version'],
        'cidr': subnet['cidr'],
        'subnet_name': subnet['name'],
        'used_ips': len(fixed),
        'total_ips': total,
    }


def _empty(key: str) -> Callable[[Ask], Answer]:
    def handler(ask: Ask) -> Answer:
        return Answer(200, {key: []})

    return handler


def providers(ask: Ask) -> Answer:
    one = {'service_type': 'L3_ROUTER_NAT', 'name': 'single_node', 'default': False}
    return Answer(200, {'service_providers': [one]})


def zones(ask: Ask) -> Answer:
    found = [{'name': 'nova', 'resource': resource, 'state': 'available'} for resource in ('network', 'router')]
    return Answer(200, {'availability_zones': found})


ROWS: list[Row] = [
    ('GET', '/extensions', extensions),
    ('GET', '/extensions/{}', extension),
    ('GET', '/quotas', quotas),
    ('GET', '/quotas/{}', quota),
    ('GET', '/quotas/{}/details', quota_details),
    ('GET', '/quotas/{}/default', quota_defaults),
    ('PUT', '/quotas/{}', quota_set),
    ('DELETE', '/quotas/{}', quota_reset),
    ('GET', '/network-ip-availabilities', availabilities),
    ('GET', '/network-ip-availabilities/{}', availability),
    ('GET', '/service-providers', providers),
    ('GET', '/availability_zones', zones),
    ('GET', '/agents', _empty('agents')),
]
