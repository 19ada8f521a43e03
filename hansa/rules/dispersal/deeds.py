"""What a container's metadata hold of its key at each site: `K N INDEX SHARE CHECK`, the last two in hexadecimal."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

import msgspec

from hansa.rules.dispersal import keys
from hansa.rules.dispersal.layout import Corrupt
from hansa.rules.dispersal.scheme import Scheme

HEADER = 'x-container-meta-hansa-share'
_CHECK = 8
_WORDS = re.compile(r'([2-9]) ([3-9]) ([1-9]) ([0-9a-f]{64}) ([0-9a-f]{16})')


class Deed(msgspec.Struct, frozen=True):
    """One site's share of a container's key, and what the whole key is known by."""

    scheme: Scheme
    index: int
    share: bytes
    check: bytes

    def __str__(self) -> str:
        return f'{self.scheme.k} {self.scheme.n} {self.index} {self.share.hex()} {self.check.hex()}'

    def __repr__(self) -> str:
        return f'Deed({self.scheme}, {self.index}, …)'


def drawn(scheme: Scheme, key: bytes) -> list[Deed]:
    """Those of a new key, in order of the sites."""
    return [Deed(scheme, index, share, _check(key)) for index, share in enumerate(keys.split(scheme, key), 1)]


def read(text: str) -> Deed | None:
    """The deed in a header; None where it has none."""
    found = _WORDS.fullmatch(text.strip())
    if found is None or int(found[3]) > int(found[2]):
        return None
    return Deed(Scheme(int(found[1]), int(found[2])), int(found[3]), bytes.fromhex(found[4]), bytes.fromhex(found[5]))


def joined(deeds: Mapping[str, Deed]) -> tuple[bytes, dict[str, Deed]]:
    """The key, and of the deeds by site those that are of it; one site's word against the others' does no harm. Raises Corrupt."""
    scheme = next((deed.scheme for deed in deeds.values()), Scheme(2, 3))
    for some in itertools.combinations(deeds.values(), scheme.k):
        parts = {deed.index: deed.share for deed in some if deed.scheme == scheme}
        if len(parts) == scheme.k and len({deed.check for deed in some}) == 1 and _check(key := keys.combined(parts)) == some[0].check:
            return key, {site: deed for site, deed in deeds.items() if keys.restored(deed.index, _others(parts, deed)) == deed.share}
    raise Corrupt('shares of a key that do not belong together')


def restored(index: int, deeds: Mapping[str, Deed]) -> Deed:
    """The deed of another site out of those of one key."""
    some = list(deeds.values())
    parts = {deed.index: deed.share for deed in some[: some[0].scheme.k]}
    return Deed(some[0].scheme, index, keys.restored(index, parts), some[0].check)


def _others(parts: Mapping[int, bytes], deed: Deed) -> Mapping[int, bytes]:
    return parts if deed.index not in parts else {0: keys.combined(parts), **{at: part for at, part in parts.items() if at != deed.index}}


def _check(key: bytes) -> bytes:
    return keys.derived(key, 'check')[:_CHECK]
