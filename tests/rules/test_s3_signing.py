"""Signature Version 4, by the examples that Amazon published, and what a request may claim."""

from __future__ import annotations

import hashlib
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.model.signature import Scope
from hansa.rules.s3 import claims, signing
from hansa.rules.s3.refusal import Refused

EXAMPLE = 'AKIA' + 'IOSFODNN7EXAMPLE'
STAMP = '20130524T000000Z'
NOW = 1369353600.0
SCOPE = Scope('20130524', 'us-east-1')
KEY = signing.key('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', SCOPE)
HOST = {'host': 'examplebucket.s3.amazonaws.com', 'x-amz-date': STAMP}
WELCOME = hashlib.sha256(b'Welcome to Amazon S3.').hexdigest()
STREAM = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
CHUNKED = {
    'host': 's3.amazonaws.com', 'x-amz-date': STAMP, 'x-amz-storage-class': 'REDUCED_REDUNDANCY', 'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '66560',
}  # fmt: skip
QUERY = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256', 'X-Amz-Credential': f'{EXAMPLE}/20130524/us-east-1/s3/aws4_request', 'X-Amz-Date': STAMP,
    'X-Amz-Expires': '86400', 'X-Amz-SignedHeaders': 'host',
}  # fmt: skip


def signed(method: str, path: str, query: str, headers: dict[str, str], payload: str) -> str:
    headers = headers if payload == claims.UNSIGNED else {**headers, 'x-amz-content-sha256': payload}
    canonical = signing.canonical(method, path, query, headers, sorted(headers), payload)
    return signing.signature(KEY, signing.text(STAMP, SCOPE, canonical))


@pytest.mark.parametrize(
    ('method', 'path', 'query', 'headers', 'payload', 'signature'),
    [
        ('GET', '/test.txt', '', {**HOST, 'range': 'bytes=0-9'}, signing.EMPTY, 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'),
        (
            'PUT', '/test%24file.text', '', {**HOST, 'date': 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY'}, WELCOME,
            '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
        ),
        ('GET', '/', 'lifecycle', HOST, signing.EMPTY, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'),
        ('GET', '/', 'max-keys=2&prefix=J', HOST, signing.EMPTY, '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'),
        (
            'GET', '/test.txt', urllib.parse.urlencode(QUERY), {'host': HOST['host']}, claims.UNSIGNED,
            'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
        ),
        (
            'PUT', '/examplebucket/chunkObject.txt', '', {**CHUNKED, 'content-length': '66824'}, STREAM,
            '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
        ),
        (
            'PUT', '/examplebucket/chunkObject.txt', '', {**CHUNKED, 'x-amz-trailer': 'x-amz-checksum-crc32c'}, f'{STREAM}-TRAILER',
            '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
        ),
    ],
)  # fmt: skip
def test_requests_that_amazon_signed(method: str, path: str, query: str, headers: dict[str, str], payload: str, signature: str) -> None:
    assert signed(method, path, query, headers, payload) == signature


def test_chunks_that_amazon_signed() -> None:
    digests = [hashlib.sha256(b'a' * size).hexdigest() for size in (65536, 1024, 0)]
    chain = signing.Chain(KEY, STAMP, SCOPE, '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9')
    assert [chain.chunk(digest) for digest in digests] == [
        'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
        '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
        'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ]
    chain = signing.Chain(KEY, STAMP, SCOPE, '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e')
    assert [chain.chunk(digest) for digest in digests][-1] == '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992'
    assert chain.trailer(b'x-amz-checksum-crc32c:sOO8/Q==\n') == 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435'


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=5), st.text(max_size=20))
def test_order_and_coding_of_a_query_do_not_matter(args: dict[str, str], path: str) -> None:
    args.pop('X-Amz-Signature', None)
    plain = '&'.join(f'{urllib.parse.quote(name, safe="")}={urllib.parse.quote(value, safe="")}' for name, value in args.items())
    turned = '&'.join(f'{_coded(name)}={_coded(value)}' for name, value in reversed(args.items()))
    there = [signing.canonical('GET', f'/{urllib.parse.quote(path)}', query, {}, [], '') for query in (plain, turned, f'{turned}&X-Amz-Signature=0')]
    assert len(set(there)) == 1


def _coded(word: str) -> str:
    return ''.join(f'%{byte:02x}' for byte in word.encode())


@given(st.binary(max_size=40))
def test_a_header_is_signed_as_the_bytes_that_it_is(raw: bytes) -> None:
    value = raw.replace(b' ', b'').replace(b'\n', b'').decode('latin-1').strip()
    canonical = signing.canonical('GET', '/', '', {'x': value}, ['x'], '')
    assert canonical.encode(errors='surrogateescape').split(b'x:')[1].startswith(value.encode('latin-1'))


def header(**more: str) -> dict[str, str]:
    words = 'AWS4-HMAC-SHA256 Credential=AK/with/slash/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date;x-amz-content-sha256,Signature=ab'
    return {'authorization': words, **HOST, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', **{name.replace('_', '-'): value for name, value in more.items()}}


def test_what_a_header_claims() -> None:
    found = claims.read({}, header())
    assert (found.access, found.scope, found.signature, found.expires) == ('AK/with/slash', SCOPE, 'ab', None)
    for now in (NOW - 900, NOW + 900):
        found.judge(now)
    for now in (NOW - 901, NOW + 901):
        assert _code(lambda now=now: found.judge(now)) == 'RequestTimeTooSkewed'


@pytest.mark.parametrize(
    ('change', 'code'),
    [
        ({'authorization': ''}, 'AccessDenied'),
        ({'authorization': 'AWS AK:signature'}, 'InvalidRequest'),
        ({'authorization': 'AWS4-HMAC-SHA256 Credential=AK'}, 'AuthorizationHeaderMalformed'),
        ({'authorization': 'AWS4-HMAC-SHA256 Credential=AK/20130524/r/ec2/aws4_request,SignedHeaders=host,Signature=a'}, 'AuthorizationHeaderMalformed'),
        ({'x_amz_date': '20130525T000000Z'}, 'AuthorizationHeaderMalformed'),
        ({'x_amz_date': 'yesterday'}, 'AccessDenied'),
        ({'x_amz_acl': 'public-read'}, 'AccessDenied'),
        ({'x_amz_content_sha256': 'nothing'}, 'InvalidArgument'),
        ({'x_amz_content_sha256': 'STREAMING-ELSE'}, 'NotImplemented'),
    ],
)
def test_what_no_header_may_claim(change: dict[str, str], code: str) -> None:
    assert _code(lambda: claims.read({}, header(**change))) == code


def test_what_a_signed_url_claims() -> None:
    args = {**QUERY, 'X-Amz-Signature': 'ab'}
    found = claims.read(args, {'host': 'h'})
    assert (found.expires, found.payload) == (86400, claims.UNSIGNED)
    found.judge(NOW + 86400)
    for now in (NOW + 86401, NOW - 901):
        assert _code(lambda now=now: found.judge(now)) == 'AccessDenied'
    assert claims.read({'AWSAccessKeyId': 'AK'}, header()).expires is None
    assert _code(lambda: claims.read({'AWSAccessKeyId': 'AK'}, {'host': 'h'})) == 'InvalidRequest'
    for name, value in (('X-Amz-Expires', '604801'), ('X-Amz-Expires', '-1'), ('X-Amz-Date', 'x'), ('X-Amz-Credential', 'AK'), ('X-Amz-Algorithm', 'x')):
        assert _code(lambda name=name, value=value: claims.read({**args, name: value}, {'host': 'h'})) == 'AuthorizationQueryParametersError'
    assert _code(lambda: claims.read({**args, 'X-Amz-SignedHeaders': 'date'}, {'host': 'h'})) == 'AccessDenied'


def _code(act: object) -> str:
    assert callable(act)
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code
