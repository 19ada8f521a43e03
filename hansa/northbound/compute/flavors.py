"""Flavors: objects of the league, listed once; administrators make and delete them once for all sites."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from hansa.model.errors import NotFound, SiteDown, Unsupported
from hansa.model.resource import Record
from hansa.northbound.compute import params
from hansa.northbound.hall import everywhere, headers, kinds, lists, table, versions, wire
from hansa.rules import references, views
from hansa.services.relay import Forward
from hansa.services.routing import decoded
from hansa.services.sharing.access import Access
from hansa.services.sharing.flavors import Flavors

MOST = 1000


def listed(services: kinds.Services, access: Access, *, detail: bool) -> table.Handler:
    """`GET /flavors` and `GET /flavors/detail`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        listing = params.listing('flavor', ask.request.items(), ask.call, sites=services.roster.names())
        if listing.query.projects is not None:
            also = await access.granted(ask.call.token.project)
            listing = msgspec.structs.replace(listing, query=msgspec.structs.replace(listing.query, also=also[:MOST]))
        found = await lists.page(services, ask, listing)
        items = lists.shown(ask, found, detail=detail)
        links: list[dict[str, str]] = []
        if found.full:
            url = f'{ask.call.base}/v2.1/flavors' + ('/detail' if detail else '')
            links = [{'rel': 'next', 'href': lists.next_link(ask, found.records[-1].id, url)}]
        return lists.answer('flavor', items, found, lists.linked('flavor', links))

    return handle


def one(services: kinds.Services, access: Access) -> table.Handler:
    """`GET /flavors/{id}`: flavors do not change, so the inventory answers."""

    async def handle(ask: table.Ask) -> wire.Answer:
        record = await _visible(services, access, ask)
        version = versions.number(ask.call.version)
        doc = views.show('flavor', msgspec.json.decode(record.doc), version, ask.call.token.admin, kinds.context(ask), single=True)
        return wire.document(200, {'flavor': doc})

    return handle


async def _visible(services: kinds.Services, access: Access, ask: table.Ask) -> Record:
    id = ask.names['id']
    record = await services.locating.record(ask.call, 'flavor', id) or await access.find(ask.call, id)
    if record is None:
        raise NotFound(f'Flavor {ask.names["id"]} could not be found.')
    return record


def below(services: kinds.Services, access: Access) -> table.Handler:
    """What stands below a flavor (extra specs, access): read at one site, changed at every site that has it."""

    async def handle(ask: table.Ask) -> wire.Answer:
        if ask.request.method not in kinds.READS:
            everywhere.administrator(ask)
        record = await _visible(services, access, ask)
        forward = await headers.forward(ask.request, '', services.limit)
        if ask.request.method in kinds.READS:
            if ask.names.get('rest') == 'os-flavor-access' and not record.public:
                return await _let_in(access, ask, record)
            forward.path = f'/flavors/{quote(record.site_id, safe="")}{kinds.tail(ask)}'
            return kinds.answer(await services.relay.send(ask.call, services.roster.get(record.site), forward))
        if ask.names.get('rest') == 'action':
            return await _admit(services, access, ask, record, forward)
        return await everywhere.change(services, ask, record, forward)

    return handle


async def _let_in(access: Access, ask: table.Ask, record: Record) -> wire.Answer:
    everywhere.administrator(ask)
    projects = sorted(await access.learn(record))
    return wire.document(200, {'flavor_access': [{'flavor_id': record.id, 'tenant_id': project} for project in projects]})


async def _admit(services: kinds.Services, access: Access, ask: table.Ask, record: Record, forward: Forward) -> wire.Answer:
    """A project is let in, or no more, at every site that has the flavor; the answer is the list over all."""
    everywhere.administrator(ask)
    body = decoded(forward) or {}
    for action in ('addTenantAccess', 'removeTenantAccess'):
        inner = body.get(action)
        project = inner.get('tenant') if isinstance(inner, dict) else None
        if not isinstance(project, str):
            continue
        if action == 'addTenantAccess' and references.ID.fullmatch(project):
            await access.introduce(ask.call, record, project)
        answer = await everywhere.change(services, ask, record, forward)
        if answer.status < 300:
            if action == 'removeTenantAccess':
                await access.forget(record.id, project)
            return await _let_in(access, ask, record)
        return answer
    return await everywhere.change(services, ask, record, forward)


def create(services: kinds.Services, flavors: Flavors) -> table.Handler:
    """`POST /flavors`: made at the first managed site, then at the others; one that is away gets it when it is first needed."""

    async def handle(ask: table.Ask) -> wire.Answer:
        everywhere.administrator(ask)
        forward = await headers.forward(ask.request, '/flavors', services.limit)
        managed = [member for member in services.roster if member.managed and member.site.health().reachable]
        if not managed:
            raise Unsupported('No reachable site of the league lets it make flavors.')
        reply = await services.relay.send(ask.call, managed[0], forward)
        if reply.status >= 300:
            return kinds.answer(reply)
        id = str(kinds.document(reply)['flavor']['id'])
        await services.routing.look(managed[0], 'flavor', id)
        for member in managed[1:]:
            try:
                await flavors.ensure(ask.call, member, id)
            except SiteDown:
                continue
        return kinds.answer(reply)

    return handle
