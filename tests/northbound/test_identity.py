"""The identity door: what passes, what does not, and what happens before an answer goes out."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Coroutine, MutableMapping
from typing import Any

import msgspec
import pytest

from hansa.keystone import admin, catalog
from hansa.keystone.admin import Administrator
from hansa.keystone.engine import connect_engine
from hansa.keystone.line import Line
from hansa.keystone.twin import IdentityTwin, Said
from hansa.model.errors import SiteDown
from hansa.model.secret import Secret
from hansa.northbound.identity.door import IdentityDoor, takes_away
from hansa.northbound.identity.foreign import Foreign
from hansa.ports.clock import SystemClock
from hansa.ports.http import TransportError
from hansa.ports.site import Headers, SiteResponse
from hansa.sites.http.transport import HttpTransport
from tests.keystone import real

BASE = f'{real.PUBLIC}/identity'


@dataclasses.dataclass
class Got:
    """An answer as a client sees it."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


async def ask(
    door: IdentityDoor, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> Got:
    """One request through ASGI."""
    given = dict(headers or {}) | ({} if body is None else {'content-length': str(len(body))})
    path, _, query = path.partition('?')
    scope = {
        'type': 'http',
        'method': method,
        'path': path,
        'raw_path': path.encode(),
        'query_string': query.encode(),
        'headers': [(name.lower().encode(), value.encode()) for name, value in given.items()],
    }
    sent: list[MutableMapping[str, Any]] = []

    incoming = [body or b'']

    async def receive() -> MutableMapping[str, Any]:
        if not incoming:
            await asyncio.Event().wait()
        return {'type': 'http.request', 'body': incoming.pop()}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await door(scope, receive, send)
    shown = {name.decode(): value.decode() for name, value in sent[0]['headers']}
    return Got(sent[0]['status'], shown, b''.join(message.get('body', b'') for message in sent[1:]))


class Recorder(IdentityTwin):
    """A twin that answers as told, and remembers what came."""

    def __init__(self, status: int = 200, headers: Headers | None = None, body: bytes = b'{}') -> None:
        super().__init__(SystemClock())
        self.said = Said(status, headers or [], body)
        self.failure: SiteDown | None = None
        self.asked: list[tuple[str, str, str, Headers, object]] = []

    async def relay(
        self, method: str, path: str, query: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None
    ) -> SiteResponse:
        self.asked.append((method, path, query, headers, body))
        if self.failure is not None:
            raise self.failure
        return self.said


def play(act: Coroutine[Any, Any, None]) -> None:
    asyncio.run(act)


def test_headers_that_grant_power_do_not_pass() -> None:
    async def act() -> None:
        recorder = Recorder()
        evil = {
            'X-Roles': 'admin', 'X-User-Id': 'x', 'X-Identity-Status': 'Confirmed', 'X-Is-Admin-Project': 'true',
            'X-Service-Token': 't', 'REMOTE_USER': 'admin', 'OIDC_sub': 'x', 'MELLON_NAME_ID': 'x', 'X-Forwarded-Host': 'evil',
            'X-Forwarded-For': '1.2.3.4', 'Forwarded': 'host=evil', 'SSL_CLIENT_S_DN': 'x', 'X_Auth_Token': 'x', 'Host': 'evil',
            'Connection': 'keep-alive', 'Transfer-Encoding': 'chunked', 'Cookie': 'a=b',
        }  # fmt: skip
        good = {'X-Auth-Token': 't', 'X-Subject-Token': 's', 'OpenStack-Identity-Access-Rules': '1', 'User-Agent': 'me'}
        await ask(IdentityDoor(recorder), 'GET', '/v3/users?name=a%20b', evil | good)
        ((method, path, query, headers, _),) = recorder.asked
        assert (method, path, query) == ('GET', '/v3/users', 'name=a%20b')
        assert dict(headers) == {name.lower(): value for name, value in good.items()}

    play(act())


def test_headers_of_the_connection_do_not_come_back() -> None:
    async def act() -> None:
        told = [
            ('Server', 'gunicorn'),
            ('Connection', 'keep-alive'),
            ('Keep-Alive', 'x'),
            ('X-Subject-Token', 't'),
            ('Vary', 'X'),
        ]
        got = await ask(IdentityDoor(Recorder(201, told)), 'POST', '/v3/auth/tokens', {}, b'{}')
        assert (got.status, got.headers, got.body) == (201, {'x-subject-token': 't', 'vary': 'X'}, b'{}')

    play(act())


@pytest.mark.parametrize(
    ('method', 'path', 'status', 'refreshed'),
    [
        ('GET', '/v3/users', 200, 0),
        ('POST', '/v3/auth/tokens', 201, 0),
        ('POST', '/v3/ec2tokens', 200, 0),
        ('POST', '/v3/users/u/password', 204, 1),
        ('DELETE', '/v3/auth/tokens', 204, 1),
        ('DELETE', '/v3/auth/tokens', 404, 0),
        ('PATCH', '/v3/projects/p', 200, 1),
        ('PATCH', '/v3/projects/p', 403, 0),
        ('PATCH', '/v3/projects/p', 500, 1),
        ('PUT', '/v3/projects/p/users/u/roles/r', 204, 1),
    ],
)
def test_what_may_take_rights_away_is_followed_by_a_refresh(method: str, path: str, status: int, refreshed: int) -> None:
    async def act() -> None:
        recorder = Recorder(status)
        await ask(IdentityDoor(recorder), method, path, {}, b'{}')
        assert recorder.refreshed == refreshed

    play(act())


def test_a_change_whose_answer_was_lost_is_followed_by_a_refresh() -> None:
    async def act() -> None:
        for sent in (True, False):
            recorder = Recorder()
            recorder.failure = SiteDown('identity', 'broke off', 2, sent)
            got = await ask(IdentityDoor(recorder), 'DELETE', '/v3/users/u')
            assert (got.status, got.headers['retry-after'], recorder.refreshed) == (503, '2', int(sent))
            error = got.json()['error']
            assert (error['code'], error['title']) == (503, 'Service Unavailable')
            assert 'identity service broke off' in error['message']

    play(act())


def test_a_body_over_the_limit_is_not_relayed() -> None:
    async def act() -> None:
        recorder = Recorder()
        got = await ask(IdentityDoor(recorder), 'POST', '/v3/users', {}, b'x' * ((1 << 20) + 1))
        assert (got.status, got.json()['error']['code'], recorder.asked) == (413, 413, [])

    play(act())


@pytest.mark.parametrize('path', ['/v3/../v3', '/v3//users', '/v3/a%2Fb', '/v3/a%0d%0ab'])
def test_paths_that_can_be_read_in_two_ways_are_not_relayed(path: str) -> None:
    async def act() -> None:
        recorder = Recorder()
        got = await ask(IdentityDoor(recorder), 'GET', path)
        assert (got.status, got.json()['error']['title'], recorder.asked) == (400, 'Bad Request', [])

    play(act())


def test_an_answer_that_breaks_off_is_not_taken_for_whole() -> None:
    class Breaking(Said):
        async def chunks(self) -> AsyncIterator[bytes]:
            yield b'{"users": ['
            raise TransportError('broke off', sent=True)

    async def act() -> None:
        recorder = Recorder()
        recorder.said = Breaking(200, [], b'')
        with pytest.raises(TransportError):
            await ask(IdentityDoor(recorder), 'GET', '/v3/users')

    play(act())


def test_only_logins_are_harmless_posts() -> None:
    assert not takes_away('POST', ('v3', 'auth', 'tokens'))
    assert not takes_away('POST', ('v3', 'OS-FEDERATION', 'x'))
    assert takes_away('POST', ('v3', 'users'))
    assert takes_away('POST', ('v3',))
    assert not takes_away('HEAD', ('v3', 'users'))


def test_a_foreign_keystones_links_and_catalogue_become_the_leagues() -> None:
    def league(project: str, beside: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
        return catalog.document('http://l', 'here', project, beside or [])

    foreign = Foreign(['http://k:5000', 'http://k:5000/identity'], 'http://l/identity', league)
    token = {'token': {'project': {'id': 'p'}, 'catalog': [{'type': 'compute'}]}}
    changed = msgspec.json.decode(foreign.body(msgspec.json.encode(token), ''))
    assert changed['token']['catalog'] == league('p')
    bare = foreign.body(b'{"catalog": [], "links": {"self": "http://k:5000/v3/auth/catalog"}}', 'q')
    assert msgspec.json.decode(bare) == {'catalog': league('q'), 'links': {'self': 'http://l/identity/v3/auth/catalog'}}
    text = b'{"versions": ["http://k:5000/v3/", "http://k:5000/identity/v3", "http://k:50001/v3", "http://k:5000"]}'
    assert msgspec.json.decode(foreign.body(text, ''))['versions'] == [
        'http://l/identity/v3/', 'http://l/identity/v3', 'http://k:50001/v3', 'http://l/identity',
    ]  # fmt: skip
    assert foreign.body(b'not json \xff', '') == b'not json \xff'
    headers = [
        ('Location', 'http://k:5000/v3/'),
        ('Content-Length', '7'),
        ('WWW-Authenticate', 'Keystone uri="http://k:5000/v3"'),
    ]
    assert foreign.headers(headers) == [
        ('Location', 'http://l/identity/v3/'), ('WWW-Authenticate', 'Keystone uri="http://l/identity/v3"'),
    ]  # fmt: skip


def test_a_real_keystone_behind_the_door() -> None:
    there = real.shared()
    door = IdentityDoor(there.engine)

    async def act() -> None:
        root = await ask(door, 'GET', '/')
        assert (root.status, root.headers['location']) == (300, f'{BASE}/v3/')
        links = [link['href'] for version in root.json()['versions']['values'] for link in version['links']]
        assert links == [f'{BASE}/v3/']
        assert (await ask(door, 'GET', '')).status == 300
        assert (await ask(door, 'GET', '/v3')).json()['version']['links'][0]['href'] == f'{BASE}/v3/'

        known = await admin.login(there.line, real.administrator(there.accounts))
        token = {'X-Auth-Token': known.reveal()}
        users = (await ask(door, 'GET', '/v3/users', token)).json()
        assert {user['links']['self'].partition('/v3/')[0] for user in users['users']} == {BASE}
        assert users['links']['self'] == f'{BASE}/v3/users'

        bad = await ask(door, 'GET', '/v3/users', {'X-Auth-Token': 'bad'})
        assert (bad.status, bad.headers['www-authenticate']) == (401, f'Keystone uri="{BASE}/v3"')
        assert bad.headers['x-openstack-request-id'].startswith('req-')
        assert (await ask(door, 'GET', '/v3/auth/tokens', token | {'X-Subject-Token': 'bad'})).status == 404
        head = await ask(door, 'HEAD', '/v3/auth/tokens', token | {'X-Subject-Token': known.reveal()})
        assert (head.status, head.body, head.headers['x-subject-token']) == (200, b'', known.reveal())
        broken = await ask(door, 'POST', '/v3/auth/tokens', {'Content-Type': 'application/json'}, b'{')
        assert (broken.status, broken.json()['error']['title']) == (400, 'Bad Request')

        await there.engine.validate(known.reveal())
        gone = await ask(door, 'DELETE', '/v3/auth/tokens', token | {'X-Subject-Token': known.reveal()})
        assert (gone.status, gone.body) == (204, b'')
        assert (await ask(door, 'GET', '/v3/users', token)).status == 401

    there.run(act())


@pytest.mark.lab
def test_an_operators_own_keystone_behind_the_door() -> None:
    url = 'http://127.0.1.11:5000'
    who = Administrator('admin', Secret('secret'))

    async def act() -> None:
        line = Line(HttpTransport(), url)
        engine = connect_engine(f'{url}/v3', SystemClock(), HttpTransport(), who)
        door = IdentityDoor(engine, Foreign([url], BASE, lambda project, beside: catalog.document(real.PUBLIC, 'league', project, beside)))
        root = await ask(door, 'GET', '/')
        assert (root.status, root.headers['location']) == (300, f'{BASE}/v3/')
        assert url.encode() not in root.body
        token = (await admin.login(line, who)).reveal()
        told = await engine.validate(token)
        assert told.admin
        headers = {'X-Auth-Token': token, 'X-Subject-Token': token}
        shown = (await ask(door, 'GET', '/v3/auth/tokens', headers)).json()['token']
        assert shown['catalog'] == catalog.document(real.PUBLIC, 'league', told.project)
        bare = (await ask(door, 'GET', '/v3/auth/catalog', headers)).json()
        assert bare['catalog'] == shown['catalog']
        assert bare['links']['self'] == f'{BASE}/v3/auth/catalog'
        assert (await ask(door, 'DELETE', '/v3/auth/tokens', headers)).status == 204
        await engine.close()
        await line.close()

    play(act())
