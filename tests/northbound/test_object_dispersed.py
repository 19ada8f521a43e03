"""Dispersed containers over three clouds: what clients see, what sites have, and one site away."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from urllib.parse import quote

from hansa.sites.sim.fault import Fault
from hansa.sites.sim.objectstate import Container
from tests import house, virtual
from tests.house import League

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'
SITES = ('east', 'north', 'west')
BIG = 3 * (1 << 20) + 12345


async def make(league: League, name: str = 'd', how: str = '2-of-3') -> None:
    status, _, said = await league.ask('PUT', f'{ACCOUNT}/{name}', headers={'x-container-meta-hansa-disperse': how})
    assert status == 201, said


def held(league: League, site: str, container: str = 'd') -> Container:
    """What a site really has of a container."""
    return next(one.containers[container] for one in league.clouds[site].state.objects.accounts.values() if container in one.containers)


def plain(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


async def listed(league: League, query: str = '') -> list[str]:
    rows = await league.ok('GET', f'{ACCOUNT}/d?format=json{query}')
    return [row.get('name') or row['subdir'] for row in rows]


def test_clients_see_their_objects_and_sites_see_none() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            body = b'the patient of bed seven ' * 30
            sent = {'x-object-meta-ward': 'oncology', 'content-type': 'text/x-secret; a=b', 'content-encoding': 'none'}
            status, headers, _ = await league.ask('PUT', f'{ACCOUNT}/d/a//b%20%C3%BC/', body, headers=sent)
            assert status == 201
            etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
            assert headers['etag'] == etag
            for method in ('GET', 'HEAD'):
                status, headers, got = await league.ask(method, f'{ACCOUNT}/d/a//b%20%C3%BC/')
                assert (status, got) == (200, body if method == 'GET' else b'')
                assert (headers['content-length'], headers['etag']) == (str(len(body)), etag)
                assert (headers['x-object-meta-ward'], headers['content-type'], headers['content-encoding']) == ('oncology', 'text/x-secret; a=b', 'none')
            row = (await league.ok('GET', f'{ACCOUNT}/d?format=json'))[0]
            modified = row.pop('last_modified')
            assert row == {'name': 'a//b ü/', 'bytes': len(body), 'hash': etag, 'content_type': 'text/x-secret; a=b'}
            assert modified.startswith('2026-')
            status, headers, _ = await league.ask('HEAD', f'{ACCOUNT}/d')
            assert (status, headers['x-container-object-count'], headers['x-container-bytes-used']) == (204, '1', str(len(body)))
            assert headers['x-container-meta-hansa-disperse'] == '2-of-3:east,north,west'
            assert not any('share' in name for name in headers)
            for site in SITES:
                everything = repr([(one.data, one.media, one.headers, one.etag) for one in held(league, site).blobs.values()])
                assert not any(word in everything for word in ('patient', 'oncology', 'secret', 'none', etag))
                assert held(league, site).names == ['a//b ü/']

    virtual.run(main)


def test_large_objects_and_ranges() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            body = plain(BIG)
            await league.ok('PUT', f'{ACCOUNT}/d/big', body)
            assert (await league.ask('GET', f'{ACCOUNT}/d/big'))[2] == body
            for wanted, low, high in (('0-9', 0, 10), ('1048570-1048590', 1048570, 1048591), ('-5', BIG - 5, BIG), (f'{BIG - 1}-', BIG - 1, BIG)):
                status, headers, got = await league.ask('GET', f'{ACCOUNT}/d/big', headers={'range': f'bytes={wanted}'})
                assert (status, got) == (206, body[low:high])
                assert headers['content-range'] == f'bytes {low}-{high - 1}/{BIG}'
            status, headers, got = await league.ask('GET', f'{ACCOUNT}/d/big', headers={'range': 'bytes=1-3,2097150-2097155'})
            assert (status, len(got)) == (206, int(headers['content-length']))
            assert body[1:4] in got
            assert body[2097150:2097156] in got
            assert (await league.ask('GET', f'{ACCOUNT}/d/big', headers={'range': f'bytes={BIG}-'}))[0] == 416
            etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
            assert (await league.ask('GET', f'{ACCOUNT}/d/big', headers={'if-none-match': etag}))[0] == 304
            assert (await league.ask('GET', f'{ACCOUNT}/d/big', headers={'if-match': 'x'}))[0] == 412
            beside = {site: list(held(league, site, 'd+hansa').blobs.values()) for site in SITES}
            assert {len(blobs) for blobs in beside.values()} == {1}
            assert all(len(blobs[0].data) < BIG * 0.51 for blobs in beside.values())
            await league.ok('PUT', f'{ACCOUNT}/d/empty', b'', headers={'content-length': '0'})
            assert (await league.ask('GET', f'{ACCOUNT}/d/empty'))[:1] == (200,)
            assert await listed(league) == ['big', 'empty']
            await league.ok('PUT', f'{ACCOUNT}/d/big', b'small')
            assert (await league.ask('GET', f'{ACCOUNT}/d/big'))[2] == b'small'
            assert not any(held(league, site, 'd+hansa').blobs for site in SITES)
            await league.ok('PUT', f'{ACCOUNT}/d/big', body)
            rows = await league.ok('GET', f'{ACCOUNT}?format=json')
            assert [(row['name'], row['count'], row['bytes']) for row in rows] == [('d', 2, BIG)]
            headers = (await league.ask('HEAD', ACCOUNT))[1]
            assert [headers[f'x-account-{what}'] for what in ('container-count', 'object-count', 'bytes-used')] == ['1', '2', str(BIG)]

    virtual.run(main)


def test_one_site_away_and_back() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            old, big = plain(5000, 2), plain(BIG, 3)
            for name, body in (('kept', old), ('changed', old), ('deleted', old), ('large', big), ('posted', old)):
                await league.ok('PUT', f'{ACCOUNT}/d/{name}', body)
            league.clouds['east'].fault = Fault('refuse')
            for name, body in (('kept', old), ('large', big)):
                assert (await league.ask('GET', f'{ACCOUNT}/d/{name}'))[::2] == (200, body)
            await league.ok('PUT', f'{ACCOUNT}/d/changed', big)
            await league.ok('PUT', f'{ACCOUNT}/d/new', old)
            await league.ok('DELETE', f'{ACCOUNT}/d/deleted')
            await league.ok('POST', f'{ACCOUNT}/d/posted', headers={'x-object-meta-colour': 'red'})
            assert await listed(league) == ['changed', 'kept', 'large', 'new', 'posted']
            assert (await league.ask('GET', f'{ACCOUNT}/d/deleted'))[0] == 404
            league.clouds['east'].fault = None
            await settled(league)
            assert not await league.store.owed(house.league_id('demo'), 'd')
            for away in ('north', 'west'):
                league.clouds[away].fault = Fault('refuse')
                assert await listed(league) == ['changed', 'kept', 'large', 'new', 'posted']
                assert (await league.ask('GET', f'{ACCOUNT}/d/changed'))[2] == big
                assert (await league.ask('GET', f'{ACCOUNT}/d/new'))[2] == old
                assert (await league.ask('HEAD', f'{ACCOUNT}/d/posted'))[1]['x-object-meta-colour'] == 'red'
                assert (await league.ask('GET', f'{ACCOUNT}/d/deleted'))[0] == 404
                league.clouds[away].fault = None
                await settled(league)
            assert held(league, 'east').names == ['changed', 'kept', 'large', 'new', 'posted']
            assert len(held(league, 'east', 'd+hansa').blobs) == 2

    virtual.run(main)


async def settled(league: League) -> None:
    """Wait until sites are known to answer and what they owed is paid."""
    await league.clock.sleep(60)


def test_two_sites_away_say_so() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            await league.ok('PUT', f'{ACCOUNT}/d/o', b'hello')
            for site in ('east', 'north'):
                league.clouds[site].fault = Fault('refuse')
            for method, path in (('GET', 'd/o'), ('GET', 'd'), ('PUT', 'd/o'), ('DELETE', 'd/o'), ('GET', 'd/none')):
                status, headers, _ = await league.ask(method, f'{ACCOUNT}/{path}', b'1' if method == 'PUT' else None)
                assert (status, headers['x-hansa-missing-sites'] in SITES) == (503, True), (method, path)
            for site in ('east', 'north'):
                league.clouds[site].fault = None
            await settled(league)
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[::2] == (200, b'hello')

    virtual.run(main)


def test_a_share_that_was_changed_is_set_aside_and_made_anew() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            big = plain(BIG)
            await league.ok('PUT', f'{ACCOUNT}/d/big', big)
            await league.ok('PUT', f'{ACCOUNT}/d/small', b'hello')
            for site in SITES:
                for container, at in (('d', 20), ('d', 150), ('d', 50), ('d+hansa', 900_000)):
                    for blob in held(league, site, container).blobs.values():
                        if at < len(blob.data):
                            wrong = bytearray(blob.data)
                            wrong[at] ^= 1
                            blob.data = bytes(wrong)
                    for _ in SITES:
                        assert (await league.ask('GET', f'{ACCOUNT}/d/big'))[2] == big
                        assert (await league.ask('GET', f'{ACCOUNT}/d/small'))[2] == b'hello'
                    await settled(league)
            for away in SITES:
                league.clouds[away].fault = Fault('refuse')
                assert (await league.ask('GET', f'{ACCOUNT}/d/big'))[2] == big
                league.clouds[away].fault = None
                await settled(league)

    virtual.run(main)


def test_listings_of_many() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            names = sorted(f'{letter}/{number:02}' for letter in 'abé' for number in range(12))
            await asyncio.gather(*(league.ok('PUT', f'{ACCOUNT}/d/{quote(name)}', b'x' * at) for at, name in enumerate(names)))
            assert await listed(league) == names
            assert await listed(league, '&limit=5&marker=a/03') == names[4:9]
            assert await listed(league, '&reverse=true&limit=3') == names[::-1][:3]
            assert await listed(league, '&delimiter=/') == ['a/', 'b/', 'é/']
            assert await listed(league, '&prefix=b/') == [name for name in names if name.startswith('b/')]
            assert await listed(league, '&path=b') == [name for name in names if name.startswith('b/')]
            assert (await league.ask('GET', f'{ACCOUNT}/d?limit=2'))[2] == b'a/00\na/01\n'
            assert (await league.ask('HEAD', f'{ACCOUNT}/d'))[1]['x-container-bytes-used'] == str(sum(range(len(names))))
            assert (await league.ask('GET', f'{ACCOUNT}/d?limit=10001'))[0] == 412

    virtual.run(main)


def test_copies_into_it_and_out_of_it() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            await league.ok('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'west'})
            big = plain(BIG)
            await league.ok('PUT', f'{ACCOUNT}/c/o', big, headers={'x-object-meta-colour': 'red'})
            assert (await league.ask('COPY', f'{ACCOUNT}/c/o', headers={'destination': 'd/p'}))[0] == 201
            status, headers, got = await league.ask('GET', f'{ACCOUNT}/d/p')
            assert (status, got, headers['x-object-meta-colour']) == (200, big, 'red')
            assert (await league.ask('PUT', f'{ACCOUNT}/c/q', b'', headers={'x-copy-from': 'd/p', 'content-length': '0'}))[0] == 201
            assert (await league.ask('GET', f'{ACCOUNT}/c/q'))[2] == big
            assert (await league.ask('COPY', f'{ACCOUNT}/d/p', headers={'destination': 'd/r', 'x-object-meta-size': 'big'}))[0] == 201
            status, headers, got = await league.ask('GET', f'{ACCOUNT}/d/r')
            assert (got, headers['x-object-meta-colour'], headers['x-object-meta-size']) == (big, 'red', 'big')

    virtual.run(main)


def test_what_cannot_be_is_said() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            for how, status in (('2-of-2', 400), ('3-of-4', 400), ('3-of-5', 400), ('2-of-3:east,west,south', 400), ('all', 400)):
                assert (await league.ask('PUT', f'{ACCOUNT}/x', headers={'x-container-meta-hansa-disperse': how}))[0] == status, how
            await make(league, 'd', '2-of-3:west,east,north')
            assert (await league.ask('PUT', f'{ACCOUNT}/d', headers={'x-container-meta-hansa-disperse': '2-of-3'}))[0] == 202
            assert (await league.ask('PUT', f'{ACCOUNT}/d', headers={'x-container-meta-hansa-disperse': '2-of-3:east,west,north'}))[0] == 409
            assert (await league.ask('POST', f'{ACCOUNT}/d', headers={'x-container-meta-temp-url-key': 'k'}))[0] == 400
            for header in ('x-object-manifest', 'x-symlink-target'):
                assert (await league.ask('PUT', f'{ACCOUNT}/d/o', b'', headers={header: 'd/p'}))[0] == 400
            for query in ('multipart-manifest=put',):
                assert (await league.ask('PUT', f'{ACCOUNT}/d/o?{query}', json.dumps([]).encode()))[0] == 400
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', b'1', headers={'x-delete-after': '60'}))[0] == 400
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', b'1', headers={'x-object-meta-a': 'x' * 256, **{f'x-object-meta-b{n}': 'x' * 250 for n in range(12)}}))[0] == 400
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', b'1', headers={'etag': '0' * 32}))[0] == 422
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', plain(BIG), headers={'etag': '0' * 32}))[0] == 422
            assert await listed(league) == []
            assert not any(held(league, site, 'd+hansa').blobs for site in SITES)
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', b'1', headers={'if-none-match': '*'}))[0] == 201
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', b'1', headers={'if-none-match': '*'}))[0] == 412
            assert (await league.ask('DELETE', f'{ACCOUNT}/d'))[0] == 409
            assert (await league.ask('DELETE', f'{ACCOUNT}/d/o'))[0] == 204
            assert (await league.ask('DELETE', f'{ACCOUNT}/d/o'))[0] == 404
            assert (await league.ask('DELETE', f'{ACCOUNT}/d'))[0] == 204
            assert (await league.ask('GET', f'{ACCOUNT}/d'))[0] == 404
            await make(league)

    virtual.run(main)


def test_who_may_read_is_said_once_for_all_sites() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            await league.ok('PUT', f'{ACCOUNT}/d/o', b'hello')
            await league.ok('PUT', f'{ACCOUNT}/d/big', plain(BIG))
            for who, code in (('', 401), ('alt_demo', 403)):
                for path in ('d', 'd/o', 'd/none'):
                    assert (await league.ask('GET', f'{ACCOUNT}/{path}', token=who))[0] == code, (who, path)
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', b'evil', token='alt_demo'))[0] == 403
            one = f'{house.league_id("alt_demo")}:{house.league_id("user alt_demo")}'
            assert (await league.ask('POST', f'{ACCOUNT}/d', headers={'x-container-read': one, 'x-container-write': one}))[0] == 204
            assert (await league.ask('HEAD', f'{ACCOUNT}/d'))[1]['x-container-read'] == one
            for name, body in (('o', b'hello'), ('big', plain(BIG))):
                assert (await league.ask('GET', f'{ACCOUNT}/d/{name}', token='alt_demo'))[::2] == (200, body)
            assert (await league.ask('PUT', f'{ACCOUNT}/d/p', plain(BIG), token='alt_demo'))[0] == 201
            assert (await league.ask('GET', f'{ACCOUNT}/d/p'))[2] == plain(BIG)
            assert (await league.ask('GET', f'{ACCOUNT}/d/o', token=''))[0] == 401

    virtual.run(main)


def test_quotas_of_the_league_are_of_what_clients_put() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            assert (await league.ask('POST', ACCOUNT, headers={'x-account-meta-quota-bytes': '1000'}, token='admin'))[0] == 204
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', b'x' * 900))[0] == 201
            assert (await league.ask('PUT', f'{ACCOUNT}/d/p', b'x' * 900))[0] == 413
            assert await listed(league) == ['o']

    virtual.run(main)
