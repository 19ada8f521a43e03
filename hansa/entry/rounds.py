"""The loops of the house: what is gone over again and again while nobody waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

from hansa.model.errors import HansaError
from hansa.ports.clock import Clock

_log = logging.getLogger('hansa')

Round = tuple[Callable[[], Awaitable[int]], float]
"""What is done, and how many seconds after its end it is done again."""


class Rounds:
    """Loops by name, each begun and ended by itself."""

    def __init__(self, rounds: Mapping[str, Round], clock: Clock) -> None:
        self._rounds = rounds
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def names(self) -> Iterable[str]:
        """All that there are."""
        return self._rounds

    async def begin(self, name: str) -> bool:
        """Go round from now on."""
        if name not in self._tasks:
            act, every = self._rounds[name]
            self._tasks[name] = asyncio.create_task(_repeat(act, every, self._clock), name=name)
        return True

    async def end(self, name: str) -> None:
        """Go round no more; what is under way is broken off."""
        if task := self._tasks.pop(name, None):
            task.cancel()
            await asyncio.wait([task])

    async def close(self) -> None:
        """End them all."""
        await asyncio.gather(*(self.end(name) for name in list(self._tasks)))


async def _repeat(act: Callable[[], Awaitable[int]], seconds: float, clock: Clock) -> None:
    while True:
        try:
            await act()
        except HansaError as error:
            _log.warning('%s', error)
        except Exception:  # noqa: BLE001 - whatever it is, it is logged, and the loop must not end by it
            _log.exception('a loop of the house failed; it goes on')
        await clock.sleep(seconds)
