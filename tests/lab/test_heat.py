"""A stack over two sites: made, changed and deleted by Heat in front of a league, with trusts, for the league's plain user."""

from __future__ import annotations

import contextlib
import functools
import os
import pathlib
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from tests.lab import heat, league

# The SDK warns of its own future.
pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]

ZONES = ('east', 'west')
TEMPLATE = str(heat.SHIPPED / 'two-zones.yaml')
NAME = 'two-zones'
SOON_SECONDS = 60


class Desk(NamedTuple):
    """The league as its plain user and its administrator see it, Heat in front of it, the sites as their administrators see them."""

    league: league.League
    heat: heat.Heat
    user: Any
    admin: Any
    sites: dict[str, Any]


@pytest.fixture
def desk(tmp_path: pathlib.Path) -> Iterator[Desk]:
    lab = pathlib.Path(os.environ['LAB_CLOUDS'])
    with (
        league.serve(lab, ','.join(f'{zone}={zone}-admin' for zone in ZONES), tmp_path / 'state') as one,
        heat.before(one, tmp_path / 'heat') as engine,
    ):
        yield Desk(
            one, engine,
            league.connect(one.clouds, 'hansa'), league.connect(one.clouds, 'hansa-admin'),
            {zone: league.connect(lab, f'{zone}-admin') for zone in ZONES},
        )  # fmt: skip


def test_a_stack_over_two_sites_is_made_changed_and_deleted(desk: Desk) -> None:
    with swept(desk):
        desk.heat.stack('create', '--wait', '-t', TEMPLATE, NAME, again=('update', '--wait', '--existing', NAME))
        made = complete(desk)
        settled(lambda: of_two_zones(desk, made))
        with_trusts(desk)
        assert open_ports(desk, made['group']) == {22, 80}

        changes = ('first_name=front', 'volume_size=2', 'open_ports=22,80,443')
        desk.heat.stack('update', '--wait', '--existing', *(f'--parameter={each}' for each in changes), NAME)
        assert complete(desk) == made
        settled(lambda: of_two_zones(desk, made))
        assert desk.user.compute.get_server(made['first_server']).name == 'front'
        assert desk.user.block_storage.get_volume(made['volume']).size == 2
        assert open_ports(desk, made['group']) == {22, 80, 443}

    desk.heat.stack('delete', '--wait', '--yes', NAME)
    soon(lambda: held(desk.user, desk.user.current_project_id, everybody=False))
    for site in desk.sites.values():
        soon(functools.partial(held, site, local(site, desk.user.current_project_id), everybody=True))
    assert list(desk.admin.identity.trusts()) == []
    soon(lambda: league.open_intents(desk.league.state))


@contextlib.contextmanager
def swept(desk: Desk) -> Iterator[None]:
    """Leave nothing at the sites where something goes wrong."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            desk.heat.stack('delete', '--wait', '--yes', NAME)
        raise


def complete(desk: Desk) -> dict[str, str]:
    """Ids by the template's names; fails unless stack and resources are as they should be."""
    stack = desk.user.orchestration.find_stack(NAME)
    assert stack.status.endswith('_COMPLETE')
    resources = list(desk.user.orchestration.resources(stack))
    assert {each.logical_resource_id: each.status for each in resources if not each.status.endswith('_COMPLETE')} == {}
    assert len(resources) == 14
    return {each.logical_resource_id: each.physical_resource_id for each in resources}


def of_two_zones(desk: Desk, made: dict[str, str]) -> None:
    """Every resource is complete in the league, and at the site that its zone names."""
    first, second = (desk.user.compute.get_server(made[name]) for name in ('first_server', 'second_server'))
    assert [server.status for server in (first, second)] == ['ACTIVE', 'ACTIVE']
    assert [server.availability_zone.partition(':')[0] for server in (first, second)] == list(ZONES)
    volume = desk.user.block_storage.get_volume(made['volume'])
    assert (volume.status, [each['server_id'] for each in volume.attachments]) == ('in-use', [first.id])
    floating = desk.user.network.get_ip(made['floating_ip'])
    assert (floating.status, floating.port_id, floating.router_id) == ('ACTIVE', made['port'], made['router'])
    known = [each['addr'] for addresses in first.addresses.values() for each in addresses]
    assert floating.floating_ip_address in known
    router = desk.user.network.get_router(made['router'])
    assert (router.status, router.external_gateway_info['network_id']) == ('ACTIVE', floating.floating_network_id)
    owners = {port.device_owner for port in desk.user.network.ports(device_id=router.id)}
    assert 'network:router_interface' in owners
    for server, group in ((first, made['group']), (second, made['group'])):
        [port] = desk.user.network.ports(device_id=server.id)
        assert port.security_group_ids == [group]
    east, west = (desk.sites[zone] for zone in ZONES)
    assert {made[name] for name in ('first_server', 'volume', 'floating_ip', 'router', 'port', 'first_network')} <= held(
        east, local(east, desk.user.current_project_id), everybody=True
    )
    assert {made[name] for name in ('second_server', 'second_network')} <= held(
        west, local(west, desk.user.current_project_id), everybody=True
    )
    assert made['second_subnet'] in {subnet.id for subnet in west.network.subnets()}


def with_trusts(desk: Desk) -> None:
    """Heat acts as the user, in the user's project, and with no role that the user has not."""
    mine = (desk.user.current_user_id, desk.user.current_project_id, True)
    roles = set(desk.user.session.auth.get_access(desk.user.session).role_names)
    trusts = [desk.admin.identity.get_trust(each.id) for each in desk.admin.identity.trusts()]
    assert trusts
    assert {(each.trustor_user_id, each.project_id, each.is_impersonation) for each in trusts} == {mine}
    assert all({role['name'] for role in each.roles} <= roles for each in trusts)


def open_ports(desk: Desk, group: str) -> set[int]:
    """Ports that a security group lets in, in the league and at both sites alike."""

    def let_in(cloud: Any, id: str) -> set[int]:
        rules = cloud.network.security_group_rules(security_group_id=id)
        return {rule.port_range_min for rule in rules if rule.direction == 'ingress' and rule.protocol == 'tcp'}

    def missing(site: Any, id: str) -> set[int]:
        return let_in(site, id) ^ found

    name = desk.user.network.get_security_group(group).name
    found = let_in(desk.user, group)
    for site in desk.sites.values():
        [copy] = site.network.security_groups(name=name, project_id=local(site, desk.user.current_project_id))
        soon(functools.partial(missing, site, copy.id))
    return found


def local(site: Any, project: str) -> str:
    """A site's id of a league's project."""
    found: str = site.identity.find_project(project, ignore_missing=False).id
    return found


def held(cloud: Any, project: str, *, everybody: bool) -> set[str]:
    """Ids of all that a project has, but for its default security group; `everybody` as an administrator has to ask."""
    wanted = {'all_projects': True, 'project_id': project} if everybody else {}
    compute, volume, network = cloud.compute, cloud.block_storage, cloud.network
    found = {each.id for each in (*compute.servers(**wanted), *volume.volumes(**wanted), *volume.snapshots(**wanted))}
    for kind in (network.networks, network.subnets, network.ports, network.routers, network.ips, network.security_groups):
        found |= {each.id for each in kind(project_id=project) if each.name != 'default'}
    return found


def settled(check: Callable[[], None]) -> None:
    """Lists are as old as they say: wait until what was just made stands in all of them. Raises what `check` does where it does not."""
    deadline = time.monotonic() + SOON_SECONDS
    while True:
        try:
            return check()
        except (AssertionError, ValueError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)


def soon(left: Callable[[], object]) -> None:
    """Wait until nothing is left."""
    deadline = time.monotonic() + SOON_SECONDS
    while remains := left():
        assert time.monotonic() < deadline, f'after {SOON_SECONDS} s there still is {remains}'
        time.sleep(0.5)
