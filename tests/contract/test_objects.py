"""What the objects of every site must do, simulated or real."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator

from tests.contract.swifts import WHERE, Store, md5, played


@WHERE
def test_an_object_is_put_read_changed_and_removed(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c') + '/d%C3%A9/o'
        headers = {'Content-Type': 'text/plain', 'X-Object-Meta-Colour': 'blue', 'Content-Encoding': 'x', 'Content-Disposition': 'inline'}
        put = await swift.put(path, b'hello', headers)
        assert put['Etag'] == md5(b'hello')
        assert put['Last-Modified']
        got = await swift('GET', path)
        assert (got.status, got.body, got['Etag'], got['Content-Length']) == (200, b'hello', md5(b'hello'), '5')
        assert {key: got[key] for key in headers} == headers
        assert (got['Accept-Ranges'], got['Last-Modified']) == ('bytes', put['Last-Modified'])
        head = await swift('HEAD', path)
        assert (head.status, head['Content-Length'], head.body) == (200, '5', b'')
        post = await swift('POST', path, {'X-Object-Meta-Form': 'round'}, body=b'')
        assert post.status == 202
        head = await swift('HEAD', path)
        assert (head['X-Object-Meta-Form'], head['X-Object-Meta-Colour'], head['Content-Encoding']) == ('round', '', '')
        assert head['Content-Type'] == 'text/plain'
        assert (await swift('DELETE', path)).status == 204
        for method in ('GET', 'HEAD', 'POST', 'DELETE'):
            assert (await swift(method, path, body=b'' if method == 'POST' else None)).status == 404
        assert (await swift('PUT', f'/{swift.prefix}-none/o', body=b'')).status == 404
        missing = await swift('GET', path)
        assert missing.body == b'<html><h1>Not Found</h1><p>The resource could not be found.</p></html>'
        assert missing['Content-Type'] == 'text/html; charset=UTF-8'

    played(where, steps)


@WHERE
def test_what_is_sent_is_checked(where: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(20):
            yield bytes([number]) * 10_000

    async def steps(swift: Store) -> None:
        path = await swift.container('c')
        whole = b''.join([piece async for piece in pieces()])
        assert (await swift('PUT', f'{path}/chunked', body=pieces())).status == 201
        assert (await swift('GET', f'{path}/chunked')).body == whole
        assert (await swift('PUT', f'{path}/o')).status == 411
        assert (await swift('PUT', f'{path}/o', {'Etag': md5(b'other')}, body=b'hello')).status == 422
        assert (await swift('HEAD', f'{path}/o')).status == 404
        assert (await swift.put(f'{path}/o', b'hello', {'Etag': md5(b'hello')}))['Etag'] == md5(b'hello')
        assert (await swift('PUT', f'{path}/o', {'If-None-Match': '*'}, body=b'x')).status == 412
        assert (await swift('PUT', f'{path}/o', {'If-None-Match': '"x"'}, body=b'x')).status == 400
        assert (await swift('PUT', f'{path}/{"o" * 1025}', body=b'x')).status == 400
        assert (await swift('PUT', f'{path}/o', {'X-Object-Meta-Long': 'x' * 257}, body=b'x')).status == 400
        assert (await swift('PUT', f'{path}/o', {'X-Object-Meta-' + 'x' * 129: 'y'}, body=b'x')).status == 400
        assert (await swift('PUT', f'{path}/a%00b', body=b'x')).status == 412
        assert (await swift('PUT', f'{path}/a%ff', body=b'x')).status == 412
        assert (await swift('GET', f'{path}/o')).body == b'hello'
        await swift.put(f'{path}/page.html', b'')
        assert (await swift('HEAD', f'{path}/page.html'))['Content-Type'] == 'text/html'

    played(where, steps)


@WHERE
def test_conditions(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c') + '/o'
        etag = (await swift.put(path, b'hello'))['Etag']
        last = (await swift('HEAD', path))['Last-Modified']
        early, late = 'Sat, 01 Jan 2000 00:00:00 GMT', 'Fri, 01 Jan 2100 00:00:00 GMT'
        expected = [
            ({'If-Match': f'"{etag}"'}, 200),
            ({'If-Match': etag}, 200),
            ({'If-Match': '*'}, 200),
            ({'If-Match': '"other", "more"'}, 412),
            ({'If-None-Match': etag}, 304),
            ({'If-None-Match': '"other"'}, 200),
            ({'If-Modified-Since': last}, 304),
            ({'If-Modified-Since': early}, 200),
            ({'If-Unmodified-Since': early}, 412),
            ({'If-Unmodified-Since': late}, 200),
        ]
        for headers, status in expected:
            for method in ('GET', 'HEAD'):
                assert ((await swift(method, path, headers)).status, headers) == (status, headers)

    played(where, steps)


@WHERE
def test_ranges(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c') + '/o'
        await swift.put(path, b'0123456789', {'Content-Type': 'text/plain'})
        for wanted, body, told in [
            ('bytes=0-3', b'0123', 'bytes 0-3/10'),
            ('bytes=7-', b'789', 'bytes 7-9/10'),
            ('bytes=-2', b'89', 'bytes 8-9/10'),
            ('bytes=5-99', b'56789', 'bytes 5-9/10'),
            ('bytes=-99', b'0123456789', 'bytes 0-9/10'),
        ]:
            got = await swift('GET', path, {'Range': wanted})
            assert (got.status, got.body, got['Content-Range']) == (206, body, told)
        got = await swift('GET', path, {'Range': 'bytes=10-'})
        assert (got.status, got['Content-Range']) == (416, 'bytes */10')
        for nonsense in ('bytes=a-b', 'lines=1-2', 'bytes=3'):
            assert (await swift('GET', path, {'Range': nonsense})).status == 200
        got = await swift('GET', path, {'Range': 'bytes=0-1,8-9'})
        media, _, boundary = got['Content-Type'].partition('boundary=')
        assert (got.status, media) == (206, 'multipart/byteranges;')
        parts = got.body.split(b'--' + boundary.encode())
        assert [part.partition(b'\r\n\r\n')[2] for part in parts[1:3]] == [b'01\r\n', b'89\r\n']
        assert b'Content-Range: bytes 8-9/10' in parts[2]
        assert parts[3] == b'--'

    played(where, steps)


@WHERE
def test_copies(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c')
        other = await swift.container('d')
        await swift.put(f'{path}/o', b'hello', {'Content-Type': 'text/plain', 'X-Object-Meta-Colour': 'blue'})
        done = await swift('COPY', f'{path}/o', {'Destination': f'{other}/p%20q', 'X-Object-Meta-Form': 'round'})
        assert (done.status, done['Etag'], done['X-Copied-From']) == (201, md5(b'hello'), f'{path[1:]}/o')
        got = await swift('GET', f'{other}/p%20q')
        assert (got.body, got['Content-Type']) == (b'hello', 'text/plain')
        assert (got['X-Object-Meta-Colour'], got['X-Object-Meta-Form']) == ('blue', 'round')
        fresh = {'X-Copy-From': f'{path}/o', 'X-Fresh-Metadata': 'true', 'Content-Type': 'text/x', 'X-Object-Meta-New': 'yes'}
        assert (await swift('PUT', f'{path}/n', fresh, body=b'')).status == 201
        head = await swift('HEAD', f'{path}/n')
        assert (head['X-Object-Meta-Colour'], head['X-Object-Meta-New'], head['Content-Type']) == ('', 'yes', 'text/x')
        assert (await swift('PUT', f'{path}/n', {'X-Copy-From': f'{path}/none'}, body=b'')).status == 404
        assert (await swift('PUT', f'{path}/n', {'X-Copy-From': 'nonsense'}, body=b'')).status == 412
        assert (await swift('PUT', f'{path}/n', {'X-Copy-From': f'{path}/o'}, body=b'x')).status == 400
        assert (await swift('COPY', f'{path}/o')).status == 412
        assert (await swift('COPY', f'{path}/o', {'Destination': f'/{swift.prefix}-none/x'})).status == 404

    played(where, steps)


@WHERE
def test_times_of_expiry_are_checked_and_told(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c') + '/o'
        await swift.put(path, b'x', {'X-Delete-At': '4000000000'})
        assert (await swift('HEAD', path))['X-Delete-At'] == '4000000000'
        assert (await swift('POST', path, {'X-Object-Meta-A': 'b'}, body=b'')).status == 202
        assert (await swift('HEAD', path))['X-Delete-At'] == ''
        for header, value in [('X-Delete-At', '1'), ('X-Delete-At', 'soon'), ('X-Delete-After', 'soon'), ('X-Delete-After', '-9')]:
            assert (await swift('PUT', path, {header: value}, body=b'x')).status == 400
        await swift.put(path, b'x', {'X-Delete-After': '1000'})
        assert (await swift('HEAD', path))['X-Delete-At'].isdecimal()

    played(where, steps)


@WHERE
def test_static_large_objects(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c')
        parts = await swift.container('c-segments')
        for name, data in (('1', b'aaa'), ('2', b'bbb')):
            await swift.put(f'{parts}/{name}', data)
        given = [
            {'path': f'{parts}/1', 'etag': md5(b'aaa'), 'size_bytes': 3},
            {'path': f'{parts}/2', 'range': '1-'},
        ]
        etag = md5(f'{md5(b"aaa")}{md5(b"bbb")}:1-2;'.encode())
        put = await swift.put(f'{path}/big', json.dumps(given).encode(), query='multipart-manifest=put')
        assert put['Etag'] == f'"{etag}"'
        got = await swift('GET', f'{path}/big')
        assert (got.body, got['Etag'], got['X-Static-Large-Object']) == (b'aaabb', f'"{etag}"', 'True')
        got = await swift('GET', f'{path}/big', {'Range': 'bytes=2-3'})
        assert (got.status, got.body) == (206, b'ab')
        head = await swift('HEAD', f'{path}/big')
        assert (head['Content-Length'], head['Etag']) == ('5', f'"{etag}"')
        rows = json.loads((await swift('GET', f'{path}/big', query='multipart-manifest=get')).body)
        assert [(row['name'], row['bytes'], row['hash'], row.get('range')) for row in rows] == [
            (f'{parts}/1', 3, md5(b'aaa'), None),
            (f'{parts}/2', 3, md5(b'bbb'), '1-2'),
        ]
        row = (await swift.rows(path))[0]
        assert (row['bytes'], row['slo_etag']) == (5, f'"{etag}"')
        copied = await swift('COPY', f'{path}/big', {'Destination': f'{path}/manifest'}, query='multipart-manifest=get')
        assert (copied.status, (await swift('GET', f'{path}/manifest'))['Etag']) == (201, f'"{etag}"')
        assert (await swift('COPY', f'{path}/big', {'Destination': f'{path}/flat'})).status == 201
        flat = await swift('GET', f'{path}/flat')
        assert (flat.body, flat['Etag'], flat['X-Static-Large-Object']) == (b'aaabb', md5(b'aaabb'), '')
        for wrong in (
            b'no',
            b'{}',
            b'[{"path": "/c"}]',
            b'[{"path": "/c/o", "more": 1}]',
            json.dumps([{'path': f'{parts}/none'}]).encode(),
            json.dumps([{'path': f'{parts}/1', 'etag': 'x'}]).encode(),
            json.dumps([{'path': f'{parts}/1', 'size_bytes': 9}]).encode(),
        ):
            assert (await swift('PUT', f'{path}/bad', query='multipart-manifest=put', body=wrong)).status == 400
        told = await swift('PUT', f'{path}/bad', query='multipart-manifest=put', body=json.dumps([{'path': f'{parts}/none'}]).encode())
        assert told.body == f'Errors:\n{parts}/none, 404 Not Found\n'.encode()
        gone = await swift('DELETE', f'{path}/big', {'Accept': 'application/json'}, 'multipart-manifest=delete')
        assert (gone.status, json.loads(gone.body)['Number Deleted']) == (200, 3)
        assert await swift.names(parts) == []
        assert (await swift('GET', f'{path}/manifest')).status == 409

    played(where, steps)


@WHERE
def test_dynamic_large_objects(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c')
        for name, data in (('seg/1', b'aaa'), ('seg/2', b'bbb')):
            await swift.put(f'{path}/{name}', data)
        await swift.put(f'{path}/big', b'', {'X-Object-Manifest': f'{path[1:]}/seg/'})
        got = await swift('GET', f'{path}/big')
        assert (got.body, got['Etag']) == (b'aaabbb', f'"{md5((md5(b"aaa") + md5(b"bbb")).encode())}"')
        assert got['X-Object-Manifest'] == f'{path[1:]}/seg/'
        got = await swift('GET', f'{path}/big', query='multipart-manifest=get')
        assert (got.body, got['Etag']) == (b'', md5(b''))
        await swift.put(f'{path}/seg/3', b'c')
        assert (await swift('GET', f'{path}/big', {'Range': 'bytes=5-6'})).body == b'bc'
        assert (await swift('PUT', f'{path}/big', {'X-Object-Manifest': 'nonsense'}, body=b'')).status == 400

    played(where, steps)


@WHERE
def test_signed_urls(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c', X_Container_Meta_Temp_URL_Key='key')
        await swift.put(f'{path}/o', b'hello')
        assert (await swift('HEAD', path))['X-Container-Meta-Temp-URL-Key'] == 'key'
        account = f'/v1/AUTH_{swift.site.own_project()}'

        def sign(method: str, target: str, until: int = 4_000_000_000, key: bytes = b'key') -> str:
            made = hmac.new(key, f'{method}\n{until}\n{account}{target}'.encode(), hashlib.sha256).hexdigest()
            return f'temp_url_sig={made}&temp_url_expires={until}'

        got = await swift('GET', f'{path}/o', query=sign('GET', f'{path}/o'))
        assert (got.status, got.body) == (200, b'hello')
        assert got['Content-Disposition'] == 'attachment; filename="o"; filename*=UTF-8\'\'o'
        assert (await swift('HEAD', f'{path}/o', query=sign('GET', f'{path}/o'))).status == 200
        assert (await swift('PUT', f'{path}/p', query=sign('PUT', f'{path}/p'), body=b'p')).status == 201
        for wrong in (sign('PUT', f'{path}/o'), sign('GET', f'{path}/p'), sign('GET', f'{path}/o', 1), sign('GET', f'{path}/o', key=b'x')):
            assert (await swift('GET', f'{path}/o', query=wrong)).status == 401

    played(where, steps)


@WHERE
def test_symbolic_links(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c')
        await swift.put(f'{path}/o', b'hello', {'X-Object-Meta-Colour': 'blue'})
        for name, target in (('a', 'o'), ('b', 'a'), ('c', 'b')):
            await swift.put(f'{path}/{name}', b'', {'X-Symlink-Target': f'{path[1:]}/{target}'})
        got = await swift('GET', f'{path}/b')
        assert (got.body, got['X-Object-Meta-Colour'], got['Etag']) == (b'hello', 'blue', md5(b'hello'))
        assert got['Content-Location'] == f'/v1/AUTH_{swift.site.own_project()}{path}/o'
        assert (await swift('GET', f'{path}/c')).status == 409
        link = await swift('HEAD', f'{path}/a', query='symlink=get')
        assert (link['X-Symlink-Target'], link['Content-Length'], link['Content-Type']) == (f'{path[1:]}/o', '0', 'application/symlink')
        for header, body, status in ((f'{path[1:]}/x', b'', 400), (f'{path[1:]}/o', b'x', 400), ('nonsense', b'', 412)):
            assert (await swift('PUT', f'{path}/x', {'X-Symlink-Target': header}, body=body)).status == status

    played(where, steps)
