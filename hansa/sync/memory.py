"""What was last told of each object of a kind at a site: by which question, and a hash of it, so that what did not change is not written."""

from __future__ import annotations

import hashlib
import re

import msgspec

from hansa.model.resource import Record

LIMIT = 200_000
GRAVES = 1000
"""Objects that are gone; of those before, the store's tombstones tell."""

# Some million objects are remembered: an id is kept in its sixteen bytes, number and hash in one integer.
_UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
_BITS = 64
_HASH = (1 << _BITS) - 1

_Key = str | bytes


class Memory:
    """Bounded; what it forgets is written once more than needed.

    Questions are numbered in the order they were asked. An answer to an earlier question than the one
    whose answer is known is not news, whichever came in first.
    """

    def __init__(self) -> None:
        self._told: dict[_Key, int] = {}
        self._graves: dict[_Key, None] = {}

    def __contains__(self, site_id: str) -> bool:
        return _key(site_id) in self._told

    def news(self, site_id: str, ticket: int) -> bool:
        """Whether an answer to that question may be believed."""
        return self._told.get(_key(site_id), 0) >> _BITS <= ticket

    def same(self, record: Record) -> bool:
        """Whether this was told before."""
        return self._told.get(_key(record.site_id), 0) & _HASH == _hash(record)

    def note(self, record: Record, ticket: int) -> None:
        """So the object was told in answer to a question."""
        self._set(_key(record.site_id), ticket, _hash(record))

    def again(self, site_id: str, ticket: int) -> None:
        """The object was told as before."""
        key = _key(site_id)
        self._set(key, ticket, self._told.get(key, 0) & _HASH)

    def bury(self, site_id: str, ticket: int) -> None:
        """The object is gone, as the answer to a question said."""
        key = _key(site_id)
        self._set(key, ticket, 0)
        self._graves[key] = None
        if len(self._graves) > GRAVES:
            oldest = next(iter(self._graves))
            del self._graves[oldest], self._told[oldest]

    def clear(self) -> None:
        """Take whatever is told next for new."""
        self._told = {key: noted & ~_HASH for key, noted in self._told.items()}

    def doubt(self, site_id: str) -> None:
        """Take what is told next of one object for new."""
        key = _key(site_id)
        if key in self._told:
            self._told[key] &= ~_HASH

    def _set(self, key: _Key, ticket: int, hashed: int) -> None:
        self._told.pop(key, None)
        self._graves.pop(key, None)
        self._told[key] = ticket << _BITS | hashed
        if len(self._told) > LIMIT:
            forgotten = next(iter(self._told))
            del self._told[forgotten]
            self._graves.pop(forgotten, None)


def _key(site_id: str) -> _Key:
    return bytes.fromhex(site_id.replace('-', '')) if _UUID.fullmatch(site_id) else site_id


def _hash(record: Record) -> int:
    """Never 0, which is for what is not known."""
    told = msgspec.msgpack.encode(msgspec.structs.replace(record, seen=0.0))
    return int.from_bytes(hashlib.blake2b(told, digest_size=_BITS // 8).digest()) or 1
