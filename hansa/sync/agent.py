"""The poller of one site: it asks what changed, sweeps for what went, and keeps the inventory level with the site.

One request at a time goes to a site, and one more for an object that somebody waits for.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from hansa.model.batch import Change, Lane
from hansa.model.errors import SiteDown, Unauthorized, Unsupported, UplinkDown
from hansa.model.resource import KINDS, Record
from hansa.model.site import Capabilities
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.ports.store import Store
from hansa.ports.uplink import Uplink
from hansa.rules import diff
from hansa.sync import lists
from hansa.sync.courier import Courier
from hansa.sync.intake import Intake
from hansa.sync.kin import Kin
from hansa.sync.outages import RETRY_S, TIMEOUT_S, Outages
from hansa.sync.poll import Poll
from hansa.sync.reader import BadAnswer, Reader
from hansa.sync.sweep import Sweep
from hansa.sync.track import Track
from hansa.sync.turnstile import Turnstiles

DESCRIBE_S = 600.0
DELIVERIES = 20
KIN_S = 1.0

_LOG = logging.getLogger('hansa.sync')


class Agent:
    """Keeps `member.capabilities`, `member.synced` and the inventory's copy of one site true."""

    def __init__(
        self, member: Member, store: Store, intake: Intake, uplink: Uplink, clock: Clock, pace: diff.Pace | None = None
    ) -> None:
        self.member = member
        self._store = store
        self._intake = intake
        self._uplink = uplink
        self._courier = Courier(member.name, uplink, clock)
        self._level: dict[str, float] = {}
        self._clock = clock
        self._pace = pace or diff.Pace()
        self._reader = Reader(member)
        self._tracks = {kind: Track() for kind in lists.ORDER}
        self._kin = Kin(member, store, intake, self._reader, self._tracks['volume'])
        self._outages = Outages(member.name)
        self._sweep: Sweep | None = None
        self._doubted: set[str] = set()
        self._described = False
        self._describe_due = -math.inf
        self._lane = asyncio.Lock()
        self._fast_lanes = Turnstiles()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Go on for ever; may be cancelled at any moment."""
        await self._recall()
        while True:
            await self.turn()
            await self._rest()

    def poke(self, *kinds: str) -> None:
        """Look at these kinds at once, and at what hangs on them a second later; any number of pokes is one look."""
        now = self._clock.monotonic()
        for kind in kinds:
            self._hasten(kind, now)
            self._doubted.add(kind)
            for kin in lists.KIN.get(kind, ()):
                self._hasten(kin, now + KIN_S)
        self._wake.set()

    async def catch_up(self) -> None:
        """One complete pass over all kinds now. Raises SiteDown and Unauthorized where the site cannot be described."""
        async with self._lane:
            await self._describe()
            for kind in lists.ORDER:
                await self._attempt(kind, self._complete)
            for _ in range(DELIVERIES):
                if await self._deliver():
                    break
                await self._clock.sleep(max(self._courier.due - self._clock.monotonic(), 0.0))

    async def refresh(self, kind: str, site_id: str) -> Record | None:
        """One object as it is at the site now; None where it is gone. A server's volumes are looked at with it. Raises SiteDown."""
        async with self._fast_lanes.at((kind, site_id)):
            before = await self._kin.before(kind, [site_id])
            try:
                ticket = self._intake.ticket()
                change = lists.change(kind, site_id, await self._reader.one(kind, site_id, TIMEOUT_S), ticket)
                record = await self._refreshed(change)
                await self._kin.look(before, [change], self._clock.monotonic(), TIMEOUT_S, self._at_once)
            except BadAnswer as error:
                raise SiteDown(self.member.name, f'does not answer sensibly: {error}') from error
            return record

    async def _refreshed(self, change: Change) -> Record | None:
        """What somebody waits for goes past the outbox: it is stored when he has his answer."""
        self._intake.doubt(self.member.name, change.kind, change.id)
        records = await self._intake.take(self.member, [change])
        now = self._clock.monotonic()
        if track := self._tracks.get(change.kind):
            track.look([change], now)
        if change.doc is None:
            return None
        if track:
            self._hasten(change.kind, now + track.period(self._pace, now))
        self._wake.set()
        # A list that was asked for later may have come in before; then what stands is newer than this answer.
        return records[0] if records else await self._intake.standing(self.member, change.kind, change.id)

    async def _at_once(self, changes: Sequence[Change]) -> None:
        await self._intake.take(self.member, changes)

    async def level(self, kind: str, since: float) -> bool:
        """One look at a kind for somebody who waits, unless there was one after `since` (epoch seconds). False where the site does not tell."""
        track = self._tracks.get(kind)
        if track is None:
            return True
        async with self._lane:
            if self.member.synced.get(kind, -math.inf) < since and not track.absent:
                if not self._described or KINDS[kind].service in self._outages:
                    return False
                # What is one page is read as a whole, as changes do not tell what is gone.
                whole = track.small and not lists.WAYS[kind].tombstones
                await self._attempt(kind, self._whole if whole or not self._followed(kind) else self._poll)
                await self._deliver()
            return track.absent or self.member.synced.get(kind, -math.inf) >= since

    async def turn(self) -> None:
        """Whatever is due now: the site's description, changes of each kind, and one step of a sweep."""
        async with self._lane:
            await self._deliver()
            if self._clock.monotonic() >= max(self._describe_due, self._outages.until('identity')):
                await self._attempt('', lambda _: self._describe())
            if not self._described:
                return
            for kind, track in self._tracks.items():
                if max(track.poll_due, self._outages.until(KINDS[kind].service)) <= self._clock.monotonic():
                    await self._attempt(kind, self._poll)
            if await self._deliver():
                await self._go_on_sweeping()
                await self._deliver()

    async def _go_on_sweeping(self) -> None:
        """Whole lists wait until the inventory, which they are compared with, has all that was told."""
        sweep = self._sweep or self._next_sweep()
        self._sweep = None
        if sweep is not None and await self._attempt(sweep.kind, lambda _: self._step(sweep)) and not sweep.done:
            self._sweep = sweep

    async def _deliver(self) -> bool:
        """Give the intake what there is; returns whether it has all. A kind is level with its site once that is so of it."""
        clear = await self._courier.go()
        for kind in lists.ORDER:
            waiting = self.member.tally(kind).backlog = 0 if clear else self._courier.outbox.count(kind)
            if kind in self._level and not waiting:
                self.member.synced[kind] = max(self._level.pop(kind), self.member.synced.get(kind, 0.0))
        return clear

    async def _rest(self) -> None:
        """Wait until something is due or somebody pokes."""
        delay = self.soonest() - self._clock.monotonic()
        if delay <= 0:
            await asyncio.sleep(0)
            return
        sleeper = asyncio.ensure_future(self._clock.sleep(delay))
        waker = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((sleeper, waker), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeper.cancel()
            waker.cancel()
        self._wake.clear()

    def soonest(self) -> float:
        """When something is due next, on the monotonic clock."""
        describe = max(self._describe_due, self._outages.until('identity'))
        clear = not self._courier.outbox
        deliver = math.inf if clear else max(self._courier.due, self._clock.monotonic())
        if not self._described:
            return min(describe, deliver)
        if self._sweep is not None and clear:
            return self._clock.monotonic()
        dues = [
            max(min(track.poll_due, track.sweep_due if clear else math.inf), self._outages.until(KINDS[kind].service))
            for kind, track in self._tracks.items()
        ]
        return min(describe, deliver, *dues)

    async def _attempt(self, kind: str, act: Callable[[str], Awaitable[None]]) -> bool:
        """Do it and take note of how it went; '' stands for the site's description."""
        service = KINDS[kind].service if kind else 'identity'
        began = self._clock.monotonic()
        try:
            await act(kind)
        except (SiteDown, Unauthorized) as error:
            now = self._clock.monotonic()
            self._outages.lost(service, error, now, now - began)
            self.member.tally(kind).failures += 1
            self._put_off(kind, now)
            return False
        except Unsupported as error:
            if kind and kind in self.member.synced and not self._tracks[kind].failing:
                # A Cinder says so of a list while something in it is being deleted.
                self._stumbled(kind, error)
            else:
                self._shelve(kind, error)
            return False
        except BadAnswer as error:
            self._stumbled(kind, error)
            return False
        except UplinkDown:
            self._put_off(kind, self._clock.monotonic() + RETRY_S)
            return False
        except BaseException:
            # Cancelled, or a fault of our own: whoever sets the agent going again finds it due.
            self._put_off(kind, self._clock.monotonic())
            raise
        if kind:
            self._tracks[kind].failing = False
        if self._outages.found(service):
            self._all_anew(service)
        return True

    def _stumbled(self, kind: str, error: Exception) -> None:
        """An answer was none; the next may be one."""
        self.member.tally(kind).failures += 1
        if kind and not self._tracks[kind].failing:
            self._tracks[kind].failing = True
            _LOG.warning('Site %s: %s cannot be followed: %s', self.member.name, kind, error)
        self._put_off(kind, self._clock.monotonic() + RETRY_S)

    def _put_off(self, kind: str, due: float) -> None:
        """What was tried in vain is due again then."""
        if not kind:
            self._describe_due = due + (0.0 if not self._described else RETRY_S)
            return
        track = self._tracks[kind]
        if track.sweep_due == math.inf:
            track.sweep_due = due
        track.poll_due = due if self._followed(kind) else math.inf

    def _shelve(self, kind: str, error: Unsupported) -> None:
        """The site does not have or not allow this kind; it is asked again with the next description."""
        if not kind:
            self._describe_due = self._clock.monotonic() + DESCRIBE_S
            return
        if not self._tracks[kind].absent:
            _LOG.info('Site %s: no %s: %s', self.member.name, kind, error)
        track = self._tracks[kind]
        track.absent = True
        track.sweep_due = self._clock.monotonic() + DESCRIBE_S
        track.poll_due = math.inf

    def _all_anew(self, service: str) -> None:
        """A service is back: what it may have become meanwhile is looked at as a whole."""
        now = self._clock.monotonic()
        for kind, track in self._tracks.items():
            if KINDS[kind].service == service:
                track.sweep_due = min(track.sweep_due, now)
                track.poll_due = now if self._followed(kind) else math.inf
        if service != 'identity':
            self._describe_due = now

    def _hasten(self, kind: str, when: float) -> None:
        track = self._tracks.get(kind)
        if track is None:
            return
        if self._followed(kind):
            track.poll_due = min(track.poll_due, when)
        else:
            track.sweep_due = min(track.sweep_due, when)

    def _followed(self, kind: str) -> bool:
        """Whether the site can tell what changed of a kind, and we know since when to ask."""
        track = self._tracks[kind]
        return not track.blind and lists.changes(kind, self.member, track.cursor) is not None

    async def _describe(self) -> None:
        self._describe_due = self._clock.monotonic() + DESCRIBE_S
        self.member.capabilities = await self.member.site.describe()
        self._described = True
        for track in self._tracks.values():
            track.blind = False
        await self._store.set(_key(self.member.name), msgspec.json.encode(self.member.capabilities))

    async def _recall(self) -> None:
        """What the site said of itself before a restart holds until it answers."""
        if self.member.capabilities is None and (kept := await self._store.value(_key(self.member.name))):
            self.member.capabilities = msgspec.json.decode(kept, type=Capabilities)

    async def _poll(self, kind: str) -> None:
        """Tell what changed since the cursor: first what a command of a user may have changed."""
        track = self._tracks[kind]
        ask = lists.changes(kind, self.member, track.cursor)
        track.poll_due = math.inf
        began, wall = self._clock.monotonic(), self._clock.now()
        if ask is None or track.blind:
            track.sweep_due = min(track.sweep_due, began)
            return
        doubted = kind in self._doubted
        tell = self._by('command' if doubted else 'hot')
        poll = Poll(ask, track, self._reader, self._kin, self._intake, self._clock, tell, doubted=doubted)
        if not await poll.run(self._outages.timeout(ask.kind.service)):
            track.blind = True
            track.sweep_due = min(track.sweep_due, self._clock.monotonic())
            return
        if kind in self._doubted:
            self._doubted.discard(kind)
            await self._courier.go()
        now = self._clock.monotonic()
        track.poll_due = min(track.poll_due, now + track.period(self._pace, now))
        self._level[kind] = wall
        self.member.tally(kind).polled(track.cursor, poll.date, self._clock.now())

    def _by(self, lane: Lane) -> lists.Tell:
        async def tell(changes: Sequence[Change]) -> None:
            await self._courier.tell(changes, lane)

        return tell

    async def _complete(self, kind: str) -> None:
        """Level with the site in one go, unless its service does not answer anyway."""
        if KINDS[kind].service in self._outages:
            return
        if self._followed(kind):
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

    def _next_sweep(self) -> Sweep | None:
        """The sweep that is due longest, in the order of the kinds."""
        now = self._clock.monotonic()
        due = [
            kind
            for kind, track in self._tracks.items()
            if max(track.sweep_due, self._outages.until(KINDS[kind].service)) <= now
        ]
        return self._new_sweep(min(due, key=lambda kind: self._tracks[kind].sweep_due)) if due else None

    def _new_sweep(self, kind: str) -> Sweep:
        """A small kind is read as a whole each time; of a large one mostly the ids."""
        track = self._tracks[kind]
        deep = track.small or not self._followed(kind) or track.deep_due <= self._clock.monotonic()
        track.sweep_due = math.inf
        tell, repair = self._by('bulk'), self._by('command')
        return Sweep(self.member, kind, deep, track, self._reader, self._uplink, self._intake, self._clock, tell, repair)

    async def _step(self, sweep: Sweep) -> None:
        """One step of a sweep; after its last one the next is planned."""
        track = self._tracks[sweep.kind]
        await sweep.step(self._outages.timeout(KINDS[sweep.kind].service))
        now = self._clock.monotonic()
        if self._followed(sweep.kind):
            self._hasten(sweep.kind, now + track.period(self._pace, now))
        if not sweep.done:
            return
        track.absent = False
        track.sweep_cost = sweep.cost
        if sweep.deep:
            track.small = sweep.small
            track.deep_due = now + max(diff.SLOWEST_S, sweep.cost / diff.SHARE)
            track.cursor = sweep.cursor(track.cursor)
        round_s = sum(each.sweep_cost for each in self._tracks.values())
        wait = diff.sweep_period(self._pace, round_s, all(each.small for each in self._tracks.values()))
        if not self._followed(sweep.kind):
            wait = max(track.period(self._pace, now), min(sweep.cost / diff.SHARE, wait))
        elif track.poll_due == math.inf:
            track.poll_due = now + track.period(self._pace, now)
        wait = min(wait, diff.again(sweep.cost)) if sweep.doubts else wait
        track.sweep_due = min(track.sweep_due, now + wait)
        level = self._clock.now() - (now - sweep.began)
        self._level[sweep.kind] = max(level, self._level.get(sweep.kind, 0.0))
        self.member.tally(sweep.kind).swept_to(level)


def _key(site: str) -> str:
    return f'site/{site}/capabilities'
