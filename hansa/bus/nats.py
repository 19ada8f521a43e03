"""The bus by way of NATS: one subscription to everything of the league, and a connection that is made anew for as long as the process lives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error

from hansa.bus.hearing import Ears
from hansa.ports.bus import MOST_BYTES, Handler

WAITING = 1000
PAUSE_S = 1.0

_PATIENCE_S = 5
_PING_S = 10
_Line = asyncio.Queue[tuple[str, bytes]]
_log = logging.getLogger('hansa.bus')


class NatsBus:
    """The port's Bus. `place` names the servers in the log, where their URLs may hold secrets; what is published while there is no
    connection is lost. `connected` is set while there is one.
    """

    def __init__(self, servers: Sequence[str], place: str, league: str, pause: float = PAUSE_S) -> None:
        self.connected = asyncio.Event()
        self._servers = list(servers)
        self._place = place
        self._root = f'{league}.'
        self._pause = pause
        self._ears = Ears()
        self._line: _Line | None = None
        self._task = asyncio.get_running_loop().create_task(self._live())

    def publish(self, subject: str, body: bytes = b'') -> None:
        if self._line is not None and len(body) <= MOST_BYTES:
            with contextlib.suppress(asyncio.QueueFull):
                self._line.put_nowait((subject, body))

    def subscribe(self, prefix: str, handler: Handler) -> Callable[[], None]:
        return self._ears.add(prefix, handler)

    def up(self) -> bool:
        return self.connected.is_set()

    async def close(self) -> None:
        if self._line is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._line.join()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _live(self) -> None:
        """Connection after connection. The library would go on trying by itself, but not after every kind of end."""
        told = ''
        while True:
            try:
                await self._connection()
                why = 'the connection has ended'
                told = ''
            except (OSError, Error, TimeoutError, ValueError) as error:
                # The words of some of these hold the URL.
                why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            if why != told:
                _log.warning('the bus at %s cannot be used: %s; processes hear of each other more slowly', self._place, why)
                told = why
            await asyncio.sleep(self._pause)

    async def _connection(self) -> None:
        over = asyncio.Event()

        async def ended() -> None:
            over.set()

        client = Client()
        sending = None
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await client.connect(
                    self._servers, name='hansa', error_cb=_note, closed_cb=ended, disconnected_cb=ended, allow_reconnect=False,
                    max_reconnect_attempts=1, reconnect_time_wait=0, connect_timeout=_PATIENCE_S, ping_interval=_PING_S,
                )  # fmt: skip
            await client.subscribe(f'{self._root}>', cb=self._heard)
            # The first ping may overtake what the library has yet to write; the second one is behind it.
            for _ in range(2):
                await client.flush(_PATIENCE_S)
            line = self._line = asyncio.Queue(WAITING)
            sending = asyncio.create_task(self._send(client, line))
            sending.add_done_callback(lambda _: over.set())
            self.connected.set()
            _log.info('the bus at %s is there', self._place)
            # An end in the middle of a write is told to nobody.
            while client.is_connected and not over.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause):
                        await over.wait()
        finally:
            self.connected.clear()
            self._line = None
            if sending is not None:
                sending.cancel()
            await _end(client)

    async def _send(self, client: Client, line: _Line) -> None:
        # The library may swallow that the task is cancelled.
        while self._line is line:
            subject, body = await line.get()
            try:
                await client.publish(self._root + subject, body)
            except (OSError, Error, TimeoutError) as error:
                _log.debug('a hint of %s was lost: %s', subject, type(error).__name__)
                if not client.is_connected:
                    return
            finally:
                line.task_done()

    async def _heard(self, message: Msg) -> None:
        self._ears.tell(message.subject.removeprefix(self._root), message.data)


async def _end(client: Client) -> None:
    with contextlib.suppress(OSError, Error, TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            if client.is_connected:
                await client.flush(_PATIENCE_S)
            await client.close()
    # Where the end came in the middle of something, the library leaves its socket open.
    if (transport := client._transport) is not None:  # noqa: SLF001 - as just said
        transport.close()  # type: ignore[no-untyped-call]  # the library's word has no types


async def _note(error: Exception) -> None:
    _log.debug('NATS: %s', type(error).__name__)
