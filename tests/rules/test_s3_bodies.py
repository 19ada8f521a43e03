"""Chunked bodies in any cut, checksums, XML, names, conditions and parts of S3."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.model.signature import Scope
from hansa.rules.s3 import checksums, conditions, documents, listing, multipart, names, signing
from hansa.rules.s3.chunks import Chunks
from hansa.rules.s3.multipart import Part
from hansa.rules.s3.refusal import Refused

KEY = b'k' * 32
TRAILER = (b'x-amz-checksum-crc32:AAAAAA==',)


def chain() -> signing.Chain:
    return signing.Chain(KEY, '20260101T000000Z', Scope('20260101', 'league'), '0' * 64)


def written(chunks: Sequence[bytes], signed: bool, trailers: Sequence[bytes]) -> bytes:
    by, raw = chain(), b''
    for chunk in [*(chunk for chunk in chunks if chunk), b'']:
        mark = b';chunk-signature=' + by.chunk(hashlib.sha256(chunk).hexdigest()).encode() if signed else b''
        raw += b'%x%s\r\n%s' % (len(chunk), mark, chunk + b'\r\n' if chunk else b'')
    raw += b''.join(line + b'\r\n' for line in trailers)
    if signed and trailers:
        raw += b'x-amz-trailer-signature:' + by.trailer(b''.join(line + b'\n' for line in trailers)).encode() + b'\r\n'
    return raw + b'\r\n'


def pieces(raw: bytes, cuts: Sequence[int]) -> list[bytes]:
    ends = sorted({cut % (len(raw) + 1) for cut in cuts} | {len(raw)})
    return [raw[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(st.lists(st.binary(max_size=300), max_size=5), st.booleans(), st.sampled_from([(), TRAILER]), st.lists(st.integers(0, 10**6), max_size=30))
def test_a_chunked_body_is_the_same_however_it_is_cut(chunks: list[bytes], signed: bool, trailers: tuple[bytes, ...], cuts: list[int]) -> None:
    body = Chunks(chain() if signed else None)
    found = b''.join(piece for raw in pieces(written(chunks, signed, trailers), cuts) for piece in body.feed(raw))
    assert (found, body.whole) == (b''.join(chunks), True)
    assert body.trailers == ({'x-amz-checksum-crc32': 'AAAAAA=='} if trailers else {})


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=4), st.integers(0, 10**6), st.integers(1, 255))
def test_a_signed_body_that_was_changed_is_never_whole(chunks: list[bytes], at: int, change: int) -> None:
    raw = bytearray(written(chunks, True, TRAILER))
    raw[at % len(raw)] ^= change
    body = Chunks(chain())
    try:
        found = b''.join(body.feed(bytes(raw)))
    except Refused:
        return
    # Only what means the same may be another byte: a hexadecimal digit or the name of a trailer in capitals.
    assert not body.whole or (found == b''.join(chunks) and body.trailers == {'x-amz-checksum-crc32': 'AAAAAA=='})


@pytest.mark.parametrize('raw', [b'x\r\n', b'5;chunk-signature=0\r\n', b'3\r\nabcd\r\n', b'a' * 2000, b'0\r\n\r\nmore', b'0\r\n' + b'a:b\r\n' * 30])
def test_what_is_no_chunked_body(raw: bytes) -> None:
    with pytest.raises(Refused):
        Chunks(None).feed(raw)


def test_a_body_that_ends_early_is_not_whole() -> None:
    raw = written([b'abc', b'def'], True, ())
    for end in range(len(raw)):
        body = Chunks(chain())
        body.feed(raw[:end])
        assert not body.whole


@given(st.binary(max_size=1000))
def test_checksums(data: bytes) -> None:
    for way, sum in (('crc32', zlib.crc32(data).to_bytes(4, 'big')), ('sha256', hashlib.sha256(data).digest())):
        running = checksums.begun(way)
        running.update(data[:10])
        running.update(data[10:])
        assert running.digest() == sum == checksums.decoded(base64.b64encode(sum).decode(), len(sum), way)


@pytest.mark.parametrize(('way', 'sum'), [('crc32', 'cbf43926'), ('crc32c', 'e3069283'), ('crc64nvme', 'ae8b14860a799888')])
def test_cyclic_checksums_have_their_known_values(way: str, sum: str) -> None:
    """Those of the catalogue of parametrised CRC algorithms, over the digits 1 to 9."""
    running = checksums.begun(way)
    running.update(b'1234')
    running.update(b'56789')
    assert running.digest().hex() == sum


def test_which_checksum_is_meant() -> None:
    assert checksums.asked({'x-amz-checksum-algorithm': 'SHA1', 'x-amz-checksum-sha1': 'x'}) == ('sha1', 'x')
    assert checksums.asked({'x-amz-trailer': 'x-amz-checksum-crc32'}) == ('crc32', '')
    assert checksums.asked({}) == ('', '')
    with pytest.raises(Refused):
        checksums.asked({'x-amz-checksum-crc32': 'x', 'x-amz-checksum-sha1': 'x'})


@given(st.text(alphabet=st.characters(min_codepoint=1, codec='utf-8')), st.text(alphabet=st.characters(min_codepoint=32, codec='utf-8')))
def test_what_is_written_is_read_again(any_text: str, text: str) -> None:
    assert documents.written('A', [('B', any_text)]).startswith(b'<?xml')
    usual = ''.join(sign for sign in text if sign not in '\ufffe\uffff')
    assert documents.read(documents.written('A', [('B', usual), ('C', [('D', 7), ('E', True)])]), 'A').word('B') == usual


@pytest.mark.parametrize(
    'raw',
    [
        b'', b'<A>', b'<B/>', b'nothing', b'<?xml version="1.0"?><!DOCTYPE A><A/>', b'<!DOCTYPE A [<!ENTITY x SYSTEM "file:///etc/passwd">]><A>&x;</A>',
        b'<A>&x;</A>', b'<A>' * 20 + b'</A>' * 20, b'<A>' + b'<B/>' * 70_000 + b'</A>', b'\xff\xfe<A/>',
    ],
)  # fmt: skip
def test_xml_that_is_not_taken(raw: bytes) -> None:
    with pytest.raises(Refused, match='well-formed'):
        documents.read(raw, 'A')


@given(st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=30), st.integers(1, 5), st.booleans())
def test_pages_compose(keys: list[str], most: int, second: bool) -> None:
    keys.sort()
    found: list[str] = []
    after = ''
    for _ in range(len(keys) + 1):
        args = {'max-keys': str(most)} | ({'list-type': '2'} if second else {})
        args |= ({'continuation-token': listing.token_of(after)} if second else {'marker': after}) if after else {}
        wanted = listing.wish(args)
        rows = [{'name': key} for key in keys if key > wanted.after][: int(dict(listing.args(wanted))['limit'])]
        page = listing.page(wanted, rows)
        found += [str(row['name']) for row in page.rows]
        after = page.last
        if not after:
            break
    assert found == keys


@given(st.text(alphabet='ab_%-5f', min_size=1, max_size=12))
def test_metadata_comes_back_under_its_name(name: str) -> None:
    kept = names.kept({f'x-amz-meta-{name}': 'v', 'content-encoding': 'aws-chunked'})
    assert '_' not in kept[0][0]
    assert names.told(kept) == [(f'x-amz-meta-{name}', 'v')]


@pytest.mark.parametrize(('bucket', 'good'), [('abc', True), ('a.b-c1', True), ('ab', False), ('A' * 5, False), ('1.2.3.4', False), ('a..b', False), ('-ab', False)])
def test_names_of_new_buckets(bucket: str, good: bool) -> None:
    assert names.may_be_made(bucket) is good


def test_sources_of_copies() -> None:
    assert names.source('/b/a%20b/c?versionId=null') == names.source('b/a%20b/c') == ('b', 'a b/c')
    for wrong in ('b', '/b/', 'b/k?versionId=7', 'b/%ff', 'b/%00'):
        with pytest.raises(Refused):
            names.source(wrong)


def test_conditions_on_the_source_of_a_copy() -> None:
    when, before, later = 'Thu, 01 Jan 2026 00:00:00 GMT', 'Wed, 31 Dec 2025 00:00:00 GMT', 'Fri, 02 Jan 2026 00:00:00 GMT'
    start = 'x-amz-copy-source-if-'
    for good in ({'match': '"e"'}, {'match': '*'}, {'none-match': '"x"'}, {'modified-since': before}, {'unmodified-since': later}, {'match': 'e', 'unmodified-since': before}):
        conditions.hold({f'{start}{name}': value for name, value in good.items()}, '"e"', when)
    for wrong in ({'match': '"x"'}, {'none-match': 'e'}, {'modified-since': when}, {'unmodified-since': before}):
        with pytest.raises(Refused, match='pre-conditions'):
            conditions.hold({f'{start}{name}': value for name, value in wrong.items()}, '"e"', when)


def test_etags_of_large_objects_are_put_for_those_of_the_site() -> None:
    sent = {'if-match': '"a-2", "b"', 'range': 'bytes=0-'}
    assert conditions.of_parts(sent)
    assert conditions.translated(sent, '"a-2"', '"site"') == {'if-match': '"site", "b"', 'range': 'bytes=0-'}


def test_the_etag_of_an_upload_in_parts() -> None:
    parts = [Part(number, hashlib.md5(body, usedforsecurity=False).hexdigest(), len(body), '') for number, body in enumerate((b'a', b'b'), 1)]
    whole = hashlib.md5(hashlib.md5(b'a', usedforsecurity=False).digest() + hashlib.md5(b'b', usedforsecurity=False).digest(), usedforsecurity=False)
    assert multipart.etag([part.etag for part in parts]) == f'{whole.hexdigest()}-2'
    rows = [{'name': f'k/u/{name}', 'hash': 'h', 'bytes': 1, 'last_modified': ''} for name in ('10', '2', 'x', '2/3')]
    assert [part.number for part in multipart.parts(rows, 'k/u/')] == [2, 10]
