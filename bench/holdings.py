"""An account whose containers are at three sites: its listing through Hansa against the slowest site's own."""

from __future__ import annotations

import contextlib
import json
import pathlib
import statistics
import urllib.request

from bench import cloud, load, processes, rig
from bench.figures import Figure
from tests.lab import league

SITES = ('east', 'west', 'north')
ROUNDS = 3
QUERY = '?format=json&limit=10000'


def measure(folder: pathlib.Path, seconds: float, containers: int) -> list[Figure]:
    """`containers` in all, each site's between the others'; the ways take turns, medians of the rounds."""
    folder.mkdir()
    ports = {site: processes.free_port() for site in SITES}
    clouds = folder / 'clouds.yaml'
    clouds.write_text(rig.entries({site: f'http://127.0.0.1:{port}' for site, port in ports.items()}), encoding='utf-8')
    with contextlib.ExitStack() as stack:
        for site, port in ports.items():
            stack.enter_context(processes.running([processes.PYTHON, '-m', 'bench.site', str(port), site], folder / f'{site}.log', port))
        owners = {site: cloud.Cloud(clouds, site) for site in SITES}
        for number, (site, port) in enumerate(ports.items()):
            _fill(port, owners[site], [f'container-{each:06}' for each in range(number, containers, len(SITES))])
        one = stack.enter_context(league.serve(clouds, ','.join(f'{site}={site}' for site in SITES), folder / 'state'))
        users = cloud.Cloud(one.clouds, 'hansa')
        held = len(json.loads(_listed(users)))
        if held != containers:
            raise RuntimeError(f'The league lists {held} of {containers} containers.')
        return _measured({**owners, 'hansa': users}, seconds, containers)


def _measured(ways: dict[str, cloud.Cloud], seconds: float, containers: int) -> list[Figure]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, where in ways.items():
            times[name].append(load.run(where.url('object-store', QUERY), where.headers, 1, seconds).p50_ms)
    middle = {name: statistics.median(values) for name, values in times.items()}
    slowest = max(middle[site] for site in SITES)
    return [
        Figure('account_site_p50_ms', slowest, 'ms', f'slowest of {len(SITES)} sites: its {containers // len(SITES)} containers listed, p50'),
        Figure('account_hansa_p50_ms', middle['hansa'], 'ms', f'Hansa: all {containers} containers listed, p50'),
        Figure('account_ratio', middle['hansa'] / slowest, 'x site', f'account of {containers} containers: Hansa against the slowest site', 3),
    ]


def _listed(where: cloud.Cloud) -> bytes:
    request = urllib.request.Request(where.url('object-store', QUERY), headers=where.headers)  # noqa: S310 the address is of the catalog
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 see above
        body: bytes = answer.read()
    return body


def _fill(port: int, owner: cloud.Cloud, names: list[str]) -> None:
    body = json.dumps({'account': f'AUTH_{owner.project}', 'names': names}).encode()
    request = urllib.request.Request(f'http://127.0.0.1:{port}/bench/containers', body, method='POST')
    with urllib.request.urlopen(request, timeout=120):  # noqa: S310 our own stub
        pass
