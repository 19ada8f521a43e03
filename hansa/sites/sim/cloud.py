"""The whole simulated cloud as one ASGI app: finds the service, lets faults strike, keeps a log."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from hansa.ports.clock import Clock
from hansa.sites.sim import (
    attachments,
    compute,
    identity,
    image,
    network,
    objectstore,
    placement,
    seed,
    servercreate,
    servers,
    snapshots,
    volume,
    volumeactions,
    volumes,
)
from hansa.sites.sim.fault import Fault
from hansa.sites.sim.state import Effect, State
from hansa.sites.sim.wire import Answer, Ask

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SERVICES: dict[str, Callable[[Ask], Answer]] = {
    'identity': identity.answer,
    'compute': compute.answer,
    'volume': volume.answer,
    'network': network.answer,
    'image': image.answer,
    'placement': placement.answer,
    'object-store': objectstore.answer,
}
EFFECTS: dict[str, Effect] = {
    'server gone': servers.gone,
    'server unplaced': servercreate.unplaced,
    'volume gone': volumes.gone,
    'volume parted': attachments.parted,
    'snapshot gone': snapshots.gone,
    'image filled': volumeactions.filled,
}
BODY_LIMIT = 1 << 30
CHUNK = 64 * 1024
LOG_LENGTH = 10_000


class Logged(msgspec.Struct, frozen=True):
    """A request that came in; `path` is the whole one, without query."""

    method: str
    path: str
    query: str
    service: str
    headers: dict[str, str]


class SimCloud:
    """An OpenStack cloud in memory. URLs in its answers are http://NAME.sim/… unless it was asked at another host."""

    def __init__(self, name: str, clock: Clock, seed: int = 0, state: State | None = None, remembered: int = LOG_LENGTH) -> None:
        self.name = name
        self.clock = clock
        self.state = state or State(name, clock, seed)
        self.fault: Fault | None = None
        self.log: deque[Logged] = deque(maxlen=remembered)
        self.shortcut: Callable[[Ask], Answer | None] | None = None
        _fill(self.state)

    def settle(self) -> None:
        """Let everything happen whose time has come; each request does so first."""
        self.state.settle(EFFECTS)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope['type'] == 'lifespan':
            await _lifespan(receive, send)
            return
        path = urllib.parse.quote(scope['path'], safe="/:@!$&'()*+,;=-._~")
        if scope.get('raw_path'):
            path = scope['raw_path'].decode('ascii').partition('?')[0]
        headers = {key.decode('latin1').lower(): value.decode('latin1') for key, value in scope['headers']}
        service = path.split('/')[1]
        method, query = scope['method'], scope.get('query_string', b'').decode('latin1')
        self.log.append(Logged(method, path, query, service, dict(headers)))
        fault = self.fault if self.fault and self.fault.strikes(service, method, path) else None
        if fault and fault.kind != 'lose_reply':
            answered = await self._suffer(fault)
            if answered:
                await reply(send, answered, method, {})
                return
        body = await _body(receive)
        if body is None:
            await reply(send, Answer(413, raw=b'too large'), method, {})
            return
        base = f'http://{headers.get("host", f"{self.name}.sim")}{scope.get("root_path", "")}'
        answer, stamp = self.answer(service, method, path, query, headers, body, base)
        if fault and fault.kind == 'lose_reply':
            raise ConnectionResetError(f'{self.name}: the connection broke after the request was carried out')
        await reply(send, answer, method, stamp)

    async def _suffer(self, fault: Fault) -> Answer | None:
        if fault.kind == 'refuse':
            raise ConnectionRefusedError(f'{self.name} refuses connections')
        if fault.kind == 'hang':
            await asyncio.Event().wait()
        if fault.kind == 'slow':
            await self.clock.sleep(fault.seconds)
            return None
        if fault.kind == 'garbage':
            return Answer(200, raw=b'<html>\xff not what you asked for', headers={'Content-Type': 'application/json'})
        return Answer(fault.status, raw=b'Service Unavailable', headers={'Content-Type': 'text/plain'})

    def answer(
        self, service: str, method: str, path: str, query: str, headers: dict[str, str], body: bytes, base: str
    ) -> tuple[Answer, dict[str, str]]:
        """What one request comes to, and the headers that every answer has; `base` is the URL of this cloud."""
        self.settle()
        request_id = f'req-{self.state.new_id()}'
        handler = SERVICES.get(service)
        if handler is None:
            return Answer(404, raw=b'no such service', headers={'Content-Type': 'text/plain'}), {}
        below = path.removeprefix(f'/{service}')
        ask = Ask(self.state, method, below, query, headers, body, base, request_id, shortcut=self.shortcut)
        return handler(ask), {'x-openstack-request-id': request_id}


def _fill(state: State) -> None:
    seed.fill(state)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        kind = message['type'].rpartition('.')[2]
        await send({'type': f'lifespan.{kind}.complete'})
        if kind == 'shutdown':
            return


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where it is over the limit."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message['type'] == 'http.disconnect':
            raise ConnectionResetError('the client went away')
        parts.append(message.get('body', b''))
        size += len(parts[-1])
        if size > BODY_LIMIT:
            return None
        if not message.get('more_body'):
            return b''.join(parts)


async def reply(send: Send, answer: Answer, method: str, more: dict[str, str]) -> None:
    """Send an answer, with `more` headers."""
    content = answer.raw
    headers = {'Content-Type': 'application/json'} | more | answer.headers
    if content is None:
        content = msgspec.json.encode(answer.doc) if answer.doc is not None else b''
        if answer.doc is None and 'Content-Type' not in answer.headers:
            del headers['Content-Type']
    if answer.status != 204:
        headers['Content-Length'] = str(len(content))
    pairs = [(key.lower().encode('latin1'), value.encode('latin1')) for key, value in headers.items()]
    await send({'type': 'http.response.start', 'status': answer.status, 'headers': pairs})
    if method == 'HEAD' or answer.status == 204:
        content = b''
    for start in range(0, len(content), CHUNK):
        end = start + CHUNK
        await send({'type': 'http.response.body', 'body': content[start:end], 'more_body': end < len(content)})
    if not content:
        await send({'type': 'http.response.body', 'body': b''})
