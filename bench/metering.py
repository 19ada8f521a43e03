"""What it costs to be watched: counting one request, and telling all metrics of a league with a hundred sites."""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from bench import figures
from hansa.model.site import SiteSpec
from hansa.northbound.hall import metering, wire
from hansa.northbound.metrics import families
from hansa.ports.clock import SystemClock
from hansa.ports.roster import Member
from hansa.ports.tally import Spread
from hansa.sites.openstack.connector import OpenStackSite
from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.transport import AsgiTransport
from hansa.sync import lists

SITES = 100
REQUESTS = 100_000


class _Told(Collector):
    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> list[Metric]:
        return self._found


def measure() -> list[figures.Figure]:
    """All of it in this process, the best of several tries."""
    meter = metering.Meter(SystemClock())
    members = [_member(f'site{number}') for number in range(SITES)]
    kept = families.Kept({(member.name, kind): 10_000 for member in members for kind in lists.ORDER})

    def request() -> None:
        note, began = wire.Note(), meter.now()
        note.api, note.route = 'compute', 'listed'
        meter.count(note, 'GET', 200, meter.now() - began)

    def collect() -> list[Metric]:
        return families.every(meter, Spread(metering.SECONDS), members, kept, time.time())

    counting = min(timeit.repeat(request, number=REQUESTS, repeat=5)) / REQUESTS
    registry = CollectorRegistry()
    registry.register(_Told(collect()))
    return [
        figures.Figure('metrics_request', counting * 1e6, 'us', 'counting one request', 10),
        figures.Figure('metrics_collect', _best(collect) * 1e3, 'ms', f'metrics of {SITES} sites, on the event loop', 20),
        figures.Figure('metrics_text', _best(lambda: generate_latest(registry)) * 1e3, 'ms', 'their text, in a thread'),
        figures.Figure('metrics_bytes', len(generate_latest(registry)) / 1e3, 'kB', 'its length'),
    ]


def _best(act: Callable[[], object]) -> float:
    return min(timeit.repeat(act, number=1, repeat=10))


def _member(name: str) -> Member:
    clock = SystemClock()
    auth = {'auth_url': f'http://{name}.sim/v3', 'username': 'u', 'password': 'p', 'project_name': 'p'}
    site = OpenStackSite(name, {'auth': auth}, clock, AsgiTransport(SimCloud(name, clock, 0)))
    member = Member(site, SiteSpec(name, 'sim', {}))
    for kind in lists.ORDER:
        member.synced[kind] = clock.now()
        member.tally(kind).polled('2026-11-21T10:00:00', '', clock.now())
        member.tally(kind).drift = 0
    return member
