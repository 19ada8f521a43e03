"""What is not as it should be between the league and its sites: found, counted, and set right when the operator says so."""

from __future__ import annotations

from collections import Counter

import msgspec

from hansa.model.drift import Finding, Repair
from hansa.model.errors import HansaError
from hansa.model.listing import Filter, Query
from hansa.model.resource import KINDS
from hansa.ports.clock import Clock
from hansa.ports.observer import Observer
from hansa.ports.roster import Roster
from hansa.ports.store import Store

MOST = 1000
"""Findings of a kind at a site that are told; all are counted."""
UNFINISHED_S = 60.0
"""An act at a site that takes longer than this is half-made."""
REPAIR_S = 60.0
"""How long one repair goes on."""
_LEFT = {
    'unclaimed': 'It stays as it is: give it to a project of the league at the site, or delete it there.',
    'half-made': 'The league finishes or undoes it by itself once the site answers.',
}


class Report(msgspec.Struct, frozen=True):
    """Findings, and how many there are by what they are, told or not."""

    findings: list[Finding]
    counts: dict[str, int]


class Auditing:
    """Nothing at a site is ever changed from here."""

    def __init__(self, store: Store, roster: Roster, observer: Observer, clock: Clock) -> None:
        self._store = store
        self._roster = roster
        self._observer = observer
        self._clock = clock

    async def report(self, site: str = '') -> Report:
        """All findings, or those of one site. Raises NotFound for a site that is not known."""
        names = {self._roster.get(site).name} if site else self._roster.names()
        drift = [finding for name in sorted(names) for finding in self._drift(name)]
        half = [finding for finding in await self._unfinished() if finding.site in names]
        findings, counts = [*drift, *half], Counter(finding.what for finding in (*drift, *half))
        for name in sorted(names):
            for kind in (kind.name for kind in KINDS.values() if not kind.shared):
                at = (Filter(('site',), 'in', (name,)), Filter(('project',), 'in', ('',)))
                counts['unclaimed'] += await self._store.count(Query(kind, filters=at))
                found = await self._store.page(Query(kind, filters=at, limit=MOST))
                findings += [Finding(name, kind, record.site_id, 'unclaimed', record.name, record.seen) for record in found]
        return Report(findings, {what: count for what, count in counts.items() if count})

    async def repair(self, site: str = '', *, really: bool = False) -> list[Repair]:
        """What is to be done about each finding; `really` does it, for as long as REPAIR_S. Raises NotFound for an unknown site."""
        end = self._clock.monotonic() + REPAIR_S
        repairs = []
        for finding in (await self.report(site)).findings:
            if finding.what in _LEFT:
                repairs.append(Repair(finding, _LEFT[finding.what]))
            elif not really:
                repairs.append(Repair(finding, 'It is asked for at the site, and the inventory is made to say what the site says.'))
            elif self._clock.monotonic() > end:
                repairs.append(Repair(finding, 'There was no time for it; repair again.'))
            else:
                repairs.append(await self._again(finding))
        return repairs

    async def _again(self, finding: Finding) -> Repair:
        try:
            record = await self._observer.refresh(finding.site, finding.kind, finding.id)
        except HansaError as error:
            return Repair(finding, str(error))
        if record is None and finding.what == 'not known':
            return Repair(finding, 'It cannot be taken in: it is gone by now, or another site had its id before; the log says more.')
        self._roster.get(finding.site).drift.get(finding.kind, {}).pop(finding.id, None)
        return Repair(finding, 'The site has it no more; neither has the inventory.' if record is None else 'The inventory is level.', done=True)

    def _drift(self, site: str) -> list[Finding]:
        return [finding for kind in self._roster.get(site).drift.values() for finding in list(kind.values())[:MOST]]

    async def _unfinished(self) -> list[Finding]:
        before = self._clock.now() - UNFINISHED_S
        return [
            Finding(intent.site, intent.kind, intent.found, 'half-made', intent.marker, intent.created)
            for intent in await self._store.open_intents()
            if intent.created < before
        ]
