"""The door `/identity`: every request goes to Keystone and every answer comes back, as they are.

What can take rights away is followed by a refresh before it is answered, so that no other door of the
league takes a token that its owner has just seen revoked.
"""

from __future__ import annotations

import contextlib
import uuid

from hansa.model.errors import HansaError, SiteDown, Unauthorized
from hansa.northbound.hall import wire
from hansa.northbound.identity import errors, headers
from hansa.northbound.identity.foreign import Foreign
from hansa.ports.http import TransportError
from hansa.ports.identity import Identity
from hansa.ports.site import SiteResponse

BODY_LIMIT = 1 << 20
DOCUMENT_LIMIT = 16 << 20

_CHANGES = frozenset(('POST', 'PUT', 'PATCH', 'DELETE'))
# POST to these gives a token and takes nothing away; it is the most frequent request of all.
_LOGINS = frozenset(('auth', 'ec2tokens', 's3tokens', 'OS-OAUTH2', 'OS-FEDERATION'))


class IdentityDoor:
    """An ASGI application mounted at '/identity', which is no part of its paths.

    `foreign` is there where Keystone is the operator's own, whose links and catalogue are not the league's.
    """

    def __init__(self, identity: Identity, foreign: Foreign | None = None) -> None:
        self._identity = identity
        self._foreign = foreign

    async def __call__(self, scope: wire.Scope, receive: wire.Receive, send: wire.Send) -> None:
        request_id = f'req-{uuid.uuid4()}'
        raw = scope.get('raw_path') or scope['path'].encode()
        try:
            request = wire.Request(scope, receive, raw.decode('latin-1'), request_id)
        except HansaError as error:
            answer = errors.answer(error, request_id)
        else:
            try:
                answer = await self.answer(request)
            except wire.Disconnected:
                return
        await wire.reply(receive, send, answer, scope['method'] == 'HEAD')

    async def answer(self, request: wire.Request) -> wire.Answer:
        """Keystone's answer; errors of ours come in Keystone's form."""
        request.note.route = 'routed'
        try:
            request.admit()
            return await self._relayed(request)
        except HansaError as error:
            request.note.failed(error)
            return errors.answer(error, request.id)

    async def _relayed(self, request: wire.Request) -> wire.Answer:
        body = await request.body(BODY_LIMIT) if request.has_body() else None
        risky = takes_away(request.method, request.words)
        try:
            said = await self._identity.relay(
                request.method, request.path or '/', request.query, headers.asked(request.headers), body
            )
        except SiteDown as error:
            if risky and error.sent:
                await self._identity.refresh()
            raise
        # Keystone may have done something even where it answers with a failure of its own.
        if risky and not 400 <= said.status < 500:
            await self._identity.refresh()
        if self._foreign is not None:
            return await self._changed(self._foreign, request, said)
        return wire.Answer(said.status, headers.answered(said.headers), said.chunks())

    async def _changed(self, foreign: Foreign, request: wire.Request, said: SiteResponse) -> wire.Answer:
        try:
            body = await said.read(DOCUMENT_LIMIT)
        except TransportError as error:
            raise SiteDown('identity', error.reason, sent=error.sent) from error
        project = ''
        if request.words[:3] == ('v3', 'auth', 'catalog') and said.status == 200:
            with contextlib.suppress(Unauthorized):
                project = (await self._identity.validate(request.header('x-auth-token'))).project
        return wire.Answer(said.status, foreign.headers(headers.answered(said.headers)), foreign.body(body, project))


def takes_away(method: str, words: tuple[str, ...]) -> bool:
    """Whether a request may make a token say less than it did."""
    if method == 'POST':
        return words[1:2] == () or words[1] not in _LOGINS
    return method in _CHANGES
