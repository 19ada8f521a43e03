"""Pages of a thousand servers in detail, as a user asks for them: the CPU of the whole request against nginx with a file of the same bytes.

At any depth, by each sort key that is promised, with a tenth of the sites black-holed, and against a real Nova.
"""

from __future__ import annotations

import pathlib
import statistics
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from bench import cloud, load, nginx, nova, processes
from bench.figures import Figure
from bench.scale.stand import Stand

PAGE = 1000
SORTS = {'created_at': 'created', 'updated_at': 'updated', 'display_name': 'name', 'uuid': 'id'}
"""Sort keys that are promised at any size, and where a document has them."""
DEPTHS = {'first': 0.0, 'middle': 0.5, 'last': 1.0}
ROUNDS = 3
GOAL, GOAL_DARK, GOAL_NOVA = 8, 1.1, 100
_SAMPLED = 50_000
_REST_S = 20.0
_DARK = 0.1
_DARK_S = 120


class Cost(NamedTuple):
    """Of one request: seconds of CPU, milliseconds until it was answered, bytes."""

    cpu: float
    p50_ms: float
    p99_ms: float
    bytes: int


def measure(on: Stand, folder: pathlib.Path, seconds: float, real: nova.Source | None) -> list[Figure]:
    """All but what is measured of the store alone (see stepping)."""
    on.calm()
    rest = _rest(on.hansa)
    first = _cost(on.hansa, on.users.url('compute', f'/servers/detail?limit={PAGE}'), on.users, seconds, rest)
    file = _file(folder, on.users, first.bytes, seconds)
    told = [
        Figure('page_kb', first.bytes / 1000, 'kB', f'a page of {PAGE} servers in detail'),
        Figure('page_nginx_cpu_us', file.cpu * 1e6, 'us', 'nginx: CPU for a file of that size'),
        Figure('page_rest', rest * 100, '%', 'CPU of one core that the league takes without requests; it is not counted with pages'),
        Figure('page_cpu_us', first.cpu * 1e6, 'us', f'first page of {on.size.total:,}: CPU of the whole request'),
        Figure('page_p50_ms', first.p50_ms, 'ms', 'first page: p50'),
        Figure('page_p99_ms', first.p99_ms, 'ms', 'first page: p99'),
        Figure('page_ratio', first.cpu / file.cpu, 'x nginx', "first page: CPU against nginx's", GOAL),
    ]
    told += _elsewhere(on, seconds, file.cpu, rest)
    told += _dark(on, seconds, file.cpu, rest)
    return [*told, _against(on, seconds, real)]


def _rest(program: processes.Program) -> float:
    """Seconds of CPU a second that a program takes when nobody asks it anything: a league follows its sites all the time."""
    before, began = program.cpu(), time.monotonic()
    time.sleep(_REST_S)
    return (program.cpu() - before) / (time.monotonic() - began)


def _cost(program: processes.Program, url: str, who: cloud.Cloud, seconds: float, rest: float = 0.0) -> Cost:
    """One client that asks again and again; without what the program takes at `rest`. Raises RuntimeError where it is not answered."""
    load.run(url, who.headers, 1, 0.1)
    before, began = program.cpu(), time.monotonic()
    result = load.run(url, who.headers, 1, seconds)
    cpu = program.cpu() - before - rest * (time.monotonic() - began)
    return Cost(cpu / result.requests, result.p50_ms, result.p99_ms, result.bytes)


def _file(folder: pathlib.Path, who: cloud.Cloud, size: int, seconds: float) -> Cost:
    files = folder / 'files'
    files.mkdir()
    (files / 'page.json').write_bytes(b' ' * size)
    with nginx.serving(files, folder / 'nginx') as (port, program):
        costs = [_cost(program, f'http://127.0.0.1:{port}/page.json', who, seconds) for _ in range(ROUNDS)]
    return Cost(*(statistics.median(each) for each in zip(*costs, strict=True)))


def _elsewhere(on: Stand, seconds: float, yardstick: float, rest: float) -> Iterator[Figure]:
    """The same in other orders and at other depths; the first page in the usual order is told already."""
    known = _sample(on)
    for key, field in SORTS.items():
        ordered = sorted(known, key=lambda one: (one[field], one['id']), reverse=True)
        for depth, share in DEPTHS.items():
            if (key, depth) == ('created_at', 'first'):
                continue
            name, about, note = f'page_{key}_{depth}', f'{depth} page by {key}', ''
            ratio = None
            try:
                cost = _cost(on.hansa, on.users.url('compute', f'/servers/detail?limit={PAGE}&sort_key={key}{_marker(on, ordered, share)}'), on.users, seconds, rest)
                ratio, note = cost.cpu / yardstick, f'p50 {cost.p50_ms:.3g} ms, {cost.bytes / 1000:.0f} kB'
            except (RuntimeError, TimeoutError) as error:
                note = str(error)[:200]
            yield Figure(f'{name}_ratio', ratio, 'x nginx', f"{about}: CPU against nginx's", GOAL, note=note)


def _sample(on: Stand) -> list[dict[str, Any]]:
    """Every so many of the servers of all sites, as these tell them: so is it known what stands where in the league's order."""
    found: list[dict[str, Any]] = []
    step = max(1, on.size.total // _SAMPLED)
    for name in on.fleet.sites:
        site, marker = cloud.Cloud(on.fleet.clouds, name), ''
        while some := site.call('GET', 'compute', f'/servers/detail?limit={PAGE}{marker}')['servers']:
            found += [{field: one[field] for field in SORTS.values()} for one in some[::step]]
            marker = f'&marker={some[-1]["id"]}'
    return found


def _marker(on: Stand, ordered: list[dict[str, Any]], share: float) -> str:
    """So deep that there still is a whole page after it, which a sample tells well enough with a page to spare."""
    if not share:
        return ''
    deepest = 1 - min(0.5, 2 * PAGE / on.size.total)
    return f'&marker={ordered[int(min(share, deepest) * len(ordered))]["id"]}'


def _dark(on: Stand, seconds: float, yardstick: float, rest: float) -> list[Figure]:
    """The first page while a tenth of the sites answer nothing, and the league knows it."""
    gone = on.fleet.sites[: max(1, int(len(on.fleet.sites) * _DARK))]
    url = on.users.url('compute', f'/servers/detail?limit={PAGE}')
    light = [_cost(on.hansa, url, on.users, seconds, rest) for _ in range(ROUNDS)]
    with on.fleet.black_holed(gone):
        known = cloud.until(lambda: sum(on.look().sites('site_up').values()) <= len(on.fleet.sites) - len(gone), 'that sites are away', _DARK_S, 1)
        dark = [_cost(on.hansa, url, on.users, seconds, rest) for _ in range(ROUNDS)]
    cloud.until(lambda: sum(on.look().sites('site_up').values()) == len(on.fleet.sites), 'that sites are back', _DARK_S, 1)
    cpu = [statistics.median(one.cpu for one in some) for some in (light, dark)]
    p50 = [statistics.median(one.p50_ms for one in some) for some in (light, dark)]
    who = f'{len(gone)} of {len(on.fleet.sites)} sites black-holed'
    return [
        Figure('page_dark_known_s', known, 's', f'{who}: known after'),
        Figure('page_dark_nginx_ratio', cpu[1] / yardstick, 'x nginx', f"{who}: CPU of the first page against nginx's", GOAL),
        Figure('page_dark_ratio', cpu[1] / cpu[0], 'x', f'{who}: CPU of the first page against all answering', GOAL_DARK),
        Figure('page_dark_p50_ratio', p50[1] / p50[0], 'x', f'{who}: p50 of the first page against all answering'),
    ]


def _against(on: Stand, seconds: float, real: nova.Source | None) -> Figure:
    """A real Nova's list of its own servers against ours of equal length out of all."""
    name, about = 'page_nova_ratio', 'a page of servers: Hansa against a real Nova, times faster'
    if real is None:
        return Figure(name, None, 'x', about, GOAL_NOVA, at_least=True, note='no real Nova: LAB_CLOUDS names no clouds.yaml')
    with real.filled() as (there, held):
        page = min(held, PAGE)
        theirs = load.run(there.url('compute', f'/servers/detail?limit={page}'), there.headers, 1, seconds)
    ours = load.run(on.users.url('compute', f'/servers/detail?limit={page}'), on.users.headers, 1, seconds)
    note = f'{theirs.p50_ms:.0f} ms against {ours.p50_ms:.3g} ms, both pages of {page}'
    return Figure(name, theirs.p50_ms / ours.p50_ms, 'x', about, GOAL_NOVA, at_least=True, note=note)
