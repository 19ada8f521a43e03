"""All agents of the league: one task per site, so that none waits for another."""

from __future__ import annotations

import asyncio
import logging

from hansa.model.errors import NotFound, SiteDown
from hansa.model.resource import Record
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.ports.store import Store
from hansa.rules import diff
from hansa.sync.agent import Agent
from hansa.sync.gate import Gate
from hansa.sync.outages import RETRY_S

_LOG = logging.getLogger('hansa.sync')


class Flock:
    """Owns the agents and their tasks."""

    def __init__(self, store: Store, gate: Gate, clock: Clock, pace: diff.Pace | None = None) -> None:
        self._store = store
        self._gate = gate
        self._clock = clock
        self._pace = pace
        self._agents: dict[str, tuple[Agent, asyncio.Task[None]]] = {}

    def add(self, member: Member) -> Agent:
        """Follow a site from now on; one of the same name is no longer followed."""
        agent = Agent(member, self._store, self._gate.intake, self._gate, self._clock, self._pace)
        if member.name in self._agents:
            self._agents.pop(member.name)[1].cancel()
        self._agents[member.name] = (agent, asyncio.create_task(self._keep(agent), name=f'agent {member.name}'))
        return agent

    async def remove(self, name: str) -> None:
        """Follow a site no more; an unknown name is passed over."""
        _, task = self._agents.pop(name, (None, None))
        if task is not None:
            await _end(task)
        self._gate.forget(name)

    def poke(self, site: str, *kinds: str) -> None:
        """Look at these kinds of a site at once; an unknown site is passed over."""
        if site in self._agents:
            self._agents[site][0].poke(*kinds)

    async def refresh(self, site: str, kind: str, site_id: str) -> Record | None:
        """One object as its site has it now; None where it is gone. Raises SiteDown, also for a site that is only entering or has left."""
        if site not in self._agents:
            raise SiteDown(site, 'is not looked at yet')
        return await self._agents[site][0].refresh(kind, site_id)

    async def level(self, site: str, kind: str, since: float) -> bool:
        """One look at a kind of a site, unless there was one after `since`. False where it does not tell, or is not looked at yet."""
        return site in self._agents and await self._agents[site][0].level(kind, since)

    async def catch_up(self, site: str) -> None:
        """One complete pass over a site now. Raises NotFound for an unknown site, SiteDown and Unauthorized."""
        if site not in self._agents:
            raise NotFound(f'No site is called {site}.')
        await self._agents[site][0].catch_up()

    async def close(self) -> None:
        """End all tasks."""
        tasks = [task for _, task in self._agents.values()]
        self._agents.clear()
        for task in tasks:
            await _end(task)

    async def _keep(self, agent: Agent) -> None:
        """An agent that stumbles over our own fault is set on its feet again."""
        while True:
            try:
                await agent.run()
            except Exception:  # noqa: BLE001  # one site's agent must not end with whatever went wrong
                _LOG.exception('The agent of site %s stumbled.', agent.member.name)
                await self._clock.sleep(RETRY_S)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
