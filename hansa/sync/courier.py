"""Carries what an agent has to tell to the intake, batch by batch, and comes again where it was not taken."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Iterable

from hansa.model.batch import MOST, Change, Lane
from hansa.model.errors import Gone, TooLarge, UplinkDown
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.ports.uplink import Uplink
from hansa.sync.outbox import Outbox
from hansa.sync.questions import Questions

LINGER_S = 2.0
RETRY_S = 3.0
LONGEST_S = 30.0
MOST_BATCHES = 10_000
_MOST_DOUBLINGS = 10
_MOST_NAMED = 1000

_LOG = logging.getLogger('hansa.sync')


class Courier:
    """The one who empties one site's outbox. `due` is when it may go again, on the monotonic clock. All methods raise Dismissed.

    `outdated`: what there was to tell was dropped, as it may be older than what the league knows; the site has to be looked at anew.
    """

    def __init__(self, member: Member, uplink: Uplink, questions: Questions, clock: Clock) -> None:
        self.outbox = Outbox()
        self.due = -math.inf
        self._member = member
        self._uplink = uplink
        self._questions = questions
        self._clock = clock
        self.outdated = False
        self._run = ''
        self._life = ''
        self._since = math.inf
        self._failures = 0
        self._too_large: set[tuple[str, str]] = set()

    @property
    def run(self) -> str:
        """Name of the run; '' where there is none."""
        return self._run

    def lapse(self, run: str) -> None:
        """The league knows this run no more; another is begun when there is something to tell."""
        if run == self._run:
            self._run = ''

    async def begin(self) -> bool:
        """Begin a run, if there is none; returns whether there is one."""
        if not self._run and self._clock.monotonic() >= self.due:
            await self._try(self._open)
        return bool(self._run)

    async def tell(self, changes: Iterable[Change], lane: Lane) -> None:
        """Have these told; goes at once where it is a whole batch, or the oldest has lingered."""
        for change in changes:
            self.outbox.put(change, lane)
        now = self._clock.monotonic()
        self._since = min(self._since, now)
        if len(self.outbox) >= MOST or now - self._since >= LINGER_S:
            await self.go()

    async def go(self) -> bool:
        """Tell all there is, as far as the intake takes it; returns whether nothing is left."""
        if self._clock.monotonic() < self.due:
            return not self.outbox
        for _ in range(MOST_BATCHES):
            if not self.outbox:
                self._since = math.inf
                return True
            if not await self._try(self._give):
                return False
        return False

    async def _try(self, act: Callable[[], Awaitable[bool]]) -> bool:
        try:
            done = await act()
        except UplinkDown as error:
            if not self._failures:
                _LOG.warning('Site %s: the intake cannot be reached, what there is to tell is kept: %s', self._member.name, error)
            self.due = self._clock.monotonic() + min(RETRY_S * 2**self._failures, LONGEST_S)
            self._failures = min(self._failures + 1, _MOST_DOUBLINGS)
            return False
        except Gone:
            self.lapse(self._run)
            self.due = self._clock.monotonic() + RETRY_S
            return False
        if self._failures:
            _LOG.info('Site %s: the intake is reached again.', self._member.name)
        self._failures = 0
        return done

    async def _open(self) -> bool:
        capabilities = self._member.capabilities
        run = await self._uplink.open(self._member.name, capabilities.mode if capabilities else 'managed')
        if self._life and run.life != self._life:
            # The intake that knew what is older than what has died; a look of the league's own may be younger than what waits here.
            self.outbox, self.outdated = Outbox(), True
        self.outbox.renew()
        self._life = run.life
        self._questions.ahead = run.ahead
        self._questions.seen(run.asked)
        self._run = run.name
        return True

    def _leave_out(self, change: Change | None) -> None:
        """What no batch can carry is told once in the log, and remains drift; all else goes on."""
        if change is not None and (change.kind, change.id) not in self._too_large:
            if len(self._too_large) >= _MOST_NAMED:
                self._too_large.clear()
            self._too_large.add((change.kind, change.id))
            _LOG.error('Site %s: the %s %s is too large to be told to the league; it stays drift.', self._member.name, change.kind, change.id)

    async def _give(self) -> bool:
        """One batch, or the beginning of a run; returns whether it was taken."""
        if not self._run:
            await self._open()
        batch = self.outbox.batch(self._member.name, self._run)
        if batch is None:
            return True
        try:
            receipt = await self._uplink.deliver(batch)
        except TooLarge as error:
            if not batch.changes:
                raise UplinkDown(f'a batch of nothing is too large: {error}') from error
            self._leave_out(self.outbox.split(batch.lane))
            return True
        self.outbox.acknowledge(batch.lane, receipt.upto)
        if receipt.upto >= batch.number:
            return True
        self.due = self._clock.monotonic() + (receipt.retry_after or RETRY_S)
        return False
