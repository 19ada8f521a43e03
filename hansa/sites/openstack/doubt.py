"""Telling a slow answer from a hung service: who waits long has the service asked something light, and leaves if that hangs too
while nobody else hears anything of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from hansa.model.errors import Busy
from hansa.ports.http import Transport, TransportError

T = TypeVar('T')

READ = (1.2, 1.2)
WRITE = (3.0, 4.0)
"""Seconds until a request's service is doubted, and seconds that it then has for the light question."""

_ASKED = 20
"""How often a service is asked that goes on answering others; by then whoever asked first has had its time."""

_LIGHT = [('Accept', 'application/json')]


class Doubt:
    """One per site. `hung` is told the service that answers nothing any more; `patience` multiplies the seconds."""

    def __init__(self, transport: Transport, hung: Callable[[str, str], None], patience: float = 1.0) -> None:
        self._transport = transport
        self._scale = patience
        self._hung = hung
        # Reads and writes of a service are doubted apart: who only looks may give up long before who changes something.
        self._asking: dict[tuple[str, bool], asyncio.Task[None]] = {}
        self._waiting: dict[tuple[str, bool], set[asyncio.Task[Any]]] = {}
        self._freed: set[asyncio.Task[Any]] = set()
        self._heard: dict[str, int] = {}

    def heard(self, service: str) -> None:
        """A service answered something."""
        self._heard[service] = self._heard.get(service, 0) + 1

    async def over(self, service: str, light: str, act: Callable[[], Awaitable[T]], *, write: bool) -> T:
        """A request to a service; `light` is the URL of its version document. Raises TransportError where it hangs.

        As asyncio.timeout does it, but at the price of one timer, as nearly every request is answered long before.
        """
        task = cast('asyncio.Task[Any]', asyncio.current_task())
        patience = (WRITE if write else READ)[0] * self._scale
        timer = asyncio.get_running_loop().call_later(patience, self._begin, service, light, write, task)
        try:
            return await act()
        except asyncio.CancelledError:
            if task in self._freed and task.uncancel() == 0:
                raise TransportError('does not answer', sent=True) from None
            raise
        finally:
            timer.cancel()
            self._freed.discard(task)
            self._waiting.get((service, write), set()).discard(task)

    def _begin(self, service: str, light: str, write: bool, task: asyncio.Task[Any]) -> None:
        who = service, write
        self._waiting.setdefault(who, set()).add(task)
        if who not in self._asking:
            asking = self._asking[who] = asyncio.get_running_loop().create_task(self._ask(service, light, write))
            asking.add_done_callback(lambda _: self._asking.pop(who, None))

    async def _ask(self, service: str, light: str, write: bool) -> None:
        limit = (WRITE if write else READ)[1] * self._scale
        for _ in range(_ASKED):
            before = self._heard.get(service, 0)
            try:
                response = await self._transport.send('GET', light, _LIGHT, None, limit)
                await response.close()
            except Busy:
                # All connections are in use: that says nothing of the service.
                return
            except TransportError as error:
                if self._heard.get(service, 0) != before:
                    # Slow, as others get their answers: only one that is silent to all of them hangs.
                    continue
                self._hung(service, error.reason)
                for task in self._waiting.pop((service, write), set()):
                    self._freed.add(task)
                    task.cancel()
            return

    async def close(self) -> None:
        """Ask no more."""
        for task in self._asking.values():
            task.cancel()
        if self._asking:
            await asyncio.wait(list(self._asking.values()))
