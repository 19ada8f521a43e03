"""A league of dictionary clouds with a real store, and time that goes by as the test says."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from hansa.model.listing import Query
from hansa.model.resource import Record
from hansa.ports.roster import Roster
from hansa.ports.store import Store
from hansa.rules.aliases import AliasBook
from hansa.sites.sim.clock import HandClock
from hansa.storage.sqlite.store import open_store
from hansa.sync.agent import Agent
from hansa.sync.attached import Inventory
from hansa.sync.gate import Gate
from hansa.sync.hand import Hand
from hansa.sync.intake import Intake
from tests.sync.cloud import Cloud


class House:
    """`agents` and `hands` by site name, in the order in which the clouds were given."""

    def __init__(self, store: Store, clock: HandClock, *clouds: Cloud) -> None:
        self.store = store
        self.clock = clock
        self.book = AliasBook()
        self.roster = Roster()
        self.intake = Intake(store, self.book, self.roster, clock)
        self.gate = Gate(store, self.intake, self.roster, clock)
        self.agents: dict[str, Agent] = {}
        self.hands: dict[str, Hand] = {}
        for cloud in clouds:
            member = cloud.member()
            self.roster.add(member)
            known, questions = Inventory(member, store, self.intake), self.intake.questions(cloud.name)
            agent = self.agents[cloud.name] = Agent(member, self.gate, clock, questions=questions, known=known)
            self.hands[cloud.name] = Hand(agent, store, self.intake, clock)

    async def catch_up(self) -> None:
        for agent in self.agents.values():
            await agent.catch_up()

    async def pass_time(self, seconds: float) -> None:
        """Every agent does what falls due in so many seconds."""
        end = self.clock.time + seconds
        for _ in range(100_000):
            agent = min(self.agents.values(), key=lambda agent: agent.soonest())
            if max(agent.soonest(), self.clock.time) >= end:
                break
            self.clock.time = max(self.clock.time, agent.soonest())
            await agent.turn()
        else:
            raise AssertionError('an agent turns without end')
        self.clock.time = max(self.clock.time, end)

    async def all(self, kind: str) -> list[Record]:
        """All primary records of a kind, by name and site."""
        return sorted(await self.store.page(Query(kind)), key=lambda record: (record.name, record.site))

    async def known(self, site: str, kind: str) -> set[str]:
        return set(await self.store.known(site, kind))


@contextlib.asynccontextmanager
async def house(clock: HandClock, *clouds: Cloud, store: Store | None = None) -> AsyncIterator[House]:
    store = store or await open_store(None)
    try:
        yield House(store, clock, *clouds)
    finally:
        await store.close()
