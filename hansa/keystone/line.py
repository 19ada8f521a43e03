"""Requests to a Keystone, with its failures told in the words of the house."""

from __future__ import annotations

from collections.abc import AsyncIterator

from hansa.model.errors import SiteDown
from hansa.ports.http import Transport, TransportError
from hansa.ports.site import Headers, SiteResponse

DOCUMENT_LIMIT = 16 << 20


class Line:
    """`root` is Keystone's URL without its version ('http://keystone', 'https://host/identity')."""

    def __init__(self, transport: Transport, root: str, retry_after: int = 2) -> None:
        self._transport = transport
        self._root = root.rstrip('/').removesuffix('/v3')
        self._retry_after = retry_after

    async def send(
        self,
        method: str,
        path: str,
        headers: Headers,
        body: bytes | AsyncIterator[bytes] | None = None,
        timeout: float = 60.0,
    ) -> SiteResponse:
        """`path` is raw, with its query. Raises SiteDown."""
        try:
            return await self._transport.send(method, self._root + path, headers, body, timeout)
        except TransportError as error:
            raise SiteDown('identity', error.reason, self._retry_after, error.sent) from error

    async def read(
        self, method: str, path: str, headers: Headers, body: bytes | None, timeout: float
    ) -> tuple[int, Headers, bytes]:
        """Status, headers and whole body of a small answer. Raises SiteDown."""
        answer = await self.send(method, path, headers, body, timeout)
        try:
            return answer.status, answer.headers, await answer.read(DOCUMENT_LIMIT)
        except TransportError as error:
            raise SiteDown('identity', error.reason, self._retry_after, error.sent) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()
