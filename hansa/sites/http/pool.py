"""The connections to one server: so many at most that wait for it, the idle ones kept for a while, callers served in turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from hansa.model.errors import Busy
from hansa.sites.http.connection import Connection

QUEUE_LIMIT = 1024
_MOST = 1024
"""Connections to one server, those that stand aside among them."""

Freed = Callable[[Connection], None]


class Pool:
    """`connect` opens one more connection; it gets the function that the connection tells of being free."""

    def __init__(self, limit: int, connect: Callable[[Freed, float], Awaitable[Connection]]) -> None:
        self._limit = limit
        self._connect = connect
        self._open: set[Connection] = set()
        self._connecting = 0
        self._idle: list[Connection] = []
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()

    async def take(self, timeout: float, careful: bool) -> Connection:
        """An idle connection, the latest used first, or a new one.

        `careful` looks at an idle connection's socket before trusting it. Raises TransportError, and Busy where all
        stay in use for `timeout` seconds.
        """
        while self._idle:
            connection = self._idle.pop()
            if _usable(connection, careful):
                return connection
        if self._has_room():
            return await self.fresh(timeout)
        if len(self._waiters) >= QUEUE_LIMIT:
            raise Busy(f'More than {QUEUE_LIMIT} requests wait for a connection to one server.')
        given = await self._turn(timeout)
        if given is None:
            return await self._open_one(timeout)
        return given if _usable(given, careful) else await self.fresh(timeout)

    async def fresh(self, timeout: float) -> Connection:
        """A new connection, whatever stands idle. Raises TransportError."""
        self._connecting += 1
        return await self._open_one(timeout)

    async def _open_one(self, timeout: float) -> Connection:
        try:
            connection = await self._connect(self._freed, timeout)
        except BaseException:
            self._connecting -= 1
            self._pass_on(None)
            raise
        self._connecting -= 1
        if not connection.lost:
            self._open.add(connection)
        return connection

    async def _turn(self, timeout: float) -> Connection | None:
        """A connection that became free; or None: there is room for a new one, already counted as being opened."""
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(timeout):
                try:
                    return await waiter
                except asyncio.CancelledError:
                    self._decline(waiter)
                    raise
        except TimeoutError as error:
            raise Busy(f'All {self._limit} connections to one server stayed in use for {timeout:g} s.') from error

    def _decline(self, waiter: asyncio.Future[Connection | None]) -> None:
        """Whoever waited has left; what was meant for it goes to the next."""
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        elif waiter.done() and not waiter.cancelled():
            given = waiter.result()
            if given is None:
                self._connecting -= 1
            self._pass_on(given)

    def _freed(self, connection: Connection) -> None:
        if connection.lost:
            self._open.discard(connection)
            if connection in self._idle:
                self._idle.remove(connection)
            self._pass_on(None)
        else:
            self._pass_on(None if connection.aside else connection)

    def _has_room(self) -> bool:
        """Whether one more may be opened. Those that wait for slow clients keep nobody else from the server."""
        under_way = len(self._open) + self._connecting
        return under_way < self._limit or (under_way < _MOST and under_way - sum(each.aside for each in self._open) < self._limit)

    def _pass_on(self, connection: Connection | None) -> None:
        """Give a free connection, or the room for one, to the first who waits."""
        if connection is None and not self._has_room():
            return
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                if connection is None:
                    self._connecting += 1
                waiter.set_result(connection)
                return
        if connection is not None and not connection.lost:
            self._idle.append(connection)

    def close(self) -> None:
        """Close all connections, busy ones too."""
        for connection in list(self._open):
            connection.close()
        self._idle.clear()


def _usable(connection: Connection, careful: bool) -> bool:
    if connection.lost:
        return False
    if careful and connection.stale():
        connection.close()
        return False
    return True
