"""How much a project may keep: at all sites together, and where a site itself says so."""

from __future__ import annotations

import asyncio
import json

from hansa.ports.site import OPERATOR, SiteRequest
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.northbound import test_object_streams

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'


async def furnished(league: League, **quota: str) -> None:
    for name, site in (('c', 'west'), ('d', 'east')):
        await league.ok('PUT', f'{ACCOUNT}/{name}', headers={'x-storage-policy': site})
    given = {f'x-account-meta-quota-{word}': value for word, value in quota.items()}
    assert (await league.ask('POST', ACCOUNT, headers=given, token='admin'))[0] == 204


async def put(league: League, path: str, size: int, **headers: str) -> int:
    return (await league.ask('PUT', f'{ACCOUNT}/{path}', b'x' * size, headers={key.replace('_', '-'): value for key, value in headers.items()}))[0]


def test_only_administrators_set_a_quota_and_everybody_sees_it() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league, bytes='10')
            for header in ('x-account-meta-quota-bytes', 'x-account-quota-bytes', 'x-remove-account-meta-quota-bytes', 'x-account-meta-quota-count'):
                assert (await league.ask('POST', ACCOUNT, headers={header: '99'}))[0] == 403
            assert (await league.ask('POST', ACCOUNT, headers={'x-account-quota-count': 'many'}, token='admin'))[0] == 400
            headers = (await league.ask('HEAD', ACCOUNT))[1]
            assert (headers['x-account-meta-quota-bytes'], headers['x-account-quota-bytes']) == ('10', '10')
            assert await put(league, 'c/o', 11) == 413
            assert (await league.ask('POST', ACCOUNT, headers={'x-remove-account-quota-bytes': 'x'}, token='admin'))[0] == 204
            assert 'x-account-meta-quota-bytes' not in (await league.ask('HEAD', ACCOUNT))[1]
            assert await put(league, 'c/o', 11) == 201

    virtual.run(main)


def test_it_counts_over_all_sites() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league, bytes='10', count='3')
            assert [await put(league, path, 4) for path in ('c/1', 'd/2', 'c/3', 'd/4')] == [201, 201, 413, 413]
            assert await put(league, 'c/3', 2) == 201
            assert await put(league, 'd/4', 0) == 413
            assert (await league.ask('PUT', f'{ACCOUNT}/d/4', b'x', token='admin'))[0] == 201
            assert (await league.ask('DELETE', f'{ACCOUNT}/d/4'))[0] == 204
            assert (await league.ask('DELETE', f'{ACCOUNT}/d/2'))[0] == 204
            for target in ('c/copy', 'd/copy'):
                assert (await league.ask('COPY', f'{ACCOUNT}/c/1', headers={'destination': target}))[0] == (201 if target == 'c/copy' else 413)
            assert (await league.ask('HEAD', ACCOUNT))[1]['x-account-bytes-used'] == '10'
            assert (await league.store.quota(house.league_id('demo'))).reserved == {}

    virtual.run(main)


def test_parallel_uploads_do_not_exceed_it() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league, bytes='10')
            league.clouds['west'].fault = Fault('slow', 'object-store', 'PUT', seconds=3.0)
            codes = await asyncio.gather(*(put(league, f'{"cd"[number % 2]}/{number}', 4) for number in range(8)))
            assert set(codes) == {201, 413}
            assert codes.count(201) <= 2
            assert int((await league.ask('HEAD', ACCOUNT))[1]['x-account-bytes-used']) <= 10
            league.clouds['west'].fault = None
            later = [await put(league, f'd/later{number}', 1) for number in range(11)]
            assert 4 * codes.count(201) + later.count(201) == 10

    virtual.run(main)


def test_a_body_of_unknown_length_ends_where_the_quota_does() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league, bytes='100')
            chunked = {'transfer-encoding': 'chunked'}
            assert await test_object_streams.upload(league, f'{ACCOUNT}/c/o', [b'x' * 40] * 3, chunked) == 413
            assert await test_object_streams.upload(league, f'{ACCOUNT}/c/o', [b'x' * 40] * 2, chunked) == 201
            assert await test_object_streams.upload(league, f'{ACCOUNT}/d/o', [b'x' * 40], chunked) == 413
            await test_object_streams.upload(league, f'{ACCOUNT}/d/o', [b'x' * 10], {'content-length': '20'}, leaves=True)
            assert await put(league, 'd/o', 20) == 201
            assert json.dumps([row['name'] for row in await league.ok('GET', f'{ACCOUNT}/d?format=json')]) == '["o"]'

    virtual.run(main)


def test_a_site_that_is_away_counts_as_it_was() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league, bytes='10')
            assert await put(league, 'c/1', 6) == 201
            league.clouds['west'].fault = Fault('refuse')
            await league.clock.sleep(120)
            assert [await put(league, 'd/2', 6), await put(league, 'd/2', 4)] == [413, 201]

    virtual.run(main)


def test_quotas_of_a_site_and_of_a_container_are_the_sites_to_judge() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league, bytes='1000')
            await league.ok('POST', f'{ACCOUNT}/c', headers={'x-container-meta-quota-bytes': '5'})
            status, _, said = await league.ask('PUT', f'{ACCOUNT}/c/o', b'123456')
            assert (status, said) == (413, b'Upload exceeds quota.')
            local = next(alias.local for alias in await league.store.aliases() if (alias.site, alias.league) == ('east', house.league_id('demo')))
            swift = league.clouds['east'].state.objects
            swift.accounts[f'AUTH_{local}'].headers['x-account-meta-quota-bytes'] = '5'
            assert await put(league, 'd/o', 6) == 413
            assert (await league.ask('HEAD', ACCOUNT))[1]['x-account-meta-quota-bytes'] == '1000'
            told = await league.house.roster.get('east').site.send(SiteRequest('object-store', 'GET', '^/info'), OPERATOR, 5)
            assert told.status == 200
            await told.close()

    virtual.run(main)
