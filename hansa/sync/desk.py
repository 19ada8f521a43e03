"""Where those of a process who have much to read do so: one of them in each turn of the loop, so that nobody else waits long for his."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AbstractAsyncContextManager

SLICE = 20
"""Documents that are read in one go: a millisecond or two, after which others get their turn of the loop."""

_BYTES = SLICE * 1500


class Desk:
    """Whoever has no more than a slice to read does it where he stands: the result of a user's command, and what a quiet site tells, would
    else wait for all that burst, and that for as many turns of a busy loop as these are.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    def documents(self, count: int) -> AbstractAsyncContextManager[None]:
        """The place to read so many, of which a slice is read now."""
        return self._lock if count > SLICE else contextlib.nullcontext()

    def bytes(self, count: int) -> AbstractAsyncContextManager[None]:
        """The place to read so many bytes."""
        return self._lock if count > _BYTES else contextlib.nullcontext()
