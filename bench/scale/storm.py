"""Storms: all servers of one site change four times within ten seconds, and then all of all sites but one, which is to stay quiet."""

from __future__ import annotations

import concurrent.futures
import random
import time
from collections.abc import Sequence
from typing import Any

from bench import cloud, load
from bench.figures import Figure
from bench.scale import gauges, loading, seeing
from bench.scale.stand import Stand
from hansa.sync import gate

CHANGES, SECONDS = 4, 10.0
BATCHES, DRAINED_S, QUIET_S, TIMES_NAIVE, TIMES_P99, MEMORY_MIB = 40, 15, 30, 5, 10, 2048
_MIB = 1 << 20
_SAMPLE, _SITES = 100, 20
_DEADLINE_S = 600.0
_LIST = '/servers/detail?limit=50'
_QUIET_RATE = 1.0
"""Changes a second at the site that stays quiet."""


def measure(on: Stand, seconds: float) -> list[Figure]:
    """One site, then all."""
    on.calm()
    return [*_one(on), *_all(on, seconds)]


def _one(on: Stand) -> list[Figure]:
    site = on.fleet.sites[len(on.fleet.sites) // 2]
    before = on.look()
    on.fleet.storm(site, CHANGES, SECONDS)
    cloud.until(lambda: not on.fleet.weather(site), 'the end of the storm', _DEADLINE_S)
    drained = _drained(on, [site], _SAMPLE)
    after = on.look()
    batches, records = (_grown(before, after, name, site) for name in ('site_batches_total', 'site_records_total'))
    who = f'storm at one site ({on.size.servers:,} servers, {CHANGES} changes each in {SECONDS:g} s)'
    return [
        Figure('storm_flying', after.sites('site_batches_flying')[site], '', f'{who}: batches in flight at once', gate.CREDIT),
        Figure('storm_batches', batches, '', f'{who}: batches', BATCHES),
        Figure('storm_records', records, '', f'{who}: records written'),
        Figure('storm_refused', _grown(before, after, 'site_batches_refused_total', site), '', f'{who}: batches told to come again'),
        Figure('storm_drained_s', drained, 's', f'{who}: drained after the last change', DRAINED_S),
    ]


def _all(on: Stand, seconds: float) -> list[Figure]:
    quiet, *others = on.fleet.sites
    url = on.users.url('compute', _LIST)
    calm = load.run(url, on.users.headers, 1, seconds)
    on.fleet.live(_QUIET_RATE * 86_400 / on.size.servers, quiet)
    before, began = on.look().sum('site_records_total'), time.monotonic()
    on.fleet.storm(others, CHANGES, SECONDS)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        listing = pool.submit(load.run, url, on.users.headers, 1, 3 * SECONDS)
        seeing_ = pool.submit(seeing.follow, on, [quiet], 3 * SECONDS)
        cloud.until(lambda: not on.fleet.weather(others), 'the end of the storm', _DEADLINE_S, 1)
        over = time.monotonic()
        drained = _drained(on, others[:: max(1, len(others) // _SITES)], _SAMPLE // _SITES)
        lasted, records = time.monotonic() - began, on.look().sum('site_records_total') - before
        lists, seen = listing.result(), seeing_.result()
    on.fleet.live(0)
    who, changes = f'storm at {len(others)} sites', CHANGES * on.size.servers * len(others)
    return [
        Figure('storms_changes', changes, '', f'{who}: changes'),
        Figure('storms_last_s', over - began, 's', f'{who}: last change after'),
        Figure('storms_drained_s', drained, 's', f'{who}: drained after the last change'),
        Figure('storms_absorbed', changes / lasted, '1/s', f'{who}: changes absorbed a second, from the first change until all is shown as it is'),
        Figure('storms_rate', records / lasted, '1/s', f'{who}: records written a second for that', note='changes of one object meanwhile become one record'),
        Figure('storms_quiet_seen', seen.changes, '', f'{who}: changes of a quiet site that were followed'),
        Figure('storms_quiet_s', seen.longest if seen.changes and not seen.lost else None, 's', f'{who}: changes of a quiet site seen within', QUIET_S),
        Figure('storms_p50_ms', lists.p50_ms, 'ms', f'{who}: p50 of {_LIST}', note=f'quiet: {calm.p50_ms:.3g} ms'),
        Figure('storms_memory_mib', on.watch.most / _MIB, 'MiB', f"{who}: most memory of all of Hansa's processes until its end (Pss)", MEMORY_MIB),
        Figure('storms_p99_ratio', lists.p99_ms / calm.p99_ms, 'x quiet', f'{who}: p99 of {_LIST}', TIMES_P99, note=f'{lists.p99_ms:.3g} ms'),
    ]


def compared(storms: list[Figure], bulk: loading.Result) -> list[Figure]:
    """The same, and what only shows beside the yardsticks: docs/decisions/0015-storms.md."""
    absorbed, rate = (next((one.value for one in storms if one.name == name), None) or 0.0 for name in ('storms_absorbed', 'storms_rate'))
    return [
        *storms,
        Figure('naive_rate', bulk.naive, '1/s', 'yardstick: changes upserted row by row into a plain wide table, a transaction each'),
        Figure(
            *('storms_ratio', absorbed / bulk.naive, 'x naive', 'storm at all sites: changes absorbed a second against naive row-by-row upserts'),
            TIMES_NAIVE, at_least=True, note='naive writes each change; four of a server coalesce here',
        ),
        Figure('single_rate', bulk.single, '1/s', "the league's own store, one changed record put at a time"),
        Figure('storms_single_ratio', rate / bulk.single, 'x', 'storm at all sites: records written a second against that'),
    ]  # fmt: skip


def _drained(on: Stand, sites: Sequence[str], each: int) -> float:
    """Wait until the league shows some servers of these sites as they are, and nothing waits; seconds."""
    began = time.monotonic()
    wanted = [one for site in sites for one in _some(on, site, each)]

    def level() -> bool:
        nonlocal wanted
        wanted = [one for one in wanted if not seeing.level(on, [one])]
        backlog = on.look().sites('site_backlog')
        return not wanted and not any(backlog[site] for site in sites)

    cloud.until(level, 'that the storm is drained', _DEADLINE_S)
    return time.monotonic() - began


def _some(on: Stand, site: str, count: int) -> list[dict[str, Any]]:
    found = cloud.Cloud(on.fleet.clouds, site).call('GET', 'compute', '/servers/detail?limit=1000')['servers']
    chosen: list[dict[str, Any]] = random.Random(0).sample(found, min(count, len(found)))  # noqa: S311 - any will do
    return chosen


def _grown(before: gauges.Gauges, after: gauges.Gauges, name: str, site: str) -> float:
    return after.sites(name)[site] - before.sites(name)[site]
