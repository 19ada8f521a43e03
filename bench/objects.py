"""The object store: small and large objects at the site itself, through nginx and through Hansa; what that costs in CPU and memory."""

from __future__ import annotations

import hashlib
import statistics
import urllib.request

from bench import cloud, load, processes, rig, stream
from bench.figures import Figure

CONNECTIONS = 16
ROUNDS = 3
SMALL = 4096
LARGEST = 5 << 30
CONTAINER = '/bench-objects'
MIB = 1 << 20
_WAYS = ('direct', 'nginx', 'hansa')


def measure(on: rig.Rig, seconds: float, size: int) -> list[Figure]:
    """Large objects of `size` bytes, and one of 5 GiB up and down, of which the site keeps nothing."""
    # Made through Hansa, which has to know where it is.
    asked(on.users, 'PUT', CONTAINER)
    # Memory first, as what a process has taken once it keeps.
    memory = _memory(on)
    return [*_small(on, seconds), *_large(on, size), *memory]


def asked(where: cloud.Cloud, method: str, path: str, body: bytes = b'') -> None:
    """One request below the account. Raises HTTPError for what is no success."""
    headers = {'X-Auth-Token': where.headers['X-Auth-Token']}
    request = urllib.request.Request(where.url('object-store', path), body, headers, method=method)  # noqa: S310 the address is of the catalog
    with urllib.request.urlopen(request, timeout=60):  # noqa: S310 see above
        pass


def _way(on: rig.Rig, name: str, path: str) -> tuple[str, dict[str, str], processes.Program]:
    """Address, headers, and the program whose CPU it takes."""
    at_site = on.direct.url('object-store', path)
    if name == 'hansa':
        return on.users.url('object-store', path), on.users.headers, on.hansa
    return (at_site, on.direct.headers, on.site) if name == 'direct' else (on.by_nginx(at_site), on.direct.headers, on.nginx)


def _small(on: rig.Rig, seconds: float) -> list[Figure]:
    """The ways take turns; medians of the rounds."""
    asked(on.users, 'PUT', f'{CONTAINER}/small', bytes(SMALL))
    times: dict[tuple[str, str], list[float]] = {}
    spent: dict[tuple[str, str], list[float]] = {}
    for number in range(ROUNDS + 1):
        for method, name in (('GET', 'small'), ('PUT', 'put')):
            for way in _WAYS:
                url, headers, program = _way(on, way, f'{CONTAINER}/{name}')
                before = program.cpu()
                result = load.run(url, headers, CONNECTIONS, seconds if number else 1, method, SMALL if method == 'PUT' else 0)
                if number:
                    times.setdefault((method, way), []).append(result.p50_ms)
                    spent.setdefault((method, way), []).append((program.cpu() - before) / result.requests * 1e6)
    middle = {key: statistics.median(values) for key, values in times.items()}
    cpu = {key: statistics.median(values) for key, values in spent.items()}
    kib = SMALL >> 10
    told = [
        Figure(f'object_{way}_{method.lower()}_p50_ms', middle[method, way], 'ms', f'{way}: {method} of {kib} KiB, p50 at {CONNECTIONS} connections')
        for method in ('GET', 'PUT')
        for way in _WAYS
    ]
    told += [
        Figure(f'object_{way}_{method.lower()}_cpu_us', cpu[method, way], 'us', f'{way}: CPU a {method} of {kib} KiB')
        for method in ('GET', 'PUT')
        for way in ('nginx', 'hansa')
    ]
    return [
        *told,
        Figure('object_get_added_ms', middle['GET', 'hansa'] - middle['GET', 'direct'], 'ms', f'GET of {kib} KiB: p50 that Hansa adds', 5),
        Figure('object_put_added_ms', middle['PUT', 'hansa'] - middle['PUT', 'direct'], 'ms', f'PUT of {kib} KiB: p50 that Hansa adds'),
    ]


def _large(on: rig.Rig, size: int) -> list[Figure]:
    """CPU seconds a gigabyte, and megabytes a second; a `sealed` object comes with its ETag, which Hansa works out too."""
    seal, sealed = _zeros(size), list[float]()
    cpu: dict[str, list[float]] = {}
    speeds: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        for way in _WAYS:
            url, headers, program = _way(on, way, f'{CONTAINER}/large-{way}-{number}')
            for verb, method in (('up', 'PUT'), ('down', 'GET')):
                before = program.cpu()
                result = stream.run(method, url, headers, size)
                speeds.setdefault(f'{way}_{verb}', []).append(result.mb_s)
                cpu.setdefault(f'{way}_{verb}', []).append((program.cpu() - before) / size * 1e9)
        url, headers, program = _way(on, 'hansa', f'{CONTAINER}/large-sealed-{number}')
        before = program.cpu()
        stream.run('PUT', url, {**headers, 'ETag': seal}, size)
        sealed.append((program.cpu() - before) / size * 1e9)
        print(f'  round {number + 1} of {ROUNDS} is done', flush=True)
    fast = {key: statistics.median(values) for key, values in speeds.items()}
    dear = {key: statistics.median(values) for key, values in cpu.items()}
    told = [Figure(f'object_{key}_mb_s', value, 'MB/s', f'object {key.replace("_", " ")}') for key, value in fast.items()]
    told += [Figure(f'object_{key}_cpu_s', value, 's', f'object {key.replace("_", " ")}: CPU a GB') for key, value in dear.items() if not key.startswith('direct')]
    told.append(Figure('object_hansa_sealed_cpu_s', statistics.median(sealed), 's', 'object hansa up with its ETag: CPU a GB, most of it MD5'))
    for way, goal in (('down', 1.5), ('up', 2)):
        ratio = dear[f'hansa_{way}'] / dear[f'nginx_{way}']
        told.append(Figure(f'object_{way}_cpu_ratio', ratio, 'x nginx', f"object of {size // MIB} MiB {way}: Hansa's CPU a GB against nginx's", goal))
    return told


def _zeros(size: int) -> str:
    """The ETag of what `stream` sends."""
    found, piece = hashlib.md5(usedforsecurity=False), bytes(MIB)
    for start in range(0, size, MIB):
        found.update(piece[: size - start])
    return found.hexdigest()


def _memory(on: rig.Rig) -> list[Figure]:
    """The largest object that there can be."""
    told = []
    url, headers, _ = _way(on, 'hansa', f'{CONTAINER}/large-memory')
    for verb, method in (('up', 'PUT'), ('down', 'GET')):
        before = on.hansa.resident()
        on.hansa.forget_peak()
        stream.run(method, url, headers, LARGEST)
        grown = (on.hansa.peak() - before) / MIB
        told.append(Figure(f'object_{verb}_memory_mib', grown, 'MiB', f'object of 5 GiB {verb}: resident memory that Hansa takes more', 64))
    return told
