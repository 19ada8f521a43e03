"""Uploads in parts by S3's door: put together, read, replaced, given up, and what is left of them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from hansa.keystone.twin import Said
from hansa.ports.http import Transport
from hansa.ports.site import Headers, SiteResponse
from hansa.rules.s3 import multipart
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.northbound.s3client import Client, code, tree, uploaded
from tests.northbound.test_s3 import ACCOUNT, make, names

SMALL = multipart.SMALLEST

async def begin(s3: Client, path: str, **headers: str) -> str:
    return tree(await s3.ask('POST', path, query='uploads=', headers=headers), 'InitiateMultipartUploadResult').word('UploadId')


async def put(s3: Client, path: str, upload: str, number: int, body: bytes) -> str:
    status, headers, said = await s3.ask('PUT', path, body, query=f'partNumber={number}&uploadId={upload}')
    assert status == 200, said
    return headers['etag']


async def complete(s3: Client, path: str, upload: str, parts: list[tuple[int, str]]) -> str:
    said = await s3.ask('POST', path, uploaded(parts), query=f'uploadId={upload}')
    return tree(said, 'CompleteMultipartUploadResult').word('ETag')


async def large(s3: Client, path: str, *bodies: bytes) -> str:
    """Put an object in parts; its ETag."""
    upload = await begin(s3, path)
    return await complete(s3, path, upload, [(number, await put(s3, path, upload, number, body)) for number, body in enumerate(bodies, 1)])


def etag(*bodies: bytes) -> str:
    md5s = b''.join(hashlib.md5(body, usedforsecurity=False).digest() for body in bodies)
    return f'"{hashlib.md5(md5s, usedforsecurity=False).hexdigest()}-{len(bodies)}"'


async def segments(league: League, bucket: str) -> list[str]:
    return await names(league, f'{bucket}%2Bsegments')


def test_a_large_object_of_parts_lies_as_swifts_own_door_lays_it() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            s3 = Client(league)
            await make(s3, 'one', 'west')
            upload = await begin(s3, '/one/a/b', **{'x-amz-meta-colour': 'red', 'content-type': 'text/plain'})
            bodies = [b'a' * SMALL, b'b' * SMALL, b'c']
            got = [(number, await put(s3, '/one/a/b', upload, number, body)) for number, body in ((11, bodies[1]), (2, bodies[0]), (12, b'spare'), (100, bodies[2]))]
            assert await put(s3, '/one/a/b', upload, 11, bodies[1]) == got[0][1]
            assert await segments(league, 'one') == [f'a/b/{upload}{rest}' for rest in ('', '/100', '/11', '/12', '/2')]
            assert (await league.ask('HEAD', f'{ACCOUNT}/one%2Bsegments'))[1]['x-hansa-site'] == 'west'
            listed = tree(await s3.ask('GET', '/one/a/b', query=f'uploadId={upload}&part-number-marker=12'), 'ListPartsResult')
            assert [each.word('PartNumber') for each in listed.all('Part')] == ['100']
            listed = tree(await s3.ask('GET', '/one/a/b', query=f'uploadId={upload}&max-parts=2'), 'ListPartsResult')
            assert [each.word('PartNumber') for each in listed.all('Part')] == ['2', '11']
            assert (listed.word('NextPartNumberMarker'), listed.word('IsTruncated')) == ('11', 'true')
            listed = tree(await s3.ask('GET', '/one', query='uploads'), 'ListMultipartUploadsResult')
            assert [(each.word('Key'), each.word('UploadId')) for each in listed.all('Upload')] == [('a/b', upload)]
            chosen = sorted(pair for pair in got if pair[0] != 12)
            assert await complete(s3, '/one/a/b', upload, chosen) == etag(*bodies)
            assert await complete(s3, '/one/a/b', upload, chosen) == etag(*bodies)
            status, headers, body = await s3.ask('GET', '/one/a/b')
            assert (status, body, headers['etag']) == (200, b''.join(bodies), etag(*bodies))
            assert (headers['x-amz-meta-colour'], headers['content-type']) == ('red', 'text/plain')
            assert not [name for name in headers if 'hansa-s3' in name]
            listed = tree(await s3.ask('GET', '/one'), 'ListBucketResult').all('Contents')[0]
            assert (listed.word('ETag'), listed.word('Size')) == (etag(*bodies), str(2 * SMALL + 1))
            assert await segments(league, 'one') == [f'a/b/{upload}/{number}' for number in (100, 11, 2)]
            assert [each.word('Name') for each in tree(await s3.ask('GET', '/'), 'ListAllMyBucketsResult').children[1].children] == ['one']
            assert (await s3.ask('GET', '/one/a/b', headers={'if-none-match': etag(*bodies)}))[0] == 304
            assert (await s3.ask('GET', '/one/a/b', headers={'if-match': etag(*bodies), 'range': f'bytes={SMALL - 1}-{SMALL}'}))[::2] == (206, b'ab')
            assert code(await s3.ask('GET', '/one/a/b', headers={'if-match': etag(b'')})) == 'PreconditionFailed'
            status, headers, body = await s3.ask('GET', '/one/a/b', query='partNumber=3')
            assert (status, body, headers['x-amz-mp-parts-count'], headers['etag']) == (206, b'c', '3', etag(*bodies))
            status, headers, body = await s3.ask('HEAD', '/one/a/b', query='partNumber=3')
            assert (status, headers['content-length'], headers['content-range']) == (206, '1', f'bytes {2 * SMALL}-{2 * SMALL}/{2 * SMALL + 1}')
            assert code(await s3.ask('GET', '/one/a/b', query='partNumber=4')) == 'InvalidPartNumber'
            await s3.ask('PUT', '/one/plain', b'hello')
            assert (await s3.ask('GET', '/one/plain', query='partNumber=1'))[::2] == (200, b'hello')
            assert code(await s3.ask('GET', '/one/plain', query='partNumber=2')) == 'InvalidPartNumber'
            await s3.ask('DELETE', '/one/plain')

    virtual.run(main)


def test_what_an_object_was_made_of_goes_with_it() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            parts = (b'a' * SMALL, b'b')
            await large(s3, '/one/o', *parts)
            await large(s3, '/one/other', *parts)
            await large(s3, '/one/o', b'c' * SMALL, b'd')
            assert len(await segments(league, 'one')) == 4
            copied = tree(await s3.ask('PUT', '/one/copy', headers={'x-amz-copy-source': '/one/other'}), 'CopyObjectResult').word('ETag')
            assert copied == f'"{hashlib.md5(b"".join(parts), usedforsecurity=False).hexdigest()}"'
            fresh = {'x-amz-copy-source': '/one/other', 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-n': '1'}
            assert tree(await s3.ask('PUT', '/one/other', headers=fresh), 'CopyObjectResult').word('ETag') == etag(*parts)
            status, headers, body = await s3.ask('GET', '/one/other')
            assert (status, headers['etag'], headers['x-amz-meta-n'], body) == (200, etag(*parts), '1', b''.join(parts))
            assert (await s3.ask('PUT', '/one/o', b'small'))[0] == 200
            assert len(await segments(league, 'one')) == 2
            assert (await s3.ask('DELETE', '/one/other'))[0] == 204
            assert await segments(league, 'one') == []

    virtual.run(main)


def test_an_upload_that_is_given_up_leaves_nothing() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            upload, other = await begin(s3, '/one/o'), await begin(s3, '/one/o')
            await put(s3, '/one/o', upload, 1, b'a' * SMALL)
            await put(s3, '/one/o', other, 1, b'b')
            assert (await s3.ask('DELETE', '/one/o', query=f'uploadId={upload}'))[0] == 204
            assert await segments(league, 'one') == [f'o/{other}', f'o/{other}/1']
            for method, query, body in (
                ('PUT', f'partNumber=1&uploadId={upload}', b'x'),
                ('GET', f'uploadId={upload}', b''),
                ('POST', f'uploadId={upload}', uploaded([(1, 'x')])),
                ('DELETE', f'uploadId={upload}', b''),
                ('GET', 'uploadId=..', b''),
            ):
                assert code(await s3.ask(method, '/one/o', body, query=query)) == 'NoSuchUpload'
            assert (await s3.ask('DELETE', '/one'))[0] == 204
            assert (await league.ask('HEAD', f'{ACCOUNT}/one%2Bsegments'))[0] == 404

    virtual.run(main)


def test_parts_that_are_wrong() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            assert code(await s3.ask('POST', '/none/o', query='uploads')) == 'NoSuchBucket'
            upload = await begin(s3, '/one/o')
            one, two = await put(s3, '/one/o', upload, 1, b'a'), await put(s3, '/one/o', upload, 2, b'b')
            for parts, said in (
                ([(2, two), (1, one)], 'InvalidPartOrder'),
                ([(1, two)], 'InvalidPart'),
                ([(3, one)], 'InvalidPart'),
                ([(1, one), (2, two)], 'EntityTooSmall'),
                ([], 'MalformedXML'),
            ):
                assert code(await s3.ask('POST', '/one/o', uploaded(parts), query=f'uploadId={upload}')) == said
            for number in ('0', '10001', 'x'):
                assert code(await s3.ask('PUT', '/one/o', b'x', query=f'partNumber={number}&uploadId={upload}')) == 'InvalidArgument'
            changed = await s3.ask('PUT', '/one/o', b'abc', sent=b'abd', query=f'partNumber=7&uploadId={upload}')
            assert code(changed) == 'XAmzContentSHA256Mismatch'
            assert len(await segments(league, 'one')) == 3
            assert code(await s3.ask('GET', '/one/o')) == 'NoSuchKey'
            empty = await begin(s3, '/one/e')
            nothing = await put(s3, '/one/e', empty, 1, b'')
            assert await complete(s3, '/one/e', empty, [(1, nothing)]) == nothing
            assert (await s3.ask('GET', '/one/e'))[::2] == (200, b'')

    virtual.run(main)


def test_parts_out_of_other_objects_at_any_site() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            await make(s3, 'two', 'west')
            source = bytes(range(256)) * (SMALL // 128)
            await s3.ask('PUT', '/two/source', source)
            await s3.ask('PUT', '/one/source', source)
            upload = await begin(s3, '/one/o')
            parts = []
            for number, (bucket, span) in enumerate((('two', f'bytes=0-{SMALL - 1}'), ('one', f'bytes={SMALL}-{2 * SMALL - 1}')), 1):
                headers = {'x-amz-copy-source': f'/{bucket}/source', 'x-amz-copy-source-range': span}
                copied = await s3.ask('PUT', '/one/o', headers=headers, query=f'partNumber={number}&uploadId={upload}')
                parts.append((number, tree(copied, 'CopyPartResult').word('ETag')))
            assert await complete(s3, '/one/o', upload, parts) == etag(source[:SMALL], source[SMALL:])
            assert (await s3.ask('GET', '/one/o'))[2] == source
            for span, said in ((f'bytes=0-{2 * SMALL}', 'InvalidRange'), ('bytes=9-', 'InvalidArgument')):
                headers = {'x-amz-copy-source': '/two/source', 'x-amz-copy-source-range': span}
                again = await begin(s3, '/one/p')
                assert code(await s3.ask('PUT', '/one/p', headers=headers, query=f'partNumber=1&uploadId={again}')) == said

    virtual.run(main)


def test_in_a_dispersed_bucket_the_league_puts_the_parts_together() -> None:
    async def main() -> None:
        async with house.league('east', 'west', 'north') as league:
            s3 = Client(league)
            await league.ok('PUT', f'{ACCOUNT}/one', headers={'x-container-meta-hansa-disperse': '2-of-3'})
            assert (await s3.ask('PUT', '/one/small', b'hello', headers={'x-amz-meta-n': '1'}))[0] == 200
            assert (await s3.ask('GET', '/one/small', headers={'range': 'bytes=1-2'}))[::2] == (206, b'el')
            assert code(await s3.ask('GET', '/one/none')) == 'NoSuchKey'
            assert code(await s3.ask('PUT', '/one/wrong', b'hello', sent=b'hellx')) == 'XAmzContentSHA256Mismatch'
            bodies = (b'a' * SMALL, b'b')
            whole = hashlib.md5(b''.join(bodies), usedforsecurity=False).hexdigest()
            assert await large(s3, '/one/o', *bodies) == f'"{whole}"'
            status, headers, body = await s3.ask('GET', '/one/o')
            assert (status, headers['etag'], body) == (200, f'"{whole}"', b''.join(bodies))
            assert await segments(league, 'one') == []
            league.clouds['west'].fault = Fault('refuse')
            assert (await s3.ask('GET', '/one/o'))[2] == b''.join(bodies)
            listed = tree(await s3.ask('GET', '/one'), 'ListBucketResult').all('Contents')
            assert [(each.word('Key'), each.word('Size')) for each in listed] == [('o', str(SMALL + 1)), ('small', '5')]

    virtual.run(main)


def test_in_a_mirrored_bucket_a_site_may_be_away() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            s3 = Client(league)
            await league.ok('PUT', f'{ACCOUNT}/one', headers={'x-container-meta-hansa-mirror': 'east,west'})
            bodies = (b'a' * SMALL, b'b')
            assert await large(s3, '/one/o', *bodies) == etag(*bodies)
            assert (await s3.ask('PUT', '/one/small', b'hello'))[0] == 200
            for away in ('east', 'west'):
                league.clouds[away].fault = Fault('refuse')
                status, headers, body = await s3.ask('GET', '/one/o')
                assert (status, headers['etag'], body) == (200, etag(*bodies), b''.join(bodies)), away
                listed = tree(await s3.ask('GET', '/one'), 'ListBucketResult').all('Contents')
                assert [(each.word('Key'), each.word('ETag') == etag(*bodies)) for each in listed] == [('o', True), ('small', False)]
                league.clouds[away].fault = None
                await league.clock.sleep(60)
            assert (await s3.ask('DELETE', '/one/o'))[0] == 204
            assert await segments(league, 'one') == []

    virtual.run(main)


class Sieve:
    """Stands before a site and keeps nothing of objects: it writes down how far whoever sends was ahead of it."""

    def __init__(self, site: Transport) -> None:
        self._site = site
        self.client: Client | None = None
        self.ahead: list[int] = []

    async def send(self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float) -> SiteResponse:
        if method != 'PUT' or body is None or isinstance(body, bytes) or self.client is None:
            return await self._site.send(method, url, headers, body, timeout)
        sum = hashlib.md5(usedforsecurity=False)
        async for number, piece in _numbered(body):
            sum.update(piece)
            self.ahead.append(self.client.taken - number)
        return Said(201, [('Etag', sum.hexdigest()), ('Content-Length', '0')], b'')

    async def close(self) -> None:
        await self._site.close()


async def _numbered(body: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    number = 0
    async for piece in body:
        number += 1
        yield number, piece


def test_a_body_is_passed_on_as_it_comes() -> None:
    async def main() -> None:
        between: dict[str, Sieve] = {}

        def wrap(site: str, transport: Transport) -> Transport:
            return between.setdefault(site, Sieve(transport))

        async with house.league('east', wrap=wrap) as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            between['east'].client = s3
            assert await s3.pieces('/one/o', 65_536, 500) == (200, 500)
            assert len(between['east'].ahead) == 500
            assert max(between['east'].ahead) <= 2

    virtual.run(main)


def test_a_client_that_leaves_half_way_leaves_neither_object_nor_part() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            upload = await begin(s3, '/one/p')
            assert await s3.pieces('/one/o', 70_000, 20) == (200, 20)
            assert await s3.pieces('/one/o2', 70_000, 20, leaves=True) == (0, 10)
            assert await s3.pieces('/one/p', 70_000, 20, query=f'partNumber=1&uploadId={upload}', leaves=True) == (0, 10)
            assert await names(league, 'one') == ['o']
            assert await segments(league, 'one') == [f'p/{upload}']
            await league.ok('DELETE', f'{ACCOUNT}/one/o')
            big = multipart.MOST
            assert code(await s3.ask('PUT', '/one/o', headers={'content-length': str(6 << 30)})) == 'EntityTooLarge'
            assert code(await s3.ask('PUT', '/one/o', b'x', query=f'partNumber={big}&uploadId=nothing-like-it-at-all')) == 'NoSuchUpload'

    virtual.run(main)
