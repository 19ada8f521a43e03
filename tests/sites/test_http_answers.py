"""Responses of every form come out whole, and what is no proper response never looks like one."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.model.errors import TooLarge
from hansa.ports.http import TransportError
from hansa.ports.site import SiteResponse
from hansa.sites.http.transport import HttpTransport
from tests.sites.wire import Server, both, cut, head, saying, saying_once, serve

OK = b'HTTP/1.1 200 OK\r\n'


async def get(transport: HttpTransport, server: Server, method: str = 'GET', timeout: float = 10) -> SiteResponse:
    return await transport.send(method, server.base + '/x', [('A', 'b')], None, timeout)


@pytest.mark.parametrize(
    ('answer', 'method', 'status', 'body'),
    [
        (OK + b'Content-Length: 5\r\n\r\nhello', 'GET', 200, b'hello'),
        (OK + b'Content-Length: 0\r\n\r\n', 'GET', 200, b''),
        (OK + b'Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nSum: 1\r\n\r\n', 'GET', 200, b'hello'),
        (b'HTTP/1.1 204 No Content\r\n\r\n', 'DELETE', 204, b''),
        (b'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', 'GET', 304, b''),
        (OK + b'Content-Length: 9\r\n\r\n', 'HEAD', 200, b''),
        (OK + b'Transfer-Encoding: chunked\r\n\r\n', 'HEAD', 200, b''),
        (
            b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nB: c\r\n\r\n' + OK + b'Content-Length: 2\r\n\r\nok',
            'GET',
            200,
            b'ok',
        ),
    ],
)
def test_a_bounded_answer_is_whole_and_leaves_the_connection_usable(answer: bytes, method: str, status: int, body: bytes) -> None:
    async def main() -> None:
        async with serve(saying(answer)) as server:
            transport = HttpTransport()
            for _ in range(3):
                response = await get(transport, server, method)
                assert (response.status, await response.read()) == (status, body)
                assert response.header('b') == ''
            assert server.connections == 1
            await transport.close()

    both(main)


@pytest.mark.parametrize(
    ('answer', 'body'),
    [
        (OK + b'\r\nuntil the end', b'until the end'),
        (b'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', b'ok'),
        (OK + b'Connection: close\r\nContent-Length: 2\r\n\r\nok', b'ok'),
    ],
)
def test_an_answer_after_which_the_server_hangs_up(answer: bytes, body: bytes) -> None:
    async def main() -> None:
        async with serve(saying_once(answer)) as server:
            transport = HttpTransport()
            for _ in range(2):
                assert await (await get(transport, server)).read() == body
            assert server.connections == 2
            await transport.close()

    both(main)


@pytest.mark.parametrize(
    ('answer', 'reason'),
    [
        (b'SSH-2.0-OpenSSH\r\n', 'sent something that is not HTTP'),
        (b'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'sent something that is not HTTP'),
        (OK + b'Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc', 'sent something that is not HTTP'),
        (OK + b'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'sent something that is not HTTP'),
        (OK + b'X: ' + b'y' * 70000, 'sent more than 65536 bytes of headers'),
        (OK + b''.join(b'X: %d\r\n' % n for n in range(9000)) + b'\r\n', 'sent more than 65536 bytes of headers'),
        (b'HTTP/1.1 100 Continue\r\n\r\n' * 4000, 'sent more than 65536 bytes of headers'),
        (b'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', 'switched to another protocol unasked'),
        (OK[:9], 'broke off'),
        (b'', 'broke off'),
    ],
)
def test_what_is_no_answer(answer: bytes, reason: str) -> None:
    async def main() -> None:
        async with serve(saying_once(answer)) as server:
            transport = HttpTransport()
            with pytest.raises(TransportError) as caught:
                await get(transport, server)
            assert (caught.value.reason, caught.value.sent) == (reason, True)
            await transport.close()

    both(main)


@pytest.mark.parametrize(
    ('answer', 'reason'),
    [
        (OK + b'Content-Length: 50\r\n\r\nabc', 'broke off'),
        (OK + b'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'broke off'),
        (OK + b'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n', 'sent something that is not HTTP'),
        (OK + b'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: ' + b'y' * 300000, 'sent more than 65536 bytes of headers'),
        (OK + b'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5;' + b'y' * 300000, 'sent more than 65536 bytes of headers'),
    ],
)
def test_a_body_that_breaks_says_so(answer: bytes, reason: str) -> None:
    async def main() -> None:
        async with serve(saying_once(answer)) as server:
            transport = HttpTransport()
            with pytest.raises(TransportError) as caught:
                await (await get(transport, server)).read()
            assert caught.value.reason == reason
            await transport.close()

    both(main)


@pytest.mark.parametrize('extra', [OK, OK + b'Content-Length: 1\r\n\r\nX', b'H', b'garbage'])
@pytest.mark.parametrize('method', ['GET', 'HEAD'])
def test_what_follows_an_answer_is_never_the_next_one(extra: bytes, method: str) -> None:
    body = b'ok' if method == 'GET' else b''

    async def main() -> None:
        async with serve(saying(OK + b'Content-Length: 2\r\n\r\n' + body + extra)) as server:
            transport = HttpTransport()
            for _ in range(2):
                assert await (await get(transport, server, method)).read() == body
            assert server.connections == 2
            await transport.close()

    both(main)


def test_silence_ends_in_an_error() -> None:
    async def main() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async def halfway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(OK + b'Content-Length: 9\r\n\r\nabc')
            await reader.read()
            await reader.read()

        transport = HttpTransport()
        async with serve(silent) as server:
            with pytest.raises(TransportError, match=r'did not answer in 0\.05 s'):
                await get(transport, server, timeout=0.05)
            await server.ended.wait()
        async with serve(halfway) as server:
            response = await get(transport, server, timeout=0.05)
            with pytest.raises(TransportError, match='stopped in the middle'):
                await response.read()
            await server.ended.wait()
        await transport.close()

    both(main)


def test_a_head_that_drips_is_bounded_as_a_whole() -> None:
    async def main() -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(OK + b'X: ')
            gone = asyncio.ensure_future(reader.read())
            while not gone.done():
                writer.write(b'y')
                await asyncio.wait((gone,), timeout=0.01)

        async with serve(drip) as server:
            transport = HttpTransport()
            with pytest.raises(TransportError, match='did not answer'):
                await get(transport, server, timeout=0.1)
            await transport.close()

    both(main)


def test_a_body_over_the_readers_limit_is_let_go() -> None:
    async def main() -> None:
        async with serve(saying_once(OK + b'Content-Length: 3000000\r\n\r\n' + b'x' * 3000000)) as server:
            transport = HttpTransport()
            response = await get(transport, server)
            with pytest.raises(TooLarge):
                await response.read(limit=1000)
            await server.ended.wait()
            await transport.close()

    both(main)


def test_a_reader_that_does_not_take_holds_the_server_back() -> None:
    async def main() -> None:
        size = 64 << 20
        written = 0
        stuck = asyncio.Event()

        async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal written
            await head(reader)
            writer.write(OK + b'Content-Length: %d\r\n\r\n' % size)
            while written < size:
                writer.write(b'x' * 65536)
                written += 65536
                drained = asyncio.ensure_future(writer.drain())
                done, _ = await asyncio.wait((drained,), timeout=0.1)
                if not done:
                    stuck.set()
                await drained

        async with serve(flood) as server:
            transport = HttpTransport()
            response = await get(transport, server)
            await stuck.wait()
            assert written < size / 2
            total = 0
            async for chunk in response.chunks():
                assert len(chunk) <= 1 << 20
                total += len(chunk)
            assert total == size
            await transport.close()

    both(main)


def test_a_paused_connection_is_usable_again() -> None:
    async def main() -> None:
        async with serve(saying(OK + b'Content-Length: 400000\r\n\r\n' + b'x' * 400000)) as server:
            transport = HttpTransport()
            for _ in range(4):
                response = await get(transport, server)
                assert len(await response.read()) == 400000
            assert server.connections == 1
            await transport.close()

    both(main)


def test_closing_an_answer_half_way_closes_the_connection() -> None:
    async def main() -> None:
        async with serve(saying_once(OK + b'Content-Length: 90\r\n\r\nabc')) as server:
            transport = HttpTransport()
            response = await get(transport, server)
            await response.close()
            await response.close()
            assert await response.read() == b''
            await server.ended.wait()
            await transport.close()

    both(main)


@settings(max_examples=60, deadline=None)
@given(
    chunks=st.lists(st.binary(min_size=1, max_size=300), max_size=6),
    places=st.lists(st.integers(min_value=1, max_value=90), max_size=20),
    form=st.sampled_from(('length', 'chunked', 'end')),
)
def test_a_body_comes_out_whole_however_it_is_cut(chunks: list[bytes], places: list[int], form: str) -> None:
    body = b''.join(chunks)
    if form == 'length':
        answer = OK + b'Content-Length: %d\r\n\r\n' % len(body) + body
    elif form == 'chunked':
        parts = b''.join(b'%x\r\n%s\r\n' % (len(chunk), chunk) for chunk in chunks)
        answer = OK + b'Transfer-Encoding: chunked\r\n\r\n' + parts + b'0\r\n\r\n'
    else:
        answer = OK + b'\r\n' + body

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        for piece in cut(answer, iter(places)):
            writer.write(piece)
            await writer.drain()

    async def main() -> None:
        async with serve(talk) as server:
            transport = HttpTransport()
            assert await (await get(transport, server)).read() == body
            response = await get(transport, server)
            assert b''.join([chunk async for chunk in response.chunks()]) == body
            await transport.close()

    both(main)
