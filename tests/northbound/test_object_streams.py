"""Bodies of objects on their way: in chunks, broken off by either side, changed by a site."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, MutableMapping, Sequence
from typing import Any

from hansa.ports.http import Transport, TransportError
from hansa.ports.site import Headers, SiteResponse
from tests import house, virtual
from tests.house import League

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'


async def upload(league: League, path: str, chunks: Sequence[bytes], headers: Mapping[str, str], *, leaves: bool = False, query: str = '') -> int:
    """PUT an object piece by piece; the status, 0 where the client `leaves` after its last piece."""
    sent = {'x-storage-token': 'token-demo', **headers}
    scope = {
        'type': 'http', 'http_version': '1.1', 'method': 'PUT', 'scheme': 'http', 'path': path, 'raw_path': path.encode(), 'query_string': query.encode(),
        'headers': [(name.encode(), value.encode()) for name, value in sent.items()], 'server': ('league.test', 80), 'client': ('192.0.2.1', 1234),
    }  # fmt: skip
    left = list(chunks)
    status = 0

    async def receive() -> dict[str, Any]:
        if left:
            return {'type': 'http.request', 'body': left.pop(0), 'more_body': bool(left) or leaves}
        if not leaves:
            await asyncio.Event().wait()
        return {'type': 'http.disconnect'}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        status = message.get('status', status)

    await league.house.hall(scope, receive, send)
    return status


def test_a_body_in_chunks() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await league.ok('PUT', f'{ACCOUNT}/c')
            pieces = [bytes([number]) * 70_000 for number in range(20)]
            assert await upload(league, f'{ACCOUNT}/c/o', pieces, {'transfer-encoding': 'chunked'}) == 201
            assert (await league.ask('GET', f'{ACCOUNT}/c/o'))[2] == b''.join(pieces)
            status, headers, body = await league.ask('HEAD', f'{ACCOUNT}/c/o')
            assert (status, headers['content-length'], body) == (200, '1400000', b'')
            assert await upload(league, f'{ACCOUNT}/c/p', [b''], {}) == 411
            assert await upload(league, f'{ACCOUNT}/c/p', [b''], {'content-length': '0'}) == 201
            wrong = {'etag': '0' * 32, 'content-length': '3'}
            assert await upload(league, f'{ACCOUNT}/c/q', [b'abc'], wrong) == 422
            assert [row['name'] for row in await league.ok('GET', f'{ACCOUNT}/c?format=json')] == ['o', 'p']

    virtual.run(main)


def test_a_client_that_leaves_half_way_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await league.ok('PUT', f'{ACCOUNT}/c')
            for headers in ({'transfer-encoding': 'chunked'}, {'content-length': '1000000'}):
                await upload(league, f'{ACCOUNT}/c/o', [b'x' * 70_000] * 3, headers, leaves=True)
                # Whoever leaves as often as he likes takes no site away from the others.
                for _ in range(3):
                    await upload(league, f'{ACCOUNT}/c/o', [b'x' * 70_000] * 3, headers, leaves=True)
                assert await league.ok('GET', f'{ACCOUNT}/c?format=json') == []

    virtual.run(main)


class Changing:
    """Stands before a site: breaks uploads off after their first piece, or changes what it says of them."""

    def __init__(self, site: Transport) -> None:
        self._site = site
        self.breaks = False
        self.lies = False

    async def send(self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float) -> SiteResponse:
        if method != 'PUT' or body is None or isinstance(body, bytes):
            return await self._site.send(method, url, headers, body, timeout)
        if self.breaks:
            await anext(body)
            raise TransportError('broke off', sent=True)
        response = await self._site.send(method, url, headers, body, timeout)
        if self.lies:
            response.headers = [(name, '0' * 32 if name.lower() == 'etag' else value) for name, value in response.headers]
        return response

    async def close(self) -> None:
        await self._site.close()


def test_a_site_that_breaks_off_or_keeps_something_else_is_named() -> None:
    async def main() -> None:
        between: dict[str, Changing] = {}

        def wrap(site: str, transport: Transport) -> Transport:
            return between.setdefault(site, Changing(transport))

        async with house.league('east', wrap=wrap) as league:
            await league.ok('PUT', f'{ACCOUNT}/c')
            between['east'].breaks = True
            status, headers, _ = await league.ask('PUT', f'{ACCOUNT}/c/o', b'abc')
            assert (status, headers['x-hansa-missing-sites']) == (503, 'east')
            await league.clock.sleep(30)
            assert (await league.ask('GET', f'{ACCOUNT}/c/o'))[0] == 404
            between['east'].breaks, between['east'].lies = False, True
            status, _, said = await league.ask('PUT', f'{ACCOUNT}/c/o', b'abc', headers={'etag': hashlib.md5(b'abc', usedforsecurity=False).hexdigest()})
            assert (status, b'keeps something else' in said) == (503, True)

    virtual.run(main)


def test_who_may_not_is_told_before_he_sends() -> None:
    """A server says 100 when the body is asked for: of what is refused at the door, it never is."""

    async def main() -> None:
        async with house.league('east') as league:
            await league.ok('PUT', f'{ACCOUNT}/c')
            await league.ok('POST', ACCOUNT, headers={'x-account-meta-quota-bytes': '10'}, token='admin')
            asked: list[str] = []
            for path, code, token in ((f'{ACCOUNT}/c/o', 413, 'token-demo'), (f'{ACCOUNT}/none/o', 404, 'token-demo'), (f'{ACCOUNT}/c/o', 401, '')):
                sent = {'expect': '100-continue', 'content-length': '11', 'x-auth-token': token}
                scope = {
                    'type': 'http', 'http_version': '1.1', 'method': 'PUT', 'scheme': 'http', 'path': path, 'raw_path': path.encode(),
                    'query_string': b'', 'headers': [(name.encode(), value.encode()) for name, value in sent.items()],
                    'server': ('league.test', 80), 'client': ('192.0.2.1', 1234),
                }  # fmt: skip
                codes: list[int] = []

                async def receive(path: str = path) -> dict[str, Any]:
                    asked.append(path)
                    return {'type': 'http.request', 'body': b'x' * 11, 'more_body': False}

                async def send(message: MutableMapping[str, Any], codes: list[int] = codes) -> None:
                    codes += [message['status']] if 'status' in message else []

                await league.house.hall(scope, receive, send)
                assert (codes, asked) == ([code], [])

    virtual.run(main)
