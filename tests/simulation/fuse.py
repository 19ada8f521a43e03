"""A fuse on every door of the house: at the n-th change of anything outside its memory, the house is dead.

Between two changes of the store or of a site a killed process leaves behind the same thing whenever it dies, so that every
change is one moment to die in; looks are not counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import Any

from hansa.ports.http import Transport
from hansa.ports.site import Headers, SiteResponse
from hansa.ports.store import Store

CHANGES = frozenset(
    ('put', 'remove', 'forget_site', 'add_aliases', 'drop_aliases', 'rename_id', 'open_intent', 'move_intent', 'put_decision',
     'put_site', 'drop_site', 'set', 'unset', 'owe', 'owe_all', 'settle', 'put_spread', 'drop_spread')
)  # fmt: skip


class Killed(BaseException):
    """The process is no more; nothing that would tidy up after it runs."""


class Fuse:
    """Blows at change number `at` (0: never), just before it where `before`, else when it is done. `log` says what was done."""

    def __init__(self) -> None:
        self.count = 0
        self.at = 0
        self.before = False
        self.blown = asyncio.Event()
        self.log: list[str] = []

    def arm(self, at: int, *, before: bool = False) -> None:
        """Count from here on."""
        self.count, self.at, self.before = 0, at, before
        self.log.clear()

    def check(self) -> None:
        """Raises Killed in a dead house."""
        if self.blown.is_set():
            raise Killed

    async def change(self, word: str, act: Callable[[], Awaitable[Any]]) -> Any:
        """One change."""
        self.check()
        self.count += 1
        fatal = self.count == self.at
        self.log.append(word)
        if fatal and self.before:
            self.blow()
        result = await act()
        if fatal:
            self.blow()
        self.check()
        return result

    def blow(self) -> None:
        """Die now. Raises Killed."""
        self.blown.set()
        raise Killed


class FusedStore:
    """A store with a fuse; `store` is the one behind it, `changes` are the methods that count."""

    def __init__(self, store: Store, fuse: Fuse, changes: Collection[str] = CHANGES) -> None:
        self.store = store
        self._fuse = fuse
        self._changes = changes

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.store, name)

        async def call(*args: Any, **more: Any) -> Any:
            if name in self._changes:
                return await self._fuse.change(name, lambda: method(*args, **more))
            self._fuse.check()
            return await method(*args, **more)

        return call


class FusedTransport:
    """The wire with a fuse. A stream may also be cut after each of its chunks. Only requests count that have `part` in their URL."""

    def __init__(self, transport: Transport, fuse: Fuse, part: str = '') -> None:
        self._transport = transport
        self._fuse = fuse
        self._part = part

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float
    ) -> SiteResponse:
        self._fuse.check()
        stream = self._chunks(body) if body is not None and not isinstance(body, bytes) else body

        async def act() -> SiteResponse:
            return await self._transport.send(method, url, headers, stream, timeout)

        if method in {'GET', 'HEAD'} or self._part not in url:
            response = await act()
            self._fuse.check()
        else:
            response = await self._fuse.change(f'{method} {url}', act)
        return response

    async def _chunks(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in body:
            await self._fuse.change('chunk', _nothing)
            yield chunk

    async def close(self) -> None:
        await self._transport.close()


async def _nothing() -> None:
    return None
