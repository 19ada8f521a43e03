"""Generic groups of volumes: what a group takes in or gives up is so in the lists from the moment in which the group says that it is done."""

from __future__ import annotations

from collections import OrderedDict

from hansa.northbound.hall import headers, kinds, table, wire
from hansa.rules import references
from hansa.services.routing import decoded

_PATH = '/groups'
_MOST = 1000
_BUSY = 'updating'


class GroupRoom:
    """Handlers of `/groups/{id}`."""

    def __init__(self, services: kinds.Services) -> None:
        self._services = services
        self._routed = kinds.routed(services, '', _PATH)
        self._moving: OrderedDict[str, list[str]] = OrderedDict()

    async def change(self, ask: table.Ask) -> wire.Answer:
        """`PUT`: Cinder moves the volumes some time after its answer."""
        forward = await headers.forward(ask.request, '', self._services.limit)
        item = (decoded(forward) or {}).get('group')
        reply = await self._services.routing.change(ask.call, '', _PATH, ask.names['id'], '', forward)
        if reply.status < 300 and isinstance(item, dict):
            named = f'{item.get("add_volumes")} {item.get("remove_volumes")}'
            self._moving[ask.names['id']] = references.ID.findall(named)
            if len(self._moving) > _MOST:
                self._moving.popitem(last=False)
        return kinds.answer(reply)

    async def one(self, ask: table.Ask) -> wire.Answer:
        """`GET` and `DELETE`."""
        answer = await self._routed(ask)
        site = next((value for name, value in answer.headers if name == 'x-hansa-site'), '')
        if site and isinstance(answer.body, bytes) and ask.names['id'] in self._moving and _BUSY not in answer.body.decode():
            for volume in self._moving.pop(ask.names['id']):
                await self._services.routing.look(self._services.roster.get(site), 'volume', volume)
        return answer
