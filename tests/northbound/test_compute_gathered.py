"""Lists of compute that sites are asked for: pages over sites, sites that are away, hosts named alike, and where a server may go."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hansa.rules import numbers
from hansa.sites.sim.fault import Fault
from tests import house, virtual

C = '/compute/v2.1'


async def booted(league: house.League, *zones: str, token: str = 'demo') -> list[str]:
    """A server in each zone; their ids."""
    image = (await league.ok('GET', '/image/v2/images?name=cirros'))['images'][0]['id']
    flavors = (await league.ok('GET', f'{C}/flavors'))['flavors']
    tiny = next(each['id'] for each in flavors if each['name'] == 'm1.tiny')
    made = []
    for at, zone in enumerate(zones):
        body = {'server': {'name': f's{at}', 'imageRef': image, 'flavorRef': tiny, 'availability_zone': zone, 'networks': 'none'}}
        made.append((await league.ok('POST', f'{C}/servers', body, version='2.37', token=token))['server']['id'])
    await league.clock.sleep(30)
    return made


async def followed(league: house.League, path: str, key: str, version: str) -> list[list[dict[str, Any]]]:
    """All pages, by their links."""
    pages = []
    while path:
        body = await league.ok('GET', path, token='admin', version=version)
        pages.append(body[key])
        assert len(pages) < 20
        path = next((link['href'].removeprefix(house.URL) for link in body.get(f'{key}_links', ())), '')
    return pages


def test_hypervisors_in_pages() -> None:
    async def main() -> None:
        async with house.league('east', 'west', 'north') as league:
            for version in ('2.33', '2.53', '2.88'):
                found = await followed(league, f'{C}/os-hypervisors/detail?limit=1', 'hypervisors', version)
                assert [[each['hypervisor_hostname'] for each in page] for page in found] == [['east-compute-1'], ['west-compute-1'], ['north-compute-1'], []]
            assert len((await league.ok('GET', f'{C}/os-hypervisors?limit=2', token='admin', version='2.53'))['hypervisors']) == 2
            for marker in ('7', 'nope', '11111111-1111-4111-8111-111111111111'):
                status, _, body = await league.ask('GET', f'{C}/os-hypervisors?marker={marker}', token='admin', version='2.53')
                assert status == 400, body

    virtual.run(main)


def test_migrations_are_one_list() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            for at in range(6):
                state = league.clouds['east' if at % 2 else 'west'].state
                uuid = f'00000000-0000-4000-8000-00000000000{at}'
                state.migrations[uuid] = {'id': at // 2 + 1, 'uuid': uuid, 'created_at': f'2026-11-2{at}T00:00:00.000000', 'status': 'done'}
            whole = (await league.ok('GET', f'{C}/os-migrations', token='admin'))['migrations']
            assert [each['id'] for each in whole] == [3, 3, 2, 2, 1, 1]
            found = await followed(league, f'{C}/os-migrations?limit=4', 'migrations', '2.59')
            assert [[each['uuid'][-1] for each in page] for page in found] == [['5', '4', '3', '2'], ['1', '0']]
            status, _, _ = await league.ask('GET', f'{C}/os-migrations?marker=nope', token='admin', version='2.59')
            assert status == 400

    virtual.run(main)


def test_usage_in_pages_is_the_whole_usage() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            servers = await booted(league, 'east', 'west', 'east', 'west', 'west')
            whole = (await league.ok('GET', f'{C}/os-simple-tenant-usage?detailed=1', token='admin', version='2.39'))['tenant_usages']
            assert {each['instance_id'] for each in whole[0]['server_usages']} == set(servers)
            for limit in (1, 2, 4, 5, 9):
                found = await followed(league, f'{C}/os-simple-tenant-usage?detailed=1&limit={limit}', 'tenant_usages', '2.40')
                counts = [sum(len(each['server_usages']) for each in page) for page in found]
                assert sum(counts) == 5
                assert max(counts) <= limit
                assert {each['instance_id'] for page in found for usage in page for each in usage['server_usages']} == set(servers)
                hours = sum(usage['total_hours'] for page in found for usage in page)
                assert abs(hours - whole[0]['total_hours']) < 0.1
            brief = await league.ok('GET', f'{C}/os-simple-tenant-usage', token='admin', version='2.40')
            assert 'server_usages' not in brief['tenant_usages'][0]
            assert 'tenant_usages_links' not in brief
            one = await league.ok('GET', f'{C}/os-simple-tenant-usage/{house.league_id("demo")}?limit=4', version='2.40')
            assert one['tenant_usage_links']
            assert len(one['tenant_usage']['server_usages']) == 4
            status, _, _ = await league.ask('GET', f'{C}/os-simple-tenant-usage?marker={servers[0][::-1]}', token='admin', version='2.40')
            assert status == 400

    virtual.run(main)


def test_a_site_that_is_away_is_named() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            league.clouds['west'].fault = Fault('refuse')
            for path in ('os-hypervisors', 'os-services', 'os-aggregates', 'os-migrations', 'os-instance_usage_audit_log', 'os-availability-zone/detail'):
                status, headers, body = await league.ask('GET', f'{C}/{path}', token='admin', version='2.60')
                assert (status, headers['x-hansa-missing-sites']) == (200, 'west'), (path, body)
            zones = (await league.ok('GET', f'{C}/os-availability-zone/detail', token='admin'))['availabilityZoneInfo']
            assert [(zone['zoneName'], zone['zoneState']['available']) for zone in zones] == [('east:internal', True), ('east', True), ('west', False)]
            assert 'nova-compute' in zones[1]['hosts']['east-compute-1']

    virtual.run(main)


def test_hosts_named_alike_are_told_apart() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            league.clouds['west'].state.name = 'east'
            body = {'host': 'east-compute-1', 'binary': 'nova-compute'}
            status, _, told = await league.ask('PUT', f'{C}/os-services/disable', body, token='admin')
            assert status == 409
            assert 'east-compute-1@east, east-compute-1@west' in told['conflictingRequest']['message']
            await league.ok('PUT', f'{C}/os-services/disable', body | {'host': 'east-compute-1@west'}, token='admin')
            listed = (await league.ok('GET', f'{C}/os-services?binary=nova-compute', token='admin'))['services']
            assert [(each['id'], each['zone'], each['status']) for each in listed] == [(4001, 'east', 'enabled'), (4002, 'west', 'disabled')]
            assert (await league.ask('GET', f'{C}/os-hosts/east-compute-1', token='admin'))[0] == 409

    virtual.run(main)


def test_a_server_stays_at_its_site() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            (server,) = await booted(league, 'east')
            await league.ok('POST', f'{C}/servers/{server}/action', {'shelve': None})
            await league.clock.sleep(30)
            for zone, status in (('west', 400), ('nowhere', 400), ('east', 202)):
                body = {'unshelve': {'availability_zone': zone}}
                got, _, told = await league.ask('POST', f'{C}/servers/{server}/action', body, version='2.77')
                assert got == status, (zone, told)
                assert status != 400 or 'is at site east and stays there' in told['badRequest']['message']
            status, _, _ = await league.ask('POST', f'{C}/servers/{server}/action', {'migrate': {'host': 'a@west'}}, token='admin', version='2.56')
            assert status == 400

    virtual.run(main)


def test_an_old_rule_holds_at_every_site() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            body = {'security_group': {'name': 'g', 'description': ''}}
            group = (await league.ok('POST', f'{C}/os-security-groups', body))['security_group']['id']
            servers = await booted(league, 'east', 'west')
            for server in servers:
                await league.ok('POST', f'{C}/servers/{server}/action', {'addSecurityGroup': {'name': 'g'}})
            rule = {'parent_group_id': group, 'ip_protocol': 'tcp', 'from_port': 80, 'to_port': 80, 'cidr': '0.0.0.0/0'}
            await league.ok('POST', f'{C}/os-security-group-rules', {'security_group_rule': rule})
            for cloud in league.clouds.values():
                assert any(each['port_range_min'] == 80 for each in cloud.state.security_group_rules.values())
            for server in servers:
                await league.ok('DELETE', f'{C}/servers/{server}')
            await league.clock.sleep(30)
            await league.ok('DELETE', f'{C}/os-security-groups/{group}')
            assert not any(each['name'] == 'g' for cloud in league.clouds.values() for each in cloud.state.security_groups.values())

    virtual.run(main)


def test_numbers_come_back_to_their_site() -> None:
    for site, local in ((1, 1), (999, 12), (7, 2**31)):
        assert numbers.local(numbers.league(site, local)) == (site, local)
    assert [numbers.number(word) for word in ('12', '', '-1', '1.5', '²', '1' * 19)] == [12, None, None, None, None, None]


def test_a_number_is_never_another_sites() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await league.store.set('number/gone', b'1')
            body = {'aggregate': {'name': 'a'}}
            assert (await league.ok('POST', f'{C}/os-aggregates', body, token='admin'))['aggregate']['id'] == 1002

    virtual.run(main)


def test_changes_tell_of_servers_that_are_gone() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            servers = await booted(league, 'east', 'west', 'east')
            for gone in servers[:2]:
                await league.ok('DELETE', f'{C}/servers/{gone}')
            await league.clock.sleep(30)
            assert [each['id'] for each in (await league.ok('GET', f'{C}/servers'))['servers']] == servers[2:]
            since = 'changes-since=2020-01-01T00:00:00Z'
            for word, query, found in (
                ('status', f'servers/detail?{since}', {'DELETED': 2, 'ACTIVE': 1}),
                ('OS-EXT-STS:vm_state', f'servers/detail?{since}&status=DELETED&status=ACTIVE', {'deleted': 2, 'active': 1}),
                ('status', 'servers/detail?changes-since=2100-01-01T00:00:00Z', {}),
                ('status', f'servers/detail?{since}&name=s0', {'DELETED': 1}),
            ):
                listed = (await league.ok('GET', f'{C}/{query}'))['servers']
                assert Counter(each[word] for each in listed) == found, query
            assert (await league.ok('GET', f'{C}/servers?{since}', token='alt_demo'))['servers'] == []
            whole = [each['id'] for each in (await league.ok('GET', f'{C}/servers?{since}&sort_key=display_name&sort_dir=asc'))['servers']]
            assert whole == servers
            paged, marker = [], ''
            for _ in range(3):
                query = f'{since}&sort_key=display_name&sort_dir=asc&limit=1{marker}'
                (one,) = (await league.ok('GET', f'{C}/servers?{query}'))['servers']
                paged.append(one['id'])
                marker = f'&marker={one["id"]}'
            assert paged == servers

    virtual.run(main)
