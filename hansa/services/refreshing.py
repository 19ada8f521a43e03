"""Lists as young as a client asks: sites whose copy is older are looked at first, and nobody waits for them for long."""

from __future__ import annotations

import asyncio
import logging
import math
import weakref
from collections.abc import Iterable

from hansa.model.errors import HansaError
from hansa.ports.clock import Clock
from hansa.ports.observer import Leveller
from hansa.ports.roster import Member
from hansa.rules import freshness

_log = logging.getLogger('hansa.refreshing')


class _Look:
    """One look at a kind of a site, shared by all who wait for it; `lasted` seconds once it is over."""

    def __init__(self, clock: Clock) -> None:
        self.began = clock.monotonic()
        self.lasted = 0.0
        self.level = False
        self.task: asyncio.Task[None] | None = None

    @property
    def over(self) -> bool:
        return self.task is not None and self.task.done()


class Refreshing:
    """At most one look per site and kind is under way, and at most one a second begins."""

    def __init__(self, leveller: Leveller, clock: Clock) -> None:
        self._leveller = leveller
        self._clock = clock
        self._looks: weakref.WeakKeyDictionary[Member, dict[str, _Look]] = weakref.WeakKeyDictionary()

    async def within(self, members: Iterable[Member], kind: str, most: float) -> frozenset[str]:
        """Bring the copies of these sites to an age of at most `most` seconds, as far as that is had in some seconds.

        Returns the sites that answer others, but did not tell this in time. Those that are known to be away are not asked.
        """
        looks = {member.name: look for member in members if member.site.health().reachable and (look := self._look(member, kind, most))}
        waiting = [look.task for look in looks.values() if look.task and not look.task.done()]
        if waiting:
            await asyncio.wait(waiting, timeout=freshness.PATIENCE_S)
        return frozenset(site for site, look in looks.items() if not (look.over and look.level))

    async def close(self) -> None:
        """End what is under way."""
        tasks = [look.task for looks in self._looks.values() for look in looks.values() if look.task and not look.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _look(self, member: Member, kind: str, most: float) -> _Look | None:
        """The look that will make the copy young enough, or, where it is too early for another, the last one; None where none is needed."""
        now = self._clock.now()
        if not freshness.stale(now - member.synced.get(kind, -math.inf), most):
            return None
        looks = self._looks.setdefault(member, {})
        last = looks.get(kind)
        if last is not None and not (last.over and freshness.due(self._clock.monotonic() - last.began, last.lasted)):
            return last
        look = looks[kind] = _Look(self._clock)
        look.task = asyncio.create_task(self._go(look, member, kind, now - max(most, freshness.LEAST_S)), name=f'look at {kind} of {member.name}')
        return look

    async def _go(self, look: _Look, member: Member, kind: str, since: float) -> None:
        member.tally(kind).refreshes += 1
        try:
            async with asyncio.timeout(freshness.LONGEST_S):
                look.level = await self._leveller.level(member.name, kind, since)
        except (HansaError, TimeoutError) as error:
            _log.info('Site %s, %s: %s', member.name, kind, str(error) or 'no answer in time')
        except Exception:  # noqa: BLE001 - whatever it is, the list is served without it
            _log.exception('a look at %s of site %s failed', kind, member.name)
        finally:
            look.lasted = self._clock.monotonic() - look.began
