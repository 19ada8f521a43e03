"""Counts and spreads: those who work write them down as they go, whoever shows the league's state reads them."""

from __future__ import annotations

import bisect
import datetime
import math

import msgspec


class Tally(msgspec.Struct):
    """What is counted of one kind at one site: counts since the start of the process; times are seconds since the epoch.

    Under the kind '' stands what is not of one kind: the site's description, and batches as such.

    `hints` are the site's own notifications that something changed, `polls` questions for what changed, `sweeps` full passes that came to their end, the last one at `swept` (0: none yet).
    `requests`, `bytes` (of documents, decoded) and `failures` are of lists and objects asked of the site. `records` were
    taken into the inventory in `batches`; `backlog` are those that wait to be taken; `refused` batches were to come again later; `flying` is the most that were on their way at once. `drift` is in how many objects the last
    full pass and the inventory differed (None: not known). `cursor` is the moment, by the site's clock, from which on changes are asked for ('': not yet), `lag` the seconds
    from there to the site's own time when it was last asked. `refreshes` are looks that a client waited for. `held` are
    objects that the last full pass did not tell and that are not dropped, as they are too many at once. `absent`: the site has or allows no such kind.
    """

    hints: int = 0
    polls: int = 0
    sweeps: int = 0
    swept: float = 0.0
    requests: int = 0
    bytes: int = 0
    failures: int = 0
    records: int = 0
    batches: int = 0
    refused: int = 0
    flying: int = 0
    backlog: int = 0
    drift: int | None = None
    cursor: str = ''
    lag: float | None = None
    refreshes: int = 0
    held: int = 0
    absent: bool = False

    def answered(self, size: int) -> None:
        """The site answered a request with so many bytes."""
        self.requests += 1
        self.bytes += size

    def took(self, records: int) -> None:
        """So many records were written in one go."""
        self.batches += 1
        self.records += records

    def polled(self, cursor: str, site_now: str, now: float) -> None:
        """All changes up to now are stored. `site_now` is the site's Date in the form of a stamp ('': it told none)."""
        self.polls += 1
        self.cursor = cursor
        end = _seconds(site_now) if site_now else now
        self.lag = max(0.0, end - _seconds(cursor)) if cursor else None

    def swept_to(self, moment: float) -> None:
        """A full pass that began then is done."""
        self.sweeps += 1
        self.swept = max(self.swept, moment)


def _seconds(stamp: str) -> float:
    try:
        return datetime.datetime.fromisoformat(stamp).replace(tzinfo=datetime.UTC).timestamp()
    except ValueError:
        return math.nan


class Spread:
    """How values lie: `counts[n]` of them are at most `bounds[n]` and more than the bound before; the last count is of all above."""

    __slots__ = ('bounds', 'counts', 'total')

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.total += value
