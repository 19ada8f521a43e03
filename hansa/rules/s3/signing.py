"""Signature Version 4: what of a request is signed, with which key, and how the chunks of a body are signed one after the other.

Source: Amazon S3 API Reference, 'Authenticating Requests (AWS Signature Version 4)'.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import urllib.parse
from collections.abc import Mapping, Sequence

from hansa.model.signature import Scope

ALGORITHM = 'AWS4-HMAC-SHA256'
EMPTY = hashlib.sha256(b'').hexdigest()

_BLANKS = re.compile(r' +')
_SIGNATURE = 'X-Amz-Signature'


def key(secret: str, scope: Scope) -> bytes:
    """The signing key of a scope."""
    made = f'AWS4{secret}'.encode()
    for word in (scope.date, scope.region, scope.service, 'aws4_request'):
        made = hmac.digest(made, word.encode(), 'sha256')
    return made


def signature(signing_key: bytes, text: str) -> str:
    """The signature of a text."""
    return hmac.digest(signing_key, text.encode(), 'sha256').hex()


def same(one: str, other: str) -> bool:
    """Whether two signatures are the same, told in a time that says nothing of where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def text(stamp: str, scope: Scope, canonical: str) -> str:
    """What is signed of a request; `stamp` is its time, `YYYYMMDDTHHMMSSZ`."""
    digest = hashlib.sha256(canonical.encode(errors='surrogateescape')).hexdigest()
    return f'{ALGORITHM}\n{stamp}\n{scope}\n{digest}'


def canonical(method: str, path: str, query: str, headers: Mapping[str, str], signed: Sequence[str], payload: str) -> str:
    """The request as both sides write it: `path` and `query` raw as they were sent, header names in lower case."""
    named = ''.join(f'{name}:{_value(headers.get(name, ""))}\n' for name in signed)
    return '\n'.join((method, _path(path), _query(query), named, ';'.join(signed), payload))


def _value(sent: str) -> str:
    """A header's value was decoded byte by byte, and is signed as the bytes that it is."""
    return _BLANKS.sub(' ', sent.strip()).encode('latin-1').decode(errors='surrogateescape')


def _path(path: str) -> str:
    return '/'.join(_quoted(word) for word in path.split('/')) or '/'


def _query(query: str) -> str:
    pairs = (item.partition('=')[::2] for item in query.split('&') if item)
    told = sorted((_quoted(name), _quoted(value)) for name, value in pairs)
    return '&'.join(f'{name}={value}' for name, value in told if name != _SIGNATURE)


def _quoted(word: str) -> str:
    return urllib.parse.quote(urllib.parse.unquote_to_bytes(word), safe='-_.~')


class Chain:
    """Signatures of chunks: each is over the one before it, the first over that of the request itself."""

    def __init__(self, signing_key: bytes, stamp: str, scope: Scope, seed: str) -> None:
        self._key = signing_key
        self._about = f'{stamp}\n{scope}'
        self._last = seed

    def chunk(self, digest: str) -> str:
        """The signature of the next chunk, whose SHA-256 is `digest`."""
        self._last = signature(self._key, f'{ALGORITHM}-PAYLOAD\n{self._about}\n{self._last}\n{EMPTY}\n{digest}')
        return self._last

    def trailer(self, lines: bytes) -> str:
        """The signature of the trailers, each a line of `name:value`."""
        self._last = signature(self._key, f'AWS4-HMAC-SHA256-TRAILER\n{self._about}\n{self._last}\n{hashlib.sha256(lines).hexdigest()}')
        return self._last
