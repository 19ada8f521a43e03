"""The whole house in one process without sockets, over simulated clouds, in virtual time.

    def test_x() -> None:
        async def main() -> None:
            async with house.league('east', 'west') as league:
                status, headers, body = await league.ask('POST', '/compute/v2.1/servers', {...})
                await league.clock.sleep(30)

        virtual.run(main)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from hansa.entry import config, wiring
from hansa.entry.posts import Role
from hansa.keystone.twin import IdentityTwin
from hansa.model.call import Token
from hansa.model.secret import Secret
from hansa.model.site import Mode, SiteSpec
from hansa.northbound.identity.door import IdentityDoor
from hansa.ports.bus import Bus
from hansa.ports.clock import Clock
from hansa.ports.http import Transport
from hansa.ports.site import Site
from hansa.ports.store import Store
from hansa.sites.openstack.connector import OpenStackSite
from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.transport import AsgiTransport
from hansa.storage.sqlite import open_store
from tests.virtual import VirtualClock

URL = 'http://league.test'
USERS = (
    ('demo', 'demo', ('member', 'reader')),
    ('alt_demo', 'alt_demo', ('member', 'reader')),
    ('admin', 'admin', ('admin', 'member', 'reader')),
    ('demo_reader', 'demo', ('reader',)),
)
Answer = tuple[int, dict[str, str], Any]


def league_id(word: str) -> str:
    """Id of a user or project of the league: 32 hex digits that show whose they are ('demo' and 'user demo')."""
    return word.encode().hex().rjust(32, '0')[-32:]


def people(clock: Clock) -> IdentityTwin:
    """The league's Keystone; a user's token is 'token-NAME', as no site may ever see it, and his access key for S3 'access-NAME'."""
    twin = IdentityTwin(clock)
    for user, project, roles in USERS:
        told = Token(
            league_id(f'user {user}'), user, 'default', league_id(project), project, 'default', frozenset(roles), clock.now() + 1e8
        )
        twin.add(f'token-{user}', told)
        twin.lend(f'access-{user}', Secret(f'secret-{user}'), f'token-{user}')
    return twin


def entry(name: str, mode: Mode) -> dict[str, object]:
    """A site's entry of clouds.yaml: its administrator where it is managed, its user demo where we are a tenant."""
    user = 'admin' if mode == 'managed' else 'demo'
    auth = {'auth_url': f'http://{name}.sim/identity/v3', 'username': user, 'password': 'secret', 'project_name': user}
    return {'region_name': 'RegionOne', 'auth': auth | {'user_domain_name': 'Default', 'project_domain_name': 'Default'}}


class League:
    """`clouds` and `modes` by site name; `house` is what `wiring.build` made."""

    def __init__(self, house: wiring.House, clouds: Mapping[str, SimCloud], twin: IdentityTwin, clock: Clock) -> None:
        self.house = house
        self.clouds = clouds
        self.twin = twin
        self.clock = clock
        self.store = house.store

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = 'demo',
        headers: Mapping[str, str] | None = None,
        version: str = '',
    ) -> Answer:
        """Status, headers (names in lower case) and the decoded JSON body, or bytes where it is none.

        `path` is whole, query included ('/compute/v2.1/servers?name=a'); `body` bytes go as octet-stream, anything else
        as JSON. `token` names the user ('' sends none); `version` is a microversion of the path's service ('2.96').
        """
        sent = {'x-auth-token': f'token-{token}'} if token else {}
        raw = body if isinstance(body, bytes) else b'' if body is None else json.dumps(body).encode()
        if body is not None:
            sent['content-type'] = 'application/octet-stream' if isinstance(body, bytes) else 'application/json'
            sent['content-length'] = str(len(raw))
        if version:
            sent['openstack-api-version'] = f'{path.split("/")[1]} {version}'
        return await drive(self.house.hall, method, path, {**sent, **(headers or {})}, raw)

    async def ok(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """The body of an answer that has to be a success."""
        status, _, told = await self.ask(method, path, body, **more)
        assert status < 300, (method, path, status, told)
        return told


async def drive(app: Callable[..., Any], method: str, path: str, headers: Mapping[str, str], body: bytes, *, local: bool = False) -> Answer:
    """One request to an ASGI application; a `local` one comes by the unix socket."""
    target, _, query = path.partition('?')
    scope = {
        'type': 'http', 'http_version': '1.1', 'method': method, 'scheme': 'http', 'path': target, 'raw_path': target.encode(),
        'query_string': query.encode(), 'headers': [(name.lower().encode(), value.encode('latin1')) for name, value in headers.items()],
        'server': ('hansa.sock', None) if local else ('league.test', 80), 'client': ('192.0.2.1', 1234),
    }  # fmt: skip
    incoming = [body]
    start: dict[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        if not incoming:
            await asyncio.Event().wait()
        return {'type': 'http.request', 'body': incoming.pop(), 'more_body': False}

    async def send(message: dict[str, Any]) -> None:
        if message['type'] == 'http.response.start':
            start.update(message)
        else:
            parts.append(message.get('body', b''))

    await app(scope, receive, send)
    told = {name.decode('latin1').lower(): value.decode('latin1') for name, value in start['headers']}
    raw = b''.join(parts)
    is_json = told.get('content-type', '').startswith('application/json')
    return start['status'], told, json.loads(raw) if raw and is_json else raw


async def build(
    clouds: Mapping[str, SimCloud],
    twin: IdentityTwin,
    clock: Clock,
    *,
    store: Store,
    wrap: Callable[[str, Transport], Transport] = lambda _, transport: transport,
    settings: Mapping[str, str] | None = None,
    role: Role | None = None,
    bus: Bus | None = None,
) -> wiring.House:
    """A house over clouds that are there already; `wrap(site, transport)` may stand between it and each of them. `role` is of one of several."""

    def connect(spec: SiteSpec, clock: Clock) -> Site:
        return OpenStackSite(spec.name, spec.settings, clock, wrap(spec.name, AsgiTransport(clouds[spec.name])))

    made = config.config(config.settle({'public_url': URL, 'clouds': '', **(settings or {})}, '', {}))
    return await wiring.build(made, twin, IdentityDoor(twin), clock, None, store=store, connect=connect, role=role, bus=bus)


def spec(name: str, mode: Mode = 'managed', projects: Sequence[str] = ('demo',)) -> SiteSpec:
    """A simulated cloud as the operator names it."""
    return SiteSpec(name, 'openstack', entry(name, mode), projects=tuple(projects))


@contextlib.asynccontextmanager
async def league(
    *names: str,
    tenant: Sequence[str] = (),
    projects: Sequence[str] = ('demo',),
    wrap: Callable[[str, Transport], Transport] = lambda _, transport: transport,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[League]:
    """A league of simulated clouds that have all entered and told what they hold; those in `tenant` are used as a tenant for `projects`."""
    clock = VirtualClock()
    clouds = {name: SimCloud(name, clock, seed) for seed, name in enumerate(names or ('east', 'west'))}
    twin = people(clock)
    house = await build(clouds, twin, clock, store=await open_store(None), wrap=wrap, settings=settings)
    try:
        for name in clouds:
            await house.membership.join(spec(name, 'tenant' if name in tenant else 'managed', projects))
        await house.membership.ready(list(clouds), 60)
        for name in clouds:
            await house.flock.catch_up(name)
        yield League(house, clouds, twin, clock)
    finally:
        await house.close()
