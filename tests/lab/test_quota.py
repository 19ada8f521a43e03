"""A quota of the league over two real clouds: of many servers at once exactly as many are made as it allows."""

from __future__ import annotations

import collections
import concurrent.futures
import os
import pathlib
import time
from typing import Any

import openstack
import pytest

from tests.lab import league

# The SDK warns of its own future.
pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]

AT_ONCE, QUOTA = 50, 10
GONE_SECONDS = 150


def create(cloud: Any, name: str, image: str, flavor: str, zone: str | None) -> str:
    """'made', or what the league said."""
    more = {'availability_zone': zone} if zone else {}
    try:
        cloud.compute.create_server(name=name, image_id=image, flavor_id=flavor, networks='none', **more)
    except openstack.exceptions.HttpException as error:
        return f'{error.status_code} quota' if 'Quota exceeded for instances: Requested 1, but already used' in str(error) else str(error)
    return 'made'


def settle(state: pathlib.Path) -> None:
    deadline = time.monotonic() + GONE_SECONDS
    while league.open_intents(state):
        assert time.monotonic() < deadline, f'{league.open_intents(state)} intents are still open'
        time.sleep(1)


def test_fifty_servers_at_once_over_two_clouds_make_as_many_as_the_quota_allows(tmp_path: pathlib.Path) -> None:
    word = f'quota-{os.getpid()}'
    with league.serve(pathlib.Path(os.environ['LAB_CLOUDS']), 'east=east-admin,west=west-admin', tmp_path / 'state') as running:
        admin, cloud = league.connect(running.clouds, 'hansa-admin'), league.connect(running.clouds, 'hansa')
        project = cloud.current_project_id
        before = cloud.compute.get_limits().absolute
        admin.compute.update_quota_set(project, instances=before.instances_used + QUOTA, cores=before.total_cores_used + 4 * QUOTA)
        image, flavor = league.offered(cloud)
        zones = ('east', 'west', None)
        try:
            with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                told = collections.Counter(
                    pool.map(lambda number: create(cloud, f'{word}-{number}', image, flavor, zones[number % 3]), range(AT_ONCE))
                )
            # A cloud under load may fail to answer some: their users were told so, and what came of them is taken back.
            lost = sum(count for word, count in told.items() if 'Site ' in word)
            assert told['403 quota'] + told['made'] + lost == AT_ONCE, told
            assert lost < AT_ONCE // 2, told
            assert max(1, QUOTA - lost) <= told['made'] <= QUOTA, told
            settle(running.state)
            sites = [league.connect(pathlib.Path(os.environ['LAB_CLOUDS']), f'{site}-admin') for site in ('east', 'west')]
            there = sorted(server.id for site in sites for server in site.compute.servers(all_projects=True, name=word))
            assert len(there) == told['made']
            assert there == sorted(server.id for server in cloud.compute.servers(name=word))
            assert cloud.compute.get_limits().absolute.instances_used == before.instances_used + told['made']
        finally:
            for server in list(cloud.compute.servers(name=word)):
                cloud.compute.delete_server(server.id, ignore_missing=True)
            admin.compute.revert_quota_set(project)
        deadline = time.monotonic() + GONE_SECONDS
        while cloud.compute.get_limits().absolute.instances_used > before.instances_used:
            assert time.monotonic() < deadline, 'what was deleted still counts'
            time.sleep(1)
