"""An agent near its site: it follows the site up an uplink, and reports how it stands, so that the league can tell how fresh its copy is."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from hansa.model.errors import Dismissed, Gone, HansaError, UplinkDown
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.ports.uplink import Uplink
from hansa.rules import diff
from hansa.sync.agent import Agent
from hansa.sync.reports import Reporter

REPORT_S = 4.0
STUMBLE_S = 10.0

_LOG = logging.getLogger('hansa.sync')


class Outpost:
    """One site, one agent. `member` is its own view of the site."""

    def __init__(self, member: Member, uplink: Uplink, clock: Clock, pace: diff.Pace | None = None) -> None:
        self.agent = Agent(member, uplink, clock, pace)
        self._pace = pace
        self._reporter = Reporter(member)
        self._uplink = uplink
        self._clock = clock
        self._said = ''

    async def run(self) -> None:
        """Go on until the league takes no more of it. Raises Dismissed; may be cancelled at any moment."""
        tasks = [asyncio.create_task(act) for act in (self._follow(), self._tell(), self._listen())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def report(self) -> None:
        """Say how the agent stands, if it has begun. Raises Dismissed."""
        run = self.agent.run
        if not run:
            return
        report = self._reporter.report(run)
        try:
            self.agent.questions.ahead = await self._uplink.report(report)
        except Gone:
            self.agent.lapse(run)
        except UplinkDown as error:
            _LOG.debug('A report did not arrive: %s', error)
        else:
            self._reporter.taken(report)

    async def _follow(self) -> None:
        while True:
            try:
                await self.agent.turn()
                if self.agent.outdated:
                    self.agent = Agent(self.agent.member, self._uplink, self._clock, self._pace)
                    continue
                self._greet()
                await self.agent.rest()
            except Dismissed:
                raise
            except HansaError as error:
                _LOG.warning('%s', error)
                await self._clock.sleep(STUMBLE_S)

    def _greet(self) -> None:
        if self.agent.run and not self._said:
            _LOG.info('Site %s is followed for the league (run %s).', self.agent.member.name, self.agent.run)
        elif self.agent.run != self._said and self.agent.run:
            _LOG.info('Site %s: the league begins anew with this agent (run %s).', self.agent.member.name, self.agent.run)
        self._said = self.agent.run or self._said

    async def _listen(self) -> None:
        """The site's hints go to whichever agent there is."""
        async with contextlib.aclosing(self.agent.member.site.hints()) as hints:
            async for kind in hints:
                self.agent.hint(kind)

    async def _tell(self) -> None:
        while True:
            await self.report()
            await self._clock.sleep(REPORT_S)
