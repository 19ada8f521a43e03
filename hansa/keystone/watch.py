"""Sees that Keystone's database was changed, whoever changed it, without reading what is in it.

Keystone tells nobody of a role taken away or a project disabled: only some changes become revocation
events. SQLite's data_version changes with every commit of another connection and costs microseconds.
"""

from __future__ import annotations

import contextlib
import pathlib
import sqlite3
from collections.abc import Callable

from hansa.ports.clock import Clock

SECONDS = 1.0


class Watch:
    """Calls `changed` within about a second of a change, and for some seconds after it, because Keystone
    drops its own caches around a commit and not with it, and its cached words may be `stale` seconds old.
    """

    def __init__(self, database: pathlib.Path, changed: Callable[[], None], clock: Clock, stale: float) -> None:
        self._connection = sqlite3.connect(f'{database.as_uri()}?mode=ro', uri=True, timeout=0, isolation_level=None)
        self._changed = changed
        self._clock = clock
        self._settling = stale + SECONDS
        self._until = 0.0
        self._version = self._read()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self._clock.sleep(SECONDS)
            self.look()

    def look(self) -> None:
        """Look once."""
        version = self._read()
        now = self._clock.monotonic()
        if version is None or version != self._version:
            self._version = version
            self._until = now + self._settling
        if now < self._until:
            self._changed()

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def _read(self) -> int | None:
        with contextlib.suppress(sqlite3.Error):
            return int(self._connection.execute('PRAGMA data_version').fetchone()[0])
        return None
