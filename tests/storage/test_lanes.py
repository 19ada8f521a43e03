"""Who waits for whom: long work leaves the loop free, one writer at a time, and no line without an end."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import pathlib
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest

from hansa.model.errors import Busy
from hansa.model.listing import Filter, Query, Sort
from hansa.model.resource import Record
from hansa.storage.sqlite import inventory, lanes, opening, putting, store

PATIENCE = 30.0


@contextlib.asynccontextmanager
async def opened(directory: pathlib.Path) -> AsyncIterator[lanes.Lane]:
    lane = lanes.Lane(opening.writer(directory / 'hansa.db'), 'test', threaded=True)
    try:
        yield lane
    finally:
        await lane.end()
        lane.db.close()


def test_a_writer_that_gives_up_leaves_its_work_whole_and_the_next_one_waiting(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        begun, go_on, order = asyncio.Event(), threading.Event(), list[str]()
        loop = asyncio.get_running_loop()

        def long(db: sqlite3.Connection) -> None:
            loop.call_soon_threadsafe(begun.set)
            assert go_on.wait(PATIENCE)
            db.execute("INSERT INTO state (key, value, sealed) VALUES ('long', x'00', 0)")
            order.append('long')

        async with opened(tmp_path) as lane:
            writer = lanes.Writer(lane)
            first = asyncio.ensure_future(writer.far(long))
            await begun.wait()
            first.cancel()
            second = asyncio.ensure_future(writer.near(lambda _: order.append('short')))
            with pytest.raises(asyncio.CancelledError):
                await first
            assert not second.done()
            go_on.set()
            await asyncio.wait_for(second, PATIENCE)
            assert order == ['long', 'short']
            assert lane.db.execute('SELECT key FROM state').fetchall() == [('long',)]

    asyncio.run(main())


def test_work_that_fails_is_undone_and_holds_nobody_up(tmp_path: pathlib.Path) -> None:
    def failing(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO state (key, value, sealed) VALUES ('half', x'00', 0)")
        raise LookupError

    async def main() -> None:
        async with opened(tmp_path) as lane:
            writer = lanes.Writer(lane)
            for write in (writer.near, writer.far):
                with pytest.raises(LookupError):
                    await write(failing)
            assert await writer.near(lambda db: db.execute('SELECT * FROM state').fetchall()) == []

    asyncio.run(main())


def _keep(db: sqlite3.Connection, words: Sequence[str]) -> None:
    assert 'bad' not in words
    db.execute("INSERT INTO state (key, value, sealed) VALUES (?, x'00', 0)", (' '.join(words),))


def _emptied(gate: threading.Event, db: sqlite3.Connection) -> None:
    gate.wait(PATIENCE)
    db.execute('DELETE FROM state')


def test_what_waits_for_the_same_is_one_transaction_and_each_by_itself_where_that_fails(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as lane:
            for words, kept in ((('a', 'b', 'c'), ['a b c', 'far']), (('a', 'bad', 'c'), ['a', 'c', 'far'])):
                writer, gate = lanes.Writer(lane), threading.Event()
                first = asyncio.ensure_future(writer.far(functools.partial(_emptied, gate)))
                some = [asyncio.ensure_future(writer.together(_keep, [word])) for word in words]
                last = asyncio.ensure_future(writer.far(lambda db: _keep(db, ['far'])))
                await asyncio.sleep(0)
                gate.set()
                await asyncio.gather(first, last)
                failed = [task.exception() for task in (await asyncio.wait(some))[0] if task.exception()]
                assert len(failed) == words.count('bad')
                assert await writer.near(lambda db: [key for key, in db.execute('SELECT key FROM state ORDER BY key').fetchall()]) == kept

    asyncio.run(main())


def test_together_is_no_more_than_a_third_of_a_second(tmp_path: pathlib.Path) -> None:
    sizes: list[int] = []

    async def main() -> None:
        async with opened(tmp_path) as lane:
            writer, gate = lanes.Writer(lane), threading.Event()
            first = asyncio.ensure_future(writer.far(lambda _: gate.wait(PATIENCE)))
            many = ['x'] * (lanes.TOGETHER // 2)

            def note(_: sqlite3.Connection, items: Sequence[str]) -> None:
                sizes.append(len(items))

            some = [asyncio.ensure_future(writer.together(note, many)) for _ in range(3)]
            await asyncio.sleep(0)
            gate.set()
            await asyncio.gather(first, *some)

    asyncio.run(main())
    assert sizes == [lanes.TOGETHER, lanes.TOGETHER // 2]


def test_a_line_has_an_end(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        go_on = threading.Event()
        async with opened(tmp_path) as lane:
            waiting = [asyncio.ensure_future(lane.far(lambda _: go_on.wait(PATIENCE))) for _ in range(lanes.WAITING + 1)]
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            assert [type(task.exception()) for task in done] == [Busy]
            go_on.set()
            assert all(await asyncio.gather(*(task for task in waiting if task not in done)))
            writer, gate = lanes.Writer(lane), threading.Event()
            writing = [asyncio.ensure_future(writer.far(lambda _: gate.wait(PATIENCE))) for _ in range(lanes.WAITING + 2)]
            refused, _ = await asyncio.wait(writing, return_when=asyncio.FIRST_COMPLETED)
            assert [type(task.exception()) for task in refused] == [Busy]
            ending = asyncio.ensure_future(writer.end())
            gate.set()
            assert all(await asyncio.gather(*(task for task in writing if task not in refused)))
            await ending

    asyncio.run(main())


def test_a_long_log_is_folded_into_the_file_and_shrinks(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        opened_store = await store.open_store(tmp_path)
        assert isinstance(opened_store, store.SqliteStore)
        log = tmp_path / 'hansa.db-wal'
        doc = b'"' + b'x' * (5 << 20) + b'"'
        await opened_store.put([Record('east', 'image', f'i{n}', f'i{n}', '', 'n', doc) for n in range(store.SMALL + 1)])
        assert log.stat().st_size > store.LOG_BYTES
        assert opened_store._folding is not None
        await asyncio.wait_for(opened_store._folding, PATIENCE)
        await opened_store.set('a', b'b')
        assert log.stat().st_size < store.LOG_BYTES
        await opened_store.close()
        assert not log.exists()

    asyncio.run(main())


def test_a_log_that_is_written_to_all_the_time_has_an_end(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, 'LOG_BYTES', 4 << 20)
    monkeypatch.setattr(store, 'LOG_MOST', 16 << 20)
    # So that one transaction always runs while another one ends.
    monkeypatch.setattr(lanes, 'TOGETHER', 1)
    sizes: list[int] = []

    async def main() -> None:
        opened_store = await store.open_store(tmp_path)
        log = tmp_path / 'hansa.db-wal'

        async def write(site: str) -> None:
            for turn in range(40):
                doc = b'"%d%s"' % (turn, b'x' * 40_000)
                await opened_store.put([Record(site, 'image', f'{site}{n}', f'{site}{n}', '', 'n', doc) for n in range(store.SMALL + 5)])
                sizes.append(log.stat().st_size)

        await asyncio.gather(*(write(f's{number}') for number in range(8)))
        await opened_store.close()

    asyncio.run(main())
    assert max(sizes) < 4 * store.LOG_MOST


def test_a_page_in_its_usual_order_is_short_and_a_search_through_everything_is_not(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        many = [Record('east', 'server', f'{n:05}', f'{n:05}', 'p', f'n{n}', b'{}', 'ACTIVE', f'2026-01-{n % 28:02}') for n in range(5000)]
        async with opened(tmp_path) as lane:
            putting.put(lane.db, many)
            short = lanes.Short(opening.connect(tmp_path / 'hansa.db', reads=True))
            newest = (Sort(('created',), descending=True),)
            for query in (
                Query('server', ('p',), sorts=newest, limit=50),
                Query('server', ('p',), sorts=newest, limit=50, gone=True),
                Query('server', ('p',), sorts=newest, limit=50, marker='02500'),
                Query('server', None, sorts=newest, limit=50),
                Query('server', ('q',), sorts=newest, limit=50),
            ):
                assert short.near(functools.partial(inventory.page, query=query)) == inventory.page(lane.db, query)
            long = functools.partial(inventory.page, query=Query('server', ('p',), sorts=newest, limit=1000))
            assert len(short.near(long, 1000)) == 1000
            for _ in range(3):
                with pytest.raises(lanes.TooLong):
                    short.near(functools.partial(inventory.page, query=Query('server', ('p',), filters=(Filter(('doc', 'x'), 'in', ('1',)),))))
                assert len(short.near(functools.partial(inventory.page, query=Query('server', ('p',), limit=50)))) == 50
            short.db.close()

    asyncio.run(main())


def test_a_name_is_found_without_a_look_at_all_the_others(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        many = [Record('east', 'server', f'{n:05}', f'{n:05}', 'p', f'node-{n:05}', b'{}', 'ACTIVE', f'2026-01-{n % 28:02}') for n in range(5000)]
        async with opened(tmp_path) as lane:
            putting.put(lane.db, many)
            putting.put(lane.db, [msgspec.structs.replace(many[7], name='renamed'), msgspec.structs.replace(many[9], name='node-00007 too')])
            inventory.remove(lane.db, 'east', 'server', ['00070'], 1.0)
            short = lanes.Short(opening.connect(tmp_path / 'hansa.db', reads=True))
            putting.put(lane.db, [msgspec.structs.replace(many[11], name='Straße "9"'), msgspec.structs.replace(many[12], name='\u212aelvin')])
            for word, found in (
                ('NODE-00007', ['00009']), ('strasse', ['00011']), ('STRASSE', ['00011']), ('raße "', ['00011']), ('kelvin', ['00012']), ('\u212aELV', ['00012']),
                ('nothing', []),
            ):  # fmt: skip
                query = Query('server', ('p',), filters=(Filter(('name',), 'like', (word,)),), limit=50)
                assert [record.id for record in inventory.page(lane.db, query)] == found, word
            for pattern, found in (
                ('node-00007', ['00009']), ('^node-00007$', []), ('renamed', ['00007']), ('^node-0012', [f'{n:05}' for n in range(120, 130)]),
                ('NODE-00007', []), ('(?i)^NODE-00008$', ['00008']), ('node-00070', []), ('-00004', ['00004']),
            ):  # fmt: skip
                query = Query('server', ('p',), filters=(Filter(('name',), 'regex', (pattern,)),), limit=50)
                assert [record.id for record in short.near(functools.partial(inventory.page, query=query))] == found, pattern
                assert inventory.count(short.db, query) == len(found), pattern
            common = Query('server', ('p',), filters=(Filter(('name',), 'regex', ('node',)),), limit=3)
            assert [record.id for record in inventory.page(short.db, common)] == ['00000', '00001', '00002']
            short.db.close()

    asyncio.run(main())
