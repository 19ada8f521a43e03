"""The server's side of the wire: what is written in one turn of the loop goes out in one system call.

The head and the body of a small answer are two writes otherwise, and writing is what a relayed request costs most.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

ENOUGH = 64 << 10
HEAD_BYTES = 64 << 10
HEAD_SECONDS = 30.0


class Gathering:
    """A transport that keeps small writes until the end of the loop's turn; everything else is the transport's own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._kept: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Keep it, or pass all on where it has become much."""
        if len(data) >= ENOUGH:
            # Nothing is put before much: that would copy it.
            self.flush()
            self._transport.write(data)
            return
        if not self._kept:
            self._loop.call_soon(self.flush)
        self._kept.append(data)
        self._size += len(data)
        if self._size >= ENOUGH:
            self.flush()

    def flush(self) -> None:
        """Pass on what was kept."""
        if self._kept:
            kept, self._kept, self._size = self._kept, [], 0
            self._transport.write(b''.join(kept) if len(kept) > 1 else kept[0])

    def close(self) -> None:
        """Pass on what was kept, then close."""
        self.flush()
        self._transport.close()


class GatheringProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol over such a transport; the head of a request has to come in `HEAD_SECONDS`, and be no longer than `HEAD_BYTES`."""

    _head = 0
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # narrower, as uvicorn's own
        """A client is here."""
        super().connection_made(cast('asyncio.Transport', Gathering(transport, self.loop)))
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left."""
        self._expect_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        before = self._waiting
        super().data_received(data)
        # Where a head begins in this piece, what stands before it may be the body of the request before.
        if before is not None and self._waiting is before:
            self._head += len(data)
            if self._head > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response(f'The head of the request is longer than {HEAD_BYTES} bytes.')

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._expect()

    def on_headers_complete(self) -> None:
        """Its head is here."""
        self._expect_no_more()
        super().on_headers_complete()

    def _expect(self) -> None:
        self._head = 0
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self._late)

    def _expect_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _late(self) -> None:
        self._waiting = None
        self.transport.close()
