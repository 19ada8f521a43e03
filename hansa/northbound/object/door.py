"""The object store's door: paths stay as they came, byte for byte, and a request may come without a token."""

from __future__ import annotations

import urllib.parse

from hansa.model.call import Token
from hansa.model.errors import NotFound, PreconditionFailed
from hansa.northbound.hall import door, table, wire
from hansa.rules.containers import signatures

_LONGEST = 8192
_DEPTH = 3
_ALONE = frozenset(('', 'info', 'healthcheck'))


class ObjectDoor(door.Door):
    """Swift's door. Of the words of a path the last is all that is left: names of objects have slashes in them."""

    async def answer(self, request: wire.Request) -> wire.Answer:
        """Answer a request, with the id that Swift gives to each."""
        answer = await super().answer(request)
        answer.headers.append(('X-Trans-Id', request.id))
        if answer.status == 401:
            named = urllib.parse.unquote_to_bytes(request.path).decode(errors='replace').split('/')[2:3]
            answer.headers.append(('WWW-Authenticate', f'Swift realm="{urllib.parse.quote(named[0]) if named else "unknown"}"'))
        return answer

    def _route(self, request: wire.Request) -> tuple[table.Route, dict[str, str]]:
        """Raises NotFound, MethodNotAllowed, PreconditionFailed for what no name can be."""
        if len(request.path) > _LONGEST:
            raise PreconditionFailed(f'The path is longer than {_LONGEST} characters.')
        words = request.path[1:].split('/', _DEPTH)
        while len(words) > 1 and not words[-1]:
            words.pop()
        if '' in words[:_DEPTH]:
            raise NotFound('The resource could not be found.')
        if '%00' in request.path or not _readable(request.path):
            raise PreconditionFailed('Invalid UTF8 or contains NULL')
        request.words = tuple(words)
        if len(words) == 1 and words[0] not in _ALONE:
            raise PreconditionFailed('Bad URL')
        return self.table.match(request.method, request.words)

    async def _token(self, request: wire.Request) -> Token:
        if signatures.asked(request.query):
            # A signature says by itself who may; it need not come together with a token that is good.
            return door.NOBODY
        word = request.header('x-auth-token') or request.header('x-storage-token')
        return await self._identity.validate(word) if word else door.NOBODY


def _readable(path: str) -> bool:
    try:
        urllib.parse.unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return True
