"""The body of an upload on its way: taken out of its chunks and checked as it passes, its last piece held back until all of it was right."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator

from hansa.northbound.hall import wire
from hansa.rules.s3 import checksums, claims, signing
from hansa.rules.s3.chunks import Chunks
from hansa.rules.s3.claims import Signed
from hansa.rules.s3.refusal import Refused

LARGEST = 5 << 30


class Payload:
    """`failure` tells why it broke off; `whole` that all of it was given on. A body that is not right never ends for whoever takes it."""

    def __init__(self, request: wire.Request, signed: Signed, key: bytes) -> None:
        """Raises Refused for a body that says no length, or too much."""
        self.length = _length(request, signed.payload)
        self.failure: Exception | None = None
        self.whole = False
        self.sum = ''
        self._request = request
        self._sha256 = hashlib.sha256() if len(signed.payload) == 64 else None
        self._told = signed.payload
        self._way, self._sum = checksums.asked(request.headers)
        self._running = checksums.begun(self._way) if self._way else None
        md5 = request.header('content-md5')
        self._md5_told = checksums.decoded(md5, 16, 'Content-MD5') if md5 else b''
        self._md5 = hashlib.md5(usedforsecurity=False) if md5 else None
        self._chunks: Chunks | None = None
        if signed.payload in claims.CHUNKED:
            chain = signing.Chain(key, signed.stamp, signed.scope, signed.signature) if signed.payload in claims.SIGNED_CHUNKS else None
            self._chunks = Chunks(chain)

    @property
    def proof(self) -> list[tuple[str, str]]:
        """The checksum that was judged, as the client is told it again."""
        return [(f'{checksums.PREFIX}{self._way}', self.sum)] if self.sum else []

    async def begin(self) -> Payload:
        """Take the first piece, so that a body which is short and wrong reaches no site at all. Raises Refused."""
        self._flow = self._checked()
        self._first = await anext(self._flow, None)
        return self

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, once it has begun."""
        if self._first is not None:
            yield self._first
            async for piece in self._flow:
                yield piece

    async def body(self, limit: int) -> bytes:
        """A short body, whole and checked. Raises Refused, also past `limit` bytes."""
        if self.length is not None and self.length > limit:
            raise Refused('EntityTooLarge', f'The document is longer than {limit} bytes.')
        await self.begin()
        parts, size = [], 0
        async for piece in self.pieces():
            size += len(piece)
            if size > limit:
                raise Refused('EntityTooLarge', f'The document is longer than {limit} bytes.')
            parts.append(piece)
        return b''.join(parts)

    async def _checked(self) -> AsyncIterator[bytes]:
        try:
            held = b''
            async for piece in self._plain():
                if held:
                    yield held
                held = piece
            self._judge()
            self.whole = True
            if held:
                yield held
        except Exception as error:
            self.failure = error
            raise

    async def _plain(self) -> AsyncIterator[bytes]:
        size = 0
        async for raw in self._request.stream():
            for piece in [raw] if self._chunks is None else self._chunks.feed(raw):
                size += len(piece)
                if size > (LARGEST if self.length is None else self.length):
                    raise Refused('IncompleteBody', 'The body is longer than it was said to be.')
                for each in (self._sha256, self._running, self._md5):
                    if each is not None:
                        each.update(piece)
                if piece:
                    yield piece
        if (self.length is not None and size != self.length) or (self._chunks is not None and not self._chunks.whole):
            raise Refused('IncompleteBody', 'You did not provide the number of bytes specified by the Content-Length HTTP header')

    def _judge(self) -> None:
        """Raises Refused where the body is another than was said."""
        if self._sha256 is not None and self._sha256.hexdigest() != self._told:
            raise Refused('XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' header does not match what was computed.")
        if self._md5 is not None and self._md5.digest() != self._md5_told:
            raise Refused('BadDigest', 'The Content-MD5 you specified did not match what we received.')
        if self._running is None:
            return
        told = self._sum
        if not told and self._chunks is not None:
            told = self._chunks.trailers.get(f'{checksums.PREFIX}{self._way}', '')
        made = self._running.digest()
        if checksums.decoded(told, len(made), f'checksum {self._way}') != made:
            raise Refused('BadDigest', f'The {self._way.upper()} you specified did not match the calculated checksum.')
        self.sum = base64.b64encode(made).decode()


def _length(request: wire.Request, payload: str) -> int | None:
    """Bytes of the body without its chunks; None where only its end will tell."""
    name = 'x-amz-decoded-content-length' if payload in claims.CHUNKED else 'content-length'
    told = request.header(name)
    if not told:
        if name == 'content-length' and not request.has_body():
            return 0
        if 'transfer-encoding' in request.headers:
            return None
        raise Refused('MissingContentLength', f'You must provide the {name} HTTP header.')
    if not told.isdecimal() or len(told) > 15:
        raise Refused('InvalidArgument', f'{name} is no length.')
    if int(told) > LARGEST:
        raise Refused('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size')
    return int(told)
