"""What may stand in a request's head, and that nothing else gets out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.sites.http import request


def test_a_url_is_taken_apart_without_being_changed() -> None:
    assert request.split('http://a.b:8774/v2.1/%2e%2e//x%2Fy?name=a%20b&z') == (
        ('http', 'a.b', 8774),
        'a.b:8774',
        '/v2.1/%2e%2e//x%2Fy?name=a%20b&z',
    )
    assert request.split('https://[::1]') == (('https', '::1', 443), '[::1]', '/')
    assert request.split('http://h?q=1')[2] == '/?q=1'


@pytest.mark.parametrize(
    'url',
    [
        'ftp://h/',
        'file:///etc/passwd',
        'http://user:pw@h/',
        'http://u@h/',
        'http:///x',
        'http://h:0/',
        'http://h:99999/',
        'http://h/a b',
        'http://h/a\r\nX: y',
        'http://h/\n',
        'http://h/#f',
        'http://h/\u00e4',
        'http://h\\@evil/',
        'HTTP://h/',
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match='not a'):
        request.split(url)


def test_only_host_and_length_are_added() -> None:
    assert request.encode('GET', '/x', 'h', [('A', 'b')], None, chunked=False) == b'GET /x HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n'
    sent = request.encode('POST', '/', 'h', [('content-length', '9'), ('Connection', 'close'), ('host', 'x')], 2, chunked=False)
    assert sent == b'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n'
    sent = request.encode('PUT', '/', 'h', [('Transfer-Encoding', 'gzip'), ('Expect', '100-continue')], None, chunked=True)
    assert sent == b'PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('A', 'b\r\nX: y'),
        ('A', 'b\nX: y'),
        ('A', 'b\0'),
        ('A', 'b\r'),
        ('A\r\nX', 'y'),
        ('A b', 'c'),
        ('', 'c'),
        ('A:', 'c'),
        ('A', '\u20ac'),
    ],
)
def test_a_header_cannot_leave_its_line(name: str, value: str) -> None:
    with pytest.raises(ValueError, match='header'):
        request.encode('GET', '/', 'h', [('X-First', '1'), (name, value)], None, chunked=False)


@given(st.text(max_size=20), st.text(max_size=40))
def test_whatever_a_header_holds_the_head_stays_one(name: str, value: str) -> None:
    try:
        sent = request.encode('GET', '/', 'h', [(name, value)], None, chunked=False)
    except ValueError:
        return
    assert sent.count(b'\n') == sent.count(b'\r') in {3, 4}
    assert sent.index(b'\r\n\r\n') == len(sent) - 4


@pytest.mark.parametrize('method', ['get', 'GET /x', 'G\r\n', '', 'GET\n'])
def test_a_method_is_a_word(method: str) -> None:
    with pytest.raises(ValueError, match='method'):
        request.encode(method, '/', 'h', [], None, chunked=False)


def test_a_declared_length_is_one_number() -> None:
    assert request.declared([]) is None
    assert request.declared([('Content-Length', '12'), ('content-length', '12')]) == 12
    for value in ('x', '-1', '1, 2', '\u0661', ''):
        with pytest.raises(ValueError, match='number'):
            request.declared([('Content-Length', value)])
    with pytest.raises(ValueError, match='number'):
        request.declared([('Content-Length', '1'), ('Content-Length', '2')])
