"""Talking with PostgreSQL: a pool of connections, transactions that are begun again where they met another, and its errors in our words."""

from __future__ import annotations

import asyncio
import contextlib
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


class Pool:
    """Connections in turn; `waiting` is how much was begun or waits. Every method raises Busy where the database does not answer, or too much waits for it already."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.waiting = 0

    async def read(self, work: Work[T]) -> T:
        """Do what only reads; each statement of it sees one moment."""
        return await self._try(work)

    async def write(self, work: Work[T]) -> T:
        """Do it in a transaction, which may be begun several times: work must change nothing but the database."""

        async def whole(db: Session) -> T:
            async with db.raw.transaction():
                return await work(db)

        return await self._try(whole)

    async def look(self, work: Work[T]) -> T:
        """Do what only reads; all of it sees one moment."""

        async def whole(db: Session) -> T:
            async with db.raw.transaction(isolation='repeatable_read', readonly=True):
                return await work(db)

        return await self._try(whole)

    async def _try(self, work: Work[T]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                with plainly():
                    async with self._session() as db:
                        return await work(db)
            except (*_MET, Again) as error:
                _log.debug('a transaction is begun again: %s', type(error).__name__)
                await asyncio.sleep(random.random() * _PAUSE * 2 ** min(attempt, _DOUBLINGS))  # noqa: S311 - only to fall out of step with others
        raise Busy(f'The database was asked {ATTEMPTS} times and others were always faster; try again.')

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
