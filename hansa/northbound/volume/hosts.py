"""Cinder's own services, hosts, clusters and pools: listed over all sites, and orders to one of them sent to the site that has it.

Where two sites have a host of one name, lists show both with their sites behind (`host@site`), and orders have to say it so.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import quote, urlencode

import msgspec

from hansa.model.errors import BadRequest, NotFound
from hansa.northbound.hall import alike, collecting, everywhere, headers, kinds, paging, table, wire
from hansa.ports.roster import Member
from hansa.rules import collating
from hansa.services.relay import Forward
from hansa.services.routing import decoded

HOSTS = ('/os-services', 'services', 'host')
CLUSTERS = ('/clusters', 'clusters', 'name')
_STRICT = ('/freeze', '/thaw', '/failover_host', '/failover')
"""Orders for which an unknown host is bad input."""



def listed(services: kinds.Services, path: str, plural: str, field: str) -> table.Handler:
    """A list of things that have names and no ids; names that two sites have get the site behind them."""

    async def handle(ask: table.Ask) -> wire.Answer:
        told = await collecting.whole(services, ask, path, paging.read(ask).query)
        if not told.found:
            return told.refusal()
        every = [(member, item) for member, document in told.found for item in document.get(plural) or ()]
        sites = Counter(name for name, _ in {(item[field], member.name) for member, item in every})
        items = [item | ({field: f'{item[field]}@{member.name}'} if sites[item[field]] > 1 else {}) for member, item in every]
        return told.document({plural: items})

    return handle


def by_body(services: kinds.Services, path: str, inner: str = '', kind: str = '') -> table.Handler:
    """An order whose body names a host (or `cluster`, or a cluster as `name`), in the object `inner` where it has one.

    `kind` is what comes of it, if anything does.
    """

    async def handle(ask: table.Ask) -> wire.Answer:
        everywhere.administrator(ask)
        forward = await headers.forward(ask.request, ask.path(path), services.limit)
        body = decoded(forward) or {}
        item = body.get(inner) if inner else body
        if not isinstance(item, dict):
            raise BadRequest(f"Invalid input for operation: the body has no object '{inner}'.")
        key = next((key for key in ('host', 'cluster', 'name') if isinstance(item.get(key), str)), '')
        if not key:
            raise BadRequest("Invalid input for field/attribute host. 'host' is a required property.")
        try:
            member, name = await _site(services, ask, HOSTS if key == 'host' else CLUSTERS, str(item[key]))
        except NotFound as error:
            raise (BadRequest(str(error)) if path.endswith(_STRICT) else error) from None
        item = item | {key: name}
        forward.body = msgspec.json.encode(body | {inner: item} if inner else item)
        reply = await services.relay.send(ask.call, member, forward)
        if kind and reply.status < 300:
            await services.routing.look(member, kind, str(kinds.document(reply)[inner]['id']))
        return kinds.answer(reply)

    return handle


def by_path(services: kinds.Services, path: str, where: tuple[str, str, str] = HOSTS) -> table.Handler:
    """A host (or cluster) named by the path as `name`; `path` is what stands before it."""

    async def handle(ask: table.Ask) -> wire.Answer:
        everywhere.administrator(ask)
        member, name = await _site(services, ask, where, ask.names['name'])
        forward = await headers.forward(ask.request, f'{path}/{quote(name, safe="")}', services.limit)
        return kinds.answer(await services.relay.send(ask.call, member, forward))

    return handle


def by_query(services: kinds.Services, path: str) -> table.Handler:
    """What a host (or `cluster`) named in the query has that Cinder might manage."""

    async def handle(ask: table.Ask) -> wire.Answer:
        everywhere.administrator(ask)
        items = dict(ask.request.items())
        key = 'cluster' if items.get('cluster') else 'host'
        if not items.get(key):
            raise BadRequest('Invalid input received: One and only one of cluster and host must be set.')
        member, name = await _site(services, ask, CLUSTERS if key == 'cluster' else HOSTS, items[key])
        forward = Forward('GET', ask.path(path), urlencode(items | {key: name}), headers.passed(ask.request))
        return kinds.answer(await services.relay.send(ask.call, member, forward))

    return handle


def to_all(services: kinds.Services, path: str) -> table.Handler:
    """An order to the services of every site; the lists in their answers are joined."""

    async def handle(ask: table.Ask) -> wire.Answer:
        forward = await headers.forward(ask.request, path, services.limit)
        body = decoded(forward) or {}
        server = body.get('server') or body.get('host')
        if isinstance(server, str):
            everywhere.administrator(ask)
            member, name = await _site(services, ask, HOSTS, server)
            forward.body = msgspec.json.encode(body | {key: name for key in ('server', 'host') if body.get(key)})
            return kinds.answer(await services.relay.send(ask.call, member, forward))
        replies = await alike.every(services, ask, forward)
        refused = next((reply for reply in replies if reply.status >= 300), None)
        if refused is not None or not replies[0].body:
            return kinds.answer(refused or replies[0])
        documents = [kinds.document(reply) for reply in replies]
        whole = {key: collating.united([document.get(key) or [] for document in documents], '') for key in collecting.lists(documents[0])}
        return wire.document(replies[0].status, documents[0] | whole)

    return handle


async def _site(services: kinds.Services, ask: table.Ask, where: tuple[str, str, str], word: str) -> tuple[Member, str]:
    """The one site that has a host or cluster, and its name there. Raises NotFound, SiteDown; BadRequest where several have it."""
    path, plural, field = where
    told = await collecting.whole(services, ask, path, '')
    held = [(member, {str(item.get(field)) for item in document.get(plural) or ()}) for member, document in told.found]
    bare = word.partition('#')[0]
    found = [(member, word) for member, names in held if bare in names]
    name, _, site = word.rpartition('@')
    found = found or [(member, name) for member, names in held if member.name == site and name.partition('#')[0] in names]
    if len(found) > 1:
        said = ' or '.join(f'{word}@{member.name}' for member, _ in found)
        raise BadRequest(f'{word} is at {" and at ".join(member.name for member, _ in found)}; say {said}.')
    if not found and told.down:
        raise told.down[0]
    if not found:
        raise NotFound(f'No {field.removesuffix("_name")} {word} is known to a site of the league.')
    return found[0]

