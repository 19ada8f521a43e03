"""The gate before the intake: takes batches in their order and each once, by turns of the sites, and no more than it can bear."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Collection
from typing import get_args

import msgspec

from hansa.model.batch import LANES, MOST, Batch, Lane, Receipt, Run
from hansa.model.errors import Dismissed, Gone
from hansa.model.site import Mode
from hansa.ports.clock import Clock
from hansa.ports.roster import Roster
from hansa.ports.store import Store
from hansa.ports.tally import Tally
from hansa.ports.uplink import Place, Report
from hansa.rules import digests
from hansa.sync import reports
from hansa.sync.intake import Intake
from hansa.sync.turns import Turns

CREDIT = 2
HIGH_WATER = 32
SMALL = MOST // 10
"""Changes of a batch that may wait inside however many do: a site where little happens is not to stand outside as long as others burst."""
WIDE = 8
RETRY_S = 1.0
PATIENCE_S = 5.0


class _Line:
    """One run of one site's agent: what is taken of each lane, how many batches are on their way, and what was last reported."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.reports = 0
        self.tallies: dict[str, Tally] = {}
        self.flying = 0
        self.upto: dict[Lane, int] = dict.fromkeys(LANES, 0)
        self.locks: dict[Lane, asyncio.Lock] = {lane: asyncio.Lock() for lane in LANES}


class Gate:
    """The uplink of agents in this process, and the end of the uplinks of all others.

    What waits here is bounded: CREDIT batches a site, and above HIGH_WATER nothing that can stay with its agent and is not SMALL.
    """

    def __init__(self, store: Store, intake: Intake, roster: Roster, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.intake = intake
        self._roster = roster
        self._lines: dict[tuple[str, Place], _Line] = {}
        self._turns = Turns(WIDE)
        self._away: dict[str, float] = {}
        # Of no other life of this program: a batch that was under way while the league was started again belongs to no run of now.
        self._life = secrets.token_hex(4)
        self._count = itertools.count(1)

    async def open(self, site: str, mode: Mode, place: Place = 'league') -> Run:
        """Begin a run; fills the port."""
        self.check(site, mode)
        line = self._lines[site, place] = _Line(f'{self._life}-{next(self._count)}')
        return Run(line.run, self.intake.questions(site).ticket(), self._life)

    def check(self, site: str, mode: Mode) -> None:
        """Raises Dismissed where an agent is not of this league, or sees another part of its site."""
        if site not in self._roster:
            raise Dismissed(f'No site is called {site} in this league.')
        own = self._roster.get(site).capabilities
        if own is not None and own.mode != mode:
            raise Dismissed(
                f'The agent of {site} sees it as {mode}, the league as {own.mode}: what one does not see would be lost to the other.'
                ' Give the agent a credential with the rights that the league has there.'
            )

    async def deliver(self, batch: Batch) -> Receipt:
        """Take a batch, or say why not; fills the port."""
        line = self._line(batch.site, batch.run)
        lane, upto, tally = batch.lane, line.upto[batch.lane], self._roster.get(batch.site).tally('')
        if batch.number <= upto:
            return Receipt(upto, CREDIT)
        if (lane != 'command' and len(batch.changes) > SMALL and self._full(batch.site)) or line.flying >= CREDIT:
            tally.refused += 1
            return Receipt(upto, CREDIT, RETRY_S)
        line.flying += 1
        tally.flying = max(tally.flying, line.flying)
        try:
            async with line.locks[lane], self._turns.of(batch.site, lane, len(batch.changes)):
                return await self._take(self._line(batch.site, batch.run), batch)
        finally:
            line.flying -= 1

    async def report(self, report: Report) -> float:
        """Take over how an agent stands; fills the port."""
        line = self._line(report.site, report.run)
        if report.number > line.reports:
            reports.take(self._roster.get(report.site), report, line.tallies, self._clock.now())
            # What is counted goes on counting where the agent is in this process.
            line.reports, line.tallies = report.number, {kind: msgspec.structs.replace(tally) for kind, tally in report.tallies.items()}
        return 0.0

    async def digests(self, site: str, kind: str, *, brief: bool) -> list[int]:
        """Of what the inventory holds; fills the port."""
        return digests.digests(await self._held(site, kind, brief=brief))

    async def holdings(self, site: str, kind: str, buckets: Collection[int], *, brief: bool) -> dict[str, str]:
        """What it holds in these buckets; fills the port."""
        return digests.within(await self._held(site, kind, brief=brief), buckets)

    def forget(self, site: str) -> None:
        """A site has left; so has its agent."""
        for place in get_args(Place):
            self._lines.pop((site, place), None)
        self._away.pop(site, None)
        self.intake.forget(site)

    async def _held(self, site: str, kind: str, *, brief: bool) -> dict[str, str]:
        known = await self._store.known(site, kind)
        return dict.fromkeys(known, '') if brief else known

    def _full(self, site: str) -> bool:
        """Whether a site is turned away. Who was turned away goes before who comes later, as long as he comes again."""
        now = self._clock.monotonic()
        if not self._away and self._turns.waiting < HIGH_WATER:
            return False
        self._away = {name: last for name, last in self._away.items() if now - last < PATIENCE_S}
        before = next((number for number, name in enumerate(self._away) if name == site), len(self._away))
        full = self._turns.waiting + before >= HIGH_WATER
        if full:
            self._away[site] = now
        else:
            self._away.pop(site, None)
        return full

    def _line(self, site: str, run: str) -> _Line:
        line = next((each for place in get_args(Place) if (each := self._lines.get((site, place))) and each.run == run), None)
        if line is None or site not in self._roster:
            raise Gone(f'The run {run} of the agent of {site} is over.')
        return line

    async def _take(self, line: _Line, batch: Batch) -> Receipt:
        lane = batch.lane
        if batch.number == line.upto[lane] + 1:
            member = self._roster.get(batch.site)
            await self.intake.take(member, batch.changes, anew=lane == 'command')
            member.tally('').batches += 1
            line.upto[lane] = batch.number
        late = batch.number > line.upto[lane]
        return Receipt(line.upto[lane], CREDIT, RETRY_S if late else 0.0)
