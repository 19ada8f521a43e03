"""When what was written stands on the disk: the log is synced by a thread, once for all who wait meanwhile."""

from __future__ import annotations

import asyncio
import os
import pathlib
from concurrent.futures import ThreadPoolExecutor


class Disk:
    """The write-ahead log of a database whose transactions are written without being synced; None for a database in memory, which has none."""

    def __init__(self, log: pathlib.Path | None) -> None:
        self._log = log
        self._thread = ThreadPoolExecutor(1, thread_name_prefix='store-disk')
        self._file = -1
        self._wanted = 0
        self._reached = 0
        self._sync: asyncio.Task[None] | None = None

    async def reached(self) -> None:
        """Come back when all that is written by now would outlive a loss of power. Raises OSError where the disk fails."""
        if self._log is None:
            return
        self._wanted += 1
        wanted = self._wanted
        while self._reached < wanted:
            if self._sync is None or self._sync.done():
                self._sync = asyncio.create_task(self._go(self._log), name='store-disk')
            # Who gives up must not take the sync from others.
            await asyncio.shield(self._sync)

    async def close(self) -> None:
        """Let go of the log when those who wait were told."""
        if self._reached < self._wanted:
            await self.reached()
        await asyncio.to_thread(self._thread.shutdown)
        if self._file >= 0:
            os.close(self._file)

    async def _go(self, log: pathlib.Path) -> None:
        wanted = self._wanted
        await asyncio.get_running_loop().run_in_executor(self._thread, self._flush, log)
        self._reached = wanted

    def _flush(self, log: pathlib.Path) -> None:
        if self._file < 0:
            # It is there from the first transaction on, and is the same file until the last connection closes.
            self._file = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
        os.fdatasync(self._file)
