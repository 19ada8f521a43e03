"""Many clients at once in a process of their own, each going through an everyday mix of requests, one after the other.

Reads an `Order` as JSON from standard input, writes a `Result` to standard output. Whoever is told to come back (503
with Retry-After) does so after that time, as OpenStack's clients do.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import uvloop

from bench import processes
from hansa.ports.http import TransportError
from hansa.sites.http.transport import HttpTransport

TIMEOUT = 60.0
_PAUSE = 1.0
_POLLS = 120


class Order(msgspec.Struct, frozen=True):
    """`urls` by service, `tokens` are shared out over the clients; `image` and `flavor` are what servers are made of; the
    name of every server that may be looked at by its id begins with `stock`.
    """

    urls: dict[str, str]
    tokens: list[str]
    image: str
    flavor: str
    clients: int
    seconds: float
    ramp: float
    stock: str = 'clone'


class Share(msgspec.Struct, frozen=True):
    """What of it went to one API: `failed` without those that were told to come back, `refused`."""

    requests: int
    failed: int
    refused: int
    p50_ms: float
    p99_ms: float


class Result(msgspec.Struct, frozen=True):
    """`statuses` counts answers by status; `failed` by what was wrong; `refused` are 503 that say when to come back."""

    requests: int
    statuses: dict[str, int]
    failed: dict[str, int]
    refused: int
    p50_ms: float
    p99_ms: float
    longest_ms: float
    apis: dict[str, Share]


def begin(order: Order) -> subprocess.Popen[bytes]:
    """Start them. Their result is read by `end`."""
    process = subprocess.Popen(
        (processes.PYTHON, '-m', 'bench.visitors'), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=processes.ROOT
    )
    if process.stdin is None:
        raise RuntimeError('The clients cannot be told what to do.')
    process.stdin.write(msgspec.json.encode(order))
    process.stdin.close()
    return process


def end(process: subprocess.Popen[bytes]) -> Result:
    """Wait for their result. Raises RuntimeError where they broke."""
    with process:
        told = process.stdout.read() if process.stdout else b''
    if process.wait(TIMEOUT) != 0:
        raise RuntimeError(f'The clients ended with {process.returncode}.')
    return msgspec.json.decode(told, type=Result)


class Tally:
    """What all clients saw."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}
        self.statuses: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()

    def fail(self, service: str, what: str) -> None:
        """Something went wrong that is no invitation to come back."""
        self.failed[what] += 1
        self._faults[service] += 1

    def result(self) -> Result:
        every = sorted(time for some in self.times.values() for time in some)
        apis = {
            service: Share(len(some), self._faults[service], self.refusals[service], _at(sorted(some), 0.5), _at(sorted(some), 0.99))
            for service, some in self.times.items()
        }
        refused = sum(self.refusals.values())
        return Result(len(every), dict(self.statuses), dict(self.failed), refused, _at(every, 0.5), _at(every, 0.99), _at(every, 1), apis)


def _at(times: Sequence[float], share: float) -> float:
    """Milliseconds, of times in order."""
    return times[min(len(times) - 1, int(len(times) * share))] * 1000 if times else 0.0


class Visitor:
    """One client with a connection and a taste of its own."""

    def __init__(self, order: Order, number: int, tally: Tally, until: float) -> None:
        self._order = order
        self._random = random.Random(number)  # noqa: S311 a taste, no secret
        self._name = f'visitor-{number}'
        self._tally = tally
        self._until = until
        self._wire = HttpTransport(limit=1, idle=60)
        self._token = order.tokens[number % len(order.tokens)]
        self._servers: list[str] = []
        self._turns: dict[Callable[[], Awaitable[None]], int] = {
            self._some_servers: 15, self._one_server: 30, self._own_servers: 10, self._all_servers: 2, self._server: 3, self._volume: 2,
            **{self._look(service, path): weight for service, path, weight in (
                ('compute', '/flavors/detail', 10), ('image', '/v2/images?limit=25', 10), ('network', '/v2.0/networks', 8),
                ('network', '/v2.0/ports?limit=50', 4), ('network', '/v2.0/security-groups', 4), ('volume', '/volumes/detail?limit=50', 5),
                ('compute', '/limits', 2), ('compute', '/os-availability-zone', 2),
            )},
        }  # fmt: skip

    async def stay(self, later: float) -> None:
        """Come `later` seconds after the others, go on until the time is over."""
        await asyncio.sleep(later)
        while time.monotonic() < self._until:
            await self._random.choices(list(self._turns), list(self._turns.values()))[0]()
        await self._wire.close()

    def _look(self, service: str, path: str) -> Callable[[], Awaitable[None]]:
        async def look() -> None:
            await self._ask('GET', service, path, (200,))

        return look

    async def _some_servers(self) -> None:
        told = await self._ask('GET', 'compute', '/servers/detail?limit=50', (200,))
        self._servers = [one['id'] for one in told['servers'] if one['name'].startswith(self._order.stock)] if told else self._servers

    async def _one_server(self) -> None:
        if self._servers:
            await self._ask('GET', 'compute', f'/servers/{self._random.choice(self._servers)}', (200,))
        else:
            await self._some_servers()

    async def _own_servers(self) -> None:
        await self._ask('GET', 'compute', f'/servers?name={self._name}', (200,))

    async def _all_servers(self) -> None:
        await self._ask('GET', 'compute', '/servers/detail', (200,))

    async def _server(self) -> None:
        wish: dict[str, str | int] = {'name': self._name, 'imageRef': self._order.image, 'flavorRef': self._order.flavor, 'networks': 'none'}
        await self._life('compute', '/servers', 'server', wish, 'ACTIVE')

    async def _volume(self) -> None:
        await self._life('volume', '/volumes', 'volume', {'name': self._name, 'size': 1}, 'available')

    async def _life(self, service: str, path: str, single: str, wish: dict[str, str | int], ready: str) -> None:
        """Made, waited for, deleted, waited for until it is gone."""
        made = await self._ask('POST', service, path, (202,), {single: wish})
        if made is None:
            return
        one = f'{path}/{made[single]["id"]}'
        told: Any = made
        for _ in range(_POLLS):
            told = await self._ask('GET', service, one, (200,))
            if told is None or told[single]['status'] in {ready, 'ERROR', 'error'}:
                break
            await asyncio.sleep(_PAUSE)
        if told and told[single]['status'] != ready:
            self._tally.fail(service, f'{single} stays {told[single]["status"]}')
        await self._ask('DELETE', service, one, (202, 204))
        for _ in range(_POLLS):
            if await self._ask('GET', service, one, (200, 404)) is None:
                return
            await asyncio.sleep(_PAUSE)
        self._tally.fail(service, f'{single} never gone')

    async def _ask(self, method: str, service: str, path: str, good: Sequence[int], body: object = None) -> Any:
        """The document of a 2xx answer, else None; whoever is refused for now asks again."""
        what = f'{method} {service} {path.partition("?")[0].rpartition("/")[0] or path}'
        for turn in range(_POLLS):
            try:
                status, again, told = await self._send(method, service, path, body)
            except TransportError as error:
                self._tally.fail(service, f'{what}: {error.reason}')
                return None
            if status != 503 or not again:
                # What was refused for now may have been done all the same; then there is nothing left to delete.
                done = status == 404 and turn and method == 'DELETE'
                if status not in good and not done:
                    self._tally.fail(service, f'{what}: {status} {told[:120].decode(errors="replace")}')
                return msgspec.json.decode(told) if status < 300 and told else None
            self._tally.refusals[service] += 1
            await asyncio.sleep(float(again) + self._random.random())
        self._tally.fail(service, f'{what}: refused again and again')
        return None

    async def _send(self, method: str, service: str, path: str, body: object) -> tuple[int, str, bytes]:
        """Status, Retry-After and body. Raises TransportError."""
        headers = [('X-Auth-Token', self._token), ('OpenStack-API-Version', 'compute 2.96'), ('Accept', 'application/json')]
        raw = None if body is None else msgspec.json.encode(body)
        if raw is not None:
            headers.append(('Content-Type', 'application/json'))
        began = time.perf_counter()
        answer = await self._wire.send(method, self._order.urls[service] + path, headers, raw, TIMEOUT)
        told = await answer.read()
        self._tally.times.setdefault(service, []).append(time.perf_counter() - began)
        self._tally.statuses[str(answer.status)] += 1
        return answer.status, answer.header('retry-after'), told


async def _play(order: Order) -> Result:
    tally = Tally()
    until = time.monotonic() + order.ramp + order.seconds
    visitors = [Visitor(order, number, tally, until) for number in range(order.clients)]
    await asyncio.gather(*(one.stay(order.ramp * number / order.clients) for number, one in enumerate(visitors)))
    return tally.result()


if __name__ == '__main__':
    seen = uvloop.run(_play(msgspec.json.decode(sys.stdin.buffer.read(), type=Order)))
    sys.stdout.buffer.write(msgspec.json.encode(seen))
