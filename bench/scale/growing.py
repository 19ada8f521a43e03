"""Cold sync: a league that knows nothing learns of all servers, ports and volumes; how fast, against the store's own bulk load of the same rows."""

from __future__ import annotations

import contextlib
import time

from bench.figures import Figure
from bench.scale import loading
from bench.scale.stand import Stand

KINDS = ('port', 'server', 'volume')
_MINUTES_10 = 600.0
_MIB = 1 << 20


def measure(on: Stand) -> list[Figure]:
    """Wait until all is known. Must come first, as the league grows from its start."""
    cpu = on.hansa.cpu()
    times: dict[str, float | None] = dict.fromkeys(KINDS)
    with contextlib.suppress(RuntimeError):
        on.grown(KINDS, times)
    over = time.monotonic() - on.began
    records = on.look().sum('site_records_total')
    spent = on.hansa.cpu() - cpu
    rate = (records - on.early) / (over - on.ready)
    print(f'  {records:,.0f} records in {over:.0f} s, {spent:.0f} s of CPU after the first look', flush=True)
    late = f'given up after {over:.0f} s, {records:,.0f} records'
    told = [Figure('cold_ready_s', on.ready, 's', f'a league over {on.size.sites} sites it does not know: ready after')]
    told += [
        Figure(f'cold_{kind}_s', took, 's', f'{kind}s of {on.size}: all known after', _MINUTES_10 if kind == 'server' else None, note='' if took else late)
        for kind, took in times.items()
    ]
    return [
        *told,
        Figure('cold_rate', rate, '1/s', 'cold sync: records a second from ready on'),
        Figure('cold_memory_mib', on.watch.most / _MIB, 'MiB', "cold sync: most memory of all of Hansa's processes (Pss)", 2048),
        Figure('cold_own_mib', on.hansa.own() / _MIB, 'MiB', 'cold sync: memory of the league alone that is no mapped file, at its end'),
    ]


def compared(cold: list[Figure], bulk: loading.Result) -> list[Figure]:
    """The same, and what only shows beside the yardstick."""
    rate = next(one.value for one in cold if one.name == 'cold_rate') or 0.0
    return [
        *cold,
        Figure('bulk_rate', bulk.rate, '1/s', f'yardstick: the store loads the same {bulk.rows:,} rows, {loading.AT_ONCE} at once'),
        Figure('cold_ratio', rate / bulk.rate, 'x bulk', 'cold sync against the bulk load', 0.3, at_least=True),
        Figure('document_bytes', bulk.document, 'B', 'a server: its document'),
        Figure('store_bytes', bulk.bytes / 1024, 'KiB', 'a server: its place in the store, indices and all', 2.6),
    ]
