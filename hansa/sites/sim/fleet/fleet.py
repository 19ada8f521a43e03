"""Many simulated clouds behind one address, each below a path of its own: an ASGI app."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from hansa.ports.clock import Clock
from hansa.ports.http import Transport
from hansa.sites.sim import cloud
from hansa.sites.sim.fleet.cloud import FleetCloud
from hansa.sites.sim.fleet.orders import HOP, Orders
from hansa.sites.sim.wire import Answer

CONTROL = 'fleet'
"""The path that no site may have."""
BODY_LIMIT = 1 << 16


class Fleet:
    """/NAME/… is the cloud of that name, /fleet/… takes orders; `peers` are base URLs of those who have the other sites, reached by `wire`."""

    def __init__(self, sites: Mapping[str, FleetCloud], peers: Mapping[str, Sequence[str]], wire: Transport) -> None:
        self._sites = sites
        self._orders = Orders(sites, peers, wire)

    async def __call__(self, scope: cloud.Message, receive: cloud.Receive, send: cloud.Send) -> None:
        path = scope['path']
        name = path.split('/')[1] if '/' in path else ''
        # A client that went away is nobody's fault.
        with contextlib.suppress(ConnectionResetError):
            if name == CONTROL:
                await self._order(scope, receive, send)
            elif name in self._sites:
                await self._sites[name](_below(scope, f'/{name}'), receive, send)
            else:
                answer = Answer(404, {'error': f'There is no site {name} here; GET /fleet/state names them.'})
                await cloud.reply(send, answer, scope['method'], {})

    async def _order(self, scope: cloud.Message, receive: cloud.Receive, send: cloud.Send) -> None:
        body = b''
        more = True
        while more and len(body) <= BODY_LIMIT:
            message = await receive()
            if message['type'] == 'http.disconnect':
                return
            body, more = body + message.get('body', b''), message.get('more_body', False)
        hop = any(key.decode('latin1').lower() == HOP for key, _ in scope['headers'])
        query = scope.get('query_string', b'').decode('latin1')
        if len(body) > BODY_LIMIT:
            answer = Answer(413, {'error': 'too large'})
        else:
            answer = await self._orders.answer(scope['method'], scope['path'], query, body, hop)
        await cloud.reply(send, answer, scope['method'], {})


def _below(scope: cloud.Message, root: str) -> cloud.Message:
    """The request as the cloud sees it, which does not know where it is put."""
    below = {**scope, 'path': scope['path'].removeprefix(root), 'root_path': root}
    if scope.get('raw_path'):
        below['raw_path'] = scope['raw_path'].removeprefix(root.encode())
    return below


def names(count: int) -> list[str]:
    """Names of so many sites, in the order of their numbers."""
    return [f'fleet{number:0{len(str(count))}d}' for number in range(1, count + 1)]


def build(sites: Sequence[str], clock: Clock, seed: int, size: int, volumes: float, life: float) -> dict[str, FleetCloud]:
    """So many sites alike but for what the seed and their names make of them: see FleetCloud."""
    return {name: FleetCloud(name, clock, seed, size, volumes, life) for name in sites}
