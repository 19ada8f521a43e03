"""All agents of the league: one task per site, so that none waits for another."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from hansa.model.errors import NotFound, SiteDown
from hansa.model.resource import Record
from hansa.model.site import Capabilities
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.ports.store import Store
from hansa.rules import diff
from hansa.sync.agent import Agent
from hansa.sync.attached import Inventory
from hansa.sync.gate import Gate
from hansa.sync.hand import Hand
from hansa.sync.outages import RETRY_S

_LOG = logging.getLogger('hansa.sync')


class _Sheep:
    """An agent, the hand beside it, the task in which it runs, and what is kept of the site's description."""

    def __init__(self, agent: Agent, hand: Hand) -> None:
        self.agent = agent
        self.hand = hand
        self.task: asyncio.Task[None] | None = None
        self.kept: Capabilities | None = agent.member.capabilities


class Flock:
    """Owns the agents and their tasks."""

    def __init__(self, store: Store, gate: Gate, clock: Clock, pace: diff.Pace | None = None) -> None:
        self._store = store
        self._gate = gate
        self._clock = clock
        self._pace = pace
        self._sheep: dict[str, _Sheep] = {}

    def add(self, member: Member) -> Agent:
        """Follow a site from now on; one of the same name is no longer followed."""
        intake, name = self._gate.intake, member.name
        agent = Agent(member, self._gate, self._clock, self._pace, intake.questions(name), Inventory(member, self._store, intake))
        if name in self._sheep and (task := self._sheep[name].task):
            task.cancel()
        sheep = self._sheep[name] = _Sheep(agent, Hand(agent, self._store, intake, self._clock))
        sheep.task = asyncio.create_task(self._keep(sheep), name=f'agent {name}')
        return agent

    async def remove(self, name: str) -> None:
        """Follow a site no more; an unknown name is passed over."""
        sheep = self._sheep.pop(name, None)
        if sheep is not None:
            await _end(sheep)
        self._gate.forget(name)

    def poke(self, site: str, *kinds: str) -> None:
        """Look at these kinds of a site at once; an unknown site is passed over."""
        if site in self._sheep:
            self._sheep[site].agent.poke(*kinds)

    async def refresh(self, site: str, kind: str, site_id: str) -> Record | None:
        """One object as its site has it now; None where it is gone. Raises SiteDown, also for a site that is only entering or has left."""
        if site not in self._sheep:
            raise SiteDown(site, 'is not looked at yet')
        return await self._sheep[site].hand.refresh(kind, site_id)

    async def level(self, site: str, kind: str, since: float) -> bool:
        """One look at a kind of a site, unless there was one after `since`. False where it does not tell, or is not looked at yet."""
        return site in self._sheep and await self._sheep[site].agent.level(kind, since)

    async def catch_up(self, site: str) -> None:
        """One complete pass over a site now. Raises NotFound for an unknown site, SiteDown and Unauthorized."""
        if site not in self._sheep:
            raise NotFound(f'No site is called {site}.')
        await self._sheep[site].agent.catch_up()

    async def close(self) -> None:
        """End all tasks."""
        flock = list(self._sheep.values())
        self._sheep.clear()
        for sheep in flock:
            await _end(sheep)

    async def _keep(self, sheep: _Sheep) -> None:
        """An agent that stumbles over our own fault is set on its feet again."""
        while True:
            try:
                await sheep.agent.turn()
                await self._write_down(sheep)
                await sheep.agent.rest()
            except Exception:  # noqa: BLE001  # one site's agent must not end with whatever went wrong
                _LOG.exception('The agent of site %s stumbled.', sheep.agent.member.name)
                await self._clock.sleep(RETRY_S)

    async def _write_down(self, sheep: _Sheep) -> None:
        """What a site said of itself holds after a restart until it answers."""
        member = sheep.agent.member
        if member.capabilities is not None and member.capabilities != sheep.kept:
            await self._store.set(f'site/{member.name}/capabilities', msgspec.json.encode(member.capabilities))
            sheep.kept = member.capabilities


async def _end(sheep: _Sheep) -> None:
    if sheep.task is not None:
        sheep.task.cancel()
        await asyncio.wait([sheep.task])
