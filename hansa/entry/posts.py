"""What one process is in its league: alone, with all that there is to do; or one of several on one store, as a front or as a worker."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, Protocol

from hansa.entry.rounds import Rounds
from hansa.model.errors import ConfigError, HansaError
from hansa.model.intent import OPENER
from hansa.ports.bus import Bus
from hansa.ports.clock import Clock
from hansa.ports.leases import Leases
from hansa.ports.observer import Leveller, Observer
from hansa.ports.queue import Queue
from hansa.ports.roster import Roster
from hansa.ports.site import Site
from hansa.ports.store import Clustered, Store
from hansa.ports.uplink import Uplink
from hansa.rules.aliases import AliasBook
from hansa.services.accounts import Accounts
from hansa.services.credentials import PREFIX, Credentials
from hansa.services.following import Following
from hansa.services.membership import Keeper, Membership
from hansa.services.turns import Turns
from hansa.sync.digesting import Digesting
from hansa.sync.flock import Flock
from hansa.sync.gate import Gate
from hansa.sync.hatch import REPORTED, Hatch
from hansa.sync.heard import Heard
from hansa.sync.holding import LEASE_S, RENEW_S, Charge, Holding
from hansa.sync.lookout import POKED, WANTED, Lookout
from hansa.sync.standing import COUNTED, STANDING, Standing
from hansa.workflows.openers import PROCESS, Former, Leased, Openers

Role = Literal['front', 'intake', 'worker']

ALONE = 'alone'
"""A lease of this name says that one process has the store for itself."""

_SITE = 'site/'
_log = logging.getLogger('hansa')


class Watcher(Observer, Leveller, Keeper, Protocol):
    """Who looks at sites for the services."""


class Post(Protocol):
    """`opener` names the process in the journal; `level` comes back when all is known that others did before, None where there are none."""

    opener: str
    turns: Turns
    level: Callable[[], Awaitable[None]] | None
    follows: bool

    def site(self, site: Site) -> Site:
        """A connector as this process uses it."""
        ...

    def watcher(self, flock: Flock) -> Watcher:
        """Who looks at sites."""
        ...

    def uplink(self, gate: Gate, flock: Flock) -> Uplink:
        """Where agents near their sites come in."""
        ...

    async def openers(self) -> Openers:
        """Who knows which processes are dead."""
        ...

    async def begin(self, flock: Flock, membership: Membership, accounts: Accounts, credentials: Credentials, rounds: Rounds) -> None:
        """Begin what this process does by itself."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class Alone:
    """All in one process, which has its store for itself. Where others could use it too, a lease tells them not to."""

    level: Callable[[], Awaitable[None]] | None = None
    follows = True

    def __init__(self, store: Store, clock: Clock) -> None:
        self.opener = secrets.token_hex(OPENER // 2)
        self.turns = Turns(clock)
        self._store = store
        self._clock = clock
        self._rounds: Rounds | None = None
        self._keeping: asyncio.Task[None] | None = None

    def site(self, site: Site) -> Site:
        return site

    def watcher(self, flock: Flock) -> Watcher:
        return flock

    def uplink(self, gate: Gate, flock: Flock) -> Uplink:
        return gate

    async def openers(self) -> Openers:
        return Former(await self._store.open_intents())

    async def begin(self, flock: Flock, membership: Membership, accounts: Accounts, credentials: Credentials, rounds: Rounds) -> None:
        """Raises ConfigError where fronts and workers run on the store, or another hansa serve, Busy."""
        if isinstance(self._store, Clustered):
            await self._claim(self._store.leases)
            self._keeping = asyncio.create_task(_keep(self._store.leases, ALONE, self.opener, self._clock))
        self._rounds = rounds
        for name in rounds.names():
            await rounds.begin(name)

    async def _claim(self, leases: Leases) -> None:
        """First the lease, then a look who else is there: of two that begin at once none overlooks the other. One that was killed keeps its lease
        until that ends.
        """
        end = self._clock.monotonic() + LEASE_S + RENEW_S
        while not await leases.take(ALONE, self.opener, LEASE_S):
            if self._clock.monotonic() >= end:
                raise ConfigError('Another hansa serve runs on this store. End it first.')
            await self._clock.sleep(1.0)
        if others := await leases.holders(PROCESS):
            await leases.give_up(ALONE, self.opener)
            raise ConfigError(f'{len(others)} fronts and workers run on this store; hansa serve wants it for itself. End them first.')

    async def close(self) -> None:
        if self._rounds is not None:
            await self._rounds.close()
        if self._keeping is not None and isinstance(self._store, Clustered):
            await _let_go(self._keeping, self._store.leases, ALONE, self.opener)


class Among:
    """One of several. Every one keeps level with the others; a worker follows sites and goes the rounds, each under a lease."""

    follows = False

    def __init__(self, role: Role, store: Store, shared: Clustered, book: AliasBook, roster: Roster, bus: Bus, clock: Clock) -> None:
        self.opener = secrets.token_hex(OPENER // 2)
        self._role = role
        self._store = store
        self._leases = shared.leases
        self._queue = shared.queue
        self._roster = roster
        self._bus = bus
        self._clock = clock
        self._following = Following(shared.feed, store, book, bus, clock)
        self.level: Callable[[], Awaitable[None]] | None = self._following.level
        self.turns = Turns(clock, self.opener, shared.leases, self._following.level)
        self._lookout: Lookout | None = None
        self._standing: Standing | None = None
        self._holding: Holding | None = None
        self._digesting: Digesting | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._keeping: asyncio.Task[None] | None = None

    def site(self, site: Site) -> Site:
        return Heard(site, self._clock)

    def watcher(self, flock: Flock) -> Watcher:
        self._lookout = Lookout(flock, self._store, self._roster, self._bus, self._clock)
        return self._lookout

    def uplink(self, gate: Gate, flock: Flock) -> Uplink:
        hatch = Hatch(gate, flock.follows, self._worker, self._queue, self._store, self._roster, self._bus, self._clock)
        self._following.heed(REPORTED, hatch.reported)
        if self._role == 'worker':
            self._digesting = Digesting(
                self._queue, gate.intake, flock.follows, self._roster, self._bus, self._clock, self._following.doubt
            )
        return hatch

    async def _worker(self, site: str) -> str:
        return (await self._leases.holders(_SITE + site)).get(_SITE + site, '')

    async def openers(self) -> Openers:
        return Leased(self._leases)

    async def begin(self, flock: Flock, membership: Membership, accounts: Accounts, credentials: Credentials, rounds: Rounds) -> None:
        """Raises ConfigError where the store is another process' own, Busy."""
        await self._leases.take(PROCESS + self.opener, self.opener, LEASE_S)
        if await self._leases.holders(ALONE):
            await self._leases.give_up(PROCESS + self.opener, self.opener)
            raise ConfigError(f'hansa serve runs on this store, or did so less than {LEASE_S:g} s ago; it has to end before others can take part.')
        self._keeping = asyncio.create_task(_keep(self._leases, PROCESS + self.opener, self.opener, self._clock))
        standing = self._standing = Standing(flock, self._store, self._roster, self._bus, self._clock, self.opener)
        self._following.tell(membership, accounts)
        self._following.heed('site/', functools.partial(_site, membership))
        self._following.heed(PREFIX, credentials.changed)
        self._following.heed('shadow/', functools.partial(_shadow, accounts), accounts.doubt_all)
        self._following.heed(STANDING, standing.heard)
        self._following.heed(COUNTED, standing.counted)
        if self._lookout is not None:
            self._following.heed(WANTED, self._lookout.wanted)
            self._following.heed(POKED, self._lookout.poked)
        await self._following.level()
        self._tasks = [asyncio.create_task(self._following.run())]
        if self._role == 'worker':
            charges: dict[str, Charge] = {_SITE: _Sites(self._roster, flock, self._queue), 'round/': rounds}
            self._holding = Holding(self._leases, self._clock, self.opener, charges, standing.clear)
            self._tasks += [asyncio.create_task(each) for each in (self._holding.run(), standing.run())]
        if self._digesting is not None:
            self._tasks.append(asyncio.create_task(self._digesting.run()))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._following.close()
        if self._digesting is not None:
            self._digesting.close()
        for each in (self._holding, self._standing, self._lookout):
            if each is not None:
                await each.close()
        if self._keeping is not None:
            await _let_go(self._keeping, self._leases, PROCESS + self.opener, self.opener)


class _Sites:
    """The sites of a league as a worker's charge."""

    def __init__(self, roster: Roster, flock: Flock, queue: Queue) -> None:
        self._roster = roster
        self._flock = flock
        self._queue = queue

    def names(self) -> Iterable[str]:
        return sorted(self._roster.names())

    async def begin(self, name: str) -> bool:
        begun = self._flock.go(name)
        if begun and self._roster.get(name).distant is not None:
            # An agent near the site has to begin anew, as nobody here knows what the last worker was told.
            await self._queue.begin(name)
        return begun

    async def end(self, name: str) -> None:
        await self._flock.rest(name)


async def _keep(leases: Leases, name: str, holder: str, clock: Clock) -> None:
    while True:
        try:
            if not await leases.take(name, holder, LEASE_S):
                _log.error('another process has taken the lease %s of this one, which was not renewed in time: end one of the two', name)
        except HansaError as error:
            _log.warning('the lease of this process is not renewed: %s', error)
        await clock.sleep(RENEW_S)


async def _let_go(keeping: asyncio.Task[None], leases: Leases, name: str, holder: str) -> None:
    keeping.cancel()
    await asyncio.wait([keeping])
    with contextlib.suppress(HansaError):
        await leases.give_up(name, holder)


async def _site(membership: Membership, key: str) -> None:
    name, _, what = key.removeprefix('site/').partition('/')
    if what == 'capabilities':
        await membership.learned(name)


async def _shadow(accounts: Accounts, key: str) -> None:
    _, site, user = key.split('/', 2)
    accounts.doubt(site, user)
