"""Signed URLs and forms at the league's door: clients sign the league's paths, sites see their own."""

from __future__ import annotations

import hmac
import urllib.parse

from tests import house, virtual
from tests.house import League
from tests.virtual import EPOCH

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'
LATER = int(EPOCH) + 3600


def signed(method: str, path: str, *, key: str = 'secret', until: int = LATER, digest: str = 'sha256', more: str = '', head: str = '', mark: str = '') -> str:
    """A path of the league with its signature; `path` begins at the mount or, as clients of other clouds sign it, at the version."""
    text = f'{head}{method}\n{until}\n{mark}{path}'
    sig = hmac.new(key.encode(), text.encode(), digest).hexdigest()
    return f'temp_url_sig={sig}&temp_url_expires={until}{more}'


async def furnished(league: League, *, account: bool = False) -> None:
    await league.ok('PUT', f'{ACCOUNT}/c', headers={'x-storage-policy': 'west', **({} if account else {'x-container-meta-temp-url-key': 'secret'})})
    await league.ok('PUT', f'{ACCOUNT}/d', headers={'x-storage-policy': 'east'})
    if account:
        await league.ok('POST', ACCOUNT, headers={'x-account-meta-temp-url-key-2': 'secret'})
    for path in ('c/dir/o', 'd/o'):
        await league.ok('PUT', f'{ACCOUNT}/{path}', b'hello', headers={'x-object-meta-colour': 'red'})


def test_whoever_has_a_signed_url_reads_and_writes_without_a_token() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league)
            path = f'{ACCOUNT}/c/dir/o'
            for signed_path in (path, path.removeprefix('/object')):
                for digest in ('sha256', 'sha512'):
                    query = signed('GET', signed_path, digest=digest)
                    status, headers, body = await league.ask('GET', f'{path}?{query}', token='')
                    assert (status, body, headers['x-hansa-site']) == (200, b'hello', 'west')
                    assert 'x-object-meta-colour' not in headers
                    assert headers['content-disposition'].startswith('attachment; filename="o"')
                    assert (await league.ask('HEAD', f'{path}?{query}', token=''))[0] == 200
            bare = path.removeprefix('/object')
            assert (await league.ask('GET', f'{bare}?{signed("GET", bare)}', token=''))[::2] == (200, b'hello')
            assert (await league.ask('GET', '/v1'))[0] == (await league.ask('GET', '/v1/other'))[0] == 404
            told = (await league.ask('GET', f'{path}?{signed("GET", path)}&filename=a%20b&inline', token='', headers={'range': 'bytes=1-2'}))
            assert (told[0], told[2]) == (206, b'el')
            assert told[1]['content-disposition'].startswith('inline; filename="a b"')
            other = f'{ACCOUNT}/c/%C3%BC%20'
            plain = urllib.parse.unquote(other)
            assert (await league.ask('PUT', f'{other}?{signed("PUT", plain)}', b'new', token=''))[0] == 201
            assert (await league.ask('GET', other))[2] == b'new'
            assert (await league.ask('POST', f'{other}?{signed("POST", plain)}', token='', headers={'x-object-meta-a': 'b'}))[0] == 202
            assert (await league.ask('PUT', f'{other}?{signed("PUT", plain)}', b'', token='', headers={'x-object-manifest': 'd/x'}))[0] == 400
            assert (await league.ask('PUT', f'{other}?{signed("PUT", plain)}', b'', token='', headers={'x-copy-from': 'd/o'}))[0] == 400
            assert (await league.ask('DELETE', f'{other}?{signed("DELETE", plain)}', token=''))[0] == 204
            assert (await league.ask('GET', other))[0] == 404

    virtual.run(main)


def test_a_signature_opens_what_was_signed_and_nothing_else() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league)
            path = f'{ACCOUNT}/c/dir/o'
            good = signed('GET', path)
            wrong = [
                ('GET', f'{path}?{signed("PUT", path)}'),
                ('GET', f'{path}?{signed("GET", path, key="other")}'),
                ('GET', f'{path}?{signed("GET", path, until=int(EPOCH) - 1)}'),
                ('GET', f'{ACCOUNT}/c/other?{good}'),
                ('GET', f'{ACCOUNT}/d/o?{signed("GET", f"{ACCOUNT}/d/o")}'),
                ('GET', f'{ACCOUNT}/none/o?{signed("GET", f"{ACCOUNT}/none/o")}'),
                ('DELETE', f'{path}?{good}'),
                ('GET', f'{path}?temp_url_sig=xyz&temp_url_expires={LATER}'),
                ('GET', f'{path}?temp_url_expires={LATER}'),
                ('GET', f'{path}?{signed("GET", path, digest="sha1")}'),
            ]
            for method, target in wrong:
                for token in ('', 'demo'):
                    assert (await league.ask(method, target, token=token))[0] == 401, target
            for source, status in (('192.0.2.0/24', 200), ('198.51.100.0/24', 401)):
                query = signed('GET', path, head=f'ip={source}\n', more=f'&temp_url_ip_range={source}')
                assert (await league.ask('GET', f'{path}?{query}', token=''))[0] == status
            whole = signed('GET', f'{ACCOUNT}/c/dir/', mark='prefix:', more='&temp_url_prefix=dir/')
            assert (await league.ask('GET', f'{path}?{whole}', token=''))[0] == 200
            assert (await league.ask('GET', f'{ACCOUNT}/c/x?{whole}', token=''))[0] == 401
            later = good.replace(str(LATER), '2026-05-28T21:26:40Z')
            assert (await league.ask('GET', f'{path}?{later}', token=''))[0] == 200
            await league.clock.sleep(3601)
            assert (await league.ask('GET', f'{path}?{good}', token=''))[0] == 401

    virtual.run(main)


def test_an_accounts_key_opens_all_its_containers_until_it_is_changed() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league, account=True)
            path = f'{ACCOUNT}/d/o'
            for each in (f'{ACCOUNT}/c/dir/o', path):
                assert (await league.ask('GET', f'{each}?{signed("GET", each)}', token=''))[::2] == (200, b'hello')
            at = {site: next(iter(cloud.state.objects.accounts.values())).headers['x-account-meta-temp-url-key-2'] for site, cloud in league.clouds.items()}
            assert len({'secret', *at.values()}) == 3
            for key in at.values():
                # What one site was given opens nothing at the league, neither there nor at another.
                assert (await league.ask('GET', f'{path}?{signed("GET", path, key=key)}', token=''))[0] == 401
            await league.ok('POST', ACCOUNT, headers={'x-account-meta-temp-url-key-2': 'new'})
            assert (await league.ask('GET', f'{path}?{signed("GET", path)}', token=''))[0] == 401
            assert (await league.ask('GET', f'{path}?{signed("GET", path, key="new")}', token=''))[0] == 200
            assert (await league.ask('HEAD', ACCOUNT))[1]['x-account-meta-temp-url-key-2'] == 'new'
            assert 'x-account-meta-temp-url-key-2' not in (await league.ask('HEAD', ACCOUNT, token='demo_reader'))[1]
            await league.ok('POST', f'{ACCOUNT}/d', headers={'x-container-meta-temp-url-key': 'own'})
            assert (await league.ask('GET', f'{path}?{signed("GET", path, key="own")}', token=''))[0] == 200
            assert 'x-container-meta-temp-url-key' not in (await league.ask('HEAD', f'{ACCOUNT}/d', token='demo_reader'))[1]

    virtual.run(main)


def form(path: str, files: list[tuple[str, bytes]], *, size: int = 10, count: int = 2, redirect: str = '', key: str = 'secret', until: int = LATER) -> bytes:
    text = f'{path}\n{redirect}\n{size}\n{count}\n{until}'
    sig = hmac.new(key.encode(), text.encode(), 'sha256').hexdigest()
    fields = {'redirect': redirect, 'max_file_size': size, 'max_file_count': count, 'expires': until, 'signature': sig}
    parts = [f'--line\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    for number, (name, data) in enumerate(files):
        head = f'--line\r\nContent-Disposition: form-data; name="file{number}"; filename="{name}"\r\nContent-Type: text/x\r\n\r\n'
        parts.append(head.encode() + data + b'\r\n')
    return b''.join([b'preamble\r\n', *parts, b'--line--\r\n'])


FORM = {'content-type': 'multipart/form-data; boundary=line'}


def test_a_signed_form_puts_files() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league)
            path = f'{ACCOUNT}/c/up/'
            status, _, said = await league.ask('POST', path, form(path, [('a', b'123'), ('é', b'\r\n--lin\r\n')]), token='', headers=FORM)
            assert (status, said) == (201, b'201 Created\r\nFormPost: \r\n')
            assert (await league.ask('GET', f'{path}a'))[1]['content-type'] == 'text/x'
            assert (await league.ask('GET', f'{path}%C3%A9'))[2] == b'\r\n--lin\r\n'
            whole = f'{ACCOUNT}/c'
            assert (await league.ask('POST', whole, form(whole.removeprefix('/object'), [('plain', b'1')]), token='', headers=FORM))[0] == 201
            assert (await league.ask('GET', f'{whole}/plain'))[2] == b'1'
            status, headers, _ = await league.ask('POST', whole, form(whole, [('p', b'1')], redirect='http://x/?a=b'), token='', headers=FORM)
            assert (status, headers['location']) == (303, 'http://x/?a=b&status=201&message=')
            wrong = [
                (form(path, [('n', b'x' * 11)]), 413),
                (form(path, [('n', b'1')] * 3, count=0), 400),
                (form(path, []), 400),
                (form(path, [('n', b'1')], key='other'), 401),
                (form(path, [('n', b'1')], key='other', redirect='http://x'), 401),
                (form(path, [('n', b'1')], until=int(EPOCH) - 1), 401),
                (form(whole, [('n', b'1')]), 401),
                (form(path, [('n', b'123456')])[:-20], 400),
            ]
            for body, code in wrong:
                assert (await league.ask('POST', path, body, token='', headers=FORM))[0] == code, body
            assert (await league.ask('GET', f'{path}n'))[0] == 404

    virtual.run(main)
