"""A crowd at the door: hundreds of clients at once over two simulated sites, for minutes, and then twice as many as the league takes on."""

from __future__ import annotations

import contextlib
import pathlib
import time
from collections.abc import Iterator
from typing import NamedTuple

from bench import cloud, processes, rig, visitors
from bench.figures import Figure
from tests.lab import league

SITES = ('east', 'west')
HELD = 5000
CLIENTS = 500
_LOGINS = 5
_RAMP = 20.0
_MINUTE = 60.0
_RUSH = 60.0
_GROWTH = 1.05
_PAUSE = 5.0


class Place(NamedTuple):
    """The league, its plain user, and one order that all clients get a part of."""

    hansa: processes.Program
    order: visitors.Order


def measure(folder: pathlib.Path, seconds: float) -> list[Figure]:
    """`CLIENTS` for so long after all have come, then twice as many for a minute."""
    with _standing(folder) as place:
        crowd, growth, resident = _stay(place, seconds)
        print(f'  {CLIENTS} clients: {crowd}', flush=True)
        rush = visitors.end(visitors.begin(_order(place, 2 * CLIENTS, _RUSH)))
        print(f'  {2 * CLIENTS} clients: {rush}', flush=True)
    who, twice = f'{CLIENTS} clients for {seconds:g} s', f'{2 * CLIENTS} clients'
    return [
        Figure('crowd_requests', crowd.requests, '', f'{who}: requests'),
        Figure('crowd_failed', sum(crowd.failed.values()) + crowd.refused, '', f'{who}: failed or refused', 0),
        Figure('crowd_p50_ms', crowd.p50_ms, 'ms', f'{who}: p50'),
        Figure('crowd_p99_ms', crowd.p99_ms, 'ms', f'{who}: p99'),
        Figure('crowd_longest_ms', crowd.longest_ms, 'ms', f'{who}: longest'),
        Figure('crowd_resident_mib', resident / (1 << 20), 'MiB', f'{who}: memory of the league in the last minute'),
        Figure('crowd_growth', growth, 'x', f'{who}: memory at the end against after the first minute', _GROWTH),
        Figure('rush_refused', rush.refused, '', f'{twice}: told to come back (503 with Retry-After)', 1, at_least=True),
        Figure('rush_failed', sum(rush.failed.values()), '', f'{twice}: failed in any other way', 0),
        Figure('rush_longest_ms', rush.longest_ms, 'ms', f'{twice}: longest answer', 10_000),
    ]


def _stay(place: Place, seconds: float) -> tuple[visitors.Result, float, int]:
    """What the clients saw; most memory of the league's own in the last minute against most in the first one after all had come; the former."""
    clients = visitors.begin(_order(place, CLIENTS, seconds))
    began = time.monotonic()
    seen: list[tuple[float, int]] = []
    while clients.poll() is None and time.monotonic() - began < _RAMP + seconds - _PAUSE:
        time.sleep(_PAUSE)
        seen.append((time.monotonic() - began - _RAMP, place.hansa.own()))
    told = visitors.end(clients)
    first = max(size for when, size in seen if when <= max(_MINUTE, seen[0][0]))
    last = max(size for when, size in seen if when >= seen[-1][0] - _MINUTE)
    return told, last / first, last


def _order(place: Place, clients: int, seconds: float) -> visitors.Order:
    one = place.order
    return visitors.Order(one.urls, one.tokens, one.image, one.flavor, clients, seconds, _RAMP)


@contextlib.contextmanager
def _standing(folder: pathlib.Path) -> Iterator[Place]:
    """Two sites with their servers, and a league over them that knows all of these."""
    folder.mkdir()
    ports = {name: processes.free_port() for name in SITES}
    urls = {name: f'http://127.0.0.1:{port}' for name, port in ports.items()}
    clouds = folder / 'clouds.yaml'
    clouds.write_text(rig.entries(urls), encoding='utf-8')
    with contextlib.ExitStack() as stack:
        for name, port in ports.items():
            stack.enter_context(processes.running([processes.PYTHON, '-m', 'bench.site', str(port), name], folder / f'{name}.log', port))
            rig.cloned(urls[name], rig.server(cloud.Cloud(clouds, name), 'clone'), HELD - 1)
        one = stack.enter_context(league.serve(clouds, ','.join(f'{name}={name}' for name in SITES), folder / 'state'))
        users = [cloud.Cloud(one.clouds, 'hansa') for _ in range(_LOGINS)]
        cloud.until(lambda: _listed(users[0]) >= HELD * len(SITES), 'all servers in the inventory', 300, pause=1)
        # One that both sites have: these sites only count the bytes of an image, so that a copy of theirs never is what it should be.
        image = users[0].call('GET', 'image', '/images?name=cirros')['images'][0]['id']
        flavor = users[0].call('GET', 'compute', '/flavors')['flavors'][0]['id']
        roots = {service: users[0].url(service, '') for service in ('compute', 'volume')}
        roots |= {service: users[0].catalog[service].rstrip('/') for service in ('network', 'image')}
        tokens = [user.headers['X-Auth-Token'] for user in users]
        yield Place(processes.Program(one.pid, one.log), visitors.Order(roots, tokens, image, flavor, 0, 0, 0))


def _listed(users: cloud.Cloud) -> int:
    total, marker = 0, ''
    while True:
        page = users.call('GET', 'compute', f'/servers?limit=1000{marker}')['servers']
        total += len(page)
        if len(page) < 1000:
            return total
        marker = f'&marker={page[-1]["id"]}'
