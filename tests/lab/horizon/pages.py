"""What Horizon shows of a league: page by page, with what has to be on it of each site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.lab.horizon.browser import Browser


class Page(NamedTuple):
    """`words` are on the page, and for each site a row of a table has all of `row`; {site} and what the stock knows of it are put in."""

    path: str
    words: tuple[str, ...]
    row: tuple[str, ...] = ()


PLAIN = (
    Page('project/', ('Limit Summary', 'Used 2 of', 'This Period'), ('server-{site}',)),
    Page('project/instances/', ('Launch Instance',), ('server-{site}', 'cirros', 'm1.tiny', 'Active', '{site}', 'Running')),
    Page('project/images', ('cirros', '{site}-linux')),
    Page('project/key_pairs', ('Create Key Pair',)),
    Page('project/server_groups/', ('Create Server Group',)),
    Page('project/volumes/', ('Create Volume',), ('volume-{site}', '1GiB', 'Available', '{site}')),
    Page('project/snapshots/', ('Volume Snapshots',)),
    Page('project/volume_groups/', ('Create Group',)),
    Page('project/network_topology/', ('Topology', 'Graph')),
    Page('project/networks/', ('Create Network', 'public'), ('net-{site}', 'subnet-{site}', 'Active', '{site}')),
    Page('project/routers/', ('Create Router',), ('router-{site}', 'Active', 'public', '{site}')),
    Page('project/security_groups/', ('default', 'Default security group')),
    Page('project/floating_ips/', ('Allocate IP To Project',), ('{address}', 'public')),
    Page('project/api_access/', ('Compute', 'Block Storage', 'Identity', 'Image', 'Network', '/compute/v2.1')),
    Page('identity/', ('demo',)),
)

ONE = (
    Page('project/instances/{server}/', ('server-{site}', 'm1.tiny', 'cirros', 'net-{site}', 'default')),
    Page('project/instances/{server}/?tab=instance_details__interfaces', ('net-{site}', 'Active'), ('10.7.0.',)),
    Page('project/instances/{server}/?tab=instance_details__log', ('Instance Console Log', 'LAST LINE')),
    Page('project/instances/{server}/?tab=instance_details__audit', ('Create',), ('req-',)),
    Page('project/volumes/{volume}/', ('volume-{site}', 'Available')),
    Page('project/networks/{network}/detail?tab=network_tabs__overview', ('net-{site}', 'Active')),
    Page('project/networks/{network}/detail?tab=network_tabs__subnets_tab', ('subnet-{site}',), ('subnet-{site}', '10.7.0.0/24')),
    Page('project/networks/{network}/detail?tab=network_tabs__ports_tab', ('compute:',), ('10.7.0.',)),
    Page('project/routers/{router}/', ('router-{site}', 'public')),
)

ADMIN = (
    Page('admin/', ('Usage Summary', 'Active Instances')),
    Page('admin/hypervisors/', ('Hypervisor Summary',), ('{site}-compute-1', 'fake')),
    Page('admin/aggregates/', ('Host Aggregates',), ('{site}', 'Yes')),
    Page('admin/instances/', ('Delete Instances',), ('server-{site}', '{site}-compute-1', 'cirros', 'm1.tiny', 'Active')),
    Page('admin/flavors/', ('m1.tiny', 'm1.small', 'm1.medium'), ('{site}.special',)),
    Page('admin/images', ('cirros',), ('{site}-linux', 'Active', 'Public')),
    Page('admin/volumes/', ('Manage Volume',), ('volume-{site}', '{site}-storage-1')),
    Page('admin/volume_types/', ('__DEFAULT__',)),
    Page('admin/networks/', ('Create Network',)),
    Page('admin/routers/', ('router',)),
    Page('admin/floating_ips/', ('Floating IP',)),
    Page('admin/defaults/', ('Default Quotas', 'RAM (MB)')),
    Page('admin/defaults/?tab=defaults__volume_quotas', ('Default Quotas', 'Volumes')),
    Page('admin/info/', ('keystone', 'nova', 'neutron', 'glance', 'cinder')),
    Page('admin/info/?tab=system_info__nova_services', ('nova-scheduler',), ('nova-compute', '{site}-compute-1')),
    Page('admin/info/?tab=system_info__cinder_services', ('cinder-scheduler',), ('cinder-volume', '{site}-storage-1')),
    Page('admin/info/?tab=system_info__network_agents', ('Network Agents',)),
    Page('identity/', ('demo', 'admin')),
    Page('identity/users/', ('demo', 'admin')),
)


def read(browser: Browser, pages: Sequence[Page], stock: dict[str, dict[str, Any]]) -> None:
    """See each page, once where it has nothing of a site in its path, else once a site."""
    for page in pages:
        places = [{'site': site, **told} for site, told in stock.items()]
        for path in dict.fromkeys(page.path.format(**place) for place in places):
            here = [place for place in places if page.path.format(**place) == path]
            words = [word.format(**place) for word in page.words for place in here]
            browser.visit(path, *dict.fromkeys(words))
            for place in here if page.row else ():
                row = [word.format(**place) for word in page.row]
                assert browser.row(*row), f'{path} has no row with {row}:\n{browser.text()}'
