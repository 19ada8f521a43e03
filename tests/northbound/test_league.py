"""The league API: whole on the socket, to be read by administrators elsewhere, and how fresh each kind of a site is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.northbound import forms
from tests.services import users

READ = ('/league/v1/status', '/league/v1/sites', '/league/v1/sites/east')


async def told(league: house.League, path: str) -> Any:
    status, _, body = await house.drive(league.house.hall, 'GET', path, {}, b'', local=True)
    assert status == 200, body
    return body


async def kinds(league: house.League, site: str) -> dict[str, Any]:
    [found] = [each for each in (await told(league, '/league/v1/sites'))['sites'] if each['name'] == site]
    return {each['kind']: each for each in found['kinds']}


def test_administrators_read_with_a_token_what_the_operator_reads() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            _, _, made = await users.boot(league, 's')
            for path in (*READ, f'/league/v1/why/server/{made["server"]["id"]}'):
                assert await told(league, path) == await league.ok('GET', path, token='admin')

    virtual.run(main)


@pytest.mark.parametrize('path', READ)
def test_others_read_nothing(path: str) -> None:
    async def main() -> None:
        async with house.league('east') as league:
            for token, wanted in (('', 401), ('nobody', 401), ('demo', 403), ('demo_reader', 403)):
                status, headers, body = await league.ask('GET', path, token=token)
                assert status == wanted
                assert forms.is_fault('league', wanted, body)
                assert ('www-authenticate' in headers) == (wanted == 401)
                assert 'east' not in json.dumps(body)

    virtual.run(main)


def test_changes_are_made_on_the_socket_alone() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            for method, path, wanted in (
                ('POST', '/league/v1/sites', 405), ('DELETE', '/league/v1/sites/east', 405), ('POST', '/league/v1/sites/east/check', 404),
                ('GET', '/league/v1/quotas', 404), ('PUT', '/league/v1/quotas/demo', 404), ('PUT', '/league/v1/quota-default', 404),
            ):  # fmt: skip
                assert (await league.ask(method, path, {}, token='admin'))[0] == wanted
            status, _, _ = await house.drive(league.house.hall, 'POST', '/league/v1/sites/east/check', {}, b'', local=True)
            assert status == 200
            status, _, _ = await house.drive(league.house.hall, 'DELETE', '/league/v1/sites/east', {}, b'', local=True)
            assert status == 204

    virtual.run(main)


def test_what_is_told_of_a_kind() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await users.boot(league, 's', zone='east')
            await league.clock.sleep(60)
            server = (await kinds(league, 'east'))['server']
            assert server['count'] == 1
            assert server['age_s'] < 15
            assert server['cursor'].startswith('2026-')
            assert 30 <= server['lag_s'] < 120
            assert server['swept_at'] <= server['synced_at']
            assert server['drift'] == server['backlog'] == server['failures'] == 0
            assert server['polls'] > 2
            assert server['sweeps'] > 1
            assert server['requests'] >= server['polls'] + server['sweeps']
            assert server['bytes'] > 1000
            assert 0 < server['batches'] <= server['records']
            flavor = (await kinds(league, 'east'))['flavor']
            assert (flavor['cursor'], flavor['lag_s'], flavor['polls']) == ('', None, 0)
            assert flavor['sweeps'] > 0
            [site] = [each for each in (await told(league, '/league/v1/sites'))['sites'] if each['name'] == 'east']
            assert site['batches'] > 0
            assert site['batches_refused'] == 0
            short = (await told(league, '/league/v1/status'))['sites'][0]
            assert 'kinds' not in short

    virtual.run(main)


def test_what_a_full_pass_and_the_inventory_differ_in_is_drift() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await users.boot(league, 's')
            await league.clock.sleep(60)
            member, store = league.house.roster.get('east'), league.store
            [(site_id, _)] = (await store.known('east', 'server')).items()
            await store.remove('east', 'server', [site_id], league.clock.now())
            drifts = []
            for _ in range(40):
                await league.clock.sleep(1)
                drifts.append(member.tally('server').drift)
            assert drifts[0] == 0
            assert 1 in drifts

    virtual.run(main)


def test_failures_are_counted() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            league.clouds['east'].fault = Fault('garbage', service='volume')
            await league.clock.sleep(30)
            told = await kinds(league, 'east')
            assert told['volume']['failures'] > 3
            assert told['server']['failures'] == 0
            assert told['volume']['age_s'] > 20

    virtual.run(main)
