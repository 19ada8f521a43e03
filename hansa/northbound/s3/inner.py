"""The way from S3 to the containers: the requests that a Swift client would send, given to the object store's own handlers."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import urllib.parse
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from hansa.model.call import Call
from hansa.model.errors import NotFound, SiteDown
from hansa.northbound.hall import table, wire
from hansa.northbound.s3 import errors
from hansa.rules.s3 import multipart, names
from hansa.rules.s3.refusal import Refused

Pairs = Sequence[tuple[str, str]]

_LONGEST = 64 << 20
_AT_ONCE = 16
_ROUNDS = 1000
_READS = frozenset(('GET', 'HEAD'))


@runtime_checkable
class Body(Protocol):
    """What is sent as it comes: `failure` tells why it broke off, `whole` that all of it was given."""

    length: int | None
    failure: Exception | None
    whole: bool

    def pieces(self) -> AsyncIterator[bytes]:
        """The body, once."""
        ...


class Inner:
    """Asks on the caller's behalf, in the account of the caller's project. `routes` is the object store's table."""

    def __init__(self, routes: table.Table) -> None:
        self._routes = routes

    async def ask(
        self, call: Call, method: str, bucket: str = '', key: str = '', *, query: Pairs = (), headers: Pairs = (), body: Body | bytes | None = None
    ) -> wire.Answer:
        """The answer, whatever its status. Raises Refused for a bucket that there is not, and what else a handler raises."""
        words = ['v1', f'AUTH_{call.token.project}', *(urllib.parse.quote(word, safe=_safe(at)) for at, word in enumerate((bucket, key)) if word)]
        request = self._request(call, method, words, query, headers, body)
        route, names = self._routes.match(method, request.words)
        ask = table.Ask(call, request, names)
        if method not in _READS and not route.asks:
            ask.writes()
        try:
            answer = await route.handler(ask)
        except NotFound:
            if key:
                # Some rooms say so of an object as well.
                return wire.Answer(404)
            raise Refused('NoSuchBucket', 'The specified bucket does not exist') from None
        except Exception:
            if isinstance(body, Body) and body.failure is not None:
                # What the site made of a body that broke off says nothing of why it did.
                raise body.failure from None
            raise
        if isinstance(body, Body) and answer.status < 300 and not body.whole:
            raise errors.of_status(499)
        return answer

    def _request(self, call: Call, method: str, words: Sequence[str], query: Pairs, headers: Pairs, body: Body | bytes | None) -> wire.Request:
        sent = list(headers)
        pieces: AsyncIterator[bytes] | None = None
        if isinstance(body, Body):
            pieces = body.pieces()
            sent.append(('content-length', str(body.length)) if body.length is not None else ('transfer-encoding', 'chunked'))
        elif body is not None:
            sent.append(('content-length', str(len(body))))

        async def receive() -> dict[str, Any]:
            if isinstance(body, bytes):
                return {'type': 'http.request', 'body': body, 'more_body': False}
            piece = await anext(pieces, None) if pieces is not None else None
            return {'type': 'http.request', 'body': piece or b'', 'more_body': piece is not None}

        scope = {
            'type': 'http', 'method': method, 'query_string': urllib.parse.urlencode(query, quote_via=urllib.parse.quote).encode(),
            'headers': [(name.lower().encode('latin-1'), value.encode('latin-1')) for name, value in sent],
        }  # fmt: skip
        request = wire.Request(scope, receive, f'/{"/".join(words)}', call.id, free=True)
        request.words = tuple(words)
        return request

    async def head(self, call: Call, bucket: str, key: str = '', headers: Pairs = ()) -> wire.Answer:
        """Headers of a bucket or an object, whatever the status."""
        return await self.ask(call, 'HEAD', bucket, key, headers=headers)

    async def rows(self, call: Call, bucket: str, query: Pairs) -> list[dict[str, Any]]:
        """A listing of a bucket, of the account where it is ''. Raises Refused."""
        answer = await self.ask(call, 'GET', bucket, query=query)
        raw = await read(answer)
        if answer.status == 404:
            raise Refused('NoSuchBucket', 'The specified bucket does not exist')
        if answer.status >= 300:
            raise errors.of_status(answer.status)
        return msgspec.json.decode(raw, type=list[dict[str, Any]]) if raw else []

    async def drop(self, call: Call, bucket: str, keys: Iterable[str]) -> None:
        """Objects are gone, whether they were there or not. Raises SiteDown."""
        left = iter(keys)
        while some := list(itertools.islice(left, _AT_ONCE)):
            for answer in await asyncio.gather(*(self.ask(call, 'DELETE', bucket, key) for key in some)):
                if answer.status >= 400 and answer.status != 404:
                    raise errors.of_status(answer.status)

    async def clear(self, call: Call, bucket: str) -> None:
        """A bucket is gone with all that is in it. What comes into it meanwhile keeps it."""
        try:
            for _ in range(_ROUNDS):
                rows = await self.rows(call, bucket, [('format', 'json'), ('limit', '1000')])
                if not rows:
                    break
                await self.drop(call, bucket, [row['name'] for row in rows])
            await self.ask(call, 'DELETE', bucket)
        except Refused as error:
            if error.code != 'NoSuchBucket':
                raise

    async def upload(self, call: Call, bucket: str, name: str) -> wire.Answer:
        """Headers of an upload in parts, which is `name` (KEY/UPLOAD) among the segments of a bucket. Raises Refused."""
        try:
            answer = await self.head(call, f'{bucket}{names.SEGMENTS}', name)
        except Refused as error:
            if error.code == 'NoSuchBucket':
                raise multipart.no_upload() from None
            raise
        if answer.status == 404:
            raise multipart.no_upload()
        return await self.judged(call, bucket, answer)

    async def missing(self, call: Call, bucket: str) -> Refused:
        """What is said of an object that is not there: it may be the bucket that is not."""
        if (await self.head(call, bucket)).status == 404:
            return Refused('NoSuchBucket', 'The specified bucket does not exist')
        return Refused('NoSuchKey', 'The specified key does not exist.')

    async def judged(self, call: Call, bucket: str, answer: wire.Answer) -> wire.Answer:
        """An answer about an object that is no refusal; raises what it is otherwise."""
        if answer.status < 400:
            return answer
        await read(answer)
        raise await self.missing(call, bucket) if answer.status == 404 else errors.of_status(answer.status)


def header(answer: wire.Answer, name: str) -> str:
    """Value of a header (lower-case name); '' where there is none."""
    return next((value for key, value in answer.headers if key.lower() == name), '')


async def read(answer: wire.Answer) -> bytes:
    """A short body, whole. Raises EntityTooLarge past 64 MiB."""
    if isinstance(answer.body, bytes):
        return answer.body
    parts: list[bytes] = []
    size = 0
    try:
        async for piece in answer.body:
            size += len(piece)
            if size > _LONGEST:
                raise Refused('EntityTooLarge', 'What the site answered is too long.')
            parts.append(piece)
    finally:
        if isinstance(answer.body, AsyncGenerator):
            await answer.body.aclose()
    return b''.join(parts)


async def let_go(answer: wire.Answer) -> None:
    """The body of an answer is not wanted."""
    if isinstance(answer.body, AsyncGenerator):
        with contextlib.suppress(SiteDown, StopAsyncIteration):
            # One that was never begun would not let go of the site's answer when it is closed.
            await anext(answer.body)
        await answer.body.aclose()


def _safe(at: int) -> str:
    """A key keeps its slashes."""
    return '/' if at else ''
