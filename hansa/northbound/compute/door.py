"""The compute API's door: below `/v2` stands what stands below `/v2.1`, without microversions, for clients of Nova's first API."""

from __future__ import annotations

from hansa.northbound.hall import door, versions, wire

_OLD, _NEW = 'v2', 'v2.1'


class ComputeDoor(door.Door):
    """Nova's door."""

    async def answer(self, request: wire.Request) -> wire.Answer:
        """Answer a request; one below `/v2` is answered at the lowest microversion, whatever it asks for, and hears of none."""
        if len(request.words) < 2 or request.words[0] != _OLD:
            return await super().answer(request)
        request.words = (_NEW, *request.words[1:])
        request.path = request.path.replace(f'/{_OLD}', f'/{_NEW}', 1)
        for name in versions.HEADERS:
            request.headers.pop(name, None)
        answer = await super().answer(request)
        answer.headers[:] = [header for header in answer.headers if header[0].lower() not in (*versions.HEADERS, 'vary')]
        return answer
