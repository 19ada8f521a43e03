"""Request bodies go out as they were given, at the speed of the server, and stop when it has heard enough."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.model.errors import BadRequest
from hansa.ports.http import TransportError
from hansa.ports.site import Headers
from hansa.sites.http import connection
from hansa.sites.http.connection import Connection
from hansa.sites.http.transport import HttpTransport
from tests.sites.wire import Talk, both, head, serve

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'


async def stream(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


def receiving(seen: list[bytes], times: int = 2) -> Talk:
    """Reads so many requests whole, chunked or by length, and answers each."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(times):
            top = await head(reader)
            body = bytearray()
            if b'chunked' in top:
                while size := int(await reader.readuntil(b'\r\n'), 16):
                    body += await reader.readexactly(size)
                    assert await reader.readexactly(2) == b'\r\n'
                assert await reader.readexactly(2) == b'\r\n'
            elif b'Content-Length: ' in top:
                body += await reader.readexactly(int(top.split(b'Content-Length: ')[1].split(b'\r\n')[0]))
            seen.append(bytes(body))
            writer.write(OK)
        await reader.read()

    return talk


@settings(max_examples=40)
@given(chunks=st.lists(st.binary(max_size=3000), max_size=6), known=st.booleans())
def test_a_stream_arrives_whole(chunks: list[bytes], known: bool) -> None:
    async def main() -> None:
        seen: list[bytes] = []
        body = b''.join(chunks)
        headers: Headers = [('Content-Length', str(len(body)))] if known else []
        async with serve(receiving(seen)) as server:
            transport = HttpTransport()
            for _ in range(2):
                response = await transport.send('PUT', server.base, headers, stream(chunks), 10)
                assert await response.read() == b'ok'
            assert seen == [body, body]
            assert server.connections == 1
            await transport.close()

    both(main)


def test_bytes_go_with_their_length() -> None:
    async def main() -> None:
        seen: list[bytes] = []
        async with serve(receiving(seen, 3)) as server:
            transport = HttpTransport()
            for body in (b'', b'x' * 3000000, b'y'):
                assert await (await transport.send('POST', server.base, [], body, 10)).read() == b'ok'
            assert [len(body) for body in seen] == [0, 3000000, 1]
            await transport.close()

    both(main)


def test_the_server_sets_the_pace() -> None:
    async def main() -> None:
        taken = 0
        go = asyncio.Event()
        seen: list[bytes] = []

        async def endless() -> AsyncIterator[bytes]:
            nonlocal taken
            for _ in range(1000):
                taken += 1
                yield b'x' * 65536

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await go.wait()
            await receiving(seen, 1)(reader, writer)

        async with serve(slow) as server:
            transport = HttpTransport()
            task = asyncio.ensure_future(transport.send('PUT', server.base, [], endless(), 10))
            before = -1
            while before != taken or not taken:
                before = taken
                await asyncio.wait((task,), timeout=0.1)
            assert taken < 500
            go.set()
            assert await (await task).read() == b'ok'
            assert len(seen[0]) == 65536000
            await transport.close()

    both(main)


def test_an_early_answer_ends_the_upload() -> None:
    async def main() -> None:
        closed = asyncio.Event()

        async def endless() -> AsyncGenerator[bytes, None]:
            try:
                while True:
                    yield b'x' * 65536
            finally:
                closed.set()

        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head(reader)
            writer.write(b'HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig')
            await writer.drain()
            while await reader.read(65536):
                pass

        async with serve(refuse) as server:
            transport = HttpTransport()
            source = endless()
            response = await transport.send('PUT', server.base, [], source, 10)
            assert (response.status, await response.read()) == (413, b'big')
            await source.aclose()
            await closed.wait()
            await server.ended.wait()
            await transport.close()

    both(main)


def test_an_early_head_with_a_late_body() -> None:
    async def main() -> None:
        go = asyncio.Event()

        async def waiting() -> AsyncIterator[bytes]:
            yield b'x'
            await asyncio.Event().wait()

        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head(reader)
            writer.write(b'HTTP/1.1 401 No\r\nContent-Length: 3\r\n\r\n')
            await go.wait()
            writer.write(b'bad')
            await reader.read()

        async with serve(refuse) as server:
            transport = HttpTransport()
            response = await transport.send('PUT', server.base, [], waiting(), 10)
            go.set()
            assert (response.status, await response.read()) == (401, b'bad')
            await server.ended.wait()
            await transport.close()

    both(main)


@pytest.mark.parametrize(('length', 'what'), [('1', 'longer'), ('9', 'shorter')])
def test_a_stream_of_another_length_is_the_callers_fault(length: str, what: str) -> None:
    async def main() -> None:
        async with serve(receiving([])) as server:
            transport = HttpTransport()
            with pytest.raises(BadRequest, match=what):
                await transport.send('PUT', server.base, [('content-length', length)], stream([b'abc']), 10)
            await server.ended.wait()
            await transport.close()

    both(main)


def test_a_stream_that_fails_or_stops_ends_the_request() -> None:
    async def main() -> None:
        async def failing() -> AsyncIterator[bytes]:
            yield b'x'
            raise KeyError('mine')

        async def stopping() -> AsyncIterator[bytes]:
            yield b'x'
            await asyncio.Event().wait()

        async with serve(receiving([])) as server:
            transport = HttpTransport()
            with pytest.raises(KeyError, match='mine'):
                await transport.send('PUT', server.base, [], failing(), 10)
            with pytest.raises(BadRequest, match='stopped coming'):
                await transport.send('PUT', server.base, [], stopping(), 0.05)
            await transport.close()

    both(main)


def test_a_stream_that_fails_after_an_early_answer_spoils_no_other_request() -> None:
    async def main() -> None:
        answered = asyncio.Event()

        async def failing() -> AsyncIterator[bytes]:
            yield b'x'
            await answered.wait()
            raise KeyError('mine')

        async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head(reader)
            writer.write(OK)
            await writer.drain()
            answered.set()
            await reader.read(10)
            await reader.read(10)

        async with serve(early) as server:
            transport = HttpTransport()
            for number in (1, 2):
                answered.clear()
                try:
                    response = await transport.send('PUT', server.base, [], failing(), 10)
                    assert await response.read() == b'ok'
                except KeyError:
                    # Either may be noticed first; what counts is that the connection is not used again.
                    pass
                assert server.connections == number
            await transport.close()

    both(main)


def test_a_server_that_takes_nothing_is_given_up() -> None:
    async def main() -> None:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b'x' * 65536

        over = asyncio.Event()

        async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport reads too
            await over.wait()

        async with serve(deaf) as server:
            transport = HttpTransport()
            with pytest.raises(TransportError, match='did not answer') as caught:
                await transport.send('PUT', server.base, [], endless(), 0.2)
            assert caught.value.sent
            over.set()
            await transport.close()

    both(main)


def test_an_exchange_that_is_over_leaves_the_upload_of_the_next_alone() -> None:
    # The next one takes the connection after it was freed, and before the one that freed it has been resumed.
    async def main() -> None:
        free: list[Connection] = []
        async with serve(receiving([], times=2)) as server:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(lambda: Connection(5, free.append), '127.0.0.1', server.port)

            async def get() -> bytes:
                top = b'GET / HTTP/1.1\r\nHost: here\r\n\r\n'
                return await (await connection.exchange(top, None, None, for_head=False, timeout=5)).read()

            async def put() -> bytes:
                while not free:  # noqa: ASYNC110 - an event would wake us one turn too late
                    await asyncio.sleep(0)
                top = b'PUT / HTTP/1.1\r\nHost: here\r\nContent-Length: 20000\r\n\r\n'
                body = stream([b'x' * 1000] * 20)
                return await (await connection.exchange(top, body, 20000, for_head=False, timeout=5)).read()

            assert list(await asyncio.gather(get(), put())) == [b'ok', b'ok']
            connection.close()

    both(main)


def test_a_patient_body_waits_for_the_servers_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, 'PATIENCE', 0.01)

    async def main() -> None:
        asked: list[str] = []

        async def body(name: str) -> AsyncIterator[bytes]:
            asked.append(name)
            yield b'hello'

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            top = await head(reader)
            assert b'\r\nExpect: 100-continue\r\n' in top
            if b'/refused' in top:
                writer.write(b'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
                return
            assert asked == []
            if b'/wanted' in top:
                writer.write(b'HTTP/1.1 100 Continue\r\n\r\n')
            assert await reader.readexactly(5) == b'hello'
            writer.write(OK)

        async with serve(talk) as server:
            transport = HttpTransport()
            sent: Headers = [('Expect', '100-continue'), ('Content-Length', '5')]
            for path, status in (('/refused', 403), ('/wanted', 200), ('/silent', 200)):
                response = await transport.send('PUT', server.base + path, sent, body(path), 10)
                await response.read()
                assert (response.status, asked) == (status, [] if status == 403 else [path])
                asked.clear()
            await transport.close()

    both(main)
