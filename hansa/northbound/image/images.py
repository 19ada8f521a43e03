"""Images: listed from the inventory, uploaded once, deleted everywhere."""

from __future__ import annotations

import msgspec

from hansa.model.resource import Record
from hansa.northbound.hall import filters, headers, kinds, lists, table, wire
from hansa.northbound.image import params
from hansa.services.relay import Forward
from hansa.services.routing import decoded
from hansa.services.sharing.images import Images
from hansa.services.sharing.members import ACCEPTED, Members

MOST = 1000


def listed(services: kinds.Services, members: Members) -> table.Handler:
    """`GET /images`: one's own, public ones, and those that others share with one's project."""

    async def handle(ask: table.Ask) -> wire.Answer:
        given = dict(ask.request.items())
        listing = params.listing('image', ask.request.items(), ask.call, services.roster.names())
        if listing.query.projects is not None and given.get('visibility', '') in {'', 'shared', 'all'}:
            also = await members.shared(ask.call.token.project, given.get('member_status', ACCEPTED))
            if given.get('visibility') == 'all':
                also += await _community(services, listing)
            listing = msgspec.structs.replace(listing, query=msgspec.structs.replace(listing.query, also=also[:MOST]))
        found = await lists.page(services, ask, listing)
        body: dict[str, object] = {'images': lists.shown(ask, found, detail=True), 'schema': '/v2/schemas/images'}
        query = f'?{ask.request.query}' if ask.request.query else ''
        body['first'] = f'/v2/images{query}'
        if found.full:
            body['next'] = lists.next_link(ask, found.records[-1].id, '/v2/images')
        return wire.document(200, body, *lists.freshness(found))

    return handle


async def _community(services: kinds.Services, listing: filters.Listing) -> tuple[str, ...]:
    """Ids of community images that the request asks for; only lists of all images have those of others."""
    wanted = (*listing.query.filters, filters.equals(('doc', 'visibility'), 'community'))
    query = msgspec.structs.replace(listing.query, projects=None, filters=wanted, limit=MOST, marker='')
    return tuple(record.id for record in (await services.listing.page(query, MOST)).records)


class ImageRoom:
    """Handlers of one image."""

    def __init__(self, services: kinds.Services, images: Images) -> None:
        self._services = services
        self._images = images
        self.routed = kinds.routed(services, 'image', '/images')

    async def delete(self, ask: table.Ask) -> wire.Answer:
        """`DELETE /images/{id}`: the primary decides; copies that the league made follow it."""
        record = await self._services.locating.record(ask.call, 'image', ask.names['id'])
        forward = await headers.forward(ask.request, '', self._services.limit)
        reply = await self._services.routing.change(ask.call, 'image', '/images', ask.names['id'], '', forward)
        if reply.status < 300 and record is not None:
            await self._images.withdraw(ask.call, record)
        return kinds.answer(reply)

    async def patch(self, ask: table.Ask) -> wire.Answer:
        """`PATCH /images/{id}`: the primary, then the league's copies."""
        record = await self._services.locating.record(ask.call, 'image', ask.names['id'])
        forward = await headers.forward(ask.request, '', self._services.limit)
        body = forward.body
        reply = await self._services.routing.change(ask.call, 'image', '/images', ask.names['id'], '', forward)
        if reply.status < 300 and record is not None:
            await self._mirror(ask, record, Forward('PATCH', f'/images/{record.id}', '', forward.headers, body))
        return kinds.answer(reply)

    async def switch(self, ask: table.Ask) -> wire.Answer:
        """`POST /images/{id}/actions/deactivate` and `reactivate`: the primary, then the league's copies."""
        record = await self._services.locating.record(ask.call, 'image', ask.names['id'])
        forward = await headers.forward(ask.request, '', self._services.limit)
        tail = ask.path('/actions/{verb}')
        reply = await self._services.routing.change(ask.call, 'image', '/images', ask.names['id'], tail, forward)
        if reply.status < 300 and record is not None:
            await self._mirror(ask, record, Forward('POST', f'/images/{record.id}{tail}', '', forward.headers, forward.body))
        return kinds.answer(reply)

    async def add_member(self, ask: table.Ask) -> wire.Answer:
        """`POST /images/{id}/members`: the project is made known to the image's site first."""
        image = ask.names['id']
        forward = await headers.forward(ask.request, '', self._services.limit)
        project = (decoded(forward) or {}).get('member')
        if isinstance(project, str) and project:
            site, record = await self._services.locating.member(ask.call, 'image', '/images', image)
            if record is not None and self._services.locating.certain(ask.call, record) and not record.public:
                await self._images.members.introduce(ask.call, site, project)
        reply = await self._services.routing.change(ask.call, 'image', '/images', image, '/members', forward)
        if reply.status < 300:
            await self._images.members.note(image, str(project), 'pending')
        return kinds.answer(reply)

    async def member(self, ask: table.Ask) -> wire.Answer:
        """`PUT` and `DELETE /images/{id}/members/{project}`: what the site takes, the league's lists follow."""
        image, project = ask.names['id'], ask.names['project']
        forward = await headers.forward(ask.request, '', self._services.limit)
        status = str((decoded(forward) or {}).get('status', ''))
        tail = f'/members/{project}'
        reply = await self._services.routing.change(ask.call, 'image', '/images', image, tail, forward)
        if reply.status < 300 and ask.request.method == 'DELETE':
            await self._images.members.forget(image, project)
        elif reply.status < 300:
            await self._images.members.note(image, project, status)
        return kinds.answer(reply)

    async def _mirror(self, ask: table.Ask, record: Record, forward: Forward) -> None:
        for member in self._images.copies(record):
            await self._services.relay.send(ask.call, member, forward, project=record.project)
