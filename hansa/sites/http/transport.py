"""An HTTP/1.1 client for small requests at little cost and for streams of any length, both ways."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from functools import partial

from hansa.ports.http import TransportError
from hansa.ports.site import Headers, SiteResponse
from hansa.sites.http import request
from hansa.sites.http.connection import Connection
from hansa.sites.http.pool import Freed, Pool

_REPEATABLE = frozenset(('GET', 'HEAD', 'OPTIONS'))


class HttpTransport:
    """The wire itself (`hansa.ports.http.Transport`): at most `limit` connections to each server.

    Idle connections are closed after `idle` seconds, earlier if the server's Keep-Alive header says so.
    With `unix_socket` everything goes to that path, whatever the URL's host. Redirects are not followed, bodies not
    decoded, cookies not kept, proxies of the environment not used.
    """

    def __init__(
        self, limit: int = 64, unix_socket: str = '', ssl_context: ssl.SSLContext | None = None, idle: float = 15
    ) -> None:
        self._limit = limit
        self._unix_socket = unix_socket
        self._ssl = ssl_context
        self._idle = idle
        self._pools: dict[request.Origin, Pool] = {}

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float
    ) -> SiteResponse:
        """Send a request and wait for the head of its response.

        A stream goes out with the caller's Content-Length, in chunks without one. Headers about the connection are
        ours and dropped from the caller's; where those say `Expect: 100-continue`, a stream is not asked for a byte before the server
        wants it. GET, HEAD and OPTIONS are sent once more if a kept connection turns out
        to be closed. Raises TransportError, Busy, ValueError for what cannot be said in HTTP, BadRequest for a
        streamed body that is not as long as announced or stops coming.
        """
        origin, authority, target = request.split(url)
        stream, length = None, None
        if isinstance(body, bytes):
            length = len(body)
        elif body is not None:
            stream, length = body, request.declared(headers)
        patient = stream is not None and length != 0 and request.patient(headers)
        head = request.encode(method, target, authority, headers, length, stream is not None, waits=patient)
        if isinstance(body, bytes):
            head += body
        repeatable = stream is None and method in _REPEATABLE
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = Pool(self._limit, partial(self._connect, origin))
        connection = await pool.take(timeout, careful=not repeatable)
        try:
            return await connection.exchange(head, stream, length, method == 'HEAD', timeout, patient=patient)
        except TransportError:
            if not (repeatable and connection.dropped and connection.used > 1):
                raise
        connection = await pool.fresh(timeout)
        return await connection.exchange(head, stream, length, method == 'HEAD', timeout)

    async def close(self) -> None:
        """Close all connections; what is under way fails."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        # Sockets are closed in the loop's next round; whoever ends the loop after us shall not cut that off.
        await asyncio.sleep(0)

    async def _connect(self, origin: request.Origin, freed: Freed, timeout: float) -> Connection:
        try:
            async with asyncio.timeout(timeout):
                return await self._dial(origin, freed)
        except TimeoutError as error:
            raise TransportError(f'cannot be connected to in {timeout:g} s', sent=False) from error
        except OSError as error:
            raise TransportError(_reason(error), sent=False) from error

    async def _dial(self, origin: request.Origin, freed: Freed) -> Connection:
        loop = asyncio.get_running_loop()
        make = partial(Connection, self._idle, freed)
        tls: ssl.SSLContext | None = None
        if origin.scheme == 'https':
            tls = self._ssl = self._ssl or ssl.create_default_context()
        name = origin.host if tls else None
        if self._unix_socket:
            return (await loop.create_unix_connection(make, self._unix_socket, ssl=tls, server_hostname=name))[1]
        return (await loop.create_connection(make, origin.host, origin.port, ssl=tls, server_hostname=name))[1]


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f'has an untrusted certificate: {error.verify_message}'
    if isinstance(error, ssl.SSLError):
        return f'does not speak TLS as we do: {error.reason or "no reason given"}'
    if isinstance(error, socket.gaierror):
        return 'has a name that does not resolve'
    if isinstance(error, ConnectionRefusedError | FileNotFoundError):
        return 'refuses connections'
    return f'cannot be connected to: {error.strerror or type(error).__name__}'
