"""Who is slow holds up nobody else, and what breaks off leaves nothing behind."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

from hansa.ports.http import Transport, TransportError
from hansa.ports.site import Headers, SiteResponse
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.northbound import test_object_streams
from tests.virtual import EPOCH

ACCOUNT = f'/object/v1/AUTH_{house.league_id("demo")}'


async def furnished(league: League) -> None:
    for name, site in (('c', 'west'), ('d', 'east')):
        await league.ok('PUT', f'{ACCOUNT}/{name}', headers={'x-storage-policy': site, 'x-container-meta-temp-url-key': 'key'})
        await league.ok('PUT', f'{ACCOUNT}/{name}/o', b'x' * 1_000_000)


async def soon(league: League, path: str = f'{ACCOUNT}/d/o') -> None:
    """Somebody else is served at once."""
    began = league.clock.monotonic()
    assert (await league.ask('GET', path))[0] == 200
    assert (await league.ask('PUT', f'{path}-new', b'1'))[0] == 201
    assert league.clock.monotonic() - began < 1


def test_a_slow_site_holds_up_nobody_else() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league)
            league.clouds['west'].fault = Fault('slow', 'object-store', seconds=1.5)
            slow = [asyncio.create_task(league.ask('GET', f'{ACCOUNT}/c/o')) for _ in range(20)]
            await league.clock.sleep(0.2)
            await soon(league)
            signed = hmac.new(b'key', f'GET\n{int(EPOCH) + 900}\n{ACCOUNT}/d/o'.encode(), 'sha256').hexdigest()
            began = league.clock.monotonic()
            query = f'temp_url_sig={signed}&temp_url_expires={int(EPOCH) + 900}'
            assert (await league.ask('GET', f'{ACCOUNT}/d/o?{query}', token=''))[0] == 200
            assert league.clock.monotonic() - began < 1
            assert {(await each)[0] for each in slow} == {200}

    virtual.run(main)


async def raw(league: League, method: str, path: str, receive: Any, send: Any, **headers: str) -> None:
    told = {'x-auth-token': 'token-demo', **{name.replace('_', '-'): value for name, value in headers.items()}}
    scope = {
        'type': 'http', 'http_version': '1.1', 'method': method, 'scheme': 'http', 'path': path, 'raw_path': path.encode(), 'query_string': b'',
        'headers': [(name.encode(), value.encode()) for name, value in told.items()], 'server': ('league.test', 80), 'client': ('192.0.2.1', 1234),
    }  # fmt: skip
    await league.house.hall(scope, receive, send)


def test_a_slow_client_holds_up_nobody_else_and_is_waited_for_while_it_moves() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league)
            left, codes = [b'x' * 10] * 8, list[int]()

            async def receive() -> dict[str, Any]:
                await league.clock.sleep(30)
                return {'type': 'http.request', 'body': left.pop() if left else b'', 'more_body': bool(left)}

            async def send(message: MutableMapping[str, Any]) -> None:
                codes.extend([message['status']] if 'status' in message else [])

            slow = asyncio.create_task(raw(league, 'PUT', f'{ACCOUNT}/d/slow', receive, send, transfer_encoding='chunked'))
            await league.clock.sleep(45)
            await soon(league)
            await slow
            assert codes == [201]
            assert (await league.ask('GET', f'{ACCOUNT}/d/slow'))[2] == b'x' * 80

    virtual.run(main)


def test_a_client_that_takes_nothing_is_sent_nothing_more() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league)
            taken: list[int] = []
            on = asyncio.Event()

            async def receive() -> dict[str, Any]:
                await asyncio.Event().wait()
                return {}

            async def send(message: MutableMapping[str, Any]) -> None:
                taken.append(len(message.get('body', b'')))
                if len(taken) == 2:
                    await on.wait()

            slow = asyncio.create_task(raw(league, 'GET', f'{ACCOUNT}/d/o', receive, send))
            await league.clock.sleep(5)
            await soon(league)
            assert len(taken) == 2
            on.set()
            await slow
            assert sum(taken) == 1_000_000

    virtual.run(main)


class Cutting:
    """Stands before a site: what is read of it breaks off in the middle while `cuts`."""

    def __init__(self, site: Transport) -> None:
        self._site = site
        self.cuts = False

    async def send(self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float) -> SiteResponse:
        response = await self._site.send(method, url, headers, body, timeout)
        return Cut(response) if self.cuts and method == 'GET' and '/object-store/' in url else response

    async def close(self) -> None:
        await self._site.close()


class Cut:
    def __init__(self, whole: SiteResponse) -> None:
        self._whole = whole
        self.status = whole.status
        self.headers = whole.headers

    def header(self, name: str) -> str:
        return self._whole.header(name)

    async def read(self, limit: int = 64 << 20) -> bytes:
        return await self._whole.read(limit)

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._whole.chunks():
            yield chunk
            await self._whole.close()
            raise TransportError('broke off in the middle', sent=True)

    async def close(self) -> None:
        await self._whole.close()


async def listed(league: League) -> list[list[str]]:
    """The names in both containers."""
    return [[row['name'] for row in await league.ok('GET', f'{ACCOUNT}/{name}?format=json')] for name in 'cd']


def test_what_a_client_breaks_off_leaves_nothing() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league)
            await league.ok('POST', ACCOUNT, headers={'x-account-meta-quota-bytes': '9000000'}, token='admin')
            before = await listed(league)
            half = [b'x' * 70_000] * 3
            until = int(EPOCH) + 900
            signed = hmac.new(b'key', f'PUT\n{until}\n{ACCOUNT}/c/new'.encode(), 'sha256').hexdigest()
            for query in ('', f'temp_url_sig={signed}&temp_url_expires={until}', 'multipart-manifest=put'):
                for length in ({'transfer-encoding': 'chunked'}, {'content-length': '1000000'}):
                    await test_object_streams.upload(league, f'{ACCOUNT}/c/new', half, length, leaves=True, query=query)
            await test_object_streams.upload(league, f'{ACCOUNT}/c_segments/new/1', half, {'content-length': '1000000'}, leaves=True)
            assert await listed(league) == before
            assert (await league.store.quota(house.league_id('demo'))).reserved == {}
            assert (await league.ask('PUT', f'{ACCOUNT}/c/new', b'1'))[0] == 201

    virtual.run(main)


def test_segments_that_break_off_are_not_there() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await furnished(league)
            await league.ok('PUT', f'{ACCOUNT}/c_segments')
            await league.ok('PUT', f'{ACCOUNT}/c_segments/big/1', b'whole')
            await test_object_streams.upload(league, f'{ACCOUNT}/c_segments/big/2', [b'x' * 70_000], {'content-length': '1000000'}, leaves=True)
            assert [row['name'] for row in await league.ok('GET', f'{ACCOUNT}/c_segments?format=json')] == ['big/1']

    virtual.run(main)


def test_a_copy_whose_source_breaks_off_leaves_nothing() -> None:
    async def main() -> None:
        between: dict[str, Cutting] = {}

        def wrap(site: str, transport: Transport) -> Transport:
            return between.setdefault(site, Cutting(transport))

        async with house.league('east', 'west', wrap=wrap) as league:
            await furnished(league)
            before = await listed(league)
            between['west'].cuts = True
            status, headers, _ = await league.ask('COPY', f'{ACCOUNT}/c/o', headers={'destination': 'd/copy'})
            assert (status, headers['x-hansa-missing-sites']) == (503, 'west')
            between['west'].cuts = False
            await league.clock.sleep(30)
            assert await listed(league) == before

    virtual.run(main)
