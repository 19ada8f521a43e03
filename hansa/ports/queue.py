"""The door to the queue of batches: many take in what agents tell, many digest it, and each batch is digested once."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from hansa.model.batch import Lane, Receipt


class Parcel(msgspec.Struct, frozen=True):
    """A batch that waited; `body` is as it was given."""

    site: str
    run: str
    lane: Lane
    number: int
    body: bytes


class Queue(Protocol):
    """Bounded: credits of each site, and above a high-water mark one batch a site. Every method raises Busy where the queue cannot be reached."""

    async def begin(self, site: str) -> str:
        """Begin a life of a site's agent; returns the run's name. Of earlier runs nothing is taken any more; what was
        taken of them is still digested.
        """
        ...

    async def give(self, site: str, run: str, lane: Lane, number: int, body: bytes) -> Receipt:
        """Take a batch in; it is kept for good when the receipt covers its number. One that was taken before is only receipted; a number
        too early, or one above the bounds, comes again after the receipt's `retry_after`. Raises Gone where the run is not the site's.
        """
        ...

    async def run(self, site: str) -> str:
        """The run of now; '' where none has begun."""
        ...

    def next(self, sites: Collection[str]) -> AbstractAsyncContextManager[Parcel | None]:
        """Of these sites the parcel whose turn it is: by lane, then the site that was served longest ago; never two of one site at once, whoever
        asks; None where nothing waits.

        All calls of the store inside the block are one transaction with the acknowledgement: it is committed when the block ends, and rolled back
        whole when the block raises or the process dies; then the parcel waits on, for anybody (after an error for some seconds, longer with each).
        Leaving the block may raise Busy, as the calls may: the worker must then forget what it remembers of the site. Tasks that
        are started in the block and outlive it write by themselves after it.
        """
        ...

    async def backlog(self) -> dict[str, int]:
        """How many batches wait, by site; sites without any are left out."""
        ...
