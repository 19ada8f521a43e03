"""A number for each site that never becomes another's, so that ids which sites merely count are told apart."""

from __future__ import annotations

import msgspec

from hansa.model.errors import Unsupported
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.rules import numbers
from hansa.services.turns import Turns

_KEY = 'number/'


class Numbering:
    """Sites are numbered in the order in which they came; a site that leaves keeps its number for the case that it comes back."""

    def __init__(self, store: Store, roster: Roster, turns: Turns) -> None:
        self._store = store
        self._roster = roster
        self._known: dict[str, int] = {}
        self._turns = turns

    async def of(self, site: str) -> int:
        """A site's number. Raises Unsupported for the thousandth site."""
        if site in self._known:
            return self._known[site]
        async with self._turns.of('numbers'):
            kept = await self._store.values(_KEY)
            self._known = {key.removeprefix(_KEY): msgspec.json.decode(value, type=int) for key, value in kept.items()}
            for name in (*(member.name for member in self._roster), site):
                if name not in self._known:
                    await self._add(name)
            return self._known[site]

    async def _add(self, site: str) -> None:
        following = max(self._known.values(), default=0) + 1
        if following >= numbers.SITES:
            raise Unsupported(f'The league has numbered {following - 1} sites, which is all it can; site {site} has no number.')
        await self._store.set(_KEY + site, msgspec.json.encode(following))
        self._known[site] = following

    async def find(self, number: int) -> tuple[Member, int] | None:
        """The site of a league's number, and the number there; None where no site of the league has it."""
        site, local = numbers.local(number)
        for member in self._roster:
            if local and await self.of(member.name) == site:
                return member, local
        return None
