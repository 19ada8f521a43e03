"""The store itself: each method of the port names its work and the lane it goes by."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pathlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from hansa.model.alias import Alias
from hansa.model.decision import Decision
from hansa.model.errors import Busy
from hansa.model.home import Home
from hansa.model.intent import Intent
from hansa.model.listing import Query, Sheet
from hansa.model.quota import Amounts, Quota
from hansa.model.resource import Record
from hansa.model.site import SiteSpec
from hansa.model.spread import Debt, Spread
from hansa.ports.store import Store
from hansa.storage import folder
from hansa.storage.seal import Seal
from hansa.storage.sqlite import aliasing, homing, inventory, journal, opening, putting, reserving, spreading, state
from hansa.storage.sqlite.disk import Disk
from hansa.storage.sqlite.lanes import Lane, Short, TooLong, Work, Writer

T = TypeVar('T')

# A write of more records than this would hold up the event loop for longer than a request may.
SMALL = 20

# As many records: work that is long however little is said of it.
FAR = SMALL + 1

# The largest page that an API gives; made on the event loop it takes some milliseconds.
PAGE = 1000

# Where a file is larger than what is mapped of it, a page of a thousand documents that lie far apart reads about as much of it as this; the
# next one like it finds that here.
SHORT_MIB = 16

# The write-ahead log is written back past this size (20,000 pages); looked at every so many writes.
LOG_BYTES = 80 << 20
LOG_LOOKS = 64

# Past this size large writes wait until it is done.
LOG_MOST = 4 * LOG_BYTES


class Connections(msgspec.Struct, frozen=True):
    """All that is open: who writes, who reads single objects, short pages (None: there is but one connection), long pages and whole tables.

    `lock` is a file descriptor.
    """

    writer: Lane
    points: sqlite3.Connection
    short: Short | None
    pages: Lane
    scans: Lane
    log: pathlib.Path | None
    lock: int | None

    async def close(self) -> None:
        """Finish what was begun, fold the log into the file, let go of the lock."""
        for lane in (self.writer, self.pages, self.scans):
            await lane.end()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        for db in (self.points, *((self.short.db,) if self.short else ()), self.pages.db, self.scans.db):
            if db is not self.writer.db:
                db.close()
        if self.log is not None:
            self.writer.db.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()
        self.writer.db.close()
        if self.lock is not None:
            os.close(self.lock)


class SqliteStore:
    """The port's Store. Single objects and short pages are read on the event loop; long pages, scans and large writes in threads."""

    def __init__(self, connections: Connections, seal: Seal) -> None:
        self._all = connections
        self._points = connections.points
        self._pages = connections.pages
        self._scans = connections.scans
        self._writer = Writer(connections.writer)
        self._disk = Disk(connections.log)
        self._seal = seal
        self._writes = 0
        self._folding: asyncio.Task[None] | None = None
        self._behind = False
        self._closed = False

    def waiting(self) -> dict[str, int]:
        lanes = {'write': self._writer.waiting, 'pages': self._pages.waiting}
        return lanes if self._scans is self._pages else lanes | {'scans': self._scans.waiting}

    # -- inventory
    async def put(self, records: Sequence[Record]) -> None:
        if len(records) <= SMALL:
            await self._write(lambda db: putting.put(db, records))
        else:
            await self._keep_up()
            await self._writer.together(putting.put, records)
            await self._wrote(LOG_LOOKS)

    async def remove(self, site: str, kind: str, ids: Sequence[str], when: float) -> None:
        await self._write(lambda db: inventory.remove(db, site, kind, ids, when), len(ids))

    async def get(self, kind: str, id: str) -> Record | None:
        return inventory.get(self._points, kind, id)

    async def replicas(self, kind: str, id: str) -> list[Record]:
        return inventory.replicas(self._points, kind, id)

    async def gone(self, kind: str, id: str) -> bool:
        return inventory.gone(self._points, kind, id)

    async def page(self, query: Query) -> list[Record]:
        return await self._read(self._pages, lambda db: inventory.page(db, query), query.limit)

    async def sheets(self, query: Query, make: Callable[[Sequence[Sheet]], T]) -> T:
        return await self._read(self._pages, lambda db: make(inventory.sheets(db, query)), query.limit)

    async def count(self, query: Query) -> int:
        return await self._read(self._scans, lambda db: inventory.count(db, query))

    async def known(self, site: str, kind: str) -> dict[str, str]:
        return await self._scans.far(lambda db: inventory.known(db, site, kind))

    async def forget_site(self, site: str) -> None:
        await self._write(lambda db: _forget(db, site), FAR)

    async def summary(self) -> list[tuple[str, str, int, int]]:
        return await self._read(self._scans, inventory.summary)

    async def spread(self, kind: str, project: str) -> dict[str, int]:
        return inventory.spread(self._points, kind, project)

    # -- aliases
    async def add_aliases(self, aliases: Sequence[Alias]) -> None:
        await self._write(lambda db: aliasing.add(db, aliases), len(aliases))

    async def drop_aliases(self, aliases: Sequence[Alias]) -> None:
        await self._write(lambda db: aliasing.drop(db, aliases), len(aliases))

    async def aliases(self) -> list[Alias]:
        return await self._scans.far(aliasing.read)

    async def rename_id(self, site: str, kind: str, old: str, new: str) -> None:
        await self._write(lambda db: inventory.rename(db, site, kind, old, new), FAR)

    # -- journal
    async def open_intent(self, intent: Intent) -> None:
        await self._write(lambda db: journal.open(db, intent))

    async def move_intent(self, intent: Intent) -> Intent:
        return await self._write(lambda db: journal.move(db, intent))

    async def open_intents(self) -> list[Intent]:
        return journal.unfinished(self._points)

    # -- quotas
    async def set_limits(self, project: str, site: str, limits: Mapping[str, int | None]) -> None:
        await self._write(lambda db: reserving.set_limits(db, project, site, limits))

    async def limits(self, *projects: str) -> dict[str, dict[str, Amounts]]:
        return reserving.limits(self._points, projects)

    async def quota(self, project: str) -> Quota:
        return reserving.quota(self._points, project)

    # -- decisions
    async def put_decision(self, kind: str, id: str, decision: Decision) -> None:
        await self._write(lambda db: state.put_decision(db, kind, id, decision))

    async def decision(self, kind: str, id: str) -> Decision | None:
        return state.decision(self._points, kind, id)

    # -- homes
    async def add_homes(self, homes: Sequence[Home]) -> None:
        await self._write(lambda db: homing.add(db, homes), len(homes))

    async def add_twins(self, twins: Sequence[Home]) -> None:
        await self._write(lambda db: homing.add_twins(db, twins), len(twins))

    async def twins(self, project: str) -> list[Home]:
        return homing.twins(self._points, project)

    async def home(self, project: str, container: str) -> Home | None:
        return homing.one(self._points, project, container)

    async def housed(self, project: str) -> dict[str, int]:
        return await self._read(self._scans, lambda db: homing.spread(db, project))

    async def drop_home(self, home: Home) -> None:
        await self._write(lambda db: homing.drop(db, home))

    # -- containers that span sites
    async def put_spread(self, spread: Spread) -> Spread:
        return await self._write(lambda db: spreading.put(db, spread))

    async def drop_spread(self, spread: Spread) -> None:
        await self._write(lambda db: spreading.drop(db, spread))

    async def spanning(self, project: str, container: str) -> Spread | None:
        return spreading.one(self._points, project, container)

    async def spreads(self, project: str = '') -> list[Spread]:
        return spreading.every(self._points, project)

    async def owe(self, debt: Debt, sites: Sequence[str]) -> int:
        return await self._write(lambda db: spreading.owe(db, [msgspec.structs.replace(debt, site=site) for site in sites]), len(sites))

    async def owe_all(self, debts: Sequence[Debt]) -> int:
        return await self._write(lambda db: spreading.owe(db, debts), len(debts))

    async def settle(self, debt: Debt, paid: Sequence[str], missed: Sequence[str], done: Sequence[str] = ()) -> None:
        await self._write(lambda db: spreading.settle(db, debt, paid, missed, done))

    async def debts(self, project: str, container: str, object: str) -> list[Debt]:
        return spreading.debts(self._points, project, container, object)

    async def owed(self, project: str, container: str, after: str = '', limit: int = 1000) -> list[Debt]:
        return await self._read(self._scans, lambda db: spreading.owed(db, project, container, after, limit), limit)

    async def owing(self, project: str = '') -> list[tuple[str, str, str, int]]:
        return await self._read(self._scans, lambda db: spreading.owing(db, project))

    # -- sites
    async def put_site(self, spec: SiteSpec) -> None:
        await self._write(lambda db: state.put_site(db, self._seal, spec))

    async def sites(self) -> list[SiteSpec]:
        return state.sites(self._points, self._seal)

    async def drop_site(self, name: str) -> None:
        def work(db: sqlite3.Connection) -> None:
            _forget(db, name)
            state.drop_site(db, name)

        await self._write(work, FAR)

    # -- small state
    async def set(self, key: str, value: bytes, sealed: bool = False) -> None:
        await self._write(lambda db: state.set(db, self._seal, key, value, sealed))

    async def value(self, key: str) -> bytes | None:
        return state.value(self._points, self._seal, key)

    async def values(self, prefix: str) -> dict[str, bytes]:
        return state.values(self._points, self._seal, prefix)

    async def unset(self, key: str) -> None:
        await self._write(lambda db: state.unset(db, key))

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self._writer.end()
            await self._disk.close()
            await self._all.close()
            if self._folding is not None:
                await self._folding

    async def _read(self, lane: Lane, work: Work[T], size: int | None = 1) -> T:
        if self._all.short is not None and (size is None or size <= PAGE):
            with contextlib.suppress(TooLong):
                return self._all.short.near(work, size or 1)
        return await lane.far(work)

    async def _write(self, work: Work[T], size: int = 1) -> T:
        if size > SMALL:
            await self._keep_up()
        result = await (self._writer.near(work) if size <= SMALL else self._writer.far(work))
        await self._wrote(1 if size <= SMALL else LOG_LOOKS)
        return result

    async def _keep_up(self) -> None:
        """Before much is written: a log that is added to all the time is never folded whole, and grows for as long."""
        if self._behind and self._folding is not None:
            await asyncio.shield(self._folding)

    async def _wrote(self, weight: int) -> None:
        """It is done when it stands on the disk; and now and then the log has grown long."""
        self._writes += weight
        if self._writes >= LOG_LOOKS and self._all.log is not None:
            self._writes = 0
            self._fold(self._all.log)
        await self._disk.reached()

    def _fold(self, log: pathlib.Path) -> None:
        running = self._folding is not None and not self._folding.done()
        size = log.stat().st_size
        self._behind = size > LOG_MOST
        if not running and size > LOG_BYTES:
            self._folding = asyncio.ensure_future(self._checkpoint())

    async def _checkpoint(self) -> None:
        # PASSIVE holds nobody up; what fails now, or does not come to its turn, is tried again later.
        with contextlib.suppress(Busy, sqlite3.OperationalError):
            await self._scans.far(_checkpoint)
            if self._behind and not self._closed:
                # What was added meanwhile keeps the log from its end, and who writes all the time adds to it for ever.
                await self._writer.between(_checkpoint)


def _checkpoint(db: sqlite3.Connection) -> None:
    db.execute('PRAGMA wal_checkpoint(PASSIVE)').fetchall()


def _forget(db: sqlite3.Connection, site: str) -> None:
    inventory.forget(db, site)
    aliasing.forget(db, site)
    homing.forget(db, site)
    spreading.forget(db, site)
    journal.forget(db, site)
    reserving.forget(db, site)


async def open_store(directory: pathlib.Path | None) -> Store:
    """The store of a directory (`hansa.db`, `seal.key` and `lock` in it, made where missing); None keeps it in memory.

    Raises ConfigError for a directory that is in use or cannot be used, a file that is no database of ours or of a
    newer schema, and a key that is missing or another's.
    """
    return await asyncio.to_thread(_open, directory)


def _open(directory: pathlib.Path | None) -> SqliteStore:
    if directory is None:
        db = opening.writer(None)
        lane = Lane(db, 'memory', threaded=False)
        return SqliteStore(Connections(lane, db, None, lane, lane, None, None), opening.sealed(db, None))
    lock = folder.lock(directory)
    try:
        return _in(directory, lock)
    except BaseException:
        os.close(lock)
        raise


def _in(directory: pathlib.Path, lock: int) -> SqliteStore:
    file = directory / 'hansa.db'
    with contextlib.ExitStack() as undo:
        writer = opening.writer(file)
        undo.callback(writer.close)
        seal = opening.sealed(writer, directory / 'seal.key')
        connections = Connections(
            writer=Lane(writer, 'store-writer', threaded=True),
            points=opening.connect(file, reads=True),
            short=Short(opening.connect(file, reads=True, cache=SHORT_MIB)),
            pages=Lane(opening.connect(file, reads=True), 'store-pages', threaded=True),
            scans=Lane(opening.connect(file, reads=True), 'store-scans', threaded=True),
            log=file.with_name('hansa.db-wal'),
            lock=lock,
        )
        undo.pop_all()
    return SqliteStore(connections, seal)
