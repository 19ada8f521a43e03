"""Signed URLs, forms and quotas where a container spans sites."""

from __future__ import annotations

import hmac

import pytest

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.northbound import test_object_streams
from tests.northbound.test_object_signed import FORM, form, signed

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'
SITES = ('east', 'north', 'west')
MIRROR = {'x-container-meta-hansa-mirror': 'east,west'}
DISPERSE = {'x-container-meta-hansa-disperse': '2-of-3'}
KEYED = {**MIRROR, 'x-container-meta-temp-url-key': 'secret'}


async def furnished(league: League, way: dict[str, str]) -> None:
    await league.ok('PUT', f'{ACCOUNT}/c', headers=way)
    await league.ok('PUT', f'{ACCOUNT}/c/o%20', b'hello', headers={'x-object-meta-colour': 'red'})


def test_signed_urls_open_what_was_signed() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await furnished(league, KEYED)
            path, plain = f'{ACCOUNT}/c/o%20', f'{ACCOUNT}/c/o '
            for dead in (False, True):
                if dead:
                    league.clouds['east'].fault = Fault('refuse')
                    await league.clock.sleep(15)
                status, headers, body = await league.ask('GET', f'{path}?{signed("GET", plain)}&filename=f', token='')
                assert (status, body) == (200, b'hello')
                assert 'x-object-meta-colour' not in headers
                assert headers['content-disposition'].startswith('attachment; filename="f"')
                assert (await league.ask('HEAD', f'{path}?{signed("GET", plain)}', token=''))[0] == 200
                assert (await league.ask('PUT', f'{path}?{signed("PUT", plain)}', b'hello', token=''))[0] == 201
            league.clouds['east'].fault = None
            await league.clock.sleep(60)
            for wrong in (signed('GET', plain), signed('PUT', plain, key='other'), signed('PUT', f'{plain}x'), hmac.new(b'', b'', 'sha256').hexdigest()):
                assert (await league.ask('PUT', f'{path}?{wrong}', b'1', token=''))[0] == 401
            for header in ('x-object-manifest', 'x-symlink-target', 'x-copy-from'):
                assert (await league.ask('PUT', f'{path}?{signed("PUT", plain)}', b'', token='', headers={header: 'c/x'}))[0] == 400
            assert (await league.ask('DELETE', f'{path}?{signed("DELETE", plain)}&multipart-manifest=delete', token=''))[0] == 204
            assert (await league.ask('GET', path))[0] == 404

    virtual.run(main)


def test_signed_forms_put_files() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await furnished(league, KEYED)
            path = f'{ACCOUNT}/c/up/'
            assert (await league.ask('POST', path, form(path, [('a', b'123'), ('é', b'4')]), token='', headers=FORM))[0] == 201
            assert (await league.ask('GET', f'{path}%C3%A9'))[2] == b'4'
            assert (await league.ask('POST', path, form(path, [('n', b'x' * 11)]), token='', headers=FORM))[0] == 413
            assert (await league.ask('POST', path, form(path, [('n', b'1')], key='other'), token='', headers=FORM))[0] == 401
            assert (await league.ask('GET', f'{path}n'))[0] == 404

    virtual.run(main)


@pytest.mark.parametrize('way', [MIRROR, DISPERSE])
def test_a_quota_counts_an_object_once(way: dict[str, str]) -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await furnished(league, way)
            await league.ok('POST', ACCOUNT, headers={'x-account-meta-quota-bytes': '100000', 'x-account-meta-quota-count': '3'}, token='admin')
            put = [(await league.ask('PUT', f'{ACCOUNT}/c/{number}', b'x' * 40_000))[0] for number in range(3)]
            assert put == [201, 201, 413]
            path = f'{ACCOUNT}/c/s'
            await league.ok('POST', ACCOUNT, headers={'x-account-meta-temp-url-key': 'secret'})
            assert (await league.ask('PUT', f'{path}?{signed("PUT", path)}', b'x' * 40_000, token=''))[0] == (413 if way is MIRROR else 401)
            assert (await league.ask('COPY', f'{ACCOUNT}/c/0', headers={'destination': 'c/copy'}))[0] == 413
            assert await test_object_streams.upload(league, path, [b'x' * 40_000], {'transfer-encoding': 'chunked'}) == 413
            assert (await league.store.quota(house.league_id('demo'))).reserved == {}
            assert (await league.ask('GET', path))[0] == 404

    virtual.run(main)
