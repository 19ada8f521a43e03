"""What the accounts and containers of every site must do, simulated or real."""

from __future__ import annotations

import json
import urllib.parse

from tests.contract.swifts import WHERE, Store, md5, played


@WHERE
def test_it_says_what_it_can(where: str) -> None:
    async def steps(swift: Store) -> None:
        got = await swift('GET', '^/info')
        told = json.loads(got.body)
        assert got.status == 200
        assert told['swift']['container_listing_limit'] == told['swift']['account_listing_limit'] == 10000
        assert [one['name'] for one in told['swift']['policies'] if one.get('default')] == ['Policy-0']
        assert {'slo', 'symlink', 'tempurl', 'container_quotas', 'account_quotas'} <= told.keys()
        assert (await swift('GET', '^/healthcheck')).body == b'OK'
        assert (await swift('GET', '^/v2/AUTH_x')).status == 400
        assert (await swift('GET', '^/v1')).status == 412

    played(where, steps)


@WHERE
def test_a_container_and_its_metadata(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c', X_Container_Meta_Colour='blue', X_Container_Meta_Form='round')
        assert (await swift('PUT', path, body=b'')).status == 202
        assert (await swift('POST', path, {'X-Container-Meta-Colour': 'red', 'X-Remove-Container-Meta-Form': 'x'}, body=b'')).status == 204
        head = await swift('HEAD', path)
        assert (head.status, head['X-Container-Meta-Colour'], head['X-Container-Meta-Form']) == (204, 'red', '')
        assert (head['X-Container-Object-Count'], head['X-Container-Bytes-Used']) == ('0', '0')
        assert head['X-Storage-Policy'] == 'Policy-0'
        assert len(head['X-Timestamp'].partition('.')[2]) == 5
        account = await swift('HEAD', '')
        assert account.status == 204
        assert int(account['X-Account-Container-Count']) >= 1
        assert (await swift('PUT', path, {'X-Storage-Policy': 'nonsense'}, body=b'')).status == 400
        assert (await swift('PUT', f'/{"c" * 257}', body=b'')).status == 400
        for header in ('X-Container-Meta-Quota-Bytes', 'X-Container-Meta-Quota-Count'):
            assert (await swift('POST', path, {header: 'many'}, body=b'')).status == 400
        assert (await swift('DELETE', path)).status == 204
        for method in ('DELETE', 'HEAD', 'GET', 'POST'):
            assert (await swift(method, path, body=b'' if method == 'POST' else None)).status == 404

    played(where, steps)


@WHERE
def test_listings(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c')
        assert (await swift('GET', path)).status == 204
        assert (await swift('GET', path, query='format=json')).body == b'[]'
        names = ['a', 'a/1', 'a/2/x', 'b--1', 'b--2', 'b-1', 'é', '\U0001f600']
        for name in names:
            await swift.put(f'{path}/{urllib.parse.quote(name)}', b'12', {'Content-Type': 'text/plain'})
        plain = await swift('GET', path)
        assert plain.body.decode().splitlines() == names
        assert plain['Content-Type'] == 'text/plain; charset=utf-8'
        assert (plain['X-Container-Object-Count'], plain['X-Container-Bytes-Used']) == ('8', '16')
        assert await swift.names(path, 'reverse=true') == names[::-1]
        assert await swift.names(path, 'limit=2&marker=a/1') == ['a/2/x', 'b--1']
        assert await swift.names(path, 'reverse=on&limit=2&marker=b--1&end_marker=a') == ['a/2/x', 'a/1']
        assert await swift.names(path, 'delimiter=/') == ['a', 'a/', *names[3:]]
        assert await swift.names(path, 'delimiter=/&marker=a/') == names[3:]
        assert await swift.names(path, 'delimiter=/&prefix=a/') == ['a/1', 'a/2/']
        assert await swift.names(path, 'delimiter=--&prefix=b') == ['b--', 'b-1']
        assert await swift.names(path, 'delimiter=--&reverse=1&limit=2') == ['\U0001f600', 'é']
        assert await swift.names(path, 'path=a') == ['a/1']
        assert await swift.names(path, 'limit=0') == []
        assert (await swift('GET', path, query='limit=10001')).status == 412
        assert (await swift('GET', '', query='limit=10001')).status == 412
        assert (await swift('GET', path, {'Accept': 'image/png'})).status == 406
        xml = await swift('GET', path, query='format=xml&delimiter=/&limit=2')
        assert xml['Content-Type'] == 'application/xml; charset=utf-8'
        assert b'<object><name>a</name><hash>%s</hash><bytes>2</bytes>' % md5(b'12').encode() in xml.body
        assert xml.body.endswith(b'<subdir name="a/"><name>a/</name></subdir></container>')
        row = (await swift.rows(path))[0]
        assert row.keys() == {'name', 'hash', 'bytes', 'content_type', 'last_modified'}
        assert (await swift('DELETE', path)).status == 409

    played(where, steps)


@WHERE
def test_the_account_lists_its_containers(where: str) -> None:
    async def steps(swift: Store) -> None:
        for word in ('a-1', 'a-2', 'b'):
            await swift.container(word)
        mine = f'prefix={swift.prefix}-'
        names = [path[1:] for path in swift.made]
        assert await swift.names('', mine) == names
        assert await swift.names('', f'{mine}&delimiter=-') == [f'{swift.prefix}-a-', names[2]]
        assert await swift.names('', f'{mine}&reverse=yes&limit=1') == names[2:]
        row = (await swift.rows('', mine))[0]
        assert (row['count'], row['bytes']) == (0, 0)
        assert {'name', 'count', 'bytes', 'last_modified'} <= row.keys()
        xml = await swift('GET', '', {'Accept': 'text/xml'}, query=mine)
        assert xml['Content-Type'] == 'text/xml; charset=utf-8'
        assert f'<container><name>{names[0]}</name><count>0</count><bytes>0</bytes>'.encode() in xml.body
        assert (await swift('GET', '', query='prefix=none-has-this')).status == 204

    played(where, steps)


@WHERE
def test_the_account_has_metadata(where: str) -> None:
    async def steps(swift: Store) -> None:
        header = f'X-Account-Meta-{swift.prefix}'
        assert (await swift('POST', '', {header: 'yes'}, body=b'')).status == 204
        assert (await swift('HEAD', ''))[header] == 'yes'
        assert (await swift('POST', '', {header.replace('X-', 'X-Remove-', 1): 'x'}, body=b'')).status == 204
        assert (await swift('HEAD', ''))[header] == ''
        assert (await swift('POST', '', {'X-Account-Meta-Quota-Bytes': '9'}, body=b'')).status == 403
        assert (await swift('DELETE', '')).status == 403

    played(where, steps)


@WHERE
def test_quotas_of_a_container(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c', X_Container_Meta_Quota_Bytes='10')
        await swift.put(f'{path}/o', b'12345')
        over = await swift('PUT', f'{path}/p', body=b'123456789012')
        assert (over.status, over.body) == (413, b'Upload exceeds quota.')
        other = await swift.container('d', X_Container_Meta_Quota_Count='0')
        assert (await swift('PUT', f'{other}/p', body=b'')).status == 413

    played(where, steps)


@WHERE
def test_lists_of_who_may(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c', X_Container_Read='.r:*, .rlistings', X_Container_Write=' p:u ,*:v')
        await swift.put(f'{path}/o', b'hello')
        head = await swift('HEAD', path)
        assert (head['X-Container-Read'], head['X-Container-Write']) == ('.r:*,.rlistings', 'p:u,*:v')
        assert (await swift('POST', path, {'X-Container-Write': '.r:*'}, body=b'')).status == 400
        assert (await swift('POST', path, {'X-Container-Read': '.x:*'}, body=b'')).status == 400
        assert (await swift('POST', path, {'X-Remove-Container-Read': 'x'}, body=b'')).status == 204
        assert (await swift('HEAD', path))['X-Container-Read'] == ''

    played(where, steps)


@WHERE
def test_others_are_let_in_by_project_and_user(where: str) -> None:
    async def steps(swift: Store) -> None:
        path = await swift.container('c')
        await swift.put(f'{path}/o', b'hello')
        there = f'^/v1/AUTH_{swift.site.own_project()}{path}'
        async with swift.cloud.site('admin') as site:
            await site.describe()
            other = Store(site, swift.cloud)
            me = f'{site.own_project()}:{site.own_user()}'
            for method, target in (('GET', f'{there}/o'), ('GET', there), ('PUT', f'{there}/p'), ('DELETE', there)):
                assert (await other(method, target, body=b'' if method == 'PUT' else None)).status == 403
            assert (await swift('POST', path, {'X-Container-Read': me}, body=b'')).status == 204
            assert (await other('GET', f'{there}/o')).body == b'hello'
            listed = await other('GET', there)
            assert (listed.status, listed['X-Container-Read']) == (200, '')
            assert (await other('PUT', f'{there}/p', body=b'')).status == 403
            assert (await swift('POST', path, {'X-Container-Write': f'{site.own_project()}:*', 'X-Remove-Container-Read': 'x'}, body=b'')).status == 204
            assert (await other('PUT', f'{there}/p', body=b'')).status == 201
            assert (await other('GET', f'{there}/o')).status == 403

    played(where, steps)
