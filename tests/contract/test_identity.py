"""What the port Identity promises, asked of the twin and of a real Keystone."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from hansa.keystone.twin import IdentityTwin
from hansa.model.call import Token
from hansa.model.errors import Forbidden, NotFound, Unauthorized
from hansa.model.secret import Secret
from hansa.model.signature import Claim, Scope
from hansa.ports.clock import SystemClock
from hansa.ports.identity import Identity
from hansa.rules.s3 import signing
from tests.keystone import real


@dataclasses.dataclass
class Side:
    """An implementation, how it issues and revokes a token of user demo, and an access key of his with its secret, and where its coroutines run."""

    identity: Identity
    issue: Callable[[], Awaitable[str]]
    revoke: Callable[[str], Awaitable[None]]
    lend: Callable[[], Awaitable[tuple[str, str]]]
    take: Callable[[str], Awaitable[None]]
    run: Callable[[Coroutine[Any, Any, None]], None]


def twin() -> Side:
    clock = SystemClock()
    identity = IdentityTwin(clock)
    issued: list[str] = []

    async def issue() -> str:
        issued.append(f'token-{len(issued)}')
        roles = frozenset(('member', 'reader'))
        told = Token('u', 'demo', 'default', 'p', 'demo', 'default', roles, clock.now() + 3600)
        identity.add(issued[-1], told)
        return issued[-1]

    async def revoke(token: str) -> None:
        identity.revoke(token)

    async def lend() -> tuple[str, str]:
        identity.lend('access', Secret('secret'), await issue())
        return 'access', 'secret'

    async def take(access: str) -> None:
        identity.lend(access, Secret('secret'), 'none')

    return Side(identity, issue, revoke, lend, take, asyncio.run)


def keystone() -> Side:
    there = real.shared()

    async def issue() -> str:
        demo = (await there.admin.get('/users?name=demo'))['users'][0]['id']
        return await real.token(there.line, real.by_password(demo, there.accounts.demo_password.reveal()))

    async def revoke(token: str) -> None:
        headers = [('X-Auth-Token', token), ('X-Subject-Token', token)]
        assert (await there.line.read('DELETE', '/v3/auth/tokens', headers, None, 30))[0] == 204

    async def lend() -> tuple[str, str]:
        demo = (await there.admin.get('/users?name=demo'))['users'][0]['id']
        project = (await there.admin.get('/projects?name=demo'))['projects'][0]['id']
        made = await there.admin.post(f'/users/{demo}/credentials/OS-EC2', {'tenant_id': project})
        return made['credential']['access'], made['credential']['secret']

    async def take(access: str) -> None:
        await there.admin._ask('DELETE', f'/credentials/{hashlib.sha256(access.encode()).hexdigest()}', None)

    return Side(there.engine, issue, revoke, lend, take, there.run)


@pytest.fixture(params=[twin, keystone])
def side(request: pytest.FixtureRequest) -> Side:
    make: Callable[[], Side] = request.param
    return make()


def test_a_token_says_who_asks(side: Side) -> None:
    async def act() -> None:
        told = await side.identity.validate(await side.issue())
        assert (told.user_name, told.user_domain, told.project_name, told.project_domain) == (
            'demo',
            'default',
            'demo',
            'default',
        )
        assert told.roles == {'member', 'reader'}
        assert (told.writer, told.admin, told.system) == (True, False, False)
        assert told.user
        assert told.project
        assert told.expires > SystemClock().now()

    side.run(act())


@pytest.mark.parametrize('token', ['', 'nonsense', 'x' * 10_000, 'gAAAAABh'])
def test_what_is_no_token_is_unauthorized(side: Side, token: str) -> None:
    async def act() -> None:
        with pytest.raises(Unauthorized):
            await side.identity.validate(token)

    side.run(act())


def test_a_revoked_token_is_not_taken_after_a_refresh_and_others_are(side: Side) -> None:
    async def act() -> None:
        gone, stays = await side.issue(), await side.issue()
        await side.identity.validate(gone)
        await side.revoke(gone)
        await side.identity.refresh()
        with pytest.raises(Unauthorized):
            await side.identity.validate(gone)
        await side.identity.validate(stays)

    side.run(act())


def claim(access: str, secret: str, text: str = 'A') -> Claim:
    """One that is right, as to the secret."""
    scope = Scope('20260101', 'league')
    whole = signing.text('20260101T000000Z', scope, text)
    return Claim(access, scope, whole, signing.signature(signing.key(secret, scope), whole))


def test_a_signature_says_who_signs_and_gives_the_key_of_its_scope(side: Side) -> None:
    async def act() -> None:
        access, secret = await side.lend()
        for text in ('A', 'B'):
            signer = await side.identity.signed(claim(access, secret, text))
            assert (signer.token.user_name, signer.token.project_name, signer.token.roles) == ('demo', 'demo', frozenset(('member', 'reader')))
            assert signer.key == signing.key(secret, Scope('20260101', 'league'))
            assert secret not in repr(signer)
        with pytest.raises(Unauthorized):
            await side.identity.signed(claim(access, 'another'))
        await side.identity.signed(claim(access, secret))

    side.run(act())


@pytest.mark.parametrize('access', ['', 'nobody', 'x' * 10_000, 'a/b?c=d'])
def test_an_access_key_that_there_is_not(side: Side, access: str) -> None:
    async def act() -> None:
        with pytest.raises(NotFound):
            await side.identity.signed(claim(access, 'secret'))

    side.run(act())


def test_an_access_key_that_was_taken_away_opens_nothing_after_a_refresh(side: Side) -> None:
    async def act() -> None:
        access, secret = await side.lend()
        await side.identity.signed(claim(access, secret))
        await side.take(access)
        await side.identity.refresh()
        with pytest.raises((NotFound, Forbidden)):
            await side.identity.signed(claim(access, secret))

    side.run(act())


def test_projects_are_found_by_id_and_by_name(side: Side) -> None:
    async def act() -> None:
        told = await side.identity.validate(await side.issue())
        words = ['demo', told.project, 'no such project', 'a/b?c=d', '', '..']
        assert await side.identity.project_ids(words) == {'demo': told.project, told.project: told.project}

    side.run(act())


def test_what_is_gone_is_told_from_what_is_there(side: Side) -> None:
    async def act() -> None:
        told = await side.identity.validate(await side.issue())
        assert await side.identity.gone('project', [told.project, 'none', 'a/b?c=d']) == ['none', 'a/b?c=d']
        assert await side.identity.gone('user', ['none', told.user]) == ['none']

    side.run(act())


def test_relay_gives_an_answer_with_a_body_in_keystones_form(side: Side) -> None:
    async def act() -> None:
        answer = await side.identity.relay('GET', '/v3/users/no-such-user', '', [], None)
        assert answer.status in {401, 404}
        assert answer.header('content-type').startswith('application/json')
        assert b'"error"' in await answer.read()

    side.run(act())
