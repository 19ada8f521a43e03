"""The keys of containers, which seal what lies beside shares: put together out of the sites' metadata, and kept while the process lives."""

from __future__ import annotations

import asyncio
import secrets

import msgspec

from hansa.model.errors import NotFound, SiteDown, Unsupported
from hansa.model.spread import Spread
from hansa.ports.roster import Member
from hansa.rules.dispersal import deeds, keys
from hansa.rules.dispersal.deeds import Deed
from hansa.rules.dispersal.labels import Box
from hansa.rules.dispersal.layout import Corrupt
from hansa.rules.dispersal.scheme import Scheme
from hansa.services.dispersal import shelves
from hansa.services.dispersal.shelves import Shelves
from hansa.services.relay import Forward

_MOST = 10_000
"""Keys that are kept at once."""


class Ring(msgspec.Struct):
    """A container's scheme, what it seals with, and which share each site has."""

    scheme: Scheme
    box: Box
    deeds: dict[str, Deed]

    def index(self, site: str) -> int:
        """Which share is a site's, counted from 1; 0 where that is not known."""
        return self.deeds[site].index if site in self.deeds else 0


class Keyring:
    """Finds keys by project, container and when it was registered."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._kept: dict[tuple[str, str, float], Ring] = {}

    def drawn(self, scheme: Scheme) -> list[Deed]:
        """Those of a new container, in order of its sites."""
        return deeds.drawn(scheme, secrets.token_bytes(keys.SIZE))

    async def ring(self, project: str, spread: Spread) -> Ring:
        """Of a container. Raises SiteDown where too few of its sites answer."""
        id = (project, spread.container, spread.registered)
        kept = self._kept.get(id)
        if kept is not None and all(site in kept.deeds for site in spread.sites):
            return kept
        if kept is not None and not self._news(spread, kept):
            return kept
        try:
            made = await self._learn(project, spread)
        except SiteDown:
            if kept is None:
                raise
            return kept
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[id] = made
        return made

    def forget(self, spread: Spread) -> None:
        """A site may have lost its share of a key."""
        self._kept.pop((spread.project, spread.container, spread.registered), None)

    def _news(self, spread: Spread, kept: Ring) -> bool:
        return any(member.name not in kept.deeds and member.site.health().reachable for member in self._shelves.members(spread))

    async def _learn(self, project: str, spread: Spread) -> Ring:
        members = self._shelves.members(spread)
        answers = await asyncio.gather(*(self._deed(project, spread, member) for member in members))
        lost = [answer for answer in answers if isinstance(answer, SiteDown)]
        found = {member.name: answer for member, answer in zip(members, answers, strict=True) if isinstance(answer, Deed)}
        try:
            key, true = deeds.joined(found)
        except Corrupt:
            raise next(iter(lost), SiteDown(spread.sites[0], 'and others have lost the key of this container')) from None
        scheme = next(iter(true.values())).scheme
        return Ring(scheme, Box(key), true)

    async def _deed(self, project: str, spread: Spread, member: Member) -> Deed | SiteDown | None:
        try:
            reply = await self._shelves.stores.tend(member, project, Forward('HEAD', shelves.path(spread, '')))
        except SiteDown as error:
            return error
        except (NotFound, Unsupported):
            return None
        return deeds.read(reply.header(deeds.HEADER))
