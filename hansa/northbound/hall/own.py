"""What the league itself answers for every API: documents that any one site can give or that are added up, and zones."""

from __future__ import annotations

from hansa.model.errors import HansaError, NotFound, SiteDown
from hansa.northbound.hall import headers, kinds, table, wire
from hansa.rules import zones
from hansa.services.relay import Forward, Reply


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
        if refused is None or isinstance(lost, SiteDown):
            raise lost
        return kinds.answer(refused)

    return handle


def merged(services: kinds.Services, path: str) -> table.Handler:
    """A document of numbers, added up over the sites; where none gives it, the first site's refusal is the answer."""

    async def handle(ask: table.Ask) -> wire.Answer:
        document = await services.quotas.merged(ask.call, ask.path(path), ask.request.query)
        return wire.document(200, document) if document else await first(services, path)(ask)

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
