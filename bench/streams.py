"""Large bodies: an image up and down through Hansa, against nginx on the same way; and the memory that Hansa takes for it."""

from __future__ import annotations

import statistics

from bench import cloud, rig, stream
from bench.figures import Figure

ROUNDS = 3


def measure(on: rig.Rig, size: int) -> list[Figure]:
    """`size` bytes each time; the two ways take turns, medians of the rounds."""
    speeds: dict[str, list[float]] = {key: [] for key in ('nginx_up', 'nginx_down', 'hansa_up', 'hansa_down')}
    grown = []
    for number in range(ROUNDS):
        image = _image(on.direct, f'bench-nginx-{number}')
        path = on.by_nginx(on.direct.url('image', f'/images/{image}/file'))
        speeds['nginx_up'].append(stream.run('PUT', path, on.direct.headers, size).mb_s)
        speeds['nginx_down'].append(stream.run('GET', path, on.direct.headers, size).mb_s)
        on.direct.call('DELETE', 'image', f'/images/{image}')

        image = _image(on.users, f'bench-hansa-{number}')
        path = on.users.url('image', f'/images/{image}/file')
        before = on.hansa.resident()
        on.hansa.forget_peak()
        speeds['hansa_up'].append(stream.run('PUT', path, on.users.headers, size).mb_s)
        speeds['hansa_down'].append(stream.run('GET', path, on.users.headers, size).mb_s)
        grown.append(on.hansa.peak() - before)
        on.users.call('DELETE', 'image', f'/images/{image}')
        print(f'  round {number + 1} of {ROUNDS} is done', flush=True)
    middle = {key: statistics.median(values) for key, values in speeds.items()}
    told = [Figure(f'stream_{key}_mb_s', value, 'MB/s', f'image {key.replace("_", " ")}') for key, value in middle.items()]
    mib = f'{size >> 20} MiB'
    for way in ('up', 'down'):
        ratio = middle[f'hansa_{way}'] / middle[f'nginx_{way}']
        about = f"image of {mib} {way}: Hansa's throughput against nginx's"
        told.append(Figure(f'stream_{way}_ratio', ratio, 'x nginx', about, 0.5, at_least=True))
    about = f'image of {mib} up and down: resident memory that Hansa takes more'
    return [*told, Figure('stream_memory_mib', max(grown) / (1 << 20), 'MiB', about, 64)]


def _image(where: cloud.Cloud, name: str) -> str:
    body = {'name': name, 'disk_format': 'raw', 'container_format': 'bare'}
    made: str = where.call('POST', 'image', '/images', body)['id']
    return made
