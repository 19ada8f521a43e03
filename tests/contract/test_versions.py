"""What every site does with older versions of objects, with browsers and with web sites, simulated or real."""

from __future__ import annotations

import hashlib
import json
import urllib.parse

from hansa.ports.site import NOBODY, SiteRequest
from tests.contract.swifts import WHERE, Reply, Store, played


async def openly(swift: Store, method: str, path: str, **headers: str) -> Reply:
    """A request without a token; headers are given with _ for -."""
    where = f'^/v1/AUTH_{swift.site.own_project()}{path}'
    told = [(key.replace('_', '-'), value) for key, value in headers.items()]
    got = await swift.site.send(SiteRequest('object-store', method, where, headers=told), NOBODY, 20)
    content = await got.read()
    return Reply(got.status, {key.lower(): value for key, value in got.headers}, content)


@WHERE
def test_a_stack_of_versions(where: str) -> None:
    async def steps(swift: Store) -> None:
        past = await swift.container('past')
        path = await swift.container('c', X_Versions_Location=past[1:])
        assert (await swift('HEAD', path))['X-Versions-Location'] == past[1:]
        for data in (b'1', b'2', b'3'):
            await swift.put(f'{path}/o', data)
        assert [name.rpartition('/')[0] for name in await swift.names(past)] == ['001o', '001o']
        for data in (b'3', b'2', b'1'):
            assert (await swift('GET', f'{path}/o')).body == data
            assert (await swift('DELETE', f'{path}/o')).status == 204
        assert (await swift('DELETE', f'{path}/o')).status == 404
        assert await swift.names(past) == []
        both = {'X-Versions-Location': past[1:], 'X-History-Location': past[1:]}
        assert (await swift('POST', path, both, body=b'')).status == 400
        assert (await swift('POST', path, {'X-Versions-Location': 'a/b'}, body=b'')).status == 412
        assert (await swift('POST', path, {'X-Remove-Versions-Location': 'x'}, body=b'')).status == 204
        assert (await swift('HEAD', path))['X-Versions-Location'] == ''

    played(where, steps)


@WHERE
def test_a_history(where: str) -> None:
    async def steps(swift: Store) -> None:
        past = await swift.container('past')
        path = await swift.container('c', X_History_Location=past[1:])
        await swift.put(f'{path}/o', b'1')
        await swift.put(f'{path}/o', b'2')
        assert (await swift('DELETE', f'{path}/o')).status == 204
        assert (await swift('GET', f'{path}/o')).status == 404
        rows = await swift.rows(past)
        assert [row['hash'] == hashlib.md5(b'1', usedforsecurity=False).hexdigest() for row in rows] == [True, False, False]
        assert rows[-1]['content_type'] == 'application/x-deleted;swift_versions_deleted=1'
        none = await swift.container('none', X_Versions_Location=f'{swift.prefix}-nowhere')
        await swift.put(f'{none}/o', b'1')
        assert (await swift('PUT', f'{none}/o', body=b'2')).status == 412

    played(where, steps)


@WHERE
def test_versions_by_their_ids(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c')
        await swift.put(f'{path}/o', b'0')
        assert (await swift('POST', path, {'X-Versions-Enabled': 'true'}, body=b'')).status == 204
        assert (await swift('HEAD', path))['X-Versions-Enabled'] == 'True'
        assert (await swift('HEAD', f'{path}/o'))['X-Object-Version-Id'] == 'null'
        ids = [(await swift.put(f'{path}/o', data))['X-Object-Version-Id'] for data in (b'1', b'2')]
        assert (await swift('GET', f'{path}/o'))['X-Object-Version-Id'] == ids[1]
        old = await swift('GET', f'{path}/o', query=f'version-id={ids[0]}')
        assert (old.body, old['X-Object-Version-Id']) == (b'1', ids[0])
        gone = await swift('DELETE', f'{path}/o')
        marker = gone['X-Object-Version-Id']
        assert (gone.status, (await swift('GET', f'{path}/o')).status) == (204, 404)
        listed = json.loads((await swift('GET', path, query='versions')).body)
        assert [(row['version_id'], row['is_latest'], row['bytes']) for row in listed[:3]] == [(marker, True, 0), (ids[1], False, 1), (ids[0], False, 1)]
        assert (await swift('GET', f'{path}/o', query=f'version-id={marker}')).status == 404
        assert (await swift('PUT', f'{path}/o', query=f'version-id={ids[0]}', body=b'')).status == 201
        assert (await swift('GET', f'{path}/o')).body == b'1'
        assert (await swift('POST', f'{path}/o', query=f'version-id={ids[0]}', body=b'')).status == 400
        assert (await swift('GET', f'{path}/o', query='version-id=nonsense')).status == 400
        assert (await swift('POST', path, {'X-Versions-Enabled': 'false'}, body=b'')).status == 204
        dropped = await swift('DELETE', f'{path}/o', query=f'version-id={ids[0]}')
        assert (dropped.status, dropped['X-Object-Version-Id'], dropped['X-Object-Current-Version-Id']) == (204, ids[0], 'null')
        assert (await swift('GET', f'{path}/o')).status == 404
        assert (await swift('DELETE', path)).status == 409
        for row in json.loads((await swift('GET', path, query='versions')).body):
            await swift('DELETE', f'{path}/{urllib.parse.quote(row["name"])}', query=f'version-id={row["version_id"]}')
        assert (await swift('DELETE', path)).status == 204

    played(where, steps)


@WHERE
def test_browsers_from_other_origins(where: str) -> None:
    async def steps(swift: Store) -> None:
        meta = {'X_Container_Meta_Access_Control_Allow_Origin': 'http://a.test http://b.test', 'X_Container_Meta_Access_Control_Max_Age': '5'}
        path = await swift.container('c', X_Container_Read='.r:*', X_Container_Meta_Access_Control_Expose_Headers='x-foo', **meta)
        await swift.put(f'{path}/o', b'hello', {'X-Object-Meta-Colour': 'red'})
        asked = {'Origin': 'http://a.test', 'Access_Control_Request_Method': 'GET', 'Access_Control_Request_Headers': 'x-auth-token'}
        for target in (path, f'{path}/o'):
            told = await openly(swift, 'OPTIONS', target, **asked)
            assert (told.status, told['Access-Control-Allow-Origin'], told['Access-Control-Allow-Headers']) == (200, 'http://a.test', 'x-auth-token')
            assert (told['Access-Control-Max-Age'], 'PUT' in told['Access-Control-Allow-Methods']) == ('5', True)
            assert (await openly(swift, 'OPTIONS', target, **{**asked, 'Origin': 'http://c.test'})).status == 401
            assert (await openly(swift, 'OPTIONS', target)).status == 200
        got = await openly(swift, 'GET', f'{path}/o', Origin='http://b.test')
        assert (got.body, got['Access-Control-Allow-Origin']) == (b'hello', 'http://b.test')
        assert {'etag', 'x-object-meta-colour', 'x-foo'} <= set(got['Access-Control-Expose-Headers'].split(', '))
        assert (await openly(swift, 'GET', f'{path}/o', Origin='http://c.test'))['Access-Control-Allow-Origin'] == ''

    played(where, steps)


@WHERE
def test_a_web_site(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c', X_Container_Read='.r:*,.rlistings', X_Container_Meta_Web_Index='index.html', X_Container_Meta_Web_Error='error.html')
        for name, data in (('index.html', b'home'), ('dir/index.html', b'dir'), ('404error.html', b'nothing'), ('files/a', b'a')):
            await swift.put(f'{path}/{name}', data)
        assert (await openly(swift, 'GET', f'{path}/')).body == b'home'
        away = await openly(swift, 'GET', path)
        assert (away.status, away['Location'].endswith(f'{path}/')) == (301, True)
        away = await openly(swift, 'GET', f'{path}/dir')
        assert (away.status, away['Location'].endswith(f'{path}/dir/')) == (301, True)
        assert (await openly(swift, 'GET', f'{path}/dir/')).body == b'dir'
        missing = await openly(swift, 'GET', f'{path}/none')
        assert (missing.status, missing.body) == (404, b'nothing')
        assert (await openly(swift, 'GET', f'{path}/files/')).status == 404
        assert (await swift('POST', path, {'X-Container-Meta-Web-Listings': 'true'}, body=b'')).status == 204
        shown = await openly(swift, 'GET', f'{path}/files/')
        assert (shown.status, shown['Content-Type'], b'<a href="./a">a</a>' in shown.body) == (200, 'text/html; charset=UTF-8', True)
        assert (await swift('GET', path, query='format=json')).status == 200

    played(where, steps)
