"""The volume API's door: a project id in front of the path is taken off first, as both forms of URL are in use."""

from __future__ import annotations

import re

from hansa.model.errors import BadRequest, Unauthorized
from hansa.northbound.hall import door, wire
from hansa.northbound.volume import errors

_PROJECT = re.compile(r'[0-9a-f]{32}|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}')


class VolumeDoor(door.Door):
    """Cinder's door."""

    async def answer(self, request: wire.Request) -> wire.Answer:
        """Answer a request; the project in the URL has to be the token's."""
        words = request.words
        if request.refusal is None and len(words) > 2 and words[0] == 'v3' and _PROJECT.fullmatch(words[1]):
            request.prefix = words[1]
            request.words = (words[0], *words[2:])
            request.path = '/' + '/'.join(part for at, part in enumerate(request.path.strip('/').split('/')) if at != 1)
            try:
                token = await self._token(request)
            except Unauthorized:
                return await super().answer(request)
            if token.project != request.prefix and not token.admin:
                return errors.fault(BadRequest('Malformed request url: the project in it is not that of the token.'), request.id)
        return await super().answer(request)
