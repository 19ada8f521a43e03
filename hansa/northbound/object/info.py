"""What the league's object store can do, and that it is there."""

from __future__ import annotations

from hansa.northbound.hall import table, wire
from hansa.northbound.object.room import Room


def capabilities(room: Room) -> table.Handler:
    """`GET /info`: the smallest limits of all sites, what all can do, the policies of each."""

    async def handle(_: table.Ask) -> wire.Answer:
        return wire.document(200, await room.info.merged())

    return handle


async def healthy(_: table.Ask) -> wire.Answer:
    """`GET /healthcheck`."""
    return wire.Answer(200, [('content-type', 'text/plain')], b'OK')
