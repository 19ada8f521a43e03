"""All agents of the league that work in this process: one task per site, so that none waits for another."""

from __future__ import annotations

import asyncio
import logging
import math

import msgspec

from hansa.model.distant import AWAY_S
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


STAND_BY_S = 2.0
DOUBT_S = 10.0


class _Sheep:
    """An agent, the hand beside it, the task in which it runs, and what is kept of the site's description. `stands_by`: another agent
    follows the site, near it; `doubted` is when the site was last asked whether it answers, as that one says it does not.
    """

    def __init__(self, agent: Agent, hand: Hand) -> None:
        self.agent = agent
        self.hand = hand
        self.task: asyncio.Task[None] | None = None
        self.kept: Capabilities | None = agent.member.capabilities
        self.stands_by = False
        self.doubted = -math.inf


class Flock:
    """Owns the agents and their tasks. `following`: every site is followed from when it is added; else only after `go`, and until then
    its agent does no more than look at single objects for those who ask.
    """

    def __init__(self, store: Store, gate: Gate, clock: Clock, pace: diff.Pace | None = None, *, following: bool = True) -> None:
        self._store = store
        self._gate = gate
        self._clock = clock
        self._pace = pace or diff.Pace()
        self._following = following
        self._sheep: dict[str, _Sheep] = {}

    def add(self, member: Member) -> Agent:
        """Have an agent for a site; one of the same name goes."""
        intake, name = self._gate.intake, member.name
        agent = Agent(member, self._gate, self._clock, self._pace, intake.questions(name), Inventory(member, self._store, intake), intake.desk)
        if name in self._sheep and (task := self._sheep[name].task):
            task.cancel()
        sheep = self._sheep[name] = _Sheep(agent, Hand(agent, self._store, intake, self._clock))
        if self._following:
            self._set_out(sheep)
        return agent

    def go(self, name: str) -> bool:
        """Follow a site from now on; False where it has not entered yet. What others wrote of it meanwhile is not remembered as told to us."""
        if name not in self._sheep:
            return False
        if not self.follows(name):
            self._gate.forget(name)
            self.add(self._sheep[name].agent.member)
            if not self.follows(name):
                self._set_out(self._sheep[name])
        return True

    async def rest(self, name: str) -> None:
        """Follow a site no more, without letting it go."""
        if sheep := self._sheep.get(name):
            await _end(sheep)
            self._count()

    def follows(self, name: str) -> bool:
        """Whether a site is followed here."""
        return name in self._sheep and self._sheep[name].task is not None

    async def remove(self, name: str) -> None:
        """Let a site go; an unknown name is passed over."""
        sheep = self._sheep.pop(name, None)
        if sheep is not None:
            await _end(sheep)
            self._count()
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
        return self.follows(site) and await self._sheep[site].agent.level(kind, since)

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

    def _set_out(self, sheep: _Sheep) -> None:
        sheep.task = asyncio.create_task(self._run(sheep), name=f'agent {sheep.agent.member.name}')
        self._count()

    def _count(self) -> None:
        self._pace.among = max(1, sum(sheep.task is not None for sheep in self._sheep.values()))

    async def _run(self, sheep: _Sheep) -> None:
        async with asyncio.TaskGroup() as both:
            both.create_task(self._listen(sheep))
            both.create_task(self._keep(sheep))

    async def _listen(self, sheep: _Sheep) -> None:
        """A site whose notifications cannot be had is followed all the same."""
        try:
            await sheep.agent.listen()
        except Exception:  # noqa: BLE001  # as in `_keep`
            _LOG.exception('The notifications of site %s cannot be listened to.', sheep.agent.member.name)

    async def _keep(self, sheep: _Sheep) -> None:
        """An agent that stumbles over our own fault is set on its feet again."""
        while True:
            try:
                if self._elsewhere(sheep):
                    await self._stand_by(sheep)
                else:
                    await sheep.agent.turn()
                    await self._write_down(sheep)
                    await sheep.agent.rest()
            except Exception:  # noqa: BLE001  # one site's agent must not end with whatever went wrong
                _LOG.exception('The agent of site %s stumbled.', sheep.agent.member.name)
                await self._clock.sleep(RETRY_S)

    def _elsewhere(self, sheep: _Sheep) -> bool:
        """Whether the site is left to an agent near it. One line says so when it begins, and one when it ends."""
        member = sheep.agent.member
        there = member.distant is not None and member.distant.follows(self._clock.now())
        if there and not sheep.stands_by:
            _LOG.info('Site %s is followed by an agent near it; the league stands by.', member.name)
        elif sheep.stands_by and not there and member.distant is not None:
            _LOG.warning('The agent near site %s was not heard of for %g s; the league follows the site itself until it is.', member.name, AWAY_S)
        elif sheep.stands_by and not there:
            _LOG.info('No agent near site %s is let in any more; the league follows the site itself.', member.name)
        sheep.stands_by = there
        return there

    async def _stand_by(self, sheep: _Sheep) -> None:
        distant, now = sheep.agent.member.distant, self._clock.monotonic()
        if distant is not None and distant.lost and now - sheep.doubted >= DOUBT_S:
            sheep.doubted = now
            sheep.agent.plan.ask_again()
        await sheep.agent.stand_by()
        await self._write_down(sheep)
        await sheep.agent.wait(STAND_BY_S)

    async def _write_down(self, sheep: _Sheep) -> None:
        """What a site said of itself holds after a restart until it answers."""
        member = sheep.agent.member
        if member.capabilities is not None and member.capabilities != sheep.kept:
            await self._store.set(f'site/{member.name}/capabilities', msgspec.json.encode(member.capabilities))
            sheep.kept = member.capabilities


async def _end(sheep: _Sheep) -> None:
    task, sheep.task = sheep.task, None
    if task is not None:
        task.cancel()
        await asyncio.wait([task])
