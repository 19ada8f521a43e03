"""Many sites behind one address, and what may be ordered of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hansa.sites.sim.clock import HandClock
from hansa.sites.sim.fleet import fleet
from hansa.sites.sim.transport import AsgiTransport

HERE, THERE = 'here.test:1', 'there.test:2'
Ask = Callable[..., Awaitable[tuple[int, Any]]]


def played(play: Callable[[Ask, HandClock], Awaitable[None]]) -> None:
    """Two processes of a fleet of four sites, each of which knows the other."""

    async def main() -> None:
        clock = HandClock()
        apps: dict[str, Any] = {}
        wire = AsgiTransport(apps)
        names = fleet.names(4)
        apps[HERE] = fleet.Fleet(fleet.build(names[:2], clock, 7, 20, 0.3, 0), {f'http://{THERE}': names[2:]}, wire)
        apps[THERE] = fleet.Fleet(fleet.build(names[2:], clock, 7, 20, 0.3, 0), {f'http://{HERE}': names[:2]}, wire)

        async def ask(method: str, path: str, body: object = None, token: str = '', host: str = HERE) -> tuple[int, Any]:
            content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
            headers = [('X-Auth-Token', token), ('Content-Type', 'application/json')]
            answer = await wire.send(method, f'http://{host}{path}', headers, content, 5)
            told = json.loads(await answer.read())
            return answer.status, (told, answer.header('X-Subject-Token')) if 'token' in told else told

        async with asyncio.timeout(20):
            await play(ask, clock)
        await wire.close()

    asyncio.run(main())


async def login(ask: Ask, site: str, host: str = HERE) -> tuple[str, dict[str, str]]:
    """A token and the catalog's public addresses."""
    user = {'name': 'demo', 'domain': {'id': 'default'}, 'password': 'secret'}
    scope = {'project': {'name': 'demo', 'domain': {'id': 'default'}}}
    body = {'auth': {'identity': {'methods': ['password'], 'password': {'user': user}}, 'scope': scope}}
    status, (told, token) = await ask('POST', f'/{site}/identity/v3/auth/tokens', body, host=host)
    assert status == 201
    return token, {one['type']: one['endpoints'][0]['url'] for one in told['token']['catalog']}


def test_each_site_is_a_cloud_below_its_own_path() -> None:
    async def play(ask: Ask, _: HandClock) -> None:
        token, urls = await login(ask, 'fleet2')
        assert urls['compute'] == f'http://{HERE}/fleet2/compute/v2.1'
        status, told = await ask('GET', '/fleet2/compute/v2.1/servers?limit=3', token=token)
        assert (status, len(told['servers'])) == (200, 3)
        assert told['servers_links'][0]['href'].startswith(f'http://{HERE}/fleet2/compute/v2.1/servers?limit=3&marker=')
        assert (await ask('GET', '/fleet1/compute/v2.1/servers', token=token))[0] == 401
        assert (await ask('GET', '/fleet3/compute/v2.1/servers', token=token))[0] == 404
        other, _urls = await login(ask, 'fleet3', THERE)
        ids = {one['id'] for one in told['servers']}
        status, told = await ask('GET', '/fleet3/compute/v2.1/servers', token=other, host=THERE)
        assert ids.isdisjoint({one['id'] for one in told['servers']})

    played(play)


def test_any_process_tells_of_all_sites_and_passes_orders_on() -> None:
    async def play(ask: Ask, clock: HandClock) -> None:
        status, told = await ask('GET', '/fleet/state?digest')
        assert (status, list(told['sites'])) == (200, ['fleet1', 'fleet2', 'fleet3', 'fleet4'])
        assert sum(told['total']['servers'].values()) == 80
        assert len({site['digest'] for site in told['sites'].values()}) == 4
        status, told = await ask('POST', '/fleet/storm', {'site': ['fleet2', 'fleet3'], 'changes': 2, 'seconds': 4})
        assert (status, sorted(told['sites'])) == (200, ['fleet2', 'fleet3'])
        assert (await ask('POST', '/fleet/storm', {'site': 'fleet4'}))[0] == 200
        clock.advance(20)
        _, told = await ask('GET', '/fleet/state')
        assert [site['changes'] for site in told['sites'].values()] == [0, 40, 40, 80]
        assert 'digest' not in told['sites']['fleet1']

    played(play)


def test_life_is_ordered_and_tells_what_it_did() -> None:
    async def play(ask: Ask, clock: HandClock) -> None:
        assert (await ask('POST', '/fleet/life', {'site': 'fleet1', 'rate': 2000}))[0] == 200
        clock.advance(600)
        _, told = await ask('GET', '/fleet/state?recent')
        recent = told['sites']['fleet1'].pop('recent')
        assert 0 < len(recent) <= 100
        assert all(clock.now() - 600 <= one['at'] <= clock.now() for one in recent)
        assert told['sites']['fleet1']['changes'] > 0
        assert told['sites']['fleet2']['recent'] == []
        token, _urls = await login(ask, 'fleet1')
        await ask('POST', '/fleet/life', {'rate': 0})
        clock.advance(60)
        latest = {one['id']: one['status'] for one in (await ask('GET', '/fleet/state?recent'))[1]['sites']['fleet1']['recent']}
        _, listed = await ask('GET', '/fleet1/compute/v2.1/servers/detail', token=token)
        shown = {one['id']: one['status'] for one in listed['servers']}
        assert {id: shown.get(id, 'DELETED') for id in latest} == latest
        clock.advance(3600)
        assert (await ask('GET', '/fleet/state?recent'))[1]['sites']['fleet1']['recent'][-1]['at'] < clock.now() - 3600

    played(play)


def test_faults_are_ordered_and_cleared() -> None:
    async def play(ask: Ask, __: HandClock) -> None:
        assert (await ask('POST', '/fleet/fault', {'site': 'fleet3', 'kind': '5xx', 'status': 503, 'lasts': 60}))[0] == 200
        assert (await ask('POST', '/fleet/fault', {'site': '*', 'kind': 'clock-skew', 'seconds': 90}))[0] == 200
        _, told = await ask('GET', '/fleet/state')
        assert [site['faults'] for site in told['sites'].values()] == [['clock-skew'], ['clock-skew'], ['5xx', 'clock-skew'], ['clock-skew']]
        assert (await ask('DELETE', '/fleet/fault?site=fleet3'))[0] == 200
        _, told = await ask('GET', '/fleet/state?site=fleet3')
        assert [site['faults'] for site in told['sites'].values()] == [[]]
        await ask('DELETE', '/fleet/fault')
        _, told = await ask('GET', '/fleet/state')
        assert [site['faults'] for site in told['sites'].values()] == [[], [], [], []]

    played(play)


@pytest.mark.parametrize(
    ('method', 'path', 'body', 'status'),
    [
        ('POST', '/fleet/storm', {'site': ['fleet1', 'nowhere']}, 404),
        ('POST', '/fleet/storm', {'changes': 0}, 400),
        ('POST', '/fleet/storm', {'seconds': -1}, 400),
        ('POST', '/fleet/storm', {'speed': 1}, 400),
        ('POST', '/fleet/storm', b'{', 400),
        ('POST', '/fleet/storm', b'[1]', 400),
        ('POST', '/fleet/storm', {'site': [3]}, 400),
        ('POST', '/fleet/storm', b' ' * 70_000, 413),
        ('POST', '/fleet/life', {}, 400),
        ('POST', '/fleet/life', {'rate': -1}, 400),
        ('POST', '/fleet/fault', {'kind': 'earthquake'}, 400),
        ('POST', '/fleet/fault', {}, 400),
        ('POST', '/fleet/fault', {'kind': 'hang', 'share': 'all'}, 400),
        ('POST', '/fleet/fault', {'kind': 'hang', 'share': 2}, 400),
        ('POST', '/fleet/fault', {'kind': 'hang', 'path': '('}, 400),
        ('POST', '/fleet/fault', {'kind': '5xx', 'status': 200}, 400),
        ('GET', '/fleet/state?site=nowhere', None, 404),
        ('GET', '/fleet/', None, 404),
        ('PUT', '/fleet/fault', {}, 404),
        ('GET', '/', None, 404),
    ],
)
def test_wrong_orders_are_refused_with_a_reason(method: str, path: str, body: object, status: int) -> None:
    async def play(ask: Ask, _: HandClock) -> None:
        told = await ask(method, path, body)
        assert told[0] == status
        assert told[1]['error']
        assert (await ask('GET', '/fleet/state'))[1]['total']['changes'] == 0

    played(play)


def test_a_process_that_is_gone_is_named() -> None:
    async def main() -> None:
        apps: dict[str, Any] = {}
        wire = AsgiTransport(apps)
        apps[HERE] = fleet.Fleet(fleet.build(['fleet1'], HandClock(), 7, 5, 0, 0), {f'http://{THERE}': ['fleet2']}, wire)
        for query, status in (('', 502), ('?site=fleet1', 200)):
            answer = await wire.send('GET', f'http://{HERE}/fleet/state{query}', [], None, 5)
            told = json.loads(await answer.read())
            assert answer.status == status
            assert status == 200 or f'http://{THERE} does not answer' in told['error']
        await wire.close()

    asyncio.run(main())
