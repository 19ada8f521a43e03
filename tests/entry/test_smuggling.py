"""Requests on the wire that two readers could take apart differently: refused, the connection closed, and nothing of the rest is obeyed."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entry import serving

HOST = b'Host: 127.0.0.1\r\n'
SECOND = b'GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'

# What is sent behind 'POST /compute/v2.1/servers HTTP/1.1' and the Host line.
SHAPES: dict[str, bytes] = {
    'length and chunks': b'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' + SECOND,
    'chunks and length': b'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n' + SECOND,
    'two lengths': b'Content-Length: 0\r\nContent-Length: 44\r\n\r\n' + SECOND,
    'a list of lengths': b'Content-Length: 0, 44\r\n\r\n' + SECOND,
    'a length with a sign': b'Content-Length: +0\r\n\r\n' + SECOND,
    'a length below nothing': b'Content-Length: -1\r\n\r\n' + SECOND,
    'a length in words': b'Content-Length: none\r\n\r\n' + SECOND,
    'a length beyond all': b'Content-Length: 99999999999999999999999\r\n\r\n' + SECOND,
    'an unknown coding': b'Transfer-Encoding: xchunked\r\n\r\n' + SECOND,
    'chunks first, then something': b'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n' + SECOND,
    'two codings': b'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n' + SECOND,
    'a blank before the colon': b'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n' + SECOND,
    'a folded line': b'X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n' + SECOND,
    'a chunk of no size': b'Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n' + SECOND,
    'a chunk beyond all': b'Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n' + SECOND,
    'a bare CR': b'X-A: b\rTransfer-Encoding: chunked\r\n\r\n' + SECOND,
    'a NUL': b'X-A: b\0c\r\n\r\n' + SECOND,
    'no name': b': b\r\n\r\n' + SECOND,
    'no end of the head': b'X-A: ' + b'b' * (1 << 20),
}
LINES: dict[str, bytes] = {
    'nonsense': b'nonsense\r\n\r\n' + SECOND,
    'a version of its own': b'GET / HTTP/3.7\r\n' + HOST + b'\r\n' + SECOND,
    'a blank in the path': b'GET /a b HTTP/1.1\r\n' + HOST + b'\r\n' + SECOND,
    'TLS': b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + b'x' * 64,
    'a method beyond all': b'X' * 100_000 + b' / HTTP/1.1\r\n' + HOST + b'\r\n',
}


@pytest.fixture(scope='module')
def league() -> Iterator[serving.League]:
    # Unix sockets want short paths.
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with serving.serving(folder, folder / 'state', '--sim', '1') as running:
            yield running


@pytest.mark.parametrize('shape', SHAPES)
def test_a_request_that_can_be_read_in_two_ways(league: serving.League, shape: str) -> None:
    _refused(league, b'POST /compute/v2.1/servers HTTP/1.1\r\n' + HOST + SHAPES[shape])


@pytest.mark.parametrize('line', LINES)
def test_a_request_that_is_none(league: serving.League, line: str) -> None:
    _refused(league, LINES[line])


def test_the_league_is_none_the_worse(league: serving.League) -> None:
    assert league.get('/healthcheck')[0] == 200
    assert 'Traceback' not in league.log()


def _refused(league: serving.League, sent: bytes) -> None:
    """One answer at most, which is a refusal, and then the end."""
    told = b''
    with socket.create_connection(('127.0.0.1', league.port), serving.END_SECONDS) as connection:
        try:
            connection.sendall(sent)
            while part := connection.recv(65536):
                told += part
        except ConnectionError:
            pass
    assert told.count(b'HTTP/1.1 ') <= 1, told
    assert not told or told.startswith(b'HTTP/1.1 4'), told
    assert b'smuggled' not in told, told
