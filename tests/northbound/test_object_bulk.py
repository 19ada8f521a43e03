"""Many objects by one request, at several sites."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import urllib.parse
from collections.abc import Mapping
from typing import Any

import pytest

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.northbound import test_object_streams

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'


async def furnished(league: League) -> None:
    for name, site in (('c', 'west'), ('d', 'east')):
        await league.ok('PUT', f'{ACCOUNT}/{name}', headers={'x-storage-policy': site})
        for number in range(10):
            await league.ok('PUT', f'{ACCOUNT}/{name}/o%20{number}', b'1')


def test_a_list_is_deleted_at_all_sites() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league)
            lines = [f'/{name}/o%20{number}' for name in 'cd' for number in range(9)]
            text = '\n'.join([*lines, 'c/none', '', 'c', '/d/o%209', 'd', 'none/x', '%ff']).encode()
            json_wanted = {'accept': 'application/json'}
            status, headers, raw = await league.ask('POST', f'{ACCOUNT}?bulk-delete', text, headers=json_wanted)
            assert (status, headers['content-type']) == (200, 'application/json')
            assert raw == {
                'Number Deleted': 20, 'Number Not Found': 2, 'Response Body': '', 'Response Status': '400 Bad Request',
                'Errors': [['c', '409 Conflict'], ['%FF', '412 Precondition Failed']],
            }  # fmt: skip
            assert (await league.ask('GET', ACCOUNT))[2] == b'c\n'
            status, headers, body = await league.ask('DELETE', f'{ACCOUNT}?bulk-delete=1', b'c/o%209\nc', headers={'accept': 'text/plain'})
            assert body.strip() == b'Number Deleted: 2\nNumber Not Found: 0\nResponse Body: \nResponse Status: 200 OK\nErrors:'
            status, headers, body = await league.ask('POST', f'{ACCOUNT}?bulk-delete', b'c', headers={'accept': 'application/xml'})
            assert b'<number_not_found>1</number_not_found>' in body
            assert body.startswith(b'<?xml')
            told = (await league.ask('POST', f'{ACCOUNT}?bulk-delete', b'', headers=json_wanted))[2]
            assert (told['Response Status'], told['Response Body']) == ('400 Bad Request', 'Invalid bulk delete.')
            told = (await league.ask('POST', f'{ACCOUNT}?bulk-delete', b'c/o\n' * 10_001, headers=json_wanted))[2]
            assert told['Response Status'].startswith('413')
            assert (await league.ask('POST', f'{ACCOUNT}?bulk-delete', b'c', token=''))[0] == 401
            assert (await league.ask('DELETE', ACCOUNT))[0] == 403
            info = await league.ok('GET', '/object/info', token='')
            assert info['bulk_delete'] == {'max_deletes_per_request': 10_000, 'max_failed_deletes': 1000}

    virtual.run(main)


def test_what_a_dead_site_has_and_what_is_anothers_is_told_as_failed() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league)
            league.clouds['west'].fault = Fault('refuse')
            wanted = {'accept': 'application/json'}
            told = (await league.ask('POST', f'{ACCOUNT}?bulk-delete', b'c/o%201\nd/o%201', headers=wanted))[2]
            assert (told['Number Deleted'], told['Response Status'], told['Errors']) == (1, '502 Bad Gateway', [['c/o%201', '503 Service Unavailable']])
            told = (await league.ask('POST', f'{ACCOUNT}?bulk-delete', b'd/o%202', headers=wanted, token='alt_demo'))[2]
            assert told['Errors'] == [['d/o%202', '403 Forbidden']]
            assert (await league.ask('GET', f'{ACCOUNT}/d/o%202'))[0] == 200

    virtual.run(main)


def packed(files: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT, pax: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=form) as tar:
        folder = tarfile.TarInfo('c/dir')
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.pax_headers = pax or {}
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


FILES = {'c/a': b'1' * 100_000, './d/ü/b': b'', f'd/{"long/" * 60}x': b'2', 'e/new': b'33'}


@pytest.mark.parametrize('form', [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize(('kind', 'press'), [('tar', bytes), ('tar.gz', gzip.compress), ('tar.bz2', bz2.compress)])
def test_an_archive_is_put_file_by_file(form: int, kind: str, press: Any) -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            for name, site in (('c', 'west'), ('d', 'east')):
                await league.ok('PUT', f'{ACCOUNT}/{name}', headers={'x-storage-policy': site})
            raw = press(packed(FILES, form))
            told = (await league.ask('PUT', f'{ACCOUNT}?extract-archive={kind}', raw, headers={'accept': 'application/json'}))[2]
            assert told == {'Number Files Created': 4, 'Response Body': '', 'Response Status': '201 Created', 'Errors': []}
            for name, data in FILES.items():
                got = await league.ask('GET', f'{ACCOUNT}/{urllib.parse.quote(name.removeprefix("./"))}')
                assert (got[0], got[2]) == (200, data), name
            assert (await league.ask('HEAD', f'{ACCOUNT}/d/{"long/" * 60}x'))[1]['x-hansa-site'] == 'east'

    virtual.run(main)


def test_an_archive_below_a_path_and_what_its_files_say_of_themselves() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            told = {'SCHILY.xattr.user.mime_type': 'text/x', 'SCHILY.xattr.user.meta.Colour': 'red'}
            status, _, body = await league.ask('PUT', f'{ACCOUNT}/c/base/?extract-archive=tar', packed({'x/y': b'1'}, pax=told))
            assert (status, body) == (200, b'Number Files Created: 1\nResponse Body: \nResponse Status: 201 Created\nErrors:\n')
            headers = (await league.ask('HEAD', f'{ACCOUNT}/c/base/x/y'))[1]
            assert (headers['content-type'], headers['x-object-meta-colour']) == ('text/x', 'red')

    virtual.run(main)


def test_what_is_no_archive() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            whole = packed({'c/a': b'1' * 5000, 'c/b': b'1'})
            huge = tarfile.TarInfo('x')
            huge.type, huge.size = tarfile.XHDTYPE, 1 << 30
            for kind, raw, created in (
                ('tar', b'no archive at all' * 60, 0),
                ('tar', whole[:4000], 0),
                ('tar', b'', 0),
                ('tar', huge.tobuf(), 0),
                ('tar', packed({'plain': b'1'}), 0),
                ('tar.gz', whole, 0),
                ('tar.gz', gzip.compress(whole)[:-30], 1),
                ('tar.bz2', b'BZh9nonsense', 0),
            ):
                got = await league.ask('PUT', f'{ACCOUNT}?extract-archive={kind}', raw, headers={'accept': 'application/json'})
                assert (got[0], got[2]['Response Status'], got[2]['Number Files Created']) == (200, '400 Bad Request', created), (kind, raw[:20])
            assert (await league.ask('PUT', f'{ACCOUNT}?extract-archive=zip', whole))[0] == 400
            assert (await league.ask('PUT', f'{ACCOUNT}/c?extract-archive=tar', whole, token='demo_reader'))[0] == 403
            listed = [row['name'] for row in await league.ok('GET', f'{ACCOUNT}/c?format=json')]
            assert listed == ['a']

    virtual.run(main)


def test_a_client_that_leaves_in_the_middle_of_a_file_leaves_the_files_before_it() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            raw = packed({'c/a': b'1', 'c/b': b'1' * 100_000})
            half = raw[: len(raw) // 2]
            await test_object_streams.upload(league, ACCOUNT, [half], {'transfer-encoding': 'chunked'}, leaves=True, query='extract-archive=tar')
            listed = [row['name'] for row in await league.ok('GET', f'{ACCOUNT}/c?format=json')]
            assert listed == ['a']

    virtual.run(main)
