"""How fast requests are let in: a few in each turn of the event loop, so that what is under way goes on while a crowd stands outside."""

from __future__ import annotations

import asyncio
from collections import deque

AT_ONCE = 8
"""Requests that begin in one turn; each takes a millisecond or two before it first waits for something."""


class Pace:
    """Callers pass in the order in which they came, and at once where there is no crowd."""

    def __init__(self) -> None:
        self._begun = 0
        self._line: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        """Come back when it is one's turn."""
        if self._begun >= AT_ONCE or self._line:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._line.append(turn)
            await turn
            return
        if not self._begun:
            asyncio.get_running_loop().call_soon(self._next)
        self._begun += 1

    def _next(self) -> None:
        self._begun = 0
        while self._line and self._begun < AT_ONCE:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                self._begun += 1
        if self._begun:
            asyncio.get_running_loop().call_soon(self._next)
