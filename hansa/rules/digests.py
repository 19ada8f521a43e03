"""Digests by which two sides find out whether they hold the same objects, and if not, where to look: 256 buckets, 2 KB."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence

BUCKETS = 256

Held = Mapping[str, str]
"""Id -> revision ('' where only ids are compared)."""


def bucket(id: str) -> int:
    """In which bucket an object is."""
    return hashlib.blake2b(id.encode(), digest_size=1).digest()[0]


def digests(held: Held) -> list[int]:
    """Of each bucket the XOR of 64-bit hashes of what is in it; 0 for an empty one."""
    found = [0] * BUCKETS
    for id, revision in held.items():
        hashed = hashlib.blake2b(f'{id}\0{revision}'.encode(), digest_size=8).digest()
        found[bucket(id)] ^= int.from_bytes(hashed, 'big')
    return found


def differing(one: Sequence[int], other: Sequence[int]) -> frozenset[int]:
    """The buckets in which two sides do not hold the same."""
    return frozenset(number for number, (mine, theirs) in enumerate(zip(one, other, strict=True)) if mine != theirs)


def within(held: Held, buckets: Collection[int]) -> dict[str, str]:
    """What of it is in these buckets."""
    return {id: revision for id, revision in held.items() if bucket(id) in buckets} if buckets else {}
