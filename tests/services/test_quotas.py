"""Quotas of the league: set once, held over all sites by all workers, told as one cloud would, and brought to the sites."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hansa.ports.store import Store
from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.fault import Fault
from hansa.storage.sqlite import open_store
from tests import house, virtual
from tests.house import League
from tests.services import users

DEMO = house.league_id('demo')
COMPUTE = f'/compute/v2.1/os-quota-sets/{DEMO}'
VOLUME = f'/volume/v3/os-quota-sets/{DEMO}'
NETWORK = f'/network/v2.0/quotas/{DEMO}'


async def limit(league: League, **limits: int) -> None:
    await league.ok('PUT', COMPUTE, {'quota_set': limits}, token='admin')


async def used(league: League, resource: str = 'instances') -> tuple[int, int]:
    detail = (await league.ok('GET', f'{COMPUTE}/detail'))['quota_set'][resource]
    return detail['in_use'], detail['reserved']


def living(league: League) -> int:
    return sum(doc['_vm'] != 'deleted' for cloud in league.clouds.values() for doc in cloud.state.servers.values() if doc['name'][0] == 'q')


def at_site(league: League, site: str, service: str) -> dict[str, int]:
    """What the site's own quota of demo was set to."""
    cloud = league.clouds[site]
    ids = [doc['id'] for doc in cloud.state.projects.values() if doc['name'] == DEMO]
    return dict(cloud.state.quotas.get(f'{service}/{ids[0]}', {})) if ids else {}


def test_no_more_servers_than_the_quota_wherever_they_go() -> None:
    async def main() -> None:
        async with house.league() as league:
            await limit(league, instances=3, cores=2)
            assert (await users.boot(league, 'q1', 'east'))[0] == 202
            assert (await users.boot(league, 'q2', 'west'))[0] == 202
            status, _, told = await users.boot(league, 'q3')
            assert status == 403
            assert told == {
                'forbidden': {'code': 403, 'message': 'Quota exceeded for cores: Requested 1, but already used 2 of 2 cores'}
            }
            await limit(league, cores=-1)
            status, _, told = await users.boot(league, 'q3', min_count=2)
            assert (status, told['forbidden']['message']) == (
                403, 'Quota exceeded for instances: Requested 2, but already used 2 of 3 instances'
            )  # fmt: skip
            status, _, told = await users.boot(league, 'q3', 'east', min_count=1, max_count=5)
            assert status == 202, told
            assert living(league) == 3
            assert await used(league) == (3, 0)
            absolute = (await league.ok('GET', '/compute/v2.1/limits'))['limits']['absolute']
            assert (absolute['maxTotalInstances'], absolute['totalInstancesUsed']) == (3, 3)
            await league.ok('DELETE', f'/compute/v2.1/servers/{await one(league, "q1")}')
            await league.clock.sleep(30)
            assert await used(league) == (2, 0)
            assert (await users.boot(league, 'q4'))[0] == 202

    virtual.run(main)


async def one(league: League, name: str) -> str:
    servers = (await league.ok('GET', f'/compute/v2.1/servers?name={name}'))['servers']
    return str(servers[0]['id'])


def test_what_a_site_refuses_comes_back() -> None:
    async def main() -> None:
        async with house.league() as league:
            await limit(league, instances=1)
            assert (await users.boot(league, 'q', 'east', key_name='none'))[0] == 400
            status, _, told = await users.boot(league, 'q', 'east', networks=[{'uuid': '1' * 8 + '-' + '2' * 4 + '-4222-8222-' + '3' * 12}])
            assert status == 400, told
            assert await used(league) == (0, 0)
            assert (await users.boot(league, 'q', 'east'))[0] == 202

    virtual.run(main)


def test_a_share_of_a_site_sends_what_is_more_elsewhere_with_the_reason() -> None:
    async def main() -> None:
        async with house.league() as league:
            await league.store.set_limits(DEMO, '', {'instances': 5})
            await league.store.set_limits(DEMO, 'east', {'instances': 1})
            await league.store.set_limits(DEMO, 'west', {'instances': 2})
            places: Counter[str] = Counter()
            for number in range(3):
                status, headers, told = await users.boot(league, f'q{number}')
                assert status == 202, told
                places[headers['x-hansa-site']] += 1
            assert places == {'east': 1, 'west': 2}
            status, _, told = await users.boot(league, 'q')
            assert (status, told['forbidden']['message'].split(':')[0]) == (403, 'Quota exceeded for instances')
            assert 'at site' in told['forbidden']['message']
            status, _, told = await users.boot(league, 'q', 'east')
            assert told['forbidden']['message'].endswith('already used 1 of 1 instances at site east')
            await league.store.set_limits(DEMO, 'west', {'instances': 3})
            status, _, told = await users.boot(league, 'q')
            decision = await league.store.decision('server', told['server']['id'])
            assert decision is not None
            assert {each.site: each.reason for each in decision.candidates} == {'east': 'has no quota left', 'west': 'fits'}

    virtual.run(main)


def test_the_sites_get_what_they_must_allow_also_those_that_were_away() -> None:
    async def main() -> None:
        async with house.league() as league:
            for zone in league.clouds:
                await users.boot(league, f'q-{zone}', zone)
            league.clouds['west'].fault = Fault('refuse')
            await league.clock.sleep(30)
            await league.store.set_limits(DEMO, 'west', {'instances': 4})
            await limit(league, instances=40, cores=60, metadata_items=64)
            assert (await league.ok('GET', COMPUTE))['quota_set']['instances'] == 40
            assert at_site(league, 'east', 'compute') == {'instances': 40, 'cores': 60, 'metadata_items': 64}
            assert at_site(league, 'west', 'compute') == {}
            league.clouds['west'].fault = None
            await league.clock.sleep(60)
            assert at_site(league, 'west', 'compute') == {'instances': 4, 'cores': 60, 'metadata_items': 64}
            absolute = (await league.ok('GET', '/compute/v2.1/limits'))['limits']['absolute']
            assert absolute['maxTotalInstances'] == 40
            await league.ok('DELETE', COMPUTE, token='admin')
            assert at_site(league, 'east', 'compute') == {}
            assert at_site(league, 'west', 'compute') == {'instances': 4}
            assert (await league.ok('GET', COMPUTE))['quota_set']['instances'] == 14

    virtual.run(main)


def test_a_site_where_the_project_is_made_later_gets_its_quota_then() -> None:
    async def main() -> None:
        async with house.league() as league:
            await limit(league, instances=15, cores=50)
            for number in range(12):
                status, _, told = await users.boot(league, f'q{number}', 'east')
                assert status == 202, told
            assert at_site(league, 'east', 'compute') == {'instances': 15, 'cores': 50}

    virtual.run(main)


def test_the_leagues_default_holds_for_projects_without_a_limit_of_their_own() -> None:
    async def main() -> None:
        async with house.league() as league:
            body = {'quota_class_set': {'instances': 1, 'cores': 4}}
            assert (await league.ask('PUT', '/compute/v2.1/os-quota-class-sets/default', body))[0] == 403
            told = await league.ok('PUT', '/compute/v2.1/os-quota-class-sets/default', body, token='admin')
            assert told['quota_class_set'] == {'instances': 1, 'cores': 4}
            assert (await league.ok('GET', f'{COMPUTE}/defaults'))['quota_set']['instances'] == 1
            assert (await users.boot(league, 'q1'))[0] == 202
            assert (await users.boot(league, 'q2'))[0] == 403
            await limit(league, instances=2)
            assert (await users.boot(league, 'q2'))[0] == 202
            assert (await users.boot(league, 'q3', token='alt_demo'))[0] == 202
            assert (await users.boot(league, 'q4', token='alt_demo'))[0] == 403

    virtual.run(main)


def test_volumes_and_snapshots_by_number_size_and_type() -> None:
    async def main() -> None:
        async with house.league() as league:
            async def volume(size: int, **more: Any) -> Any:
                return await league.ask('POST', '/volume/v3/volumes', {'volume': {'name': 'q', 'size': size, **more}})

            types = (await league.ok('GET', '/volume/v3/types'))['volume_types']
            name = types[0]['name']
            await league.ok('PUT', VOLUME, {'quota_set': {'volumes': 3, 'gigabytes': 10, f'gigabytes_{name}': 6}}, token='admin')
            status, headers, told = await volume(11)
            assert (status, headers['retry-after']) == (413, '0')
            said = 'exceeds allowed gigabytes quota. Requested 11G, quota is 10G and 0G has been consumed.'
            assert told == {
                'overLimit': {'code': 413, 'message': f'VolumeSizeExceedsAvailableQuota: Requested volume or snapshot {said}', 'retryAfter': '0'}
            }
            assert (await volume(7, volume_type=types[0]['id']))[0] == 413
            told = (await volume(4, volume_type=name))[2]['volume']
            await league.clock.sleep(30)
            assert (await league.ask('POST', '/volume/v3/snapshots', {'snapshot': {'volume_id': told['id'], 'name': 'q'}}))[0] == 202
            status, _, grown = await league.ask('POST', f'/volume/v3/volumes/{told["id"]}/action', {'os-extend': {'new_size': 7}})
            assert status == 413
            assert 'Requested 3G' in grown['overLimit']['message']
            assert (await league.ask('POST', f'/volume/v3/volumes/{told["id"]}/action', {'os-extend': {'new_size': 6}}))[0] == 202
            await league.clock.sleep(30)
            usage = (await league.ok('GET', f'{VOLUME}?usage=True'))['quota_set']
            assert usage['gigabytes'] == {'limit': 10, 'in_use': 10, 'reserved': 0}
            assert usage['volumes'] == {'limit': 3, 'in_use': 1, 'reserved': 0}
            assert usage[f'gigabytes_{name}']['in_use'] == 6
            absolute = (await league.ok('GET', '/volume/v3/limits'))['limits']['absolute']
            assert (absolute['maxTotalVolumeGigabytes'], absolute['totalGigabytesUsed']) == (10, 10)
            await league.ok('PUT', VOLUME, {'quota_set': {'volumes': 1, 'gigabytes': -1}}, token='admin')
            status, _, told = await volume(1)
            assert told['overLimit']['message'] == "VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded for quota 'volumes'."

    virtual.run(main)


def test_networks_and_what_hangs_on_them() -> None:
    async def main() -> None:
        async with house.league() as league:
            await league.ok('PUT', NETWORK, {'quota': {'network': 1, 'floatingip': 0, 'security_group_rule': 7}}, token='admin')
            assert (await league.ask('POST', '/network/v2.0/networks', {'network': {'name': 'q'}}))[0] == 201
            status, _, told = await league.ask('POST', '/network/v2.0/networks', {'network': {'name': 'q'}})
            assert (status, told) == (
                409, {'NeutronError': {'type': 'OverQuota', 'message': "Quota exceeded for resources: ['network'].", 'detail': ''}}
            )  # fmt: skip
            details = (await league.ok('GET', f'{NETWORK}/details.json'))['quota']
            assert details['network'] == {'limit': 1, 'used': 1, 'reserved': 0}
            assert [each['network'] for each in (await league.ok('GET', '/network/v2.0/quotas', token='admin'))['quotas']] == [1]
            group = await users.group(league, 'g')
            # The site made a group of its own beside it, which the league has yet to see.
            await league.clock.sleep(30)
            taken = (await league.ok('GET', f'{NETWORK}/details'))['quota']['security_group_rule']['used']
            for port in range(7 - taken):
                await users.rule(league, group, port + 1)
            rule = {'security_group_id': group, 'direction': 'ingress', 'protocol': 'tcp', 'port_range_min': 99, 'port_range_max': 99}
            assert (await league.ask('POST', '/network/v2.0/security-group-rules', {'security_group_rule': rule}))[0] == 409
            assert (await league.ask('DELETE', NETWORK, token='admin'))[0] == 204
            assert (await league.ask('DELETE', NETWORK, token='admin'))[0] == 404
            assert await league.store.open_intents() == []

    virtual.run(main)


def test_a_resize_reserves_the_difference_until_it_shows() -> None:
    async def main() -> None:
        async with house.league() as league:
            flavors = {each['name']: each['id'] for each in (await league.ok('GET', '/compute/v2.1/flavors'))['flavors']}
            server = (await users.boot(league, 'q', 'east'))[2]['server']['id']
            await league.clock.sleep(30)
            before = (await used(league, 'ram'))[0]
            await limit(league, ram=before + 100)
            resize = {'resize': {'flavorRef': flavors['m1.medium']}}
            status, _, told = await league.ask('POST', f'/compute/v2.1/servers/{server}/action', resize)
            assert status == 403
            assert 'Quota exceeded for ram' in told['forbidden']['message']
            await limit(league, ram=5000)
            assert (await league.ask('POST', f'/compute/v2.1/servers/{server}/action', resize))[0] == 202
            in_use, reserved = await used(league, 'ram')
            assert in_use + reserved == 4096
            await league.clock.sleep(60)
            assert await used(league, 'ram') == (4096, 0)
            assert await league.store.open_intents() == []

    virtual.run(main)


def test_ports_and_volumes_that_come_with_a_server_are_reserved_until_they_show() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            network = (await league.ok('POST', '/network/v2.0/networks', {'network': {'name': 'n'}}))['network']['id']
            subnet = {'network_id': network, 'ip_version': 4, 'cidr': '10.9.0.0/24'}
            await league.ok('POST', '/network/v2.0/subnets', {'subnet': subnet})
            await league.clock.sleep(30)
            ports = (await league.ok('GET', f'{NETWORK}/details'))['quota']['port']['used']
            await league.ok('PUT', NETWORK, {'quota': {'port': ports + 2}}, token='admin')
            await league.ok('PUT', VOLUME, {'quota_set': {'volumes': 2, 'gigabytes': 5}}, token='admin')
            image = (await league.ok('GET', '/image/v2/images?name=cirros'))['images'][0]['id']
            disk = {'uuid': image, 'source_type': 'image', 'destination_type': 'volume', 'boot_index': 0, 'volume_size': 3}
            more: dict[str, Any] = {'networks': [{'uuid': network}], 'block_device_mapping_v2': [disk]}
            assert (await users.boot(league, 'q1', **more))[0] == 202
            status, _, told = await users.boot(league, 'q2', **more)
            assert (status, told['forbidden']['message']) == (
                403, 'Quota exceeded for gigabytes: Requested 3, but already used 3 of 5 gigabytes'
            )  # fmt: skip
            assert (await users.boot(league, 'q2', networks=[{'uuid': network}]))[0] == 202
            status, _, told = await users.boot(league, 'q3', networks=[{'uuid': network}])
            assert (status, told['forbidden']['message']) == (403, 'Maximum number of ports exceeded')
            await league.clock.sleep(90)
            assert await league.store.open_intents() == []
            stands = await league.store.quota(DEMO)
            assert (stands.reserved, stands.used['']['port'], stands.used['']['gigabytes']) == ({}, ports + 2, 3)

    virtual.run(main)


@pytest.mark.parametrize(
    ('path', 'body', 'said'),
    [
        (COMPUTE, {'quota_set': {'instances': 'x'}}, "'x' does not match"),
        (COMPUTE, {'quota_set': {'instances': -2}}, 'less than the minimum of -1'),
        (COMPUTE, {'quota_set': {'bananas': 2}}, "('bananas' was unexpected)"),
        (COMPUTE, {'quota_set': {'volumes': 2}}, "('volumes' was unexpected)"),
        (COMPUTE, {'quota_set': {'instances': True}}, 'does not match'),
        (COMPUTE, {'quota_set': {'instances': 0}}, 'greater than or equal to already used and reserved 1'),
        (VOLUME, {'quota_set': {'bananas': 2}}, 'Bad key(s) in quota set: bananas'),
        (VOLUME, {'quota_set': {'volumes': -2}}, 'volumes must be >= -1'),
        (NETWORK, {'quota': {'bananas': 2}}, "Unrecognized attribute(s) 'bananas'"),
        (NETWORK, {'quota': {'network': -2}}, 'too small'),
        (NETWORK, {'quota': {'network': None}}, 'is not an integer'),
    ],
)
def test_wrong_limits_are_refused_and_nothing_is_kept(path: str, body: object, said: str) -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await users.boot(league, 'q')
            status, _, told = await league.ask('PUT', path, body, token='admin')
            assert status == 400
            assert said in str(told)
            assert await league.store.limits() == {}
            assert (await league.ask('PUT', path, body))[0] == 403

    virtual.run(main)


def test_a_tenant_site_gives_what_it_gives() -> None:
    """A user is never told more than he can get."""

    async def main() -> None:
        async with house.league(tenant=('east', 'west')) as league:
            for cloud in league.clouds.values():
                for project in cloud.state.projects:
                    cloud.state.quotas[f'compute/{project}'] = {'instances': 4}
            await limit(league, instances=50)
            assert (await league.ok('GET', COMPUTE))['quota_set']['instances'] == 50
            assert (await league.ok('GET', '/compute/v2.1/limits'))['limits']['absolute']['maxTotalInstances'] == 8
            await limit(league, instances=2)
            assert (await league.ok('GET', '/compute/v2.1/limits'))['limits']['absolute']['maxTotalInstances'] == 2

    virtual.run(main)


# -- many at once, by two workers on one store


class Lent:
    """A store that somebody else closes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def close(self) -> None:
        """Not ours to do."""


@asynccontextmanager
async def workers(clouds: dict[str, SimCloud], **more: Any) -> AsyncIterator[list[League]]:
    """Two houses on one store, both of which know the project at each site."""
    clock = next(iter(clouds.values())).state.clock
    twin, store = house.people(clock), await open_store(None)
    houses = [await house.build(clouds, twin, clock, store=Lent(store), **more) for _ in range(2)]
    try:
        leagues = [League(each, clouds, twin, clock) for each in houses]
        for each, league in zip(houses, leagues, strict=True):
            for name in clouds:
                await each.membership.join(house.spec(name))
            await each.membership.ready(list(clouds), 60)
            for name in clouds:
                await each.flock.catch_up(name)
            await league.ok('GET', '/compute/v2.1/limits')
        yield leagues
    finally:
        for each in houses:
            await each.close()
        await store.close()


@pytest.mark.parametrize('trouble', ['none', 'one is slow', 'one refuses connections', 'one is away from the start'])
def test_fifty_at_once_by_two_workers_over_two_sites_make_exactly_the_quota(trouble: str) -> None:
    async def main() -> None:
        clock = virtual.VirtualClock()
        clouds = {name: SimCloud(name, clock, seed) for seed, name in enumerate(('east', 'west'))}
        async with workers(clouds) as leagues:
            await limit(leagues[0], instances=10)
            if trouble == 'one is slow':
                clouds['east'].fault = Fault('slow', seconds=3.0)
            if trouble in {'one refuses connections', 'one is away from the start'}:
                clouds['west'].fault = Fault('refuse')
            if trouble == 'one is away from the start':
                await clock.sleep(60)
            answers = await asyncio.gather(*(users.boot(leagues[number % 2], f'q{number}') for number in range(50)))
            statuses = Counter(status for status, _, _ in answers)
            assert statuses == {202: 10, 403: 40}, statuses
            assert living(leagues[0]) == 10
            clouds['east'].fault = clouds['west'].fault = None
            await clock.sleep(60)
            for league in leagues:
                assert len((await league.ok('GET', '/compute/v2.1/servers'))['servers']) == 10
                assert await used(league) == (10, 0)
            assert await leagues[0].store.open_intents() == []

    virtual.run(main)
