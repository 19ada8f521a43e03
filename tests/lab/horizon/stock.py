"""What a league has before anybody looks at it through Horizon: of each kind one at each site, made by the plain user."""

from __future__ import annotations

import contextlib
import pathlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import openstack

ACTIVE_SECONDS = 300
LEVEL_SECONDS = 120


@contextlib.contextmanager
def stocked(clouds: pathlib.Path, sites: Sequence[str]) -> Iterator[dict[str, dict[str, str]]]:
    """By site: ids of its server, volume, network and router, and its floating IP's address. All of it is deleted afterwards."""
    cloud = openstack.connection.Connection(config=openstack.config.OpenStackConfig(config_files=[str(clouds)]).get_one('hansa'))
    with contextlib.ExitStack() as undo:
        made = {site: _made(cloud, site, undo) for site in sites}
        for site in sites:
            cloud.compute.wait_for_server(cloud.compute.get_server(made[site]['server']), wait=ACTIVE_SECONDS)
            volume = cloud.block_storage.get_volume(made[site]['volume'])
            cloud.block_storage.wait_for_status(volume, 'available', wait=ACTIVE_SECONDS)
        yield made


def _made(cloud: Any, site: str, undo: contextlib.ExitStack) -> dict[str, str]:
    outside = _first(lambda: [one for one in cloud.network.networks(is_router_external=True) if site in one.availability_zones])
    network = cloud.network.create_network(name=f'net-{site}', availability_zone_hints=[site])
    undo.callback(cloud.network.delete_network, network.id)
    subnet = cloud.network.create_subnet(name=f'subnet-{site}', network_id=network.id, ip_version=4, cidr='10.7.0.0/24')
    router = cloud.network.create_router(
        name=f'router-{site}', availability_zone_hints=[site], external_gateway_info={'network_id': outside.id}
    )
    undo.callback(cloud.network.delete_router, router.id)
    cloud.network.add_interface_to_router(router, subnet_id=subnet.id)
    undo.callback(cloud.network.remove_interface_from_router, router, subnet_id=subnet.id)
    address = cloud.network.create_ip(floating_network_id=outside.id)
    undo.callback(cloud.network.delete_ip, address.id)
    volume = cloud.block_storage.create_volume(name=f'volume-{site}', size=1, availability_zone=site)
    undo.callback(cloud.block_storage.delete_volume, volume.id)
    server = cloud.compute.create_server(
        name=f'server-{site}',
        image_id=_first(lambda: cloud.image.images(name='cirros')).id,
        flavor_id=_first(lambda: [one for one in cloud.compute.flavors() if one.name == 'm1.tiny']).id,
        networks=[{'uuid': network.id}],
        availability_zone=site,
    )
    undo.callback(cloud.compute.wait_for_delete, server, wait=ACTIVE_SECONDS)
    undo.callback(cloud.compute.delete_server, server.id)
    return {'network': network.id, 'router': router.id, 'address': address.floating_ip_address, 'volume': volume.id, 'server': server.id}


def _first(ask: Callable[[], Iterable[Any]]) -> Any:
    """What a site has may come a moment after the league is ready."""
    deadline = time.monotonic() + LEVEL_SECONDS
    while True:
        found = next(iter(ask()), None)
        if found is not None:
            return found
        assert time.monotonic() < deadline, f'the league does not show what its sites have in {LEVEL_SECONDS} s'
        time.sleep(0.2)
