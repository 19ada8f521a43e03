"""The league's own hand at a site: an object that somebody waits for is stored when he has his answer, whoever follows the site."""

from __future__ import annotations

from collections.abc import Sequence

from hansa.model.batch import Change
from hansa.model.errors import SiteDown
from hansa.model.resource import Record
from hansa.ports.clock import Clock
from hansa.ports.store import Store
from hansa.sync import lists
from hansa.sync.agent import Agent
from hansa.sync.attached import Inventory
from hansa.sync.intake import Intake
from hansa.sync.kin import Kin
from hansa.sync.outages import TIMEOUT_S
from hansa.sync.reader import BadAnswer
from hansa.sync.turnstile import Turnstiles


class Hand:
    """At the site of an agent in this process, which is told what was seen. Goes past outbox and gate."""

    def __init__(self, agent: Agent, store: Store, intake: Intake, clock: Clock) -> None:
        self._agent = agent
        self._member = agent.member
        self._questions = intake.questions(agent.member.name)
        self._intake = intake
        self._clock = clock
        self._kin = Kin(Inventory(agent.member, store, intake), self._questions, agent.reader, agent.plan.tracks['volume'])
        self._lanes = Turnstiles()

    async def refresh(self, kind: str, site_id: str) -> Record | None:
        """One object as it is at the site now; None where it is gone. A server's volumes are looked at with it. Raises SiteDown."""
        async with self._lanes.at((kind, site_id)):
            before = await self._kin.before(kind, [site_id])
            try:
                ticket = self._questions.ticket()
                change = lists.change(kind, site_id, await self._agent.reader.one(kind, site_id, TIMEOUT_S), ticket)
                record = await self._stored(change)
                await self._kin.look(before, [change], self._clock.monotonic(), TIMEOUT_S, self._at_once)
            except BadAnswer as error:
                raise SiteDown(self._member.name, f'does not answer sensibly: {error}') from error
            return record

    async def _stored(self, change: Change) -> Record | None:
        self._intake.doubt(self._member.name, change.kind, change.id)
        records = await self._intake.take(self._member, [change])
        self._agent.heard(change)
        if change.doc is None:
            return None
        # A list that was asked for later may have come in before; then what stands is newer than this answer.
        return records[0] if records else await self._intake.standing(self._member, change.kind, change.id)

    async def _at_once(self, changes: Sequence[Change]) -> None:
        await self._intake.take(self._member, changes)
