"""The league API for administrators with a token: what can be read of it, at the address where users are."""

from __future__ import annotations

import msgspec

from hansa.model.errors import Forbidden
from hansa.northbound.hall import door, table, wire
from hansa.northbound.league import errors
from hansa.northbound.league.routes import League
from hansa.northbound.league.uplink import UplinkRoom

STYLE = door.Style('league', 'league', errors.fault)


def opened(league: League, uplink: UplinkRoom) -> table.Table:
    """What changes nothing, for whoever has the role admin, as changes are made on the socket alone; and where agents come in."""
    return table.Table([*uplink.routes, *(msgspec.structs.replace(route, handler=_for_administrators(route.handler)) for route in league.reading)])


def _for_administrators(handler: table.Handler) -> table.Handler:
    async def handle(ask: table.Ask) -> wire.Answer:
        if not ask.call.token.admin:
            raise Forbidden('How the league stands is shown to its administrators only: whose token has the role admin.')
        return await handler(ask)

    return handle
