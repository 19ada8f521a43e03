"""What we ask Keystone for ourselves, as an administrator, in plain Identity API v3."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import msgspec

from hansa.keystone.line import Line
from hansa.model.errors import SiteDown, Unauthorized
from hansa.model.secret import Secret
from hansa.ports.site import Headers

TIMEOUT = 30.0


class Admin:
    """Requests with an administrator's token."""

    def __init__(self, line: Line, token: Secret) -> None:
        self._line = line
        self._token = token

    async def get(self, path: str) -> Any:
        """A document. Raises SiteDown for any status but 200."""
        return await self._ask('GET', path, None)

    async def post(self, path: str, document: Any) -> Any:
        """Make something; gives its document."""
        return await self._ask('POST', path, document)

    async def patch(self, path: str, document: Any) -> Any:
        """Change something."""
        return await self._ask('PATCH', path, document)

    async def put(self, path: str) -> None:
        """Let something be so."""
        await self._ask('PUT', path, None)

    async def _ask(self, method: str, path: str, document: Any) -> Any:
        headers = [('X-Auth-Token', self._token.reveal()), ('Accept', 'application/json')]
        body = None
        if document is not None:
            headers.append(('Content-Type', 'application/json'))
            body = msgspec.json.encode(document)
        status, _, answer = await self._line.read(method, f'/v3{path}', headers, body, TIMEOUT)
        if status not in {200, 201, 204}:
            raise SiteDown('identity', f'answered {status} to {method} /v3{path}')
        return msgspec.json.decode(answer) if answer else None


@dataclasses.dataclass(frozen=True)
class Administrator:
    """Whose rights we ask with; domains and the project by their names."""

    user: str
    password: Secret
    project: str = 'admin'
    user_domain: str = 'Default'
    project_domain: str = 'Default'


async def login(line: Line, who: Administrator) -> Secret:
    """A new token. Raises Unauthorized, SiteDown."""
    user = {'name': who.user, 'domain': {'name': who.user_domain}, 'password': who.password.reveal()}
    identity = {'methods': ['password'], 'password': {'user': user}}
    scope = {'project': {'name': who.project, 'domain': {'name': who.project_domain}}}
    body = msgspec.json.encode({'auth': {'identity': identity, 'scope': scope}})
    headers = [('Content-Type', 'application/json'), ('Accept', 'application/json')]
    status, back, _ = await line.read('POST', '/v3/auth/tokens?nocatalog', headers, body, TIMEOUT)
    if status == 401:
        raise Unauthorized(f'Keystone does not take the password of {who.user}.')
    token = next((value for name, value in back if name.lower() == 'x-subject-token'), '')
    if status != 201 or not token:
        raise SiteDown('identity', f'answered {status} to a login')
    return Secret(token)


class Session:
    """An administrator who stays logged in: a token is kept until Keystone no longer takes it."""

    def __init__(self, line: Line, who: Administrator) -> None:
        self._line = line
        self._who = who
        self._held: Secret | None = None
        self._lock = asyncio.Lock()

    async def read(self, path: str, headers: Headers, timeout: float) -> tuple[int, bytes]:
        """GET as the administrator: status and body. Raises SiteDown, also where our rights are refused."""
        ours = await self._token(None)
        status, body = await self._read(ours, path, headers, timeout)
        if status == 401:
            status, body = await self._read(await self._token(ours), path, headers, timeout)
        if status in {401, 403}:
            raise SiteDown('identity', f'answers {status} to our own user {self._who.user}; it needs the role admin')
        return status, body

    async def post(self, path: str, document: Any, timeout: float) -> tuple[int, bytes]:
        """POST as the administrator: status and body; 401 is about what was asked, not about us. Raises SiteDown, also where our rights are refused."""
        ours = await self._token(None)
        status, body = await self._post(ours, path, document, timeout)
        if status == 401:
            status, body = await self._post(await self._token(ours), path, document, timeout)
        if status == 403:
            raise SiteDown('identity', f'answers {status} to our own user {self._who.user}; it needs the role admin')
        return status, body

    async def _post(self, ours: Secret, path: str, document: Any, timeout: float) -> tuple[int, bytes]:
        sent = [('X-Auth-Token', ours.reveal()), ('Accept', 'application/json'), ('Content-Type', 'application/json')]
        status, _, body = await self._line.read('POST', path, sent, msgspec.json.encode(document), timeout)
        return status, body

    async def _read(self, ours: Secret, path: str, headers: Headers, timeout: float) -> tuple[int, bytes]:
        sent = [('X-Auth-Token', ours.reveal()), ('Accept', 'application/json'), *headers]
        status, _, body = await self._line.read('GET', path, sent, None, timeout)
        return status, body

    async def _token(self, spent: Secret | None) -> Secret:
        async with self._lock:
            if self._held is None or self._held is spent:
                try:
                    self._held = await login(self._line, self._who)
                except Unauthorized as error:
                    raise SiteDown('identity', f'does not take the password of our own user {self._who.user}') from error
            return self._held
