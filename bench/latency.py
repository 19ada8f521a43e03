"""What Hansa adds to a routed request: one server by id, asked of the site itself, through nginx, and through Hansa."""

from __future__ import annotations

import statistics

from bench import load, processes, rig
from bench.figures import Figure

CONNECTIONS = 16
ROUNDS = 3


def measure(on: rig.Rig, seconds: float) -> list[Figure]:
    """The three ways take turns, so that what else the machine does hits all alike; medians of the rounds."""
    one = rig.server(on.users, 'bench-routed')
    at_site = on.direct.url('compute', f'/servers/{one}')
    ways: dict[str, tuple[str, dict[str, str], processes.Program]] = {
        'direct': (at_site, on.direct.headers, on.site),
        'nginx': (on.by_nginx(at_site), on.direct.headers, on.nginx),
        'hansa': (on.users.url('compute', f'/servers/{one}'), on.users.headers, on.hansa),
    }
    results: dict[str, list[load.Result]] = {name: [] for name in ways}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for name, (url, headers, _) in ways.items():
        load.run(url, headers, CONNECTIONS, 1)
        print(f'  {name} is warm', flush=True)
    for _ in range(ROUNDS):
        for name, (url, headers, program) in ways.items():
            before = program.cpu()
            result = load.run(url, headers, CONNECTIONS, seconds)
            results[name].append(result)
            spent[name].append((program.cpu() - before) / result.requests)
    on.users.call('DELETE', 'compute', f'/servers/{one}')
    return _figures(results, {name: statistics.median(values) for name, values in spent.items()})


def _figures(results: dict[str, list[load.Result]], cpu: dict[str, float]) -> list[Figure]:
    def middle(name: str, field: str) -> float:
        values: list[float] = [getattr(one, field) for one in results[name]]
        return statistics.median(values)

    told = [
        Figure(f'routed_{name}_{field}', middle(name, field), 'ms', f'{name}: {field[:3]} at {CONNECTIONS} connections')
        for name in results
        for field in ('p50_ms', 'p99_ms')
    ]
    told += [
        Figure(f'routed_{name}_rps', statistics.median(r.requests / r.seconds for r in rounds), '1/s', f'{name}: requests a second')
        for name, rounds in results.items()
    ]
    told += [Figure(f'routed_{name}_cpu_us', cpu[name] * 1e6, 'us', f'{name}: CPU a request') for name in ('nginx', 'hansa')]
    added = {field: middle('hansa', field) - middle('direct', field) for field in ('p50_ms', 'p99_ms')}
    return [
        *told,
        Figure('routed_added_p50_ms', added['p50_ms'], 'ms', 'one server by id: p50 that Hansa adds', 5),
        Figure('routed_added_p99_ms', added['p99_ms'], 'ms', 'one server by id: p99 that Hansa adds', 15),
        Figure('routed_cpu_ratio', cpu['hansa'] / cpu['nginx'], 'x nginx', "one server by id: Hansa's CPU against nginx's", 6),
    ]
