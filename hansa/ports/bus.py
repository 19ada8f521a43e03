"""The door to the bus: hints to all processes at once, of which any may be lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

MOST_BYTES = 64 << 10
"""Of a hint's body."""

Handler = Callable[[str, bytes], None]
"""Told the subject and the body. Runs on the loop and must not wait; what it raises is logged."""


class Bus(Protocol):
    """Nothing may depend on it but how soon something happens: it may lose, double and reorder hints, and be away for as long as it likes.

    Subjects are words of letters, digits, '-' and '_' with '.' between. The publisher hears itself too.
    """

    def publish(self, subject: str, body: bytes = b'') -> None:
        """Tell everybody; never waits and never raises. A body over MOST_BYTES, and what cannot be sent soon, is dropped."""
        ...

    def subscribe(self, prefix: str, handler: Handler) -> Callable[[], None]:
        """Hear of a subject and of all below it ('cache' hears 'cache.tokens'). Returns what ends it."""
        ...

    def up(self) -> bool:
        """Whether hints go anywhere at the moment; whoever relies on them for speed looks by itself more often while they do not."""
        ...

    async def close(self) -> None:
        """Send what is left if that can be done soon, and end."""
        ...
