"""Handing a volume to another project: whoever accepts does not see the transfer before, so each site is tried."""

from __future__ import annotations

from hansa.model.errors import SiteDown
from hansa.northbound.hall import headers, kinds, table, wire
from hansa.services import locating
from hansa.services.relay import Forward, Reply


def accept(services: kinds.Services) -> table.Handler:
    """`POST /volume-transfers/{id}/accept`, and the same under the older `/os-volume-transfer`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        collection = ask.request.words[1]
        sent = await headers.forward(ask.request, ask.path(f'/{collection}/{{id}}/accept'), services.limit)
        down: SiteDown | None = None
        for member in services.roster:
            if not services.accounts.serves(ask.call.token, member):
                continue
            forward = Forward(sent.method, sent.path, sent.query, sent.headers, sent.body)
            try:
                reply = await services.relay.send(ask.call, member, forward)
            except SiteDown as error:
                if error.sent:
                    raise
                down = error
                continue
            if reply.status != 404:
                await _look(services, reply)
                return kinds.answer(reply)
        raise down or locating.missing(collection, ask.names['id'])

    return handle


async def _look(services: kinds.Services, reply: Reply) -> None:
    """The volume has another owner now."""
    if reply.status < 300:
        volume = kinds.document(reply).get('transfer', {}).get('volume_id')
        if isinstance(volume, str):
            await services.routing.look(services.roster.get(reply.header('x-hansa-site')), 'volume', volume)
