"""Host aggregates: each is at one site. Its number in the league says at which, and so does the zone that a create names."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from hansa.model.errors import BadRequest, NotFound
from hansa.northbound.hall import everywhere, gathering, headers, kinds, table, wire
from hansa.ports.roster import Member
from hansa.rules import numbers, zones
from hansa.services.relay import Reply
from hansa.services.routing import decoded

_ZONE = 'availability_zone'


class Aggregates:
    """Handlers of `/os-aggregates`, for administrators."""

    def __init__(self, services: kinds.Services) -> None:
        self._services = services

    async def listed(self, ask: table.Ask) -> wire.Answer:
        """`GET /os-aggregates`."""
        everywhere.administrator(ask)
        got = await gathering.every(self._services, ask, '/os-aggregates', ask.request.query)
        if not got.found:
            return got.refusal()
        whole = [await self._shown(member, each) for member, document in got.found for each in document['aggregates']]
        return got.document({'aggregates': whole})

    async def create(self, ask: table.Ask) -> wire.Answer:
        """`POST /os-aggregates`: at the site whose zone is named, without one at the first site."""
        everywhere.administrator(ask)
        forward = await headers.forward(ask.request, '/os-aggregates', self._services.limit)
        body = decoded(forward) or {}
        item = body.get('aggregate')
        if not isinstance(item, dict):
            raise BadRequest("Invalid input for field/attribute aggregate: 'aggregate' is a required property.")
        member = self._site(item.get(_ZONE))
        forward.body = msgspec.json.encode({**body, 'aggregate': _local(member, item)})
        return await self._answer(member, await self._services.relay.send(ask.call, member, forward))

    async def one(self, ask: table.Ask) -> wire.Answer:
        """`/os-aggregates/{id}` and everything below it."""
        everywhere.administrator(ask)
        number = numbers.number(ask.names['id'])
        if number is None and not numbers.below(ask.names['id']):
            raise BadRequest('Invalid input received: id must be an integer')
        place = await self._services.numbering.find(number) if number is not None else None
        if number is None or place is None:
            raise NotFound(f'Aggregate {ask.names["id"]} could not be found.')
        member, local = place
        forward = await headers.forward(ask.request, f'/os-aggregates/{local}{kinds.tail(ask)}', self._services.limit)
        body = decoded(forward)
        for key in ('aggregate', 'set_metadata'):
            inner = (body or {}).get(key)
            if body is not None and isinstance(inner, dict):
                changed = _local(member, inner) if key == 'aggregate' else _described(member, inner)
                forward.body = msgspec.json.encode({**body, key: changed})
        reply = await self._services.relay.send(ask.call, member, forward)
        if reply.status >= 400 and isinstance(reply.body, bytes):
            reply.body = re.sub(rb'(?i)(aggregate )%d\b' % local, rb'\g<1>%d' % number, reply.body)
        return await self._answer(member, reply)

    def _site(self, zone: object) -> Member:
        """The site where an aggregate is to be made: the one that the zone names, else the league's first that answers. Raises BadRequest."""
        sites = [member for member in self._services.roster if member.managed] or list(self._services.roster)
        if not isinstance(zone, str) or not zone:
            return next((member for member in sites if member.site.health().reachable), sites[0])
        name = zones.parse(zone)[0]
        if name in self._services.roster:
            return self._services.roster.get(name)
        names = ', '.join(member.name for member in sites)
        raise BadRequest(f'There is no zone {zone}; an aggregate is made at one site, SITE or SITE:ZONE. There are the sites {names}.')

    async def _answer(self, member: Member, reply: Reply) -> wire.Answer:
        if reply.status < 300 and reply.body:
            document = kinds.document(reply)
            if isinstance(document.get('aggregate'), dict):
                reply.body = msgspec.json.encode({**document, 'aggregate': await self._shown(member, document['aggregate'])})
        return kinds.answer(reply)

    async def _shown(self, member: Member, doc: dict[str, Any]) -> dict[str, Any]:
        """A site's aggregate in the league's words: its number, and its zone, which its metadata repeats as the site calls it."""
        shown = {**doc, 'id': numbers.league(await self._services.numbering.of(member.name), doc['id'])}
        own = doc.get('metadata') or {}
        return {**shown, 'metadata': {**own, _ZONE: doc[_ZONE]}} if own.get(_ZONE) else shown


def _zone(member: Member, word: object) -> Any:
    """A zone as the site is to have it; None for the site as a whole. Raises BadRequest for one of another site."""
    if not isinstance(word, str) or not word:
        return word
    site, own = zones.parse(word)
    if site != member.name:
        raise BadRequest(f'The aggregate is at site {member.name}, so its zone is {member.name}:ZONE, not {word}.')
    return own or None


def _local(member: Member, item: dict[str, Any]) -> dict[str, Any]:
    if _ZONE not in item:
        return item
    zone = _zone(member, item[_ZONE])
    # `SITE:ZONE` is what the translation on the way to the site understands.
    return {**item, _ZONE: f'{member.name}:{zone}' if zone else None}


def _described(member: Member, action: dict[str, Any]) -> dict[str, Any]:
    inner = action.get('metadata')
    if not isinstance(inner, dict) or _ZONE not in inner:
        return action
    return {**action, 'metadata': {**inner, _ZONE: _zone(member, inner[_ZONE])}}
