"""Telling a slow answer from a hung service: who waits long has the service asked something light, and leaves if that hangs too."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from hansa.model.errors import Busy
from hansa.ports.http import Transport, TransportError

READ = (1.2, 1.2)
WRITE = (3.0, 4.0)
"""Seconds until a request's service is doubted, and seconds that it then has for the light question."""

_LIGHT = [('Accept', 'application/json')]


class Doubt:
    """One per site. `hung` is told the service that answers nothing any more."""

    def __init__(self, transport: Transport, hung: Callable[[str, str], None]) -> None:
        self._transport = transport
        self._hung = hung
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, set[asyncio.Timeout]] = {}

    @contextlib.asynccontextmanager
    async def over(self, service: str, light: str, *, write: bool) -> AsyncIterator[None]:
        """Around a request to a service; `light` is the URL of its version document. Raises TransportError where it hangs."""
        loop = asyncio.get_running_loop()
        patience, limit = WRITE if write else READ
        scope = asyncio.timeout(None)
        try:
            async with scope:
                timer = loop.call_later(patience, self._begin, service, light, limit, scope)
                try:
                    yield
                finally:
                    timer.cancel()
                    self._waiting.get(service, set()).discard(scope)
        except TimeoutError:
            if not scope.expired():
                raise
            raise TransportError('does not answer', sent=True) from None

    def _begin(self, service: str, light: str, limit: float, scope: asyncio.Timeout) -> None:
        self._waiting.setdefault(service, set()).add(scope)
        if service not in self._asking:
            task = self._asking[service] = asyncio.get_running_loop().create_task(self._ask(service, light, limit))
            task.add_done_callback(lambda _: self._asking.pop(service, None))

    async def _ask(self, service: str, light: str, limit: float) -> None:
        try:
            response = await self._transport.send('GET', light, _LIGHT, None, limit)
            await response.close()
        except Busy:
            # All connections are in use: that says nothing of the service.
            return
        except TransportError as error:
            self._hung(service, error.reason)
            for scope in self._waiting.pop(service, set()):
                scope.reschedule(asyncio.get_running_loop().time())

    async def close(self) -> None:
        """Ask no more."""
        for task in self._asking.values():
            task.cancel()
        if self._asking:
            await asyncio.wait(list(self._asking.values()))
