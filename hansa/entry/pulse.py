"""How late the event loop is: it is told to wake us soon, four times a second, and does so when it comes to it."""

from __future__ import annotations

from hansa.ports.clock import Clock
from hansa.ports.tally import Spread

EVERY_S = 0.25


async def watch(lag: Spread, clock: Clock) -> None:
    """Go on for ever; may be cancelled at any moment."""
    while True:
        due = clock.monotonic() + EVERY_S
        await clock.sleep(EVERY_S)
        lag.add(max(0.0, clock.monotonic() - due))
