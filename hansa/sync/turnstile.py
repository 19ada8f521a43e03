"""Locks for what seldom waits while it holds them: all who wait are woken together, so that a whole line passes in one turn of the loop.

asyncio.Lock lets one pass a turn: where a busy loop takes long to come round, its line grows for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Hashable


class Turnstile:
    """One at a time, roughly in the order in which they came."""

    def __init__(self) -> None:
        self._held = False
        self._line: list[asyncio.Future[None]] = []

    async def __aenter__(self) -> None:
        while self._held:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._line.append(turn)
            await turn
        self._held = True

    async def __aexit__(self, *_: object) -> None:
        self._held = False
        line, self._line = self._line, []
        for turn in line:
            if not turn.done():
                turn.set_result(None)


class Turnstiles:
    """One for each key that somebody is at."""

    def __init__(self) -> None:
        self._open: dict[Hashable, tuple[Turnstile, int]] = {}

    @contextlib.asynccontextmanager
    async def at(self, key: Hashable) -> AsyncIterator[None]:
        """One at a time with this key."""
        gate, here = self._open.get(key, (Turnstile(), 0))
        self._open[key] = gate, here + 1
        try:
            async with gate:
                yield
        finally:
            gate, here = self._open.pop(key)
            if here > 1:
                self._open[key] = gate, here - 1
