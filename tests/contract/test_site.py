"""What every site must do, asked of a simulated cloud in memory and of real ones on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop
import yaml

from hansa.model.errors import ConfigError, SiteDown, Unsupported
from hansa.ports.clock import SystemClock
from hansa.ports.http import Transport
from hansa.ports.site import OPERATOR, Acting, Site, SiteRequest
from hansa.sites.openstack.connector import OpenStackSite
from hansa.sites.sim.clock import HandClock
from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.fault import Fault
from hansa.sites.sim.fleet.cloud import FleetCloud
from hansa.sites.sim.transport import AsgiTransport
from tests.sites.wire import Talk, saying_once, serve

Settings = dict[str, Any]
Steps = Callable[['Subject'], Awaitable[None]]


class Subject:
    """A cloud with users admin and demo; `site` gives it as seen by one of them, with changes to the entry's auth."""

    def __init__(self, plain: Settings, admin: Settings, transport: Callable[[], Transport | None]) -> None:
        self._entries = {'demo': plain, 'admin': admin}
        self._transport = transport

    @contextlib.asynccontextmanager
    async def site(self, user: str = 'demo', **auth: str) -> AsyncIterator[OpenStackSite]:
        entry = dict(self._entries[user])
        entry['auth'] = {**entry['auth'], **auth}
        site = OpenStackSite('east', entry, SystemClock(), self._transport())
        try:
            yield site
        finally:
            await site.close()


def simulated(fault: Fault | None = None, app: SimCloud | None = None) -> Subject:
    app = app or SimCloud('east', HandClock())
    app.fault = fault
    cloud = AsgiTransport(app)

    def entry(user: str) -> Settings:
        return {
            'region_name': 'RegionOne',
            'auth': {
                'auth_url': 'http://east.sim/identity/v3',
                'username': user,
                'password': 'secret',
                'project_name': user,
                'user_domain_name': 'Default',
                'project_domain_name': 'Default',
            },
        }

    return Subject(entry('demo'), entry('admin'), lambda: cloud)


def real(name: str) -> Subject:
    entries = yaml.safe_load(Path(os.environ['LAB_CLOUDS']).read_text())['clouds']
    return Subject(entries[name], entries[f'{name}-admin'], lambda: None)


LAB = pytest.mark.lab
WHERE = pytest.mark.parametrize('where', ['sim', 'fleet', pytest.param('east', marks=LAB), pytest.param('west', marks=LAB)])


def subject(where: str) -> Subject:
    if where == 'fleet':
        return simulated(app=FleetCloud('east', HandClock(), size=50, life=10))
    return simulated() if where == 'sim' else real(where)


def played(where: str, steps: Steps) -> None:
    async def main() -> None:
        async with asyncio.timeout(60):
            await steps(subject(where))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


async def ask(
    site: Site, service: str, method: str, path: str, doc: object = None, query: str = '', acting: Acting = OPERATOR
) -> tuple[int, Any]:
    """Status and JSON (or None) of one request."""
    headers = [('Content-Type', 'application/json')] if doc is not None else []
    body = msgspec.json.encode(doc) if doc is not None else None
    response = await site.send(SiteRequest(service, method, path, query, headers, body), acting, 20)
    answer = await response.read()
    return response.status, msgspec.json.decode(answer) if answer[:1] in (b'{', b'[') else None


@WHERE
def test_it_says_what_it_is(where: str) -> None:
    async def steps(cloud: Subject) -> None:
        async with cloud.site('admin') as site:
            status, before = await ask(site, 'identity', 'GET', '/projects')
            assert status == 200
            described = await site.describe()
            assert described.mode == 'managed'
            _, after = await ask(site, 'identity', 'GET', '/projects')
            assert before['projects'] == after['projects']
        async with cloud.site() as site:
            assert (await ask(site, 'compute', 'GET', '/servers'))[0] == 200
            described = await site.describe()
            assert described.mode == 'tenant'
            assert {'compute', 'volume', 'network', 'image', 'identity'} <= described.services.keys()
            assert described.services['compute'].lowest == '2.1'
            assert described.services['volume'].lowest == '3.0'
            assert described.zones['compute'] == described.zones['volume'] == ('nova',)
            assert 'router' in described.extensions
            assert described.missing == ()
            assert site.own_project()
            assert site.own_user()
            assert site.health().reachable

    played(where, steps)


@WHERE
def test_it_does_what_is_asked(where: str) -> None:
    async def steps(cloud: Subject) -> None:
        async with cloud.site() as site:
            status, made = await ask(site, 'network', 'POST', '/networks', {'network': {'name': 'hansa-contract'}})
            assert status == 201
            identity = made['network']['id']
            status, read = await ask(site, 'network', 'GET', f'/networks/{identity}')
            assert (status, read['network']['name']) == (200, 'hansa-contract')
            status, listed = await ask(site, 'network', 'GET', '/networks', query=f'id={identity}&fields=id')
            assert (status, listed) == (200, {'networks': [{'id': identity}]})
            assert await ask(site, 'network', 'DELETE', f'/networks/{identity}') == (204, None)
            assert (await ask(site, 'network', 'GET', f'/networks/{identity}'))[0] == 404

    played(where, steps)


@WHERE
def test_every_status_is_an_answer(where: str) -> None:
    async def steps(cloud: Subject) -> None:
        async with cloud.site() as site:
            nobody = '00000000-0000-4000-8000-000000000000'
            assert (await ask(site, 'compute', 'GET', f'/servers/{nobody}'))[0] == 404
            assert (await ask(site, 'volume', 'GET', f'/volumes/{nobody}'))[0] == 404
            assert (await ask(site, 'image', 'DELETE', f'/images/{nobody}'))[0] == 404
            assert (await ask(site, 'network', 'POST', '/networks', {'nonsense': 1}))[0] == 400
            assert (await ask(site, 'identity', 'POST', '/users', {'user': {'name': 'x'}}))[0] == 403
            status, versions = await ask(site, 'compute', 'GET', '^/')
            assert status == 200
            assert 'v2.1' in [version['id'] for version in versions['versions']]
            with pytest.raises(Unsupported):
                await ask(site, 'orchestration', 'GET', '/stacks')

    played(where, steps)


@WHERE
def test_bodies_stream_both_ways(where: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(40):
            yield bytes([number]) * 50_000

    async def steps(cloud: Subject) -> None:
        async with cloud.site() as site:
            wish = {'name': 'hansa-contract', 'disk_format': 'raw', 'container_format': 'bare'}
            status, image = await ask(site, 'image', 'POST', '/images', wish)
            assert status == 201
            path = f'/images/{image["id"]}'
            try:
                kind = [('Content-Type', 'application/octet-stream')]
                sent = await site.send(SiteRequest('image', 'PUT', f'{path}/file', '', kind, pieces()), OPERATOR, 30)
                assert sent.status == 204
                await sent.close()
                got = await site.send(SiteRequest('image', 'GET', f'{path}/file'), OPERATOR, 30)
                whole = b''.join([chunk async for chunk in got.chunks()])
                assert whole == b''.join([piece async for piece in pieces()])
            finally:
                assert (await ask(site, 'image', 'DELETE', path))[0] == 204

    played(where, steps)


@WHERE
def test_a_token_that_was_revoked_is_renewed_unseen(where: str) -> None:
    async def steps(cloud: Subject) -> None:
        async with cloud.site() as site:
            session = await site._sessions.get(OPERATOR, 20)
            revoke = SiteRequest('identity', 'DELETE', '/auth/tokens', headers=[('X-Subject-Token', session.token.reveal())])
            assert (await site.send(revoke, OPERATOR, 20)).status == 204
            assert (await ask(site, 'compute', 'GET', '/servers'))[0] == 200
            assert (await site._sessions.get(OPERATOR, 20)).token != session.token

    played(where, steps)


@WHERE
def test_the_operator_can_act_in_another_project(where: str) -> None:
    async def steps(cloud: Subject) -> None:
        async with cloud.site('admin') as site, cloud.site() as plain:
            await plain.describe()
            project = plain.own_project()
            role = {'role': (await ask(site, 'identity', 'GET', '/roles', query='name=admin'))[1]['roles'][0]['id']}
            await site.describe()
            grant = f'/projects/{project}/users/{site.own_user()}/roles/{role["role"]}'
            assert (await ask(site, 'identity', 'PUT', grant))[0] == 204
            acting = Acting(project=project)
            status, made = await ask(site, 'network', 'POST', '/networks', {'network': {'name': 'hansa-contract'}}, acting=acting)
            assert (status, made['network']['project_id']) == (201, project)
            path = f'/networks/{made["network"]["id"]}'
            assert (await ask(plain, 'network', 'GET', path))[0] == 200
            assert (await ask(site, 'network', 'DELETE', path, acting=acting))[0] == 204

    played(where, steps)


@WHERE
def test_a_wrong_password_is_said(where: str) -> None:
    async def steps(cloud: Subject) -> None:
        async with cloud.site(password='not-it') as site:
            with pytest.raises(ConfigError, match=r'refused the password of user demo \(401\)') as caught:
                await site.describe()
            assert 'not-it' not in str(caught.value) + repr(site) + repr(site._settings)

    played(where, steps)


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(65536):
        pass


@pytest.mark.parametrize(
    ('talk', 'why'),
    [
        (hang, 'did not answer in'),
        (saying_once(b''), 'broke off'),
        (saying_once(b'220 mail ready\r\n'), 'sent something that is not HTTP'),
        (saying_once(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'), 'answered our login with 200 and no token'),
        (saying_once(b'HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n'), 'answered our login with 503'),
    ],
)
def test_a_site_that_does_not_answer_is_down(talk: Talk, why: str) -> None:
    async def steps(cloud: Subject) -> None:
        async with serve(talk) as server:
            entry = {'auth': {'auth_url': server.base, 'username': 'u', 'password': 'secret', 'project_name': 'p'}}
            site = OpenStackSite('east', entry, SystemClock())
            with pytest.raises(SiteDown, match=why) as caught:
                await site.send(SiteRequest('compute', 'GET', '/servers'), OPERATOR, 0.1)
            assert caught.value.site == 'east'
            await site.close()

    played('sim', steps)


@pytest.mark.parametrize(
    ('fault', 'why'),
    [
        (Fault('refuse'), 'at http://east.sim/identity/v3 refuses connections'),
        (Fault('garbage'), 'answered our login with 200 and no token'),
        (Fault('garbage', service='compute'), r'\(compute\) sent something that is not JSON'),
        (Fault('lose_reply', service='network'), r'\(network\) broke'),
        (Fault('error', service='volume'), r'\(volume\) answered with status 503'),
    ],
)
def test_a_site_that_fails_is_not_described(fault: Fault, why: str) -> None:
    async def steps(_: Subject) -> None:
        async with simulated(fault).site() as site:
            with pytest.raises(SiteDown, match=why):
                await site.describe()

    played('sim', steps)


def test_a_hanging_service_is_given_up_in_time_and_others_go_on() -> None:
    async def steps(_: Subject) -> None:
        async with simulated(Fault('hang', service='compute')).site() as site:
            for _attempt in range(2):
                with pytest.raises(SiteDown, match='did not answer in') as caught:
                    await site.send(SiteRequest('compute', 'GET', '/servers'), OPERATOR, 0.05)
                assert caught.value.sent
            assert not site.health().reachable
            with pytest.raises(SiteDown) as caught:
                await site.send(SiteRequest('compute', 'POST', '/servers', body=b'{}'), OPERATOR, 10)
            assert not caught.value.sent
            assert (await ask(site, 'network', 'GET', '/networks'))[0] == 200

    played('sim', steps)
