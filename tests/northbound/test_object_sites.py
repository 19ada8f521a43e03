"""What sites do by themselves, seen through the league's door: versions, links, expiry, browsers, web pages."""

from __future__ import annotations

from tests import house, virtual

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'


def test_older_versions_lie_where_their_objects_do() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await league.ok('PUT', f'{ACCOUNT}/here', headers={'x-storage-policy': 'east'})
            await league.ok('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'west', 'x-versions-location': 'past'})
            assert (await league.ask('PUT', f'{ACCOUNT}/past'))[1]['x-hansa-site'] == 'west'
            for data in (b'1', b'2'):
                await league.ok('PUT', f'{ACCOUNT}/c/o', data)
            assert len(await league.ok('GET', f'{ACCOUNT}/past?format=json')) == 1
            await league.ok('DELETE', f'{ACCOUNT}/c/o')
            assert (await league.ask('GET', f'{ACCOUNT}/c/o'))[2] == b'1'
            for header in ('x-versions-location', 'x-history-location'):
                status, _, said = await league.ask('POST', f'{ACCOUNT}/c', headers={header: 'here'})
                assert (status, b'has to be' in said or b'have to be' in said) == (400, True)
            assert (await league.ask('HEAD', f'{ACCOUNT}/c'))[1]['x-versions-location'] == 'past'

    virtual.run(main)


def test_versions_by_their_ids() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await league.ok('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'west', 'x-versions-enabled': 'true'})
            ids = [(await league.ask('PUT', f'{ACCOUNT}/c/o', data))[1]['x-object-version-id'] for data in (b'1', b'2')]
            assert (await league.ask('GET', f'{ACCOUNT}/c/o?version-id={ids[0]}'))[2] == b'1'
            headers = (await league.ask('GET', f'{ACCOUNT}/c/o'))[1]
            assert (headers['x-object-version-id'], headers['content-location']) == (ids[1], f'/v1/AUTH_{house.league_id("demo")}/c/o?version-id={ids[1]}')
            await league.ok('DELETE', f'{ACCOUNT}/c/o')
            rows = await league.ok('GET', f'{ACCOUNT}/c?versions&format=json')
            assert [row['version_id'] for row in rows][1:] == ids[::-1]
            assert (await league.ask('HEAD', f'{ACCOUNT}/c'))[1]['x-versions-enabled'] == 'True'

    virtual.run(main)


def test_links_and_expiry() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await league.ok('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'west'})
            await league.ok('PUT', f'{ACCOUNT}/c/o', b'hello', headers={'x-delete-after': '100'})
            await league.ok('PUT', f'{ACCOUNT}/c/link', b'', headers={'x-symlink-target': 'c/o', 'x-symlink-target-account': f'AUTH_{house.league_id("demo")}'})
            status, headers, body = await league.ask('GET', f'{ACCOUNT}/c/link')
            assert (status, body, headers['content-location']) == (200, b'hello', f'/v1/AUTH_{house.league_id("demo")}/c/o')
            shown = (await league.ask('HEAD', f'{ACCOUNT}/c/link?symlink=get'))[1]
            assert shown['x-symlink-target-account'] == f'AUTH_{house.league_id("demo")}'
            assert (await league.ask('HEAD', f'{ACCOUNT}/c/o'))[1]['x-delete-at'].isdigit()
            await league.clock.sleep(101)
            assert (await league.ask('GET', f'{ACCOUNT}/c/o'))[0] == 404
            assert (await league.ask('PUT', f'{ACCOUNT}/c/o', b'1', headers={'x-delete-at': '1'}))[0] == 400

    virtual.run(main)


def test_a_browser_from_another_origin() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            meta = {'x-container-meta-access-control-allow-origin': 'http://a.test', 'x-container-read': '.r:*'}
            await league.ok('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'west', **meta})
            await league.ok('PUT', f'{ACCOUNT}/c/o', b'hello')
            asked = {'origin': 'http://a.test', 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-auth-token'}
            for path in (f'{ACCOUNT}/c', f'{ACCOUNT}/c/o'):
                status, headers, _ = await league.ask('OPTIONS', path, token='', headers=asked)
                assert (status, headers['access-control-allow-origin'], headers['access-control-allow-headers']) == (200, 'http://a.test', 'x-auth-token')
                assert (await league.ask('OPTIONS', path, token='', headers={**asked, 'origin': 'http://b.test'}))[0] == 401
            for token in ('', 'demo'):
                status, headers, body = await league.ask('GET', f'{ACCOUNT}/c/o', token=token, headers={'origin': 'http://a.test'})
                assert (status, headers['access-control-allow-origin'], body) == (200, 'http://a.test', b'hello')
            assert 'access-control-allow-origin' not in (await league.ask('GET', f'{ACCOUNT}/c/o', token='', headers={'origin': 'http://b.test'}))[1]

    virtual.run(main)


def test_a_web_site_is_served_under_the_leagues_address() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            meta = {'x-container-meta-web-index': 'index.html', 'x-container-meta-web-error': 'error.html', 'x-container-meta-web-listings': 'true'}
            await league.ok('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'west', 'x-container-read': '.r:*,.rlistings', **meta})
            for name, data in (('index.html', b'home'), ('dir/index.html', b'dir'), ('404error.html', b'nothing'), ('files/a', b'a')):
                await league.ok('PUT', f'{ACCOUNT}/c/{name}', data)
            for path in ('c', 'c/dir'):
                status, headers, _ = await league.ask('GET', f'{ACCOUNT}/{path}', token='')
                assert (status, headers['location']) == (301, f'{house.URL}{ACCOUNT}/{path}/')
            assert (await league.ask('GET', f'{ACCOUNT}/c/', token=''))[2] == b'home'
            assert (await league.ask('GET', f'{ACCOUNT}/c/dir/', token=''))[2] == b'dir'
            assert (await league.ask('GET', f'{ACCOUNT}/c/none', token=''))[::2] == (404, b'nothing')
            assert b'./a' in (await league.ask('GET', f'{ACCOUNT}/c/files/', token=''))[2]
            assert (await league.ask('GET', f'{ACCOUNT}/c/?format=json'))[0] == 200
            await league.ok('POST', f'{ACCOUNT}/c', headers={'x-remove-container-read': 'x'})
            assert (await league.ask('GET', f'{ACCOUNT}/c/', token=''))[0] == 401

    virtual.run(main)
