"""The clock of a site that may be wrong."""

from __future__ import annotations

from hansa.ports.clock import Clock


class SiteClock:
    """The clock `true`, `offset` seconds off; what is waited for does not get longer by it."""

    def __init__(self, true: Clock) -> None:
        self.true = true
        self.offset = 0.0

    def now(self) -> float:
        return self.true.now() + self.offset

    def monotonic(self) -> float:
        return self.true.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self.true.sleep(seconds)
