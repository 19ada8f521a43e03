"""What sites owe dispersed containers, made good as soon as they answer."""

from __future__ import annotations

from hansa.ports.store import Store
from hansa.services.dispersal.mending import Mending

_MOST = 1000
"""Objects of one container that are mended in one pass."""


class Restoring:
    """Goes through all that is owed, one container after the other."""

    def __init__(self, store: Store, objects: Mending) -> None:
        self._store = store
        self._objects = objects

    async def go_over(self) -> int:
        """One pass; how many objects are as they should be again."""
        owing = dict.fromkeys((project, container) for project, container, _, _ in await self._store.owing())
        done = 0
        for project, container in owing:
            spread = await self._store.spanning(project, container)
            if spread is not None and spread.kind == 'disperse' and not spread.gone:
                done += await self._objects.pay(spread, _MOST)
        return done
