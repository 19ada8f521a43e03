"""Which containers span sites, and who tells what they hold."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hansa.model.errors import BadRequest
from hansa.model.spread import Spread
from hansa.ports.clock import Clock
from hansa.ports.store import Store
from hansa.rules import spreading
from hansa.rules.spreading import Choice
from hansa.services.stores import Stores


class Spreads:
    """What is kept of containers that span sites. What is not found here lives at one site."""

    def __init__(self, store: Store, stores: Stores, clock: Clock) -> None:
        self._store = store
        self._stores = stores
        self._clock = clock

    async def find(self, project: str, container: str) -> Spread | None:
        """How a container spans sites; also one that is deleted, but not everywhere yet."""
        return await self._store.spanning(project, container)

    async def choice(self, project: str, container: str, headers: Mapping[str, str]) -> Choice | None:
        """What the headers (lower-case names) of a PUT or POST choose for a container; one for segments follows that of its objects.

        None for one that lives at one site. Raises BadRequest.
        """
        mirror, disperse, quorum = (headers.get(name, '').strip() for name in (spreading.MIRROR, spreading.DISPERSE, spreading.QUORUM))
        choice = spreading.chosen(mirror, disperse, quorum, [member.name for member in self._stores.members()])
        leader = spreading.leader(container)
        followed = await self._store.spanning(project, leader) if leader else None
        if followed is None or followed.gone:
            return choice
        if choice is not None and not choice.agrees(followed):
            raise BadRequest(f'{container} is for segments of {leader}, which is kept at {", ".join(followed.sites)}: it has to be kept there likewise.')
        return Choice(followed.kind, followed.sites, followed.need)

    async def register(self, project: str, container: str, choice: Choice, filling: tuple[str, ...] = ()) -> Spread:
        """A new one, which is still to be made at its sites. Raises Conflict where somebody was faster."""
        return await self._store.put_spread(
            Spread(project, container, choice.kind, choice.sites, choice.need, self._clock.now(), filling)
        )

    async def move(self, spread: Spread, **changes: object) -> Spread:
        """Write the next state. Raises Conflict where somebody else did."""
        return await self._store.put_spread(msgspec.structs.replace(spread, **changes))

    async def forget(self, spread: Spread) -> None:
        """It is nowhere any more. Raises Conflict where somebody was faster."""
        await self._store.drop_spread(spread)

    async def behind(self, spread: Spread) -> dict[str, int]:
        """How many objects each site may lack."""
        return {site: count for _, container, site, count in await self._store.owing(spread.project) if container == spread.container}

    async def tellers(self, project: str) -> dict[str, tuple[Spread, tuple[str, ...]]]:
        """By container: how it spans sites, and those that can tell what it holds, the best first: who owes least, then as they are preferred."""
        spreads = await self._store.spreads(project)
        owing = {(container, site): count for _, container, site, count in await self._store.owing(project)} if spreads else {}
        found = {}
        for spread in spreads:
            owes = {site: owing.get((spread.container, site), 0) for site in spread.everywhere if site not in spread.filling}
            found[spread.container] = (spread, () if spread.gone else tuple(sorted(owes, key=owes.__getitem__)))
        return found
