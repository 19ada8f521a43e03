"""Flavors, images, volume types, key pairs and security groups are objects of the league, whatever stands behind them at the sites."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hansa.sites.sim.fault import Fault
from tests import house, virtual

C, V, N, I = '/compute/v2.1', '/volume/v3', '/network/v2.0', '/image/v2'  # noqa: E741 - one letter each
PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHrCzFdGs/IbLRCwhGxJzHjerJF6LfAnK6oJyMy4QiTs me'


async def named(league: house.League, path: str, plural: str, name: str, **more: Any) -> list[dict[str, Any]]:
    """Those of a list that have this name."""
    return [each for each in (await league.ok('GET', path, **more))[plural] if each['name'] == name]


def test_what_all_sites_have_is_listed_once() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            assert len(await named(league, f'{C}/flavors', 'flavors', 'm1.tiny')) == 1
            assert len(await named(league, f'{C}/flavors', 'flavors', 'east.special')) == 1
            assert len(await named(league, f'{I}/images', 'images', 'cirros')) == 1
            types = (await league.ok('GET', f'{V}/types'))['volume_types']
            assert len({each['name'] for each in types}) == len(types)

    virtual.run(main)


def test_a_flavor_is_made_changed_and_deleted_once_for_all_sites() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            body = {'flavor': {'name': 'f', 'ram': 64, 'vcpus': 1, 'disk': 1}}
            id = (await league.ok('POST', f'{C}/flavors', body, token='admin'))['flavor']['id']
            await league.ok('POST', f'{C}/flavors/{id}/os-extra_specs', {'extra_specs': {'a': 'b'}}, token='admin')
            for cloud in league.clouds.values():
                assert [flavor['extra_specs'] for flavor in cloud.state.flavors.values() if flavor['name'] == 'f'] == [{'a': 'b'}]
            await league.clock.sleep(120)
            assert [each['id'] for each in await named(league, f'{C}/flavors', 'flavors', 'f')] == [id]
            await league.ok('DELETE', f'{C}/flavors/{id}', token='admin')
            assert not any(flavor['name'] == 'f' for cloud in league.clouds.values() for flavor in cloud.state.flavors.values())
            assert await named(league, f'{C}/flavors', 'flavors', 'f') == []

    virtual.run(main)


@pytest.mark.parametrize('slow', ['east', 'west'])
def test_a_flavor_keeps_its_id_while_its_replicas_change_one_after_another(slow: str) -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            body = {'flavor': {'name': 'f', 'ram': 64, 'vcpus': 1, 'disk': 1}}
            id = (await league.ok('POST', f'{C}/flavors', body, token='admin'))['flavor']['id']
            await league.clock.sleep(60)
            league.clouds[slow].fault = Fault('slow', method='POST', path='os-extra_specs', seconds=40)
            change = asyncio.create_task(league.ask('POST', f'{C}/flavors/{id}/os-extra_specs', {'extra_specs': {'a': 'b'}}, token='admin'))
            await league.clock.sleep(30)
            for site in league.clouds:
                await league.house.flock.catch_up(site)
            assert (await change)[0] == 200
            for _ in range(2):
                assert [each['id'] for each in await named(league, f'{C}/flavors', 'flavors', 'f')] == [id]
                await league.clock.sleep(120)

    virtual.run(main)


def test_who_is_no_administrator_is_told_so_before_anything_else() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            body = {'flavor': {'name': 'f', 'ram': 64, 'vcpus': 1, 'disk': 1, 'os-flavor-access:is_public': False}}
            id = (await league.ok('POST', f'{C}/flavors', body, token='admin'))['flavor']['id']
            assert (await league.ask('POST', f'{C}/flavors/{id}/action', {'addTenantAccess': {'tenant': 'x'}}))[0] == 403
            assert (await league.ask('GET', f'{C}/flavors/{id}'))[0] == 404

    virtual.run(main)


def test_one_key_pair_is_shown_with_its_times() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await league.ok('POST', f'{C}/os-keypairs', {'keypair': {'name': 'k', 'public_key': PUBLIC_KEY}})
            shown = (await league.ok('GET', f'{C}/os-keypairs/k'))['keypair']
            assert {'created_at', 'deleted', 'deleted_at', 'id', 'updated_at', 'user_id', 'fingerprint'} <= shown.keys()
            [listed] = (await league.ok('GET', f'{C}/os-keypairs'))['keypairs']
            assert listed['keypair'].keys() == {'name', 'public_key', 'fingerprint'}

    virtual.run(main)


def test_a_private_flavor_is_private_at_every_site() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            body = {'flavor': {'name': 'f', 'ram': 64, 'vcpus': 1, 'disk': 1, 'os-flavor-access:is_public': False}}
            id = (await league.ok('POST', f'{C}/flavors', body, token='admin'))['flavor']['id']
            await league.clock.sleep(120)
            assert await named(league, f'{C}/flavors', 'flavors', 'f') == []
            found = (await league.ok('GET', f'{C}/flavors?is_public=none', token='admin'))['flavors']
            assert [each['id'] for each in found if each['name'].startswith('f')] == [id]
            await league.ok('DELETE', f'{C}/flavors/{id}', token='admin')
            assert not any(flavor['name'] == 'f' for cloud in league.clouds.values() for flavor in cloud.state.flavors.values())

    virtual.run(main)


def test_a_volume_type_is_made_changed_and_deleted_once_for_all_sites() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            made = await league.ok('POST', f'{V}/types', {'volume_type': {'name': 't'}}, token='admin')
            id = made['volume_type']['id']
            await league.ok('POST', f'{V}/types/{id}/extra_specs', {'extra_specs': {'multiattach': '<is> True'}}, token='admin')
            assert [each['id'] for each in await named(league, f'{V}/types', 'volume_types', 't')] == [id]
            for site in league.clouds:
                body = {'volume': {'size': 1, 'volume_type': 't', 'availability_zone': site}}
                volume = (await league.ok('POST', f'{V}/volumes', body))['volume']
                assert (volume['availability_zone'], volume['volume_type']) == (site, 't')
                await league.clock.sleep(5)
                await league.ok('DELETE', f'{V}/volumes/{volume["id"]}')
            await league.clock.sleep(10)
            await league.ok('DELETE', f'{V}/types/{id}', token='admin')
            assert not any(each['name'] == 't' for cloud in league.clouds.values() for each in cloud.state.types.values())

    virtual.run(main)


def test_a_server_at_any_site_may_use_any_key_group_and_image() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            image = (await league.ok('POST', f'{I}/images', {'name': 'own', 'disk_format': 'raw', 'container_format': 'bare'}))['id']
            await league.ok('PUT', f'{I}/images/{image}/file', b'bytes')
            await league.ok('POST', f'{C}/os-keypairs', {'keypair': {'name': 'k', 'public_key': PUBLIC_KEY}})
            group = (await league.ok('POST', f'{N}/security-groups', {'security_group': {'name': 'g'}}))['security_group']['id']
            rule = {'security_group_id': group, 'direction': 'ingress', 'protocol': 'tcp', 'port_range_min': 22, 'port_range_max': 22}
            await league.ok('POST', f'{N}/security-group-rules', {'security_group_rule': rule})
            tiny = (await named(league, f'{C}/flavors', 'flavors', 'm1.tiny'))[0]['id']
            for site in league.clouds:
                net = {'network': {'name': site, 'availability_zone_hints': [site]}}
                network = (await league.ok('POST', f'{N}/networks', net))['network']['id']
                await league.ok('POST', f'{N}/subnets', {'subnet': {'network_id': network, 'cidr': '10.9.0.0/24', 'ip_version': 4}})
                server = {
                    'name': site, 'imageRef': image, 'flavorRef': tiny, 'networks': [{'uuid': network}], 'key_name': 'k',
                    'security_groups': [{'name': 'g'}],
                }  # fmt: skip
                id = (await league.ok('POST', f'{C}/servers', {'server': server}))['server']['id']
                await league.clock.sleep(10)
                shown = (await league.ok('GET', f'{C}/servers/{id}'))['server']
                assert (shown['status'], shown['key_name'], shown['image']['id'], shown['flavor']['id']) == ('ACTIVE', 'k', image, tiny)
                assert shown['OS-EXT-AZ:availability_zone'] == site
                port = (await league.ok('GET', f'{N}/ports?device_id={id}'))['ports'][0]
                assert port['security_groups'] == [group]
            assert [each['id'] for each in await named(league, f'{I}/images', 'images', 'own')] == [image]
            assert [each['id'] for each in await named(league, f'{N}/security-groups', 'security_groups', 'g')] == [group]
            await league.ok('POST', f'{N}/security-group-rules', {'security_group_rule': rule | {'protocol': 'udp'}})
            for cloud in league.clouds.values():
                here = [rule['protocol'] for rule in cloud.state.security_group_rules.values() if rule.get('port_range_min') == 22]
                assert sorted(here) == ['tcp', 'udp']

    virtual.run(main)
