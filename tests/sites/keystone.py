"""A cloud of a few lines, behind the Transport port: it gives out tokens, counts logins and does what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from hansa.ports.http import TransportError
from hansa.ports.site import Headers, SiteResponse

CATALOG = [
    ('compute', 'http://c:8774/v2.1'),
    ('volumev3', 'http://c:8776/v3/{project}'),
    ('network', 'http://c:9696'),
    ('image', 'http://c/image'),
    ('identity', 'http://c:5000/v3'),
]


class Reply:
    """A whole response."""

    def __init__(self, status: int, doc: Any, headers: Headers | None = None) -> None:
        self.status = status
        self.headers: Headers = headers or []
        self._body = msgspec.json.encode(doc)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), '')

    async def read(self, limit: int = 64 << 20) -> bytes:
        return self._body

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._body

    async def close(self) -> None:
        pass


class Cloud:
    """`life` is how long its tokens last, in seconds; `down` why it is not reached ('' if it is); `gate` holds logins back."""

    def __init__(self, life: int = 3600) -> None:
        self.life = life
        self.down = ''
        self.password = 'secret'
        self.gate = asyncio.Event()
        self.gate.set()
        self.valid: set[str] = set()
        self.always_401 = False
        self.logins: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, Headers]] = []

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float
    ) -> SiteResponse:
        if self.down:
            raise TransportError(self.down, sent=False)
        if url.endswith('/auth/tokens'):
            assert isinstance(body, bytes)
            return await self._login(msgspec.json.decode(body)['auth'])
        self.asked.append((method, url, headers))
        token = next((value for name, value in headers if name == 'X-Auth-Token'), '')
        if self.always_401 or token not in self.valid:
            return Reply(401, {})
        return Reply(200, {'token': token})

    async def _login(self, auth: dict[str, Any]) -> Reply:
        self.logins.append(auth)
        await self.gate.wait()
        user = auth['identity'].get('password', {}).get('user', {})
        if user.get('password', self.password) != self.password:
            return Reply(401, {})
        project = auth.get('scope', {}).get('project', {}).get('id', 'p-own')
        token = f't{len(self.logins)}'
        self.valid.add(token)
        catalog = [
            {
                'type': kind,
                'endpoints': [{'interface': 'public', 'region_id': 'R', 'url': url.replace('{project}', project)}],
            }
            for kind, url in CATALOG
        ]
        doc = {
            'user': {'id': user.get('id', 'u-own'), 'name': 'demo', 'domain': {'id': 'default'}},
            'project': {'id': project, 'name': 'demo', 'domain': {'id': 'default'}},
            'issued_at': '2001-01-01T00:00:00.000000Z',
            'expires_at': f'2001-01-01T{self.life // 3600:02}:{self.life // 60 % 60:02}:{self.life % 60:02}.000000Z',
            'catalog': catalog,
        }
        return Reply(201, {'token': doc}, [('X-Subject-Token', token)])

    async def close(self) -> None:
        pass


ENTRY: dict[str, object] = {
    'region_name': 'R',
    'auth': {'auth_url': 'http://c:5000', 'username': 'demo', 'password': 'secret', 'project_name': 'demo'},
}
