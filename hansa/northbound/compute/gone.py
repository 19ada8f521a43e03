"""Endpoints that no site lets anybody use from outside, and those that Nova itself gave up: each is refused with its reason."""

from __future__ import annotations

from hansa.model.errors import Forbidden, Gone, NotFound
from hansa.northbound.hall import table, versions, wire
from hansa.northbound.hall.table import Route

EVENTS = (
    'Events of servers are told to a site by its own network and volume services; from outside the league takes none, not even from administrators.'
)
ASSISTED = (
    "Assisted volume snapshots are between a site's own volume and compute services; the league takes none, not even from administrators. "
    'Take a snapshot of the volume instead.'
)

_GONE = (
    'os-agents', 'os-cells', 'os-certificates', 'os-cloudpipe', 'os-fixed-ips', 'os-floating-ip-dns', 'os-floating-ips-bulk', 'os-fping',
    'os-security-group-default-rules', 'servers/{id}/consoles', 'servers/{id}/os-virtual-interfaces',
)  # fmt: skip
"""What every Nova of the last years answers 410 to, whatever the microversion."""


def refused(reason: str) -> table.Handler:
    """403, whoever asks."""

    async def handle(_: table.Ask) -> wire.Answer:
        raise Forbidden(reason)

    return handle


async def gone(_: table.Ask) -> wire.Answer:
    """410, as Nova says it."""
    raise Gone('This resource is no longer available. No forwarding address is given.')


def until(version: tuple[int, int], handler: table.Handler) -> table.Handler:
    """What Nova offers below a version only; from it on there is nothing here."""

    async def handle(ask: table.Ask) -> wire.Answer:
        if versions.number(ask.call.version) >= version:
            raise NotFound('The resource could not be found.')
        return await handler(ask)

    return handle


def routes() -> tuple[Route, ...]:
    """The rows of all that is gone."""
    return tuple(Route('own', '*', f'/v2.1/{path}{below}', gone) for path in _GONE for below in ('', '/**'))
