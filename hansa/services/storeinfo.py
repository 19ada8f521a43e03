"""What the sites' object stores say that they can do, kept for a minute and longer where a site does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from hansa.model.errors import SiteDown, Unsupported
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.rules import offers
from hansa.services.stores import Stores

_SECONDS = 60.0


class StoreInfo:
    """The sites' documents of `/info`."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._stores = stores
        self._clock = clock
        self._kept: dict[str, tuple[float, Mapping[str, Any]]] = {}

    async def merged(self) -> dict[str, Any]:
        """The league's document. Raises SiteDown where no site has ever told."""
        return offers.merged(await self.all())

    async def all(self) -> dict[str, Mapping[str, Any]]:
        """By site, of those that ever told. Raises SiteDown where that is none."""
        members = self._stores.members()
        lost = [error for error in await asyncio.gather(*map(self._learn, members)) if error is not None]
        found = {member.name: self._kept[member.name][1] for member in members if member.name in self._kept}
        if not found and lost:
            raise lost[0]
        return {site: told for site, told in found.items() if told}

    async def of(self, member: Member) -> Mapping[str, Any]:
        """What one site told; no other is waited for. Raises SiteDown where it never did."""
        lost = await self._learn(member)
        if member.name not in self._kept and lost is not None:
            raise lost
        return self._kept[member.name][1]

    async def rows(self, what: str) -> int:
        """The most rows that every site gives of a listing ('account' or 'container')."""
        return offers.rows(await self.all(), what)

    async def _learn(self, member: Member) -> SiteDown | None:
        kept = self._kept.get(member.name)
        if kept is not None and kept[0] > self._clock.monotonic():
            return None
        try:
            told = await self._stores.info(member)
        except SiteDown as error:
            return error
        except Unsupported:
            told = {}
        self._kept[member.name] = (self._clock.monotonic() + _SECONDS, told)
        return None
