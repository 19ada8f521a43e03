"""A load client in a process of its own: one request or a round of them again and again on some kept connections, each waiting for its answer.

Reads an `Order` as JSON from standard input, writes a `Result` to standard output.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import resource
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import httptools
import msgspec
import uvloop

from bench import processes


class Order(msgspec.Struct, frozen=True):
    """`rounds`: of each server the URLs that are asked for one after the other, each connection beginning elsewhere; `connections` go to each server."""

    rounds: list[list[str]]
    headers: dict[str, str]
    connections: int
    seconds: float
    method: str = 'GET'
    size: int = 0
    """Bytes of each request's body."""


class Result(msgspec.Struct, frozen=True):
    """What came of it: `bytes` is the size of the last body, times are of good answers (200, 201) only; `cpu` is what the client itself took, in seconds."""

    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float
    bytes: int
    cpu: float = 0.0


def run(url: str, headers: Mapping[str, str], connections: int, seconds: float, method: str = 'GET', size: int = 0) -> Result:
    """Start the client and wait for its result. Raises RuntimeError where answers were not 200 or 201."""
    return play([[url]], headers, connections, seconds, method, size)


def play(
    rounds: Sequence[Sequence[str]], headers: Mapping[str, str], connections: int, seconds: float, method: str = 'GET', size: int = 0
) -> Result:
    """The same for rounds of URLs, each of one server, all at once. Raises RuntimeError as `run`."""
    order = msgspec.json.encode(Order([list(each) for each in rounds], dict(headers), connections, seconds, method, size))
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
        raise RuntimeError(f'{rounds[0][0]}: {result.errors} of {result.requests + result.errors} answers were not good.')
    return result


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], until: float, times: list[float]) -> None:
        self.requests = requests
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
        if self.parser.get_status_code() in {200, 201}:
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
            self.transport.write(next(self.requests))


def _requests(urls: Sequence[str], order: Order) -> list[bytes]:
    made = []
    for url in map(urllib.parse.urlsplit, urls):
        target = url.path + ('?' + url.query if url.query else '')
        lines = [f'{order.method} {target} HTTP/1.1', f'Host: {url.netloc}', *(f'{name}: {value}' for name, value in order.headers.items())]
        if order.size:
            lines.append(f'Content-Length: {order.size}')
        made.append(('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1') + bytes(order.size))
    return made


async def _play(order: Order) -> Result:
    times: list[float] = []
    loop = asyncio.get_running_loop()
    began, spent = time.perf_counter(), _cpu()
    made = []
    for urls in order.rounds:
        url, requests = urllib.parse.urlsplit(urls[0]), _requests(urls, order)
        for number in range(order.connections):
            first = number * len(requests) // order.connections
            turn = itertools.cycle(requests[first:] + requests[:first])
            host, port = url.hostname or '127.0.0.1', url.port or 80
            made.append((await loop.create_connection(functools.partial(_Connection, turn, began + order.seconds, times), host, port))[1])
    await asyncio.wait_for(asyncio.gather(*(one.over for one in made)), order.seconds + 60)
    seconds = time.perf_counter() - began
    times.sort()
    p50, p99 = (times[min(len(times) - 1, int(len(times) * share))] * 1000 if times else 0.0 for share in (0.5, 0.99))
    return Result(len(times), sum(one.errors for one in made), seconds, p50, p99, made[0].size, _cpu() - spent)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == '__main__':
    result = uvloop.run(_play(msgspec.json.decode(sys.stdin.buffer.read(), type=Order)))
    print(json.dumps(msgspec.to_builtins(result)))
