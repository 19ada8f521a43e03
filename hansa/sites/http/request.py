"""The bytes of a request's head, and the refusal of everything that could be read as two requests."""

from __future__ import annotations

import re
from typing import NamedTuple

from hansa.ports.site import Headers

_URL = re.compile(
    r'(https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::([0-9]{1,5}))?((?:/[\x21\x22\x24-\x7e]*)?(?:\?[\x21\x22\x24-\x7e]*)?)'
)
_METHOD = re.compile(r'[A-Z]{1,20}')
_LINES = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*\r\n)*")
_PORTS = {'http': 80, 'https': 443}

# What belongs to one connection only, or is ours to say.
_OURS = frozenset(
    (
        'connection',
        'content-length',
        'expect',
        'host',
        'keep-alive',
        'proxy-connection',
        'te',
        'trailer',
        'transfer-encoding',
        'upgrade',
    )
)


class Origin(NamedTuple):
    """Whom a connection leads to."""

    scheme: str
    host: str
    port: int


def split(url: str) -> tuple[Origin, str, str]:
    """Origin, value of the Host header and request target of a URL.

    The target is passed on byte for byte. Raises ValueError for userinfo, fragments, other schemes and for
    whatever a request line cannot hold.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError('not a plain http or https URL')
    scheme, host, port, target = match.groups()
    number = int(port) if port else _PORTS[scheme]
    if not 0 < number < 65536:
        raise ValueError('not a port number')
    authority = f'{host}:{port}' if port else host
    if not target.startswith('/'):
        target = '/' + target
    return Origin(scheme, host.strip('[]'), number), authority, target


def declared(headers: Headers) -> int | None:
    """Length of a streamed body as the caller's headers give it; None means it is to be sent in chunks.

    Raises ValueError where it is no number or two different ones.
    """
    found = {value.strip() for name, value in headers if name.lower() == 'content-length'}
    if not found:
        return None
    length = found.pop()
    if found or not (length.isascii() and length.isdigit()) or len(length) > 18:
        raise ValueError('Content-Length is not one number')
    return int(length)


def patient(headers: Headers) -> bool:
    """Whether a streamed body is to wait until the server has judged the head."""
    return any(name.lower() == 'expect' and value.strip().lower() == '100-continue' for name, value in headers)


def encode(
    method: str, target: str, authority: str, headers: Headers, length: int | None, chunked: bool, *, waits: bool = False
) -> bytes:
    """Request line and headers; `length` None and not `chunked` says that there is no body. A body that `waits` is announced so.

    Raises ValueError for a method, header name or value that would not stay in its place.
    """
    if _METHOD.fullmatch(method) is None:
        raise ValueError('not an HTTP method')
    lines = [f'{name}: {value}\r\n' for name, value in headers if name.lower() not in _OURS]
    if length is not None:
        lines.append(f'Content-Length: {length}\r\n')
    elif chunked:
        lines.append('Transfer-Encoding: chunked\r\n')
    if waits:
        lines.append('Expect: 100-continue\r\n')
    fields = ''.join(lines)
    # Counted as well as matched: a value with a line break of its own could look like two good lines.
    if _LINES.fullmatch(fields) is None or fields.count('\n') != len(lines):
        raise ValueError('a header has a character that headers cannot have')
    return f'{method} {target} HTTP/1.1\r\nHost: {authority}\r\n{fields}\r\n'.encode('latin-1')
