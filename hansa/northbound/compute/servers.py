"""Servers in lists; by id they are routed, and creates are placed."""

from __future__ import annotations

import contextlib
import re
from urllib.parse import urlencode

import msgspec

from hansa.model.call import Call
from hansa.model.errors import HansaError, NotFound
from hansa.model.listing import Query
from hansa.model.resource import KINDS
from hansa.northbound.compute import moves, params
from hansa.northbound.hall import filters, headers, kinds, lists, table, versions, wire
from hansa.rules import references
from hansa.services.relay import Forward
from hansa.services.routing import decoded

_SHAPES = (2, 47)
"""From here on servers show what their flavor was, not its id."""
_OUTLIVING = 'os-instance-actions'
_AUTO = b'"auto_allocated_network"'
_GROUPLESS = re.compile(rb'"server_groups":\s*\[\s*\]')


async def flavor_ids(services: kinds.Services) -> dict[str, str]:
    """Flavor name -> league id; servers name their flavor by name at the sites' highest microversion."""
    found = await services.listing.page(Query('flavor'))
    return {record.name: record.id for record in found.records}


def listed(services: kinds.Services, *, detail: bool) -> table.Handler:
    """`GET /servers` and `GET /servers/detail`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        items = ask.request.items()
        named = versions.number(ask.call.version) < _SHAPES or any(key == 'flavor' for key, _ in items)
        flavors = await flavor_ids(services) if named else {}
        listing = params.listing('server', items, ask.call, sites=services.roster.names(), flavors=flavors, detail=detail)

        def around(_: str, last: str, full: bool) -> dict[str, object]:
            url = f'{ask.call.base}/v2.1/servers' + ('/detail' if detail else '')
            return lists.linked('server', [{'rel': 'next', 'href': lists.next_link(ask, last, url)}] if full else [])

        if not listing.query.gone:
            return await lists.whole(services, ask, listing, around, flavors, detail=detail)
        found = await lists.page(services, ask, listing)
        shown = lists.shown(ask, found, detail=detail, flavors=flavors)
        return lists.answer('server', shown, found, around('', found.records[-1].id if found.records else '', found.full))

    return handle


def one(services: kinds.Services) -> table.Handler:
    """One server by its id, and everything below it; of a server group over sites its own site does not know."""
    routed = kinds.routed(services, 'server', '/servers')

    async def handle(ask: table.Ask) -> wire.Answer:
        try:
            told = await routed(ask)
        except NotFound:
            outlived = await _outlived(services, ask)
            if outlived is None:
                raise
            return outlived
        if isinstance(told.body, bytes) and _AUTO in told.body and ask.request.method in kinds.READS:
            await _allocated(services, ask.call, told)
        if isinstance(told.body, bytes) and _GROUPLESS.search(told.body) and 'rest' not in ask.names:
            company = await services.companies.of(ask.names['id'])
            if company:
                told.body = _GROUPLESS.sub(b'"server_groups": ' + msgspec.json.encode([company]), told.body, count=1)
        return told

    return handle


async def _allocated(services: kinds.Services, call: Call, told: wire.Answer) -> None:
    """A network that Neutron made by itself while the server was built: who sees the server's address finds it in the list."""
    name = _AUTO.decode().strip('"')
    known = Query('network', (call.token.project,), public=False, filters=(filters.equals(('name',), name),), limit=1)
    site = next((value for key, value in told.headers if key == 'x-hansa-site'), '')
    if not site or (await services.listing.page(known, 1)).records:
        return
    await _look(services, call, site, 'network', '/networks', 'networks', {'name': name})
    services.routing.poke(services.roster.get(site), 'subnet', 'router', 'port')


async def _outlived(services: kinds.Services, ask: table.Ask) -> wire.Answer | None:
    """What Nova tells of a server that is gone, its actions (from 2.21 on); None where no site does.

    Only sites where the caller is known as who it is are asked: of a server that is gone the league knows no owner.
    """
    if ask.request.method not in kinds.READS or not ask.names.get('rest', '').startswith(_OUTLIVING):
        return None
    for member in services.roster:
        if member.managed and member.site.health().reachable:
            sent = Forward('GET', ask.path('/servers/{id}/{rest}'), ask.request.query, headers.passed(ask.request))
            reply = await services.relay.send(ask.call, member, sent)
            if reply.status == 200:
                return kinds.answer(reply)
    return None


def act(services: kinds.Services) -> table.Handler:
    """`POST /servers/{id}/action`: an image that it makes, and snapshots of volumes with it, are in their lists at once."""

    async def handle(ask: table.Ask) -> wire.Answer:
        forward = await headers.forward(ask.request, '', services.limit)
        body = decoded(forward)
        makes = bool({'createImage', 'createBackup'}.intersection(body or {}))
        if body and moves.aimed(body):
            member, _ = await services.locating.member(ask.call, 'server', '/servers', ask.names['id'])
            forward.body = msgspec.json.encode(moves.local(body, member, services.roster.names()))
        reply = await services.routing.change(ask.call, 'server', '/servers', ask.names['id'], '/action', forward)
        if makes and reply.status < 300:
            told = kinds.document(reply).get('image_id') if reply.body else reply.header('location').rpartition('/')[2]
            await _made(services, reply.header('x-hansa-site'), str(told))
        if body and 'shelve' in body and reply.status < 300:
            await _shelved(services, ask.call, ask.names['id'], reply.header('x-hansa-site'))
        address = moves.address(body)
        if address and reply.status < 300:
            await _moved(services, reply.header('x-hansa-site'), address)
        return kinds.answer(reply)

    return handle


async def _shelved(services: kinds.Services, call: Call, id: str, site: str) -> None:
    """Nova makes the image of a shelved server in the moment of the order, and names it in no answer."""
    record = await services.locating.record(call, 'server', id)
    if record is not None:
        await _look(services, call, site, 'image', '/images', 'images', {'name': f'{record.name}-shelved'})


async def _look(services: kinds.Services, call: Call, site: str, kind: str, path: str, plural: str, query: dict[str, str]) -> None:
    """Bring the inventory level with what a site lists; where it does not tell now, its agent will."""
    member = services.roster.get(site)
    with contextlib.suppress(HansaError):
        status, raw = await services.relay.ask(call, member, KINDS[kind].service, path, urlencode({**query, 'limit': 10}))
        for each in msgspec.json.decode(raw)[plural] if status == 200 else ():
            await services.routing.look(member, kind, each['id'])


async def _made(services: kinds.Services, site: str, image: str) -> None:
    """An image of a server that booted from a volume has snapshots of its volumes with it."""
    member = services.roster.get(site)
    await services.routing.look(member, 'image', image)
    for record in await services.listing.replicas('image', image):
        named = msgspec.json.decode(record.doc).get('block_device_mapping')
        if isinstance(named, str):
            for id in references.words(named):
                await services.routing.look(member, 'snapshot', id)


async def _moved(services: kinds.Services, site: str, address: str) -> None:
    """A floating IP that a server was given, or lost."""
    at = (filters.equals(('doc', 'floating_ip_address'), address), filters.equals(('site',), site))
    for record in (await services.listing.page(Query('floating_ip', filters=at), 1)).records:
        await services.routing.look(services.roster.get(site), 'floating_ip', record.site_id)
