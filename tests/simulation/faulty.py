"""A wire on which the n-th request goes wrong in one way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from hansa.keystone.twin import Said
from hansa.ports.http import Transport, TransportError
from hansa.ports.site import Headers, SiteResponse

KINDS = ('refuse', 'lose_reply', 'hang', 'late', 'error')
"""late: the site hangs and carries it out all the same, when nobody waits any more."""


def _any(_method: str, _url: str) -> bool:
    return True


class Trouble:
    """Strikes request number `at` (0: none) among those that `fits` takes; shared by all wires of a league."""

    def __init__(self) -> None:
        self.kind = ''
        self.at = 0
        self.count = 0
        self.struck = ''
        self.fits: Callable[[str, str], bool] = _any
        self._late: set[asyncio.Task[SiteResponse]] = set()

    def arm(self, kind: str, at: int) -> None:
        """Count from here on."""
        self.kind, self.at, self.count, self.struck = kind, at, 0, ''

    def strikes(self, method: str, url: str) -> bool:
        """Whether it is this one's turn."""
        if not self.at or not self.fits(method, url):
            return False
        self.count += 1
        if self.count == self.at:
            self.struck = f'{self.kind} {method} {url}'
        return self.count == self.at

    async def suffer(self, send: Callable[[], Awaitable[SiteResponse]], timeout: float) -> SiteResponse:
        """Raises TransportError, or gives an answer that is none."""
        if self.kind == 'refuse':
            raise TransportError('refuses connections', sent=False)
        if self.kind == 'error':
            return Said(500, [('Content-Type', 'application/json')], b'{"computeFault": {"code": 500, "message": "broken"}}')
        if self.kind == 'lose_reply':
            await (await send()).close()
            raise TransportError('broke the connection', sent=True)
        if self.kind == 'late':
            task = asyncio.ensure_future(self._afterwards(send, timeout))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        async with asyncio.timeout(timeout):
            await asyncio.Event().wait()
        raise AssertionError('an event that nobody sets')

    async def _afterwards(self, send: Callable[[], Awaitable[SiteResponse]], timeout: float) -> SiteResponse:
        sleeper = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(timeout + 1, sleeper.set_result, None)
        await sleeper
        response = await send()
        await response.close()
        return response


class FaultyTransport:
    """Stands before another transport."""

    def __init__(self, transport: Transport, trouble: Trouble) -> None:
        self._transport = transport
        self._trouble = trouble

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float
    ) -> SiteResponse:
        async def on() -> SiteResponse:
            return await self._transport.send(method, url, headers, body, timeout)

        if not self._trouble.strikes(method, url):
            return await on()
        try:
            return await self._trouble.suffer(on, timeout)
        except TimeoutError:
            raise TransportError(f'did not answer in {timeout:g} s', sent=True) from None

    async def close(self) -> None:
        await self._transport.close()
