"""What is due at a site, and when: the tracks of all kinds, and what each answer or its absence means for the next question."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Iterable

from hansa.model.errors import SiteDown, Unauthorized, Unsupported, UplinkDown
from hansa.model.resource import KINDS
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.rules import diff
from hansa.sync import lists
from hansa.sync.outages import RETRY_S, Outages
from hansa.sync.reader import BadAnswer
from hansa.sync.sweep import Sweep
from hansa.sync.track import Track

DESCRIBE_S = 600.0
HINT_S = 1.0
KIN_S = 1.0

_LOG = logging.getLogger('hansa.sync')


class Plan:
    """Of one agent. Times are of the monotonic clock; `described`: the site told what it is, so that it can be asked for more."""

    def __init__(self, member: Member, clock: Clock, pace: diff.Pace) -> None:
        self.tracks = {kind: Track(seldom=kind not in lists.LIVELY) for kind in lists.ORDER}
        self.described = False
        self._member = member
        self._clock = clock
        self._pace = pace
        self._outages = Outages(member.name)
        self._describe_due = -math.inf

    @property
    def describe_due(self) -> float:
        """When the site is to be asked what it is."""
        return max(self._describe_due, self._outages.until('identity'))

    def away(self, kind: str) -> bool:
        """Whether the service of a kind does not answer."""
        return KINDS[kind].service in self._outages

    def timeout(self, kind: str) -> float:
        """Seconds to wait for an answer about a kind."""
        return self._outages.timeout(KINDS[kind].service)

    def polls(self) -> list[str]:
        """Kinds whose changes are to be asked for now."""
        now = self._clock.monotonic()
        return [kind for kind, track in self.tracks.items() if max(track.poll_due, self._until(kind)) <= now]

    def sweep(self) -> str:
        """The kind whose complete list is due longest; '' where none is."""
        now = self._clock.monotonic()
        due = [kind for kind, track in self.tracks.items() if max(track.sweep_due, self._until(kind)) <= now]
        return min(due, key=lambda kind: self.tracks[kind].sweep_due) if due else ''

    def soonest(self, kinds: Iterable[str], *, sweeps: bool) -> float:
        """When the first question about one of these kinds is due; without `sweeps` complete lists have to wait."""
        dues = [
            max(min(self.tracks[kind].poll_due, self.tracks[kind].sweep_due if sweeps else math.inf), self._until(kind)) for kind in kinds
        ]
        return min(dues, default=math.inf)

    def followed(self, kind: str) -> bool:
        """Whether the site can tell what changed of a kind, and we know since when to ask."""
        track = self.tracks[kind]
        return not track.blind and lists.changes(kind, self._member, track.cursor) is not None

    def hasten(self, kind: str, when: float) -> None:
        """Look at a kind then, if not before."""
        track = self.tracks.get(kind)
        if track is None:
            return
        if self.followed(kind):
            track.poll_due = min(track.poll_due, when)
        else:
            track.sweep_due = min(track.sweep_due, when)

    def hasten_kin(self, kind: str, now: float) -> None:
        """Look at a kind now, and at what hangs on it a second later."""
        self.hasten(kind, now)
        for kin in lists.KIN.get(kind, ()):
            self.hasten(kin, now + KIN_S)

    def hint(self, kind: str) -> None:
        """Something of a kind may have changed; a complete list that is long is not read again for it."""
        if self.followed(kind) or self.tracks[kind].small:
            self.hasten(kind, self._clock.monotonic() + HINT_S)

    def again(self, kind: str) -> None:
        """Look at a kind again as soon as its pace says."""
        now = self._clock.monotonic()
        self.hasten(kind, now + self.tracks[kind].period(self._pace, now))

    def asking(self) -> None:
        """The site is about to be asked what it is."""
        self._describe_due = self._clock.monotonic() + DESCRIBE_S

    def ask_again(self) -> None:
        """The site is to be asked anew what it is, and so whether it answers."""
        self._describe_due = -math.inf

    def told(self) -> None:
        """It said what it is; what it could not tell before it may tell now."""
        self.described = True
        for track in self.tracks.values():
            track.blind = False

    def polled(self, kind: str) -> None:
        """All changes of a kind were told."""
        track, now = self.tracks[kind], self._clock.monotonic()
        track.poll_due = min(track.poll_due, now + track.period(self._pace, now))

    def swept(self, sweep: Sweep) -> None:
        """A complete list was told and compared."""
        track, now = self.tracks[sweep.kind], self._clock.monotonic()
        self._member.tally(sweep.kind).absent = False
        track.sweep_cost, track.sweep_work = sweep.cost, sweep.work
        if sweep.deep:
            track.small = sweep.small
            track.deep_due = now + diff.deep_period(self._pace, sweep.cost, sweep.work)
            track.cursor = sweep.cursor(track.cursor)
        round_s = sum(each.sweep_cost for each in self.tracks.values())
        work_s = sum(each.sweep_work for each in self.tracks.values())
        wait = diff.sweep_period(self._pace, round_s, all(each.small for each in self.tracks.values()), work_s)
        if not self.followed(sweep.kind):
            wait = max(track.period(self._pace, now), min(max(sweep.cost / diff.SHARE, diff.own_period(self._pace, work_s)), wait))
        elif track.poll_due == math.inf:
            track.poll_due = now + track.period(self._pace, now)
        wait = min(wait, diff.again(sweep.cost)) if sweep.doubts else wait
        track.sweep_due = min(track.sweep_due, now + wait)

    async def attempt(self, kind: str, act: Callable[[str], Awaitable[None]]) -> bool:
        """Do it and take note of how it went; '' stands for the site's description. Raises what is no failure of the site or the uplink."""
        service = KINDS[kind].service if kind else 'identity'
        began = self._clock.monotonic()
        try:
            await act(kind)
        except (SiteDown, Unauthorized) as error:
            now = self._clock.monotonic()
            self._outages.lost(service, error, now, now - began)
            self._member.tally(kind).failures += 1
            self._put_off(kind, now)
            return False
        except Unsupported as error:
            if kind and kind in self._member.synced and not self.tracks[kind].failing:
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
            self.tracks[kind].failing = False
        if self._outages.found(service):
            self._all_anew(service)
        return True

    def _until(self, kind: str) -> float:
        return self._outages.until(KINDS[kind].service)

    def _stumbled(self, kind: str, error: Exception) -> None:
        """An answer was none; the next may be one."""
        self._member.tally(kind).failures += 1
        if kind and not self.tracks[kind].failing:
            self.tracks[kind].failing = True
            _LOG.warning('Site %s: %s cannot be followed: %s', self._member.name, kind, error)
        self._put_off(kind, self._clock.monotonic() + RETRY_S)

    def _put_off(self, kind: str, due: float) -> None:
        """What was tried in vain is due again then."""
        if not kind:
            self._describe_due = due + (0.0 if not self.described else RETRY_S)
            return
        track = self.tracks[kind]
        if track.sweep_due == math.inf:
            track.sweep_due = due
        track.poll_due = due if self.followed(kind) else math.inf

    def _shelve(self, kind: str, error: Unsupported) -> None:
        """The site does not have or not allow this kind; it is asked again with the next description."""
        if not kind:
            self._describe_due = self._clock.monotonic() + DESCRIBE_S
            return
        track, tally = self.tracks[kind], self._member.tally(kind)
        if not tally.absent:
            _LOG.info('Site %s: no %s: %s', self._member.name, kind, error)
        tally.absent = True
        track.sweep_due = self._clock.monotonic() + DESCRIBE_S
        track.poll_due = math.inf

    def _all_anew(self, service: str) -> None:
        """A service is back: what it may have become meanwhile is looked at as a whole."""
        now = self._clock.monotonic()
        for kind, track in self.tracks.items():
            if KINDS[kind].service == service:
                track.sweep_due = min(track.sweep_due, now)
                track.poll_due = now if self.followed(kind) else math.inf
        if service != 'identity':
            self._describe_due = now
