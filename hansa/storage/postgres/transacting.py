"""Talking with PostgreSQL: a pool of connections, transactions that are begun again where they met another or span several calls, and its
errors in our words.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar

import asyncpg

from hansa.model.errors import BadRequest, Busy

T = TypeVar('T')

CONNECTIONS = 10
WAITING = 1024
ATTEMPTS = 10

_PATIENCE = 10.0  # seconds for a connection
_STATEMENT = 60.0  # seconds for an answer
_PAUSE = 0.005  # seconds, doubled with each of the first attempts
_DOUBLINGS = 4

# 40001 and 40P01: the transaction met another one, and would do as well if it were begun now.
_MET = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_LOST = (
    asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError,
    OSError, TimeoutError,
)  # fmt: skip

_log = logging.getLogger('hansa')


class Again(Exception):
    """What a transaction stands on has been taken away under it; it has to be begun again."""


def clean(word: str) -> str:
    """PostgreSQL's texts have no U+0000; U+FFFD stands for it."""
    return word.replace('\0', '\ufffd') if '\0' in word else word


class Session:
    """One connection, as the modules of this room use it: SQL, and what is bound to $1, $2 and so on."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self._last: list[Work[None]] = []

    @contextlib.asynccontextmanager
    async def part(self) -> AsyncIterator[Session]:
        """What is undone whole where it raises; what it wanted to do last is undone with it."""
        known = len(self._last)
        try:
            async with self.raw.transaction():
                yield self
        except BaseException:
            del self._last[known:]
            raise

    def at_last(self, work: Work[None]) -> None:
        """Have it done at the very end of the transaction: for what others wait for as soon as it is done."""
        self._last.append(work)

    async def end(self) -> None:
        """Do what is to be done last."""
        for work in self._last:
            await work(self)

    async def rows(self, sql: str, *args: object) -> list[Any]:
        """All rows; a row is read by place or by name."""
        found: list[Any] = await self.raw.fetch(sql, *map(_bound, args))
        return found

    async def row(self, sql: str, *args: object) -> Any:
        """The first row; None where there is none."""
        return await self.raw.fetchrow(sql, *map(_bound, args))

    async def value(self, sql: str, *args: object) -> Any:
        """The first value of the first row; None where there is none."""
        return await self.raw.fetchval(sql, *map(_bound, args))

    async def run(self, sql: str, *args: object) -> None:
        """Do it."""
        await self.raw.execute(sql, *map(_bound, args))

    async def each(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Do it for each of these."""
        await self.raw.executemany(sql, [tuple(map(_bound, row)) for row in rows])

    async def script(self, sql: str) -> None:
        """Do several statements, to which nothing is bound."""
        await self.raw.execute(sql)


def _bound(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Work = Callable[[Session], Awaitable[T]]


class _Joint:
    """A transaction over several calls. One at a time may speak; after a serialisation failure nothing in it is worth keeping."""

    def __init__(self, pool: Pool, db: Session) -> None:
        self.pool = pool
        self.turn = asyncio.Lock()
        self.open = True
        self.spoilt = False
        self._db = db

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        async with self.turn:
            if not self.open:
                raise Again
            try:
                async with self._db.part():
                    yield self._db
            except asyncpg.SerializationError:
                self.spoilt = True
                raise


_JOINT: contextvars.ContextVar[_Joint | None] = contextvars.ContextVar('joint', default=None)


class Pool:
    """Connections in turn; `waiting` is how much was begun or waits. Every method raises Busy where the database does not answer, or too much waits for it already."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.waiting = 0

    async def read(self, work: Work[T], *, apart: bool = False) -> T:
        """Do what only reads; each statement of it sees one moment. Within `whole` it sees what was written there, unless it is `apart`."""
        return await self._try(work, None if apart else work)

    async def write(self, work: Work[T], *, apart: bool = False) -> T:
        """Do it in a transaction, which may be begun several times: work must change nothing but the database. Within `whole` it is
        part of that transaction, unless it is `apart`.
        """

        async def alone(db: Session) -> T:
            async with db.part():
                found = await work(db)
                await db.end()
                return found

        return await self._try(alone, None if apart else work)

    async def look(self, work: Work[T]) -> T:
        """Do what only reads; all of it sees one moment."""

        async def alone(db: Session) -> T:
            async with db.raw.transaction(isolation='repeatable_read', readonly=True):
                return await work(db)

        return await self._try(alone, None)

    @contextlib.asynccontextmanager
    async def whole(self, first: Work[T]) -> AsyncIterator[tuple[Session, T]]:
        """One transaction of `first` (which may be begun several times) and all that is read and written inside the block, in whatever task
        of it; committed at the end of the block. Raises Busy also there; then, and where the block raises, nothing of it is done.
        """
        async with self._session() as db:
            transaction, found = await self._begun(db, first)
            joint = _Joint(self, db)
            before = _JOINT.set(joint)
            try:
                yield db, found
                async with joint.turn:
                    joint.open = False
                    if joint.spoilt:
                        raise Busy('Another transaction was faster; try again.')
                    with _finally():
                        await db.end()
                        await transaction.commit()
            except BaseException:
                async with joint.turn:
                    joint.open = False
                    await _undo(db, transaction)
                raise
            finally:
                _JOINT.reset(before)

    async def _begun(self, db: Session, first: Work[T]) -> tuple[Any, T]:
        async def work() -> tuple[Any, T]:
            transaction = db.raw.transaction()
            await transaction.start()
            try:
                return transaction, await first(db)
            except BaseException:
                await _undo(db, transaction)
                raise

        return await _persistently(work)

    def _joint(self) -> _Joint | None:
        joint = _JOINT.get()
        return joint if joint is not None and joint.pool is self and joint.open else None

    async def _try(self, alone: Work[T], joined: Work[T] | None) -> T:
        async def once() -> T:
            joint = self._joint()
            if joined is not None and joint is not None:
                async with joint.session() as db:
                    return await joined(db)
            async with self._session() as db:
                return await alone(db)

        return await _persistently(once)

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        if self.waiting >= WAITING:
            raise Busy(f'{WAITING} requests wait for the database; try again.')
        self.waiting += 1
        try:
            raw = await self._raw.acquire(timeout=_PATIENCE)
            try:
                yield Session(raw)
            finally:
                await self._raw.release(raw, timeout=_PATIENCE)
        finally:
            self.waiting -= 1

    async def close(self) -> None:
        """Let what is under way finish, then close all connections."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._raw.close()
        except TimeoutError:
            self._raw.terminate()


async def _persistently(work: Callable[[], Awaitable[T]]) -> T:
    for attempt in range(ATTEMPTS):
        try:
            with plainly():
                return await work()
        except (*_MET, Again) as error:
            _log.debug('a transaction is begun again: %s', type(error).__name__)
            await asyncio.sleep(random.random() * _PAUSE * 2 ** min(attempt, _DOUBLINGS))  # noqa: S311 - only to fall out of step with others
    raise Busy(f'The database was asked {ATTEMPTS} times and others were always faster; try again.')


async def _undo(db: Session, transaction: Any) -> None:
    # A connection that was lost has undone it by itself.
    with contextlib.suppress(asyncpg.PostgresError, *_LOST):
        await transaction.rollback()


@contextlib.contextmanager
def _finally() -> Iterator[None]:
    """As `plainly`, where there is no other attempt."""
    try:
        with plainly():
            yield
    except _MET as error:
        raise Busy('Another transaction was faster; try again.') from error


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """PostgreSQL's errors in our words; those that ask for another attempt go through."""
    try:
        yield
    except _MET:
        raise
    except asyncpg.InvalidRegularExpressionError as error:
        raise BadRequest(f'The regular expression is not valid: {error.message}.') from error
    except (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError) as error:
        raise BadRequest('There is text in it that is no Unicode.') from error
    except (asyncpg.QueryCanceledError, *_LOST) as error:
        if isinstance(error, ValueError):  # asyncpg's own word for what cannot be bound
            raise BadRequest('There is a value in it that cannot be kept.') from error
        raise Busy('The database does not answer; try again.', retry_after=5) from error


async def _as_it_is(raw: Any) -> None:
    """Nothing of this room leaves anything behind in a session; to ask the server to forget it would take as long as a read."""


async def pool(dsn: str) -> Pool:
    """Connect. Raises what asyncpg and the system raise."""
    # A pool that has to keep some open would try to, and say so, for as long as the server is away.
    first = await asyncpg.connect(dsn, timeout=_PATIENCE)
    await first.close(timeout=_PATIENCE)
    raw = await asyncpg.create_pool(
        dsn, min_size=0, max_size=CONNECTIONS, timeout=_PATIENCE, command_timeout=_STATEMENT, max_inactive_connection_lifetime=300.0,
        reset=_as_it_is,
        # Plans of short queries are not worth compiling, and what is asked for often is in memory.
        server_settings={'application_name': 'hansa', 'jit': 'off', 'random_page_cost': '1.1'},
    )  # fmt: skip
    return Pool(raw)
