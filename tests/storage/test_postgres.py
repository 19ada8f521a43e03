"""What only the store on PostgreSQL has: its schema, its partitions, transactions that meet, and what it refuses."""

# ruff: noqa: S608 - schemas have names of our own

from __future__ import annotations

import asyncio
import contextlib
import logging
import pathlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from hansa.model.errors import Busy, ConfigError
from hansa.model.resource import Record
from hansa.model.site import SiteSpec
from hansa.storage import postgres as room
from hansa.storage import sqlite
from hansa.storage.postgres import migrations, transacting
from hansa.storage.postgres.store import PostgresStore
from hansa.storage.sqlite import migrations as others
from hansa.storage.sqlite import opening as embedded
from tests.postgres import Server

# What SQLite has no need of.
OWN = {'prime', 'turn', 'hansa', 'feed', 'news', 'lease', 'line', 'served', 'batch'}


def names(room: object) -> list[str]:
    folder = pathlib.Path(str(getattr(room, '__file__', ''))).parent
    return sorted(path.name for path in folder.glob('*.sql'))


def refusal(url: str, directory: pathlib.Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        asyncio.run(room.open_store(url, directory))
    return str(caught.value)


async def use(url: str, work: Callable[[PostgresStore], Awaitable[None]]) -> None:
    store = await room.open_store(url, None)
    assert isinstance(store, PostgresStore)
    try:
        await work(store)
    finally:
        await store.close()


def test_both_stores_take_the_same_steps() -> None:
    assert names(migrations) == names(others)
    assert [number for number, _ in migrations.steps()] == [number for number, _ in others.steps()]


def test_both_stores_have_the_same_tables(postgres: Server) -> None:
    url = postgres.fresh()
    schema = url.rpartition('=')[2]
    asyncio.run(use(url, _nothing))
    there = postgres.sql(
        'SELECT table_name, string_agg(column_name, $$ $$ ORDER BY column_name) FROM information_schema.columns JOIN pg_class ON '
        f"relname = table_name AND relnamespace = table_schema::regnamespace WHERE table_schema = '{schema}' AND NOT relispartition "
        "AND relkind IN ('r', 'p') AND column_name <> 'said' GROUP BY table_name"
    )
    db = embedded.writer(None)
    # The turns of debts are a sequence in PostgreSQL.
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'names%' AND name <> 'debt_turn'"
    tables = [row[0] for row in db.execute(sql)]
    here = {table: sorted(row[1] for row in db.execute(f'PRAGMA table_info({table})')) for table in tables}
    # Without a key of its own SQLite numbers the rows of a table by itself.
    assert {name: set(columns.split()) for name, columns in (line.split('|') for line in there.splitlines()) if name not in OWN} == {
        name: {*columns, *({'row'} if name == 'document' else ()), *({'site'} if name == 'document' else ())} for name, columns in here.items()
    }
    db.close()


@contextlib.asynccontextmanager
async def another(url: str) -> AsyncIterator[Any]:
    """A connection that the store knows nothing of."""
    db = await asyncpg.connect(url)
    try:
        yield db
    finally:
        await db.close()


async def blocked(watch: Any, holder: Any) -> int:
    """Who waits for what `holder` holds, as soon as somebody does: the number of the server's process."""
    sql = 'SELECT pid FROM pg_locks WHERE NOT granted AND $1 = ANY (pg_blocking_pids(pid))'
    while not (pid := await watch.fetchval(sql, holder.get_server_pid())):
        continue
    return int(pid)


async def _nothing(store: PostgresStore) -> None:
    assert await store.aliases() == []


def test_what_a_site_holds_lies_in_one_partition(postgres: Server) -> None:
    url = postgres.fresh()
    schema = url.rpartition('=')[2]

    async def work(store: PostgresStore) -> None:
        await store.put([Record(site, 'server', f'{site}{n}', 'x', 'p', 'n', b'{}') for site in ('east', 'west', 'north') for n in range(9)])

    asyncio.run(use(url, work))
    for table in ('hot', 'document'):
        found = postgres.sql(f'SELECT site, count(DISTINCT tableoid), count(*) FROM {schema}.{table} GROUP BY site ORDER BY site')
        assert found.split() == ['east|1|9', 'north|1|9', 'west|1|9']


def test_several_may_open_a_new_database_at_once(postgres: Server) -> None:
    url = postgres.fresh()

    async def main() -> None:
        await asyncio.gather(*(use(url, _nothing) for _ in range(4)))

    asyncio.run(main())


def test_a_transaction_that_met_another_is_begun_again(postgres: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, 'hansa')
    url = postgres.fresh()

    async def work(store: PostgresStore) -> None:
        await store.put_site(SiteSpec('east', 'sim', {}, 'first'))
        async with another(url) as other, another(url) as watch:
            meeting = other.transaction()
            await meeting.start()
            await other.execute("UPDATE site SET landlord = 'second'")
            late = asyncio.ensure_future(store.put_site(SiteSpec('east', 'sim', {}, 'third')))
            await blocked(watch, other)
            await meeting.commit()
            await late
        assert [spec.landlord for spec in await store.sites()] == ['third']

    # Here, as in a cluster, two who change one row do not wait for each other: the second has to begin again.
    asyncio.run(use(f'{url}&default_transaction_isolation=repeatable%20read', work))
    assert [record.getMessage() for record in caplog.records if record.name == 'hansa'] == ['a transaction is begun again: SerializationError']


def test_a_transaction_that_always_meets_others_is_given_up(postgres: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, 'hansa')
    url = postgres.fresh()

    async def work(store: PostgresStore) -> None:
        meeting = "CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"
        async with another(url) as other:
            await other.execute(f'{meeting}; CREATE TRIGGER meet BEFORE INSERT ON site FOR EACH ROW EXECUTE FUNCTION meet()')
        with pytest.raises(Busy, match=f'asked {transacting.ATTEMPTS} times'):
            await store.put_site(SiteSpec('east', 'sim', {}))
        assert await store.sites() == []

    asyncio.run(use(url, work))
    assert len([record for record in caplog.records if record.name == 'hansa']) == transacting.ATTEMPTS


def test_transactions_that_wait_for_each_other_both_come_through(postgres: Server) -> None:
    async def work(store: PostgresStore) -> None:
        sites, ids = ('east', 'west', 'north'), [f'i{n:03}' for n in range(60)]

        async def life(site: str) -> None:
            for moment in map(float, range(4)):
                await store.put([Record(site, 'image', id, f'{site}-{id}', '', 'n', b'{}', public=True, seen=moment) for id in ids])
                await store.remove(site, 'image', ids[::-1], moment)
            await store.put([Record(site, 'image', id, f'{site}-{id}', '', 'n', b'{}', public=True, seen=4.0) for id in ids])

        await asyncio.gather(*map(life, sites))
        for id in ids:
            found = await store.replicas('image', id)
            assert [record.primary for record in found] == [True, False, False]
            assert await store.get('image', id) == found[0]

    asyncio.run(use(postgres.fresh(), work))


def test_the_seal_is_the_one_in_the_state_folder(postgres: Server, tmp_path: pathlib.Path) -> None:
    url = postgres.fresh()

    async def main() -> None:
        for _ in range(2):
            store = await opened(url, tmp_path / 'one')
            await store.set('word', b'sesame-state', sealed=True)
            await store.put_site(SiteSpec('east', 'openstack', {'auth': {'password': 'sesame-settings'}}))
            assert await store.value('word') == b'sesame-state'
            await store.close()

    asyncio.run(main())
    schema = url.rpartition('=')[2]
    kept = postgres.sql(f"SELECT encode(value, 'escape') FROM {schema}.state") + postgres.sql(f"SELECT encode(settings, 'escape') FROM {schema}.site")
    assert 'sesame' not in kept
    assert 'is not the key of the database' in _with_another_key(url, tmp_path)
    assert 'cannot be read' in refusal(url, tmp_path / 'none')


def _with_another_key(url: str, tmp_path: pathlib.Path) -> str:
    (tmp_path / 'two').mkdir()
    (tmp_path / 'two' / 'seal.key').write_bytes(b'k' * 32)
    return refusal(url, tmp_path / 'two')


async def opened(url: str, directory: pathlib.Path) -> PostgresStore:
    store = await room.open_store(url, directory)
    assert isinstance(store, PostgresStore)
    return store


def test_the_lock_of_the_folder_stays(postgres: Server, tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        store = await sqlite.open_store(tmp_path)
        with pytest.raises(ConfigError, match='Another league runs on'):
            await opened(postgres.fresh(), tmp_path)
        await store.close()

    asyncio.run(main())


def test_a_newer_schema_and_the_tables_of_others_are_refused(postgres: Server) -> None:
    newer, foreign = postgres.fresh(), postgres.fresh()
    asyncio.run(use(newer, _nothing))
    postgres.sql(f'UPDATE {newer.rpartition("=")[2]}.hansa SET version = 99')
    assert 'has schema version 99 and this Hansa knows versions up to' in refusal(newer)
    postgres.sql(f'CREATE TABLE {foreign.rpartition("=")[2]}.theirs (a int)')
    assert 'is a database of another program' in refusal(foreign)
    assert 'open-sesame' not in refusal(newer) + refusal(foreign)


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: pathlib.Path) -> None:
    for url in (f'postgresql://me:open-sesame@/db?host={tmp_path}', 'postgresql://me:open-sesame@127.0.0.1:1/db', 'postgresql://me:open-sesame@/?port=x'):
        said = refusal(url)
        assert said.startswith('postgresql://me:***@')
        assert 'open-sesame' not in said


def test_a_database_that_goes_away_is_busy(postgres: Server) -> None:
    url = postgres.fresh()

    async def work(store: PostgresStore) -> None:
        async with another(url) as other, another(url) as watch:
            holding = other.transaction()
            await holding.start()
            await other.execute('LOCK TABLE site')
            asked = asyncio.ensure_future(store.sites())
            await watch.execute('SELECT pg_terminate_backend($1)', await blocked(watch, other))
            with pytest.raises(Busy, match='The database does not answer'):
                await asked
            await holding.rollback()
            assert await store.sites() == []

    asyncio.run(use(url, work))
