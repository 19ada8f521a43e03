"""A wire that keeps all that was sent over it, and may spoil the bytes of image uploads on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator

from hansa.ports.http import Transport
from hansa.ports.site import Headers, SiteResponse


class Tape:
    """`sent` are (site, method, path); `raw` is every byte of URL, headers and body."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.raw = bytearray()
        self.spoil = False

    def wrap(self, site: str, transport: Transport) -> Transport:
        """For `house.league(wrap=…)`."""
        return _Tap(site, transport, self)

    def count(self, method: str, ending: str, site: str = '') -> int:
        """How many requests of a method ended so."""
        return sum(each[1] == method and each[2].endswith(ending) and site in {'', each[0]} for each in self.sent)


class _Tap:
    def __init__(self, site: str, transport: Transport, tape: Tape) -> None:
        self._site = site
        self._transport = transport
        self._tape = tape

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float
    ) -> SiteResponse:
        self._tape.sent.append((self._site, method, url.partition('?')[0]))
        self._tape.raw += f'{url}\n{headers}\n'.encode()
        if isinstance(body, bytes):
            self._tape.raw += body
        elif body is not None:
            body = self._chunks(body)
        return await self._transport.send(method, url, headers, body, timeout)

    async def _chunks(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in body:
            self._tape.raw += chunk
            yield chunk[:-1] + b'!' if self._tape.spoil else chunk

    async def close(self) -> None:
        await self._transport.close()
