"""Forms that browsers send: their parts one after the other, none of them held as a whole.

Source: RFC 7578.
"""

from __future__ import annotations

import email
import email.message
import re
from collections.abc import AsyncIterator

import msgspec

from hansa.model.errors import BadRequest

_HEAD = 16 << 10
_BOUNDARY = re.compile(r'multipart/form-data\s*;.*?boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)


class Part(msgspec.Struct, frozen=True):
    """One field; `filename` None where it is no file."""

    name: str
    filename: str | None
    media: str


def boundary(content_type: str) -> bytes:
    """What stands between the parts; b'' where it is no form."""
    found = _BOUNDARY.match(content_type.strip())
    return (found[1] or found[2]).encode('latin-1') if found else b''


class Parts:
    """Reads parts: `begin`, then `body`, and again."""

    def __init__(self, stream: AsyncIterator[bytes], boundary: bytes) -> None:
        self._stream = stream
        self._mark = b'\r\n--' + boundary
        self._buffer = b'\r\n'

    async def begin(self) -> Part | None:
        """The next part, whatever is left of the one before; None at the end. Raises BadRequest."""
        async for _ in self.body():
            pass
        self._buffer = self._buffer[len(self._mark) :]
        await self._until(2)
        if self._buffer.startswith(b'--'):
            return None
        while (end := self._buffer.find(b'\r\n\r\n')) < 0:
            if len(self._buffer) > _HEAD:
                raise BadRequest('The head of a part of the form is too long.')
            await self._until(len(self._buffer) + 1)
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        return _part(email.message_from_string(head.decode('utf-8', 'replace').lstrip('\r\n')))

    async def body(self) -> AsyncIterator[bytes]:
        """The bytes of the part that was begun. Raises BadRequest where the form breaks off."""
        while (at := self._buffer.find(self._mark)) < 0:
            if len(self._buffer) > len(self._mark) + 2:
                keep = len(self._buffer) - len(self._mark)
                told, self._buffer = self._buffer[:keep], self._buffer[keep:]
                yield told
            await self._until(len(self._buffer) + 1)
        told, self._buffer = self._buffer[:at], self._buffer[at:]
        if told:
            yield told

    async def text(self, most: int) -> str:
        """A part as a word. Raises BadRequest past `most` bytes."""
        found = b''
        async for chunk in self.body():
            found += chunk
            if len(found) > most:
                raise BadRequest('A field of the form is too long.')
        return found.decode('utf-8', 'replace')

    async def _until(self, size: int) -> None:
        while len(self._buffer) < size:
            chunk = await anext(self._stream, b'')
            if not chunk:
                raise BadRequest('The form ends in the middle of a part.')
            self._buffer += chunk


def _part(head: email.message.Message) -> Part:
    name = head.get_param('name', '', 'content-disposition')
    return Part(name if isinstance(name, str) else '', head.get_filename(), head.get('content-type', ''))
