"""Who may use which connection on which thread: short work on the event loop, long work on one thread per lane."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hansa.model.errors import Busy

T = TypeVar('T')
Work = Callable[[sqlite3.Connection], T]

WAITING = 1024

# Steps of SQLite's machine: ten thousand take about half a millisecond, and what takes more is not to be done on the event loop.
_STEPS = 1000
_TURNS = 10


class TooLong(Exception):
    """It is more than can be done on the event loop."""


class Short:
    """A connection for what is done on the event loop if it turns out to be short, and given up if it does not."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self._turns = 0
        db.set_progress_handler(self._enough, _STEPS)

    def near(self, work: Work[T]) -> T:
        """Do it now. Raises TooLong."""
        self._turns = 0
        try:
            return work(self.db)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise TooLong from None

    def _enough(self) -> bool:
        # Once only: what has been given up must be able to roll back.
        self._turns += 1
        return self._turns == _TURNS


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


class Writer:
    """The one connection that writes; every piece of work is a transaction, and one runs at a time. `waiting` is how much waits."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._gate = asyncio.Lock()
        self.waiting = 0

    async def near(self, work: Work[T]) -> T:
        """Do short work on the loop. Raises Busy where too much waits already."""
        await self._enter()
        try:
            return _transact(self._lane.db, work)
        finally:
            self._gate.release()

    async def far(self, work: Work[T]) -> T:
        """Do long work off the loop; other writers wait, readers do not. Raises Busy like `near`."""
        await self._enter()
        task = asyncio.ensure_future(self._lane.far(lambda db: _transact(db, work)))
        task.add_done_callback(self._leave)
        return await asyncio.shield(task)

    async def end(self) -> None:
        """Come back when all that was begun is written."""
        async with self._gate:
            await self._lane.end()

    async def _enter(self) -> None:
        if self.waiting >= WAITING:
            raise Busy(f'{WAITING} writers wait for the inventory; try again.')
        self.waiting += 1
        try:
            await self._gate.acquire()
        finally:
            self.waiting -= 1

    def _leave(self, task: asyncio.Future[T]) -> None:
        self._gate.release()
        if not task.cancelled():
            task.exception()


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
