"""What can be made to go wrong with a site of the fleet: by a seed, for a time, for a part of its requests."""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from hansa.sites.sim.fleet.clock import SiteClock
from hansa.sites.sim.wire import Answer

Kind = Literal['latency', '5xx', 'hang', 'garbage', 'clock-skew', 'duplicate', 'reorder', 'lost-window', 'half-made', 'black-hole']
T = TypeVar('T')
STATUS = (500, 502, 503, 504)


class Left(Exception):
    """The client went away."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`share` of the requests that fit suffer, for `lasts` seconds (0: until it is cleared).

    latency: the answer comes `seconds` later, more or less by a half. 5xx: `status`, or any where that is 0, and nothing is done.
    hang: no answer ever. black-hole: the same for every request, whatever else is said. garbage: 200 and bytes that are no JSON.
    clock-skew: the site's clock is `seconds` ahead (behind, where less than 0). duplicate: entries stand in a page more than
    once. reorder: entries of a page stand in any order. lost-window: what changes while this lasts is told in no list of changes.
    half-made: a create is carried out, answered with 500, and comes to no end.
    """

    kind: Kind
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    lasts: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    seconds: Annotated[float, msgspec.Meta(ge=-86_400, le=86_400)] = 5.0
    status: Annotated[int, msgspec.Meta(ge=0, le=599)] = 0
    service: str = ''
    method: str = ''
    path: str = ''
    """A regular expression searched for in the path."""

    def __post_init__(self) -> None:
        """Raises ValueError for a path that is no expression and for a status that is no error."""
        if 0 < self.status < 400:
            raise ValueError('status must be one of an error')
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f'path is no regular expression: {error}') from error


class Trouble:
    """The faults of one site; each has a die of its own, so that the same requests in the same order suffer the same."""

    def __init__(self, seed: str, clock: SiteClock) -> None:
        self._seed = seed
        self._clock = clock
        self._serial = 0
        self._standing: list[tuple[Fault, float, random.Random]] = []
        self._windows: list[tuple[float, float]] = []

    @property
    def faults(self) -> list[Fault]:
        """Those that stand now."""
        return [fault for fault, _, _ in self._now()]

    def add(self, fault: Fault) -> None:
        """From now on."""
        self._serial += 1
        die = random.Random(f'{self._seed}/{self._serial}')  # noqa: S311 - the same run after run is the point
        until = self._clock.true.now() + fault.lasts if fault.lasts else float('inf')
        self._standing.append((fault, until, die))
        if fault.kind == 'lost-window':
            now = self._clock.now()
            self._windows.append((float(int(now)), now + fault.lasts if fault.lasts else float('inf')))

    def clear(self) -> None:
        """No more faults; what a lost window has swallowed stays untold."""
        self._standing.clear()
        self._windows = [(low, min(high, self._clock.now())) for low, high in self._windows]

    def skew(self) -> float:
        """Seconds that the site's clock ought to be ahead."""
        return sum(fault.seconds for fault in self.faults if fault.kind == 'clock-skew')

    def lost(self) -> list[tuple[float, float]]:
        """Times whose changes are never told, as (from, to)."""
        return self._windows

    def _now(self) -> list[tuple[Fault, float, random.Random]]:
        now = self._clock.true.now()
        self._standing = [one for one in self._standing if one[1] > now]
        return self._standing

    def _struck(self, kinds: tuple[str, ...], service: str, method: str, path: str) -> list[tuple[Fault, random.Random]]:
        found = []
        for fault, _, die in self._now():
            fits = fault.service in ('', service) and fault.method in ('', method) and re.search(fault.path, path) is not None
            if fault.kind in kinds and (fault.kind == 'black-hole' or (fits and die.random() < fault.share)):
                found.append((fault, die))
        return found

    async def before(self, service: str, method: str, path: str, receive: Callable[[], Awaitable[Any]]) -> Answer | None:
        """What a request suffers before anybody looks at it: a wait, or an answer. Raises Left once a client that got none has left."""
        for fault, die in self._struck(('black-hole', 'hang', 'latency', '5xx', 'garbage'), service, method, path):
            if fault.kind in ('black-hole', 'hang'):
                while (await receive())['type'] != 'http.disconnect':
                    pass
                raise Left
            if fault.kind == 'latency':
                await self._clock.sleep(fault.seconds * (0.5 + die.random()))
            elif fault.kind == '5xx':
                return Answer(fault.status or die.choice(STATUS), raw=b'Service Unavailable', headers={'Content-Type': 'text/plain'})
            else:
                return Answer(200, raw=b'<html>\xff not what you asked for', headers={'Content-Type': 'application/json'})
        return None

    def half_made(self, service: str, method: str, path: str) -> bool:
        """Whether a create that was carried out goes wrong at its end."""
        return bool(self._struck(('half-made',), service, method, path))

    def twist(self, texts: list[T]) -> list[T]:
        """The entries of a page as they are told."""
        for fault, _, die in self._now():
            if fault.kind == 'duplicate':
                for text in [one for one in texts if die.random() < fault.share]:
                    texts.insert(die.randrange(len(texts) + 1), text)
            elif fault.kind == 'reorder' and die.random() < fault.share:
                die.shuffle(texts)
        return texts
