"""The numbers of questions to a site: whoever asks it draws one first, so that an answer never undoes the answer to a later question."""

from __future__ import annotations

from hansa.ports.clock import Clock

SECOND = 1_000_000
"""Numbers in a second."""


class Questions:
    """Numbers are microseconds of the league's time, so that those of two programs can be compared; each is higher than the one before.

    `ahead` is by how many seconds the league's clock is ahead of ours.
    """

    def __init__(self, clock: Clock) -> None:
        self.ahead = 0.0
        self.last = 0
        self._clock = clock

    def now(self) -> float:
        """The league's time, in seconds since the epoch."""
        return self._clock.now() + self.ahead

    def ticket(self) -> int:
        """The number of a question, to be drawn before it is sent."""
        self.last = max(self.last + 1, int(self.now() * SECOND))
        return self.last

    def seen(self, number: int) -> None:
        """Somebody else drew this one; what is drawn from now on is higher."""
        self.last = max(self.last, number)
