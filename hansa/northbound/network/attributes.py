"""Which attributes of Neutron's kinds may be filtered and sorted by, as its own filter validation has it."""

from __future__ import annotations

from collections.abc import Mapping

TAGS = frozenset(('tags', 'tags-any', 'not-tags', 'not-tags-any'))

_ALL = TAGS | {'id', 'project_id', 'tenant_id', 'description', 'revision_number'}
_OWNED = frozenset(('id', 'project_id', 'tenant_id'))

FILTERS: Mapping[str, frozenset[str]] = {
    'network': _ALL | {
        'name', 'status', 'admin_state_up', 'shared', 'router:external', 'is_default', 'mtu', 'qinq', 'vlan_transparent',
        'provider:network_type', 'provider:physical_network', 'provider:segmentation_id',
    },
    'subnet': _ALL | {
        'name', 'network_id', 'cidr', 'ip_version', 'gateway_ip', 'enable_dhcp', 'ipv6_address_mode', 'ipv6_ra_mode',
        'subnetpool_id', 'segment_id', 'shared', 'router:external',
    },
    'port': _ALL | {
        'name', 'status', 'admin_state_up', 'network_id', 'mac_address', 'device_id', 'device_owner', 'fixed_ips',
        'security_groups', 'ip_allocation', 'binding:host_id',
    },
    'router': _ALL | {'name', 'admin_state_up'},
    'floating_ip': _ALL | {
        'status', 'floating_network_id', 'floating_ip_address', 'fixed_ip_address', 'port_id', 'router_id',
    },
    'security_group': _ALL | {'name', 'shared', 'stateful'},
    'security_group_rule': _ALL - TAGS | {
        'direction', 'ethertype', 'protocol', 'port_range_min', 'port_range_max', 'remote_ip_prefix', 'security_group_id',
        'remote_group_id', 'remote_address_group_id', 'belongs_to_default_sg', 'normalized_cidr',
    },
}  # fmt: skip

SORTS: Mapping[str, frozenset[str]] = {
    'network': _OWNED | {'name', 'status', 'admin_state_up', 'mtu', 'availability_zone_hints'},
    'subnet': _OWNED | {
        'name', 'cidr', 'enable_dhcp', 'gateway_ip', 'ip_version', 'ipv6_address_mode', 'ipv6_ra_mode', 'network_id', 'segment_id',
        'subnetpool_id',
    },
    'port': _OWNED | {
        'name', 'status', 'admin_state_up', 'device_id', 'device_owner', 'ip_allocation', 'mac_address', 'network_id',
    },
    'router': _OWNED | {'name', 'status', 'admin_state_up', 'flavor_id'},
    'floating_ip': _OWNED | {'status', 'fixed_ip_address', 'floating_ip_address', 'floating_network_id', 'router_id'},
    'security_group': _OWNED | {'name'},
    'security_group_rule': _OWNED | {
        'direction', 'ethertype', 'protocol', 'port_range_min', 'port_range_max', 'remote_ip_prefix', 'security_group_id',
        'remote_group_id',
    },
}  # fmt: skip

TRUTHS = frozenset(
    ('admin_state_up', 'shared', 'router:external', 'is_default', 'qinq', 'vlan_transparent', 'enable_dhcp', 'stateful')
)
NUMBERS = frozenset(('mtu', 'ip_version', 'provider:segmentation_id'))

COLUMNS: Mapping[str, tuple[str, ...]] = {
    'id': ('id',),
    'name': ('name',),
    'status': ('status',),
    'project_id': ('project',),
    'tenant_id': ('project',),
}
"""Attributes that the inventory keeps beside the document."""
