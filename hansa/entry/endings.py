"""How the league begins to serve and is told to end: the first signal lets it finish what is under way, the second ends it at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import uvicorn

DRAIN_SECONDS = 20
CLOSE_SECONDS = 15

_log = logging.getLogger('hansa')


class Server(uvicorn.Server):
    """uvicorn, which tells when it takes requests."""

    def __init__(self, settings: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(settings)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


@contextlib.asynccontextmanager
async def beside(settings: uvicorn.Config, listening: socket.socket) -> AsyncIterator[None]:
    """Another server, which answers as long as the first."""
    server = uvicorn.Server(settings)
    task = asyncio.create_task(server._serve([listening]))  # noqa: SLF001 - serve() without its signal handlers
    try:
        yield
    finally:
        server.should_exit = True
        await task


class Endings:
    """To be made in the task that a signal cancels until `serve` gives it a server to drain."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._starting: asyncio.Task[Any] | None = asyncio.current_task()
        self._server: uvicorn.Server | None = None
        self._told = False
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._tell)

    async def serve(self, server: uvicorn.Server, listening: list[socket.socket]) -> None:
        """Serve until told. uvicorn drains by itself; its own handling of signals would end the process by them."""
        self._server, self._starting = server, None
        await server._serve(listening)  # noqa: SLF001 - serve() without its signal handlers

    def _tell(self) -> None:
        if self._told:
            # The store and Keystone stand a kill -9 at any moment, and Keystone does not outlive us.
            os._exit(0)
        self._told = True
        self._loop.call_later(DRAIN_SECONDS + CLOSE_SECONDS, self._give_up)
        if self._server is not None:
            _log.info('told to end; requests under way have %d s to finish', DRAIN_SECONDS)
            self._server.should_exit = True
        elif self._starting is not None:
            self._starting.cancel()

    def _give_up(self) -> None:
        _log.error('something does not end within %d s; the process ends all the same', DRAIN_SECONDS + CLOSE_SECONDS)
        os._exit(1)
