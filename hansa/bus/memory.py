"""The bus of one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hansa.bus.hearing import Ears
from hansa.ports.bus import MOST_BYTES, Handler


class MemoryBus:
    """The port's Bus; `whole` says that there are no other processes that would have to hear."""

    def __init__(self, *, whole: bool = True) -> None:
        self._whole = whole
        self._open = True
        self._ears = Ears()

    def publish(self, subject: str, body: bytes = b'') -> None:
        if self._open and len(body) <= MOST_BYTES:
            # Later, as from any other bus: who publishes is done before somebody hears of it.
            asyncio.get_running_loop().call_soon(self._ears.tell, subject, body)

    def subscribe(self, prefix: str, handler: Handler) -> Callable[[], None]:
        return self._ears.add(prefix, handler)

    def up(self) -> bool:
        return self._open and self._whole

    async def close(self) -> None:
        self._open = False
        # What was published before goes first.
        await asyncio.sleep(0)
