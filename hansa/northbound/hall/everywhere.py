"""Changes of what administrators make once for the whole league (flavors, volume types): at every site that has it."""

from __future__ import annotations

from urllib.parse import quote

from hansa.model.errors import Forbidden, NotFound, SiteDown, Unsupported
from hansa.model.resource import KINDS, Record
from hansa.northbound.hall import headers, kinds, table, wire
from hansa.services.relay import Forward, Reply


async def change(services: kinds.Services, ask: table.Ask, record: Record, forward: Forward) -> wire.Answer:
    """At each site that has it, the primary first: its answer is the league's. Raises Forbidden, Unsupported, SiteDown.

    Each is looked at before the next is changed. One that left its twins for a moment joins them again, under the primary's id;
    were the primary the last to look as they do, it would join them under theirs.
    """
    administrator(ask)
    kind = KINDS[record.kind]
    replicas = await services.listing.replicas(kind.name, record.id)
    for replica in replicas:
        member = services.roster.get(replica.site)
        if not member.managed:
            raise Unsupported(f'Site {member.name} does not let the league change this {kind.name.replace("_", " ")}.')
        health = member.site.health()
        if not health.reachable:
            raise SiteDown(member.name, health.reason)
    first: Reply | None = None
    for replica in replicas:
        member = services.roster.get(replica.site)
        path = f'{kind.collection}/{quote(replica.site_id, safe="")}{kinds.tail(ask)}'
        sent = Forward(forward.method, path, forward.query, forward.headers, forward.body)
        reply = await services.relay.send(ask.call, member, sent)
        await services.routing.look(member, kind.name, replica.site_id)
        first = first or reply
        # Where it is so already, or never was, the others are asked all the same.
        if reply.status >= 400 and reply.status not in {404, 409}:
            return kinds.answer(reply)
    if first is None:
        raise NotFound(f'The {kind.name.replace("_", " ")} is at no site.')
    return kinds.answer(first)


def created(services: kinds.Services, name: str) -> table.Handler:
    """A create at every reachable site that the league manages; the first one's answer is the league's."""
    kind = KINDS[name]

    async def handle(ask: table.Ask) -> wire.Answer:
        administrator(ask)
        sent = await headers.forward(ask.request, kind.collection, services.limit)
        first: Reply | None = None
        for member in services.roster:
            if not (member.managed and member.site.health().reachable):
                continue
            try:
                reply = await services.relay.send(ask.call, member, Forward('POST', sent.path, sent.query, sent.headers, sent.body))
            except SiteDown:
                if first is None:
                    raise
                continue
            first = first or reply
            if reply.status < 300:
                await services.routing.look(member, name, str(kinds.document(reply)[kind.single]['id']))
            if first.status >= 300:
                break
        if first is None:
            raise Unsupported(f'No reachable site of the league lets it make a {name.replace("_", " ")}.')
        return kinds.answer(first)

    return handle


def administrator(ask: table.Ask) -> None:
    """Raises Forbidden for everybody else."""
    if not ask.call.token.admin:
        raise Forbidden("Policy doesn't allow this to be performed: it is for administrators of the league.")


def administrators(handler: table.Handler) -> table.Handler:
    """A handler for administrators alone."""

    async def handle(ask: table.Ask) -> wire.Answer:
        administrator(ask)
        return await handler(ask)

    return handle
