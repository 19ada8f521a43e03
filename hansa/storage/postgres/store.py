"""The store itself: each method of the port names its work and says whether it writes."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from hansa.model.alias import Alias
from hansa.model.decision import Decision
from hansa.model.home import Home
from hansa.model.intent import Intent
from hansa.model.listing import Query, Sheet
from hansa.model.quota import Amounts, Quota
from hansa.model.resource import Record
from hansa.model.site import SiteSpec
from hansa.model.spread import Debt, Spread
from hansa.storage import folder
from hansa.storage.postgres import (
    aliasing,
    feed,
    homing,
    inventory,
    journal,
    opening,
    querying,
    queue,
    renaming,
    reserving,
    spreading,
    state,
)
from hansa.storage.postgres.feed import PostgresFeed
from hansa.storage.postgres.leases import PostgresLeases
from hansa.storage.postgres.queue import PostgresQueue
from hansa.storage.postgres.transacting import Pool, Session
from hansa.storage.seal import Seal

T = TypeVar('T')


class PostgresStore:
    """The ports' Store and Clustered. `lock` is a file descriptor that holds the lock of the state folder."""

    def __init__(self, pool: Pool, seal: Seal, lock: int | None) -> None:
        self._pool = pool
        self._seal = seal
        self._lock = lock
        self._closed = False
        self.feed = PostgresFeed(pool)
        self.leases = PostgresLeases(pool)
        self.queue = PostgresQueue(pool)

    def waiting(self) -> dict[str, int]:
        return {'database': self._pool.waiting}

    # -- inventory
    async def put(self, records: Sequence[Record]) -> None:
        await self._pool.write(lambda db: inventory.put(db, records))

    async def remove(self, site: str, kind: str, ids: Sequence[str], when: float) -> None:
        await self._pool.write(lambda db: inventory.remove(db, site, kind, ids, when))

    async def get(self, kind: str, id: str) -> Record | None:
        return await self._pool.read(lambda db: inventory.get(db, kind, id))

    async def replicas(self, kind: str, id: str) -> list[Record]:
        return await self._pool.read(lambda db: inventory.replicas(db, kind, id))

    async def gone(self, kind: str, id: str) -> bool:
        return await self._pool.read(lambda db: inventory.gone(db, kind, id))

    async def page(self, query: Query) -> list[Record]:
        return await self._pool.read(lambda db: inventory.page(db, query))

    async def sheets(self, query: Query, make: Callable[[Sequence[Sheet]], T]) -> T:
        return make(await self._pool.read(lambda db: querying.sheets(db, query)))

    async def count(self, query: Query) -> int:
        return await self._pool.read(lambda db: inventory.count(db, query))

    async def known(self, site: str, kind: str) -> dict[str, str]:
        return await self._pool.read(lambda db: inventory.known(db, site, kind))

    async def forget_site(self, site: str) -> None:
        async def work(db: Session) -> None:
            await _forget(db, site)
            feed.tell(db, 'site-forgotten', site)

        await self._pool.write(work)

    async def summary(self) -> list[tuple[str, str, int, int]]:
        return await self._pool.read(inventory.summary)

    async def spread(self, kind: str, project: str) -> dict[str, int]:
        return await self._pool.read(lambda db: inventory.spread(db, kind, project))

    # -- aliases
    async def add_aliases(self, aliases: Sequence[Alias]) -> None:
        await self._pool.write(lambda db: aliasing.add(db, aliases))

    async def drop_aliases(self, aliases: Sequence[Alias]) -> None:
        await self._pool.write(lambda db: aliasing.drop(db, aliases))

    async def aliases(self) -> list[Alias]:
        return await self._pool.read(aliasing.read)

    async def rename_id(self, site: str, kind: str, old: str, new: str) -> None:
        await self._pool.write(lambda db: renaming.rename(db, site, kind, old, new))

    # -- journal
    async def open_intent(self, intent: Intent) -> None:
        await self._pool.write(lambda db: journal.open(db, intent))

    async def move_intent(self, intent: Intent) -> Intent:
        return await self._pool.write(lambda db: journal.move(db, intent))

    async def open_intents(self) -> list[Intent]:
        return await self._pool.read(journal.unfinished)

    # -- quotas
    async def set_limits(self, project: str, site: str, limits: Mapping[str, int | None]) -> None:
        await self._pool.write(lambda db: reserving.set_limits(db, project, site, limits))

    async def limits(self, *projects: str) -> dict[str, dict[str, Amounts]]:
        return await self._pool.read(lambda db: reserving.limits(db, projects))

    async def quota(self, project: str) -> Quota:
        return await self._pool.read(lambda db: reserving.quota(db, project))

    # -- decisions
    async def put_decision(self, kind: str, id: str, decision: Decision) -> None:
        await self._pool.write(lambda db: state.put_decision(db, kind, id, decision))

    async def decision(self, kind: str, id: str) -> Decision | None:
        return await self._pool.read(lambda db: state.decision(db, kind, id))

    # -- homes
    async def add_homes(self, homes: Sequence[Home]) -> None:
        await self._pool.write(lambda db: homing.add(db, homes))

    async def add_twins(self, twins: Sequence[Home]) -> None:
        await self._pool.write(lambda db: homing.add_twins(db, twins))

    async def twins(self, project: str) -> list[Home]:
        return await self._pool.read(lambda db: homing.twins(db, project))

    async def home(self, project: str, container: str) -> Home | None:
        return await self._pool.read(lambda db: homing.one(db, project, container))

    async def housed(self, project: str) -> dict[str, int]:
        return await self._pool.read(lambda db: homing.spread(db, project))

    async def drop_home(self, home: Home) -> None:
        await self._pool.write(lambda db: homing.drop(db, home))

    # -- containers that span sites
    async def put_spread(self, spread: Spread) -> Spread:
        return await self._pool.write(lambda db: spreading.put(db, spread))

    async def drop_spread(self, spread: Spread) -> None:
        await self._pool.write(lambda db: spreading.drop(db, spread))

    async def spanning(self, project: str, container: str) -> Spread | None:
        return await self._pool.read(lambda db: spreading.one(db, project, container))

    async def spreads(self, project: str = '') -> list[Spread]:
        return await self._pool.read(lambda db: spreading.every(db, project))

    async def owe(self, debt: Debt, sites: Sequence[str]) -> int:
        return await self._pool.write(lambda db: spreading.owe(db, [msgspec.structs.replace(debt, site=site) for site in sites]))

    async def owe_all(self, debts: Sequence[Debt]) -> int:
        return await self._pool.write(lambda db: spreading.owe(db, debts))

    async def settle(self, debt: Debt, paid: Sequence[str], missed: Sequence[str], done: Sequence[str] = ()) -> None:
        await self._pool.write(lambda db: spreading.settle(db, debt, paid, missed, done))

    async def debts(self, project: str, container: str, object: str) -> list[Debt]:
        return await self._pool.read(lambda db: spreading.debts(db, project, container, object))

    async def owed(self, project: str, container: str, after: str = '', limit: int = 1000) -> list[Debt]:
        return await self._pool.read(lambda db: spreading.owed(db, project, container, after, limit))

    async def owing(self, project: str = '') -> list[tuple[str, str, str, int]]:
        return await self._pool.read(lambda db: spreading.owing(db, project))

    # -- sites
    async def put_site(self, spec: SiteSpec) -> None:
        await self._pool.write(lambda db: state.put_site(db, self._seal, spec))

    async def sites(self) -> list[SiteSpec]:
        return await self._pool.read(lambda db: state.sites(db, self._seal))

    async def drop_site(self, name: str) -> None:
        async def work(db: Session) -> None:
            await _forget(db, name)
            await state.drop_site(db, name)
            feed.tell(db, 'site-dropped', name)

        await self._pool.write(work)

    # -- small state
    async def set(self, key: str, value: bytes, sealed: bool = False) -> None:
        await self._pool.write(lambda db: state.set(db, self._seal, key, value, sealed))

    async def value(self, key: str) -> bytes | None:
        return await self._pool.read(lambda db: state.value(db, self._seal, key))

    async def values(self, prefix: str) -> dict[str, bytes]:
        return await self._pool.read(lambda db: state.values(db, self._seal, prefix))

    async def unset(self, key: str) -> None:
        await self._pool.write(lambda db: state.unset(db, key))

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self._pool.close()
            if self._lock is not None:
                os.close(self._lock)


async def _forget(db: Session, site: str) -> None:
    await queue.forget(db, site)
    await inventory.forget(db, site)
    await aliasing.forget(db, site)
    await homing.forget(db, site)
    await spreading.forget(db, site)
    await journal.forget(db, site)
    await reserving.forget(db, site)


async def open_store(dsn: str, directory: pathlib.Path | None, *, alone: bool = True) -> PostgresStore:
    """The store in a PostgreSQL database, of a state folder (`seal.key` and `lock` in it, made where missing); None for the folder
    locks nothing and seals with a key that is kept nowhere. Processes that are not `alone` may share a folder; on other machines each
    has its own, with the same `seal.key`.

    Raises ConfigError for a folder that is in use or cannot be used, what opening.connect refuses, and a key that is missing or another's.
    """
    lock = None if directory is None else folder.lock(directory, alone=alone)
    try:
        pool = await opening.connect(dsn)
        try:
            seal = await opening.sealed(pool, None if directory is None else directory / 'seal.key')
        except BaseException:
            await pool.close()
            raise
    except BaseException:
        if lock is not None:
            os.close(lock)
        raise
    return PostgresStore(pool, seal, lock)
