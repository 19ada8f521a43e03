"""S3's door over two clouds: buckets with homes, objects, listings, copies, signed URLs, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import urllib.parse

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hansa.northbound.s3 import routes
from hansa.rules.s3 import documents
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.northbound.s3client import Client, code, crc32, tree

ARGS = ('max-keys', 'marker', 'list-type', 'continuation-token', 'prefix', 'delimiter', 'partNumber', 'max-uploads', 'max-parts', 'response-expires', 'versionId')
HEADERS = ('x-amz-copy-source', 'range', 'if-match', 'x-amz-acl', 'x-amz-metadata-directive', 'x-amz-copy-source-range', 'content-md5', 'x-amz-meta-a')
ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'


def place(site: str) -> bytes:
    return documents.written('CreateBucketConfiguration', [('LocationConstraint', site)])


async def make(s3: Client, bucket: str, site: str) -> None:
    status, _, said = await s3.ask('PUT', f'/{bucket}', place(site))
    assert status == 200, said


async def names(league: League, container: str) -> list[str]:
    return [row['name'] for row in await league.ok('GET', f'{ACCOUNT}/{container}?format=json')]


def test_buckets_are_the_containers_of_the_project() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            s3 = Client(league)
            await make(s3, 'one', 'west')
            await league.ok('PUT', f'{ACCOUNT}/Two%20Words', headers={'x-storage-policy': 'east'})
            assert (await league.ask('HEAD', f'{ACCOUNT}/one'))[1]['x-hansa-site'] == 'west'
            assert code(await s3.ask('PUT', '/one')) == 'BucketAlreadyOwnedByYou'
            assert code(await s3.ask('PUT', '/one', place('east'))) == 'BucketAlreadyOwnedByYou'
            assert code(await s3.ask('PUT', '/other', place('mars'))) == 'InvalidLocationConstraint'
            assert code(await s3.ask('PUT', '/Wrong_Name')) == 'InvalidBucketName'
            for anywhere in ('us-east-1', 'league'):
                assert (await s3.ask('PUT', '/free', place(anywhere)))[0] == 200
                assert (await s3.ask('DELETE', '/free'))[0] == 204
            assert (await s3.ask('PUT', '/free'))[0] == 200
            listed = tree(await s3.ask('GET', '/'), 'ListAllMyBucketsResult').all('Buckets')[0].all('Bucket')
            assert [each.word('Name') for each in listed] == ['Two Words', 'free', 'one']
            assert tree(await s3.ask('GET', '/one', query='location='), 'LocationConstraint').text == 'west'
            status, headers, body = await s3.ask('HEAD', '/one')
            assert (status, headers['x-amz-bucket-region'], body) == (200, 'west', b'')
            assert (await s3.ask('HEAD', '/none'))[::2] == (404, b'')
            assert tree(await s3.ask('GET', '/one', query='versioning'), 'VersioningConfiguration').children == []
            assert (await s3.ask('PUT', '/one/o', b'x'))[0] == 200
            assert code(await s3.ask('DELETE', '/one')) == 'BucketNotEmpty'
            assert (await s3.ask('DELETE', '/one/o'))[0] == 204
            assert (await s3.ask('DELETE', '/one'))[0] == 204
            assert code(await s3.ask('DELETE', '/one')) == 'NoSuchBucket'

    virtual.run(main)


def test_an_object_there_and_back_by_either_door() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            s3 = Client(league)
            await make(s3, 'one', 'west')
            told = {'content-type': 'text/plain', 'x-amz-meta-colour': 'red', 'x-amz-meta-a_b%c': 'd', 'cache-control': 'no-store'}
            status, headers, _ = await s3.ask('PUT', '/one/a//b%20%C3%BC', b'hello', headers=told)
            etag = f'"{hashlib.md5(b"hello", usedforsecurity=False).hexdigest()}"'
            assert (status, headers['etag']) == (200, etag)
            assert (await league.ask('GET', f'{ACCOUNT}/one/a//b%20%C3%BC'))[2] == b'hello'
            status, headers, body = await s3.ask('GET', '/one/a//b%20%C3%BC')
            assert (status, body) == (200, b'hello')
            assert {name: headers.get(name) for name in told} == told
            assert (headers['etag'], headers['x-hansa-site']) == (etag, 'west')
            assert (await s3.ask('GET', '/one/a//b%20%C3%BC', headers={'range': 'bytes=1-2'}))[::2] == (206, b'el')
            assert (await s3.ask('GET', '/one/a//b%20%C3%BC', headers={'range': 'bytes=0-0,2-2'}))[::2] == (200, b'hello')
            assert code(await s3.ask('GET', '/one/a//b%20%C3%BC', headers={'range': 'bytes=9-'})) == 'InvalidRange'
            assert (await s3.ask('GET', '/one/a//b%20%C3%BC', headers={'if-none-match': etag}))[0] == 304
            assert code(await s3.ask('GET', '/one/a//b%20%C3%BC', headers={'if-match': '"x"'})) == 'PreconditionFailed'
            assert code(await s3.ask('PUT', '/one/a//b%20%C3%BC', b'', headers={'if-none-match': '*'})) == 'PreconditionFailed'
            assert (await s3.ask('PUT', '/one/empty'))[0] == 200
            assert (await s3.ask('GET', '/one/empty'))[1]['content-type'] == 'binary/octet-stream'
            assert code(await s3.ask('GET', '/one/none')) == 'NoSuchKey'
            assert code(await s3.ask('GET', '/none/none')) == 'NoSuchBucket'
            assert (await s3.ask('DELETE', '/one/none'))[0] == 204
            assert code(await s3.ask('DELETE', '/none/none')) == 'NoSuchBucket'
            for name, value in (('x-amz-tagging', 'a=b'), ('x-amz-server-side-encryption', 'AES256'), ('x-amz-acl', 'public-read')):
                assert code(await s3.ask('PUT', '/one/o', b'x', headers={name: value})) == 'NotImplemented'

    virtual.run(main)


def test_listings_compose_and_roll_up() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            keys = sorted(f'{folder}{name}' for folder in ('', 'a/', 'b/') for name in ('x', 'y & <z>', 'ü'))
            for key in keys:
                await league.ok('PUT', f'{ACCOUNT}/one/{urllib.parse.quote(key)}', b'1')
            for more, after in (('list-type=2', 'continuation-token'), ('', 'marker')):
                found, next_, rounds = [], '', 0
                while rounds < 9:
                    query = '&'.join(part for part in (after and next_ and f'{after}={next_}', more, 'max-keys=2') if part)
                    page = tree(await s3.ask('GET', '/one', query=query), 'ListBucketResult')
                    found += [each.word('Key') for each in page.all('Contents')]
                    rounds += 1
                    if page.word('IsTruncated') == 'false':
                        break
                    next_ = page.word('NextContinuationToken') or urllib.parse.quote(found[-1])
                assert (found, rounds) == (keys, 5)
            page = tree(await s3.ask('GET', '/one', query='delimiter=/&encoding-type=url&list-type=2'), 'ListBucketResult')
            assert [each.word('Key') for each in page.all('Contents')] == ['x', 'y%20%26%20%3Cz%3E', '%C3%BC']
            assert [each.word('Prefix') for each in page.all('CommonPrefixes')] == ['a/', 'b/']
            assert (page.word('KeyCount'), page.word('EncodingType')) == ('5', 'url')
            page = tree(await s3.ask('GET', '/one', query='delimiter=/&max-keys=1'), 'ListBucketResult')
            assert (page.word('NextMarker'), page.word('IsTruncated')) == ('a/', 'true')
            page = tree(await s3.ask('GET', '/one', query='fetch-owner=true&list-type=2&start-after=b%2Fx&max-keys=1'), 'ListBucketResult')
            assert page.all('Contents')[0].word('Key') == 'b/y & <z>'
            assert page.all('Contents')[0].all('Owner')[0].word('ID') == house.league_id('demo')
            page = tree(await s3.ask('GET', '/one', query='key-marker=b%2Fx&max-keys=1&versions='), 'ListVersionsResult')
            assert [(each.word('Key'), each.word('VersionId')) for each in page.all('Version')] == [('b/y & <z>', 'null')]
            assert (page.word('IsTruncated'), page.word('NextKeyMarker')) == ('true', 'b/y & <z>')
            assert tree(await s3.ask('GET', '/one', query='max-keys=0'), 'ListBucketResult').word('IsTruncated') == 'false'
            assert code(await s3.ask('GET', '/one', query='continuation-token=%21&list-type=2')) == 'InvalidArgument'

    virtual.run(main)


def test_who_signs_wrongly_is_told_how() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            assert code(await Client(league, secret='another').ask('GET', '/')) == 'SignatureDoesNotMatch'
            assert code(await Client(league, 'nobody').ask('GET', '/')) == 'InvalidAccessKeyId'
            for late in (1000.0, -1000.0):
                assert code(await Client(league, late=late).ask('GET', '/')) == 'RequestTimeTooSkewed'
            assert code(await Client(league, 'demo_reader').ask('PUT', '/one/o', b'x')) == 'AccessDenied'
            assert code(await Client(league, 'alt_demo').ask('GET', '/one')) == 'NoSuchBucket'
            plain = await house.drive(league.house.hall, 'GET', '/s3/one', {'host': 'league.test'}, b'')
            assert (plain[0], code(plain)) == (403, 'AccessDenied')
            unsigned = await house.drive(league.house.hall, 'GET', s3.presigned('GET', '/one'), {'host': 'league.test', 'x-amz-acl': 'x'}, b'')
            assert code(unsigned) == 'AccessDenied'
            league.twin.revoke('token-demo')
            assert code(await s3.ask('GET', '/')) == 'AccessDenied'

    virtual.run(main)


def test_signed_urls() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            s3, host = Client(league), {'host': 'league.test'}
            await make(s3, 'one', 'east')
            url = s3.presigned('PUT', '/one/o')
            assert (await house.drive(league.house.hall, 'PUT', url, {**host, 'content-length': '5'}, b'hello'))[0] == 200
            url = s3.presigned('GET', '/one/o', more='&response-content-type=text%2Fx')
            status, headers, body = await house.drive(league.house.hall, 'GET', url, host, b'')
            assert (status, headers['content-type'], body) == (200, 'text/x', b'hello')
            assert code(await house.drive(league.house.hall, 'GET', url.replace('text', 'tixt'), host, b'')) == 'SignatureDoesNotMatch'
            assert code(await house.drive(league.house.hall, 'DELETE', url, host, b'')) == 'SignatureDoesNotMatch'
            await league.clock.sleep(61)
            late = await house.drive(league.house.hall, 'GET', url, host, b'')
            assert (code(late), b'expired' in late[2]) == ('AccessDenied', True)
            assert code(await house.drive(league.house.hall, 'GET', s3.presigned('GET', '/one/o', 10**6), host, b'')) == 'AuthorizationQueryParametersError'

    virtual.run(main)


def test_a_body_that_is_not_what_was_signed_leaves_no_object() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            big = b'a' * 200_000
            assert code(await s3.ask('PUT', '/one/o', big, sent=big[:-1] + b'b')) == 'XAmzContentSHA256Mismatch'
            assert code(await s3.ask('PUT', '/one/o', big, headers={'content-length': '200001'})) == 'IncompleteBody'
            for name, value, said in (
                ('content-md5', base64.b64encode(hashlib.md5(b'x', usedforsecurity=False).digest()).decode(), 'BadDigest'),
                ('content-md5', 'nonsense', 'InvalidDigest'),
                ('x-amz-checksum-crc32', crc32(b'x'), 'BadDigest'),
                ('x-amz-checksum-crc64nvme', 'AAAAAAAAAAA=', 'BadDigest'),
                ('x-amz-checksum-crc32c', 'AAAAAA==', 'BadDigest'),
                ('x-amz-checksum-rot13', 'x', 'InvalidRequest'),
            ):
                assert code(await s3.ask('PUT', '/one/o', big, headers={name: value})) == said
            assert code(await s3.chunked('/one/o', [big, big], spoil=1)) == 'SignatureDoesNotMatch'
            assert code(await s3.chunked('/one/o', [big], trailer=f'x-amz-checksum-crc32:{crc32(b"x")}')) == 'BadDigest'
            assert code(await s3.chunked('/one/o', [big], headers={'x-amz-decoded-content-length': '9'})) == 'IncompleteBody'
            assert code(await s3.ask('PUT', '/one/o', b'x', payload='STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD')) == 'NotImplemented'
            assert await names(league, 'one') == []
            unsigned, trailer = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', f'x-amz-checksum-crc32:{crc32(big + b"b")}'
            status, headers, _ = await s3.chunked('/one/o', [big, b'b'], way=unsigned, trailer=trailer)
            assert (status, headers['x-amz-checksum-crc32']) == (200, crc32(big + b'b'))
            assert (await s3.chunked('/one/p', [big, b'b']))[0] == 200
            assert (await s3.chunked('/one/q', [big, b'b'], trailer=trailer, headers={'content-encoding': 'gzip,aws-chunked'}))[0] == 200
            assert (await s3.ask('PUT', '/one/r', big + b'b', payload='UNSIGNED-PAYLOAD'))[0] == 200
            for key in 'opqr':
                status, headers, body = await s3.ask('GET', f'/one/{key}')
                assert (status, body, headers.get('content-encoding')) == (200, big + b'b', 'gzip' if key == 'q' else None)

    virtual.run(main)


def test_copies_within_a_site_and_between_sites() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            await make(s3, 'two', 'west')
            _, headers, _ = await s3.ask('PUT', '/one/a%20b', b'hello', headers={'x-amz-meta-n': '1', 'content-type': 'text/plain'})
            for bucket in ('one', 'two'):
                copied = tree(await s3.ask('PUT', f'/{bucket}/copy', headers={'x-amz-copy-source': '/one/a%20b'}), 'CopyObjectResult')
                assert copied.word('ETag') == headers['etag']
                _, told, body = await s3.ask('GET', f'/{bucket}/copy')
                assert (body, told['x-amz-meta-n'], told['content-type']) == (b'hello', '1', 'text/plain')
            itself = {'x-amz-copy-source': 'one/copy'}
            assert code(await s3.ask('PUT', '/one/copy', headers=itself)) == 'InvalidRequest'
            fresh = {**itself, 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-m': '2'}
            tree(await s3.ask('PUT', '/one/copy', headers=fresh), 'CopyObjectResult')
            _, told, _ = await s3.ask('HEAD', '/one/copy')
            assert ('x-amz-meta-n' in told, told['x-amz-meta-m']) == (False, '2')
            wrong = {'x-amz-copy-source': 'one/a%20b', 'x-amz-copy-source-if-match': '"x"'}
            assert code(await s3.ask('PUT', '/one/c', headers=wrong)) == 'PreconditionFailed'
            assert code(await s3.ask('PUT', '/one/c', headers={'x-amz-copy-source': 'one/none'})) == 'NoSuchKey'
            assert code(await s3.ask('PUT', '/one/c', headers={'x-amz-copy-source': 'none/none'})) == 'NoSuchBucket'
            assert code(await s3.ask('PUT', '/one/c', headers={'x-amz-copy-source': 'none'})) == 'InvalidArgument'

    virtual.run(main)


def test_many_are_removed_at_once_and_each_is_told_of() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            for number in range(20):
                await s3.ask('PUT', f'/one/o{number}', b'x')
            wanted = documents.written('Delete', [('Object', [('Key', f'o{number}')]) for number in range(21)])
            done = tree(await s3.ask('POST', '/one', wanted, query='delete='), 'DeleteResult')
            assert len(done.all('Deleted')) == 21
            assert await names(league, 'one') == []
            bomb = b'<!DOCTYPE d [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>'
            for wrong in (b'', b'<Delete/>', b'<Delete>', bomb, b'<Other/>'):
                assert code(await s3.ask('POST', '/one', wrong, query='delete')) == 'MalformedXML'
            assert code(await s3.ask('POST', '/none', wanted, query='delete')) == 'NoSuchBucket'

    virtual.run(main)


def test_a_site_that_is_away_is_named() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            s3 = Client(league)
            await make(s3, 'one', 'west')
            await make(s3, 'two', 'east')
            league.clouds['west'].fault = Fault('refuse')
            for method, path in (('GET', '/'), ('GET', '/one'), ('PUT', '/one/o'), ('GET', '/one/o'), ('HEAD', '/one')):
                status, headers, body = said = await s3.ask(method, path)
                assert (status, headers['x-hansa-missing-sites']) == (503, 'west'), (method, path, body)
                assert headers['retry-after'].isdigit()
                assert not body or code(said) == 'ServiceUnavailable'
            assert (await s3.ask('PUT', '/two/o', b'x'))[0] == 200

    virtual.run(main)


WORDS = ('', '1', '-1', '99999999999999999999', 'x', '%ff', '%00', '%F0%9F%98%80', '٣', 'true', '2')


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(['GET', 'PUT', 'POST', 'DELETE', 'HEAD']),
            st.sampled_from(['/', '/one', '/one/', '/one/o', '/one/%2F', '/none/o', '/%ff/o', '/one/%00', '/a%2Fb/o', '//', '/one//', '/one/..']),
            st.lists(st.tuples(st.sampled_from([*routes.SUBRESOURCES, *ARGS]), st.sampled_from(WORDS)), max_size=3, unique_by=lambda pair: pair[0]),
            st.dictionaries(st.sampled_from(HEADERS), st.sampled_from(['', '1', 'x', 'bytes=0-0', '/one/o', '"a-1"', 'ü', 'REPLACE']), max_size=2),
            st.sampled_from([b'', b'x', b'<Delete><Object><Key>o</Key></Object></Delete>', b'<CompleteMultipartUpload/>', b'<A>' * 100]),
        ),
        max_size=20,
    )
)
def test_nothing_that_is_asked_breaks_the_door(asked: list[tuple[str, str, list[tuple[str, str]], dict[str, str], bytes]]) -> None:
    async def main() -> None:
        async with house.league('east') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            await s3.ask('PUT', '/one/o', b'hello')
            for method, path, args, headers, body in asked:
                query = '&'.join(f'{name}={urllib.parse.quote(value, safe="%")}' for name, value in args)
                status, _, said = await s3.ask(method, path, body, query=query, headers=headers)
                assert status < 500 or status == 501, (method, path, query, headers, body, said)

    virtual.run(main)


def test_what_is_not_offered_says_so_and_access_is_canned() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            s3 = Client(league)
            await make(s3, 'one', 'east')
            for method, query in (('GET', 'policy'), ('PUT', 'versioning'), ('GET', 'lifecycle'), ('POST', ''), ('PUT', 'tagging')):
                assert code(await s3.ask(method, '/one', query=query)) == 'NotImplemented'
            assert code(await s3.ask('GET', '/one/o', query='versionId=7')) == 'NotImplemented'
            assert code(await s3.ask('PUT', '/one/o', b'x', headers={'if-match': '"x"'})) == 'NotImplemented'
            owner = {'x-amz-expected-bucket-owner': house.league_id('alt_demo')}
            assert code(await s3.ask('GET', '/one', headers=owner)) == 'AccessDenied'
            assert (await s3.ask('PUT', '/one', query='acl', headers={'x-amz-acl': 'public-read'}))[0] == 200
            await s3.ask('PUT', '/one/o', b'hello')
            assert (await league.ask('GET', f'{ACCOUNT}/one/o', token=''))[::2] == (200, b'hello')
            for path in ('/one', '/one/o'):
                grants = tree(await s3.ask('GET', path, query='acl'), 'AccessControlPolicy').all('AccessControlList')[0].all('Grant')
                assert [each.word('Permission') for each in grants] == ['FULL_CONTROL', 'READ']
            assert (await s3.ask('PUT', '/one', query='acl', headers={'x-amz-acl': 'private'}))[0] == 200
            assert (await league.ask('GET', f'{ACCOUNT}/one/o', token=''))[0] == 401
            assert tree(await s3.ask('GET', '/one/o', query='tagging'), 'Tagging').all('TagSet')[0].children == []

    virtual.run(main)
