"""Hypervisors of all sites: listed site by site, in pages, and routed by uuid, or below 2.53 by the league's numbers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from hansa.model.errors import BadRequest, NotFound
from hansa.northbound.hall import everywhere, filters, gathering, headers, kinds, lists, table, versions, wire
from hansa.ports.roster import Member
from hansa.rules import numbers
from hansa.services.locating import UUID

UUIDS = (2, 53)
"""From here on hypervisors and services have uuids for ids."""

_PAGED = (2, 33)


class Hypervisors:
    """Handlers of `/os-hypervisors`, for administrators."""

    def __init__(self, services: kinds.Services) -> None:
        self._services = services
        self._routed = kinds.routed(services, '', '/os-hypervisors')

    def listed(self, path: str) -> table.Handler:
        """`GET /os-hypervisors` and `/detail`: the first site's, then the second's, and so on."""

        async def handle(ask: table.Ask) -> wire.Answer:
            everywhere.administrator(ask)
            limit, marker = page(ask) if versions.number(ask.call.version) >= _PAGED else (0, '')
            members = [member for member in self._services.roster if self._services.accounts.serves(ask.call.token, member)]
            markers: dict[str, str] = {}
            if marker:
                member, local = await self._place(ask, marker)
                members, markers = members[members.index(member) :], {member.name: local}
            if limit:
                got = await gathering.pages(self._services, ask, path, 'hypervisors', among=members, limit=limit, markers=markers)
            else:
                got = await gathering.every(self._services, ask, path, ask.request.query)
            if not got.found:
                return got.refusal()
            whole = [await self._shown(member, each) for member, document in got.found for each in document['hypervisors']]
            body: dict[str, Any] = {'hypervisors': whole[: limit or len(whole)]}
            if limit and len(whole) >= limit:
                link = lists.next_link(ask, str(body['hypervisors'][-1]['id']), f'{ask.call.base}/v2.1{path}')
                body['hypervisors_links'] = [{'rel': 'next', 'href': link}]
            return got.document(body)

        return handle

    async def below(self, ask: table.Ask) -> wire.Answer:
        """`GET /os-hypervisors/{pattern}/search` and `/servers`, below 2.53: of all sites that have some; `/uptime` of one."""
        if kinds.tail(ask) not in {'/search', '/servers'} or versions.number(ask.call.version) >= UUIDS:
            return await self.one(ask)
        everywhere.administrator(ask)
        got = await gathering.every(self._services, ask, ask.path('/os-hypervisors/{id}') + kinds.tail(ask), ask.request.query)
        if not got.found:
            return got.refusal()
        return got.document({'hypervisors': [await self._shown(member, each) for member, document in got.found for each in document['hypervisors']]})

    async def one(self, ask: table.Ask) -> wire.Answer:
        """`GET /os-hypervisors/{id}`, and what is below it."""
        everywhere.administrator(ask)
        id = ask.names['id']
        if versions.number(ask.call.version) >= UUIDS:
            if kinds.tail(ask) not in {'', '/uptime'}:
                raise NotFound('The resource could not be found.')
            if not UUID.fullmatch(id):
                raise BadRequest(f'Invalid uuid {id}')
            return await self._routed(ask)
        number = numbers.number(id)
        place = await self._services.numbering.find(number) if number is not None else None
        if place is None:
            raise NotFound(f"Hypervisor with ID '{id}' could not be found.")
        member, local = place
        forward = await headers.forward(ask.request, f'/os-hypervisors/{local}{kinds.tail(ask)}', self._services.limit)
        reply = await self._services.relay.send(ask.call, member, forward)
        if reply.status < 300:
            document = kinds.document(reply)
            reply.body = msgspec.json.encode({'hypervisor': await self._shown(member, document['hypervisor'])})
        return kinds.answer(reply)

    async def _place(self, ask: table.Ask, marker: str) -> tuple[Member, str]:
        """The site of the page before's last, and its id there. Raises BadRequest."""
        number = numbers.number(marker)
        place = await self._services.numbering.find(number) if number is not None else None
        if place is not None:
            return place[0], str(place[1])
        try:
            return await self._services.locating.probe(ask.call, '/os-hypervisors', quote(marker, safe='')), marker
        except NotFound:
            raise BadRequest(f'Marker {marker} could not be found.') from None

    async def _shown(self, member: Member, doc: dict[str, Any]) -> dict[str, Any]:
        """With the league's numbers for the site's, where they are numbers."""
        number = await self._services.numbering.of(member.name)
        return numbered(doc, number)


def numbered(doc: dict[str, Any], site: int) -> dict[str, Any]:
    """A hypervisor or service whose ids, its own and its service's, are the league's where they are numbers."""
    shown = {**doc, 'id': numbers.league(site, doc['id'])} if isinstance(doc.get('id'), int) else doc
    inner = doc.get('service')
    return {**shown, 'service': numbered(inner, site)} if isinstance(inner, dict) else shown


def page(ask: table.Ask) -> tuple[int, str]:
    """Limit and marker of a list in pages; no page has more than `filters.MAX_PAGE`. Raises BadRequest."""
    given = dict(ask.request.items())
    asked = given.get('limit', str(filters.MAX_PAGE))
    limit = numbers.number(asked)
    if limit is None:
        raise BadRequest(f"Invalid input for query parameters limit. Value: {asked}. '{asked}' does not match '^[0-9]*$'")
    return min(limit, filters.MAX_PAGE) or filters.MAX_PAGE, given.get('marker', '')
