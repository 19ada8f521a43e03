"""The poller of one site: it asks what changed, sweeps for what went, and keeps the inventory level with the site.

One request at a time goes to a site, and one more for an object that somebody waits for.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable

import msgspec

from hansa.model.errors import SiteDown, Unauthorized, Unsupported
from hansa.model.resource import KINDS, Record
from hansa.model.site import Capabilities
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.ports.store import Store
from hansa.rules import diff
from hansa.sync import lists
from hansa.sync.intake import Intake
from hansa.sync.kin import Kin
from hansa.sync.outages import RETRY_S, TIMEOUT_S, Outages
from hansa.sync.reader import BadAnswer, Page, Reader
from hansa.sync.sweep import Sweep
from hansa.sync.track import Track

DESCRIBE_S = 600.0
KIN_S = 1.0
MOST_LEAVING = 10
KIN: dict[str, tuple[str, ...]] = {
    'server': ('port', 'volume'),
    'router': ('port',),
    'subnet': ('network',),
    'floating_ip': ('port',),
    'volume': ('snapshot',),
}

_LOG = logging.getLogger('hansa.sync')


class Agent:
    """Keeps `member.capabilities`, `member.synced` and the inventory's copy of one site true."""

    def __init__(self, member: Member, store: Store, intake: Intake, clock: Clock, pace: diff.Pace | None = None) -> None:
        self.member = member
        self._store = store
        self._intake = intake
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
        self._fast_lane = asyncio.Lock()
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
            for kin in KIN.get(kind, ()):
                self._hasten(kin, now + KIN_S)
        self._wake.set()

    async def catch_up(self) -> None:
        """One complete pass over all kinds now. Raises SiteDown and Unauthorized where the site cannot be described."""
        async with self._lane:
            await self._describe()
            for kind in lists.ORDER:
                await self._attempt(kind, self._complete)

    async def refresh(self, kind: str, site_id: str) -> Record | None:
        """One object as it is at the site now; None where it is gone. A server's volumes are looked at with it. Raises SiteDown."""
        async with self._fast_lane:
            before = await self._kin.before(kind, [site_id])
            try:
                record = await self._refresh(kind, site_id)
                await self._kin.look(before, [record] if record else [], self._clock.monotonic(), TIMEOUT_S)
            except BadAnswer as error:
                raise SiteDown(self.member.name, f'does not answer sensibly: {error}') from error
            return record

    async def _refresh(self, kind: str, site_id: str) -> Record | None:
        ticket = self._intake.ticket()
        doc = await self._reader.one(kind, site_id, TIMEOUT_S)
        self._intake.doubt(self.member.name, kind, site_id)
        now = self._clock.monotonic()
        track = self._tracks.get(kind)
        if doc is None:
            await self._intake.gone(self.member, kind, [site_id], ticket)
            if track:
                track.forget([site_id], now)
            return None
        records = await self._intake.digest(self.member, kind, [doc], ticket)
        if track:
            track.observe(records, now)
            self._hasten(kind, now + track.period(self._pace, now))
        self._wake.set()
        # A list that was asked for later may have come in before; then what stands is newer than this answer.
        return records[0] if records else await self._intake.standing(self.member, kind, site_id)

    async def level(self, kind: str, since: float) -> bool:
        """One look at a kind for somebody who waits, unless there was one after `since` (epoch seconds). False where the site does not tell."""
        track = self._tracks.get(kind)
        if track is None:
            return True
        async with self._lane:
            if self.member.synced.get(kind, -math.inf) < since and not track.absent:
                if not self._described or KINDS[kind].service in self._outages:
                    return False
                await self._attempt(kind, self._poll if self._followed(kind) else self._complete)
            return track.absent or self.member.synced.get(kind, -math.inf) >= since

    async def turn(self) -> None:
        """Whatever is due now: the site's description, changes of each kind, and one step of a sweep."""
        async with self._lane:
            if self._clock.monotonic() >= max(self._describe_due, self._outages.until('identity')):
                await self._attempt('', lambda _: self._describe())
            if not self._described:
                return
            for kind, track in self._tracks.items():
                if max(track.poll_due, self._outages.until(KINDS[kind].service)) <= self._clock.monotonic():
                    await self._attempt(kind, self._poll)
            sweep = self._sweep or self._next_sweep()
            self._sweep = None
            if sweep is not None and await self._attempt(sweep.kind, lambda _: self._step(sweep)) and not sweep.done:
                self._sweep = sweep

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
        if not self._described:
            return describe
        if self._sweep is not None:
            return self._clock.monotonic()
        dues = [
            max(min(track.poll_due, track.sweep_due), self._outages.until(KINDS[kind].service))
            for kind, track in self._tracks.items()
        ]
        return min(describe, *dues)

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
        """Take in what changed since the cursor; the cursor moves once all of it is stored."""
        track = self._tracks[kind]
        ask = lists.changes(kind, self.member, track.cursor)
        track.poll_due = math.inf
        began, wall = self._clock.monotonic(), self._clock.now()
        if ask is None or track.blind:
            track.sweep_due = min(track.sweep_due, began)
            return
        timeout = self._outages.timeout(ask.kind.service)
        stamps, marker, date = [], '', ''
        for _ in range(lists.MOST_PAGES):
            ticket = self._intake.ticket()
            page = await self._changes(kind, ask, marker, timeout)
            if page is None:
                return
            if kind in self._doubted:
                self._intake.doubt(self.member.name, kind, *(str(doc['id']) for doc in page.docs))
            before = await self._kin.before(kind, [str(doc['id']) for doc in page.docs])
            dead = [str(doc['id']) for doc in page.docs if lists.dead(kind, doc)]
            records = await self._intake.digest(
                self.member, kind, [doc for doc in page.docs if str(doc['id']) not in dead], ticket
            )
            await self._intake.gone(self.member, kind, dead, ticket)
            await self._kin.look(before, records, self._clock.monotonic(), timeout)
            track.observe(records, self._clock.monotonic())
            track.forget(dead, self._clock.monotonic())
            stamps += [record.updated for record in records]
            marker, date = page.marker, page.date
            if not marker:
                break
        else:
            raise BadAnswer(f'GET {ask.path} has no end')
        self._doubted.discard(kind)
        await self._look_after_leaving(kind, timeout)
        now = self._clock.monotonic()
        cursor = diff.cursor(track.cursor, stamps, now - began, date)
        if cursor != track.cursor:
            track.changed(now)
        track.cursor = cursor
        track.poll_due = min(track.poll_due, now + track.period(self._pace, now))
        self.member.synced[kind] = wall
        self.member.tally(kind).polled(cursor, date, self._clock.now())

    async def _changes(self, kind: str, ask: lists.Ask, marker: str, timeout: float) -> Page | None:
        """A page of changes; None where the site turns out not to tell them, so that whole lists must do."""
        try:
            return await self._reader.page(ask, marker, timeout)
        except BadAnswer as error:
            if error.status != 400 or marker:
                raise
        track = self._tracks[kind]
        track.blind = True
        track.sweep_due = min(track.sweep_due, self._clock.monotonic())
        return None

    async def _complete(self, kind: str) -> None:
        """Level with the site in one go, unless its service does not answer anyway."""
        if KINDS[kind].service in self._outages:
            return
        if self._followed(kind):
            await self._poll(kind)
        sweep = self._new_sweep(kind)
        while not sweep.done:
            await self._step(sweep)

    async def _look_after_leaving(self, kind: str, timeout: float) -> None:
        """What is being deleted is asked for itself, as no list of changes tells its end."""
        track = self._tracks[kind]
        if lists.WAYS[kind].tombstones:
            return
        for site_id in track.leaving(self._clock.monotonic())[:MOST_LEAVING]:
            ticket = self._intake.ticket()
            doc = await self._reader.one(kind, site_id, timeout)
            if doc is None:
                await self._intake.gone(self.member, kind, [site_id], ticket)
                track.forget([site_id], self._clock.monotonic())
            else:
                track.observe(await self._intake.digest(self.member, kind, [doc], ticket), self._clock.monotonic())

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
        return Sweep(self.member, kind, deep, track, self._reader, self._store, self._intake, self._clock)

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
        track.sweep_due = min(track.sweep_due, now + wait)
        level = self._clock.now() - (now - sweep.began)
        self.member.synced[sweep.kind] = max(level, self.member.synced.get(sweep.kind, 0.0))
        self.member.tally(sweep.kind).swept_to(level)


def _key(site: str) -> str:
    return f'site/{site}/capabilities'
