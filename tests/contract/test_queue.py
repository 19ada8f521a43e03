"""What the queue of batches promises: bounded, fair, each batch digested once whoever dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Sequence

import hypothesis
import pytest
from hypothesis import strategies as st

from hansa.model.alias import Alias
from hansa.model.batch import LANES, Lane, Receipt
from hansa.model.errors import Busy, Conflict, Gone
from hansa.model.resource import Record
from hansa.ports.queue import Parcel, Queue
from hansa.storage.postgres import feed
from hansa.storage.postgres import queue as room
from hansa.storage.postgres.store import PostgresStore
from hansa.storage.postgres.transacting import Session
from tests.contract.conftest import Cluster, clustered
from tests.postgres import Server

Given = tuple[str, Lane]

SITES = ('a', 'b', 'c', 'd', 'east')
TAKING = pathlib.Path(__file__).with_name('taking.py')


def queue(store: PostgresStore) -> Queue:
    """What failed comes again at once: so no test has to wait."""
    return room.PostgresQueue(store._pool, pause=0.0)


async def taken(store: PostgresStore) -> Parcel | None:
    """Digest one."""
    async with queue(store).next(SITES) as parcel:
        return parcel


async def body(store: PostgresStore) -> bytes:
    parcel = await taken(store)
    return parcel.body if parcel else b''


def server(site: str, id: str) -> Record:
    return Record(site, 'server', id, id, 'p', 'n', b'{}')


def test_a_batch_goes_in_and_comes_out(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        intake, worker = stores[0].queue, stores[1].queue
        run = await intake.begin('east')
        assert await intake.give('east', run, 'hot', 1, b'\0one') == Receipt(1, room.CREDIT)
        assert await worker.backlog() == {'east': 1}
        async with worker.next(SITES) as parcel:
            assert parcel == Parcel('east', run, 'hot', 1, b'\0one')
        assert await intake.backlog() == {}
        async with worker.next(SITES) as parcel:
            assert parcel is None

    cluster(main)


def test_numbers_are_taken_once_and_in_order(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        one, two = stores[0].queue, stores[1].queue
        run = await one.begin('east')
        assert await one.give('east', run, 'bulk', 2, b'2') == Receipt(0, room.CREDIT, room.RETRY_S)
        assert await one.give('east', run, 'bulk', 1, b'1') == Receipt(1, room.CREDIT)
        assert await two.give('east', run, 'bulk', 1, b'1') == Receipt(1, room.CREDIT)
        assert await two.give('east', run, 'hot', 1, b'h') == Receipt(1, room.CREDIT)
        assert [await body(stores[2]) for _ in range(3)] == [b'h', b'1', b'']
        assert await two.give('east', run, 'bulk', 1, b'1') == Receipt(1, room.CREDIT)
        assert await one.backlog() == {}

    cluster(main)


def test_the_same_batch_at_two_intakes_at_once_is_taken_once(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        run = await stores[0].queue.begin('east')
        got = await asyncio.gather(*(store.queue.give('east', run, 'hot', 1, b'1') for store in stores))
        assert got == [Receipt(1, room.CREDIT)] * 3
        assert await stores[0].queue.backlog() == {'east': 1}

    cluster(main)


def test_a_run_that_is_over_is_gone_and_what_was_taken_of_it_is_not(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        one, two = stores[0].queue, stores[1].queue
        with pytest.raises(Gone):
            await one.give('east', 'x', 'hot', 1, b'')
        assert await one.run('east') == ''
        old = await one.begin('east')
        await one.give('east', old, 'hot', 1, b'old')
        new = await two.begin('east')
        assert new != old
        assert await one.run('east') == new
        with pytest.raises(Gone, match='is over'):
            await one.give('east', old, 'hot', 2, b'')
        await one.give('east', new, 'hot', 1, b'new')
        assert [await body(stores[2]) for _ in range(3)] == [b'old', b'new', b'']

    cluster(main)


def test_credits_and_the_mark_bound_what_waits(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, 'HIGH_WATER', 4)

    async def main(stores: list[PostgresStore]) -> None:
        q = stores[0].queue
        runs = {site: await q.begin(site) for site in ('a', 'b', 'c', 'd')}
        for site in ('a', 'b'):
            for number in (1, 2):
                assert (await q.give(site, runs[site], 'bulk', number, b'')).upto == number
        assert await q.give('a', runs['a'], 'bulk', 3, b'') == Receipt(2, room.CREDIT, room.RETRY_S)
        # Above the mark there is room for the first of each, and for commands.
        assert (await q.give('c', runs['c'], 'bulk', 1, b'')).upto == 1
        assert await q.give('c', runs['c'], 'bulk', 2, b'') == Receipt(1, room.CREDIT, room.RETRY_S)
        assert (await q.give('c', runs['c'], 'command', 1, b'')).upto == 1
        assert await q.give('c', runs['c'], 'command', 2, b'') == Receipt(1, room.CREDIT, room.RETRY_S)
        assert await q.backlog() == {'a': 2, 'b': 2, 'c': 2}
        while await taken(stores[1]):
            continue
        assert (await q.give('a', runs['a'], 'bulk', 3, b'')).upto == 3

    cluster(main)


def test_commands_go_first_and_sites_by_turns(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        q = stores[0].queue
        runs = {site: await q.begin(site) for site in ('a', 'b', 'c')}
        script: list[Given] = [('a', 'bulk'), ('a', 'hot'), ('b', 'bulk'), ('b', 'hot'), ('c', 'bulk'), ('c', 'command')]
        for site, lane in script:
            await q.give(site, runs[site], lane, 1, f'{site} {lane}'.encode())
        assert [await body(stores[1]) for _ in range(6)] == [b'c command', b'a hot', b'b hot', b'c bulk', b'a bulk', b'b bulk']
        await q.give('a', runs['a'], 'bulk', 2, b'a2')
        await q.give('a', runs['a'], 'bulk', 3, b'a3')
        await q.give('c', runs['c'], 'bulk', 2, b'c2')
        assert [await body(stores[1]) for _ in range(3)] == [b'c2', b'a2', b'a3']

    cluster(main)


def test_of_one_site_one_is_served_at_a_time(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        q = stores[0].queue
        runs = {site: await q.begin(site) for site in ('a', 'b')}
        for number in (1, 2):
            await q.give('a', runs['a'], 'hot', number, b'a%d' % number)
        await q.give('b', runs['b'], 'hot', 1, b'b1')
        async with queue(stores[0]).next(SITES) as first:
            assert first is not None
            assert first.body == b'a1'
            async with queue(stores[1]).next(SITES) as second:
                assert second is not None
                assert second.body == b'b1'
                assert await taken(stores[2]) is None
                # Who digests keeps nobody from giving.
                await q.give('b', runs['b'], 'hot', 2, b'b2')
        assert [await body(stores[2]) for _ in range(3)] == [b'b2', b'a2', b'']

    cluster(main)


def test_a_worker_takes_what_is_of_its_sites(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        q = stores[0].queue
        for site in ('a', 'b', 'c'):
            await q.give(site, await q.begin(site), 'hot', 1, site.encode())
        for sites, expected in (((), None), (('x',), None), (('c', 'b'), b'b'), (('c', 'b'), b'c'), (('c', 'b'), None), (('a',), b'a')):
            async with stores[1].queue.next(sites) as parcel:
                assert (parcel.body if parcel else None) == expected

    cluster(main)


def test_what_is_written_meanwhile_is_one_with_the_acknowledgement(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        store, other, _ = stores
        run = await store.queue.begin('a')
        await store.queue.give('a', run, 'hot', 1, b'1')
        async with queue(store).next(SITES) as parcel:
            assert parcel
            await asyncio.gather(*(store.put([server('a', f'i{n}')]) for n in range(4)))
            await store.add_aliases([Alias('a', 'image', 'x', 'y')])
            with pytest.raises(Conflict):
                await store._pool.write(_refused)
            # It reads what it wrote; nobody else does.
            assert await store.known('a', 'server') == dict.fromkeys(('i0', 'i1', 'i2', 'i3'), '')
            assert await other.known('a', 'server') == {}
            assert await other.feed.latest() == 0
            assert await other.leases.take('x', 'y', 60.0)
        assert len(await other.known('a', 'server')) == 4
        assert await other.aliases() == [Alias('a', 'image', 'x', 'y')]
        assert [news.topic for news in await other.feed.since(0, 9)] == ['aliases-added']
        assert await taken(other) is None

    cluster(main)


async def _refused(db: Session) -> None:
    await db.run('UPDATE served SET failures = 9')
    feed.tell(db, 'value', 'never')
    raise Conflict('changed my mind')


def test_what_raises_is_undone_and_waits_on(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        store, other, _ = stores
        run = await store.queue.begin('a')
        await store.queue.give('a', run, 'hot', 1, b'1')
        for _ in range(3):
            with pytest.raises(RuntimeError, match='a fault of ours'):
                await _failing(store, queue(store))
        assert (await store.known('a', 'server'), await store.aliases(), await other.feed.latest()) == ({}, [], 0)
        assert await taken(other) == Parcel('a', run, 'hot', 1, b'1')

    cluster(main)


async def _failing(store: PostgresStore, waiting: Queue) -> None:
    async with waiting.next(SITES) as parcel:
        assert parcel
        await store.put([server(parcel.site, 'half')])
        await store.add_aliases([Alias('a', 'image', 'x', 'y')])
        raise RuntimeError('a fault of ours')


def test_after_a_fault_others_go_first_for_a_while(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        store = stores[0]
        patient = room.PostgresQueue(store._pool, pause=3600.0)
        for site in ('a', 'b'):
            await patient.give(site, await patient.begin(site), 'hot', 1, site.encode())
        with pytest.raises(RuntimeError):
            await _failing(store, patient)
        assert [await body(store) for _ in range(2)] == [b'b', b'']
        assert await patient.backlog() == {'a': 1}

    cluster(main)


def test_a_worker_that_is_killed_in_the_middle_leaves_it_to_another(postgres: Server) -> None:
    url = postgres.fresh()

    async def main(stores: list[PostgresStore]) -> None:
        store = stores[0]
        run = await store.queue.begin('a')
        await store.queue.give('a', run, 'hot', 1, b'1')
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, str(TAKING), url], check=False, timeout=60, env=os.environ | {'PYTHONPATH': str(pathlib.Path.cwd())}
        )
        assert done.returncode == -signal.SIGKILL
        # The server needs a moment to see it.
        while (parcel := await taken(store)) is None:
            continue
        assert parcel == Parcel('a', run, 'hot', 1, b'1')
        assert (await store.known('a', 'server'), await store.value('half'), await store.feed.latest()) == ({}, None, 0)

    asyncio.run(clustered(url, main))


def test_a_worker_whose_connection_is_cut_leaves_it_to_another(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        store, other, _ = stores
        run = await store.queue.begin('a')
        await store.queue.give('a', run, 'hot', 1, b'1')

        async def cut() -> None:
            async with queue(store).next(SITES) as parcel:
                assert parcel
                await store.put([server('a', 'half')])
                pid = await store._pool.read(lambda db: db.value('SELECT pg_backend_pid()'))
                await other._pool.write(lambda db: db.run('SELECT pg_terminate_backend($1, 10000)', pid))
                await store.put([server('a', 'rest')])

        with pytest.raises(Busy, match='does not answer'):
            await cut()
        assert await store.known('a', 'server') == {}
        assert await taken(other) == Parcel('a', run, 'hot', 1, b'1')

    cluster(main)


def test_what_met_another_is_undone_and_done_again(postgres: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, 'hansa')

    async def main(stores: list[PostgresStore]) -> None:
        store, other, _ = stores
        await other.set('word', b'first')
        run = await store.queue.begin('a')
        await store.queue.give('a', run, 'hot', 1, b'1')

        async def meeting() -> None:
            async with queue(store).next(SITES) as parcel:
                assert parcel
                await store.put([server('a', 'half')])
                await other.set('word', b'second')
                with contextlib.suppress(Busy):
                    await store.set('word', b'third')

        with pytest.raises(Busy, match='faster'):
            await meeting()
        assert (await store.known('a', 'server'), await store.value('word')) == ({}, b'second')
        async with queue(store).next(SITES) as parcel:
            assert parcel
            await store.set('word', b'third')
        assert await other.value('word') == b'third'

    asyncio.run(clustered(f'{postgres.fresh()}&default_transaction_isolation=repeatable%20read', main))
    assert 'a transaction is begun again: SerializationError' in {record.getMessage() for record in caplog.records}


def test_a_task_that_outlives_the_block_writes_by_itself(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        store, over = stores[0], asyncio.Event()

        async def late() -> None:
            await over.wait()
            await store.set('late', b'1')

        run = await store.queue.begin('a')
        await store.queue.give('a', run, 'hot', 1, b'1')
        async with queue(store).next(SITES):
            task = asyncio.ensure_future(late())
        over.set()
        await task
        assert await stores[1].value('late') == b'1'

    cluster(main)


def test_a_site_that_leaves_takes_what_waits_with_it(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        store = stores[0]
        run = await store.queue.begin('a')
        await store.queue.give('a', run, 'hot', 1, b'1')
        await stores[1].drop_site('a')
        assert await store.queue.backlog() == {}
        with pytest.raises(Gone):
            await store.queue.give('a', run, 'hot', 2, b'2')
        assert await taken(store) is None

    cluster(main)


scripts = st.lists(st.tuples(st.sampled_from('abc'), st.sampled_from(LANES)), min_size=1, max_size=16)


@hypothesis.settings(max_examples=15)
@hypothesis.given(script=scripts, faults=st.lists(st.booleans(), max_size=12))
def test_many_intakes_and_workers_digest_each_batch_once(postgres: Server, script: list[Given], faults: Sequence[bool]) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        chances, left = iter(faults), [len(script)]

        async def gives(site: str, run: str) -> None:
            numbers: dict[Lane, int] = dict.fromkeys(LANES, 0)
            for lane in [lane for each, lane in script if each == site]:
                numbers[lane] += 1
                while (await stores[0].queue.give(site, run, lane, numbers[lane], b'%d' % numbers[lane])).upto < numbers[lane]:
                    continue

        async def works(store: PostgresStore) -> None:
            while left[0]:
                with contextlib.suppress(RuntimeError, Busy):
                    async with queue(store).next(SITES) as parcel:
                        if parcel is None:
                            continue
                        known = (await store.value(f'{parcel.site}/{parcel.lane}') or b'').decode()
                        await store.set(f'{parcel.site}/{parcel.lane}', f'{known} {parcel.number}'.encode())
                        if next(chances, False):
                            raise RuntimeError
                    left[0] -= 1

        runs = {site: await stores[0].queue.begin(site) for site in 'abc'}
        await asyncio.gather(*(gives(site, run) for site, run in runs.items()), works(stores[1]), works(stores[2]))
        for site in 'abc':
            for lane in LANES:
                digested = (await stores[0].value(f'{site}/{lane}') or b'').decode().split()
                assert digested == [str(number + 1) for number in range(script.count((site, lane)))]

    asyncio.run(clustered(postgres.fresh(), main))
