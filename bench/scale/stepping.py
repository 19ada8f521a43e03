"""The store alone, in a process of its own: pages against the bare SQLite steps to the same rows, and filtered counts.

`python -m bench.scale.stepping STATE` writes a `Result` as JSON to standard output. STATE is the folder of a league that has ended.
"""

from __future__ import annotations

import asyncio
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import msgspec

from bench import processes
from bench.figures import Figure
from hansa.model.listing import Filter, Query, Sort
from hansa.ports.store import Store
from hansa.storage.sqlite import store as sqlite

PAGE = 1000
ROUNDS = 30
GOAL, GOAL_COUNT = 1.3, 5
DEPTHS = {'first': 0.0, 'middle': 0.5, 'last': 0.998}
_WAIT_S = 600

_STEP = """
    SELECT d.doc FROM hot AS h INDEXED BY hot_owned_created CROSS JOIN document AS d ON d.row = h.row
    WHERE h.project = ? AND h.kind = 'server' AND h.prime = 1 AND (h.created, h.id) < (?, ?) ORDER BY h.created DESC, h.id DESC LIMIT ?
"""
_AT = """
    SELECT created, id FROM hot WHERE project = ? AND kind = 'server' AND prime = 1 ORDER BY created DESC, id DESC LIMIT 1 OFFSET ?
"""


class Result(msgspec.Struct, frozen=True):
    """Milliseconds: of pages by depth, (ours, bare); of counts by what is filtered."""

    pages: dict[str, tuple[float, float]]
    counts: dict[str, float]


def run(state: pathlib.Path) -> Result:
    """Do it. Raises RuntimeError where it fails."""
    done = subprocess.run(
        (processes.PYTHON, '-m', 'bench.scale.stepping', str(state)), capture_output=True, check=False, cwd=processes.ROOT, timeout=_WAIT_S
    )
    if done.returncode != 0:
        raise RuntimeError(f'The store could not be measured: {done.stderr.decode()[-2000:]}')
    return msgspec.json.decode(done.stdout, type=Result)


def pages(result: Result) -> list[Figure]:
    """What belongs to the pages."""
    return [
        Figure(f'step_{depth}_ratio', ours / bare, 'x SQLite', f'{depth} page: storage part against the bare SQLite step', GOAL, note=f'{ours:.3g} ms, {bare:.3g} ms')
        for depth, (ours, bare) in result.pages.items()
    ]


def counts(result: Result) -> list[Figure]:
    """What belongs to the counts."""
    return [Figure(f'count_{what.replace(" ", "_")}_ms', took, 'ms', f'servers counted by {what}', GOAL_COUNT) for what, took in result.counts.items()]


async def _measure(state: pathlib.Path) -> Result:
    db = sqlite3.connect(f'file:{state / "hansa.db"}?mode=ro', uri=True)
    # As much of the file in memory as short pages have.
    db.execute(f'PRAGMA mmap_size={1 << 30}')
    db.execute(f'PRAGMA cache_size=-{sqlite.SHORT_MIB * 1024}')
    store = await sqlite.open_store(state)
    first = (await store.page(Query('server', limit=1)))[0]
    total = await store.count(Query('server', (first.project,), public=False))
    told = {}
    for depth, share in DEPTHS.items():
        created, id = db.execute(_AT, (first.project, int(share * max(0, total - PAGE - 1)))).fetchone()
        query = Query('server', (first.project,), public=False, sorts=(Sort(('created',), descending=True),), limit=PAGE, marker=id)
        told[depth] = await _turns(store, query, lambda at: db.execute(_STEP, at).fetchall(), (first.project, created, id, PAGE))
    every = {'project': first.project, 'site': first.site, 'status': 'SHUTOFF'}
    filters = {**{word: (word,) for word in every}, 'project site and status': tuple(every)}
    counted = {what: await _count(store, [(word, every[word]) for word in some]) for what, some in filters.items()}
    await store.close()
    return Result(told, counted)


async def _turns(store: Store, query: Query, bare: Callable[[tuple[object, ...]], object], args: tuple[object, ...]) -> tuple[float, float]:
    """Milliseconds of each: they take turns; medians, after one that nobody looks at."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        await store.sheets(query, len)
        middle = time.perf_counter()
        bare(args)
        times[0].append(middle - began)
        times[1].append(time.perf_counter() - middle)
    return statistics.median(times[0][1:]) * 1e3, statistics.median(times[1][1:]) * 1e3


async def _count(store: Store, wanted: Sequence[tuple[str, str]]) -> float:
    query = Query('server', filters=tuple(Filter((field,), 'in', (value,)) for field, value in wanted))
    times = []
    for _ in range(3):
        began = time.perf_counter()
        await store.count(query)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e3


if __name__ == '__main__':
    result = asyncio.run(_measure(pathlib.Path(sys.argv[1])))
    sys.stdout.buffer.write(msgspec.json.encode(result))
