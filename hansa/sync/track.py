"""What an agent remembers of one kind at its site: when to look again, what is on its way, from when on to ask."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from hansa.model.batch import Change
from hansa.model.drift import What
from hansa.rules import diff

STUCK_S = 600.0
ALIVE_S = 10.0
MOST_ALIVE = 10_000


class Track:
    """Times are of the monotonic clock; `poll_due` and `sweep_due` say when changes and the whole list are asked for.

    `blind`: it does not tell what changed, whatever it says of itself (a Neutron that
    checks filters refuses its own `changed_since`). `looks` counts answers that were no lists of changes. `failing`: the last answer was none. `suspects`: in what the last complete list
    and the inventory differed, by site id. `burst`: the last list of changes told more than a page of news. `latest` is the latest stamp that a list of changes
    told, and the site's Date when one first did. `mode` is that in which the site was seen by the last complete list of which nothing is held.
    """

    def __init__(self, *, seldom: bool = False) -> None:
        self.seldom = seldom
        self.cursor = ''
        self.poll_due = math.inf
        self.sweep_due = -math.inf
        self.deep_due = -math.inf
        self.sweep_cost = 0.0
        self.sweep_work = 0.0
        self.small = True
        self.blind = False
        self.failing = False
        self.suspects: dict[str, What] = {}
        self.looks = 0
        self.burst = False
        self.latest = ('', '')
        self.mode = ''
        self._lately: dict[str, bytes] = {}
        self._changed = -math.inf
        self._moving: dict[str, tuple[float, bool, str]] = {}
        self._alive: dict[str, tuple[float, float]] = {}

    def news(self, marks: Mapping[str, bytes]) -> frozenset[str]:
        """What of a list of changes, by site id and `mark`, the last one did not tell just so: they overlap."""
        return frozenset(site_id for site_id, marked in marks.items() if self._lately.get(site_id) != marked)

    def remember(self, marks: Mapping[str, bytes], *, certain: bool) -> None:
        """So they were told; `certain` if nothing else was heard meanwhile."""
        for site_id, marked in marks.items():
            if certain:
                self._lately[site_id] = marked
            else:
                self._lately.pop(site_id, None)

    def overlapped(self, site_ids: Collection[str]) -> None:
        """A list of changes told these and no more: the next one need not repeat others."""
        self._lately = {site_id: hashed for site_id, hashed in self._lately.items() if site_id in site_ids}

    def look(self, changes: Iterable[Change], now: float) -> None:
        """Take note of what came in otherwise than by a list of changes; what that told of it before counts no more."""
        self.looks += 1
        for change in changes:
            self._lately.pop(change.id, None)
            self._note(change, now)

    def observe(self, changes: Iterable[Change], now: float) -> None:
        """Take note of what came in by a list of changes: what moves, since when, and what is gone."""
        for change in changes:
            self._note(change, now)

    def _note(self, change: Change, now: float) -> None:
        if change.doc is None:
            self._forget(change.id, now)
            return
        before = self._moving.get(change.id)
        status = str(change.doc.get('status') or '')
        if not diff.moving(change.kind, change.doc):
            if self._moving.pop(change.id, None):
                self._changed = now
        elif before is None or before[2] != status:
            self._moving[change.id] = (now, diff.leaving(change.doc), status)
            self._changed = now

    def changed(self, now: float) -> None:
        """Something of the kind changed."""
        self._changed = now

    def _forget(self, site_id: str, now: float) -> None:
        self._moving.pop(site_id, None)
        self._alive.pop(site_id, None)
        self._changed = now

    def period(self, pace: diff.Pace, now: float) -> float:
        """Seconds to the next poll. What has been on its way for ten minutes is stuck, and not worth a hurry; nor is what is so much that
        most of it would have changed again.
        """
        hurry = not self.burst and any(now - since < STUCK_S for since, _, _ in self._moving.values())
        return diff.period(pace, hurry, now - self._changed, seldom=self.seldom)

    def leaving(self, now: float) -> list[str]:
        """Objects that are being deleted and not stuck."""
        return [site_id for site_id, (since, leaving, _) in self._moving.items() if leaving and now - since < STUCK_S]

    def doubtful(self, site_ids: Sequence[str], now: float) -> list[str]:
        """Of objects that a list did not tell, or told anew, those that were not asked for one by one of late."""
        return [site_id for site_id in site_ids if self._alive.get(site_id, (-math.inf, 0.0))[0] <= now]

    def alive(self, site_id: str, now: float) -> None:
        """It was asked for itself, and is there; the oftener that is so, the longer lists need not be doubted for it."""
        if len(self._alive) >= MOST_ALIVE:
            self._alive.clear()
        wait = min(self._alive.get(site_id, (0.0, ALIVE_S / 2))[1] * 2, STUCK_S)
        self._alive[site_id] = (now + wait, wait)

    def told(self, site_ids: Iterable[str]) -> None:
        """Lists tell these as they should."""
        if self._alive:
            for site_id in self._alive.keys() & set(site_ids):
                del self._alive[site_id]


def mark(raw: msgspec.Raw) -> bytes:
    """By which one state of an object is told from another, as long as a site tells it in the same words."""
    return hashlib.blake2b(raw, digest_size=16).digest()
