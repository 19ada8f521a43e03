"""What the league itself answers for every API: documents that any one site can give or that are added up, zones, quotas."""

from __future__ import annotations

from typing import Any

import msgspec

from hansa.model.errors import BadRequest, Forbidden, HansaError, NotFound, SiteDown, Unsupported
from hansa.northbound.hall import headers, kinds, table, wire
from hansa.rules import limits, references, zones
from hansa.services.relay import Forward, Reply
from hansa.services.routing import decoded


def first(services: kinds.Services, path: str) -> table.Handler:
    """The same at every site: the first that has it speaks for all."""

    async def handle(ask: table.Ask) -> wire.Answer:
        lost: HansaError = NotFound('No site of the league offers this.')
        refused: Reply | None = None
        target = ask.path(path)
        for member in services.roster:
            if not services.accounts.serves(ask.call.token, member):
                continue
            forward = Forward(ask.request.method, target, ask.request.query, headers.passed(ask.request))
            try:
                reply = await services.relay.send(ask.call, member, forward)
            except SiteDown as error:
                lost = error
                continue
            if reply.status != 404 and reply.status < 500:
                return kinds.answer(reply)
            refused = refused or reply
        if refused is None:
            raise lost
        return kinds.answer(refused)

    return handle


def merged(services: kinds.Services, path: str) -> table.Handler:
    """A document of numbers, added up over the sites; where none gives it, the first site's refusal is the answer."""

    async def handle(ask: table.Ask) -> wire.Answer:
        document = await services.quotas.merged(ask.call, ask.path(path), ask.request.query)
        return wire.document(200, document) if document else await first(services, path)(ask)

    return handle


def quota(services: kinds.Services, path: str, key: str) -> table.Handler:
    """`PUT` and `DELETE` of a project's quota: at every site that the league manages, so that what is shown afterwards is what was set.

    A number is shared out evenly over the sites; -1 is without limit at each.
    """

    async def handle(ask: table.Ask) -> wire.Answer:
        if not ask.call.token.admin:
            raise Forbidden("Policy doesn't allow quotas to be changed: that is for administrators.")
        if not references.ID.fullmatch(ask.names['project']):
            raise NotFound(f'There is no project {ask.names["project"]}.')
        members = [member for member in services.roster if member.managed]
        if not members:
            raise Unsupported('No site of the league lets it change quotas.')
        sent = await headers.forward(ask.request, ask.path(path), services.limit)
        body = _wanted(sent, key) if ask.request.method == 'PUT' else None
        reply = Reply(500)
        for at, member in enumerate(members):
            forward = Forward(sent.method, sent.path, sent.query, sent.headers, sent.body)
            if body is not None:
                part = {word: limits.shared_out(word, value, at, len(members)) for word, value in body[key].items()}
                forward.body = msgspec.json.encode({**body, key: part})
            reply = await services.relay.send(ask.call, member, forward, project=ask.names['project'])
            if reply.status >= 300:
                return kinds.answer(reply)
        if body is None:
            return kinds.answer(reply)
        return wire.document(200, await services.quotas.merged(ask.call, ask.path(path)))

    return handle


def _wanted(forward: Forward, key: str) -> dict[str, Any]:
    body = decoded(forward)
    if body is None or not isinstance(body.get(key), dict):
        raise BadRequest(f"Invalid input for operation: the body has no object '{key}'.")
    return body


def zone_names(services: kinds.Services, ask: table.Ask, service: str) -> list[tuple[str, bool]]:
    """(zone as the league shows it, whether its site answers) for each zone of each site that serves the caller."""
    found: list[tuple[str, bool]] = []
    for member in services.roster:
        if services.accounts.serves(ask.call.token, member):
            own = member.zones(service)
            alive = member.site.health().reachable
            found.extend((zones.shown(member.name, zone, own), alive) for zone in (own or ('',)))
    return found
