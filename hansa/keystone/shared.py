"""A Keystone that several processes of the league use: what one of them learns of revocations it tells the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Literal

from hansa.model.call import Token
from hansa.model.signature import Claim, Signer
from hansa.ports.bus import Bus
from hansa.ports.identity import Identity
from hansa.ports.site import Headers, SiteResponse

TOKENS = 'tokens'
"""The subject of the hint that tokens may have been revoked."""


class SharedEngine:
    """The port Identity over another. A hint that is lost costs no more than the engine's own time to ask again."""

    def __init__(self, engine: Identity, bus: Bus) -> None:
        self._engine = engine
        self._bus = bus
        self._asked: set[asyncio.Task[None]] = set()
        self._deaf = bus.subscribe(TOKENS, self._told)

    async def validate(self, token: str) -> Token:
        return await self._engine.validate(token)

    async def signed(self, claim: Claim) -> Signer:
        return await self._engine.signed(claim)

    async def refresh(self) -> None:
        """Here and, as far as hints go, everywhere."""
        await self._engine.refresh()
        self._bus.publish(TOKENS)

    async def relay(
        self, method: str, path: str, query: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None
    ) -> SiteResponse:
        return await self._engine.relay(method, path, query, headers, body)

    async def project_ids(self, words: Sequence[str]) -> dict[str, str]:
        return await self._engine.project_ids(words)

    async def named(self, kind: Literal['project', 'user'], words: Sequence[str]) -> dict[str, str]:
        return await self._engine.named(kind, words)

    async def gone(self, kind: Literal['project', 'user'], ids: Sequence[str]) -> list[str]:
        return await self._engine.gone(kind, ids)

    async def close(self) -> None:
        self._deaf()
        await asyncio.gather(*self._asked, return_exceptions=True)
        await self._engine.close()

    def _told(self, _subject: str, _body: bytes) -> None:
        task = asyncio.create_task(self._engine.refresh())
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
