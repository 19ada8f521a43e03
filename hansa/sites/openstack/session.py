"""Tokens of a cloud: one login for many requests, renewed ahead of time, for a bounded number of users at once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec

from hansa.model.errors import Forbidden, SiteDown
from hansa.model.secret import Secret
from hansa.ports.clock import Clock
from hansa.ports.site import Acting
from hansa.sites.openstack.discovery import Endpoint, endpoints
from hansa.sites.openstack.errors import LoginRefused
from hansa.sites.openstack.settings import Settings

LIMIT = 1000
AHEAD = 60.0
REFUSED_FOR = 10.0
STUBBORN_FOR = 30.0

Post = Callable[[str, bytes], Awaitable[tuple[int, str, bytes]]]


class Session(msgspec.Struct, eq=False):
    """A token and what its catalog says; `until` (monotonic) is when it is to be renewed.

    Before `stubborn` (monotonic) a 401 is the cloud's answer and no reason to log in again.
    """

    token: Secret
    until: float
    user: str
    project: str
    names: tuple[str, str, str, str]
    endpoints: dict[str, Endpoint]
    stubborn: float = 0.0


class Sessions:
    """`post` sends a body to a URL and gives status, X-Subject-Token and body; it raises SiteDown."""

    def __init__(self, site: str, settings: Settings, clock: Clock, post: Post) -> None:
        self._site = site
        self._settings = settings
        self._clock = clock
        self._post = post
        self._kept: OrderedDict[Acting, Session] = OrderedDict()
        self._refused: OrderedDict[Acting, tuple[float, LoginRefused]] = OrderedDict()
        self._flights: dict[Acting, asyncio.Task[Session]] = {}

    async def get(self, acting: Acting, timeout: float) -> Session:
        """A session that lives for a minute at least. Raises SiteDown, LoginRefused, Forbidden."""
        session = self._kept.get(acting)
        if session is not None and session.until > self._clock.monotonic():
            self._kept.move_to_end(acting)
            return session
        refused = self._refused.get(acting)
        if refused is not None and refused[0] > self._clock.monotonic():
            raise refused[1]
        return await self.renew(acting, timeout)

    async def renew(self, acting: Acting, timeout: float) -> Session:
        """A new session; whoever asks for the same one at the same time gets the same."""
        flight = self._flights.get(acting)
        if flight is None:
            if len(self._flights) >= LIMIT:
                raise SiteDown(self._site, 'is busy with logins', 1)
            flight = self._flights[acting] = asyncio.get_running_loop().create_task(self._login(acting))
            flight.add_done_callback(lambda done: self._landed(acting, done))
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(flight)
        except TimeoutError as error:
            raise SiteDown(self._site, f'(identity) did not answer in {timeout:g} s') from error

    def spent(self, acting: Acting, session: Session) -> bool:
        """The cloud no longer takes this session's token; tells whether another login may help."""
        if session.stubborn > self._clock.monotonic():
            return False
        if self._kept.get(acting) is session:
            del self._kept[acting]
        return True

    def stubborn(self, session: Session) -> None:
        """A fresh token was answered with 401 too."""
        session.stubborn = self._clock.monotonic() + STUBBORN_FOR

    async def close(self) -> None:
        """Give up logins under way and forget all tokens."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        if flights:
            await asyncio.wait(flights)
        self._kept.clear()

    def _landed(self, acting: Acting, flight: asyncio.Task[Session]) -> None:
        self._flights.pop(acting, None)
        if flight.cancelled():
            return
        error = flight.exception()
        if error is None:
            self._refused.pop(acting, None)
            self._kept[acting] = flight.result()
            self._kept.move_to_end(acting)
            if len(self._kept) > LIMIT:
                self._kept.popitem(last=False)
        elif isinstance(error, LoginRefused):
            self._refused[acting] = (self._clock.monotonic() + REFUSED_FOR, error)
            if len(self._refused) > LIMIT:
                self._refused.popitem(last=False)

    async def _login(self, acting: Acting) -> Session:
        body = msgspec.json.encode({'auth': self._auth(acting)})
        status, token, answer = await self._post(self._settings.identity + '/auth/tokens', body)
        if status >= 500 or status == 429 or (status < 300 and not token):
            raise SiteDown(self._site, f'(identity) answered our login with {status} and no token')
        if status >= 300:
            raise LoginRefused(self._site, status, self._why(acting, status))
        try:
            return self._session(token, msgspec.json.decode(answer)['token'])
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise SiteDown(self._site, '(identity) sent a token that cannot be read') from error

    def _session(self, token: str, doc: dict[str, Any]) -> Session:
        user, project = doc['user'], doc.get('project') or {}
        # Counted from the cloud's own stamp, so that its clock need not agree with ours.
        life = (datetime.fromisoformat(doc['expires_at']) - datetime.fromisoformat(doc['issued_at'])).total_seconds()
        return Session(
            token=Secret(token),
            until=self._clock.monotonic() + max(life - AHEAD, life / 2),
            user=user['id'],
            project=project.get('id', ''),
            names=(
                user.get('name', ''),
                (user.get('domain') or {}).get('id', ''),
                project.get('name', ''),
                (project.get('domain') or {}).get('id', ''),
            ),
            endpoints=endpoints(self._settings, doc.get('catalog') or (), project.get('id', '')),
        )

    def _auth(self, acting: Acting) -> dict[str, object]:
        if acting.login is not None:
            login = acting.login
            identity = {'password': {'user': {'id': login.user, 'password': login.secret.reveal()}}}
            return {'identity': {'methods': ['password'], **identity}, 'scope': {'project': {'id': login.project}}}
        settings = self._settings
        secret = settings.secret.reveal()
        if settings.method == 'application_credential':
            if acting.project:
                raise Forbidden(f'Site {self._site}: its application credential acts in its own project only.')
            given: dict[str, object] = {'secret': secret}
            if settings.credential:
                given['id'] = settings.credential
            else:
                given |= {'name': settings.user['credential'], 'user': settings.user['user']}
            return {'identity': {'methods': [settings.method], settings.method: given}}
        proof: dict[str, object] = (
            {'id': secret} if settings.method == 'token' else {'user': {**settings.user, 'password': secret}}
        )
        scope = {'project': {'id': acting.project} if acting.project else settings.project}
        return {'identity': {'methods': [settings.method], settings.method: proof}, 'scope': scope}

    def _why(self, acting: Acting, status: int) -> str:
        who = self._settings.who() if acting.login is None else f'the password of user {acting.login.user}'
        if status == 401:
            return f'refused {who} (401). Check user, secret and project in its entry of clouds.yaml'
        if status in (400, 403):
            return f'answered the login of {who} with {status}. Ask its administrator whether that login is allowed'
        return f'is not an Identity API v3 (status {status}). Check auth_url in its entry of clouds.yaml'
