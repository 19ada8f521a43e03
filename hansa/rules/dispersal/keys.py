"""Keys: split among sites so that fewer than k of them know nothing of it, put together again, and one key for each use of it.

Shamir's scheme, 'How to share a secret' (1979), over GF(2^128), once for each half of a key.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from Crypto.Protocol.SecretSharing import Shamir
from cryptography.hazmat.primitives import constant_time, hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from hansa.rules.dispersal import layout
from hansa.rules.dispersal.layout import Corrupt, Head
from hansa.rules.dispersal.scheme import Scheme

SIZE = 32
_HALF = 16


class Keys(msgspec.Struct, frozen=True):
    """Of one object: for its blocks, for the tags of the frames, for the checksums of the heads."""

    blocks: bytes
    tags: bytes
    heads: bytes

    def __repr__(self) -> str:
        return 'Keys(…)'


def derived(key: bytes, use: str) -> bytes:
    """A key for one use."""
    return HKDFExpand(hashes.SHA256(), SIZE, layout.MAGIC + b' ' + use.encode()).derive(key)


def keys(key: bytes) -> Keys:
    """Those that an object's key stands for."""
    return Keys(*(derived(key, use) for use in ('blocks', 'tags', 'heads')))


def split(scheme: Scheme, key: bytes) -> list[bytes]:
    """The share of each site, in order."""
    halves = [Shamir.split(scheme.k, scheme.n, part) for part in (key[:_HALF], key[_HALF:])]
    return [low + high for (_, low), (_, high) in zip(*halves, strict=True)]


def combined(shares: Mapping[int, bytes]) -> bytes:
    """The key out of exactly k shares, by index. Wrong shares give a wrong key."""
    return _at(0, shares)


def restored(index: int, shares: Mapping[int, bytes]) -> bytes:
    """The share of another index out of exactly k shares."""
    return _at(index, shares)


def _at(index: int, shares: Mapping[int, bytes]) -> bytes:
    """The polynomial at an index. The library tells it at 0 only; adding is xor, so what is moved by `index` has there what we want."""
    parts = [[(at ^ index, share[low : low + _HALF]) for at, share in shares.items()] for low in (0, _HALF)]
    return b''.join(Shamir.combine(part) for part in parts)


def sealed(head: Head, keys: Keys) -> bytes:
    """A head as it stands in front of a share, with its checksum."""
    return head.packed() + _mac(head.packed(), keys).finalize()


def fits(head: Head, mac: bytes, keys: Keys) -> bool:
    """Whether a head is what was written with this key."""
    return constant_time.bytes_eq(_mac(head.packed(), keys).finalize(), mac)


def _mac(packed: bytes, keys: Keys) -> hmac.HMAC:
    made = hmac.HMAC(keys.heads, hashes.SHA256())
    made.update(packed)
    return made


def opened(heads: Mapping[int, tuple[Head, bytes]]) -> Keys:
    """The keys out of exactly k heads with their checksums, by index. Raises Corrupt where one of them is not what was written."""
    made = keys(combined({index: head.share for index, (head, _) in heads.items()}))
    if not all(fits(head, mac, made) for head, mac in heads.values()):
        raise Corrupt('shares that do not belong together')
    return made
