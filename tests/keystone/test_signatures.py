"""How often Keystone is asked for access keys, and what holds while it is away or has changed its mind."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

import msgspec
import pytest

from hansa.keystone.admin import Administrator, Session
from hansa.keystone.line import Line
from hansa.keystone.signatures import BAD_SECONDS, Signatures
from hansa.keystone.twin import Said
from hansa.model.errors import Forbidden, NotFound, SiteDown, Unauthorized
from hansa.model.secret import Secret
from hansa.model.signature import Claim, Scope
from hansa.ports.http import TransportError
from hansa.ports.site import Headers, SiteResponse
from hansa.rules.s3 import signing
from tests import virtual
from tests.keystone import told
from tests.virtual import VirtualClock

SCOPE = Scope('20260101', 'league')
LEASE = 60.0


class Keystone:
    """The port `Transport`: it knows one access key, and writes down what it is asked; its tokens end when it says so."""

    def __init__(self, clock: VirtualClock) -> None:
        self.asked: list[str] = []
        self.secret = 's1'
        self.answer = 200
        self.broken = False
        self.logins = 0
        self._clock = clock

    async def send(self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float) -> SiteResponse:
        what = url.removeprefix('http://keystone/v3/').partition('?')[0]
        assert timeout > 0
        if self.broken:
            raise TransportError('refuses connections', sent=False)
        if what == 'auth/tokens':
            self.logins += 1
            return Said(201, [('X-Subject-Token', f'ours{self.logins}')], b'{}')
        assert dict(headers)['X-Auth-Token'].startswith('ours')
        self.asked.append(what.partition('/')[0])
        await asyncio.sleep(0)
        if what == 's3tokens':
            assert isinstance(body, bytes)
            assert self.secret.encode() not in body
            return Said(self.answer, [], told.document(self._clock.now() + 1000))
        if what != f'credentials/{hashlib.sha256(b"AK").hexdigest()}' or not self.secret:
            return Said(404, [], b'{}')
        blob = msgspec.json.encode({'access': 'AK', 'secret': self.secret, 'trust_id': None}).decode()
        return Said(200, [], msgspec.json.encode({'credential': {'type': 'ec2', 'blob': blob, 'user_id': 'u1'}}))

    async def close(self) -> None:
        self.asked.clear()


def signatures(lease: float = LEASE) -> tuple[Signatures, Keystone, VirtualClock]:
    clock = VirtualClock()
    there = Keystone(clock)
    line = Line(there, 'http://keystone')
    return Signatures(Session(line, Administrator('hansa', Secret('pw'))), clock, lease), there, clock


def claim(text: str = 'A', secret: str = 's1', access: str = 'AK') -> Claim:
    whole = signing.text('20260101T000000Z', SCOPE, text)
    return Claim(access, SCOPE, whole, signing.signature(signing.key(secret, SCOPE), whole))


def test_keystone_is_asked_once_for_many_who_ask_at_once() -> None:
    async def main() -> None:
        judge, there, clock = signatures()
        signers = await asyncio.gather(*(judge.judge(claim(str(number))) for number in range(20)))
        assert {signer.token.user for signer in signers} == {'u1'}
        assert there.asked == ['credentials', 's3tokens']
        await clock.sleep(LEASE + 1)
        await judge.judge(claim())
        assert there.asked == ['credentials', 's3tokens'] * 2
        judge.forget()
        await judge.judge(claim())
        assert there.asked == ['credentials', 's3tokens'] * 3
        assert there.logins == 1

    virtual.run(main)


def test_wrong_signatures_and_unknown_keys_cost_one_question() -> None:
    async def main() -> None:
        judge, there, clock = signatures()
        for number in range(5):
            with pytest.raises(Unauthorized):
                await judge.judge(claim(str(number), secret='wrong'))
        await judge.judge(claim())
        assert there.asked == ['credentials', 's3tokens']
        for _ in range(5):
            with pytest.raises(NotFound):
                await judge.judge(claim(access='other'))
        assert there.asked[2:] == ['credentials']
        await clock.sleep(BAD_SECONDS)
        with pytest.raises(NotFound):
            await judge.judge(claim(access='other'))
        assert there.asked[3:] == ['credentials']

    virtual.run(main)


def test_who_may_not_act_any_more_is_told_so_and_may_again_soon() -> None:
    async def main() -> None:
        judge, there, clock = signatures()
        await judge.judge(claim())
        there.answer = 401
        judge.forget()
        for _ in range(3):
            with pytest.raises(Forbidden):
                await judge.judge(claim())
        assert there.logins == 2
        there.answer = 200
        await clock.sleep(BAD_SECONDS)
        await judge.judge(claim())
        there.secret = 's2'
        judge.forget()
        with pytest.raises(Unauthorized):
            await judge.judge(claim())
        await judge.judge(claim(secret='s2'))
        there.secret = ''
        judge.forget()
        with pytest.raises(NotFound):
            await judge.judge(claim(secret='s2'))

    virtual.run(main)


def test_work_goes_on_while_keystone_is_away_unless_something_was_revoked() -> None:
    async def main() -> None:
        judge, there, clock = signatures()
        await judge.judge(claim())
        there.broken = True
        await clock.sleep(LEASE + 1)
        await judge.judge(claim())
        with pytest.raises(Unauthorized):
            await judge.judge(claim(secret='wrong'))
        judge.forget()
        with pytest.raises(SiteDown):
            await judge.judge(claim())
        there.broken, there.answer = False, 403
        with pytest.raises(SiteDown, match='role admin'):
            await judge.judge(claim())

    virtual.run(main)
