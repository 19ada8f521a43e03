"""A simulated cloud that really listens on a port of this machine, can be taken away and come back as it was."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from hansa.ports.clock import SystemClock
from hansa.sites.sim.cloud import SimCloud

WAIT_SECONDS = 30


class _Server(uvicorn.Server):
    """Tells the thread that started it when it answers."""

    def __init__(self, settings: uvicorn.Config) -> None:
        super().__init__(settings)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class Cloud:
    """`sim` behind `auth_url`; `start` and `stop` as often as wanted."""

    def __init__(self) -> None:
        self.sim = SimCloud('fake', SystemClock())
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self._port = int(probe.getsockname()[1])
        self._running: tuple[_Server, threading.Thread] | None = None

    @property
    def auth_url(self) -> str:
        return f'http://127.0.0.1:{self._port}/identity/v3'

    def start(self) -> None:
        """Answer from now on."""
        settings = uvicorn.Config(
            self.sim, port=self._port, loop='asyncio', lifespan='off', log_config=None, access_log=False, timeout_graceful_shutdown=0
        )
        server = _Server(settings)
        # The thread is given the server's own coroutine, as run() would take the signals of the tests.
        thread = threading.Thread(target=lambda: asyncio.run(server._serve()))
        thread.start()
        assert server.up.wait(WAIT_SECONDS)
        self._running = server, thread

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._running is not None:
            server, thread = self._running
            server.should_exit = server.force_exit = True
            thread.join(WAIT_SECONDS)
            self._running = None

    def entry(self, password: str = 'secret', region: str = 'RegionOne') -> str:
        """Its entry of a clouds.yaml, as a mapping on one line."""
        auth = f'auth_url: "{self.auth_url}", username: admin, password: {password}, project_name: admin'
        return f'{{auth: {{{auth}, user_domain_name: Default, project_domain_name: Default}}, region_name: {region}}}'


@contextmanager
def running() -> Iterator[Cloud]:
    """One that answers, and is taken away at the end."""
    cloud = Cloud()
    cloud.start()
    try:
        yield cloud
    finally:
        cloud.stop()
