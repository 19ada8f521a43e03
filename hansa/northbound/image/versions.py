"""The version documents of the image API, with the league's links and the versions that every site has."""

from __future__ import annotations

from hansa.northbound.hall import kinds, table, versions, wire

_MINORS = (17, 16, 15, *range(13, -1, -1))
"""Those that Glance has; there is no 2.14."""


def every(services: kinds.Services, status: int) -> table.Handler:
    """`GET /` (300, as Glance answers) and `GET /versions` (200)."""

    async def handle(ask: table.Ask) -> wire.Answer:
        links = [{'rel': 'self', 'href': f'{ask.call.base}/v2/'}]
        tops = [versions.number(told)[1] for member in services.roster if (told := member.highest('image'))]
        minors = [minor for minor in _MINORS if minor <= min(tops, default=_MINORS[0])]
        found = [
            {'id': f'v2.{minor}', 'status': 'CURRENT' if minor == minors[0] else 'SUPPORTED', 'links': links} for minor in minors
        ]
        return wire.document(status, {'versions': found})

    return handle
