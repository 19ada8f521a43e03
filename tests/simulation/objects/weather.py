"""The wires between a league and the object stores of its sites, on which each request may go wrong in one of many ways, as one seed says."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

from hansa.keystone.twin import Said
from hansa.ports.clock import Clock
from hansa.ports.http import Transport, TransportError
from hansa.ports.site import Headers, SiteResponse

ANY = ('refuse', 'error', 'error after', 'lose reply', 'hang', 'slow')
"""error: 5xx and nothing is done. error after: it is done and 5xx is said. hang: nothing is done and nothing is said."""

OUTAGES = ('refuse', 'hang', 'error', 'flood')
"""What a site does that is down as a whole; flood: it does everything and tells it to nobody."""

_ID = re.compile('[0-9a-f]{32}')
FORGIVING, FORGETFUL = 3, 15.0

Act = Callable[[AsyncIterator[bytes] | bytes | None], Awaitable[SiteResponse]]


class Weather:
    """`rate`: of how many requests for objects one goes wrong; `down`: what sites do that are down.

    `late` are the requests that a site has yet to carry out though nobody waits for them any more, `struck` how often what went wrong.
    """

    def __init__(self, seed: int, clock: Clock) -> None:
        self.clock = clock
        self.rate = 0.0
        self.down: dict[str, str] = {}
        self._blame: Counter[str] = Counter()
        self._when: dict[str, float] = {}
        self.struck: Counter[str] = Counter()
        self.late: set[asyncio.Task[None]] = set()
        self.delayed = 0
        self._seed = seed
        self._seen: Counter[str] = Counter()
        self._kept: list[tuple[float, dict[str, str]]] = []

    def kind(self, site: str, method: str, url: str, headers: Headers, body: object) -> tuple[str, random.Random]:
        """What happens to a request, '' for nothing, and the chance that goes with it; the order in which requests come does not matter."""
        stores = '/object-store' in url
        if word := self.down.get(site, ''):
            self.accuse(site)
            if stores or word in {'refuse', 'hang'}:
                return {'flood': 'lose reply'}.get(word, word), random.Random(0)
        # The account's id at a site is not the same each time a seed is played.
        key = f'{self._seed} {site} {method} {_ID.sub("", url)}'
        self._seen[key] += 1
        chance = random.Random(f'{key} {self._seen[key]}')
        if not stores or chance.random() >= self.rate:
            return '', chance
        kinds = [*ANY]
        if method == 'GET':
            kinds += ['cut', 'cut']
        if body is not None and not isinstance(body, bytes):
            kinds += ['break', 'break']
        if self._object(url) and '/m' not in url and method in {'PUT', 'DELETE'} and not any(name.lower() == 'x-copy-from' for name, _ in headers):
            kinds += ['late']
        kind = chance.choice(kinds)
        self.struck[kind] += 1
        if kind != 'slow':
            self.accuse(site)
        return kind, chance

    def accuse(self, site: str) -> None:
        """Something went wrong with it."""
        self._blame[site], self._when[site] = FORGIVING, asyncio.get_running_loop().time()

    def guilty(self, site: str) -> bool:
        """Whether it may be said to be away: for a while after it was, and then a few times until the league has looked again."""
        if asyncio.get_running_loop().time() - self._when.get(site, -FORGETFUL) < FORGETFUL:
            return True
        self._blame[site] -= 1
        return self._blame[site] >= 0

    def absolve(self) -> None:
        """Whatever was wrong is over, and the league knows it."""
        self._blame.clear()
        self._when.clear()

    @staticmethod
    def _object(url: str) -> bool:
        """Whether an object is meant: /object-store/v1/ACCOUNT/CONTAINER/OBJECT."""
        return url.partition('/object-store/')[2].partition('?')[0].count('/') >= 3

    def pause(self) -> None:
        """Nothing goes wrong until it goes on."""
        self._kept.append((self.rate, self.down))
        self.rate, self.down = 0.0, {}

    def go_on(self) -> None:
        self.rate, self.down = self._kept.pop()

    async def clear(self) -> None:
        """Nothing is wrong any more, and all that is late has come."""
        self.rate, self.down = 0.0, {}
        while self.late:
            await asyncio.wait(self.late)


class Wire:
    """Stands before the transport of one site."""

    def __init__(self, site: str, transport: Transport, weather: Weather) -> None:
        self._site = site
        self._transport = transport
        self._weather = weather

    async def send(self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float) -> SiteResponse:
        async def act(body: bytes | AsyncIterator[bytes] | None) -> SiteResponse:
            return await self._transport.send(method, url, headers, body, timeout)

        kind, chance = self._weather.kind(self._site, method, url, headers, body)
        if not kind:
            return await act(body)
        return await self._suffer(kind, chance, act, body, timeout)

    async def _suffer(self, kind: str, chance: random.Random, act: Act, body: bytes | AsyncIterator[bytes] | None, timeout: float) -> SiteResponse:
        """Raises TransportError."""
        if kind == 'refuse':
            raise TransportError('refuses connections', sent=False)
        if kind == 'error':
            return _failed(chance)
        if kind == 'slow':
            await self._weather.clock.sleep(chance.uniform(0.1, min(6.0, timeout / 2)))
            return await act(body)
        if kind == 'cut':
            return Cut(await act(body))
        if kind in {'lose reply', 'error after'}:
            await (await act(body)).close()
            if kind == 'error after':
                return _failed(chance)
            raise TransportError('broke the connection', sent=True)
        if kind == 'break':
            assert not isinstance(body, bytes)
            if body is not None:
                await anext(body, b'')
            raise TransportError('broke the connection', sent=True)
        if kind == 'late':
            whole = body if body is None or isinstance(body, bytes) else b''.join([chunk async for chunk in body])
            self._later(act, whole, timeout + chance.uniform(0.5, 20))
        await self._weather.clock.sleep(timeout)
        self._weather.accuse(self._site)
        raise TransportError(f'did not answer in {timeout:g} s', sent=True)

    def _later(self, act: Act, body: bytes | None, seconds: float) -> None:
        async def afterwards() -> None:
            await self._weather.clock.sleep(seconds)
            await (await act(body)).close()

        self._weather.delayed += 1
        task = asyncio.ensure_future(afterwards())
        self._weather.late.add(task)
        task.add_done_callback(self._weather.late.discard)

    async def close(self) -> None:
        await self._transport.close()


def _failed(chance: random.Random) -> Said:
    status = chance.choice((500, 502, 503, 504, 507))
    return Said(status, [('Content-Type', 'text/html')], b'<html><h1>broken</h1></html>')


class Cut:
    """An answer that breaks off in the middle, or before anything came."""

    def __init__(self, whole: SiteResponse) -> None:
        self._whole = whole
        self.status = whole.status
        self.headers = whole.headers

    def header(self, name: str) -> str:
        return self._whole.header(name)

    async def read(self, limit: int = 64 << 20) -> bytes:
        await self._whole.close()
        raise TransportError('broke off in the middle', sent=True)

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._whole.chunks():
            if half := chunk[: len(chunk) // 2]:
                yield half
            break
        await self._whole.close()
        raise TransportError('broke off in the middle', sent=True)

    async def close(self) -> None:
        await self._whole.close()
