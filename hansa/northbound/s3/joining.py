"""An upload in parts where no site may put them together, as in dispersed containers: the league reads them one after the other and puts one object."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from hansa.model.call import Call
from hansa.northbound.s3 import errors, inner
from hansa.northbound.s3.payload import LARGEST
from hansa.rules import spreading
from hansa.rules.s3.multipart import Part
from hansa.rules.s3.refusal import Refused


async def needed(within: inner.Inner, call: Call, bucket: str) -> bool:
    """Whether sites cannot read what is in a bucket."""
    return bool(inner.header(await within.head(call, bucket), spreading.DISPERSE))


class Joined:
    """A body, as `Inner` sends them: the parts of an upload, which lie in the bucket `segments` under `prefix` and their numbers."""

    def __init__(self, within: inner.Inner, call: Call, segments: str, prefix: str, parts: Sequence[Part]) -> None:
        """Raises Refused for more than one object can have."""
        self.length: int | None = sum(part.size for part in parts)
        self.failure: Exception | None = None
        self.whole = False
        self._inner = within
        self._call = call
        self._segments = segments
        self._prefix = prefix
        self._parts = parts
        if self.length > LARGEST:
            raise Refused('EntityTooLarge', f'In a dispersed bucket an object can have {LARGEST} bytes, also one that is uploaded in parts.')

    async def pieces(self) -> AsyncIterator[bytes]:
        """All parts, each as long as it was when it was listed. Raises Refused, SiteDown."""
        try:
            for number, part in enumerate(self._parts):
                # The transport takes nothing more once it has as much as was announced.
                self.whole = number == len(self._parts) - 1
                async for piece in self._part(part):
                    yield piece
        except Exception as error:
            self.failure, self.whole = error, False
            raise

    async def _part(self, part: Part) -> AsyncIterator[bytes]:
        answer = await self._inner.ask(self._call, 'GET', self._segments, f'{self._prefix}{part.number}')
        if answer.status != 200:
            await inner.read(answer)
            raise Refused('InvalidPart', f'Part {part.number} is there no more.') if answer.status == 404 else errors.of_status(answer.status)
        if isinstance(answer.body, bytes):
            yield answer.body
            return
        try:
            async for piece in answer.body:
                yield piece
        finally:
            if isinstance(answer.body, AsyncGenerator):
                await answer.body.aclose()
