"""Hundreds of requests at once, of everything that people do every day, while all sites restart."""

from __future__ import annotations

import time

from bench import cloud, visitors
from bench.figures import Figure
from bench.scale.stand import Stand
from bench.scale.storm import CHANGES, SECONDS

CLIENTS = (500, 1000)
STORMS_EVERY_S = 30.0
_RAMP = 10.0
_LOGINS = 5
_PUBLISHED = 'the 2015 report: no API failed at 500 to 1,000 at once over 100 simulated sites, and no times (openstack-dev, April 2015, 060349)'


def measure(on: Stand, seconds: float) -> list[Figure]:
    """As many at once as CLIENTS say, each for so long."""
    on.calm()
    told = []
    for clients in CLIENTS:
        result = _stay(on, clients, seconds)
        print(f'  {clients} clients: {result}', flush=True)
        told += _figures(clients, result)
    return told


def _figures(clients: int, seen: visitors.Result) -> list[Figure]:
    name, who = f'crowd{clients}', f'{clients} at once in the storm'
    failed = sum(seen.failed.values())
    told = [Figure(f'{name}_requests', seen.requests, '', f'{who}: requests', note=_PUBLISHED)]
    if clients == CLIENTS[0]:
        told.append(Figure(f'{name}_failed', failed + seen.refused, '', f'{who}: failed or refused', 0))
    else:
        told.append(Figure(f'{name}_refused', seen.refused, '', f'{who}: told to come back (503 with Retry-After)'))
        told.append(Figure(f'{name}_failed', failed, '', f'{who}: failed in any other way', 0))
    for api, share in sorted(seen.apis.items()):
        told.append(Figure(f'{name}_{api}_p50_ms', share.p50_ms, 'ms', f'{who}: {api}: p50'))
        told.append(Figure(f'{name}_{api}_p99_ms', share.p99_ms, 'ms', f'{who}: {api}: p99'))
        told.append(Figure(f'{name}_{api}_errors', 100 * share.failed / share.requests, '%', f'{who}: {api}: error rate'))
    return told


def _stay(on: Stand, clients: int, seconds: float) -> visitors.Result:
    """Let them come, and the sites restart again and again until they have gone."""
    process = visitors.begin(_order(on, clients, seconds))
    due = 0.0
    while process.poll() is None:
        if time.monotonic() >= due and not on.fleet.weather():
            due = time.monotonic() + STORMS_EVERY_S
            on.fleet.storm('*', CHANGES, SECONDS)
        time.sleep(1)
    return visitors.end(process)


def _order(on: Stand, clients: int, seconds: float) -> visitors.Order:
    users = [cloud.Cloud(on.state / 'clouds.yaml', 'hansa') for _ in range(_LOGINS)]
    one = users[0]
    image = one.call('GET', 'image', '/images?name=cirros')['images'][0]['id']
    flavor = next(each['id'] for each in one.call('GET', 'compute', '/flavors')['flavors'] if each['name'] == 'm1.tiny')
    roots = {service: one.url(service, '') for service in ('compute', 'volume')}
    roots |= {service: one.catalog[service].rstrip('/') for service in ('network', 'image')}
    tokens = [user.headers['X-Auth-Token'] for user in users]
    return visitors.Order(roots, tokens, image, flavor, clients, seconds, _RAMP, 'fleet')
