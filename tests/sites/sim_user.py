"""A user of a simulated cloud, for tests: logs in and sends requests in memory, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from hansa.ports.site import SiteResponse
from hansa.sites.sim.clock import HandClock
from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.transport import AsgiTransport

MICROVERSIONS = {'compute': 'compute 2.100', 'volume': 'volume 3.71'}
ROOTS = {
    'identity': '/identity/v3',
    'compute': '/compute/v2.1',
    'volume': '/volume/v3',
    'network': '/network/v2.0',
    'image': '/image/v2',
}
NOWHERE = '11111111-1111-4111-8111-111111111111'


class User:
    """Answers are (status, document)."""

    def __init__(self, cloud: SimCloud, clock: HandClock, name: str = 'demo', project: str = 'demo') -> None:
        self.cloud = cloud
        self.clock = clock
        self.name = name
        self.project = project
        self.transport = AsgiTransport({f'{cloud.name}.sim': cloud})
        self.token = ''
        self.project_id = ''
        self.user_id = ''

    async def login(self, **scope: object) -> dict[str, Any]:
        user = {'name': self.name, 'domain': {'id': 'default'}, 'password': 'secret'}
        wanted = scope or {'project': {'name': self.project, 'domain': {'id': 'default'}}}
        body = {'auth': {'identity': {'methods': ['password'], 'password': {'user': user}}, 'scope': wanted}}
        answer = await self.raw('POST', 'identity', '/auth/tokens', body)
        assert answer.status == 201
        self.token = answer.header('X-Subject-Token')
        token: dict[str, Any] = json.loads(await answer.read())['token']
        self.project_id, self.user_id = token.get('project', {}).get('id', ''), token['user']['id']
        return token

    async def raw(
        self,
        method: str,
        service: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        timeout: float = 5,
    ) -> SiteResponse:
        sent = {'X-Auth-Token': self.token}
        if service in MICROVERSIONS:
            sent['OpenStack-API-Version'] = MICROVERSIONS[service]
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if body is not None:
            sent['Content-Type'] = 'application/json'
        root = '' if path.startswith('^') else ROOTS[service]
        url = f'http://{self.cloud.name}.sim{root}{path.removeprefix("^")}'
        return await self.transport.send(method, url, list((sent | (headers or {})).items()), content, timeout)

    async def ask(
        self, method: str, service: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        answer = await self.raw(method, service, path, body, headers)
        content = await answer.read()
        return answer.status, json.loads(content) if content.startswith((b'{', b'[')) else content

    async def named(self, service: str, path: str, kind: str, name: str) -> dict[str, Any]:
        """The object of that name in a list."""
        _, listed = await self.ask('GET', service, path)
        found: dict[str, Any] = next(one for one in listed[kind] if one['name'] == name)
        return found

    async def boot(self, name: str = 'one', **more: object) -> str:
        """A server that is ACTIVE; its id."""
        image = (await self.named('image', '/images', 'images', 'cirros'))['id']
        network = (await self.named('network', '/networks', 'networks', 'private'))['id']
        given = {'name': name, 'flavorRef': '1', 'imageRef': image, 'networks': [{'uuid': network}]}
        status, made = await self.ask('POST', 'compute', '/servers', {'server': given | more})
        assert status == 202, made
        self.clock.advance(2)
        id: str = made['server']['id']
        return id

    async def volume(self, **more: object) -> str:
        """A volume that is available; its id."""
        status, made = await self.ask('POST', 'volume', '/volumes', {'volume': {'size': 1, 'name': 'disk'} | more})
        assert status == 202, made
        self.clock.advance(2)
        id: str = made['volume']['id']
        return id


def played(play: Callable[[User], Awaitable[None]], name: str = 'demo', project: str = 'demo') -> None:
    """Let a logged-in user of a fresh cloud 'east' play."""

    async def main() -> None:
        clock = HandClock()
        user = User(SimCloud('east', clock), clock, name, project)
        async with asyncio.timeout(20):
            await user.login()
            await play(user)
        await user.transport.close()

    asyncio.run(main())


async def another(user: User, name: str, project: str) -> User:
    """Somebody else in the same cloud, logged in."""
    other = User(user.cloud, user.clock, name, project)
    await other.login()
    return other
