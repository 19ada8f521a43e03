"""The door to the queue of batches: many take in what agents tell, many digest it, and each batch is digested once."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from hansa.model.batch import Lane, Receipt


class Parcel(msgspec.Struct, frozen=True):
    """A batch that waited. `body` is as it was given; `before` is the worker that the site's parcel before this one was digested
    by ('' for none): if it is another one, what this worker remembers of the site may be out of date.
    """

    site: str
    run: str
    lane: Lane
    number: int
    body: bytes
    before: str = ''


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

    def next(self, worker: str) -> AbstractAsyncContextManager[Parcel | None]:
        """The parcel whose turn it is: by lane, then the site that was served longest ago; never two of one site at once; None where
        nothing waits. A site stays with its worker as long as that one keeps up.

        All calls of the store inside the block are one transaction with the acknowledgement: it is committed when the block ends, and rolled back
        whole when the block raises or the process dies; then the parcel waits on, for anybody (after an error for some seconds, longer with each).
        Leaving the block may raise Busy, as the calls may: the worker must then forget what it remembers of the site. Tasks that
        are started in the block and outlive it write by themselves after it.
        """
        ...

    async def backlog(self) -> dict[str, int]:
        """How many batches wait, by site; sites without any are left out."""
        ...
