"""The cloud of the fleet answers of its rows what the ordinary one would answer of documents, and keeps no document that nobody needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hansa.sites.sim.clock import HandClock
from hansa.sites.sim.fleet.cloud import FleetCloud
from hansa.sites.sim.fleet.ids import Family
from tests.sites import sim_user

SERVERS, VOLUMES_PER_SERVER = 60, 0.5
QUERIES = [
    ('compute', '/servers', 'servers', ''),
    ('compute', '/servers/detail', 'servers', ''),
    ('compute', '/servers/detail', 'servers', 'limit=7'),
    ('compute', '/servers/detail', 'servers', 'limit=9&changes-since=2026-05-28T20:27:00Z'),
    ('compute', '/servers/detail', 'servers', 'changes-before=2026-05-28T21:26:00Z'),
    ('compute', '/servers/detail', 'servers', 'status=shutoff'),
    ('compute', '/servers/detail', 'servers', 'status=nonsense'),
    ('compute', '/servers/detail', 'servers', 'name=-000'),
    ('compute', '/servers/detail', 'servers', 'sort_key=display_name&sort_dir=asc&limit=5'),
    ('network', '/ports', 'ports', ''),
    ('network', '/ports', 'ports', 'limit=7&fields=id'),
    ('network', '/ports', 'ports', 'limit=20&changed_since=2026-05-20T00:00:00Z'),
    ('volume', '/volumes', 'volumes', ''),
    ('volume', '/volumes/detail', 'volumes', 'limit=4'),
    ('volume', '/volumes/detail', 'volumes', 'updated_at=gte:2026-05-20T00:00:00'),
    ('volume', '/volumes/detail', 'volumes', 'status=in-use'),
]
Play = Callable[[sim_user.User, FleetCloud], Awaitable[None]]


def played(play: Play, name: str = 'demo', life: float = 0.0, size: int = SERVERS) -> None:
    async def main() -> None:
        clock = HandClock()
        cloud = FleetCloud('east', clock, seed=3, size=size, volumes=VOLUMES_PER_SERVER, life=life)
        user = sim_user.User(cloud, clock, name, name)
        async with asyncio.timeout(20):
            await user.login()
            await play(user, cloud)
        await user.transport.close()

    asyncio.run(main())


async def pages(user: sim_user.User, service: str, path: str, kind: str, query: str) -> list[Any]:
    """Every page of a list, each as it was told; a refusal is a page too."""
    told: list[Any] = []
    url = f'{path}?{query}'
    for _ in range(50):
        told.append(await user.ask('GET', service, url))
        links = [one for one in told[-1][1].get(f'{kind}_links', ()) if one['rel'] == 'next']
        if not links or not told[-1][1][kind]:
            return told
        url = path + '?' + links[0]['href'].partition('?')[2]
    raise AssertionError(f'{url} has no end')


async def both_ways(user: sim_user.User, cloud: FleetCloud, *asked: str) -> tuple[Any, Any]:
    service, path, kind, query = asked
    quick, cloud.shortcut = cloud.shortcut, None
    slow = await pages(user, service, path, kind, query)
    cloud.shortcut = quick
    return await pages(user, service, path, kind, query), slow


@pytest.mark.parametrize('name', ['demo', 'admin', 'alt_demo'])
@pytest.mark.parametrize(('service', 'path', 'kind', 'query'), QUERIES)
def test_a_quick_list_is_the_ordinary_one(service: str, path: str, kind: str, query: str, name: str) -> None:
    async def play(user: sim_user.User, cloud: FleetCloud) -> None:
        wide = 'all_tenants=1&' if name == 'admin' and service != 'network' else ''
        await user.login()
        user.clock.advance(3600)
        if name == 'demo':
            await user.boot('made')
            await user.volume(name='made')
        cloud.settle()
        quick, slow = await both_ways(user, cloud, service, path, kind, wide + query)
        assert quick == slow
        assert name == 'alt_demo' or 'nonsense' in query or slow[0][1][kind]

    played(play, name, life=2000)


@pytest.mark.parametrize('kind', ['server', 'port', 'volume'])
def test_one_object_is_told_without_becoming_a_document(kind: str) -> None:
    service = {'server': 'compute', 'port': 'network', 'volume': 'volume'}[kind]

    async def play(user: sim_user.User, cloud: FleetCloud) -> None:
        before = cloud.told()['documents']
        ids = [one['id'] for one in (await user.ask('GET', service, f'/{kind}s'))[1][f'{kind}s']]
        quick = {id: await user.ask('GET', service, f'/{kind}s/{id}') for id in ids}
        assert cloud.told()['documents'] == before
        cloud.shortcut = None
        assert quick == {id: await user.ask('GET', service, f'/{kind}s/{id}') for id in ids}
        status, _ = await user.ask('GET', service, f'/{kind}s/{sim_user.NOWHERE}')
        assert status == 404

    played(play)


def test_a_server_that_is_touched_is_like_any_other() -> None:
    async def play(user: sim_user.User, cloud: FleetCloud) -> None:
        listed = (await user.ask('GET', 'compute', '/servers/detail'))[1]['servers']
        one = next(doc for doc in listed if doc['status'] == 'ACTIVE' and doc['os-extended-volumes:volumes_attached'])
        path, disk = f'/servers/{one["id"]}', one['os-extended-volumes:volumes_attached'][0]['id']
        assert (await user.ask('POST', 'compute', f'{path}/action', {'os-stop': None}))[0] == 202
        user.clock.advance(2)
        assert (await user.ask('GET', 'compute', path))[1]['server']['status'] == 'SHUTOFF'
        assert (await user.ask('GET', 'compute', '/servers/detail?status=SHUTOFF&limit=1000'))[1]['servers']
        ports = (await user.ask('GET', 'network', f'/ports?device_id={one["id"]}'))[1]['ports']
        assert len(ports) == 1
        assert (await user.ask('DELETE', 'compute', path)) == (204, b'')
        user.clock.advance(2)
        assert (await user.ask('GET', 'compute', path))[0] == 404
        assert (await user.ask('GET', 'network', f'/ports/{ports[0]["id"]}'))[0] == 404
        volume = (await user.ask('GET', 'volume', f'/volumes/{disk}'))[1]['volume']
        assert (volume['status'], volume['attachments']) == ('available', [])
        assert (await user.ask('DELETE', 'volume', f'/volumes/{disk}'))[0] == 202
        user.clock.advance(2)
        assert (await user.ask('GET', 'volume', f'/volumes/{disk}'))[0] == 404
        assert len((await user.ask('GET', 'compute', '/servers'))[1]['servers']) == len(listed) - 1

    played(play)


def test_what_a_project_uses_is_counted_without_documents() -> None:
    async def play(user: sim_user.User, cloud: FleetCloud) -> None:
        await user.boot('mine')
        await user.volume(size=3)
        before = cloud.told()['documents']
        told = (await user.ask('GET', 'compute', '/limits'))[1]['limits']['absolute']
        shown = (await user.ask('GET', 'compute', '/servers/detail'))[1]['servers']
        assert told['totalInstancesUsed'] == len(shown) == SERVERS + 1
        assert told['totalCoresUsed'] == sum(doc['flavor']['vcpus'] for doc in shown)
        assert told['totalRAMUsed'] == sum(doc['flavor']['ram'] for doc in shown)
        told = (await user.ask('GET', 'volume', '/limits'))[1]['limits']['absolute']
        disks = (await user.ask('GET', 'volume', '/volumes/detail'))[1]['volumes']
        assert (told['totalVolumesUsed'], told['totalGigabytesUsed']) == (len(disks), sum(doc['size'] for doc in disks))
        assert cloud.told()['documents'] == before

    played(play)


def test_the_same_seed_makes_the_same_site() -> None:
    def digest(seed: int) -> str:
        return str(FleetCloud('east', HandClock(), seed, 30, life=5).told(digest=True)['digest'])

    assert digest(1) == digest(1) != digest(2)


def test_ids_lead_back_to_their_numbers() -> None:
    mine, other = Family(1, 'east', 'server'), Family(1, 'west', 'server')
    ids = [mine.id(number) for number in range(2000)]
    assert [mine.number(id) for id in ids] == list(range(2000))
    assert len({id[:8] for id in ids}) == 2000
    assert sorted(ids) != ids
    assert {other.number(id) for id in ids} == {-1}
    assert mine.number(ids[3].upper()) == mine.number('') == mine.number('zzzzzzzz' + ids[0][8:]) == -1
