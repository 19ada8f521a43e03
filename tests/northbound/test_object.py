"""The object store's door over two clouds: containers with homes, one account, copies, limits."""

from __future__ import annotations

import asyncio
import json

from hansa.ports.site import Acting, SiteRequest
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'


async def put(league: League, path: str, policy: str = '') -> str:
    """Make a container; the site where it is."""
    status, headers, said = await league.ask('PUT', f'{ACCOUNT}/{path}', headers={'x-storage-policy': policy} if policy else {})
    assert status in {201, 202}, said
    return headers['x-hansa-site']


async def names(league: League, query: str = '', **more: str) -> list[str]:
    rows = await league.ok('GET', f'{ACCOUNT}?format=json{query}', headers=more)
    return [row.get('name') or row['subdir'] for row in rows]


def test_a_container_goes_where_its_policy_says_and_its_objects_with_it() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            assert await put(league, 'c', 'west') == 'west'
            assert await put(league, 'd', 'east') == 'east'
            assert await put(league, 'c') == 'west'
            status, headers, _ = await league.ask('PUT', f'{ACCOUNT}/c/a//b%20%C3%BC/', b'hello', headers={'x-object-meta-colour': 'red'})
            assert (status, headers['x-hansa-site']) == (201, 'west')
            assert headers['x-trans-id'] == headers['x-openstack-request-id'] != headers['x-hansa-site-request-id']
            status, headers, body = await league.ask('GET', f'{ACCOUNT}/c/a//b%20%C3%BC/')
            assert (status, body, headers['x-object-meta-colour'], headers['x-hansa-site']) == (200, b'hello', 'red', 'west')
            assert (await league.ask('GET', f'{ACCOUNT}/c/a//b%20%C3%BC/', headers={'range': 'bytes=1-2'}))[::2] == (206, b'el')
            assert [row['name'] for row in await league.ok('GET', f'{ACCOUNT}/c?format=json')] == ['a//b ü/']
            assert (await league.ask('HEAD', f'{ACCOUNT}/c'))[1]['x-storage-policy'].startswith('west.')
            assert (await league.ask('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'east'}))[0] == 409
            assert (await league.ask('PUT', f'{ACCOUNT}/x', headers={'x-storage-policy': 'south'}))[0] == 400
            assert (await league.ask('DELETE', f'{ACCOUNT}/c'))[0] == 409
            assert (await league.ask('DELETE', f'{ACCOUNT}/c/a//b%20%C3%BC/'))[0] == 204
            assert (await league.ask('DELETE', f'{ACCOUNT}/c'))[0] == 204
            assert (await league.ask('HEAD', f'{ACCOUNT}/c'))[0] == 404
            assert await put(league, 'c', 'east') == 'east'

    virtual.run(main)


def test_no_token_opens_nothing_and_a_strangers_token_only_what_the_lists_say() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, 'c', 'west')
            await league.ok('PUT', f'{ACCOUNT}/c/o', b'hello')
            for who, code in (('', 401), ('alt_demo', 403)):
                for path in (ACCOUNT, f'{ACCOUNT}/c', f'{ACCOUNT}/c/o', f'{ACCOUNT}/none', f'{ACCOUNT}/none/o'):
                    assert (await league.ask('GET', path, token=who))[0] == code, (who, path)
                assert (await league.ask('PUT', f'{ACCOUNT}/e', token=who))[0] == code
            assert (await league.ask('DELETE', f'{ACCOUNT}/c/o', token='demo_reader'))[0] == 403
            assert (await league.ask('POST', f'{ACCOUNT}/c', headers={'x-container-read': '.r:*,.rlistings'}))[0] == 204
            for who in ('', 'alt_demo'):
                assert (await league.ask('GET', f'{ACCOUNT}/c/o', token=who))[::2] == (200, b'hello')
            assert (await league.ask('GET', '/object/v1/elsewhere', token='demo'))[0] == 403

    virtual.run(main)


def test_access_lists_name_the_leagues_projects_and_users() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, 'c', 'west')
            await league.ok('PUT', f'{ACCOUNT}/c/o', b'hello')
            one = f'{house.league_id("alt_demo")}:{house.league_id("user alt_demo")}'
            status, _, said = await league.ask('POST', f'{ACCOUNT}/c', headers={'x-container-read': f'{one},.r:example.org'})
            assert status == 204, said
            assert (await league.ask('HEAD', f'{ACCOUNT}/c'))[1]['x-container-read'] == f'{one},.r:example.org'
            assert (await league.ask('GET', f'{ACCOUNT}/c/o', token='alt_demo'))[::2] == (200, b'hello')
            assert (await league.ask('POST', f'{ACCOUNT}/c', headers={'x-container-read': 'alt_demo:alt_demo'}))[0] == 204
            assert (await league.ask('HEAD', f'{ACCOUNT}/c'))[1]['x-container-read'] == one
            for wrong in ('nobody:*', f'*:{"0" * 32}', 'member'):
                assert (await league.ask('POST', f'{ACCOUNT}/c', headers={'x-container-write': wrong}))[0] == 400

    virtual.run(main)


def test_what_no_name_or_size_can_be_is_refused_at_the_door() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await put(league, 'c')
            assert (await league.ask('GET', '/object/v1'))[::2] == (412, b'Bad URL')
            assert (await league.ask('PUT', f'{ACCOUNT}/c/o', headers={'content-length': str((5 << 30) + 3)}))[0] == 413
            status, headers, _ = await league.ask('GET', '/object/v1/AUTH_a%22%0Ab/c', token='')
            assert (status, headers['www-authenticate']) == (401, 'Swift realm="AUTH_a%22%0Ab"')
            assert (await league.ask('GET', ACCOUNT + '?marker=d'))[1]['content-length'] == '0'

    virtual.run(main)


def test_what_is_wrong_with_the_source_of_a_copy_is_said_first() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, 'c', 'east')
            mine = {'x-copy-from': 'c/o'}
            assert (await league.ask('PUT', f'{ACCOUNT}/none/o', b'', headers={'x-copy-from': 'none-either/o'}))[0] == 404
            theirs = f'/object/v1/AUTH_{house.league_id("alt_demo")}'
            assert (await league.ask('PUT', f'{theirs}/none/o', b'', headers=mine | {'x-copy-from-account': ACCOUNT[-37:]}, token='alt_demo'))[0] == 403
            await league.ok('PUT', f'{ACCOUNT}/c/o', b'hello')
            assert (await league.ask('PUT', f'{ACCOUNT}/none/o', b'', headers=mine))[0] == 404

    virtual.run(main)


def test_a_copy_may_be_named_in_plain_utf_8() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, '%C3%A9', 'east')
            await put(league, '%C3%BC', 'west')
            await league.ok('PUT', f'{ACCOUNT}/%C3%A9/%C3%A4', b'hello')
            await league.ok('PUT', f'{ACCOUNT}/%C3%BC/o', b'', headers={'x-copy-from': 'é/ä'.encode().decode('latin-1')})
            await league.ok('COPY', f'{ACCOUNT}/%C3%BC/o', headers={'destination': 'é/back'.encode().decode('latin-1')})
            assert await league.ok('GET', f'{ACCOUNT}/%C3%A9/back') == b'hello'

    virtual.run(main)


def test_one_account_out_of_two_sites() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            made = {name: await put(league, name) for name in ('b', 'a', 'd', 'c', '%C3%A9', 'z')}
            assert set(made.values()) == {'east', 'west'}
            await league.ok('PUT', f'{ACCOUNT}/a/o', b'12345')
            await league.ok('PUT', f'{ACCOUNT}/b/o', b'123')
            assert await names(league) == ['a', 'b', 'c', 'd', 'z', 'é']
            assert await names(league, '&limit=2') == ['a', 'b']
            assert await names(league, '&limit=2&marker=b') == ['c', 'd']
            assert await names(league, '&reverse=true&end_marker=b') == ['é', 'z', 'd', 'c']
            assert (await league.ask('GET', f'{ACCOUNT}?limit=10001'))[0] == 412
            assert (await league.ask('GET', ACCOUNT))[2] == 'a\nb\nc\nd\nz\né\n'.encode()
            status, headers, _ = await league.ask('HEAD', ACCOUNT)
            assert status == 204
            assert [headers[f'x-account-{what}'] for what in ('container-count', 'object-count', 'bytes-used')] == ['6', '2', '8']

    virtual.run(main)


def test_a_dead_site_takes_its_own_containers_and_no_listing_is_shorter_unasked() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, 'c', 'west')
            await put(league, 'd', 'east')
            league.clouds['west'].fault = Fault('refuse')
            for method, path in (('GET', ACCOUNT), ('HEAD', ACCOUNT), ('GET', f'{ACCOUNT}/c'), ('PUT', f'{ACCOUNT}/c/o'), ('GET', f'{ACCOUNT}/x')):
                status, headers, _ = await league.ask(method, path, b'1' if method == 'PUT' else None)
                assert (status, headers['x-hansa-missing-sites']) == (503, 'west'), path
                assert headers['retry-after'].isdigit()
            status, headers, body = await league.ask('GET', ACCOUNT, headers={'x-hansa-partial': 'true'})
            assert (status, headers['x-hansa-missing-sites'], body) == (200, 'west', b'd\n')
            assert await put(league, 'e') == 'east'
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', b'1'))[0] == 201
            assert (await league.ask('PUT', f'{ACCOUNT}/f', headers={'x-storage-policy': 'west'}))[0] == 503

    virtual.run(main)


def test_a_name_at_two_sites_is_two_containers() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, 'c', 'west')
            await put(league, 'x', 'east')
            await put(league, 'y', 'west')
            await league.ok('PUT', f'{ACCOUNT}/c/o', b'west')
            await behind(league, 'east', 'PUT', '/c')
            await behind(league, 'east', 'PUT', '/c/o', b'east')
            assert await names(league) == ['c', 'c@east', 'x', 'y']
            assert await names(league, '&limit=1&marker=c') == ['c@east']
            status, headers, _ = await league.ask('HEAD', f'{ACCOUNT}/c')
            assert (status, headers['x-hansa-site']) == (204, 'west')
            assert 'c@east' in headers['warning']
            for name in ('c', 'c@east'):
                assert (await league.ask('POST', f'{ACCOUNT}/{name}', headers={'x-container-read': '.r:*'}))[0] == 204
                assert (await league.ask('GET', f'{ACCOUNT}/{name}/o', token=''))[0] == 200
            await behind(league, 'east', 'PUT', '/open')
            assert (await league.ask('GET', f'{ACCOUNT}/open', token=''))[0] == 401
            await behind(league, 'east', 'DELETE', '/open')
            assert (await league.ask('GET', f'{ACCOUNT}/c/o'))[2] == b'west'
            assert (await league.ask('GET', f'{ACCOUNT}/c@east/o'))[2] == b'east'
            for path in ('c/o', 'c'):
                assert (await league.ask('DELETE', f'{ACCOUNT}/{path}'))[0] == 204
            assert await names(league) == ['c', 'x', 'y']
            assert (await league.ask('GET', f'{ACCOUNT}/c/o'))[2] == b'east'

    virtual.run(main)


async def behind(league: League, site: str, method: str, path: str, body: bytes | None = None) -> None:
    """Something done at a site itself, as the project's own user there would."""
    site_id = next(alias.local for alias in await league.store.aliases() if (alias.site, alias.league) == (site, house.league_id('demo')))
    request = SiteRequest('object-store', method, path, body=body)
    response = await league.house.roster.get(site).site.send(request, Acting(project=site_id), 5)
    assert response.status < 300
    await response.close()


def test_copies_stay_at_a_site_or_cross_over() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, 'c', 'west')
            await put(league, 'd', 'east')
            sent = {'x-object-meta-colour': 'red', 'content-type': 'text/x', 'content-disposition': 'inline'}
            await league.ok('PUT', f'{ACCOUNT}/c/o%20/', b'hello', headers=sent)
            for target, site in (('c/p', 'west'), ('d/p', 'east')):
                status, headers, said = await league.ask('COPY', f'{ACCOUNT}/c/o%20/', headers={'destination': target, 'x-object-meta-size': 'big'})
                assert (status, headers['x-hansa-site'], headers['x-copied-from']) == (201, site, 'c/o%20/'), said
                status, headers, body = await league.ask('GET', f'{ACCOUNT}/{target}')
                assert (status, body, headers['content-type'], headers['x-object-meta-colour']) == (200, b'hello', 'text/x', 'red')
                assert headers['x-object-meta-size'] == 'big'
            sent = {'x-copy-from': '/d/p', 'x-fresh-metadata': 'true', 'content-length': '0'}
            assert (await league.ask('PUT', f'{ACCOUNT}/c/q', headers=sent))[0] == 201
            headers = (await league.ask('HEAD', f'{ACCOUNT}/c/q'))[1]
            assert ('x-object-meta-colour' in headers, headers['content-type']) == (False, 'text/x')
            assert (await league.ask('COPY', f'{ACCOUNT}/c/none', headers={'destination': 'd/x'}))[0] == 404
            assert (await league.ask('COPY', f'{ACCOUNT}/c/p', headers={'destination': 'none/x'}))[0] == 404
            assert (await league.ask('COPY', f'{ACCOUNT}/c/p', headers={'destination': 'nowhere'}))[0] == 412
            assert (await league.ask('COPY', f'{ACCOUNT}/c/p', headers={'destination': 'd/x', 'if-none-match': '*'}))[0] == 304

    virtual.run(main)


def test_parts_lie_where_the_whole_is() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, 'c', 'west')
            await put(league, 'd', 'east')
            for _ in range(4):
                await put(league, f'more{_}', 'west')
            assert await put(league, 'c_segments') == 'west'
            assert await put(league, 'c+segments') == 'west'
            etag = (await league.ask('PUT', f'{ACCOUNT}/c_segments/1', b'hello'))[1]['etag'].strip('"')
            manifest = json.dumps([{'path': '/c_segments/1', 'etag': etag, 'size_bytes': 5}]).encode()
            status, _, said = await league.ask('PUT', f'{ACCOUNT}/c/big?multipart-manifest=put', manifest)
            assert status == 201, said
            assert (await league.ask('GET', f'{ACCOUNT}/c/big'))[2] == b'hello'
            status, _, said = await league.ask('PUT', f'{ACCOUNT}/d/big?multipart-manifest=put', manifest)
            assert (status, b'c_segments, is at site west' in said) == (400, True)
            for header in ('x-object-manifest', 'x-symlink-target'):
                assert (await league.ask('PUT', f'{ACCOUNT}/d/o', b'', headers={header: 'c/p'}))[0] == 400
                assert (await league.ask('PUT', f'{ACCOUNT}/c/{header}', b'', headers={header: 'c/p'}))[0] == 201
            listed = {row['name']: row for row in await league.ok('GET', f'{ACCOUNT}/c?format=json')}
            assert listed['x-symlink-target']['symlink_path'] == f'{ACCOUNT.removeprefix("/object")}/c/p'
            assert (await league.ask('POST', f'{ACCOUNT}/d', headers={'x-versions-location': 'c'}))[0] == 400
            assert (await league.ask('COPY', f'{ACCOUNT}/c/big', headers={'destination': 'd/whole'}))[0] == 201
            assert (await league.ask('GET', f'{ACCOUNT}/d/whole'))[2] == b'hello'

    virtual.run(main)


def test_what_the_league_can_do() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            told = await league.ok('GET', '/object/info', token='')
            assert {'east', 'west'} <= {policy['name'] for policy in told['swift']['policies']}
            assert [policy['name'] for policy in told['swift']['policies'] if policy.get('default')] == ['east']
            assert (await league.ask('GET', '/object/healthcheck', token=''))[::2] == (200, b'OK')
            for path in ('/object', '/object/v1/AUTH_x//o'):
                assert (await league.ask('GET', path))[0] == 404
            assert (await league.ask('GET', f'{ACCOUNT}/%ff'))[0] == 412
            status, headers, body = await league.ask('GET', f'{ACCOUNT}/<b>')
            assert (status, headers['content-type']) == (404, 'text/html; charset=UTF-8')
            assert body == b'<html><h1>Not Found</h1><p>The resource could not be found.</p></html>'

    virtual.run(main)


def test_a_project_chooses_where_its_containers_go() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            chosen = {'x-account-meta-hansa-policy': 'west', 'x-account-meta-colour': 'red'}
            assert (await league.ask('POST', ACCOUNT, headers=chosen))[0] == 204
            assert {await put(league, f'c{n}') for n in range(3)} == {'west'}
            assert (await league.ask('HEAD', ACCOUNT))[1]['x-account-meta-colour'] == 'red'
            assert (await league.ask('POST', ACCOUNT, headers={'x-account-meta-hansa-policy': 'south'}))[0] == 400
            assert (await league.ask('POST', ACCOUNT, headers={'x-remove-account-meta-hansa-policy': 'x'}))[0] == 204
            assert await put(league, 'd') == 'east'

    virtual.run(main)


def test_a_site_where_we_are_a_tenant_keeps_containers_too() -> None:
    async def main() -> None:
        async with house.league('east', 'west', tenant=('west',)) as league:
            await put(league, 'c', 'west')
            await put(league, 'd', 'east')
            assert (await league.ask('PUT', f'{ACCOUNT}/c/o', b'hello'))[0] == 201
            assert await names(league) == ['c', 'd']
            assert (await league.ask('COPY', f'{ACCOUNT}/c/o', headers={'destination': 'd/o'}))[0] == 201
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[2] == b'hello'
            assert (await league.ask('GET', f'{ACCOUNT}/c/o', token='alt_demo'))[0] == 403
            other = f'/object/v1/AUTH_{house.league_id("alt_demo")}'
            status, headers, _ = await league.ask('PUT', f'{other}/c', token='alt_demo')
            assert (status, headers['x-hansa-site']) == (201, 'east')
            assert (await league.ask('PUT', f'{other}/e', token='alt_demo', headers={'x-storage-policy': 'west'}))[0] == 400
            everyone = {'x-container-read': f'{house.league_id("alt_demo")}:*'}
            assert (await league.ask('POST', f'{ACCOUNT}/c', headers=everyone))[0] == 400
            assert (await league.ask('GET', f'{other}?format=json', token='admin'))[2][0]['name'] == 'c'

    virtual.run(main)


def test_a_container_that_was_moved_behind_our_back_is_found_again() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, 'c', 'west')
            await put(league, 'd', 'east')
            await behind(league, 'west', 'DELETE', '/c')
            assert (await league.ask('GET', f'{ACCOUNT}/c'))[0] == 404
            await put(league, 'c', 'west')
            await behind(league, 'west', 'DELETE', '/c')
            await behind(league, 'east', 'PUT', '/c')
            status, headers, _ = await league.ask('HEAD', f'{ACCOUNT}/c')
            assert (status, headers['x-hansa-site']) == (204, 'east')

    virtual.run(main)


def test_a_new_container_goes_elsewhere_where_its_site_turns_out_to_be_away() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, 'c', 'west')
            league.clouds['east'].fault = Fault('refuse')
            assert await put(league, 'd') == 'west'
            assert (await league.ask('GET', f'{ACCOUNT}/d'))[0] == 204

    virtual.run(main)


def test_a_container_that_was_never_made_keeps_no_name() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, 'd', 'west')
            league.clouds['west'].fault = Fault('error', method='PUT')
            assert (await league.ask('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'west'}))[0] == 503
            league.clouds['west'].fault = None
            assert (await league.ask('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'east'}))[0] == 409
            await league.clock.sleep(150)
            assert await put(league, 'c', 'east') == 'east'
            assert (await league.ask('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'west'}))[0] == 409

    virtual.run(main)


def test_who_makes_one_container_twice_at_once_makes_one() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            made = await asyncio.gather(*(put(league, 'c', policy) for policy in ('west', '', 'west', '')), return_exceptions=True)
            assert len({site for site in made if isinstance(site, str)}) == 1
            assert await names(league) == ['c']

    virtual.run(main)


def test_a_site_that_hangs_is_named_in_time() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await put(league, 'c', 'west')
            league.clouds['west'].fault = Fault('hang')
            began = league.clock.monotonic()
            assert (await league.ask('GET', f'{ACCOUNT}/c'))[0] == 503
            assert await put(league, 'e') == 'east'
            assert league.clock.monotonic() - began < 20

    virtual.run(main)
