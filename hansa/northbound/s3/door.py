"""S3's door: a request is signed instead of carrying a token, and the league's Keystone says by whom."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from hansa.model.call import Call
from hansa.model.errors import Forbidden, HansaError, NotFound, Unauthorized
from hansa.model.signature import Signer
from hansa.northbound.hall import table, wire
from hansa.northbound.s3 import errors, routes
from hansa.northbound.s3.asked import Asked
from hansa.ports.clock import Clock
from hansa.ports.identity import Identity
from hansa.rules.s3 import claims
from hansa.rules.s3.claims import Signed
from hansa.rules.s3.refusal import Refused

MOUNT = 's3'

_READS = frozenset(('GET', 'HEAD'))
_log = logging.getLogger('hansa.door')


class S3Door:
    """`level` comes back when all is known that other processes did before."""

    def __init__(
        self, operations: table.Table, identity: Identity, clock: Clock, public_url: str, level: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self.table = operations
        self._identity = identity
        self._clock = clock
        self._base = f'{public_url}/{MOUNT}'
        self._level = level

    async def answer(self, request: wire.Request) -> wire.Answer:
        """Answer a request; whatever goes wrong becomes an error of S3."""
        try:
            request.admit()
            reply = await self._answer(request)
        except HansaError as error:
            request.note.failed(error)
            reply = errors.fault(error, request.id)
        except wire.Disconnected:
            raise
        except Exception as error:  # noqa: BLE001 - whatever broke, the client gets an error of this API
            _log.exception('%s %s failed', request.method, request.path)
            reply = errors.fault(error, request.id)
        reply.headers += [('x-amz-request-id', request.id), ('x-amz-id-2', request.id), ('x-openstack-request-id', request.id)]
        return reply

    async def _answer(self, request: wire.Request) -> wire.Answer:
        args = dict(request.items())
        signed = claims.read(args, request.headers)
        signed.judge(self._clock.now())
        signer = await self._signer(request, signed)
        if not signer.token.reader:
            raise Forbidden('This key opens nothing here: none of the roles of its owner is reader, member, manager or admin.')
        if self._level is not None:
            await self._level()
        route, names = self._route(request, args)
        request.note.route = route.kind
        ask = Asked(Call(request.id, signer.token, 'object-store', '', self._base), request, names, args, signed, signer.key)
        ask.owned()
        if request.method not in _READS:
            ask.writes()
        return await route.handler(ask)

    async def _signer(self, request: wire.Request, signed: Signed) -> Signer:
        """Raises Refused, SiteDown, Busy."""
        claim = signed.claim(request.method, request.whole, request.query, request.headers)
        try:
            return await self._identity.signed(claim)
        except NotFound:
            raise Refused('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.') from None
        except Unauthorized:
            raise Refused(
                'SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided. Check your key and signing method.'
            ) from None

    def _route(self, request: wire.Request, args: dict[str, str]) -> tuple[table.Route, dict[str, str]]:
        """Raises Refused."""
        bucket, _, key = request.path[1:].partition('/')
        words = ['service']
        if bucket:
            named = routes.subresource(args, copies=request.method == 'PUT' and bool(request.header('x-amz-copy-source')))
            words = ['object', named, bucket, key] if key else ['bucket', named, bucket]
        try:
            return self.table.match(request.method, tuple(words))
        except NotFound:
            raise Refused('NotImplemented', 'A header or operation you provided implies functionality that is not implemented') from None
