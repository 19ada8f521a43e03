"""Migrations of all sites, the newest first; they have no address of their own, so only lists of them are asked for."""

from __future__ import annotations

from typing import Any

from hansa.model.errors import BadRequest
from hansa.northbound.compute import hypervisors
from hansa.northbound.hall import gathering, kinds, lists, table, versions, wire

_PAGED = (2, 59)


def listed(services: kinds.Services) -> table.Handler:
    """`GET /os-migrations`. A page after a marker is cut out of the whole, as sites know only their own markers."""

    async def handle(ask: table.Ask) -> wire.Answer:
        if versions.number(ask.call.version) < _PAGED:
            got = await gathering.every(services, ask, '/os-migrations', ask.request.query)
            return got.document({'migrations': _ordered(got)}) if got.found else got.refusal()
        limit, marker = hypervisors.page(ask)
        members = [member for member in services.roster if services.accounts.serves(ask.call.token, member)]
        most = gathering.MOST if marker else limit
        got = await gathering.pages(services, ask, '/os-migrations', 'migrations', among=members, limit=most)
        if not got.found:
            return got.refusal()
        whole = _ordered(got)
        if marker:
            at = next((at for at, each in enumerate(whole) if each.get('uuid') == marker), None)
            if at is None:
                raise BadRequest(f'Marker {marker} could not be found.')
            whole = whole[at + 1 :]
        body: dict[str, Any] = {'migrations': whole[:limit]}
        if len(whole) >= limit:
            body['migrations_links'] = [{'rel': 'next', 'href': lists.next_link(ask, whole[limit - 1]['uuid'], f'{ask.call.base}/v2.1/os-migrations')}]
        return got.document(body)

    return handle


def _ordered(got: gathering.Gathered) -> list[dict[str, Any]]:
    """Their numbers stay the site's: below a server, whose site is known, they are good."""
    every = [each for _, document in got.found for each in document['migrations']]
    return sorted(every, key=lambda each: str(each.get('created_at')), reverse=True)
