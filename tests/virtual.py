"""An event loop whose time is not the machine's: where nothing is left to do, it is at once the moment of the next timer."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

from hansa.ports.clock import SystemClock

T = TypeVar('T')
Ts = TypeVarTuple('Ts')

EPOCH = 1_780_000_000.0
_STUCK_SECONDS = 20.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """Work in threads (the store's) takes no time: the clock stands while any is under way."""

    def __init__(self) -> None:
        self.moment = 0.0
        self.far = 0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.moment

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self.far += 1
        future.add_done_callback(self._near)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        self.far += 1
        await super().shutdown_default_executor(*args)

    def _near(self, _: asyncio.Future[Any]) -> None:
        self.far -= 1


class _Selector(selectors.DefaultSelector):
    """Instead of waiting for the next timer it moves the loop's time there."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self._loop.far or timeout is None:
            ready = super().select(_STUCK_SECONDS)
            if not ready:
                raise AssertionError('nothing is under way that could ever wake this loop')
            return ready
        self._loop.moment += timeout
        return ready


class VirtualClock(SystemClock):
    """The port `Clock` on the time of the running loop."""

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a test's steps in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())
