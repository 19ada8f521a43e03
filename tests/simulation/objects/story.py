"""One seed's story: a client, a league and three Swifts, what goes wrong between them, and what must hold of every answer."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

import msgspec

from hansa.rules.spreading import DISPERSE as DISPERSED
from tests.simulation.objects.oracle import Box
from tests.simulation.objects.weather import OUTAGES
from tests.simulation.objects.world import SITES, Reply, World

BOXES = ('a', 'b', 'b-1', 'b-1_segments', 'b+segments', 'é', 'z z', '~', '\U0001f600')
SPANNING = {
    'm': {'x-container-meta-hansa-mirror': 'east,west'},
    'm-2': {'x-container-meta-hansa-mirror': 'north,east,west'},
    'm-3_segments': {'x-container-meta-hansa-mirror': 'west,north', 'x-container-meta-hansa-quorum': 'all'},
    'md': {'x-container-meta-hansa-disperse': '2-of-3:east,north,west'},
}
"""Containers that span sites, if they are there, and the headers that make them."""

OBJECTS = ('o', 'p', 'p/', 'p//q', 'p/r', 'p/r/s', 'q-1', 'q-2', 'é', 'é/ü', '~', 'z z', '%41', 'a?b', '\U0001f600', 'x#y')
_TRIES = 40
_LINES = 80


class Op(msgspec.Struct):
    """A request, and what is to be made of its answer; `sites` are those that may be named as missing, None: any. `sure`: it has to succeed."""

    method: str
    path: str
    judge: Callable[[Reply], None]
    headers: Mapping[str, str] = {}
    chunks: Sequence[bytes] | None = None
    leaves: bool = False
    sites: set[str] | None = None
    sure: bool = False


class Story:
    """`boxes` is what the client knows, by the name that the league has for a container. `log` are the last things that happened."""

    def __init__(self, seed: int, world: World) -> None:
        self.chance = random.Random(seed)
        self.world = world
        self.boxes: dict[str, Box] = {name: Box() for name in BOXES}
        self.boxes |= {name: Box(spanned(headers), sealed=DISPERSED in headers) for name, headers in SPANNING.items()}
        self.count: Counter[str] = Counter()
        self.log: deque[str] = deque(maxlen=_LINES)
        self.doubt: set[str] = set()
        self.done = 0

    # -- one or several requests at once

    async def do(self, *ops: Op) -> list[Reply]:
        """Carry them out together, perhaps with the death of the league in their midst, and judge all answers."""
        fuse = self.world.fuse
        if self.chance.random() < 0.01:
            fuse.arm(self.chance.randint(1, 7), before=self.chance.random() < 0.5)
        delayed = self.world.weather.delayed
        asking = [asyncio.ensure_future(self.world.ask(op.method, op.path, op.headers, op.chunks, leaves=op.leaves)) for op in ops]
        dying = asyncio.ensure_future(fuse.blown.wait())
        everything = asyncio.gather(*asking, return_exceptions=True)
        await asyncio.wait((everything, dying), return_when=asyncio.FIRST_COMPLETED)
        if dead := fuse.blown.is_set():
            self.note('the league dies')
            await self.restart()
        fuse.at = 0
        dying.cancel()
        replies = [Reply() if dead and _broken(task) else task.result() for task in asking]
        for op, reply in zip(ops, replies, strict=True):
            reply.late = self.world.weather.delayed != delayed
            self.note(f'{op.method} {op.path} {dict(op.headers)} {"leaves " if op.leaves else ""}-> {reply.status} {reply.headers.get("x-hansa-site", "")} {"late" if reply.late else ""}')
            self._excused(op, reply, dead=dead)
            self.done += 1
        for op, reply in zip(ops, replies, strict=True):
            op.judge(reply)
        return replies

    def note(self, line: str) -> None:
        self.log.append(f'{self.done} {line}')

    def _excused(self, op: Op, reply: Reply, *, dead: bool) -> None:
        """Nothing fails without a reason, and whoever is at fault is named."""
        self.count[f'{op.method} {reply.status}'] += 1
        assert dead or not (op.sure and reply.unknown), f'{op.method} {op.path}: {reply.status} {reply.body!r}'
        if reply.status < 500:
            return
        assert reply.status == 503, f'{op.method} {op.path}: {reply.status} {reply.body!r}'
        assert 'retry-after' in reply.headers, reply.headers
        if b'is being changed just now' in reply.body and op.path.startswith('/m'):
            return
        missing = set(reply.headers.get('x-hansa-missing-sites', '').split(', '))
        assert missing <= set(SITES), f'{op.path}: 503 and nobody is named: {reply.headers} {reply.body!r}'
        assert op.sites is None or missing <= op.sites, f'{op.path} is at {op.sites}, and {missing} is said to be missing'
        for site in missing:
            assert self.world.weather.guilty(site), f'{op.path}: nothing is wrong with {site}: {reply.body!r}'

    async def restart(self) -> None:
        self.count['restart'] += 1
        await self.world.kill()
        self.world.weather.pause()
        await self.world.start()
        self.world.weather.go_on()

    # -- weather

    async def change(self) -> None:
        """Time passes, sites come and go, the league dies between two requests."""
        weather, chance = self.world.weather, self.chance
        await self.world.clock.sleep(chance.choice((0, 0, 0.3, 2)))
        if chance.random() < 0.05:
            weather.rate = chance.choice((0, 0, 0.01, 0.05, 0.2))
        if chance.random() < 0.02:
            site = chance.choice(SITES)
            if site in weather.down:
                del weather.down[site]
            elif len(weather.down) < 2 and chance.random() < 0.6:
                weather.down[site] = chance.choice(OUTAGES)
            self.note(f'down: {weather.down}')
        elif chance.random() < 0.1:
            weather.down.clear()
        if chance.random() < 0.003:
            self.note('the league is killed')
            await self.restart()

    async def calm(self, op: Op, *well: int) -> Reply:
        """Ask while nothing is wrong until the answer is one of these."""
        self.world.weather.pause()
        try:
            for _ in range(_TRIES):
                reply = (await self.do(op))[0]
                if reply.status in well:
                    return reply
                await self.world.clock.sleep(6)
        finally:
            self.world.weather.go_on()
        raise AssertionError(f'{op.method} {op.path} does not come right')

    # -- what is where

    def box(self, name: str) -> Box:
        return self.boxes[name]

    def told(self, name: str, reply: Reply) -> None:
        """A container's site is the same as long as it is there; a twin takes the name of one that is gone."""
        site = reply.headers.get('x-hansa-site', '')
        box, twin = self.boxes[name], f'{name}@{site}'
        if box.sites:
            # What the league knows without asking it says itself.
            assert not site or {*site.split(', ')} <= {*box.sites}, f'{name} is at {box.sites}, and {site} answers'
            box.is_there(f'{name} answers at {site}')
            return
        assert site in SITES, f'{name}: no site is named'
        if (box.site not in {'', site} or True not in box.there) and twin in self.boxes:
            box.is_gone(f'{twin} answers for {name}')
            self.boxes[name] = self.boxes.pop(twin)
        box = self.boxes[name]
        assert box.site in {'', site}, f'{name} was at {box.site} and is at {site}'
        box.is_there(f'{name} answers at {site}')
        box.site = site

    def gone(self, name: str, what: str) -> None:
        """Removed for certain."""
        self.boxes[name].there |= {False}
        self.boxes[name].is_gone(what)
        if '@' in name:
            del self.boxes[name]
            return
        if self.twin(name):
            self.boxes[name] = self.boxes.pop(self.twin(name))

    def twin(self, name: str) -> str:
        """The other one of that name; there is one at most."""
        return next((other for other in self.boxes if other.rpartition('@')[0] == name), '')

    def at(self, *names: str) -> set[str] | None:
        """The sites of these, if all are known and there."""
        boxes = [self.boxes[name] for name in names]
        known = all((box.site or box.sites) and box.there == {True} for box in boxes)
        return {site for box in boxes for site in box.sites or (box.site,)} if known else None

    def any_box(self) -> str:
        """Mostly one that is there."""
        living = [name for name, box in sorted(self.boxes.items()) if True in box.there]
        return self.chance.choice(living if living and self.chance.random() < 0.95 else sorted(self.boxes))


def spanned(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The sites that are named in the headers of a container."""
    named = headers.get('x-container-meta-hansa-mirror') or headers['x-container-meta-hansa-disperse'].partition(':')[2]
    return tuple(named.split(','))


def path(*names: str) -> str:
    """Below the account."""
    return ''.join(f'/{quote(name, safe="/" if number else "")}' for number, name in enumerate(names))


def _broken(task: asyncio.Future[Reply]) -> bool:
    return not task.done() or task.cancelled() or task.exception() is not None
