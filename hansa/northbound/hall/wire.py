"""Requests as they come over the wire and answers as they go back; plain ASGI underneath."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from hansa.model.errors import BadRequest, Busy, HansaError, SiteDown, TooLarge

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_PATH = 8192


class Disconnected(Exception):
    """The client went away before all was said."""


REASONS = ('requests', 'busy', 'site')


class Note:
    """What is to be counted of a request: its API, the kind of its route, and why it was refused although nothing was wrong with it."""

    __slots__ = ('api', 'refusal', 'route')

    def __init__(self) -> None:
        self.api = 'none'
        self.route = 'none'
        self.refusal = ''

    def failed(self, error: Exception) -> None:
        """Take note of an error if it says that the client is to come back later; the first one counts."""
        if not self.refusal:
            self.refusal = 'site' if isinstance(error, SiteDown) else 'busy' if isinstance(error, Busy) else ''


class Request:
    """One HTTP request. `path` is the raw path below the door it was mounted at, `words` its decoded segments.

    `prefix` is the project id that stood in front of the path (Cinder); the door takes it off. `refusal` is why the house
    takes no more requests now: the door says it in its API's form. `client` is the address it came from. Of a `free` path the door makes the words;
    `whole` is the path as it was sent, which signatures are over.
    """

    __slots__ = ('_receive', '_more', 'client', 'headers', 'id', 'local', 'method', 'note', 'path', 'prefix', 'query', 'refusal', 'whole', 'words')

    def __init__(self, scope: Scope, receive: Receive, path: str, id: str, note: Note | None = None, *, free: bool = False) -> None:
        self.note = note or Note()
        self.method: str = scope['method']
        self.path = path
        self.whole: str = scope.get('raw_path', b'').decode('latin-1').partition('?')[0]
        self.prefix = ''
        self.refusal: HansaError | None = None
        self.query: str = scope['query_string'].decode('latin-1')
        self.headers: dict[str, str] = {}
        for name, value in scope['headers']:
            self.headers.setdefault(name.decode('latin-1'), value.decode('latin-1'))
        self.words: tuple[str, ...] = () if free else segments(path)
        self.id = id
        client = scope.get('client')
        self.client: str = client[0] if client else ''
        server = scope.get('server')
        self.local = server is not None and server[1] is None
        self._receive = receive
        self._more = True

    def header(self, name: str) -> str:
        """Value of a header (lower-case name); '' where there is none."""
        return self.headers.get(name, '')

    def admit(self) -> None:
        """Raises the refusal where there is one."""
        if self.refusal is not None:
            self.note.refusal = 'requests'
            raise self.refusal

    def items(self) -> list[tuple[str, str]]:
        """The query, decoded, in order, empty values kept. Raises BadRequest past 1,000 items."""
        try:
            return parse_qsl(self.query, keep_blank_values=True, max_num_fields=1000, errors='strict')
        except (ValueError, UnicodeDecodeError):
            raise BadRequest('The query string cannot be read: at most 1,000 items, in UTF-8.') from None

    async def stream(self) -> AsyncIterator[bytes]:
        """The body as it comes; the client is paused while nobody takes."""
        while self._more:
            message = await self._receive()
            if message['type'] == 'http.disconnect':
                raise Disconnected
            self._more = message.get('more_body', False)
            chunk: bytes = message.get('body', b'')
            if chunk:
                yield chunk

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises TooLarge past `limit` bytes, before reading them where the length is announced."""
        announced = self.headers.get('content-length', '')
        if announced.isdigit() and int(announced) > limit:
            raise TooLarge(f'The body has {announced} bytes; at most {limit} are taken here.')
        parts: list[bytes] = []
        size = 0
        async for chunk in self.stream():
            size += len(chunk)
            if size > limit:
                raise TooLarge(f'The body has more than {limit} bytes, which is the most that is taken here.')
            parts.append(chunk)
        return parts[0] if len(parts) == 1 else b''.join(parts)

    def has_body(self) -> bool:
        """Whether the client announced a body."""
        return 'transfer-encoding' in self.headers or self.headers.get('content-length', '0') != '0'


class Answer(msgspec.Struct):
    """One HTTP response; header names in any case. A stream is closed by whoever sends it."""

    status: int
    headers: list[tuple[str, str]] = []
    body: bytes | AsyncIterator[bytes] = b''


def document(status: int, value: object, *headers: tuple[str, str]) -> Answer:
    """A JSON answer."""
    return Answer(status, [('content-type', 'application/json'), *headers], msgspec.json.encode(value))


def raw(status: int, body: bytes, *headers: tuple[str, str]) -> Answer:
    """A JSON answer whose bytes are ready."""
    return Answer(status, [('content-type', 'application/json'), *headers], body)


def segments(path: str) -> tuple[str, ...]:
    """Decoded segments of a raw path. Raises BadRequest for what could be read in two ways."""
    if len(path) > MAX_PATH:
        raise BadRequest(f'The path is longer than {MAX_PATH} characters.')
    words = path.strip('/').split('/')
    if words == ['']:
        return ()
    decoded = tuple(unquote(word) if '%' in word else word for word in words)
    for word in decoded:
        if word in {'', '.', '..'} or '/' in word or '\\' in word or '\x00' in word or '\n' in word or '\r' in word:
            raise BadRequest('The path has an empty, relative or encoded separator in it; send it in plain form.')
    return decoded


async def reply(receive: Receive, send: Send, answer: Answer, head: bool = False) -> None:
    """Send it. A stream that breaks half way breaks the connection, so that nobody takes it for whole.

    Raises Disconnected where the client leaves before a stream has ended; the site need not send the rest then.
    """
    names = {name.lower() for name, _ in answer.headers}
    headers = [(name.lower().encode('latin-1'), value.encode('latin-1')) for name, value in answer.headers]
    if isinstance(answer.body, bytes):
        if 'content-length' not in names and answer.status not in {204, 304}:
            headers.append((b'content-length', str(len(answer.body)).encode()))
        await send({'type': 'http.response.start', 'status': answer.status, 'headers': headers})
        await send({'type': 'http.response.body', 'body': b'' if head else answer.body})
        return
    await send({'type': 'http.response.start', 'status': answer.status, 'headers': headers})
    left = asyncio.ensure_future(_left(receive))
    try:
        async for chunk in answer.body:
            if left.done():
                raise Disconnected
            await send({'type': 'http.response.body', 'body': chunk, 'more_body': True})
        await send({'type': 'http.response.body', 'body': b''})
    finally:
        left.cancel()
        if isinstance(answer.body, AsyncGenerator):
            await answer.body.aclose()


async def _left(receive: Receive) -> None:
    """Comes back when the client has gone."""
    while (await receive())['type'] != 'http.disconnect':
        pass
