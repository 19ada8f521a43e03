"""An OpenStack cloud as a site: finds its services, logs in, passes requests on and tells when it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import msgspec

from hansa.model.errors import BadRequest, Busy, ConfigError, SiteDown, Unsupported
from hansa.model.site import Capabilities, Health
from hansa.ports.clock import Clock
from hansa.ports.http import Transport, TransportError
from hansa.ports.site import OPERATOR, Acting, Headers, SiteRequest, SiteResponse
from hansa.sites.http.transport import HttpTransport
from hansa.sites.openstack import capabilities, errors, notifications, settings
from hansa.sites.openstack.answer import Answer
from hansa.sites.openstack.breaker import Breaker
from hansa.sites.openstack.discovery import PREFIX
from hansa.sites.openstack.doubt import Doubt
from hansa.sites.openstack.session import Session, Sessions

LOGIN_TIMEOUT = 20.0
DESCRIBE_TIMEOUT = 20.0
PROBE_TIMEOUT = 5.0
LONGEST = 60.0

# Tokens that callers may still carry are the league's and must not be seen by a site.
_READS = frozenset(('GET', 'HEAD'))
_SECRET_HEADERS = frozenset(('x-auth-token', 'x-service-token', 'x-storage-token'))


class OpenStackSite:
    """`hansa.ports.site.Site` over an entry of clouds.yaml. Raises ConfigError for an entry that cannot be used.

    `patience` multiplies what a site's answers are waited for, for sites that are slow; no wait becomes longer than `LONGEST` by it.
    """

    kind = 'openstack'

    def __init__(
        self, name: str, given: Mapping[str, object], clock: Clock, transport: Transport | None = None, patience: float = 1.0
    ) -> None:
        self.name = name
        self._patience = patience
        self._settings = settings.read(name, given)
        self._transport = transport or HttpTransport(ssl_context=settings.tls(name, self._settings))
        self._breaker = Breaker(name, clock)
        self._doubt = Doubt(self._transport, self._hung, patience)
        self._sessions = Sessions(name, self._settings, clock, self._post)
        self._own: Session | None = None
        self._probe: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f'OpenStackSite({self.name!r})'

    async def send(self, request: SiteRequest, acting: Acting, timeout: float) -> SiteResponse:
        """As the port says. A streamed body cannot be sent twice: its 401 is SiteDown, and the next request logs in anew."""
        try:
            self._breaker.admit(request.service)
        except SiteDown:
            self._look_again()
            raise
        return await self._send(request, acting, self._scaled(timeout))

    def _scaled(self, timeout: float) -> float:
        return max(timeout, min(timeout * self._patience, LONGEST))

    async def describe(self) -> Capabilities:
        """Log in anew and ask everything. Raises ConfigError for a credential or address that does not work, SiteDown."""
        try:
            session = self._own = await self._sessions.renew(OPERATOR, self._scaled(LOGIN_TIMEOUT))
        except errors.LoginRefused as error:
            raise ConfigError(f'Site {self.name}: {self._settings.identity} {error.detail}.') from error
        except SiteDown as error:
            why = error.why.removeprefix('(identity) ')
            raise SiteDown(self.name, f'at {self._settings.identity} {why}', error.retry_after, error.sent) from error
        if not session.project:
            raise ConfigError(f'Site {self.name}: its token is for no project. Name a project in its entry of clouds.yaml.')
        return await capabilities.learn(self.name, self._ask, session.endpoints, session.names)

    def root(self, service: str) -> str:
        endpoint = self._own.endpoints.get(service) if self._own is not None else None
        return endpoint.prefix() if endpoint is not None else ''

    def own_project(self) -> str:
        return self._own.project if self._own is not None else ''

    def account_prefix(self) -> str:
        endpoint = self._own.endpoints.get('object-store') if self._own is not None else None
        return endpoint.before(self.own_project()) if endpoint is not None else PREFIX

    def own_user(self) -> str:
        return self._own.user if self._own is not None else ''

    def health(self) -> Health:
        return self._breaker.health()

    async def hints(self) -> AsyncGenerator[str, None]:
        if self._settings.notifications is not None:
            async with contextlib.aclosing(notifications.heard(self.name, self._settings.notifications)) as heard:
                async for kind in heard:
                    yield kind

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait((self._probe,))
        await self._doubt.close()
        await self._sessions.close()
        await self._transport.close()

    # -- one request

    async def _send(self, request: SiteRequest, acting: Acting, timeout: float) -> SiteResponse:
        if acting.nobody:
            return await self._try(request, await self._session(OPERATOR, timeout), timeout, openly=True)
        session = await self._session(acting, timeout)
        response = await self._try(request, session, timeout)
        if response.status != 401 or not self._sessions.spent(acting, session):
            return response
        if request.body is not None and not isinstance(request.body, bytes):
            await response.close()
            raise SiteDown(self.name, f'({request.service}) took our token no longer', 1, sent=True)
        await response.close()
        session = await self._session(acting, timeout)
        response = await self._try(request, session, timeout)
        if response.status == 401:
            self._sessions.stubborn(session)
        return response

    async def _session(self, acting: Acting, timeout: float) -> Session:
        try:
            return await self._sessions.get(acting, timeout)
        except SiteDown as error:
            if isinstance(error.__cause__, TimeoutError):
                # The login goes on and may yet come back; its callers have waited in vain all the same.
                self._breaker.failed('identity', f'did not answer in {timeout:g} s')
                self._look_again()
            raise

    async def _try(self, request: SiteRequest, session: Session, timeout: float, *, openly: bool = False) -> SiteResponse:
        """One attempt; `openly` without a token."""
        endpoint = session.endpoints.get(request.service)
        if endpoint is None:
            raise Unsupported(f'Site {self.name} offers no {request.service} service that can be used.')
        if not request.path.startswith(('/', '^/')):
            raise BadRequest('The path of a request begins with a slash.')
        headers = [header for header in request.headers if header[0].lower() not in _SECRET_HEADERS]
        if not openly:
            headers.append(('X-Auth-Token', session.token.reveal()))
        url = endpoint.url(request.path, request.query)
        if request.body is not None and not isinstance(request.body, bytes):
            return await self._wire(request.service, request.method, url, headers, request.body, timeout)
        wire = functools.partial(self._wire, request.service, request.method, url, headers, request.body, timeout)
        try:
            return await self._doubt.over(request.service, endpoint.root + '/', wire, write=request.method not in _READS)
        except TransportError as error:
            raise errors.down(self.name, request.service, error) from error

    def _hung(self, service: str, reason: str) -> None:
        self._breaker.failed(service, reason, surely=True)
        self._look_again()

    async def _wire(self, service: str, method: str, url: str, headers: Headers, body: Any, timeout: float) -> SiteResponse:
        try:
            response = await self._transport.send(method, url, headers, body, timeout)
        except TransportError as error:
            raise self._blame(service, error) from error
        except ValueError as error:
            raise BadRequest(f'This cannot be said in HTTP: {error}.') from error
        self._breaker.answered(service)
        self._doubt.heard(service)
        return Answer(response, lambda error: self._blame(service, error))

    def _blame(self, service: str, error: TransportError) -> SiteDown:
        self._breaker.failed(service, error.reason)
        self._look_again()
        return errors.down(self.name, service, error)

    # -- our own questions

    async def _post(self, url: str, body: bytes) -> tuple[int, str, bytes]:
        headers = [('Content-Type', 'application/json'), ('Accept', 'application/json')]
        response = await self._wire('identity', 'POST', url, headers, body, self._scaled(LOGIN_TIMEOUT))
        return response.status, response.header('X-Subject-Token'), await response.read(limit=4 << 20)

    async def _ask(self, service: str, method: str, path: str, body: object) -> tuple[int, Any]:
        headers = [('Accept', 'application/json')]
        if body is not None:
            headers.append(('Content-Type', 'application/json'))
        encoded = None if body is None else msgspec.json.encode(body)
        request = SiteRequest(service, method, path, headers=headers, body=encoded)
        response = await self._send(request, OPERATOR, self._scaled(DESCRIBE_TIMEOUT))
        answer = await response.read()
        if response.status >= 500:
            raise SiteDown(self.name, f'({service}) answered with status {response.status}')
        decoded = capabilities.decoded(answer)
        if decoded is None and answer and response.status < 400:
            raise SiteDown(self.name, f'({service}) sent something that is not JSON')
        return response.status, decoded

    # -- coming back

    def _look_again(self) -> None:
        """Where a circuit is open, try in the background whether it may be closed; nobody waits for that."""
        if self._probe is None or self._probe.done():
            suspects = self._breaker.suspects()
            if suspects:
                self._probe = asyncio.get_running_loop().create_task(self._look(suspects))

    async def _look(self, suspects: list[str]) -> None:
        for service in suspects:
            url = self._settings.identity
            if service != 'identity':
                endpoint = self._own.endpoints.get(service) if self._own is not None else None
                url = endpoint.root if endpoint is not None else url
            try:
                response = await self._transport.send('GET', url + '/', [], None, self._scaled(PROBE_TIMEOUT))
            except TransportError as error:
                self._breaker.failed(service, error.reason, surely=True)
                if service == 'identity':
                    return
            except Busy:
                # All connections hang: that will show by itself.
                continue
            else:
                await response.close()
                self._breaker.answered(service)
