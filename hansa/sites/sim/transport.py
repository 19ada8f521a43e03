"""Carries HTTP requests to an ASGI app in memory, with bodies passed chunk by chunk in both directions."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from hansa.model.errors import TooLarge
from hansa.ports.http import TransportError
from hansa.ports.site import Headers, SiteResponse

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

ROOM = 4
"""Chunks that may wait for whoever takes them."""


class AsgiTransport:
    """Each host name goes to its app: AsgiTransport({'east.sim': cloud}); one app alone takes every host."""

    def __init__(self, apps: dict[str, App] | App) -> None:
        self._apps = apps
        self._running: set[asyncio.Task[None]] = set()

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float
    ) -> SiteResponse:
        """`timeout` seconds bound the wait for the head and for each chunk. Raises TransportError, and whatever the body's stream raises."""
        parts = urllib.parse.urlsplit(url)
        app = self._apps.get(parts.netloc) if isinstance(self._apps, dict) else self._apps
        if app is None:
            raise TransportError('has a name that is not known', sent=False)
        exchange = _Exchange(body, timeout)
        scope: Message = {
            'type': 'http',
            'asgi': {'version': '3.0', 'spec_version': '2.3'},
            'http_version': '1.1',
            'method': method,
            'scheme': parts.scheme,
            'path': urllib.parse.unquote(parts.path or '/'),
            'raw_path': (parts.path or '/').encode(),
            'query_string': parts.query.encode(),
            'root_path': '',
            'headers': _raw(headers, parts.netloc, body),
            'client': None,
            'server': None,
        }
        task = asyncio.create_task(exchange.run(app, scope))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await exchange.head(task)

    async def close(self) -> None:
        """End whatever is under way."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _raw(headers: Headers, host: str, body: object) -> list[tuple[bytes, bytes]]:
    named = {key.lower() for key, _ in headers}
    extra = [] if 'host' in named else [('host', host)]
    if isinstance(body, bytes) and 'content-length' not in named:
        extra.append(('content-length', str(len(body))))
    elif body is not None and 'content-length' not in named:
        extra.append(('transfer-encoding', 'chunked'))
    return [(key.lower().encode('latin1'), value.encode('latin1')) for key, value in [*extra, *headers]]


class _Exchange:
    """One request and its response; the app runs in a task of its own and is paused while nobody takes chunks."""

    def __init__(self, body: bytes | AsyncIterator[bytes] | None, timeout: float) -> None:
        self._body = body
        self._timeout = timeout
        self._taken = False
        self._moved = False
        self._started: asyncio.Future[tuple[int, Headers]] = asyncio.get_running_loop().create_future()
        self._chunks: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(ROOM)
        self._gone = asyncio.Event()
        self._torn: Exception | None = None

    async def run(self, app: App, scope: Message) -> None:
        try:
            await app(scope, self._receive, self._send)
            end: BaseException | None = None if self._started.done() else ConnectionResetError('no answer')
        except Exception as failure:  # noqa: BLE001 - whatever broke the app breaks the connection
            end = failure
        if end is not None and not self._started.done():
            self._started.set_exception(end)
        else:
            await self._chunks.put(end)

    async def _receive(self) -> Message:
        if self._taken:
            await self._gone.wait()
            return {'type': 'http.disconnect'}
        if isinstance(self._body, (bytes, type(None))):
            self._taken = True
            return {'type': 'http.request', 'body': self._body or b'', 'more_body': False}
        try:
            async for chunk in self._body:
                self._moved = True
                return {'type': 'http.request', 'body': chunk, 'more_body': True}
        except Exception as torn:
            self._torn = torn
            raise
        self._taken = True
        return {'type': 'http.request', 'body': b'', 'more_body': False}

    async def _send(self, message: Message) -> None:
        if message['type'] == 'http.response.start':
            headers = [(key.decode('latin1'), value.decode('latin1')) for key, value in message['headers']]
            if not self._started.done():
                self._started.set_result((message['status'], headers))
        elif message.get('body'):
            await self._chunks.put(message['body'])

    async def _first(self) -> tuple[int, Headers]:
        """The head; while the request's body still moves, the time begins anew."""
        while True:
            self._moved = False
            try:
                # Not wait_for: of Python 3.11 it forgets a cancelling that comes together with the answer.
                async with asyncio.timeout(self._timeout):
                    return await asyncio.shield(self._started)
            except TimeoutError:
                if not self._moved:
                    raise

    async def head(self, task: asyncio.Task[None]) -> SiteResponse:
        """Raises TransportError, and whatever the body's stream raised, which is not the site's fault."""
        try:
            status, headers = await self._first()
        except Exception as error:
            if self._torn is not None and error is self._torn:
                raise
            raise self._said(error, task) from error
        except asyncio.CancelledError:
            task.cancel()
            raise
        return AsgiResponse(status, headers, self._chunks, task, self._timeout)

    def _said(self, error: Exception, task: asyncio.Task[None]) -> TransportError:
        if isinstance(error, TimeoutError):
            task.cancel()
            return TransportError(f'did not answer in {self._timeout:g} s', sent=True)
        if isinstance(error, ConnectionRefusedError):
            return TransportError('refuses connections', sent=False)
        if isinstance(error, OSError):
            return TransportError('broke the connection', sent=True)
        return TransportError(f'broke down ({type(error).__name__})', sent=True)


class AsgiResponse:
    """What came back."""

    def __init__(
        self,
        status: int,
        headers: Headers,
        chunks: asyncio.Queue[bytes | BaseException | None],
        task: asyncio.Task[None],
        timeout: float,
    ) -> None:
        self.status = status
        self.headers = headers
        self._chunks = chunks
        self._task = task
        self._timeout = timeout

    def header(self, name: str) -> str:
        """Value of the first header of that name (any case); '' where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), '')

    async def read(self, limit: int = 64 << 20) -> bytes:
        """The whole body. Raises TooLarge past `limit` bytes, TransportError where it breaks off."""
        parts, size = [], 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                await self.close()
                raise TooLarge(f'The body is longer than {limit} bytes.')
            parts.append(chunk)
        return b''.join(parts)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises TransportError."""
        try:
            while True:
                try:
                    async with asyncio.timeout(self._timeout):
                        chunk = await self._chunks.get()
                except TimeoutError:
                    raise TransportError(f'stopped in the middle for {self._timeout:g} s', sent=True) from None
                if chunk is None:
                    return
                if isinstance(chunk, BaseException):
                    raise TransportError('broke off in the middle', sent=True) from chunk
                yield chunk
        finally:
            await self.close()

    async def close(self) -> None:
        """Let go of a body that is not wanted."""
        self._task.cancel()
