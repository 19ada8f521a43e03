"""A cloud's response, whose breaking off is the site's failure and not the wire's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from hansa.model.errors import SiteDown
from hansa.ports.http import TransportError
from hansa.ports.site import SiteResponse

Blame = Callable[[TransportError], SiteDown]


class Answer:
    """`hansa.ports.site.SiteResponse`; `blame` makes the error that the reader gets."""

    __slots__ = ('_blame', '_response', 'headers', 'status')

    def __init__(self, response: SiteResponse, blame: Blame) -> None:
        self.status = response.status
        self.headers = response.headers
        self._response = response
        self._blame = blame

    def header(self, name: str) -> str:
        return self._response.header(name)

    async def read(self, limit: int = 64 << 20) -> bytes:
        try:
            return await self._response.read(limit)
        except TransportError as error:
            raise self._blame(error) from error

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.chunks():
                yield chunk
        except TransportError as error:
            raise self._blame(error) from error
        finally:
            await self._response.close()

    async def close(self) -> None:
        await self._response.close()
