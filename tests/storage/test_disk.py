"""One sync for all who wait: what was written before it began stands then, and nobody is told earlier."""

from __future__ import annotations

import asyncio
import os
import pathlib

import pytest

from hansa.storage.sqlite import disk, store


def test_one_sync_is_for_all_who_wrote_before_it_began(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, syncs, held = tmp_path / 'log', list[int](), asyncio.Event()
    log.write_bytes(b'x')

    async def main() -> None:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def sync(file: int) -> None:
            syncs.append(file)
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(held.wait(), loop).result()

        monkeypatch.setattr(os, 'fdatasync', sync)
        it = disk.Disk(log)
        first = asyncio.create_task(it.reached())
        await begun.wait()
        later = [asyncio.create_task(it.reached()) for _ in range(5)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in (first, *later))
        later[0].cancel()
        held.set()
        await asyncio.gather(first, *later[1:])
        assert len(syncs) == 2
        await it.close()

    asyncio.run(main())


def test_who_waits_for_a_disk_that_fails_is_told_and_the_next_sync_is_another(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, answers = tmp_path / 'log', [OSError(5, 'Input/output error'), None]
    log.write_bytes(b'x')

    def sync(_: int) -> None:
        if error := answers.pop(0):
            raise error

    async def main() -> None:
        it = disk.Disk(log)
        with pytest.raises(OSError, match='Input/output error'):
            await it.reached()
        await it.reached()
        await it.close()

    monkeypatch.setattr(os, 'fdatasync', sync)
    asyncio.run(main())


@pytest.mark.parametrize('many', [1, 100])
def test_nothing_is_told_to_be_stored_before_the_log_is_synced(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    synced = list[int]()
    real = os.fdatasync

    def sync(file: int) -> None:
        synced.append(os.fstat(file).st_size)
        real(file)

    async def main() -> None:
        it = await store.open_store(tmp_path / 'state')
        monkeypatch.setattr(os, 'fdatasync', sync)
        for number in range(3):
            before = len(synced)
            await asyncio.gather(*(it.set(f'{number}/{each}', b'x') for each in range(many)))
            assert len(synced) > before
            assert synced[-1] == (tmp_path / 'state' / 'hansa.db-wal').stat().st_size
        await it.close()

    (tmp_path / 'state').mkdir()
    asyncio.run(main())
    assert len(synced) <= 3 * 3, 'syncs, however many wrote at once'
