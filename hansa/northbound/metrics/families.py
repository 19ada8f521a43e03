"""The metrics as families of samples, out of what the house has counted at one moment."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

import hansa
from hansa.northbound.hall.metering import Meter
from hansa.northbound.metrics import words
from hansa.ports.roster import Member
from hansa.ports.tally import Spread

Samples = Iterable[tuple[tuple[str, ...], float]]

_SUMS = ('hints', 'polls', 'sweeps', 'refreshes', 'requests', 'bytes', 'failures', 'records')


class Kept(msgspec.Struct, frozen=True):
    """What the store says: records by (site, kind), when each open intent was made (epoch seconds), work waiting by lane, batches waiting and objects
    owed by site.
    """

    records: dict[tuple[str, str], int] = {}
    intents: tuple[float, ...] = ()
    waiting: dict[str, int] = {}
    batches: dict[str, int] = {}
    owed: dict[str, int] = {}


def every(meter: Meter, lag: Spread, members: Sequence[Member], kept: Kept, now: float) -> list[Metric]:
    """All of them; `now` is in epoch seconds."""
    return [
        _plain('info', [((hansa.__version__,), 1.0)]),
        _plain('requests_total', meter.requests.items()),
        _spreads('request_seconds', meter.seconds.items()),
        _plain('requests_under_way', [((), meter.under_way)]),
        _plain('refusals_total', meter.refusals.items()),
        _spreads('loop_lag_seconds', [((), lag)]),
        *_sites(members, now),
        _plain('inventory_records', kept.records.items()),
        _plain('queue_batches', (((site,), waiting) for site, waiting in kept.batches.items())),
        _plain('objects_owed', (((site,), count) for site, count in kept.owed.items())),
        _plain('intents_open', [((), len(kept.intents))]),
        _plain('intents_oldest_seconds', [((), max(0.0, now - min(kept.intents, default=now)))]),
        _plain('store_waiting', (((lane,), waiting) for lane, waiting in kept.waiting.items())),
    ]


def _sites(members: Sequence[Member], now: float) -> Iterator[Metric]:
    tallies = [((member.name, kind), tally) for member in members for kind, tally in member.tallies.items()]
    yield _plain('site_up', (((each.name,), float(each.site.health().reachable)) for each in members))
    yield _plain('inventory_age_seconds', (((each.name, kind), max(0.0, now - when)) for each in members for kind, when in each.synced.items()))
    yield _plain('inventory_drift', ((at, tally.drift) for at, tally in tallies if tally.drift is not None))
    yield _plain('inventory_held', ((at, tally.held) for at, tally in tallies if tally.drift is not None))
    yield _plain('cursor_lag_seconds', ((at, tally.lag) for at, tally in tallies if tally.lag is not None))
    heard = [((each.name,), each.distant.heard) for each in members if each.distant is not None]
    yield _plain('agent_heard_seconds', ((at, max(0.0, now - when)) for at, when in heard if when is not None))
    for name in _SUMS:
        yield _plain(f'site_{name}_total', (((each.name,), sum(getattr(tally, name) for tally in each.tallies.values())) for each in members))
    whole = [((each.name,), each.tally('')) for each in members]
    yield _plain('site_batches_total', ((at, tally.batches) for at, tally in whole))
    yield _plain('site_batches_refused_total', ((at, tally.refused) for at, tally in whole))
    yield _plain('site_batches_flying', ((at, tally.flying) for at, tally in whole))
    yield _plain('site_backlog', (((each.name,), sum(tally.backlog for tally in each.tallies.values())) for each in members))


def _plain(name: str, samples: Samples) -> Metric:
    about = words.METRICS[f'hansa_{name}']
    kind = CounterMetricFamily if about.type == 'counter' else GaugeMetricFamily
    family = kind(about.name, about.about, labels=about.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _spreads(name: str, spreads: Iterable[tuple[tuple[str, ...], Spread]]) -> Metric:
    about = words.METRICS[f'hansa_{name}']
    family = HistogramMetricFamily(about.name, about.about, labels=about.labels)
    for labels, spread in spreads:
        ends = [*map(str, spread.bounds), '+Inf']
        family.add_metric(labels, list(zip(ends, itertools.accumulate(spread.counts), strict=True)), spread.total)
    return family
