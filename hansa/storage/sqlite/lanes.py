"""Who may use which connection on which thread: short work on the event loop, long work on one thread per lane."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from hansa.model.errors import Busy

T = TypeVar('T')
Work = Callable[[sqlite3.Connection], T]

WAITING = 1024

# Steps of SQLite's machine: ten thousand take about half a millisecond, and looking for something longer is not to be done on the event loop. Rows
# that are found have to be taken by Python in any case, twenty steps and more for each: on a thread each of them would wait for a busy loop to let go.
_STEPS = 1000
_TURNS = 10
_ROWS = 25


# Short pieces of writing done in one go, about a tenth of a millisecond each.
_AT_ONCE = 50

TOGETHER = 4000
"""Items that are written in one transaction, where they wait together: about a third of a second."""


class TooLong(Exception):
    """It is more than can be done on the event loop."""


class Short:
    """A connection for what is done on the event loop if it turns out to be short, and given up if it does not."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self._turns = 0
        db.set_progress_handler(self._enough, _STEPS)

    def near(self, work: Work[T], rows: int = 1) -> T:
        """Do it now; it gives so many rows at most. Raises TooLong."""
        self._turns = _TURNS + rows // _ROWS
        try:
            return work(self.db)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise TooLong from None

    def _enough(self) -> bool:
        # Once only: what has been given up must be able to roll back.
        self._turns -= 1
        return self._turns == 0


class Lane:
    """A connection whose long work is done by a thread of its own, one piece after the other.

    Without a thread (a database in memory has one connection for all) long work is done at once. `waiting` is how much was begun or waits.
    """

    def __init__(self, db: sqlite3.Connection, name: str, threaded: bool) -> None:
        self.db = db
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name) if threaded else None
        self.waiting = 0

    async def far(self, work: Work[T]) -> T:
        """Do it off the loop. Raises Busy where too much waits already."""
        if self._thread is None:
            return work(self.db)
        if self.waiting >= WAITING:
            raise Busy(f'{WAITING} requests wait for the inventory; try again.')
        self.waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, self.db)
        future.add_done_callback(self._done)
        # A caller that gives up must not free the place of work that still runs.
        return await asyncio.shield(future)

    async def end(self) -> None:
        """Come back when all that was begun is done; the connection is left open."""
        if self._thread is not None:
            await asyncio.to_thread(self._thread.shutdown)

    def _done(self, future: asyncio.Future[T]) -> None:
        self.waiting -= 1
        if not future.cancelled():
            future.exception()


class _Turn(msgspec.Struct, eq=False):
    """Work that waits, and who waits for it; `bare` is no transaction. With `items` it is work that is done for several in one go."""

    work: Work[Any]
    far: bool
    done: asyncio.Future[Any]
    items: Sequence[Any] = ()
    each: Callable[[sqlite3.Connection, Sequence[Any]], None] | None = None
    bare: bool = False


class Writer:
    """The one connection that writes; every piece of work is a transaction, and one runs at a time, in the order in which they came.

    Short work is done in the moment when it may be: were each to wait for the loop to come round, a busy loop would write but a
    few times a second.
    """

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._line: deque[_Turn] = deque()
        self._away = False

    @property
    def waiting(self) -> int:
        """How much waits."""
        return len(self._line)

    async def near(self, work: Work[T]) -> T:
        """Do short work on the loop. Raises Busy where too much waits already."""
        if not (self._away or self._line):
            return _transact(self._lane.db, work)
        self._admit()
        return await self._queue(work, far=False)

    async def far(self, work: Work[T]) -> T:
        """Do long work off the loop; other writers wait, readers do not. Raises Busy like `near`."""
        self._admit()
        return await self._queue(work, far=True)

    async def together(self, each: Callable[[sqlite3.Connection, Sequence[T]], None], items: Sequence[T]) -> None:
        """Do long work for these items off the loop, in one transaction with that of others who wait right behind with the same work. Where that
        fails each is done by itself, so that nobody hears of another's failure. Raises Busy like `near`.
        """
        self._admit()
        await self._queue(lambda db: each(db, items), far=True, items=items, each=each)

    async def between(self, work: Work[None]) -> None:
        """Do long work off the loop between two transactions, while nobody writes. Raises Busy like `near`."""
        self._admit()
        await self._queue(work, far=True, bare=True)

    async def end(self) -> None:
        """Come back when all that was begun is written, however much that is."""
        await self._queue(lambda _: None, far=True)
        await self._lane.end()

    def _admit(self) -> None:
        if len(self._line) >= WAITING:
            raise Busy(f'{WAITING} writers wait for the inventory; try again.')

    async def _queue(
        self, work: Work[T], *, far: bool, items: Sequence[Any] = (), each: Callable[[sqlite3.Connection, Sequence[Any]], None] | None = None,
        bare: bool = False,
    ) -> T:  # fmt: skip
        turn = _Turn(work, far, asyncio.get_running_loop().create_future(), items, each, bare)
        self._line.append(turn)
        if not self._away:
            self._serve()
        done: T = await turn.done
        return done

    def _serve(self) -> None:
        """Do what is short, as much as comes in one go; begin what is long."""
        for _ in range(_AT_ONCE):
            if not self._line:
                return
            turn = self._line.popleft()
            if turn.done.cancelled():
                continue
            if turn.far:
                more = self._alike(turn)
                if more:
                    self._begin_all([turn, *more])
                else:
                    self._begin(turn)
                return
            try:
                turn.done.set_result(_transact(self._lane.db, turn.work))
            except Exception as error:  # noqa: BLE001 - whoever waits for it is told
                turn.done.set_exception(error)
        self._away = True
        asyncio.get_running_loop().call_soon(self._again)

    def _alike(self, first: _Turn) -> list[_Turn]:
        """Those right behind that can be done with it."""
        found: list[_Turn] = []
        room = TOGETHER - len(first.items)
        while first.each is not None and self._line and self._line[0].each == first.each and len(self._line[0].items) <= room:
            turn = self._line.popleft()
            if not turn.done.cancelled():
                found.append(turn)
                room -= len(turn.items)
        return found

    def _begin_all(self, turns: list[_Turn]) -> None:
        self._away = True
        work = _all(turns)
        task = asyncio.ensure_future(self._lane.far(lambda db: _transact(db, work)))
        task.add_done_callback(lambda task: self._all_back(turns, task))

    def _all_back(self, turns: list[_Turn], task: asyncio.Future[None]) -> None:
        if task.cancelled() or task.exception():
            for turn in reversed(turns):
                turn.each = None
                self._line.appendleft(turn)
        else:
            for turn in turns:
                if not turn.done.done():
                    turn.done.set_result(None)
        self._again()

    def _begin(self, turn: _Turn) -> None:
        self._away = True
        task = asyncio.ensure_future(self._lane.far(lambda db: turn.work(db) if turn.bare else _transact(db, turn.work)))
        task.add_done_callback(lambda task: self._back(turn, task))

    def _back(self, turn: _Turn, task: asyncio.Future[Any]) -> None:
        if task.cancelled():
            turn.done.cancel()
        elif turn.done.cancelled():
            task.exception()
        elif error := task.exception():
            turn.done.set_exception(error)
        else:
            turn.done.set_result(task.result())
        self._again()

    def _again(self) -> None:
        self._away = False
        self._serve()


def _all(turns: Sequence[_Turn]) -> Work[None]:
    items = [item for turn in turns for item in turn.items]

    def work(db: sqlite3.Connection) -> None:
        if each := turns[0].each:
            each(db, items)

    return work


def _transact(db: sqlite3.Connection, work: Work[T]) -> T:
    db.execute('BEGIN IMMEDIATE')
    try:
        result = work(db)
        db.execute('COMMIT')
    except BaseException:
        if db.in_transaction:
            db.execute('ROLLBACK')
        raise
    return result
