"""Checksums that a client sends with a body, in a header or behind it.

Source: Amazon S3 User Guide, 'Checking object integrity'.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Mapping
from typing import Protocol

from hansa.rules.s3.refusal import Refused

PREFIX = 'x-amz-checksum-'
UNJUDGED = frozenset(('crc32c', 'crc64nvme'))
"""Taken, and not judged: in Python alone they would cost more than all the rest of an upload."""

_NO_SUMS = frozenset(('algorithm', 'type', 'mode'))


class Running(Protocol):
    """A sum over a body that comes in pieces."""

    def update(self, data: bytes, /) -> None:
        """Take a piece."""
        ...

    def digest(self) -> bytes:
        """The sum of all pieces so far."""
        ...


class Crc32:
    """The CRC-32 of zlib, most significant byte first."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        """Take a piece."""
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        """The sum of all pieces so far."""
        return self._value.to_bytes(4, 'big')


def begun(way: str) -> Running | None:
    """A new sum; None for one that is not judged. Raises Refused for what is no checksum of S3's."""
    if way == 'crc32':
        return Crc32()
    if way in {'sha1', 'sha256', 'md5'}:
        return hashlib.new(way, usedforsecurity=False)
    if way in UNJUDGED:
        return None
    raise Refused('InvalidRequest', f'The checksum {way} is not known here; there are CRC32, SHA1 and SHA256.')


def asked(headers: Mapping[str, str]) -> tuple[str, str]:
    """Which checksum comes with a body, and its value in base64, '' where it comes in a trailer; ('', '') for none. Raises Refused."""
    told = {name.removeprefix(PREFIX): value for name, value in headers.items() if name.startswith(PREFIX)}
    told = {way: value for way, value in told.items() if way not in _NO_SUMS}
    for name in headers.get('x-amz-trailer', '').lower().split(','):
        if name.strip().startswith(PREFIX):
            told[name.strip().removeprefix(PREFIX)] = ''
    if len(told) > 1:
        raise Refused('InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
    return next(iter(told.items()), ('', ''))


def decoded(text: str, size: int, name: str) -> bytes:
    """A sum out of base64. Raises Refused."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b''
    if len(raw) != size:
        raise Refused('InvalidDigest', f'The {name} you specified was invalid.')
    return raw
