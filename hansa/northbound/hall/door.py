"""What every OpenStack door does with a request before and after its own handlers: token, version, route, fault."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import msgspec

from hansa.model.call import Call, Token
from hansa.model.errors import Forbidden, HansaError, NotFound, Unauthorized
from hansa.northbound.hall import table, versions, wire
from hansa.ports.identity import Identity
from hansa.ports.roster import Roster

Fault = Callable[[Exception, str], wire.Answer]

_log = logging.getLogger('hansa.door')
_SAFE = frozenset(('GET', 'HEAD', 'OPTIONS'))
NOBODY = Token('', '', '', '', '', '', frozenset(), 0.0)


class Style(msgspec.Struct, frozen=True):
    """How one API differs from the others here.

    `service` is our word for it, `mount` its first path segment, `fault` puts an error into its form.
    """

    service: str
    mount: str
    fault: Fault


class Door:
    """One API: a style, a table and the way through. `level` comes back when all is known that other processes did before."""

    def __init__(
        self, style: Style, routes: table.Table, identity: Identity, roster: Roster, public_url: str, level: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self.style = style
        self.table = routes
        self._identity = identity
        self._roster = roster
        self._level = level
        self._base = f'{public_url}/{style.mount}'
        self._keystone = f'{public_url}/identity/v3'

    async def answer(self, request: wire.Request) -> wire.Answer:
        """Answer a request; whatever goes wrong becomes a fault of this API."""
        version = ''
        try:
            request.admit()
            route, names = self._route(request)
            request.note.route = route.kind
            token = NOBODY if route.open else await self._token(request)
            if self._level is not None:
                await self._level()
            version = self._version(request, route)
            ask = table.Ask(Call(request.id, token, self.style.service, version, self._base), request, names)
            if token is not NOBODY:
                _admit(token)
                if request.method not in _SAFE and not route.asks:
                    ask.writes()
            reply = await route.handler(ask)
        except HansaError as error:
            request.note.failed(error)
            reply = self.style.fault(error, request.id)
            if isinstance(error, Unauthorized):
                reply.headers.append(('www-authenticate', f'Keystone uri="{self._keystone}"'))
            if isinstance(error, table.MethodNotAllowed):
                reply.headers.append(('allow', error.allowed))
        except wire.Disconnected:
            raise
        except Exception as error:  # noqa: BLE001 - whatever broke, the client gets a fault of this API
            _log.exception('%s %s failed', request.method, request.path)
            reply = self.style.fault(error, request.id)
        return self._finish(reply, request, version)

    def _route(self, request: wire.Request) -> tuple[table.Route, dict[str, str]]:
        """Raises NotFound, MethodNotAllowed. Below a collection there is nothing of an empty name, which clients ask for with '/images/';
        Neutron alone takes that for the collection.
        """
        if request.path.endswith('/') and len(request.words) > 1 and self.style.service != 'network':
            raise NotFound('The resource could not be found.')
        try:
            return self.table.match(request.method, request.words)
        except table.MethodNotAllowed:
            if request.path.endswith('/') and len(request.words) > 1:
                raise NotFound('The resource could not be found.') from None
            raise

    async def _token(self, request: wire.Request) -> Token:
        word = request.header('x-auth-token')
        if not word:
            raise Unauthorized('The request you have made requires authentication.')
        return await self._identity.validate(word)

    def _version(self, request: wire.Request, route: table.Route) -> str:
        """The microversion of the call, asked of sites in words that all of them understand.

        What goes to one site may use what that site offers: of a routed call the site judges, of a placed one the handler, which
        knows the zone.
        """
        service = self.style.service
        if service not in versions.LEAST:
            return ''
        offered = versions.offered(self._roster, service)
        if route.open:
            return versions.text(offered.lowest)
        wanted = versions.asked(service, request)
        single = route.kind in {'routed', 'placed'}
        version = wanted if single and wanted not in {'', 'latest'} else versions.resolve(wanted, offered)
        versions.settle(request, service, wanted if single or not wanted else version)
        return version

    def _finish(self, reply: wire.Answer, request: wire.Request, version: str) -> wire.Answer:
        names = {name.lower() for name, _ in reply.headers}
        reply.headers.append(('x-openstack-request-id', request.id))
        if self.style.service == 'compute' and 'x-compute-request-id' not in names:
            reply.headers.append(('x-compute-request-id', request.id))
        if version and 'openstack-api-version' not in names:
            reply.headers.extend(versions.told(self.style.service, version))
        return reply


def _admit(token: Token) -> None:
    """Raises Forbidden. At a site a user acts as a member whatever its token says, so it is here that a token's roles count."""
    if not (token.project or token.admin):
        raise Forbidden('This token is for no project; ask for one with the project that is meant.')
    if not token.reader:
        raise Forbidden('This token opens nothing here: none of its roles is reader, member, manager or admin.')
