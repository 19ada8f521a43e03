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
    """Work for threads (the store's) is done at once and takes no time: which of two threads is the first would be another thing in each run."""

    def __init__(self) -> None:
        self.moment = 0.0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.moment

    def run_in_executor(
        self, _: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            future.set_exception(error)
        return future


class _Selector(selectors.DefaultSelector):
    """Instead of waiting for the next timer it moves the loop's time there."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
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
