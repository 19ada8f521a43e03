"""Checksums that a client sends with a body, in a header or behind it.

Source: Amazon S3 User Guide, 'Checking object integrity'.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

import awscrt.checksums

from hansa.rules.s3.refusal import Refused

PREFIX = 'x-amz-checksum-'

_NO_SUMS = frozenset(('algorithm', 'type', 'mode'))


class Running(Protocol):
    """A sum over a body that comes in pieces."""

    def update(self, data: bytes, /) -> None:
        """Take a piece."""
        ...

    def digest(self) -> bytes:
        """The sum of all pieces so far."""
        ...


class Cyclic:
    """A CRC of so many bytes, the most significant first; `sum` goes on from a value with a piece."""

    def __init__(self, sum: Callable[[bytes, int], int], size: int) -> None:
        self._sum = sum
        self._size = size
        self._value = 0

    def update(self, data: bytes, /) -> None:
        """Take a piece."""
        self._value = self._sum(data, self._value)

    def digest(self) -> bytes:
        """The sum of all pieces so far."""
        return self._value.to_bytes(self._size, 'big')


_CYCLIC: dict[str, tuple[Callable[[bytes, int], int], int]] = {
    'crc32': (zlib.crc32, 4),
    'crc32c': (awscrt.checksums.crc32c, 4),
    'crc64nvme': (awscrt.checksums.crc64nvme, 8),
}


def begun(way: str) -> Running:
    """A new sum. Raises Refused for what is no checksum of S3's."""
    if way in _CYCLIC:
        return Cyclic(*_CYCLIC[way])
    if way in {'sha1', 'sha256', 'md5'}:
        return hashlib.new(way, usedforsecurity=False)
    raise Refused('InvalidRequest', f'The checksum {way} is not known here; there are CRC32, CRC32C, CRC64NVME, SHA1 and SHA256.')


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
