"""What an API may have and a cloud may do without: by the words that requests and sites use for it, and how people say it."""

from __future__ import annotations

from collections.abc import Mapping

from hansa.model.site import Capabilities

NETWORK: Mapping[str, tuple[str, str]] = {
    'address-groups': ('address-group', 'address groups'),
    'address-scopes': ('address-scope', 'address scopes'),
    'agents': ('agent', 'agents'),
    'auto-allocated-topology': ('auto-allocated-topology', 'topologies that are allocated by themselves'),
    'bgp-peers': ('bgp', 'BGP'),
    'bgp-speakers': ('bgp', 'BGP'),
    'bgpvpn': ('bgpvpn', 'BGP VPNs'),
    'conntrack_helpers': ('l3-conntrack-helper', 'conntrack helpers'),
    'default-security-group-rules': ('security-groups-default-rules', 'default security group rules'),
    'dhcp-agents': ('dhcp_agent_scheduler', 'DHCP agents of networks'),
    'dhcp-networks': ('dhcp_agent_scheduler', 'networks of DHCP agents'),
    'flavors': ('flavors', 'network flavors'),
    'floatingip_pools': ('floatingip-pools', 'floating IP pools'),
    'fwaas': ('fwaas_v2', 'firewalls'),
    'l3-agents': ('l3_agent_scheduler', 'L3 agents of routers'),
    'l3-routers': ('l3_agent_scheduler', 'routers of L3 agents'),
    'lbaas': ('lbaasv2', 'load balancers'),
    'local_ips': ('local_ip', 'local IPs'),
    'log': ('logging', 'packet logging'),
    'metering': ('metering', 'metering labels'),
    'ndp_proxies': ('l3-ndp-proxy', 'NDP proxies'),
    'network-ip-availabilities': ('network-ip-availability', 'counts of free addresses'),
    'network_segment_ranges': ('network-segment-range', 'network segment ranges'),
    'port_forwardings': ('floating-ip-port-forwarding', 'port forwardings'),
    'qos': ('qos', 'QoS policies'),
    'rbac-policies': ('rbac-policies', 'RBAC policies'),
    'segments': ('segment', 'segments'),
    'service-providers': ('service-type', 'service providers'),
    'service_profiles': ('flavors', 'service profiles'),
    'sfc': ('sfc', 'service function chains'),
    'subnetpools': ('subnet_allocation', 'subnet pools'),
    'taas': ('taas', 'port mirroring'),
    'trunks': ('trunk', 'trunks'),
    'vpn': ('vpnaas', 'VPNs'),
}
"""First word of a collection, or of what stands below an object: (alias of Neutron's extension that has it, what it is)."""

_USUAL = ('conntrack_helpers', 'local_ips', 'log', 'metering', 'ndp_proxies', 'network_segment_ranges', 'port_forwardings', 'qos', 'trunks')

OTHERS: Mapping[str, str] = {
    'backup': 'backups of volumes: no cinder-backup runs there',
    'import': 'ways to import images but plain upload',
    'cache': 'image cache that is managed by its API',
}
"""What Cinder and Glance may do without, by our words for it in `Capabilities.absent`."""


def offers(site: Capabilities | None, word: str) -> bool:
    """Whether a site's Neutron has a collection; of one that did not tell yet, and of words that are not known here, it is believed."""
    known = NETWORK.get(word)
    return known is None or site is None or not site.extensions or known[0] in site.extensions


def sentences(site: Capabilities) -> list[str]:
    """What a site does without whoever else has it, in sentences for people."""
    found = [f'It has no {OTHERS[word]}.' for word in site.absent if word in OTHERS]
    network = [f'{NETWORK[word][1]} ({NETWORK[word][0]})' for word in _USUAL if not offers(site, word)]
    return [*found, *([f'Its network has no {", ".join(network)}.'] if network else [])]
