"""A clock that stands still until its owner moves it."""

from __future__ import annotations

import asyncio


class HandClock:
    """`time` (epoch seconds) is what `now()` says; set it, or `advance()` it. Waiting costs no time."""

    def __init__(self, time: float = 1_780_000_000.0) -> None:
        self.time = time

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        """Go forward."""
        self.time += seconds

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)
