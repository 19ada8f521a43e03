"""What the league itself answers for every API: version documents, zones, and documents that any one site can give."""

from __future__ import annotations

from hansa.model.errors import HansaError, NotFound, SiteDown
from hansa.northbound.hall import headers, kinds, table, wire
from hansa.rules import zones
from hansa.services.relay import Forward


def first(services: kinds.Services, path: str) -> table.Handler:
    """The same at every site: the first that answers speaks for all."""

    async def handle(ask: table.Ask) -> wire.Answer:
        lost: HansaError = NotFound('No site of the league offers this.')
        target = path.format(**ask.names)
        for member in services.roster:
            if not services.accounts.serves(ask.call.token, member):
                continue
            forward = Forward(ask.request.method, target, ask.request.query, headers.passed(ask.request))
            try:
                return kinds.answer(await services.relay.send(ask.call, member, forward))
            except SiteDown as error:
                lost = error
        raise lost

    return handle


def merged(services: kinds.Services, path: str) -> table.Handler:
    """A document of numbers, added up over the sites."""

    async def handle(ask: table.Ask) -> wire.Answer:
        document = await services.quotas.merged(ask.call, path.format(**ask.names), ask.request.query)
        if not document:
            raise NotFound('No site of the league answers for this project.')
        return wire.document(200, document)

    return handle


def zone_names(services: kinds.Services, ask: table.Ask, service: str) -> list[tuple[str, bool]]:
    """(zone as the league shows it, whether its site answers) for each zone of each site that serves the caller."""
    found: list[tuple[str, bool]] = []
    for member in services.roster:
        if services.accounts.serves(ask.call.token, member):
            own = member.zones(service)
            alive = member.site.health().reachable
            found.extend((zones.shown(member.name, zone, own), alive) for zone in (own or ('',)))
    return found


