"""How an agent elsewhere stands, put into a report there and taken over here, so that freshness is told as if it ran in the league."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hansa.model.drift import Finding
from hansa.model.resource import KINDS
from hansa.ports.roster import Member
from hansa.ports.tally import Tally
from hansa.ports.uplink import Report

_SUMS = ('hints', 'polls', 'sweeps', 'requests', 'bytes', 'failures')
Tallies = dict[str, Tally]
_STATES = ('backlog', 'drift', 'held', 'cursor', 'lag', 'absent')


class Reporter:
    """Of one agent: `member` is its own view of the site."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._run = ''
        self._number = 0
        self._drift: dict[str, dict[str, Finding]] = {}
        # What was counted until the run began, until the last report that was taken, and until the last report.
        self._before: Tallies = {}
        self._told: Tallies = {}
        self._now: Tallies = {}

    def report(self, run: str) -> Report:
        """As it stands now."""
        if run != self._run:
            self._run, self._number, self._drift, self._before = run, 0, {}, self._told
        self._number += 1
        self._now = {kind: msgspec.structs.replace(tally) for kind, tally in self._member.tallies.items()}
        member, health = self._member, self._member.site.health()
        drift = {kind: tuple(found.values()) for kind, found in member.drift.items() if found != self._drift.get(kind, {})}
        lost = '' if health.reachable else health.reason or 'does not answer'
        return Report(member.name, run, self._number, dict(member.synced), self._counted(), drift, lost)

    def taken(self, report: Report) -> None:
        """The league has this one."""
        for kind, found in report.drift.items():
            self._drift[kind] = {each.id: each for each in found}
        self._told = self._now

    def _counted(self) -> Tallies:
        none = Tally()
        return {
            kind: msgspec.structs.replace(tally, **{name: getattr(tally, name) - getattr(self._before.get(kind, none), name) for name in _SUMS})
            for kind, tally in self._now.items()
        }


def take(member: Member, report: Report, before: Mapping[str, Tally], now: float) -> None:
    """Let the league's member stand as the agent does; `before` is what the last report of the run counted."""
    for kind, when in report.level.items():
        if kind in KINDS:
            member.synced[kind] = max(min(when, now), member.synced.get(kind, 0.0))
    for kind, tally in report.tallies.items():
        if kind in KINDS or not kind:
            _add(member.tally(kind), tally, before.get(kind) or Tally())
    for kind, found in report.drift.items():
        if kind in KINDS:
            member.drift[kind] = {each.id: each for each in found if (each.site, each.kind) == (member.name, kind)}
    if member.distant is not None:
        member.distant.lost = report.lost


def _add(mine: Tally, told: Tally, before: Tally) -> None:
    """What was counted since then is added, as others count here too; what is a state is taken over."""
    for name in _SUMS:
        setattr(mine, name, getattr(mine, name) + max(0, getattr(told, name) - getattr(before, name)))
    for name in _STATES:
        setattr(mine, name, getattr(told, name))
    mine.swept = max(mine.swept, told.swept)
