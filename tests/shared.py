"""A store, a bus and leases in memory that several houses share, and ways to part one of them from the others."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Any

import msgspec

from hansa.entry.posts import Role
from hansa.model.alias import Alias
from hansa.model.batch import Lane, Receipt
from hansa.model.errors import Busy, Gone
from hansa.model.site import SiteSpec
from hansa.ports.bus import Handler
from hansa.ports.clock import Clock
from hansa.ports.feed import News, Topic
from hansa.ports.leases import Leases
from hansa.ports.queue import Parcel, Queue
from hansa.ports.store import Store
from hansa.sites.sim.cloud import SimCloud
from hansa.storage.sqlite import open_store
from tests import house, virtual
from tests.house import League


class Feed:
    """What was told, of which the oldest may be `forgotten`."""

    def __init__(self) -> None:
        self.news: list[News] = []
        self.forgotten = 0
        self.asked = 0

    def tell(self, topic: Topic, body: bytes) -> None:
        self.news.append(News(len(self.news) + 1, topic, body))

    async def latest(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        return len(self.news)

    async def since(self, number: int, limit: int) -> list[News]:
        if number < self.forgotten:
            raise Gone('That is too long ago.')
        return self.news[number : number + limit]


class MemoryLeases:
    """Leases by the tests' clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, tuple[str, float]] = {}

    async def take(self, name: str, holder: str, seconds: float) -> bool:
        other, until = self._held.get(name, (holder, 0.0))
        if other != holder and until > self._clock.now():
            return False
        self._held[name] = holder, self._clock.now() + seconds
        return True

    async def give_up(self, name: str, holder: str) -> None:
        if self._held.get(name, ('', 0.0))[0] == holder:
            del self._held[name]

    async def holders(self, prefix: str = '') -> dict[str, str]:
        return {name: holder for name, (holder, until) in self._held.items() if name.startswith(prefix) and until > self._clock.now()}


class MemoryBus:
    """Tells everybody at once, unless it is `deaf`."""

    def __init__(self) -> None:
        self.deaf = False
        self._handlers: list[tuple[str, Handler]] = []

    def publish(self, subject: str, body: bytes = b'') -> None:
        for prefix, handler in [] if self.deaf else list(self._handlers):
            if subject == prefix or subject.startswith(f'{prefix}.'):
                handler(subject, body)

    def subscribe(self, prefix: str, handler: Handler) -> Callable[[], None]:
        entry = (prefix, handler)
        self._handlers.append(entry)
        return lambda: self._handlers.remove(entry)

    def up(self) -> bool:
        return not self.deaf

    async def close(self) -> None:
        """Nothing is left."""


class MemoryQueue:
    """Batches in the order in which they came, each kept until a block in which it was taken has ended well."""

    def __init__(self) -> None:
        self.runs: dict[str, str] = {}
        self.waiting: list[Parcel] = []
        self.given = 0
        self._upto: dict[tuple[str, Lane], int] = {}
        self._served: set[str] = set()

    async def begin(self, site: str) -> str:
        self.runs[site] = f'{site}-{len(self._upto)}-{self.runs.get(site, "")}'[:60]
        self._upto = {key: upto for key, upto in self._upto.items() if key[0] != site}
        return self.runs[site]

    async def run(self, site: str) -> str:
        return self.runs.get(site, '')

    async def give(self, site: str, run: str, lane: Lane, number: int, body: bytes) -> Receipt:
        if self.runs.get(site) != run:
            raise Gone('The run is over.')
        upto = self._upto.get((site, lane), 0)
        if number == upto + 1:
            self.waiting.append(Parcel(site, run, lane, number, body))
            self._upto[site, lane] = upto = number
            self.given += 1
        return Receipt(upto, 2, 1.0 if number > upto else 0.0)

    @contextlib.asynccontextmanager
    async def next(self, sites: Collection[str]) -> AsyncIterator[Parcel | None]:
        found = next((each for each in self.waiting if each.site in sites and each.site not in self._served), None)
        if found is None:
            yield None
            return
        self._served.add(found.site)
        try:
            yield found
            self.waiting.remove(found)
        finally:
            self._served.discard(found.site)

    async def backlog(self) -> dict[str, int]:
        return dict(Counter(each.site for each in self.waiting))


class Handle:
    """One process' way to the common store. `cut` parts it from the database, as death does for all the others."""

    def __init__(self, store: Store, feed: Feed, leases: Leases, queue: Queue) -> None:
        self._store = store
        self._feed = feed
        self._leases = leases
        self.queue = queue
        self.cut = False

    def _whole(self) -> None:
        if self.cut:
            raise Busy('The database does not answer.')

    @property
    def feed(self) -> Any:
        return _Cuttable(self, self._feed)

    @property
    def leases(self) -> Any:
        return _Cuttable(self, self._leases)

    def __getattr__(self, name: str) -> Any:
        return getattr(_Cuttable(self, self._store), name)

    async def add_aliases(self, aliases: Sequence[Alias]) -> None:
        self._whole()
        await self._store.add_aliases(aliases)
        self._feed.tell('aliases-added', msgspec.json.encode(aliases))

    async def drop_aliases(self, aliases: Sequence[Alias]) -> None:
        self._whole()
        await self._store.drop_aliases(aliases)
        self._feed.tell('aliases-dropped', msgspec.json.encode(aliases))

    async def put_site(self, spec: SiteSpec) -> None:
        self._whole()
        await self._store.put_site(spec)
        self._feed.tell('site-put', spec.name.encode())

    async def drop_site(self, name: str) -> None:
        self._whole()
        await self._store.drop_site(name)
        self._feed.tell('site-dropped', name.encode())

    async def set(self, key: str, value: bytes, sealed: bool = False) -> None:
        self._whole()
        await self._store.set(key, value, sealed)
        self._feed.tell('value', key.encode())

    async def unset(self, key: str) -> None:
        self._whole()
        await self._store.unset(key)
        self._feed.tell('value', key.encode())

    async def close(self) -> None:
        """The store is closed by whoever opened it."""


class _Cuttable:
    def __init__(self, handle: Handle, inner: Any) -> None:
        self._handle = handle
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)

        async def call(*args: Any, **more: Any) -> Any:
            if self._handle.cut:
                raise Busy('The database does not answer.')
            return await found(*args, **more)

        return call


class Several:
    """`leagues` in the order in which they were started, with their `roles` and `handles`."""

    def __init__(self, clock: virtual.VirtualClock, clouds: dict[str, SimCloud], store: Store) -> None:
        self.clock = clock
        self.clouds = clouds
        self.store = store
        self.twin = house.people(clock)
        self.feed = Feed()
        self.leases = MemoryLeases(clock)
        self.queue = MemoryQueue()
        self.bus = MemoryBus()
        self.handles: list[Handle] = []
        self.roles: list[Role] = []
        self.leagues: list[League] = []

    async def start(self, role: Role) -> League:
        """One process more."""
        handle = Handle(self.store, self.feed, self.leases, self.queue)
        made = await house.build(self.clouds, self.twin, self.clock, store=handle, role=role, bus=self.bus)
        self.handles.append(handle)
        self.roles.append(role)
        self.leagues.append(League(made, self.clouds, self.twin, self.clock))
        return self.leagues[-1]

    def followers(self, site: str) -> list[int]:
        """Which of the processes follow a site."""
        return [number for number, each in enumerate(self.leagues) if each.house.flock.follows(site)]


@contextlib.asynccontextmanager
async def several(*roles: Role, sites: Sequence[str] = ('east', 'west')) -> AsyncIterator[Several]:
    """Processes of one league that have all heard of its sites, and workers that follow them."""
    clock = virtual.VirtualClock()
    clouds = {name: SimCloud(name, clock, seed) for seed, name in enumerate(sites)}
    store = await open_store(None)
    made = Several(clock, clouds, store)
    try:
        for role in roles:
            await made.start(role)
        for name in clouds:
            await made.leagues[0].house.membership.join(house.spec(name))
        await clock.sleep(30)
        yield made
    finally:
        for each in made.leagues:
            await each.house.close()
        await store.close()
