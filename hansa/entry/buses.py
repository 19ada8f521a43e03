"""The bus between the processes of a league, as the settings want it."""

from __future__ import annotations

from collections.abc import Callable

from hansa.ports.bus import Handler


class Quiet:
    """No bus at all: nobody hears anything, and everybody looks by himself."""

    def publish(self, subject: str, body: bytes = b'') -> None:
        """Nobody hears it."""

    def subscribe(self, prefix: str, handler: Handler) -> Callable[[], None]:
        return lambda: None

    def up(self) -> bool:
        return False

    async def close(self) -> None:
        """Nothing is open."""
