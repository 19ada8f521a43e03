"""What was last told of each object of a kind at a site: by which question, and a hash of it, so that what did not change is not written."""

from __future__ import annotations

import hashlib

import msgspec

from hansa.model.resource import Record

LIMIT = 200_000


class Memory:
    """Bounded; what it forgets is written once more than needed.

    Questions are numbered in the order they were asked. An answer to an earlier question than the one
    whose answer is known is not news, whichever came in first.
    """

    def __init__(self) -> None:
        self._told: dict[str, tuple[int, bytes]] = {}

    def __contains__(self, site_id: str) -> bool:
        return site_id in self._told

    def news(self, site_id: str, ticket: int) -> bool:
        """Whether an answer to that question may be believed."""
        return self._told.get(site_id, (0, b''))[0] <= ticket

    def same(self, record: Record) -> bool:
        """Whether this was told before."""
        return self._told.get(record.site_id, (0, b''))[1] == _hash(record)

    def note(self, record: Record, ticket: int) -> None:
        """So the object was told in answer to a question."""
        self._set(record.site_id, ticket, _hash(record))

    def again(self, site_id: str, ticket: int) -> None:
        """The object was told as before."""
        self._set(site_id, ticket, self._told.get(site_id, (0, b''))[1])

    def bury(self, site_id: str, ticket: int) -> None:
        """The object is gone, as the answer to a question said."""
        self._set(site_id, ticket, b'')

    def clear(self) -> None:
        """Take whatever is told next for new."""
        self._told = {site_id: (ticket, b'') for site_id, (ticket, _) in self._told.items()}

    def doubt(self, site_id: str) -> None:
        """Take what is told next of one object for new."""
        if site_id in self._told:
            self._told[site_id] = (self._told[site_id][0], b'')

    def _set(self, site_id: str, ticket: int, hashed: bytes) -> None:
        self._told.pop(site_id, None)
        self._told[site_id] = (ticket, hashed)
        if len(self._told) > LIMIT:
            del self._told[next(iter(self._told))]


def _hash(record: Record) -> bytes:
    return hashlib.blake2b(msgspec.msgpack.encode(msgspec.structs.replace(record, seen=0.0)), digest_size=16).digest()
