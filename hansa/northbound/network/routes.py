"""Every endpoint of the network API, with its kind."""

from __future__ import annotations

from typing import Any

from hansa.model.resource import KINDS
from hansa.northbound.hall import alike, collecting, kinds, own, quotas
from hansa.northbound.hall.table import Route, Table
from hansa.northbound.network import groups, networks, offers, projects, sharing, versions
from hansa.services.sharing.groups import Groups

_FAMILIES = ('bgpvpn', 'fwaas', 'lbaas', 'log', 'metering', 'qos', 'sfc', 'taas', 'vpn')
"""Extensions of Neutron whose collections stand one word deeper."""

_RULE = (
    'direction', 'ethertype', 'protocol', 'port_range_min', 'port_range_max', 'remote_ip_prefix', 'remote_group_id',
    'remote_address_group_id', 'used_in_default_sg', 'used_in_non_default_sg',
)  # fmt: skip

_INVENTORIED = ('network', 'subnet', 'port', 'router', 'floating_ip')


def routes(services: kinds.Services, replicas: Groups) -> Table:
    """The table."""
    room = groups.GroupsRoom(services, replicas)
    lending = sharing.Lending(services)
    rules = alike.Alikes(services, 'default_rule', '/default-security-group-rules', 'default_security_group_rules', _template)
    rule_type = offers.offered(services, own.first(services, '/qos/rule-types/{name}'), 'qos')
    extensions = networks.Extensions(services)
    quota = '/quotas/{project}'
    return Table(
        (
            Route('own', 'GET', '/', versions.every(services), open=True),
            Route('own', 'GET', '/v2.0', versions.one(services), open=True),
            *(route for kind in _INVENTORIED for route in _inventoried(services, kind)),
            Route('shared', 'GET', '/v2.0/security-groups', networks.listed(services, 'security_group')),
            Route('shared', 'POST', '/v2.0/security-groups', kinds.placed(services, KINDS['security_group'])),
            Route('shared', 'PUT', '/v2.0/security-groups/{id}', room.change),
            Route('shared', 'DELETE', '/v2.0/security-groups/{id}', room.delete),
            Route('shared', '*', '/v2.0/security-groups/{id}', room.below),
            Route('shared', '*', '/v2.0/security-groups/{id}/**', room.below),
            Route('shared', 'GET', '/v2.0/security-group-rules', room.rules),
            Route('shared', 'POST', '/v2.0/security-group-rules', room.add),
            Route('shared', 'GET', '/v2.0/security-group-rules/{id}', room.rule),
            Route('shared', 'DELETE', '/v2.0/security-group-rules/{id}', room.remove),
            Route('own', 'GET', '/v2.0/extensions', extensions.listed),
            Route('own', 'GET', '/v2.0/extensions/{alias}', extensions.one),
            Route('own', 'GET', '/v2.0/availability_zones', networks.zones(services)),
            Route('own', 'GET', '/v2.0/quotas', projects.quotas(services)),
            Route('own', 'GET', f'/v2.0{quota}', quotas.shown(services, quota, quotas.NETWORK)),
            Route('own', 'PUT DELETE', f'/v2.0{quota}', quotas.changed(services, quota, quotas.NETWORK)),
            Route('own', 'GET', f'/v2.0{quota}/{{what}}', quotas.shown(services, f'{quota}/{{what}}', quotas.NETWORK)),
            *rules.routes('/v2.0', 'DELETE'),
            Route('placed', 'POST', '/v2.0/rbac-policies', lending.create),
            Route('routed', 'PUT DELETE', '/v2.0/rbac-policies/{id}', lending.change),
            Route('placed', 'GET DELETE', '/v2.0/auto-allocated-topology/{project}', sharing.topology(services)),
            Route('own', 'GET', '/v2.0/qos/rule-types/{name}', rule_type),
            *(route for family in _FAMILIES for route in _family(services, family)),
            Route('placed', 'POST', '/v2.0/{any}', kinds.created(services, needs=offers.needs(services, ''))),
            Route('listed', 'GET', '/v2.0/{any}', offers.offered(services, collecting.collected(services, '/{any}'))),
            Route('routed', '*', '/v2.0/{any}/{id}', offers.offered(services, kinds.found(services))),
            Route('routed', '*', '/v2.0/{any}/{id}/**', offers.offered(services, kinds.found(services))),
        )
    )


def _template(rule: dict[str, Any]) -> str:
    """Templates of rules are the same where they say the same."""
    return repr([rule.get(key) for key in _RULE])


def _inventoried(services: kinds.Services, kind: str) -> tuple[Route, ...]:
    path = f'/v2.0{KINDS[kind].collection}'
    one = kinds.routed(services, kind, KINDS[kind].collection)
    return (
        Route('listed', 'GET', path, networks.listed(services, kind)),
        Route('placed', 'POST', path, kinds.placed(services, KINDS[kind])),
        Route('routed', '*', f'{path}/{{id}}', one),
        Route('routed', '*', f'{path}/{{id}}/**', offers.below(services, kind, KINDS[kind].collection, one)),
    )


def _family(services: kinds.Services, family: str) -> tuple[Route, ...]:
    path = f'/v2.0/{family}/{{any}}'
    one = offers.offered(services, kinds.found(services, f'/{family}'), family)
    listed = collecting.collected(services, f'/{family}/{{any}}')
    return (
        Route('placed', 'POST', path, kinds.created(services, f'/{family}', offers.needs(services, family))),
        Route('listed', 'GET', path, offers.offered(services, listed, family)),
        Route('routed', '*', f'{path}/{{id}}', one),
        Route('routed', '*', f'{path}/{{id}}/**', one),
    )
