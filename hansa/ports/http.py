"""The door to the wire: one HTTP request out, one response back; what sites and the identity engine are reached by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from hansa.ports.site import Headers, SiteResponse


class TransportError(OSError):
    """The other side was not reached, or did not answer as HTTP does.

    `reason` goes on a sentence that begins with who was asked ('refuses connections'); `sent` is True where the
    request may have been received.
    """

    def __init__(self, reason: str, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


class Transport(Protocol):
    """Sends HTTP requests; never follows redirects, never decodes bodies."""

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float
    ) -> SiteResponse:
        """`timeout` seconds bound connecting, the wait for the head and for each chunk. Raises TransportError."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
