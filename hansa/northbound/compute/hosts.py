"""Compute services and hosts of all sites: listed together, and found by uuid, by the league's number or by the host's name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from hansa.model.errors import BadRequest, Conflict, NotFound
from hansa.northbound.compute import hypervisors
from hansa.northbound.hall import everywhere, gathering, headers, kinds, table, versions, wire
from hansa.ports.roster import Member
from hansa.rules import numbers, zones
from hansa.services.locating import UUID
from hansa.services.routing import decoded


class Hosts:
    """Handlers of `/os-services` and `/os-hosts`, for administrators. Where sites have hosts of one name, `HOST@SITE` tells which is meant."""

    def __init__(self, services: kinds.Services) -> None:
        self._services = services

    def listed(self, path: str, key: str) -> table.Handler:
        """`GET /os-services` and `GET /os-hosts`."""

        async def handle(ask: table.Ask) -> wire.Answer:
            everywhere.administrator(ask)
            items = ask.request.items()
            among: Iterable[Member] = self._services.roster
            for at, (name, value) in enumerate(items):
                if name == 'host':
                    own, site, _ = zones.at(value, self._services.roster.names())
                elif name == 'zone':
                    site, own = zones.parse(value)
                else:
                    continue
                if site in self._services.roster.names():
                    items[at], among = (name, own), [self._services.roster.get(site)]
            # A site that has one zone is that zone.
            items = [item for item in items if item != ('zone', '')]
            got = await gathering.every(self._services, ask, path, urlencode(items), among)
            if not got.found:
                return got.refusal()
            return got.document({key: [await self._shown(member, each) for member, document in got.found for each in document[key]]})

        return handle

    async def service(self, ask: table.Ask) -> wire.Answer:
        """`PUT` and `DELETE /os-services/{id}`: the id of a service, or, for a `PUT` below 2.53, what is to be done with one."""
        everywhere.administrator(ask)
        id = ask.names['id']
        forward = await headers.forward(ask.request, '', self._services.limit)
        if versions.number(ask.call.version) >= hypervisors.UUIDS:
            if not UUID.fullmatch(id):
                raise BadRequest(f'Invalid uuid {id}')
            member, local = await self._known(ask, id), id
        elif ask.request.method == 'PUT':
            body = decoded(forward) or {}
            if not (isinstance(body.get('host'), str) and isinstance(body.get('binary'), str)):
                raise BadRequest("Invalid input: 'host' and 'binary' are required properties.")
            member, host = await self._at(ask, '/os-services', 'services', 'host', body['host'])
            forward.body, local = msgspec.json.encode({**body, 'host': host}), id
        else:
            member, local = await self._numbered(id)
        forward.path = f'/os-services/{quote(local, safe="")}'
        reply = await self._services.relay.send(ask.call, member, forward)
        if reply.status < 300 and reply.body:
            document = kinds.document(reply)
            reply.body = msgspec.json.encode({**document, 'service': await self._shown(member, document['service'])})
        return kinds.answer(reply)

    async def host(self, ask: table.Ask) -> wire.Answer:
        """`/os-hosts/{name}` and what is done to one."""
        everywhere.administrator(ask)
        member, name = await self._at(ask, '/os-hosts', 'hosts', 'host_name', ask.names['id'])
        forward = await headers.forward(ask.request, f'/os-hosts/{quote(name, safe="")}{kinds.tail(ask)}', self._services.limit)
        return kinds.answer(await self._services.relay.send(ask.call, member, forward))

    async def _known(self, ask: table.Ask, id: str) -> Member:
        """The site that has a service; Nova shows none by its id, so the lists are looked through. Raises NotFound, SiteDown."""
        got = await gathering.every(self._services, ask, '/os-services')
        for member, document in got.found:
            if any(each.get('id') == id for each in document['services']):
                return member
        if got.down:
            raise got.down[0]
        raise NotFound(f'Service {id} could not be found.')

    async def _numbered(self, word: str) -> tuple[Member, str]:
        number = numbers.number(word)
        if number is None and not numbers.below(word):
            raise BadRequest('Invalid input received: id must be an integer')
        place = await self._services.numbering.find(number) if number is not None else None
        if number is None or place is None:
            raise NotFound(f'Service {word} could not be found.')
        return place[0], str(place[1])

    async def _at(self, ask: table.Ask, path: str, key: str, field: str, word: str) -> tuple[Member, str]:
        """The one site with a host of that name, and its name there. Raises NotFound, Conflict where several have one, SiteDown."""
        name, site, _ = zones.at(word, self._services.roster.names())
        got = await gathering.every(self._services, ask, path, '', [self._services.roster.get(site)] if site else None)
        found = [member for member, document in got.found if any(each.get(field) == name for each in document[key])]
        if len(found) == 1:
            return found[0], name
        if got.down:
            raise got.down[0]
        if found:
            names = ', '.join(f'{name}@{member.name}' for member in found)
            raise Conflict(f'More than one site has a host {name}; say which is meant: {names}.')
        raise NotFound(f'Compute host {word} could not be found.')

    async def _shown(self, member: Member, doc: dict[str, Any]) -> dict[str, Any]:
        """With the league's number and zone."""
        shown = hypervisors.numbered(doc, await self._services.numbering.of(member.name))
        return {**shown, 'zone': zones.shown(member.name, doc['zone'], member.zones('compute'))} if doc.get('zone') else shown
