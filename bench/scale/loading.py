"""The yardsticks of the store, in a process of its own: the rows of a league that has ended, loaded in bulk into a fresh one, and changed one by one.

`python -m bench.scale.loading STATE FOLDER` writes a `Result` as JSON to standard output. STATE is the league's folder, FOLDER is filled.
"""

from __future__ import annotations

import asyncio
import pathlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import msgspec

from bench import processes
from bench.scale import naive
from hansa.model.listing import Filter, Query
from hansa.model.resource import Record
from hansa.ports.store import Store
from hansa.storage.sqlite import store as sqlite

KINDS = ('server', 'port', 'volume')
AT_ONCE = 5000
SINGLE = 5000
_WAIT_S = 1200


class Result(msgspec.Struct, frozen=True):
    """Rows a second in bulk (`rate`), into a wide table change by change (`naive`), into the store change by change (`single`); `bytes` of the store
    and of its document for a server.
    """

    rows: int
    rate: float
    naive: float
    single: float
    bytes: float
    document: float


def run(state: pathlib.Path, folder: pathlib.Path) -> Result:
    """Do it. Raises RuntimeError where it fails."""
    folder.mkdir()
    done = subprocess.run(
        (processes.PYTHON, '-m', 'bench.scale.loading', str(state), str(folder)), capture_output=True, check=False, cwd=processes.ROOT, timeout=_WAIT_S
    )
    if done.returncode != 0:
        raise RuntimeError(f'The store could not be loaded: {done.stderr.decode()[-2000:]}')
    return msgspec.json.decode(done.stdout, type=Result)


async def _load(state: pathlib.Path, folder: pathlib.Path) -> Result:
    source, target = await sqlite.open_store(state), await sqlite.open_store(folder)
    rows, took, size, servers, documents = 0, 0.0, 0, 0, 0
    last: list[Record] = []
    for kind in KINDS:
        async for some in _some(source, kind):
            began = time.perf_counter()
            await target.put(some)
            took += time.perf_counter() - began
            rows += len(some)
            if kind == 'server':
                servers += len(some)
                documents += sum(len(one.doc) for one in some)
                last = some
        if kind == 'server':
            # Folded into one file, as it lies on the disk in the end.
            await target.close()
            size = (folder / 'hansa.db').stat().st_size
            target = await sqlite.open_store(folder)
    single = await _one_by_one(target, last)
    await target.close()
    wide = await _wide(source, folder)
    await source.close()
    return Result(rows, rows / took, wide, single, size / servers, documents / servers)


async def _wide(source: Store, folder: pathlib.Path) -> float:
    """A table of the servers that the league has, to which changes of mixed sites come."""
    table, held = naive.Wide(folder / 'wide.db'), list[Record]()
    async for some in _some(source, 'server'):
        table.fill(some)
        held += naive.sampled(some, naive.CHANGES // 100)
    table.index()
    rate = table.rate(naive.changed(held))
    table.close()
    return rate


async def _some(source: Store, kind: str) -> AsyncIterator[list[Record]]:
    """All rows of a kind, site by site, as many as go in at once."""
    for site in sorted({name for name, held, _, _ in await source.summary() if held == kind}):
        found = await source.page(Query(kind, filters=(Filter(('site',), 'in', (site,)),)))
        for start in range(0, len(found), AT_ONCE):
            yield found[start : start + AT_ONCE]


async def _one_by_one(target: Store, rows: list[Record]) -> float:
    """Known rows in a new state, each put by itself: what the league's own layout gives without batches."""
    changed = [naive.later(one, '2099-01-01T00:00:00Z') for one in rows[:SINGLE]]
    began = time.perf_counter()
    for one in changed:
        await target.put([one])
    return len(changed) / (time.perf_counter() - began)


if __name__ == '__main__':
    result = asyncio.run(_load(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
    sys.stdout.buffer.write(msgspec.json.encode(result))
