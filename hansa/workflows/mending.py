"""Bringing the sites of mirrored containers to one state again: what they owe, whole containers that they lack, what they should not have any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence

from hansa.model.errors import Busy, HansaError, SiteDown
from hansa.model.spread import Debt, Spread
from hansa.ports.clock import Clock
from hansa.ports.store import Store
from hansa.services.filling import Filling
from hansa.services.mirrors import Mirrors
from hansa.services.repairing import Refused, Repairing
from hansa.services.spreads import Spreads

_log = logging.getLogger('hansa.mending')

_AT_ONCE = 4
_PAGE = 200
_PAGES = 10
_PATIENCE = 1.0
_AGAIN_S = 60.0
_REFUSALS = 10_000
_COMPARED_S = 6 * 3600.0
_COMPARED_EACH_S = 300.0


class Mending:
    """Goes over all mirrored containers of which something is owed. What a site refuses is tried again after a minute."""

    def __init__(self, store: Store, spreads: Spreads, mirrors: Mirrors, repairing: Repairing, filling: Filling, clock: Clock) -> None:
        self._store = store
        self._spreads = spreads
        self._mirrors = mirrors
        self._repairing = repairing
        self._filling = filling
        self._clock = clock
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._refused: dict[tuple[str, str, str], float] = {}
        self._compared: dict[tuple[str, str], float] = {}
        self._last = clock.monotonic()

    async def go_over(self) -> int:
        """One pass; how many objects were brought in order."""
        owing = {(project, container) for project, container, _, _ in await self._store.owing()}
        every = [spread for spread in await self._store.spreads() if spread.kind == 'mirror']
        todo = [spread for spread in every if spread.filling or spread.leaving or (spread.project, spread.container) in owing]
        self._refused = {key: until for key, until in self._refused.items() if until > self._clock.monotonic()}
        done = sum(await asyncio.gather(*map(self._mend, todo)))
        await self._look_through([spread for spread in every if spread not in todo])
        return done

    async def _mend(self, spread: Spread) -> int:
        async with self._gate:
            try:
                debts = await self._store.debts(spread.project, spread.container, '')
                if not spread.gone and (any(debt.site in self._mirrors.there() for debt in debts) or _joining(spread)):
                    await self._whole(spread)
                done = 0 if spread.gone else await self._objects(spread)
                if spread.leaving:
                    await self._leave(spread)
            except HansaError as error:
                _log.info('container %s of project %s is not alike at all its sites yet: %s', spread.container, spread.project, error)
                return 0
            return done

    async def _whole(self, spread: Spread) -> None:
        async with self._mirrors.turn(spread.project, spread.container, '', _PATIENCE):
            now = await self._spreads.find(spread.project, spread.container)
            debts = await self._store.debts(spread.project, spread.container, '')
            if now is None or now.gone:
                return
            if lost := [site for site in _joining(now) if site not in {debt.site for debt in debts}]:
                await self._store.owe(Debt(now.project, now.container, '', '', self._clock.now(), 0, True), lost)
                debts = await self._store.debts(now.project, now.container, '')
            if debts:
                await self._filling.told(now, debts)

    async def _objects(self, spread: Spread) -> int:
        done, after = 0, ''
        for _ in range(_PAGES):
            debts = await self._store.owed(spread.project, spread.container, after, _PAGE)
            names = self._ready(spread, debts)
            done += sum(await asyncio.gather(*(self._object(spread, name) for name in names)))
            if len(debts) < _PAGE:
                break
            after = debts[-1].object
        return done

    def _ready(self, spread: Spread, debts: Sequence[Debt]) -> list[str]:
        """Objects that are owed by a site that is there, and that nobody refused a moment ago."""
        there = self._mirrors.there()
        names = dict.fromkeys(debt.object for debt in debts if debt.site in there or debt.site not in spread.everywhere)
        return [name for name in names if (spread.project, spread.container, name) not in self._refused]

    async def _object(self, spread: Spread, name: str) -> bool:
        try:
            async with self._mirrors.turn(spread.project, spread.container, name, _PATIENCE):
                now = await self._spreads.find(spread.project, spread.container)
                return now is not None and not now.gone and await self._repairing.object(now, name)
        except Refused as error:
            _log.warning('object %s of container %s: %s', name, spread.container, error)
            if len(self._refused) < _REFUSALS:
                self._refused[spread.project, spread.container, name] = self._clock.monotonic() + _AGAIN_S
        except (SiteDown, Busy) as error:
            _log.info('object %s of container %s is not repaired yet: %s', name, spread.container, error)
        return False

    async def _leave(self, spread: Spread) -> None:
        """Sites that leave are emptied when nobody needs what they have."""
        async with self._mirrors.turn(spread.project, spread.container, '', _PATIENCE):
            for site in spread.leaving:
                now = await self._spreads.find(spread.project, spread.container)
                if now is None or site not in now.leaving or site not in self._mirrors.there():
                    continue
                if site in now.filling:
                    await self._filling.empty(now, site)
                elif await self._spare(now, site):
                    await self._spreads.move(now, filling=(*now.filling, site))

    async def _spare(self, spread: Spread, site: str) -> bool:
        """Whether all that a site has is at all that stay."""
        if set(spread.filling).intersection(spread.sites) or not self._mirrors.there().issuperset(spread.sites):
            return False
        if await self._store.debts(spread.project, spread.container, '') or await self._store.owed(spread.project, spread.container, '', 1):
            return False
        return not await self._filling.compare(spread, site, spread.sites[0])

    async def _look_through(self, level: Sequence[Spread]) -> None:
        """From time to time compare one that owes nothing: somebody may have gone past the league."""
        now = self._clock.monotonic()
        if now - self._last < _COMPARED_EACH_S:
            return
        self._last = now
        self._compared = {key: when for key, when in self._compared.items() if now - when < _COMPARED_S}
        ready = [spread for spread in level if len(spread.sites) > 1 and (spread.project, spread.container) not in self._compared]
        there = self._mirrors.there()
        for spread in [each for each in ready if there.issuperset(each.sites)][:1]:
            self._compared[spread.project, spread.container] = now
            await self._comparing(spread)

    async def _comparing(self, spread: Spread) -> None:
        pending: list[Awaitable[int]] = [self._filling.compare(spread, site, spread.sites[0]) for site in spread.sites[1:]]
        try:
            await asyncio.gather(*pending)
        except HansaError as error:
            _log.info('container %s of project %s was not compared: %s', spread.container, spread.project, error)


def _joining(spread: Spread) -> list[str]:
    return [site for site in spread.filling if site in spread.sites]
