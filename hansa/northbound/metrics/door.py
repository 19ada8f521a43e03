"""`GET /metrics`: the text that Prometheus and its like read, made anew once a second at most."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence

from prometheus_client import ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from hansa.model.errors import HansaError, NotFound
from hansa.northbound.hall import table, wire
from hansa.northbound.hall.metering import Meter
from hansa.northbound.metrics import families
from hansa.ports.clock import Clock
from hansa.ports.roster import Roster
from hansa.ports.store import Clustered, Queueing, Store
from hansa.ports.tally import Spread

READS = frozenset(('GET', 'HEAD'))

_OPEN = 'application/openmetrics-text'

# Nobody's graph is finer than this.
_COUNT_S = 15.0
_STORE_S = 5.0
_FRESH_S = 1.0

_log = logging.getLogger('hansa.metrics')


class _Families(Collector):
    """Families that stand already, as the encoders want them."""

    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        return iter(self._found)


class Metrics:
    """`meter` counts requests; `lag` is how late the event loop was, in seconds."""

    def __init__(self, meter: Meter, lag: Spread, roster: Roster, store: Store, clock: Clock) -> None:
        self.meter = meter
        self.lag = lag
        self._roster = roster
        self._store = store
        self._clock = clock
        self._process = ProcessCollector(registry=None)
        self._one = asyncio.Lock()
        self._found = _Families(())
        self._texts: dict[str, bytes] = {}
        self._made: float | None = None
        self._records: dict[tuple[str, str], int] = {}
        self._counted: float | None = None

    async def answer(self, request: wire.Request) -> wire.Answer:
        """Text format 0.0.4, or OpenMetrics where the client accepts that. Errors as plain text."""
        request.note.route = 'own'
        try:
            request.admit()
            if request.words:
                raise NotFound('Metrics are at /metrics.')
            if request.method not in READS:
                raise table.MethodNotAllowed(request.method, READS)
        except HansaError as error:
            return wire.Answer(error.status, [('content-type', 'text/plain')], f'{error}\n'.encode())
        encode, kind = choose_encoder(_OPEN if _OPEN in request.header('accept') else '')
        async with self._one:
            if self._made is None or self._clock.monotonic() - self._made >= _FRESH_S:
                found = families.every(self.meter, self.lag, list(self._roster), await self._kept(), self._clock.now())
                self._found, self._texts, self._made = _Families([*found, *self._process.collect()]), {}, self._clock.monotonic()
            if kind not in self._texts:
                self._texts[kind] = await asyncio.to_thread(encode, self._found)
            return wire.Answer(200, [('content-type', kind)], self._texts[kind])

    async def _kept(self) -> families.Kept:
        """What the store says in time; where it does not, the count of before, no intents, batches and debts."""
        intents: tuple[float, ...] = ()
        batches: dict[str, int] = {}
        owed: dict[str, int] = {}
        try:
            async with asyncio.timeout(_STORE_S):
                intents = tuple(intent.created for intent in await self._store.open_intents())
                if isinstance(self._store, Clustered):
                    batches = dict.fromkeys(self._roster.names(), 0) | await self._store.queue.backlog()
                owed = dict.fromkeys(self._roster.names(), 0)
                for _, _, site, count in await self._store.owing():
                    owed[site] = owed.get(site, 0) + count
                if self._counted is None or self._clock.monotonic() - self._counted >= _COUNT_S:
                    self._records = {(site, kind): count for site, kind, count, _ in await self._store.summary() if site}
                    self._counted = self._clock.monotonic()
        except (HansaError, TimeoutError) as error:
            _log.warning('The store does not say what it holds: %s', str(error) or 'no answer in time')
        waiting = self._store.waiting() if isinstance(self._store, Queueing) else {}
        return families.Kept(self._records, intents, waiting, batches, owed)
