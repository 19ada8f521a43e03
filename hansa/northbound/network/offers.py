"""What only some sites' Neutron has: creates go where it is, and what no site has is refused with the reason."""

from __future__ import annotations

from hansa.model.errors import NotFound
from hansa.northbound.hall import kinds, table, wire
from hansa.rules import features, placement


def needs(services: kinds.Services, word: str) -> kinds.Needs:
    """What the site of a create must have; `word` is the collection's first ('' where the path names it as `any`)."""

    def handle(ask: table.Ask) -> list[placement.Need]:
        return need(services, word or ask.names['any'])

    return handle


def need(services: kinds.Services, word: str) -> list[placement.Need]:
    """Raises NotFound, in Neutron's words and with the reason, where no site has it."""
    if word not in features.NETWORK:
        return []
    alias, said = features.NETWORK[word]
    able = frozenset(member.name for member in services.roster if features.offers(member.capabilities, word))
    if not able:
        names = ', '.join(member.name for member in services.roster)
        raise NotFound(f'The resource could not be found. No site of the league ({names}) has {said}: Neutron extension {alias}.')
    return [placement.Need(f'Neutron extension {alias}', able, movable=False)]


def offered(services: kinds.Services, handler: table.Handler, word: str = '') -> table.Handler:
    """A handler of what a site may lack: it is not asked for what nobody has."""

    async def handle(ask: table.Ask) -> wire.Answer:
        need(services, word or ask.names['any'])
        return await handler(ask)

    return handle


def below(services: kinds.Services, kind: str, collection: str, handler: table.Handler) -> table.Handler:
    """What stands below an object (`/port_forwardings`, `/l3-agents`): the object's own site has to have it. Raises NotFound."""

    async def handle(ask: table.Ask) -> wire.Answer:
        word = ask.names['rest'].partition('/')[0]
        if word in features.NETWORK:
            need(services, word)
            member, _ = await services.locating.member(ask.call, kind, collection, ask.names['id'])
            if not features.offers(member.capabilities, word):
                alias, said = features.NETWORK[word]
                raise NotFound(f'The resource could not be found. Site {member.name} has no {said}: Neutron extension {alias}.')
        return await handler(ask)

    return handle
