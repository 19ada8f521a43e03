"""A response whose body may still be on its way; it holds the connection back when nobody takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from hansa.model.errors import TooLarge
from hansa.ports.site import Headers

HIGH = 256 << 10


class Source(Protocol):
    """Where the body comes from."""

    def pause(self) -> None:
        """Take no more from the wire."""
        ...

    def resume(self, answer: Answer) -> None:
        """Go on with this answer."""
        ...

    def abandon(self, answer: Answer) -> None:
        """Nobody wants the rest."""
        ...


class Answer:
    """What came back (`hansa.ports.site.SiteResponse`); filled by its connection."""

    __slots__ = ('_buffered', '_chunks', '_done', '_error', '_source', '_waiter', 'headers', 'paused', 'status')

    def __init__(self, source: Source) -> None:
        self.status = 0
        self.headers: Headers = []
        self._source = source
        self._chunks: list[bytes] = []
        self._buffered = 0
        self._done = False
        self.paused = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def header(self, name: str) -> str:
        """Value of the first header of that name (any case); '' where there is none."""
        name = name.lower()
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return ''

    async def read(self, limit: int = 64 << 20) -> bytes:
        """The whole body. Raises TooLarge past `limit` bytes, TransportError where it breaks off."""
        if self._done and self._error is None and self._buffered <= limit:
            taken, self._chunks, self._buffered = self._chunks, [], 0
            return taken[0] if len(taken) == 1 else b''.join(taken)
        parts = []
        total = 0
        try:
            while part := await self._next():
                total += len(part)
                if total > limit:
                    raise TooLarge(f'The answer is longer than {limit} bytes.')
                parts.append(part)
        finally:
            await self.close()
        return b''.join(parts)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, never an empty chunk. Raises TransportError where it breaks off."""
        try:
            while part := await self._next():
                yield part
        finally:
            await self.close()

    async def close(self) -> None:
        """Let go of a body that is not wanted; the connection is used again only if the body was all there."""
        self._chunks = []
        self._buffered = 0
        if not self._done:
            self._done = True
            self._source.abandon(self)

    async def _next(self) -> bytes:
        """All that is there, waiting if nothing is; b'' at the end."""
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self._done:
                return b''
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        taken, self._chunks, self._buffered = self._chunks, [], 0
        if self.paused:
            self.paused = False
            self._source.resume(self)
        return taken[0] if len(taken) == 1 else b''.join(taken)

    def feed(self, chunk: bytes) -> None:
        """More of the body came."""
        if self._done:
            return
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        if self._buffered > HIGH and not self.paused:
            self.paused = True
            self._source.pause()
        self._wake()

    def finish(self, error: Exception | None = None) -> None:
        """The body is whole, or will never be."""
        if not self._done:
            self._done = True
            self.paused = False
            self._error = error
            self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
