"""Signed URLs and forms of object stores: what is signed, by which digest, and whether one of the keys made the signature.

Source: Swift's TempURL and FormPOST middleware, 'Temporary URL format' and 'Form POST'.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import urllib.parse
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

DIGESTS = {'sha256': hashlib.sha256, 'sha512': hashlib.sha512, 'sha1': hashlib.sha1}
"""By name, the best first."""

METHODS = frozenset(('GET', 'HEAD', 'PUT', 'POST', 'DELETE'))
"""What a signed URL can allow."""

_SIZES = {20: 'sha1', 32: 'sha256', 64: 'sha512'}
_ISO = '%Y-%m-%dT%H:%M:%SZ'
_LATEST = 253_402_300_799
_READ = ('HEAD', 'GET', 'PUT', 'POST')
_BASES = ('', '/object')


class Signed(msgspec.Struct, frozen=True):
    """What the query of a signed URL says; `until` is an epoch second, `prefix` None where one object is meant."""

    digest: str
    raw: bytes
    until: int
    prefix: str | None = None
    source: str = ''
    filename: str = ''
    inline: bool = False


def asked(query: str) -> bool:
    """Whether a request comes by a signed URL."""
    return 'temp_url_sig=' in query or 'temp_url_expires=' in query


def read(items: Iterable[tuple[str, str]]) -> Signed:
    """The signature in a query. Raises ValueError for what cannot be one."""
    given: dict[str, str] = {}
    for name, value in items:
        given.setdefault(name, value)
    digest, raw = signature(given.get('temp_url_sig', ''))
    return Signed(
        digest,
        raw,
        moment(given.get('temp_url_expires', '')),
        given.get('temp_url_prefix'),
        given.get('temp_url_ip_range', ''),
        given.get('filename', ''),
        'inline' in given,
    )


def signature(text: str) -> tuple[str, bytes]:
    """Digest and bytes of a signature: hexadecimal, or `sha256:` and base64. Raises ValueError."""
    name, colon, coded = text.partition(':')
    if not colon:
        raw = bytes.fromhex(text)
        if len(raw) not in _SIZES:
            raise ValueError('A signature of no length that is known.')
        return _SIZES[len(raw)], raw
    if name not in DIGESTS:
        raise ValueError('A signature by no digest that is known.')
    try:
        return name, base64.b64decode(coded.translate(str.maketrans('-_', '+/')) + '==')
    except binascii.Error as error:
        raise ValueError('A signature that is no base64.') from error


def moment(text: str) -> int:
    """Epoch second of an expiry: a number, or a time like 2026-11-22T06:00:00Z. Raises ValueError, also for what is past the year 9999."""
    until = int(text) if text.isascii() and text.isdecimal() else int(datetime.strptime(text, _ISO).replace(tzinfo=UTC).timestamp())
    if until > _LATEST:
        raise ValueError('An expiry that no calendar has.')
    return until


def texts(method: str, account: str, container: str, name: str, wish: Signed) -> list[str]:
    """All that may have been signed for a request: clients sign the path that they are given, below the league's address or with it.

    Names are as their owner wrote them. Raises ValueError for an object that the prefix does not cover.
    """
    if wish.prefix is not None and not name.startswith(wish.prefix):
        raise ValueError('An object beside the prefix.')
    scope = name if wish.prefix is None else wish.prefix
    head = f'ip={wish.source}\n' if wish.source else ''
    mark = '' if wish.prefix is None else 'prefix:'
    methods = _READ if method == 'HEAD' else (method,)
    return [f'{head}{one}\n{wish.until}\n{mark}{base}/v1/{account}/{container}/{scope}' for one in methods for base in _BASES]


def form_texts(path: str, fields: Sequence[str]) -> list[str]:
    """All that may have been signed for a form sent to a path below the league's address; `fields` are redirect, size, count, expiry."""
    return ['\n'.join((f'{base}{path}', *fields)) for base in _BASES]


def maker(keys: Sequence[str], signed: Sequence[str], digest: str, raw: bytes) -> str:
    """The key that made a signature, '' for none. How long it takes tells nothing of the keys."""
    found = ''
    for key in keys:
        for text in signed:
            if hmac.compare_digest(hmac.new(key.encode('latin-1'), text.encode(), DIGESTS[digest]).digest(), raw):
                found = key
    return found


def covers(source: str, client: str) -> bool:
    """Whether a client's address is in the range that was signed."""
    try:
        return ipaddress.ip_address(client) in ipaddress.ip_network(source)
    except ValueError:
        return False


def derived(key: str, salt: str, site: str) -> str:
    """What a site is given in the place of an account's key: it opens the account there, and tells nobody what the key is."""
    return hmac.new(bytes.fromhex(salt), f'{site}\n{key}'.encode('utf-8', 'surrogateescape'), hashlib.sha256).hexdigest()


def query(key: str, method: str, path: str, until: int, digest: str, filename: str = '', *, inline: bool = False) -> str:
    """The query that opens one path at a site (as its owner wrote it, from /v1 on) by one method."""
    made = hmac.new(key.encode('latin-1'), f'{method}\n{until}\n{path}'.encode(), DIGESTS[digest]).hexdigest()
    args = [('temp_url_sig', made), ('temp_url_expires', str(until))]
    args += [('filename', filename)] if filename else []
    args += [('inline', '')] if inline else []
    return urllib.parse.urlencode(args)
