"""The front door: one ASGI application that hands each request to the door of its API."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping

from hansa.model.errors import BadRequest, Busy, HansaError
from hansa.northbound.hall import metering, wire
from hansa.northbound.hall.pace import Pace

Answering = Callable[[wire.Request], Awaitable[wire.Answer]]

_PLAIN = re.compile(rb'[\x21\x22\x24-\x7e]*')
_INDEX = 'index'
_FREE = frozenset(('object', 's3'))
"""Doors below which names are the user's, so that whatever a URL can hold may stand in the path."""
_ROOTLESS = {'v1': 'object'}
"""Whoever makes signed URLs out of the host of an endpoint alone (Heat, Ironic) means this door."""

_log = logging.getLogger('hansa.hall')


class Hall:
    """`doors` by first path segment; `local` ones open only to whoever comes by the unix socket, and go before the others there.

    At most `most` requests are under way at once; one more is told to come back (503, Retry-After). Who asks on the socket how things are,
    is told then above all.
    """

    def __init__(self, doors: Mapping[str, Answering], local: Mapping[str, Answering], most: int, meter: metering.Meter) -> None:
        self.doors = doors
        self.meter = meter
        meter.expect(api or _INDEX for api in doors)
        self._local = local
        self._most = most
        self._pace = Pace()

    async def __call__(self, scope: wire.Scope, receive: wire.Receive, send: wire.Send) -> None:
        if scope['type'] != 'http':
            return
        id = f'req-{uuid.uuid4()}'
        meter, note, status = self.meter, wire.Note(), 500
        began = meter.now()
        meter.under_way += 1
        try:
            answer = await self._answer(scope, receive, id, note)
            status = answer.status
            await wire.reply(receive, send, answer, head=scope['method'] == 'HEAD')
        except wire.Disconnected:
            status = 0
            _log.debug('%s: the client left', id)
        finally:
            meter.under_way -= 1
            meter.count(note, scope['method'], status, meter.now() - began)

    async def _answer(self, scope: wire.Scope, receive: wire.Receive, id: str, note: wire.Note) -> wire.Answer:
        path = scope['raw_path'].decode('latin-1').partition('?')[0]
        first, _, rest = path.lstrip('/').partition('/')
        if first in _ROOTLESS and rest.startswith('AUTH_'):
            first, rest = _ROOTLESS[first], f'{first}/{rest}'
        try:
            free = first in _FREE
            if '//' in path and not free:
                raise BadRequest('The path has an empty segment (//) in it.')
            if not _PLAIN.fullmatch(scope['raw_path']) or not _PLAIN.fullmatch(scope['query_string']):
                raise BadRequest('The path or the query has characters in it that a URL cannot have; percent-encode them.')
            request = wire.Request(scope, receive, f'/{rest}', id, note, free=free)
            door = (self._local.get(first) if request.local else None) or self.doors.get(first)
            if door is None:
                return wire.document(404, _error(404, f'There is nothing at /{first}; the APIs are at {", ".join(sorted(self.doors))}.'))
            note.api = first or _INDEX
            if self.meter.under_way > self._most and first != 'healthcheck' and not (request.local and first == 'metrics'):
                request.refusal = Busy(f'The league has {self._most} requests under way, which is its limit; come back in a second.')
            else:
                await self._pace.turn()
            return await door(request)
        except HansaError as error:
            return wire.document(error.status, _error(error.status, str(error)), ('x-openstack-request-id', id))


def _error(code: int, message: str) -> dict[str, object]:
    return {'error': {'code': code, 'message': message}}
