"""What clients wait for: an object is there from the answer to its create on, and not found exactly when its site has it no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.services import users

C, V, N, I = '/compute/v2.1', '/volume/v3', '/network/v2.0', '/image/v2'  # noqa: E741 - the image API
Make = Callable[[League], Awaitable[str]]


async def server(league: League) -> str:
    return str((await users.boot(league, 'x', 'east'))[2]['server']['id'])


async def volume(league: League) -> str:
    body = {'volume': {'name': 'x', 'size': 1, 'availability_zone': 'east'}}
    return str((await league.ok('POST', f'{V}/volumes', body))['volume']['id'])


async def snapshot(league: League) -> str:
    body = {'volume': {'name': 'v', 'size': 1, 'availability_zone': 'east'}}
    made = (await league.ok('POST', f'{V}/volumes', body))['volume']['id']
    await league.clock.sleep(10)
    return str((await league.ok('POST', f'{V}/snapshots', {'snapshot': {'volume_id': made, 'name': 'x'}}))['snapshot']['id'])


async def network(league: League) -> str:
    return str((await league.ok('POST', f'{N}/networks', {'network': {'name': 'x', 'availability_zone_hints': ['east']}}))['network']['id'])


async def image(league: League) -> str:
    league.clouds['west'].fault = Fault('refuse', service='image')
    await league.clock.sleep(60)
    made = await users.image(league, 'x')
    league.clouds['west'].fault = None
    await league.clock.sleep(60)
    return made


KINDS = [
    pytest.param(server, f'{C}/servers', 'servers', id='server'),
    pytest.param(volume, f'{V}/volumes', 'volumes', id='volume'),
    pytest.param(snapshot, f'{V}/snapshots', 'snapshots', id='snapshot'),
    pytest.param(network, f'{N}/networks', 'networks', id='network'),
    pytest.param(image, f'{I}/images', 'images', id='image'),
]


def there(league: League, table: str, id: str) -> bool:
    """Whether the site still has it."""
    league.clouds['east'].settle()
    doc = league.clouds['east'].state.table(table).get(id)
    return doc is not None and doc.get('_vm') != 'deleted'


async def named(league: League, path: str, table: str) -> list[str]:
    return [each['id'] for each in (await league.ok('GET', f'{path}?name=x'))[table]]


async def until_gone(league: League, path: str, table: str, id: str, rounds: int = 90) -> set[int]:
    """Poll as clients do; a 404 has to be true, and from then on no list by name shows it. The other answers."""
    seen: set[int] = set()
    for _ in range(rounds):
        before = there(league, table, id)
        status, _, _ = await league.ask('GET', f'{path}/{id}')
        if status == 404:
            assert not before
            assert await named(league, path, table) == []
            return seen
        seen.add(status)
        await league.clock.sleep(1)
    raise AssertionError('it stays')


@pytest.mark.parametrize(('make', 'path', 'table'), KINDS)
def test_from_the_answer_to_the_create_to_the_end(make: Make, path: str, table: str) -> None:
    async def main() -> None:
        async with house.league() as league:
            id = await make(league)
            assert (await league.ask('GET', f'{path}/{id}'))[0] == 200
            assert await named(league, path, table) == [id]
            await league.clock.sleep(10)
            await league.ok('DELETE', f'{path}/{id}')
            assert await until_gone(league, path, table, id) <= {200}
            assert (await league.ask('DELETE', f'{path}/{id}'))[0] == 404

    virtual.run(main)


@pytest.mark.parametrize('kind', ['refuse', 'hang', 'error', 'lose_reply'])
@pytest.mark.parametrize(('make', 'path', 'table'), KINDS)
def test_a_site_that_dies_while_it_deletes_is_no_404(make: Make, path: str, table: str, kind: str) -> None:
    async def main() -> None:
        async with house.league() as league:
            id = await make(league)
            await league.clock.sleep(10)
            assert there(league, table, id)
            await league.ok('DELETE', f'{path}/{id}')
            done = not there(league, table, id)
            league.clouds['east'].fault = Fault(kind)  # type: ignore[arg-type]  # one of its words
            for _ in range(20):
                status, _, told = await league.ask('GET', f'{path}/{id}')
                # What was gone before its site died has its tombstone.
                assert status in ({404} if done else {200, 503}), told
                await league.clock.sleep(1)
            league.clouds['east'].fault = None
            await until_gone(league, path, table, id)

    virtual.run(main)


@pytest.mark.parametrize(('make', 'path', 'table'), KINDS)
def test_a_delete_whose_answer_was_lost_is_told_as_it_is(make: Make, path: str, table: str) -> None:
    async def main() -> None:
        async with house.league() as league:
            id = await make(league)
            await league.clock.sleep(10)
            league.clouds['east'].fault = Fault('lose_reply', method='DELETE', count=1)
            assert (await league.ask('DELETE', f'{path}/{id}'))[0] == 503
            assert await until_gone(league, path, table, id) <= {200, 503}

    virtual.run(main)


@pytest.mark.parametrize(('make', 'path', 'table'), [each for each in KINDS if each.id not in {'image', 'snapshot'}])
def test_a_site_that_dies_right_after_a_create_is_no_404_either(make: Make, path: str, table: str) -> None:
    async def main() -> None:
        async with house.league() as league:
            await league.ok('GET', f'{C}/limits')
            league.clouds['east'].fault = Fault('refuse', method='GET', path='/(servers|volumes|networks)')
            id = await make(league)
            for _ in range(30):
                status, headers, told = await league.ask('GET', f'{path}/{id}')
                assert (status, 'warning' in headers) == (200, True), told
                await league.clock.sleep(1)
            assert await named(league, path, table) == [id]
            league.clouds['east'].fault = None
            await league.clock.sleep(60)
            shown = await league.ok('GET', f'{path}/{id}')
            listed = [each for each in (await league.ok('GET', f'{path}/detail' if table != 'networks' else path))[table] if each['id'] == id]
            assert [each['status'] for each in listed] == [next(iter(shown.values()))['status']]

    virtual.run(main)


def test_a_server_that_nova_still_shows_as_deleted_is_in_no_list() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            id = await server(league)
            await league.clock.sleep(10)
            shown = league.clouds['east'].state.servers[id]
            shown['_deleted'] = True
            told = (await league.ok('GET', f'{C}/servers/{id}'))['server']
            assert told['status'] == 'DELETED'
            assert await named(league, f'{C}/servers', 'servers') == []
            assert (await league.ask('GET', f'{C}/servers/{id}'))[0] == 404
            await league.clock.sleep(120)
            assert await named(league, f'{C}/servers', 'servers') == []

    virtual.run(main)


def test_a_site_dead_from_the_beginning_refuses_deletes_and_shows_what_was() -> None:
    async def main() -> None:
        async with house.league() as league:
            id = await server(league)
            await league.clock.sleep(10)
            league.clouds['east'].fault = Fault('refuse')
            await league.clock.sleep(60)
            status, headers, _ = await league.ask('DELETE', f'{C}/servers/{id}')
            assert (status, 'retry-after' in headers) == (503, True)
            shown = (await league.ok('GET', f'{C}/servers/{id}'))['server']
            assert shown['status'] == 'UNKNOWN'
            assert await named(league, f'{C}/servers', 'servers') == [id]

    virtual.run(main)
