"""The poller of one site: it asks what changed, sweeps for what went, and tells it up the uplink; it needs nothing else of the league.

One request at a time goes to a site.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Sequence

from hansa.model.batch import MOST, Change, Lane
from hansa.model.errors import UplinkDown
from hansa.ports import clock
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.ports.uplink import Uplink
from hansa.rules import diff
from hansa.sync import lists
from hansa.sync.attached import Attached, Notes
from hansa.sync.courier import Courier
from hansa.sync.desk import Desk
from hansa.sync.kin import Kin
from hansa.sync.plan import Plan
from hansa.sync.poll import Poll
from hansa.sync.questions import Questions
from hansa.sync.reader import Reader
from hansa.sync.sweep import Sweep

DELIVERIES = 20
ROOM_S = 60.0

_LOG = logging.getLogger('hansa.sync')


class Agent:
    """Keeps `member.capabilities` and `member.synced` true, and by the uplink the inventory's copy of one site.

    In the league's own process `questions` are those of all who ask the site, `known` is the inventory, and `desk` is where all read.
    """

    def __init__(
        self, member: Member, uplink: Uplink, clock: Clock, pace: diff.Pace | None = None, questions: Questions | None = None,
        known: Attached | None = None, desk: Desk | None = None,
    ) -> None:  # fmt: skip
        self.member = member
        self.questions = questions or Questions(clock)
        self.reader = Reader(member, desk)
        self.plan = Plan(member, clock, pace or diff.Pace())
        self._known = known or Notes()
        self.kin = Kin(self._known, self.questions, self.reader, self.plan.tracks['volume'])
        self._uplink = uplink
        self._courier = Courier(member, uplink, self.questions, clock)
        self._clock = clock
        self._level: dict[str, float] = {}
        self._sweep: Sweep | None = None
        self._doubted: set[str] = set()
        self._lane = asyncio.Lock()
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many objects there is something to tell of that is not stored yet."""
        return len(self._courier.outbox)

    @property
    def run(self) -> str:
        """Name of its run; '' where it has not begun one."""
        return self._courier.run

    @property
    def outdated(self) -> bool:
        """Whether another has to begin in its stead: the league was started again, and knows of no question which is the later one."""
        return self._courier.outdated

    def lapse(self, run: str) -> None:
        """The league knows this run no more."""
        self._courier.lapse(run)

    def poke(self, *kinds: str) -> None:
        """Look at these kinds at once, and at what hangs on them a second later; any number of pokes is one look."""
        now = self._clock.monotonic()
        for kind in kinds:
            self.plan.hasten_kin(kind, now)
            self._doubted.add(kind)
        self._wake.set()

    async def listen(self) -> None:
        """Let the site's own notifications hasten what is asked of it, as long as there are any: any number of them is one look a second."""
        async with contextlib.aclosing(self.member.site.hints()) as hints:
            async for kind in hints:
                self.hint(kind)

    def hint(self, kind: str) -> None:
        """The site notified that something of a kind may have changed."""
        self.member.tally(kind).hints += 1
        self.plan.hint(kind)
        self._wake.set()

    def heard(self, change: Change) -> None:
        """Somebody else looked at an object, and stored what he saw."""
        if track := self.plan.tracks.get(change.kind):
            track.look([change], self._clock.monotonic())
            if change.doc is not None:
                self.plan.again(change.kind)
        self._known.note([change])
        self._wake.set()

    async def catch_up(self) -> None:
        """One complete pass over all kinds now. Raises SiteDown and Unauthorized where the site cannot be described; Dismissed."""
        async with self._lane:
            await self._describe()
            await self._courier.begin()
            for kind in lists.ORDER:
                await self.plan.attempt(kind, self._complete)
            for _ in range(DELIVERIES):
                if await self._deliver():
                    break
                await self._clock.sleep(max(self._courier.due - self._clock.monotonic(), 0.0))

    async def level(self, kind: str, since: float) -> bool:
        """One look at a kind for somebody who waits, unless there was one after `since` (epoch seconds). False where the site does not tell."""
        track = self.plan.tracks.get(kind)
        if track is None:
            return True
        async with self._lane:
            tally = self.member.tally(kind)
            if self.member.synced.get(kind, -math.inf) < since and not tally.absent:
                if not self.plan.described or self.plan.away(kind):
                    return False
                # What is one page is read as a whole, as changes do not tell what is gone.
                whole = track.small and not lists.WAYS[kind].tombstones
                await self.plan.attempt(kind, self._whole if whole or not self.plan.followed(kind) else self._poll)
                await self._deliver()
            return tally.absent or self.member.synced.get(kind, -math.inf) >= since

    async def stand_by(self) -> None:
        """While another agent follows the site: its description if it is due, and what a command of a user may have changed."""
        async with self._lane:
            if self._clock.monotonic() >= self.plan.describe_due:
                await self.plan.attempt('', lambda _: self._describe())
            # What the other agent reports of its backlog stands where there is nothing to tell here.
            if not (self._doubted or self._courier.outbox) or not self.plan.described or not await self._courier.begin():
                return
            for kind in [kind for kind in self.plan.tracks if kind in self._doubted and not self.plan.away(kind)]:
                followed = self.plan.followed(kind)
                await self.plan.attempt(kind, self._poll if followed else self._whole)
                self._doubted.discard(kind)
            await self._deliver()

    async def turn(self) -> None:
        """Whatever is due now: the site's description, changes of each kind, and one step of a sweep. Raises Dismissed."""
        async with self._lane:
            await self._deliver()
            if self._clock.monotonic() >= self.plan.describe_due:
                await self.plan.attempt('', lambda _: self._describe())
            # Where nobody hears what the site says it need not be asked; and only a run says how to number questions.
            if not self.plan.described or not await self._courier.begin():
                return
            for kind in self.plan.polls():
                if self._may_ask(kind):
                    await self.plan.attempt(kind, self._poll)
            if await self._deliver():
                await self._go_on_sweeping()
                await self._deliver()

    async def rest(self) -> None:
        """Wait until something is due or somebody pokes."""
        await self.wait(self.soonest() - self._clock.monotonic())

    async def wait(self, seconds: float) -> None:
        """Wait until somebody pokes, and no longer."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        await clock.wait(self._clock, self._wake, seconds)

    def soonest(self) -> float:
        """When something is due next, on the monotonic clock."""
        clear, begun = not self._courier.outbox, bool(self._courier.run)
        deliver = math.inf if clear and begun else max(self._courier.due, self._clock.monotonic())
        if not self.plan.described:
            return min(self.plan.describe_due, deliver if begun else math.inf)
        if not begun:
            return min(self.plan.describe_due, deliver)
        if self._sweep is not None and clear:
            return self._clock.monotonic()
        asked = [kind for kind in self.plan.tracks if self._may_ask(kind)]
        return min(self.plan.describe_due, deliver, self.plan.soonest(asked, sweeps=clear))

    def _may_ask(self, kind: str) -> bool:
        """A burst is told before anything is asked for again, which by then would have changed once more; only what a command of a user
        may have changed does not wait. Where a hundred sites burst, all else they were asked meanwhile kept the intake from its work.
        """
        return len(self._courier.outbox) < MOST or kind in self._doubted

    async def _go_on_sweeping(self) -> None:
        """Whole lists wait until the inventory, which they are compared with, has all that was told."""
        sweep = self._sweep
        if sweep is None and (kind := self.plan.sweep()):
            sweep = self._new_sweep(kind)
        self._sweep = None
        if sweep is not None and await self._go_on(sweep) and not sweep.done:
            self._sweep = sweep

    async def _go_on(self, sweep: Sweep) -> bool:
        return await self.plan.attempt(sweep.kind, lambda _: self._step(sweep))

    async def _deliver(self) -> bool:
        """Give the intake what there is; returns whether it has all. A kind is level with its site once that is so of it."""
        clear = await self._courier.go()
        if self.outdated:
            # What was told is dropped and not stored.
            self._level.clear()
            return False
        for kind in lists.ORDER:
            waiting = self.member.tally(kind).backlog = 0 if clear else self._courier.outbox.count(kind)
            if kind in self._level and not waiting:
                self.member.synced[kind] = max(self._level.pop(kind), self.member.synced.get(kind, 0.0))
        return clear

    async def _describe(self) -> None:
        self.plan.asking()
        self.member.capabilities = await self.member.site.describe()
        self.plan.told()

    async def _poll(self, kind: str) -> None:
        """Tell what changed since the cursor: first what a command of a user may have changed."""
        track = self.plan.tracks[kind]
        ask = lists.changes(kind, self.member, track.cursor)
        track.poll_due = math.inf
        wall = self.questions.now()
        if ask is None or track.blind:
            track.sweep_due = min(track.sweep_due, self._clock.monotonic())
            return
        doubted = kind in self._doubted
        lane: Lane = 'command' if doubted else 'hot'
        poll = Poll(ask, track, self.reader, self.kin, self.questions, self._clock, self._by(lane), lambda: self._room(lane), doubted=doubted)
        if not await poll.run(self.plan.timeout(kind)):
            track.blind = True
            track.sweep_due = min(track.sweep_due, self._clock.monotonic())
            return
        if kind in self._doubted:
            self._doubted.discard(kind)
            await self._courier.go()
        self.plan.polled(kind)
        self._level[kind] = wall
        self.member.tally(kind).polled(track.cursor, poll.date, self._clock.now())

    async def _room(self, lane: Lane) -> None:
        """Wait until less than a batch of a lane is left to tell, so that a burst waits at the site. Raises UplinkDown where that takes too long,
        or a command of a user was given meanwhile, which goes before.
        """
        end = self._clock.monotonic() + ROOM_S
        while self._courier.outbox.ahead(lane) >= MOST and not await self._courier.go():
            now = self._clock.monotonic()
            if now >= end or (self._doubted and lane != 'command'):
                raise UplinkDown('the intake takes no more for now')
            await clock.wait(self._clock, self._wake, min(self._courier.due, end) - now)

    def _by(self, lane: Lane) -> lists.Tell:
        async def tell(changes: Sequence[Change]) -> None:
            self._known.note(changes)
            await self._courier.tell(changes, lane)

        return tell

    async def _complete(self, kind: str) -> None:
        """Level with the site in one go, unless its service does not answer anyway."""
        if self.plan.away(kind):
            return
        if self.plan.followed(kind):
            await self._poll(kind)
        await self._whole(kind)

    async def _whole(self, kind: str) -> None:
        """All of a kind, and once more where that seems to lack something."""
        for _ in range(2):
            sweep = self._new_sweep(kind)
            while not sweep.done:
                await self._deliver()
                await self._step(sweep)
            if not sweep.doubts:
                break

    def _new_sweep(self, kind: str) -> Sweep:
        """A small kind is read as a whole each time; of a large one mostly the ids."""
        track = self.plan.tracks[kind]
        deep = track.small or not self.plan.followed(kind) or track.deep_due <= self._clock.monotonic()
        track.sweep_due = math.inf
        tell, repair = self._by('bulk'), self._by('command')
        return Sweep(self.member, kind, deep, track, self.reader, self._uplink, self.questions, self._clock, tell, repair)

    async def _step(self, sweep: Sweep) -> None:
        """One step of a sweep; after its last one the next is planned."""
        await sweep.step(self.plan.timeout(sweep.kind))
        now = self._clock.monotonic()
        if self.plan.followed(sweep.kind):
            self.plan.again(sweep.kind)
        if not sweep.done:
            return
        self.plan.swept(sweep)
        level = self.questions.now() - (now - sweep.began)
        self._level[sweep.kind] = max(level, self._level.get(sweep.kind, 0.0))
        self.member.tally(sweep.kind).swept_to(level)
