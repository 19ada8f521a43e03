"""A site as a process sees it that does not follow it: what the one says that does counts as well as what it meets itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from hansa.model.errors import HansaError
from hansa.model.site import Capabilities, Health
from hansa.ports.clock import Clock
from hansa.ports.site import OPERATOR, Acting, Site, SiteRequest, SiteResponse

STALE_S = 30.0
"""Nobody has said for so long how the site stands: then only what is met here counts."""
_KNOCK_S = 10.0


class Heard:
    """The port Site, over a connector of our own."""

    def __init__(self, site: Site, clock: Clock) -> None:
        self.name = site.name
        self.kind = site.kind
        self._site = site
        self._clock = clock
        self._told: tuple[float, Health] | None = None
        self._knock: asyncio.Task[None] | None = None

    def tell(self, health: Health) -> None:
        """How the site stands for whoever follows it."""
        self._told = (self._clock.monotonic(), health)
        if health.reachable and not self.own().reachable and (self._knock is None or self._knock.done()):
            self._knock = asyncio.create_task(self._see(), name=f'see whether {self.name} is back')

    def own(self) -> Health:
        """How it stands for this process alone."""
        return self._site.health()

    def health(self) -> Health:
        """Down where we found it so, or whoever follows it does."""
        own = self._site.health()
        if own.reachable and self._told is not None and self._clock.monotonic() - self._told[0] < STALE_S:
            return self._told[1]
        return own

    async def send(self, request: SiteRequest, acting: Acting, timeout: float) -> SiteResponse:
        return await self._site.send(request, acting, timeout)

    async def describe(self) -> Capabilities:
        return await self._site.describe()

    def root(self, service: str) -> str:
        return self._site.root(service)

    def own_project(self) -> str:
        return self._site.own_project()

    def account_prefix(self) -> str:
        return self._site.account_prefix()

    def own_user(self) -> str:
        return self._site.own_user()

    def hints(self) -> AsyncGenerator[str, None]:
        return self._site.hints()

    async def close(self) -> None:
        if self._knock is not None:
            self._knock.cancel()
            await asyncio.wait([self._knock])
        await self._site.close()

    async def _see(self) -> None:
        """Whoever is told that a site is down makes its connector look again; nobody else may come to ask it anything."""
        with contextlib.suppress(HansaError):
            await (await self._site.send(SiteRequest('compute', 'GET', '^/'), OPERATOR, _KNOCK_S)).read()
