"""Connections are kept, shared, given up and opened anew as the client promises, and nothing is sent twice that must not be."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hansa.model.errors import Busy
from hansa.ports.http import TransportError
from hansa.sites.http.transport import HttpTransport
from tests.sites.wire import both, head, saying, serve

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'


def answers_first_then_drops(streams: list[asyncio.StreamWriter], seen: list[bytes], reset: bool) -> object:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await head(reader)).split()[0])
        streams.append(writer)
        writer.write(OK if seen[-1] != b'HEAD' else OK[:-2])
        seen.append((await head(reader)).split()[0])
        if len(streams) == 1:
            if reset:
                writer.get_extra_info('socket').setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
            return
        writer.write(OK if seen[-1] != b'HEAD' else OK[:-2])
        await reader.read()

    return talk


@pytest.mark.parametrize('reset', [False, True])
@pytest.mark.parametrize('method', ['GET', 'HEAD', 'OPTIONS'])
def test_a_question_is_asked_again_when_a_kept_connection_dies(method: str, reset: bool) -> None:
    async def main() -> None:
        seen: list[bytes] = []
        talk = answers_first_then_drops([], seen, reset)
        async with serve(talk) as server:  # type: ignore[arg-type]  # `object` keeps the signature above short
            transport = HttpTransport()
            for _ in range(2):
                response = await transport.send(method, server.base, [], None, 10)
                assert response.status == 200
                await response.close()
            assert seen == [method.encode()] * 3
            await transport.close()

    both(main)


@pytest.mark.parametrize('reset', [False, True])
@pytest.mark.parametrize('method', ['POST', 'PUT', 'DELETE', 'PATCH'])
def test_a_change_is_never_sent_twice(method: str, reset: bool) -> None:
    async def main() -> None:
        seen: list[bytes] = []
        talk = answers_first_then_drops([], seen, reset)
        async with serve(talk) as server:  # type: ignore[arg-type]  # `object` keeps the signature above short
            transport = HttpTransport()
            await (await transport.send(method, server.base, [], None, 10)).read()
            with pytest.raises(TransportError, match='broke off') as caught:
                await transport.send(method, server.base, [], None, 10)
            assert caught.value.sent
            assert seen == [method.encode()] * 2
            await transport.close()

    both(main)


def test_a_question_is_repeated_once_only() -> None:
    async def main() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head(reader)
            if server.connections == 1:
                writer.write(OK)
                await head(reader)

        async with serve(talk) as server:
            transport = HttpTransport()
            await (await transport.send('GET', server.base, [], None, 10)).read()
            with pytest.raises(TransportError, match='broke off'):
                await transport.send('GET', server.base, [], None, 10)
            assert server.connections == 2
            await transport.close()

    both(main)


def test_a_change_takes_another_connection_when_the_kept_one_is_closed() -> None:
    async def main() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head(reader)
            writer.write(OK)

        async with serve(talk) as server:
            transport = HttpTransport()
            for number in range(1, 6):
                server.ended.clear()
                await (await transport.send('POST', server.base, [], b'x', 10)).read()
                await server.ended.wait()
                assert server.connections == number
            await transport.close()

    both(main)


def test_no_more_connections_than_the_limit_and_everybody_is_served() -> None:
    async def main() -> None:
        async with serve(saying(OK)) as server:
            transport = HttpTransport(limit=3)

            async def ask() -> bytes:
                return await (await transport.send('GET', server.base, [], None, 10)).read()

            assert await asyncio.gather(*(ask() for _ in range(40))) == [b'ok'] * 40
            assert server.connections == 3
            await transport.close()

    both(main)


def test_waiting_for_a_connection_is_bounded_and_not_the_sites_fault() -> None:
    async def main() -> None:
        async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.read()
            await reader.read()

        async with serve(silent) as server:
            transport = HttpTransport(limit=1)
            first = asyncio.ensure_future(transport.send('GET', server.base, [], None, 10))
            await asyncio.sleep(0)
            with pytest.raises(Busy, match='All 1 connections'):
                await transport.send('GET', server.base, [], None, 0.05)
            waiting = asyncio.ensure_future(transport.send('GET', server.base, [], None, 10))
            await asyncio.sleep(0)
            waiting.cancel()
            first.cancel()
            await asyncio.wait((waiting, first))
            with pytest.raises(TransportError, match='did not answer'):
                await transport.send('GET', server.base, [], None, 0.05)
            await transport.close()

    both(main)


def test_who_waits_gets_the_room_of_a_connection_that_died() -> None:
    async def main() -> None:
        release = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head(reader)
            await release.wait()
            if server.connections > 1:
                writer.write(OK)

        async with serve(talk) as server:
            transport = HttpTransport(limit=1)
            first = asyncio.ensure_future(transport.send('GET', server.base, [], None, 10))
            second = asyncio.ensure_future(transport.send('GET', server.base, [], None, 10))
            await asyncio.sleep(0)
            release.set()
            with pytest.raises(TransportError, match='broke off'):
                await first
            assert await (await second).read() == b'ok'
            await transport.close()

    both(main)


@pytest.mark.parametrize('promise', ['', 'Keep-Alive: timeout=1, max=5\r\n'])
def test_an_idle_connection_is_closed_in_time(promise: str) -> None:
    async def main() -> None:
        answer = b'HTTP/1.1 200 OK\r\n' + promise.encode() + b'Content-Length: 0\r\n\r\n'
        async with serve(saying(answer)) as server:
            transport = HttpTransport(idle=30 if promise else 0.05)
            await (await transport.send('GET', server.base, [], None, 10)).read()
            await server.ended.wait()
            await (await transport.send('GET', server.base, [], None, 10)).read()
            assert server.connections == 2
            await transport.close()

    both(main)


def test_a_caller_who_leaves_takes_the_connection_along() -> None:
    async def main() -> None:
        arrived = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await head(reader)
            arrived.set()
            await reader.read()

        async with serve(silent) as server:
            transport = HttpTransport()
            task = asyncio.ensure_future(transport.send('GET', server.base, [], None, 10))
            await arrived.wait()
            task.cancel()
            await server.ended.wait()
            assert task.cancelled() or not task.done()
            await asyncio.wait((task,))
            await transport.close()

    both(main)


def test_nobody_there() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            transport = HttpTransport()
            with pytest.raises(TransportError, match='refuses connections') as caught:
                await transport.send('POST', f'http://127.0.0.1:{taken.getsockname()[1]}/', [], b'', 10)
            assert not caught.value.sent
        with pytest.raises(TransportError, match='does not resolve'):
            await transport.send('GET', 'http://no-such-host.invalid/', [], None, 10)
        with pytest.raises(TransportError, match='refuses connections'):
            await HttpTransport(unix_socket='/nonexistent/socket').send('GET', 'http://h/', [], None, 10)

    both(main)


def test_a_unix_socket(tmp_path: Path) -> None:
    async def main() -> None:
        path = str(tmp_path / type(asyncio.get_running_loop()).__module__)
        asked: list[bytes] = []

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await head(reader))
            writer.write(OK)
            await reader.read()

        async with serve(talk, path=path):
            transport = HttpTransport(unix_socket=path)
            assert await (await transport.send('GET', 'http://keystone/v3', [], None, 10)).read() == b'ok'
            assert asked == [b'GET /v3 HTTP/1.1\r\nHost: keystone\r\n\r\n']
            await transport.close()

    both(main)


def certificate(path: Path) -> ssl.SSLContext:
    """A server's context with a certificate for 127.0.0.1 that nobody vouches for; it is left at `path`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'site')])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address('127.0.0.1'))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_tls_is_checked(tmp_path: Path) -> None:
    async def main() -> None:
        context = certificate(tmp_path / 'pem')

        async with serve(saying(OK), context) as server:
            with pytest.raises(TransportError, match='has an untrusted certificate: self-signed'):
                await HttpTransport().send('GET', server.base, [], None, 10)
            transport = HttpTransport(ssl_context=ssl.create_default_context(cafile=str(tmp_path / 'pem')))
            for _ in range(2):
                assert await (await transport.send('POST', server.base, [], b'x', 10)).read() == b'ok'
            assert server.connections == 1
            await transport.close()

    both(main)


def test_slow_clients_keep_nobody_else_from_a_server() -> None:
    async def main() -> None:
        on = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b'begun'
            await on.wait()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                top = await head(reader)
                if top.startswith(b'PUT'):
                    await reader.readuntil(b'0\r\n\r\n')
                large = b'HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n' + b'x' * 3_000_000
                writer.write(large if b'/large' in top else OK)

        async with serve(talk) as server:
            transport = HttpTransport(limit=1)
            large = await transport.send('GET', server.base + '/large', [], None, 10)
            uploads = [asyncio.ensure_future(transport.send('PUT', server.base, [], slow(), 10)) for _ in range(3)]
            async with asyncio.timeout(5):
                assert await (await transport.send('GET', server.base, [], None, 10)).read() == b'ok'
            on.set()
            for upload in uploads:
                assert await (await upload).read() == b'ok'
            assert len(await large.read()) == 3_000_000
            await transport.close()

    both(main)
