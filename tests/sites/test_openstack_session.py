"""Logins are few, tokens are renewed unseen, a cloud that is gone costs nobody time, and no secret is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from hansa.model.errors import BadRequest, ConfigError, Forbidden, SiteDown, Unsupported
from hansa.model.secret import Secret
from hansa.ports.site import OPERATOR, Acting, Login, SiteRequest
from hansa.sites.openstack import session
from hansa.sites.openstack.connector import OpenStackSite
from hansa.sites.sim.clock import HandClock
from tests.sites.keystone import ENTRY, Cloud

GET = SiteRequest('compute', 'GET', '/servers')
ALICE = Acting(Login('u-alice', 'p-alice', Secret('secret')))


def played(
    play: Callable[[OpenStackSite, Cloud, HandClock], Coroutine[Any, Any, None]], given: dict[str, object] = ENTRY
) -> None:
    async def main() -> None:
        cloud, clock = Cloud(), HandClock(1000)
        site = OpenStackSite('east', given, clock, cloud)
        async with asyncio.timeout(20):
            await play(site, cloud, clock)
        await site.close()

    asyncio.run(main())


def test_one_login_serves_many_requests_and_each_user_has_one() -> None:
    async def play(site: OpenStackSite, cloud: Cloud, _: HandClock) -> None:
        cloud.gate.clear()
        crowd = [asyncio.ensure_future(site.send(GET, OPERATOR, 10)) for _ in range(20)]
        await asyncio.sleep(0)
        cloud.gate.set()
        assert {(await each).status for each in crowd} == {200}
        assert len(cloud.logins) == 1
        await site.send(GET, ALICE, 10)
        await site.send(GET, ALICE, 10)
        await site.send(GET, Acting(project='p-other'), 10)
        assert [login['scope']['project'] for login in cloud.logins] == [
            {'name': 'demo', 'domain': {'id': 'default'}},
            {'id': 'p-alice'},
            {'id': 'p-other'},
        ]
        assert cloud.logins[1]['identity']['password']['user'] == {'id': 'u-alice', 'password': 'secret'}

    played(play)


def test_a_caller_who_leaves_does_not_end_the_login_of_others() -> None:
    async def play(site: OpenStackSite, cloud: Cloud, _: HandClock) -> None:
        cloud.gate.clear()
        first, second = (asyncio.ensure_future(site.send(GET, OPERATOR, 10)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait((first,))
        with pytest.raises(SiteDown, match='did not answer in'):
            await site.send(GET, OPERATOR, 0.01)
        cloud.gate.set()
        assert (await second).status == 200
        assert len(cloud.logins) == 1

    played(play)


def test_a_token_is_renewed_a_minute_before_it_ends() -> None:
    async def play(site: OpenStackSite, cloud: Cloud, clock: HandClock) -> None:
        await site.send(GET, OPERATOR, 10)
        clock.time += 3600 - 61
        await site.send(GET, OPERATOR, 10)
        assert len(cloud.logins) == 1
        clock.time += 2
        await site.send(GET, OPERATOR, 10)
        assert len(cloud.logins) == 2

    played(play)


def test_a_lost_token_is_renewed_once_and_unseen() -> None:
    async def play(site: OpenStackSite, cloud: Cloud, _: HandClock) -> None:
        await site.send(GET, OPERATOR, 10)
        cloud.valid.clear()
        answers = await asyncio.gather(*(site.send(GET, OPERATOR, 10) for _ in range(10)))
        assert {answer.status for answer in answers} == {200}
        assert len(cloud.logins) == 2

    played(play)


def test_a_service_that_always_says_401_costs_one_login_not_one_each() -> None:
    async def play(site: OpenStackSite, cloud: Cloud, clock: HandClock) -> None:
        cloud.always_401 = True
        for _ in range(10):
            assert (await site.send(GET, OPERATOR, 10)).status == 401
        assert len(cloud.logins) == 2
        clock.time += session.STUBBORN_FOR + 1
        cloud.always_401 = False
        cloud.valid.clear()
        assert (await site.send(GET, OPERATOR, 10)).status == 200

    played(play)


def test_a_stream_is_not_sent_twice() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b'x'

    async def play(site: OpenStackSite, cloud: Cloud, _: HandClock) -> None:
        await site.send(GET, OPERATOR, 10)
        cloud.valid.clear()
        upload = SiteRequest('image', 'PUT', '/images/1/file', body=body())
        with pytest.raises(SiteDown, match='took our token no longer'):
            await site.send(upload, OPERATOR, 10)
        assert len(cloud.asked) == 2
        assert (await site.send(upload, OPERATOR, 10)).status == 200

    played(play)


def test_a_wrong_password_is_tried_once_in_a_while() -> None:
    async def play(site: OpenStackSite, cloud: Cloud, clock: HandClock) -> None:
        cloud.password = 'new'
        for _ in range(5):
            with pytest.raises(SiteDown, match='login with 401'):
                await site.send(GET, OPERATOR, 10)
        assert len(cloud.logins) == 1
        assert site.health().reachable
        with pytest.raises(ConfigError, match=r'Site east: http://c:5000/v3 refused the password of user demo \(401\)'):
            await site.describe()
        cloud.password = 'secret'
        clock.time += session.REFUSED_FOR + 1
        assert (await site.send(GET, OPERATOR, 10)).status == 200

    played(play)


def test_sessions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, 'LIMIT', 3)

    async def play(site: OpenStackSite, cloud: Cloud, _: HandClock) -> None:
        for number in (1, 2, 3, 1, 4, 1):
            await site.send(GET, Acting(project=f'p-{number}'), 10)
        assert len(cloud.logins) == 4
        await site.send(GET, Acting(project='p-2'), 10)
        assert len(cloud.logins) == 5

    played(play)


def test_a_dead_cloud_fails_at_once_and_is_found_again() -> None:
    async def play(site: OpenStackSite, cloud: Cloud, clock: HandClock) -> None:
        await site.send(GET, OPERATOR, 10)
        cloud.down = 'refuses connections'
        for _ in range(2):
            with pytest.raises(SiteDown, match=r'Site east \(compute\) refuses connections'):
                await site.send(GET, OPERATOR, 10)
        assert site._probe is not None
        await site._probe
        assert not site.health().reachable
        assert site.health().since == 1000
        cloud.down = ''
        before = len(cloud.asked)
        for service in ('compute', 'network', 'identity'):
            with pytest.raises(SiteDown) as caught:
                await site.send(SiteRequest(service, 'GET', '/'), OPERATOR, 10)
            assert not caught.value.sent
        assert len(cloud.asked) == before
        clock.time += 6
        with pytest.raises(SiteDown):
            await site.send(GET, OPERATOR, 10)
        await site._probe
        assert (await site.send(GET, OPERATOR, 10)).status == 200
        assert site.health().since == 1006

    played(play)


def test_logins_that_hang_open_the_circuit() -> None:
    async def play(site: OpenStackSite, cloud: Cloud, clock: HandClock) -> None:
        cloud.gate.clear()
        for _ in range(2):
            with pytest.raises(SiteDown, match='did not answer'):
                await site.send(GET, OPERATOR, 0.01)
        assert len(cloud.logins) == 1
        assert not site.health().reachable
        cloud.gate.set()

    played(play)


def test_tokens_of_the_league_stay_at_home() -> None:
    async def play(site: OpenStackSite, cloud: Cloud, _: HandClock) -> None:
        headers = [('X-Auth-Token', 'league'), ('x-service-token', 'league'), ('OpenStack-API-Version', 'compute 2.96')]
        await site.send(SiteRequest('compute', 'GET', '/servers', headers=headers), OPERATOR, 10)
        assert cloud.asked[-1][2] == [('OpenStack-API-Version', 'compute 2.96'), ('X-Auth-Token', 't1')]

    played(play)


def test_where_requests_go() -> None:
    async def play(site: OpenStackSite, cloud: Cloud, _: HandClock) -> None:
        for service, path in (
            ('compute', '/servers'),
            ('compute', '^/'),
            ('volume', '/volumes'),
            ('network', '/ports'),
            ('image', '/images'),
            ('identity', '/users'),
        ):
            await site.send(SiteRequest(service, 'GET', path, 'limit=1'), Acting(project='p1'), 10)
        assert [url for _, url, _ in cloud.asked] == [
            'http://c:8774/v2.1/servers?limit=1',
            'http://c:8774/?limit=1',
            'http://c:8776/v3/p1/volumes?limit=1',
            'http://c:9696/v2.0/ports?limit=1',
            'http://c/image/v2/images?limit=1',
            'http://c:5000/v3/users?limit=1',
        ]
        with pytest.raises(Unsupported, match='Site east offers no placement service'):
            await site.send(SiteRequest('placement', 'GET', '/'), OPERATOR, 10)
        with pytest.raises(BadRequest):
            await site.send(SiteRequest('compute', 'GET', '@evil/'), OPERATOR, 10)

    played(play)


def test_an_application_credential_stays_in_its_project() -> None:
    auth = {'auth_url': 'http://c:5000/v3', 'application_credential_id': 'ac', 'application_credential_secret': 'secret'}

    async def play(site: OpenStackSite, cloud: Cloud, _: HandClock) -> None:
        assert (await site.send(GET, OPERATOR, 10)).status == 200
        assert cloud.logins == [
            {
                'identity': {
                    'methods': ['application_credential'],
                    'application_credential': {'id': 'ac', 'secret': 'secret'},
                }
            }
        ]
        with pytest.raises(Forbidden):
            await site.send(GET, Acting(project='p-other'), 10)

    played(play, {'auth': auth})
