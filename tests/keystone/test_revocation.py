"""What takes rights away, and that no token is taken any more then: through `refresh`, and behind our back."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from hansa.keystone import engine, files
from hansa.keystone.admin import Admin
from hansa.model.errors import Unauthorized
from hansa.ports.clock import SystemClock
from hansa.ports.identity import Identity
from hansa.sites.http.transport import HttpTransport
from tests.keystone import real
from tests.keystone.real import Real

BOUND_SECONDS = 5.0
PASSWORD = 'a long word'


@dataclasses.dataclass
class Person:
    """A user of a domain and a project of its own, with a token, and what revokes that token."""

    name: str
    token: str
    revoke: Callable[[], Awaitable[None]]


async def change(there: Real, method: str, path: str, token: str, document: Any = None, subject: str = '') -> Any:
    headers = [('X-Auth-Token', token), ('Content-Type', 'application/json')]
    if subject:
        headers.append(('X-Subject-Token', subject))
    body = None if document is None else msgspec.json.encode(document)
    status, _, answer = await there.line.read(method, f'/v3{path}', headers, body, 30)
    assert status in {200, 201, 204}, (method, path, answer)
    return msgspec.json.decode(answer) if answer else None


class Crowd:
    """Makes people, each to lose its rights in one way."""

    def __init__(self, there: Real, series: str) -> None:
        self.there = there
        self.admin: Admin = there.admin
        self.series = series
        self.admin_token = ''
        self.roles: dict[str, str] = {}

    async def gather(self) -> list[Person]:
        there = self.there
        known = (await self.admin.get('/users?name=admin'))['users'][0]
        project = {'project': {'name': 'admin', 'domain': {'id': 'default'}}}
        identity = real.by_password(known['id'], there.accounts.admin_password.reveal())
        self.admin_token = await real.token(there.line, identity, project)
        self.roles = {role['name']: role['id'] for role in (await self.admin.get('/roles'))['roles']}
        return [
            await self._person('token revoked', lambda it: self._as_admin('DELETE', '/auth/tokens', subject=it['token'])),
            await self._person('user disabled', lambda it: self._patch('user', it['user'], {'enabled': False})),
            await self._person('user deleted', lambda it: self._as_admin('DELETE', f'/users/{it["user"]}')),
            await self._person('password changed', lambda it: self._patch('user', it['user'], {'password': 'another'})),
            await self._person('role taken away', lambda it: self._as_admin('DELETE', it['grant'])),
            await self._person('project disabled', lambda it: self._patch('project', it['project'], {'enabled': False})),
            await self._person('domain disabled', lambda it: self._patch('domain', it['domain'], {'enabled': False})),
            await self._with_group(),
            await self._with_application_credential(),
            await self._with_trust(),
        ]

    async def _as_admin(self, method: str, path: str, document: Any = None, subject: str = '') -> Any:
        return await change(self.there, method, path, self.admin_token, document, subject)

    async def _patch(self, kind: str, id: str, what: dict[str, Any]) -> None:
        await self._as_admin('PATCH', f'/{kind}s/{id}', {kind: what})

    async def _make(self, name: str, *, member: bool = True) -> dict[str, str]:
        full = f'{self.series} {name}'
        domain = (await self.admin.post('/domains', {'domain': {'name': full}}))['domain']['id']
        project = (await self.admin.post('/projects', {'project': {'name': full, 'domain_id': domain}}))['project']['id']
        wanted = {'name': full, 'domain_id': domain, 'password': PASSWORD}
        user = (await self.admin.post('/users', {'user': wanted}))['user']['id']
        grant = f'/projects/{project}/users/{user}/roles/{self.roles["member"]}'
        if member:
            await self.admin.put(grant)
        return {'domain': domain, 'project': project, 'user': user, 'grant': grant}

    async def _login(self, it: dict[str, str]) -> str:
        scope = {'project': {'id': it['project']}}
        it['token'] = await real.token(self.there.line, real.by_password(it['user'], PASSWORD), scope)
        return it['token']

    async def _person(self, name: str, act: Callable[[dict[str, str]], Awaitable[None]]) -> Person:
        it = await self._make(name)
        await self._login(it)
        return Person(name, it['token'], lambda: act(it))

    async def _with_group(self) -> Person:
        it = await self._make('out of the group', member=False)
        wanted = {'group': {'name': f'{self.series} group', 'domain_id': it['domain']}}
        group = (await self.admin.post('/groups', wanted))['group']['id']
        await self.admin.put(f'/groups/{group}/users/{it["user"]}')
        await self.admin.put(f'/projects/{it["project"]}/groups/{group}/roles/{self.roles["member"]}')
        token = await self._login(it)
        return Person('out of the group', token, lambda: self._as_admin('DELETE', f'/groups/{group}/users/{it["user"]}'))

    async def _with_application_credential(self) -> Person:
        it = await self._make('application credential deleted')
        own = await self._login(it)
        path = f'/users/{it["user"]}/application_credentials'
        wanted = {'application_credential': {'name': 'robot', 'secret': 'hidden'}}
        made = (await change(self.there, 'POST', path, own, wanted))['application_credential']['id']
        identity = {'methods': ['application_credential'], 'application_credential': {'id': made, 'secret': 'hidden'}}
        token = await real.token(self.there.line, identity)
        return Person('application credential deleted', token, lambda: change(self.there, 'DELETE', f'{path}/{made}', own))

    async def _with_trust(self) -> Person:
        it, other = await self._make('trust deleted'), await self._make('trusted')
        own = await self._login(it)
        wanted = {
            'trustor_user_id': it['user'],
            'trustee_user_id': other['user'],
            'project_id': it['project'],
            'impersonation': True,
            'roles': [{'name': 'member'}],
        }
        made = (await change(self.there, 'POST', '/OS-TRUST/trusts', own, {'trust': wanted}))['trust']['id']
        token = await real.token(self.there.line, real.by_password(other['user'], PASSWORD), {'OS-TRUST:trust': {'id': made}})
        return Person('trust deleted', token, lambda: change(self.there, 'DELETE', f'/OS-TRUST/trusts/{made}', own))


async def still_taken(identity: Identity, people: list[Person]) -> list[str]:
    names = []
    for person in people:
        try:
            await identity.validate(person.token)
            names.append(person.name)
        except Unauthorized:
            continue
    return names


def test_after_a_refresh_no_revoked_token_is_taken() -> None:
    there = real.shared()

    async def act() -> None:
        people = await Crowd(there, 'refresh').gather()
        for person in people:
            await there.engine.validate(person.token)
            await person.revoke()
            await there.engine.refresh()
            assert await still_taken(there.engine, [person]) == []

    there.run(act())


def test_behind_our_back_no_revoked_token_is_taken_after_five_seconds() -> None:
    there = real.shared()

    async def act() -> None:
        people = await Crowd(there, 'behind').gather()
        transport = HttpTransport(unix_socket=str(files.socket_path(there.directory)))
        leased = engine.connect_engine(engine.ROOT, SystemClock(), transport, real.administrator(there.accounts))
        for identity in (there.engine, leased):
            assert len(await still_taken(identity, people)) == len(people)
        for person in people:
            await person.revoke()

        async def none() -> bool:
            return not (await still_taken(there.engine, people) or await still_taken(leased, people))

        await real.until(none, BOUND_SECONDS)
        await leased.close()

    there.run(act())


def test_a_role_given_is_seen_after_a_refresh() -> None:
    there = real.shared()

    async def act() -> None:
        crowd = Crowd(there, 'given')
        person = (await crowd.gather())[4]
        told = await there.engine.validate(person.token)
        assert told.roles == {'member', 'reader'}
        path = f'/projects/{told.project}/users/{told.user}/roles/{crowd.roles["swiftoperator"]}'
        await crowd.admin.put(path)
        await there.engine.refresh()
        assert (await there.engine.validate(person.token)).roles == {'member', 'reader', 'swiftoperator'}
        await asyncio.gather(*(there.engine.validate(person.token) for _ in range(10)))

    there.run(act())
