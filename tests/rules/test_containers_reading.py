"""Conditions and ranges of a request for an object."""

from __future__ import annotations

import email.utils

import pytest

from hansa.rules.containers import reading

ETAG = 'a' * 32
WHEN = 1_780_000_000.5
EARLY, SAME = email.utils.formatdate(WHEN - 10, usegmt=True), email.utils.formatdate(WHEN + 1, usegmt=True)


@pytest.mark.parametrize(
    ('headers', 'status'),
    [
        ({}, 0),
        ({'if-match': f'"{ETAG}"'}, 0),
        ({'if-match': '*'}, 0),
        ({'if-match': '"b"'}, 412),
        ({'if-none-match': f'"b", W/"{ETAG}"'}, 304),
        ({'if-none-match': '*'}, 304),
        ({'if-none-match': 'b'}, 0),
        ({'if-modified-since': EARLY}, 0),
        ({'if-modified-since': SAME}, 304),
        ({'if-modified-since': 'yesterday'}, 0),
        ({'if-unmodified-since': EARLY}, 412),
        ({'if-unmodified-since': SAME}, 0),
        ({'if-match': 'b', 'if-none-match': ETAG}, 412),
    ],
)
def test_conditions(headers: dict[str, str], status: int) -> None:
    assert reading.refusal(headers, ETAG, WHEN) == status


@pytest.mark.parametrize(
    ('header', 'length', 'spans'),
    [
        ('', 10, None),
        ('bytes=0-3', 10, [(0, 4)]),
        ('bytes=5-', 10, [(5, 10)]),
        ('bytes=-3', 10, [(7, 10)]),
        ('bytes=-30', 10, [(0, 10)]),
        ('bytes=4-100', 10, [(4, 10)]),
        ('bytes=10-', 10, []),
        ('bytes=-0', 10, []),
        ('bytes=0-1, 4-5,20-', 10, [(0, 2), (4, 6)]),
        ('bytes=5-2', 10, []),
        ('lines=1-2', 10, None),
        ('bytes=', 10, None),
        ('bytes=0-0', 0, []),
        ('bytes=-5', 0, None),
        ('bytes=' + ','.join(['0-0'] * 51), 10, None),
    ],
)
def test_ranges(header: str, length: int, spans: list[reading.Span] | None) -> None:
    assert reading.spans(header, length) == spans


def test_several_ranges_are_one_body() -> None:
    heads, tail, length = reading.parts([(0, 2), (4, 6)], 'text/plain', 10, 'edge')
    body = heads[0] + b'01\r\n' + heads[1] + b'45\r\n' + tail
    assert len(body) == length
    assert body.startswith(b'--edge\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--edge')
    assert body.endswith(b'\r\n--edge--')
