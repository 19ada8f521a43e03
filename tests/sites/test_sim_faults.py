"""What a test can make go wrong with a simulated cloud, and how the transport in memory carries bodies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hansa.ports.http import TransportError
from hansa.sites.sim.fault import Fault
from hansa.sites.sim.transport import AsgiTransport, Message
from tests.sites.sim_user import User, played


def test_a_cloud_that_refuses_was_not_reached() -> None:
    async def play(user: User) -> None:
        user.cloud.fault = Fault('refuse', count=1)
        with pytest.raises(TransportError) as caught:
            await user.ask('GET', 'compute', '/servers')
        assert not caught.value.sent
        assert (await user.ask('GET', 'compute', '/servers'))[0] == 200

    played(play)


def test_a_cloud_that_hangs_costs_no_more_than_the_timeout() -> None:
    async def play(user: User) -> None:
        user.cloud.fault = Fault('hang', service='volume')
        with pytest.raises(TransportError) as caught:
            await user.raw('GET', 'volume', '/volumes', timeout=0.01)
        assert caught.value.sent
        assert (await user.ask('GET', 'compute', '/servers'))[0] == 200

    played(play)


def test_a_lost_reply_leaves_the_work_done() -> None:
    async def play(user: User) -> None:
        user.cloud.fault = Fault('lose_reply', method='POST', path='/volumes$')
        with pytest.raises(TransportError) as caught:
            await user.ask('POST', 'volume', '/volumes', {'volume': {'size': 1, 'name': 'lost'}})
        assert caught.value.sent
        assert [one['name'] for one in user.cloud.state.volumes.values()] == ['lost']

    played(play)


def test_errors_garbage_and_slowness() -> None:
    async def play(user: User) -> None:
        user.cloud.fault = Fault('error', status=500, path='/servers')
        assert (await user.ask('GET', 'compute', '/servers'))[0] == 500
        assert (await user.ask('GET', 'compute', '/flavors'))[0] == 200
        user.cloud.fault = Fault('garbage')
        assert b'not what you asked for' in (await user.ask('GET', 'image', '/images'))[1]
        before = user.clock.now()
        user.cloud.fault = Fault('slow', seconds=7)
        assert (await user.ask('GET', 'image', '/images'))[0] == 200
        assert user.clock.now() == before + 7

    played(play)


def test_every_request_is_in_the_log() -> None:
    async def play(user: User) -> None:
        await user.ask('GET', 'compute', '/servers?limit=1')
        last = user.cloud.log[-1]
        assert (last.method, last.service, last.path, last.query) == ('GET', 'compute', '/compute/v2.1/servers', 'limit=1')
        assert last.headers['x-auth-token'] == user.token

    played(play)


def test_bodies_stream_both_ways_and_wait_for_their_taker() -> None:
    async def play(user: User) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b'x' * 65536

        given = {'name': 'big', 'disk_format': 'raw', 'container_format': 'bare'}
        _, made = await user.ask('POST', 'image', '/images', given)
        headers = [('X-Auth-Token', user.token), ('Content-Type', 'application/octet-stream')]
        url = f'http://east.sim/image/v2/images/{made["id"]}/file'
        assert (await user.transport.send('PUT', url, headers, chunks(), 5)).status == 204
        answer = await user.transport.send('GET', url, headers[:1], None, 5)
        sizes = [len(chunk) async for chunk in answer.chunks()]
        assert (len(sizes), sum(sizes)) == (40, 40 * 65536)
        unread = await user.transport.send('GET', url, headers[:1], None, 5)
        await unread.close()

    played(play)


def test_a_body_that_breaks_off_is_an_error_and_so_is_an_unknown_host() -> None:
    async def half(scope: Message, receive: object, send: object) -> None:
        assert callable(send)
        await send({'type': 'http.response.start', 'status': 200, 'headers': []})
        await send({'type': 'http.response.body', 'body': b'half', 'more_body': True})
        raise ConnectionResetError

    async def main() -> None:
        transport = AsgiTransport({'east.sim': half})
        answer = await transport.send('GET', 'http://east.sim/', [], None, 5)
        with pytest.raises(TransportError):
            await answer.read()
        with pytest.raises(TransportError):
            await transport.send('GET', 'http://nowhere.sim/', [], None, 5)
        await transport.close()

    asyncio.run(main())
