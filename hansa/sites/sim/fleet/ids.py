"""Ids that are worked out of numbers and lead back to them, so that no table of ids is kept."""

from __future__ import annotations

import hashlib

_MASK = 0xFFFFFFFF
_FACTOR = 0x9E3779B1
_INVERSE = pow(_FACTOR, -1, 1 << 32)


class Family:
    """The ids of one kind at one site: dashed uuids in no visible order, other ones for each seed."""

    def __init__(self, seed: int, site: str, kind: str) -> None:
        digest = hashlib.sha256(f'{seed}/{site}/{kind}'.encode()).hexdigest()
        self._shift = int(digest[:8], 16)
        self._tail = f'-{digest[8:12]}-4{digest[12:15]}-a{digest[15:18]}-{digest[18:30]}'

    def key(self, number: int) -> int:
        """The first 32 bits of an id; ids are in the order of these. Also good as a die that falls the same way each time."""
        return (number * _FACTOR + self._shift) & _MASK

    def id(self, number: int) -> str:
        """The id of a number below 2^32."""
        return f'{self.key(number):08x}{self._tail}'

    def number(self, id: str) -> int:
        """The number of an id; -1 for one that is not of this family."""
        if id[8:] != self._tail:
            return -1
        try:
            found = ((int(id[:8], 16) - self._shift) * _INVERSE) & _MASK
        except ValueError:
            return -1
        return found if self.id(found) == id else -1
