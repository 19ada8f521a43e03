"""A load client in a process of its own: one GET again and again on some kept connections, each waiting for its answer.

Reads a JSON object (url, headers, connections, seconds) from standard input, writes one (requests, errors, seconds,
p50_ms, p99_ms, bytes) to standard output.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Mapping
from typing import cast

import httptools
import msgspec
import uvloop

from bench import processes


class Order(msgspec.Struct, frozen=True):
    url: str
    headers: dict[str, str]
    connections: int
    seconds: float


class Result(msgspec.Struct, frozen=True):
    """What came of it: `bytes` is the size of the last body, times are of good answers (200) only."""

    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float
    bytes: int


def run(url: str, headers: Mapping[str, str], connections: int, seconds: float) -> Result:
    """Start the client and wait for its result. Raises RuntimeError where answers were not 200."""
    order = msgspec.json.encode(Order(url, dict(headers), connections, seconds))
    done = subprocess.run(
        (processes.PYTHON, '-m', 'bench.load'),
        input=order,
        capture_output=True,
        check=False,
        cwd=processes.ROOT,
        timeout=seconds + 120,
    )
    if done.returncode != 0:
        raise RuntimeError(f'The load client failed: {done.stderr.decode()[-2000:]}')
    result = msgspec.json.decode(done.stdout, type=Result)
    if result.errors or not result.requests:
        raise RuntimeError(f'{url}: {result.errors} of {result.requests + result.errors} answers were not 200.')
    return result


class _Connection(asyncio.Protocol):
    def __init__(self, request: bytes, until: float, times: list[float]) -> None:
        self.request = request
        self.until = until
        self.times = times
        self.errors = 0
        self.size = 0
        self.body = 0
        self.began = 0.0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self.parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast('asyncio.Transport', transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.body += len(body)

    def on_message_complete(self) -> None:
        if self.parser.get_status_code() == 200:
            self.times.append(time.perf_counter() - self.began)
        else:
            self.errors += 1
        self.size = self.body
        if time.perf_counter() < self.until and self.errors < 10:
            self.parser = httptools.HttpResponseParser(self)
            self._ask()
        elif self.transport:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc or time.perf_counter() < self.until:
            self.errors += 1
        if not self.over.done():
            self.over.set_result(None)

    def _ask(self) -> None:
        self.body = 0
        self.began = time.perf_counter()
        if self.transport:
            self.transport.write(self.request)


async def _play(order: Order) -> Result:
    url = urllib.parse.urlsplit(order.url)
    target = url.path + ('?' + url.query if url.query else '')
    lines = [f'GET {target} HTTP/1.1', f'Host: {url.netloc}', *(f'{name}: {value}' for name, value in order.headers.items())]
    request = ('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1')
    times: list[float] = []
    loop = asyncio.get_running_loop()
    host, port = url.hostname or '127.0.0.1', url.port or 80
    began = time.perf_counter()
    made = [
        (await loop.create_connection(lambda: _Connection(request, began + order.seconds, times), host, port))[1]
        for _ in range(order.connections)
    ]
    await asyncio.wait_for(asyncio.gather(*(one.over for one in made)), order.seconds + 60)
    seconds = time.perf_counter() - began
    times.sort()
    p50, p99 = (times[min(len(times) - 1, int(len(times) * share))] * 1000 if times else 0.0 for share in (0.5, 0.99))
    return Result(len(times), sum(one.errors for one in made), seconds, p50, p99, made[0].size)


if __name__ == '__main__':
    result = uvloop.run(_play(msgspec.json.decode(sys.stdin.buffer.read(), type=Order)))
    print(json.dumps(msgspec.to_builtins(result)))
