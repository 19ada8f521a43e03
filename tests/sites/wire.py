"""A server on loopback that says exactly the bytes that a test gives it, and a way to run a test on both event loops."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import Any

import uvloop

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def both(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it on asyncio's own loop and on uvloop; no more than 20 s each."""

    async def bounded() -> None:
        async with asyncio.timeout(20):
            await main()

    for factory in (asyncio.new_event_loop, uvloop.new_event_loop):
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(bounded())


class Server:
    """`base` is its URL; `connections` counts who came; `ended` is set whenever a conversation is over."""

    def __init__(self, talk: Talk) -> None:
        self.base = ''
        self.port = 0
        self.connections = 0
        self.ended = asyncio.Event()
        self.requests: list[bytes] = []
        self._talk = talk
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._talk(reader, writer)
        writer.close()
        self.ended.set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        # Sockets are closed in the loop's next round.
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def serve(talk: Talk, tls: ssl.SSLContext | None = None, path: str = '') -> AsyncIterator[Server]:
    """A server, on a Unix socket if there is a `path`, whose every connection is handled by `talk`."""
    server = Server(talk)
    listener = await (
        asyncio.start_unix_server(server.accept, path) if path else asyncio.start_server(server.accept, '127.0.0.1', 0, ssl=tls)
    )
    if not path:
        server.port = listener.sockets[0].getsockname()[1]
        server.base = f'{"https" if tls else "http"}://127.0.0.1:{server.port}'
    try:
        yield server
    finally:
        listener.close()
        await server.stop()


async def head(reader: asyncio.StreamReader) -> bytes:
    """One request's head."""
    return await reader.readuntil(b'\r\n\r\n')


def saying(answer: bytes) -> Talk:
    """Answers every request (without body) so, and hangs up when the client does."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await head(reader)
            writer.write(answer)
            await writer.drain()

    return talk


def saying_once(answer: bytes) -> Talk:
    """Answers one request so and hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(answer)
        await writer.drain()

    return talk


def cut(data: bytes, places: Iterator[int]) -> list[bytes]:
    """`data` in pieces of these lengths, the rest at the end."""
    pieces = []
    for place in places:
        pieces.append(data[:place])
        data = data[place:]
    return [piece for piece in (*pieces, data) if piece]
