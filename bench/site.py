"""A site to measure over: the simulated cloud behind uvicorn, with large images and objects that are counted rather than kept.

`python -m bench.site PORT [NAME]`. Beside the cloud's own it answers `POST /bench/clone` with {"server": id, "count": n} and
`POST /bench/containers` with {"account": name, "names": [...]}.
"""

from __future__ import annotations

import copy
import re
import sys

import msgspec
import uvicorn

from hansa.ports.clock import SystemClock
from hansa.sites.sim import cloud, objectstate

FILE = re.compile('/v2/images/([^/]+)/file$')
LARGE = re.compile('/object-store/v1/.+/(large-[^/]+)$')
PIECE = bytes(256 << 10)


class Site:
    """ASGI application: the simulated cloud with a Glance that bears gigabytes."""

    def __init__(self, inner: cloud.SimCloud) -> None:
        self.inner = inner
        self.sizes: dict[str, int] = {}

    async def __call__(self, scope: cloud.Message, receive: cloud.Receive, send: cloud.Send) -> None:
        found, large = FILE.search(scope.get('path', '')), LARGE.match(scope.get('path', ''))
        if large and scope['method'] == 'PUT':
            await self._count(large[1], receive)
            await _said(send, 201)
        elif large and scope['method'] == 'GET' and large[1] in self.sizes:
            await self._pour(self.sizes[large[1]], send)
        elif found and scope['method'] == 'PUT':
            await self._swallow(found[1], scope, receive, send)
        elif found and scope['method'] == 'GET' and found[1] in self.sizes:
            await self._pour(self.sizes[found[1]], send)
        elif scope.get('path') == '/bench/clone':
            await self._clone(receive, send)
        elif scope.get('path') == '/bench/containers':
            await self._contain(receive, send)
        else:
            await self.inner(scope, receive, send)

    async def _swallow(self, image: str, scope: cloud.Message, receive: cloud.Receive, send: cloud.Send) -> None:
        """Count the body; the cloud itself is given one byte, so that the image becomes active."""
        if not await self._count(image, receive):
            return
        one: list[cloud.Message] = [{'type': 'http.request', 'body': b'x', 'more_body': False}]

        async def again() -> cloud.Message:
            return one.pop() if one else await receive()

        headers = [(name, b'1' if name == b'content-length' else value) for name, value in scope['headers']]
        await self.inner({**scope, 'headers': headers}, again, send)

    async def _count(self, name: str, receive: cloud.Receive) -> bool:
        """Whether the whole body came."""
        self.sizes[name] = 0
        more = True
        while more:
            message = await receive()
            if message['type'] == 'http.disconnect':
                return False
            self.sizes[name] += len(message.get('body', b''))
            more = message.get('more_body', False)
        return True

    async def _pour(self, size: int, send: cloud.Send) -> None:
        headers = [(b'content-type', b'application/octet-stream'), (b'content-length', str(size).encode())]
        await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
        while size > 0:
            await send({'type': 'http.response.body', 'body': PIECE[:size], 'more_body': True})
            size -= len(PIECE)
        await send({'type': 'http.response.body', 'body': b''})

    async def _clone(self, receive: cloud.Receive, send: cloud.Send) -> None:
        """Copies with ids, names and times of their own; from now on the project may have as many as it likes."""
        order = msgspec.json.decode((await receive())['body'])
        state = self.inner.state
        for number in range(order['count']):
            twin = copy.deepcopy(state.servers[order['server']])
            twin |= {'id': state.new_id(), 'name': f'clone-{number}', '_updated': state.now()}
            state.servers[twin['id']] = twin
        project = state.servers[order['server']]['project_id']
        state.capacity += order['count']
        state.quotas |= {f'compute/{project}': dict.fromkeys(('instances', 'cores', 'ram'), -1), f'volume/{project}': dict.fromkeys(('volumes', 'gigabytes'), -1)}
        await _said(send, 204)

    async def _contain(self, receive: cloud.Receive, send: cloud.Send) -> None:
        """Empty containers of these names."""
        parts, more = [], True
        while more:
            message = await receive()
            parts.append(message.get('body', b''))
            more = message.get('more_body', False)
        order = msgspec.json.decode(b''.join(parts))
        store, now = self.inner.state.objects, self.inner.state.now()
        account = store.accounts.setdefault(order['account'], objectstate.Account(now))
        account.containers |= {name: objectstate.Container(now, store.policies[0]) for name in order['names']}
        await _said(send, 204)


async def _said(send: cloud.Send, status: int) -> None:
    await send({'type': 'http.response.start', 'status': status, 'headers': [(b'content-length', b'0')] if status != 204 else []})
    await send({'type': 'http.response.body', 'body': b''})


if __name__ == '__main__':
    name = sys.argv[2] if len(sys.argv) > 2 else 'east'
    application = Site(cloud.SimCloud(name, SystemClock(), seed=len(name)))
    uvicorn.run(application, host='127.0.0.1', port=int(sys.argv[1]), log_level='warning', access_log=False)
