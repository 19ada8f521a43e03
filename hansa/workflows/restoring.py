"""What sites owe dispersed containers, made good as soon as they answer; and looked for where nobody has heard of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from hansa.model.errors import Busy, Conflict, NotFound, SiteDown
from hansa.model.spread import Spread
from hansa.ports.clock import Clock
from hansa.ports.store import Store
from hansa.services.dispersal.lists import Lists
from hansa.services.dispersal.making import Making
from hansa.services.dispersal.mending import Mending

_MOST = 1000
"""Objects of one container that are mended in one pass."""

_COMPARED_S = 6 * 3600.0


class Restoring:
    """Goes through all that is owed, one container after the other."""

    def __init__(self, store: Store, containers: Making, objects: Mending, lists: Lists, clock: Clock) -> None:
        self._store = store
        self._containers = containers
        self._objects = objects
        self._lists = lists
        self._clock = clock
        self._compared: dict[tuple[str, str], float] = {}

    async def go_over(self) -> int:
        """One pass; how many objects are as they should be again."""
        owing = {(project, container) for project, container, _, _ in await self._store.owing()}
        spreads = [spread for spread in await self._store.spreads() if spread.kind == 'disperse']
        done = 0
        for spread in spreads:
            if spread.filling or (spread.project, spread.container) in owing:
                with contextlib.suppress(SiteDown, Busy, Conflict, NotFound):
                    await self._containers.finish(spread)
                done += await self._objects.pay(spread, _MOST)
        await self._compare(spreads)
        return done

    async def _compare(self, spreads: Sequence[Spread]) -> None:
        """Read the list of one container that was not looked at for long: what sites lack of it shows, and is written down there."""
        now = self._clock.monotonic()
        known = {(spread.project, spread.container) for spread in spreads}
        self._compared = {id: when for id, when in self._compared.items() if id in known}
        for spread in spreads:
            if self._compared.setdefault((spread.project, spread.container), now) + _COMPARED_S <= now:
                self._compared[spread.project, spread.container] = now
                with contextlib.suppress(SiteDown, NotFound):
                    async for _ in self._lists.pages(spread):
                        pass
                return
