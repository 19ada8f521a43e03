"""Servers made in every way over two real clouds, through the SDK and its own waiters."""

from __future__ import annotations

import os
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import openstack
import pytest
from openstack import exceptions

from tests.lab import league

# The SDK warns of its own future.
pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]

SITES = 'east=east-admin,west=west-admin'
WAIT = 120
WORD = f'made-{os.getpid()}'


@pytest.fixture(scope='module')
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The league as its user demo."""
    with league.serve(pathlib.Path(os.environ['LAB_CLOUDS']), SITES, tmp_path_factory.mktemp('servers') / 'state') as running:
        config = openstack.config.OpenStackConfig(config_files=[str(running.clouds)]).get_one('hansa')
        connection = openstack.connection.Connection(config=config)
        try:
            settle(connection)
            yield connection
        finally:
            sweep(connection)


def settle(cloud: Any) -> None:
    """Until the league has been told what both its sites hold; each has a flavor of its own."""
    deadline = time.monotonic() + WAIT
    while not ({'east.special', 'west.special'} <= {flavor.name for flavor in cloud.compute.flavors()} and images(cloud)):
        assert time.monotonic() < deadline, 'the sites tell nothing'
        time.sleep(1)


def images(cloud: Any) -> list[Any]:
    """Those that all sites have, or that can be brought there."""
    return [image for image in cloud.image.images(visibility='public', name='cirros') if image.status == 'active']


def sweep(cloud: Any) -> None:
    """Whatever a failed test left behind."""
    mine = [server for server in cloud.compute.servers() if server.name.startswith(WORD)]
    for server in mine:
        cloud.compute.delete_server(server)
    for server in mine:
        cloud.compute.wait_for_delete(server, interval=1, wait=WAIT)
    for group in cloud.compute.server_groups():
        if group.name.startswith(WORD):
            cloud.compute.delete_server_group(group)
    for volume in cloud.block_storage.volumes():
        if volume.name.startswith(WORD) and volume.status != 'deleting':
            cloud.block_storage.delete_volume(volume)
    for kind in ('port', 'network'):
        for each in getattr(cloud.network, f'{kind}s')():
            if each.name.startswith(WORD):
                getattr(cloud.network, f'delete_{kind}')(each)


def create(cloud: Any, name: str, **more: Any) -> Any:
    """Ask for a server, by default a tiny one without a network."""
    image, flavor = league.offered(cloud)
    wanted = {'image_id': image, 'networks': 'none', **more}
    return cloud.compute.create_server(name=f'{WORD}-{name}', flavor_id=flavor, **{key: value for key, value in wanted.items() if value})


def ready(cloud: Any, *servers: Any) -> list[Any]:
    return [cloud.compute.wait_for_server(cloud.compute.get_server(server.id), interval=1, wait=WAIT) for server in servers]


def end(cloud: Any, *servers: Any) -> None:
    """Delete them; afterwards neither id nor name finds one."""
    for server in servers:
        cloud.compute.delete_server(server)
    for server in servers:
        cloud.compute.wait_for_delete(server, interval=1, wait=WAIT)
    for server in servers:
        with pytest.raises(exceptions.NotFoundException):
            cloud.compute.get_server(server.id)
    assert {server.id for server in servers}.isdisjoint(server.id for server in cloud.compute.servers(details=False))


def test_a_group_over_sites_keeps_servers_apart_and_several_servers_are_listed_at_once(cloud: Any) -> None:
    group = cloud.compute.create_server_group(name=f'{WORD}-apart', policy='anti-affinity', rules={'scope': 'site'})
    hints = {'group': group.id}
    pair = [create(cloud, f'apart-{n}', scheduler_hints=hints) for n in range(2)]
    with pytest.raises(exceptions.ConflictException, match='has a member of server group'):
        create(cloud, 'apart-3', scheduler_hints=hints)
    create(cloud, 'several', min_count=2, max_count=2)
    several = [server for server in cloud.compute.servers() if server.name.startswith(f'{WORD}-several-')]
    assert len(several) == 2
    up = ready(cloud, *pair, *several)
    assert {server.availability_zone for server in up[:2]} == {'east', 'west'}
    assert len({server.availability_zone for server in up[2:]}) == 1
    assert sorted(cloud.compute.get_server_group(group.id).member_ids) == sorted(server.id for server in pair)
    end(cloud, *up)
    assert cloud.compute.get_server_group(group.id).member_ids == []
    cloud.compute.delete_server_group(group)
    assert cloud.compute.find_server_group(group.id) is None


def test_a_server_boots_from_a_volume_on_a_port_made_before(cloud: Any) -> None:
    network = cloud.network.create_network(name=f'{WORD}-net', availability_zone_hints=['west'])
    cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr='10.77.0.0/24')
    port = cloud.network.create_port(network_id=network.id, name=f'{WORD}-port', fixed_ips=[{'ip_address': '10.77.0.9'}])
    image = images(cloud)[0]
    root = {
        'uuid': image.id, 'source_type': 'image', 'destination_type': 'volume', 'boot_index': 0, 'volume_size': 1,
        'delete_on_termination': True,
    }  # fmt: skip
    east = cloud.block_storage.create_volume(name=f'{WORD}-east', size=1, availability_zone='east')
    away = {'uuid': east.id, 'source_type': 'volume', 'destination_type': 'volume', 'boot_index': -1}
    ports = [{'port': port.id}]
    with pytest.raises(exceptions.BadRequestException, match='contradicts itself'):
        create(cloud, 'torn', networks=ports, image_id=None, block_device_mapping=[root, away])
    [server] = ready(cloud, create(cloud, 'booted', networks=ports, image_id=None, block_device_mapping=[root]))
    assert server.availability_zone == 'west'
    assert [each['addr'] for each in server.addresses[network.name]] == ['10.77.0.9']
    [disk] = server.attached_volumes
    assert {volume.id: volume.status for volume in cloud.block_storage.volumes()}[disk.id] == 'in-use'
    end(cloud, server)
    kept = [volume.status for volume in cloud.block_storage.volumes() if volume.id == disk.id]
    assert kept in ([], ['deleting'])
    cloud.network.delete_port(port)
    cloud.network.delete_network(network)
    assert cloud.network.find_network(network.id) is None
    assert network.id not in {each.id for each in cloud.network.networks()}
    cloud.block_storage.delete_volume(east)
    cloud.block_storage.wait_for_delete(east, interval=1, wait=WAIT)
    assert east.id not in {volume.id for volume in cloud.block_storage.volumes()}


def test_the_image_of_a_shelved_server_is_in_the_very_next_list(cloud: Any) -> None:
    [server] = ready(cloud, create(cloud, 'put-by'))
    cloud.compute.shelve_server(server)
    [image] = cloud.image.images(name=f'{server.name}-shelved')
    cloud.compute.wait_for_server(cloud.compute.get_server(server.id), status='SHELVED_OFFLOADED', interval=1, wait=WAIT)
    cloud.compute.unshelve_server(server)
    ready(cloud, server)
    end(cloud, server)
    cloud.image.delete_image(image.id, ignore_missing=True)
