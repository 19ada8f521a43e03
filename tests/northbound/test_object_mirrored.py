"""Mirrored containers over simulated clouds: one dies, comes back, is gone past, is exchanged for another."""

from __future__ import annotations

import asyncio
import json

from hansa.ports.site import Acting, Headers, SiteRequest
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.northbound.test_object_streams import upload

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'
BOTH = {'x-container-meta-hansa-mirror': 'east,west'}


async def at(league: League, site: str, method: str, path: str, body: bytes = b'', headers: Headers | None = None) -> tuple[int, dict[str, str], bytes]:
    """What somebody gets at a site who goes past the league."""
    member = league.house.roster.get(site)
    aliases = await league.store.aliases()
    local = [alias.local for alias in aliases if (alias.site, alias.kind, alias.league) == (site, 'project', house.league_id('demo'))]
    if not local:
        return 404, {}, b''
    sent = body if method in {'PUT', 'POST'} else None
    response = await member.site.send(SiteRequest('object-store', method, path, '', headers or [], sent), Acting(project=local[0]), 10)
    raw = await response.read()
    return response.status, {name.lower(): value for name, value in response.headers}, raw


async def held(league: League, name: str = 'o', container: str = 'c') -> dict[str, bytes | None]:
    """An object as each site has it."""
    found: dict[str, bytes | None] = {}
    for site in league.clouds:
        status, _, body = await at(league, site, 'GET', f'/{container}/{name}')
        found[site] = body if status == 200 else None
    return found


async def mirror(league: League, name: str = 'c', **headers: str) -> None:
    sent = BOTH | {key.replace('_', '-'): value for key, value in headers.items()}
    assert (await league.ask('PUT', f'{ACCOUNT}/{name}', headers=sent))[0] == 201


async def put(league: League, body: bytes, name: str = 'o', **headers: str) -> int:
    sent = {key.replace('_', '-'): value for key, value in headers.items()}
    return (await league.ask('PUT', f'{ACCOUNT}/c/{name}', body, headers=sent))[0]


async def get(league: League, name: str = 'o') -> tuple[int, bytes]:
    status, _, body = await league.ask('GET', f'{ACCOUNT}/c/{name}')
    return status, body


async def names(league: League, query: str = '', **headers: str) -> list[str]:
    sent = {key.replace('_', '-'): value for key, value in headers.items()}
    rows = await league.ok('GET', f'{ACCOUNT}/c?format=json{query}', headers=sent)
    return [row.get('name') or row['subdir'] for row in rows]


def die(league: League, site: str) -> None:
    league.clouds[site].fault = Fault('refuse')


async def revive(league: League, site: str, seconds: float = 60) -> None:
    league.clouds[site].fault = None
    await league.clock.sleep(seconds)


def test_each_object_is_at_every_site_and_read_at_the_first() -> None:
    async def main() -> None:
        async with house.league('east', 'west', 'north') as league:
            await mirror(league, x_container_meta_colour='red')
            assert await put(league, b'hello', x_object_meta_colour='blue') == 201
            assert await held(league) == {'east': b'hello', 'west': b'hello', 'north': None}
            status, headers, body = await league.ask('GET', f'{ACCOUNT}/c/o', headers={'range': 'bytes=1-2'})
            assert (status, body, headers['x-object-meta-colour'], headers['x-hansa-site']) == (206, b'el', 'blue', 'east')
            assert 'x-object-meta-hansa-generation' not in headers
            assert (await league.ask('POST', f'{ACCOUNT}/c/o', headers={'x-object-meta-colour': 'green'}))[0] == 202
            for site in ('east', 'west'):
                assert (await at(league, site, 'HEAD', '/c/o'))[1]['x-object-meta-colour'] == 'green'
                assert (await at(league, site, 'HEAD', '/c'))[1]['x-container-meta-colour'] == 'red'
            assert await names(league) == ['o']
            _, headers, _ = await league.ask('HEAD', f'{ACCOUNT}/c')
            assert (headers['x-container-object-count'], headers['x-container-meta-hansa-mirror']) == ('1', 'east,west')
            assert 'x-hansa-mirror-behind' not in headers
            assert await league.store.owing() == []
            assert (await league.ask('DELETE', f'{ACCOUNT}/c'))[0] == 409
            assert (await league.ask('DELETE', f'{ACCOUNT}/c/o'))[0] == 204
            assert (await league.ask('DELETE', f'{ACCOUNT}/c/o'))[0] == 404
            assert await held(league) == {'east': None, 'west': None, 'north': None}
            assert (await league.ask('DELETE', f'{ACCOUNT}/c'))[0] == 204
            assert [(await at(league, site, 'HEAD', '/c'))[0] for site in ('east', 'west')] == [404, 404]
            assert (await league.ask('HEAD', f'{ACCOUNT}/c'))[0] == 404
            assert (await league.ask('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'west'}))[0] == 201

    virtual.run(main)


def test_one_site_dies_and_nothing_is_lost() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await mirror(league)
            for name in ('old', 'gone', 'changed', 'told'):
                assert await put(league, b'1', name) == 201
            die(league, 'east')
            assert await get(league, 'old') == (200, b'1')
            assert await put(league, b'2', 'changed') == 201
            assert await put(league, b'3', 'new') == 201
            assert (await league.ask('DELETE', f'{ACCOUNT}/c/gone'))[0] == 204
            assert (await league.ask('POST', f'{ACCOUNT}/c/told', headers={'x-object-meta-a': 'b'}))[0] == 202
            assert (await league.ask('POST', f'{ACCOUNT}/c', headers={'x-container-meta-colour': 'red'}))[0] == 204
            assert await names(league) == ['changed', 'new', 'old', 'told']
            assert (await league.ask('HEAD', f'{ACCOUNT}/c'))[1]['x-hansa-mirror-behind'] == 'east=5'
            league.clouds['east'].fault = Fault('slow', service='object-store', method='PUT', seconds=20)
            await league.clock.sleep(10)
            for _ in range(3):
                assert await get(league, 'changed') == (200, b'2')
                assert (await get(league, 'gone'))[0] == 404
                assert await names(league) == ['changed', 'new', 'old', 'told']
            await revive(league, 'east')
            assert await league.store.owing() == []
            for name, body in (('changed', b'2'), ('new', b'3'), ('gone', None), ('old', b'1')):
                assert await held(league, name) == {'east': body, 'west': body}
            assert (await at(league, 'east', 'HEAD', '/c/told'))[1]['x-object-meta-a'] == 'b'
            assert (await at(league, 'east', 'HEAD', '/c'))[1]['x-container-meta-colour'] == 'red'
            die(league, 'west')
            assert await get(league, 'changed') == (200, b'2')
            assert (await league.ask('GET', f'{ACCOUNT}/c/new'))[1]['x-hansa-site'] == 'east'

    virtual.run(main)


def test_what_only_a_dead_site_has_is_neither_stale_nor_missing() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await mirror(league)
            assert await put(league, b'1') == 201
            die(league, 'east')
            assert await put(league, b'2') == 201
            assert await put(league, b'2', 'p') == 201
            die(league, 'west')
            league.clouds['east'].fault = Fault('error', service='object-store', method='PUT|POST')
            await league.clock.sleep(60)
            for name in ('o', 'p'):
                status, headers, _ = await league.ask('GET', f'{ACCOUNT}/c/{name}')
                assert (status, headers['x-hansa-missing-sites']) == (503, 'west')
            assert (await league.ask('GET', f'{ACCOUNT}/c?format=json'))[0] == 503
            assert await names(league, x_hansa_partial='true') == []
            assert (await league.ask('DELETE', f'{ACCOUNT}/c'))[0] == 503
            await revive(league, 'east')
            await revive(league, 'west')
            assert await get(league) == (200, b'2')
            assert await held(league, 'p') == {'east': b'2', 'west': b'2'}

    virtual.run(main)


def test_both_missed_something_and_the_listing_is_whole() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await mirror(league)
            for name in ('a/1', 'a/2', 'b', 'c'):
                assert await put(league, b'1', name) == 201
            for site, fault in (('east', 'west'), ('west', 'east')):
                league.clouds[site].fault = Fault('error', service='object-store', method='PUT')
                assert await put(league, b'2', f'x/{fault}') == 201
                league.clouds[site].fault = None
            east, west = (Fault('error', service='object-store', method='PUT') for _ in range(2))
            league.clouds['east'].fault, league.clouds['west'].fault = east, west
            assert len(await league.store.owing()) == 2
            assert await names(league) == ['a/1', 'a/2', 'b', 'c', 'x/east', 'x/west']
            assert await names(league, '&delimiter=/') == ['a/', 'b', 'c', 'x/']
            assert await names(league, '&reverse=true&limit=3') == ['x/west', 'x/east', 'c']
            assert await names(league, '&marker=b&limit=2') == ['c', 'x/east']
            await revive(league, 'east')
            await revive(league, 'west')
            assert await held(league, 'x/east') == await held(league, 'x/west') == {'east': b'2', 'west': b'2'}

    virtual.run(main)


def test_what_one_site_missed_is_not_filled_from_it_where_the_other_missed_the_container() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await mirror(league)
            assert await put(league, b'hello') == 201
            die(league, 'east')
            assert (await league.ask('DELETE', f'{ACCOUNT}/c/o'))[0] == 204
            await revive(league, 'east', 0)
            league.clouds['west'].fault = Fault('error')
            assert (await league.ask('POST', f'{ACCOUNT}/c', headers={'x-container-meta-colour': 'red'}))[0] == 204
            league.clouds['west'].fault = Fault('error', method='HEAD', path='/c/o$', count=2)
            await league.clock.sleep(60)
            assert await held(league) == {'east': None, 'west': None}
            assert (await get(league))[0] == 404
            assert (await at(league, 'west', 'HEAD', '/c'))[1]['x-container-meta-colour'] == 'red'

    virtual.run(main)


def test_a_quorum() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await mirror(league, x_container_meta_hansa_quorum='2')
            assert await put(league, b'1') == 201
            die(league, 'west')
            await league.clock.sleep(10)
            status, headers, _ = await league.ask('PUT', f'{ACCOUNT}/c/o', b'3')
            assert (status, headers['x-hansa-missing-sites']) == (503, 'west')
            assert (await league.ask('POST', f'{ACCOUNT}/c', headers={'x-container-meta-hansa-quorum': '3'}))[0] == 400
            await revive(league, 'west')
            assert (await league.ask('POST', f'{ACCOUNT}/c', headers={'x-container-meta-hansa-quorum': '1'}))[0] == 204
            die(league, 'west')
            await league.clock.sleep(10)
            assert await put(league, b'4') == 201
            await revive(league, 'west')
            assert await held(league) == {'east': b'4', 'west': b'4'}

    virtual.run(main)


def test_who_goes_past_the_league_is_heard_and_the_loser_is_kept() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await mirror(league)
            assert await put(league, b'1') == 201
            die(league, 'west')
            assert await put(league, b'2') == 201
            await league.clock.sleep(5)
            league.clouds['west'].fault = Fault('error', service='object-store', method='HEAD')
            assert (await at(league, 'west', 'PUT', '/c/o', b'past'))[0] == 201
            assert (await at(league, 'west', 'PUT', '/c/alone', b'past'))[0] == 201
            await revive(league, 'west')
            assert await held(league) == {'east': b'past', 'west': b'past'}
            rows = await league.ok('GET', f'{ACCOUNT}/c?hansa-conflicts')
            assert [(row['name'].partition('/')[0], row['site'], row['container']) for row in rows] == [('o', 'east', 'c+conflicts')]
            assert (await league.ask('GET', f'{ACCOUNT}/c+conflicts/{rows[0]["name"]}'))[2] == b'2'
            await league.clock.sleep(2 * 3600)
            assert await held(league, 'alone') == {'east': b'past', 'west': b'past'}
            assert (await at(league, 'east', 'DELETE', '/c/alone'))[0] == 204
            assert await get(league, 'alone') == (200, b'past')
            await league.clock.sleep(30)
            assert await held(league, 'alone') == {'east': b'past', 'west': b'past'}

    virtual.run(main)


def test_other_sites_are_filled_and_left() -> None:
    async def main() -> None:
        async with house.league('east', 'west', 'north') as league:
            assert (await league.ask('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'east', 'x-container-meta-colour': 'red'}))[0] == 201
            for number in range(30):
                assert await put(league, str(number).encode(), f'o{number:02}') == 201
            assert (await league.ask('POST', f'{ACCOUNT}/c', headers=BOTH))[0] == 204
            _, headers, _ = await league.ask('HEAD', f'{ACCOUNT}/c')
            assert (headers['x-hansa-mirror-filling'], headers['x-hansa-mirror-behind']) == ('west', 'west=1')
            assert await put(league, b'new', 'new') == 201
            await league.clock.sleep(30)
            assert 'x-hansa-mirror-filling' not in (await league.ask('HEAD', f'{ACCOUNT}/c'))[1]
            assert await held(league, 'o07') == {'east': b'7', 'west': b'7', 'north': None}
            moved = {'x-container-meta-hansa-mirror': 'north,west'}
            assert (await league.ask('POST', f'{ACCOUNT}/c', headers=moved))[0] == 204
            assert (await league.ask('HEAD', f'{ACCOUNT}/c'))[1]['x-hansa-mirror-leaving'] == 'east'
            assert await put(league, b'newer', 'new') == 201
            assert len(await names(league)) == 31
            await league.clock.sleep(60)
            assert await held(league, 'new') == {'east': None, 'west': b'newer', 'north': b'newer'}
            assert (await at(league, 'east', 'HEAD', '/c'))[0] == 404
            assert (await at(league, 'north', 'HEAD', '/c'))[1]['x-container-meta-colour'] == 'red'
            status, headers, _ = await league.ask('GET', f'{ACCOUNT}/c/o29')
            assert (status, headers['x-hansa-site']) == (200, 'north')
            assert [(row['name'], row['count']) for row in await league.ok('GET', f'{ACCOUNT}?format=json')] == [('c', 31)]

    virtual.run(main)


def test_a_container_that_was_deleted_does_not_come_back_with_its_site() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await mirror(league)
            assert await put(league, b'1') == 201
            die(league, 'west')
            assert (await league.ask('DELETE', f'{ACCOUNT}/c/o'))[0] == 204
            status, _, said = await league.ask('DELETE', f'{ACCOUNT}/c')
            assert status == 204, said
            assert (await league.ask('GET', f'{ACCOUNT}/c/o'))[0] == 404
            assert (await league.ask('PUT', f'{ACCOUNT}/c', headers=BOTH))[0] == 409
            league.clouds['west'].fault = Fault('error', service='object-store', method='DELETE')
            await league.clock.sleep(20)
            assert await league.ok('GET', f'{ACCOUNT}?format=json') == []
            assert (await at(league, 'west', 'HEAD', '/c'))[0] == 204
            await revive(league, 'west')
            assert (await at(league, 'west', 'HEAD', '/c'))[0] == 404
            await mirror(league)

    virtual.run(main)


def test_large_objects_and_copies() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await mirror(league)
            assert (await league.ask('PUT', f'{ACCOUNT}/c_segments'))[0] == 201
            assert (await league.ask('PUT', f'{ACCOUNT}/alone', headers={'x-storage-policy': 'west'}))[0] == 201
            etag = (await league.ask('PUT', f'{ACCOUNT}/c_segments/1', b'hello'))[1]['etag'].strip('"')
            assert await held(league, '1', 'c_segments') == {'east': b'hello', 'west': b'hello'}
            die(league, 'west')
            manifest = json.dumps([{'path': '/c_segments/1', 'etag': etag, 'size_bytes': 5}]).encode()
            assert (await league.ask('PUT', f'{ACCOUNT}/c/big?multipart-manifest=put', manifest))[0] == 201
            assert await put(league, b'', 'many', x_object_manifest='c_segments/1') == 201
            await revive(league, 'west')
            assert await league.store.owing() == []
            for name in ('big', 'many'):
                assert await held(league, name) == {'east': b'hello', 'west': b'hello'}
            die(league, 'west')
            assert (await league.ask('DELETE', f'{ACCOUNT}/c/big?multipart-manifest=delete'))[0] == 200
            await revive(league, 'west')
            assert await held(league, '1', 'c_segments') == await held(league, 'big') == {'east': None, 'west': None}
            assert (await league.ask('PUT', f'{ACCOUNT}/c_segments/1', b'hello'))[0] == 201
            assert (await league.ask('PUT', f'{ACCOUNT}/c/big?multipart-manifest=put', manifest))[0] == 201
            elsewhere = manifest.replace(b'c_segments', b'alone')
            status, _, said = await league.ask('PUT', f'{ACCOUNT}/c/odd?multipart-manifest=put', elsewhere)
            assert (status, b'alone, has to be mirrored at east, west' in said) == (400, True)
            assert await put(league, b'', 'odd', x_object_manifest='alone/x') == 400
            assert (await league.ask('PUT', f'{ACCOUNT}/alone/x?multipart-manifest=put', manifest))[0] == 400
            assert (await league.ask('COPY', f'{ACCOUNT}/c/big', headers={'destination': 'alone/whole'}))[0] == 201
            assert (await league.ask('GET', f'{ACCOUNT}/alone/whole'))[2] == b'hello'
            assert await put(league, b'', 'again', x_copy_from='alone/whole', content_length='0') == 201
            assert await held(league, 'again') == {'east': b'hello', 'west': b'hello'}

    virtual.run(main)


def test_conditions_and_strangers() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await mirror(league)
            assert await put(league, b'1', if_none_match='*') == 201
            assert await put(league, b'2', if_none_match='*') == 412
            assert await put(league, b'2', etag='0' * 32) == 422
            assert (await league.ask('PUT', f'{ACCOUNT}/c/o', b'1', token='alt_demo'))[0] == 403
            assert (await league.ask('GET', f'{ACCOUNT}/c/o', token='alt_demo'))[0] == 403
            assert (await league.ask('DELETE', f'{ACCOUNT}/c', token='demo_reader'))[0] == 403
            assert (await league.ask('POST', f'{ACCOUNT}/c', token='demo_reader', headers={'x-container-meta-a': 'b'}))[0] == 403
            assert (await league.ask('POST', f'{ACCOUNT}/c', headers={'x-container-meta-hansa-mirror': ''}))[0] == 400
            one = f'{house.league_id("alt_demo")}:{house.league_id("user alt_demo")}'
            assert (await league.ask('POST', f'{ACCOUNT}/c', headers={'x-container-read': one, 'x-container-write': one}))[0] == 204
            assert (await league.ask('PUT', f'{ACCOUNT}/c/o', b'3', token='alt_demo'))[0] == 201
            die(league, 'east')
            assert (await league.ask('GET', f'{ACCOUNT}/c/o', token='alt_demo'))[2] == b'3'
            assert (await league.ask('HEAD', f'{ACCOUNT}/c'))[1]['x-container-read'] == one
            await revive(league, 'east')
            assert await league.store.owing() == []

    virtual.run(main)


def test_two_who_write_at_once_leave_one_state() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await mirror(league)
            assert set(await asyncio.gather(*(put(league, str(number).encode()) for number in range(8)))) == {201}
            found = await held(league)
            assert found['east'] == found['west'] is not None
            assert await league.store.owing() == []

    virtual.run(main)


def test_a_body_that_breaks_off_leaves_no_object_and_a_slow_site_is_left_behind() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await mirror(league)
            for headers in ({'transfer-encoding': 'chunked'}, {'content-length': '1000000'}):
                await upload(league, f'{ACCOUNT}/c/o', [b'x' * 70_000] * 3, headers, leaves=True)
                await league.clock.sleep(30)
                assert await held(league) == {'east': None, 'west': None}
                assert await league.store.owing() == []
            league.clouds['west'].fault = Fault('hang', service='object-store', method='PUT')
            began = league.clock.monotonic()
            pieces = [bytes([number]) * 500_000 for number in range(40)]
            assert await upload(league, f'{ACCOUNT}/c/o', pieces, {'transfer-encoding': 'chunked'}) == 201
            assert league.clock.monotonic() - began < 30
            assert (await league.ask('GET', f'{ACCOUNT}/c/o'))[2] == b''.join(pieces)
            await revive(league, 'west', 120)
            assert (await held(league))['west'] == b''.join(pieces)

    virtual.run(main)
