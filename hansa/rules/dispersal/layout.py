"""A share, byte by byte: a head of fixed size, then one frame per block, each of a size that follows from the block's.

docs/security.md shows it as a table. Numbers are unsigned, the most significant byte first.
"""

from __future__ import annotations

import struct

import msgspec

from hansa.rules.dispersal.scheme import Scheme

MAGIC = b'hansa-d1'
BLOCK = 1 << 18
"""Bytes of plain text in every block but the last."""

GENERATION = 16
KEY_SHARE = 32
TAG = 16
MAC = 32
UNKNOWN = (1 << 64) - 1
FRAGMENT = 80
"""Bytes that the erasure code puts in front of each fragment."""

_INLINE = 1
_HEAD = struct.Struct('>8sBBBBI16sQ32s')
SIZE = _HEAD.size + MAC
_LARGEST = 1 << 24


class Corrupt(Exception):
    """Bytes that are not what was written."""


class Head(msgspec.Struct, frozen=True):
    """`index` counts from 1; `length` of the plain text is UNKNOWN in a share that was begun before it was known; blocks of one that is
    not `inline` are in another object.
    """

    scheme: Scheme
    index: int
    generation: bytes
    length: int
    share: bytes
    inline: bool = False
    block: int = BLOCK

    def packed(self) -> bytes:
        """All of it that its checksum is over."""
        told = (self.scheme.k, self.scheme.n, self.index, _INLINE if self.inline else 0, self.block, self.generation, self.length, self.share)
        return _HEAD.pack(MAGIC, *told)


def unpacked(raw: bytes) -> tuple[Head, bytes]:
    """The head at the start of a share, and its checksum. Raises Corrupt."""
    if len(raw) < SIZE:
        raise Corrupt(f'a share of {len(raw)} bytes')
    magic, k, n, index, flags, block, generation, length, share = _HEAD.unpack_from(raw)
    if magic != MAGIC or not (0 < k < n and 0 < index <= n and 0 < block <= _LARGEST) or flags & ~_INLINE:
        raise Corrupt('no share of a format that is known')
    return Head(Scheme(k, n), index, generation, length, share, bool(flags & _INLINE), block), raw[_HEAD.size : SIZE]


def frame(scheme: Scheme, plain: int) -> int:
    """Bytes of a frame whose block has so many bytes of plain text."""
    return FRAGMENT + -(-(plain + TAG) // scheme.k) + TAG


def blocks(length: int, block: int = BLOCK) -> int:
    """How many blocks an object has; an empty one has one, as every object has a last."""
    return max(1, -(-length // block))


def plain(number: int, length: int, block: int = BLOCK) -> int:
    """Bytes of plain text in a block of an object."""
    return min(block, length - number * block)


def offset(scheme: Scheme, number: int, block: int = BLOCK) -> int:
    """Where in a share the frame of a block begins."""
    return SIZE + number * frame(scheme, block)


def total(scheme: Scheme, length: int, block: int = BLOCK) -> int:
    """Bytes of a whole share."""
    last = blocks(length, block) - 1
    return offset(scheme, last, block) + frame(scheme, plain(last, length, block))


def covering(first: int, end: int, length: int, block: int = BLOCK) -> range:
    """The blocks that bytes `first` to before `end` lie in."""
    return range(first // block, min(blocks(length, block), -(-end // block)))
