"""Where agents near their sites come in, in a league of several processes: whoever they reach, what they give gets to the worker that follows the site."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection

import msgspec

from hansa.model import batch as batches
from hansa.model.batch import Batch, Receipt, Run
from hansa.model.distant import Distant
from hansa.model.errors import Busy, Gone
from hansa.model.site import Mode
from hansa.ports.bus import Bus
from hansa.ports.clock import Clock
from hansa.ports.queue import Queue
from hansa.ports.roster import Roster
from hansa.ports.store import Store
from hansa.ports.tally import Tally
from hansa.ports.uplink import Place, Report
from hansa.sync import reports
from hansa.sync.gate import Gate

GIVEN = 'batches'
"""The subject of a hint that there are batches."""
REPORTED = 'reported/'
"""Small state under this and a site: how its agent stands."""


class _Reported(msgspec.Struct):
    when: float
    report: Report


class _Heard(msgspec.Struct):
    run: str = ''
    number: int = 0
    tallies: dict[str, Tally] = {}


class Hatch:
    """The uplink of such agents: batches go into the queue, reports into the store, of which every process hears.

    What is reported is taken over by the process that `follows` the site; every other knows at least when the agent was heard of. `life` names the worker
    that follows a site now, as it alone remembers which question was the later one; '' where none does.
    """

    def __init__(
        self, gate: Gate, follows: Callable[[str], bool], life: Callable[[str], Awaitable[str]], queue: Queue, store: Store, roster: Roster,
        bus: Bus, clock: Clock,
    ) -> None:  # fmt: skip
        self._gate = gate
        self._follows = follows
        self._life = life
        self._queue = queue
        self._store = store
        self._roster = roster
        self._bus = bus
        self._clock = clock
        self._heard: dict[str, _Heard] = {}

    async def open(self, site: str, mode: Mode, place: Place = 'site') -> Run:
        """Begin a run; fills the port. Raises Busy, as all of these do."""
        self._gate.check(site, mode)
        if not (life := await self._life(site)):
            raise Busy(f'No worker follows site {site} for the moment; try again.')
        return Run(await self._queue.begin(site), self._gate.intake.questions(site).ticket(), life)

    async def deliver(self, batch: Batch) -> Receipt:
        """Put it into the queue; fills the port."""
        body = await asyncio.to_thread(batches.encode, batch)
        receipt = await self._queue.give(batch.site, batch.run, batch.lane, batch.number, body)
        if not receipt.retry_after:
            self._bus.publish(GIVEN)
        return receipt

    async def report(self, report: Report) -> float:
        """Write it down; fills the port."""
        if await self._queue.run(report.site) != report.run:
            raise Gone(f'The run {report.run} of the agent of {report.site} is over.')
        await self._store.set(REPORTED + report.site, msgspec.json.encode(_Reported(self._clock.now(), report)))
        self._bus.publish('news')
        return 0.0

    async def digests(self, site: str, kind: str, *, brief: bool) -> list[int]:
        """Of what the inventory holds; fills the port."""
        return await self._gate.digests(site, kind, brief=brief)

    async def holdings(self, site: str, kind: str, buckets: Collection[int], *, brief: bool) -> dict[str, str]:
        """What it holds in these buckets; fills the port."""
        return await self._gate.holdings(site, kind, buckets, brief=brief)

    async def reported(self, key: str) -> None:
        """An agent has told some process how it stands. Raises Busy."""
        site = key.removeprefix(REPORTED)
        kept = await self._store.value(key)
        if kept is None or site not in self._roster:
            return
        told = msgspec.json.decode(kept, type=_Reported)
        member, report = self._roster.get(site), told.report
        member.distant = member.distant or Distant(-math.inf)
        member.distant.heard = max(told.when, member.distant.heard or told.when)
        heard = self._heard.get(site, _Heard())
        if heard.run != report.run:
            heard = _Heard(report.run)
        if report.number > heard.number:
            member.distant.lost = report.lost
            if self._follows(site):
                # What waits in the queue is told for good, but not yet shown.
                waits = (await self._queue.backlog()).get(site, 0)
                reports.take(member, msgspec.structs.replace(report, level={}) if waits else report, heard.tallies, told.when)
            self._heard[site] = _Heard(report.run, report.number, report.tallies)
