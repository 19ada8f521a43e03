"""What administrators of a league see of real clouds' machines, and the placement API, by OpenStack's own SDK."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from typing import Any

import openstack
import pytest

from tests.lab import league

# The SDK warns of its own future.
pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]


@pytest.fixture(scope='module')
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp('surface')
    with league.serve(pathlib.Path(os.environ['LAB_CLOUDS']), 'east=east-admin,west=west-admin', folder / 'state') as one:
        yield league.connect(one.clouds, 'hansa-admin')


def test_machines_of_all_sites(admin: Any) -> None:
    compute = admin.compute
    hosts = {each.name: each.id for each in compute.hypervisors(details=True)}
    assert {'east-compute-1', 'west-compute-1'} <= hosts.keys()
    assert compute.get_hypervisor(hosts['west-compute-1']).name == 'west-compute-1'
    page = compute.get('/os-hypervisors?limit=1', microversion='2.53').json()
    assert len(page['hypervisors']) == 1
    assert page['hypervisors_links']
    zones = {each.host: each.availability_zone for each in compute.services(binary='nova-compute')}
    assert (zones['east-compute-1'], zones['west-compute-1']) == ('east', 'west')
    statistics = compute.get('/os-hypervisors/statistics', microversion='2.87').json()['hypervisor_statistics']
    assert statistics['count'] >= 2


def test_aggregates_at_the_sites_that_are_named(admin: Any) -> None:
    compute = admin.compute
    with pytest.raises(openstack.exceptions.BadRequestException, match='SITE:ZONE'):
        compute.create_aggregate(name='hansa-nowhere', availability_zone='nowhere')
    made = [compute.create_aggregate(name=f'hansa-{site}', availability_zone=f'{site}:hansa') for site in ('east', 'west')]
    try:
        assert len({each.id for each in made}) == 2
        for site, one in zip(('east', 'west'), made, strict=True):
            found = compute.find_aggregate(f'hansa-{site}', ignore_missing=False)
            assert (found.id, found.availability_zone) == (one.id, f'{site}:hansa')
            assert compute.set_aggregate_metadata(one.id, {'ssd': 'true'}).metadata['ssd'] == 'true'
    finally:
        for one in made:
            compute.delete_aggregate(one.id)


def test_old_proxies_and_what_is_refused(admin: Any) -> None:
    compute = admin.compute
    for path in ('os-networks', 'os-security-groups', 'os-volumes/detail', 'os-snapshots', 'images', 'os-floating-ips', 'os-floating-ip-pools'):
        assert [compute.get(f'/{path}', microversion=version).status_code for version in ('2.35', '2.36')] == [200, 404], path
    assert compute.post('/os-server-external-events', json={'events': []}).status_code == 403
    assert compute.get('/os-cells').status_code == 410
    assert compute.get('/os-simple-tenant-usage?limit=1&detailed=1', microversion='2.40').status_code == 200


def test_placement_to_read(admin: Any) -> None:
    placement = admin.placement
    providers = {each.name: each for each in placement.resource_providers()}
    assert {'east-compute-1', 'west-compute-1'} <= providers.keys()
    inventories = {each.resource_class for each in placement.resource_provider_inventories(providers['west-compute-1'])}
    assert 'VCPU' in inventories
    found = placement.get('/allocation_candidates?resources=VCPU:1', microversion='1.29').json()
    assert {each.id for each in providers.values()} <= found['provider_summaries'].keys()
    with pytest.raises(openstack.exceptions.ForbiddenException):
        placement.create_resource_provider(name='mine')
