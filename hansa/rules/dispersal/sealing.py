"""One block at a time: sealed, split into a frame for each site, and put together again out of any k of them.

A block is sealed with AES-256-GCM; its number and whether it is the last are its nonce, so that none can be dropped, moved or taken for the
end (STREAM of Hoang, Reyhanitabar, Rogaway and Vizár, 2015). That is safe because no key seals more than one object. The tag of a frame is
that cipher's over the fragment, so that a wrong frame is known before it spoils the block.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyeclib.ec_iface import ECDriver, ECDriverError

from hansa.rules.dispersal.keys import Keys
from hansa.rules.dispersal.layout import TAG, Corrupt
from hansa.rules.dispersal.scheme import Scheme

_CODE = 'isa_l_rs_cauchy'
"""Reed and Solomon's code with a matrix of Cauchy's, of which any k rows can be solved; ISA-L reckons it."""

_NONCE = struct.Struct('>IQ')


class Sealer:
    """Seals and opens the blocks of one object. Frames are by index, which counts from 1."""

    def __init__(self, scheme: Scheme, keys: Keys) -> None:
        self.scheme = scheme
        self._cipher = AESGCM(keys.blocks)
        self._tags = AESGCM(keys.tags)
        self._code = ECDriver(k=scheme.k, m=scheme.n - scheme.k, ec_type=_CODE)

    def split(self, number: int, plain: bytes, *, last: bool) -> list[bytes]:
        """The frames of a block, in order of their sites."""
        sealed = self._cipher.encrypt(_NONCE.pack(int(last), number), plain, None)
        fragments: list[bytes] = self._code.encode(sealed)
        return [fragment + self._tag(index, number, fragment) for index, fragment in enumerate(fragments, 1)]

    def checked(self, index: int, number: int, frame: bytes) -> bytes:
        """The fragment in a frame. Raises Corrupt where it is not the one that was written there."""
        fragment, tag = frame[:-TAG], frame[-TAG:]
        try:
            self._tags.decrypt(_NONCE.pack(index, number), tag, fragment)
        except InvalidTag:
            raise Corrupt(f'share {index} is wrong in block {number}') from None
        return fragment

    def joined(self, number: int, fragments: Mapping[int, bytes], *, last: bool) -> bytes:
        """The plain text of a block out of k checked fragments. Raises Corrupt."""
        try:
            sealed = self._code.decode([fragments[index] for index in sorted(fragments)])
            return self._cipher.decrypt(_NONCE.pack(int(last), number), sealed, None)
        except (ECDriverError, InvalidTag):
            raise Corrupt(f'block {number} does not open') from None

    def restored(self, index: int, number: int, fragments: Mapping[int, bytes]) -> bytes:
        """The frame of another site out of k checked fragments. Raises Corrupt."""
        try:
            fragment: bytes = self._code.reconstruct([fragments[at] for at in sorted(fragments)], [index - 1])[0]
        except ECDriverError:
            raise Corrupt(f'block {number} does not come together') from None
        return fragment + self._tag(index, number, fragment)

    def _tag(self, index: int, number: int, fragment: bytes) -> bytes:
        return self._tags.encrypt(_NONCE.pack(index, number), b'', fragment)

