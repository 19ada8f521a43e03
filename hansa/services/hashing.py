"""MD5 of a body on its way, reckoned beside the event loop: nobody waits while much is hashed, and little is hashed at once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

_SLICE = 512 << 10
"""Bytes that are worth a thread's while."""


class Md5:
    """The sum of what `over` passes on; at most two slices are held."""

    def __init__(self) -> None:
        self._sum = hashlib.md5(usedforsecurity=False)
        self._kept: list[bytes] = []
        self._size = 0
        self._job: asyncio.Future[None] | None = None

    async def over(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The body itself."""
        async for chunk in body:
            self._kept.append(chunk)
            self._size += len(chunk)
            if self._size >= _SLICE:
                await self._begun()
                kept, self._kept, self._size = self._kept, [], 0
                self._job = asyncio.get_running_loop().run_in_executor(None, _update, self._sum, kept)
            yield chunk

    async def hexdigest(self) -> str:
        """Of all that was passed on."""
        await self._begun()
        kept, self._kept = self._kept, []
        _update(self._sum, kept)
        return self._sum.hexdigest()

    async def _begun(self) -> None:
        """What was begun is done."""
        if self._job is not None:
            await self._job
            self._job = None


def _update(sum: Any, chunks: Sequence[bytes]) -> None:
    for chunk in chunks:
        sum.update(chunk)
