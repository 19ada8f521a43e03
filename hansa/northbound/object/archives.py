"""Archives as they come: what is packed in a tar, file by file, none of them held as a whole.

Source: POSIX pax interchange format; the long names of GNU tar.
"""

from __future__ import annotations

import bz2
import tarfile
import zlib
from collections.abc import AsyncIterator

import msgspec

from hansa.model.errors import BadRequest

KINDS = ('tar', 'tar.gz', 'tar.bz2')
_BLOCK = 512
_PIECE = 64 << 10
_TOLD = 64 << 10
"""Bytes of the longest name, and of all that a file's header says besides."""

_XATTR = 'SCHILY.xattr.user.'
_GZIP = 31


class Entry(msgspec.Struct, frozen=True):
    """A file; `media` and `meta` are what its extended attributes say of type and metadata."""

    name: str
    size: int
    media: str = ''
    meta: dict[str, str] = {}


async def unpacked(stream: AsyncIterator[bytes], kind: str) -> AsyncIterator[bytes]:
    """The tar in a body of one of KINDS, in small pieces whatever it was pressed into. Raises BadRequest."""
    opened = {'tar.gz': _gunzipped, 'tar.bz2': _bunzipped}.get(kind)
    try:
        async for chunk in opened(stream) if opened else stream:
            yield chunk
    except (zlib.error, OSError, EOFError) as error:
        raise BadRequest(f'Invalid Tar File: {error}') from error


async def _gunzipped(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    inflate, out = zlib.decompressobj(_GZIP), b''
    async for chunk in stream:
        rest = chunk
        while rest or len(out) == _PIECE:
            out = inflate.decompress(rest, _PIECE)
            rest = inflate.unconsumed_tail
            if out:
                yield out
            if inflate.eof:
                # Several that were pressed one by one may follow each other.
                rest, inflate, out = inflate.unused_data, zlib.decompressobj(_GZIP), b''


async def _bunzipped(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    press = bz2.BZ2Decompressor()
    async for chunk in stream:
        rest = chunk
        while rest or not press.needs_input:
            out = press.decompress(rest, _PIECE)
            rest = b''
            if out:
                yield out
            if press.eof:
                rest, press = press.unused_data, bz2.BZ2Decompressor()


class Tar:
    """Reads files: `next`, then `body`, and again."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream
        self._buffer = b''
        self._left = 0
        self._padding = 0

    async def next(self) -> Entry | None:
        """The next file, whatever is left of the one before; None at the end. Raises BadRequest for what is no tar."""
        name, told = '', dict[str, str]()
        while (info := await self._header()) is not None:
            if info.type == tarfile.GNUTYPE_LONGNAME:
                name = (await self._told()).rstrip(b'\0').decode('utf-8', 'surrogateescape')
            elif info.type in {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}:
                told = _records(await self._told())
            elif info.isreg() and not info.issparse():
                self._begin(int(told['size']) if told.get('size', '').isdecimal() else info.size)
                meta = {key.removeprefix(f'{_XATTR}meta.'): value for key, value in told.items() if key.startswith(f'{_XATTR}meta.')}
                return Entry(told.get('path') or name or info.name, self._left, told.get(f'{_XATTR}mime_type', ''), meta)
            elif info.type not in {tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK}:
                name, told = '', {}
        return None

    async def body(self) -> AsyncIterator[bytes]:
        """The bytes of the file that `next` told of. Raises BadRequest where the archive breaks off."""
        while self._left:
            if not self._buffer:
                await self._more()
            told, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
            self._left -= len(told)
            yield told

    def _begin(self, size: int) -> None:
        self._left, self._padding = size, -size % _BLOCK

    async def _header(self) -> tarfile.TarInfo | None:
        async for _ in self.body():
            pass
        self._begin(self._padding)
        async for _ in self.body():
            pass
        block = await self._exactly(_BLOCK)
        if not block.strip(b'\0'):
            return None
        try:
            info = tarfile.TarInfo.frombuf(block, 'utf-8', 'surrogateescape')
        except tarfile.HeaderError as error:
            raise BadRequest(f'Invalid Tar File: {error}') from error
        if info.size < 0:
            raise BadRequest('Invalid Tar File: a file is shorter than nothing')
        # Links and folders have nothing after their header, whatever size it says.
        self._begin(info.size if info.isreg() or info.type not in tarfile.SUPPORTED_TYPES or info.type in _TELLING else 0)
        return info

    async def _told(self) -> bytes:
        if self._left > _TOLD:
            raise BadRequest('Invalid Tar File: a header is too long')
        return b''.join([chunk async for chunk in self.body()])

    async def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            await self._more()
        told, self._buffer = self._buffer[:size], self._buffer[size:]
        return told

    async def _more(self) -> None:
        chunk = await anext(self._stream, b'')
        if not chunk:
            raise BadRequest('Invalid Tar File: unexpected end of data')
        self._buffer += chunk


_TELLING = frozenset((tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE))


def _records(raw: bytes) -> dict[str, str]:
    """What a pax header says: each record begins with its own length. Raises BadRequest."""
    found: dict[str, str] = {}
    while raw:
        length, blank, rest = raw.partition(b' ')
        if not blank or not length.isdigit() or len(length) > 6 or not len(length) + 2 < int(length) <= len(raw):
            raise BadRequest('Invalid Tar File: a header cannot be read')
        key, _, value = rest[: int(length) - len(length) - 2].partition(b'=')
        found[key.decode('utf-8', 'replace')] = value.decode('utf-8', 'surrogateescape')
        raw = raw[int(length) :]
    return found
