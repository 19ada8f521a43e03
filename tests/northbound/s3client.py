"""A client of S3 that signs with Signature Version 4, and can sign wrongly."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import urllib.parse
import zlib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from hansa.model.signature import Scope
from hansa.rules.s3 import documents, signing
from hansa.rules.s3.documents import Element
from tests import house
from tests.house import League

HOST = 'league.test'
Said = tuple[int, dict[str, str], bytes]


class Client:
    """Of one user; `late` are seconds by which its clock is wrong. `taken` counts pieces of the last upload that were taken from it."""

    def __init__(self, league: League, user: str = 'demo', *, secret: str = '', late: float = 0.0) -> None:
        self.access = f'access-{user}'
        self._secret = secret or f'secret-{user}'
        self._league = league
        self._late = late
        self.taken = 0

    async def ask(
        self, method: str, path: str, body: bytes = b'', *, query: str = '', headers: Mapping[str, str] | None = None, payload: str = '', sent: bytes | None = None
    ) -> Said:
        """Status, headers and body; `path` is raw below /s3, `payload` says how the body is secured, `sent` is sent for `body`."""
        raw = body if sent is None else sent
        given = self.signed(method, path, query, payload or hashlib.sha256(body).hexdigest(), len(raw), headers or {})
        target = f'/s3{path}?{query}' if query else f'/s3{path}'
        return await house.drive(self._league.house.hall, method, target, given, raw)

    def signed(self, method: str, path: str, query: str, payload: str, length: int, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of a request, its signature among them."""
        signed = {'host': HOST, 'x-amz-date': self._stamp(), 'x-amz-content-sha256': payload, **headers}
        if method in {'PUT', 'POST'} or length:
            signed.setdefault('content-length', str(length))
        names = sorted(signed)
        signature = self._signature(method, path, query, signed, names, signed['x-amz-content-sha256'])
        scope = self._scope()
        words = f'Credential={self.access}/{scope}, SignedHeaders={";".join(names)}, Signature={signature}'
        return {**signed, 'authorization': f'{signing.ALGORITHM} {words}'}

    async def pieces(self, path: str, size: int, count: int, *, query: str = '', leaves: bool = False) -> tuple[int, int]:
        """PUT `count` pieces of `size` bytes, unsigned; the client may leave in the middle. Status (0: none), and how many pieces were taken."""
        given = self.signed('PUT', path, query, 'UNSIGNED-PAYLOAD', size * count, {})
        scope = {
            'type': 'http', 'http_version': '1.1', 'method': 'PUT', 'scheme': 'http', 'path': f'/s3{path}', 'raw_path': f'/s3{path}'.encode(),
            'query_string': query.encode(), 'headers': [(name.encode(), value.encode()) for name, value in given.items()],
            'server': ('league.test', 80), 'client': ('192.0.2.1', 1234),
        }  # fmt: skip
        self.taken = status = 0

        async def receive() -> dict[str, Any]:
            if self.taken >= count // 2 and leaves:
                return {'type': 'http.disconnect'}
            if self.taken >= count:
                await asyncio.Event().wait()
            self.taken += 1
            return {'type': 'http.request', 'body': bytes([self.taken % 256]) * size, 'more_body': self.taken < count}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get('status', status)

        await self._league.house.hall(scope, receive, send)
        return status, self.taken

    async def chunked(self, path: str, chunks: Sequence[bytes], *, trailer: str = '', way: str = '', spoil: int = -1, headers: Mapping[str, str] | None = None) -> Said:
        """PUT in signed chunks; that of number `spoil` is changed after it was signed. `trailer` comes behind, `way` is another way than signed ones."""
        payload = way or ('STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER' if trailer else 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD')
        told = {
            'host': HOST, 'x-amz-date': self._stamp(), 'x-amz-content-sha256': payload, 'content-encoding': 'aws-chunked',
            'x-amz-decoded-content-length': str(sum(map(len, chunks))), **({'x-amz-trailer': trailer.partition(':')[0]} if trailer else {}), **(headers or {}),
        }  # fmt: skip
        names = sorted(told)
        seed = self._signature('PUT', path, '', told, names, payload)
        chain = None if 'UNSIGNED' in payload else signing.Chain(self._key(), told['x-amz-date'], self._scope(), seed)
        raw = b''
        for number, chunk in enumerate([*chunks, b'']):
            mark = f';chunk-signature={chain.chunk(hashlib.sha256(chunk).hexdigest())}' if chain else ''
            piece = b'X' * len(chunk) if number == spoil else chunk
            raw += f'{len(chunk):x}{mark}\r\n'.encode() + piece + (b'\r\n' if chunk else b'')
        if trailer:
            raw += f'{trailer}\r\n'.encode()
            if chain:
                raw += f'x-amz-trailer-signature:{chain.trailer(trailer.encode() + bytes([10]))}\r\n'.encode()
        raw += b'\r\n'
        words = f'Credential={self.access}/{self._scope()},SignedHeaders={";".join(names)},Signature={seed}'
        given = {**told, 'authorization': f'{signing.ALGORITHM} {words}', 'content-length': str(len(raw))}
        return await house.drive(self._league.house.hall, 'PUT', f'/s3{path}', given, raw)

    def presigned(self, method: str, path: str, expires: int = 60, more: str = '') -> str:
        """A signed URL's path and query."""
        stamp = self._stamp()
        query = (
            f'X-Amz-Algorithm={signing.ALGORITHM}&X-Amz-Credential={urllib.parse.quote(f"{self.access}/{self._scope()}", safe="")}'
            f'&X-Amz-Date={stamp}&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host{more}'
        )
        signature = self._signature(method, path, query, {'host': HOST, 'x-amz-date': stamp}, ['host'], 'UNSIGNED-PAYLOAD')
        return f'/s3{path}?{query}&X-Amz-Signature={signature}'

    def _stamp(self) -> str:
        when = dt.datetime.fromtimestamp(self._league.clock.now() + self._late, dt.UTC)
        return when.strftime('%Y%m%dT%H%M%SZ')

    def _scope(self) -> Scope:
        return Scope(self._stamp()[:8], 'league')

    def _key(self) -> bytes:
        return signing.key(self._secret, self._scope())

    def _signature(self, method: str, path: str, query: str, headers: Mapping[str, str], names: Sequence[str], payload: str) -> str:
        canonical = signing.canonical(method, f'/s3{path}', query, headers, names, payload)
        return signing.signature(self._key(), signing.text(headers['x-amz-date'], self._scope(), canonical))


def code(said: Said) -> str:
    """The code of an error."""
    return documents.read(said[2], 'Error').word('Code')


def tree(said: Said, root: str) -> Element:
    """The document of a success."""
    assert said[0] == 200, said
    return documents.read(said[2], root)


def crc32(data: bytes) -> str:
    """A checksum as S3 has it."""
    return base64.b64encode(zlib.crc32(data).to_bytes(4, 'big')).decode()


def uploaded(parts: Sequence[tuple[int, str]]) -> bytes:
    """The body of a CompleteMultipartUpload."""
    return documents.written('CompleteMultipartUpload', [('Part', [('PartNumber', number), ('ETag', etag)]) for number, etag in parts])
