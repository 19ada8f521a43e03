"""Following the change feed: what other processes of the league did to that which every process keeps in memory."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from hansa.model.alias import Alias
from hansa.model.errors import Gone, HansaError
from hansa.ports import clock
from hansa.ports.bus import Bus
from hansa.ports.clock import Clock
from hansa.ports.feed import Feed, News
from hansa.ports.store import Store
from hansa.rules.aliases import AliasBook
from hansa.services.accounts import Accounts
from hansa.services.membership import Membership

EVERY_S = 1.0
HINT = 'news'
"""The subject of a hint that there are news."""
_CHUNK = 500

_log = logging.getLogger('hansa.following')

Heed = Callable[[str], Awaitable[None]]


class Following:
    """Keeps the book of aliases, the members and what else `heed` names as the store has them.

    Nobody waits for another process: `level` asks the store itself for the number of the newest news and takes in all up to it.
    """

    def __init__(self, feed: Feed, store: Store, book: AliasBook, bus: Bus, clock: Clock) -> None:
        self._feed = feed
        self._store = store
        self._book = book
        self._clock = clock
        self._bus = bus
        self._membership: Membership | None = None
        self._accounts: Accounts | None = None
        self._heeds: dict[str, Heed] = {}
        self._forgets: dict[str, Callable[[], None]] = {}
        self._number = -1
        self._doubted = False
        self._lane = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self._hint = asyncio.Event()
        self._deaf = bus.subscribe(HINT, lambda *_: self._hint.set())

    def tell(self, membership: Membership, accounts: Accounts) -> None:
        """Whom to tell of sites that came and went, and of aliases that went."""
        self._membership = membership
        self._accounts = accounts

    def heed(self, prefix: str, act: Heed, forget: Callable[[], None] | None = None) -> None:
        """Do this for each key of small state that starts so, when it was set or unset. When it may have been it is done for all there
        are, or, where that is enough, all that is remembered of them is forgotten.
        """
        self._heeds[prefix] = act
        if forget is not None:
            self._forgets[prefix] = forget

    def doubt(self) -> None:
        """What is in memory may be what the store has not, as a transaction was undone: all is read anew at the next look."""
        self._doubted = True

    async def level(self) -> None:
        """Come back when all that was committed before this call is taken in. Raises Busy.

        One question answers all who came before it was asked.
        """
        look = self._next
        if look is None:
            # In a context of its own: it is for all who wait, and must be no part of a transaction that one of them has open.
            look = self._next = asyncio.create_task(self._look(), context=contextvars.Context())
            look.add_done_callback(_seen)
        await asyncio.shield(look)

    async def run(self) -> None:
        """Look once a second, and at once on a hint, for ever."""
        while True:
            try:
                await self.level()
            except HansaError as error:
                _log.warning('what other processes of the league do is not known for the moment: %s', error)
            except Exception:  # noqa: BLE001 - whatever it is, it is logged, and the following must not end by it
                _log.exception('news could not be taken in; they are tried again')
            await clock.wait(self._clock, self._hint, EVERY_S)

    def close(self) -> None:
        """Hear no hints any more."""
        self._deaf()
        if self._next is not None:
            self._next.cancel()


    async def _look(self) -> None:
        async with self._lane:
            # Whoever comes from now on may know of something that this question is too early for.
            self._next = None
            newest = await self._feed.latest()
            if self._number < 0 or self._doubted:
                self._doubted = False
                await self._anew(newest)
            while self._number < newest:
                try:
                    await self._take(await self._feed.since(self._number, _CHUNK))
                except Gone:
                    await self._anew(await self._feed.latest())

    async def _anew(self, number: int) -> None:
        """Read all that is kept in memory; what changes meanwhile is told after that number."""
        gone = self._book.replace(await self._store.aliases())
        if self._accounts is not None:
            self._accounts.dropped(gone)
        if self._membership is not None:
            await self._membership.align()
        for forget in self._forgets.values():
            forget()
        for prefix in self._heeds.keys() - self._forgets.keys():
            for key in await self._store.values(prefix):
                await self._changed(key)
        self._number = number

    async def _take(self, news: Sequence[News]) -> None:
        if not news:
            raise Gone('The news end before the newest of them.')
        sites = False
        for each in news:
            if each.topic == 'aliases-added':
                self._book.add(msgspec.json.decode(each.body, type=list[Alias]))
            elif each.topic == 'aliases-dropped':
                self._dropped(msgspec.json.decode(each.body, type=list[Alias]))
            elif each.topic in {'site-forgotten', 'site-dropped'}:
                self._dropped(self._book.leave(each.body.decode()))
            sites = sites or each.topic in {'site-put', 'site-dropped'}
        if sites and self._membership is not None:
            await self._membership.align()
        for key in dict.fromkeys(each.body.decode() for each in news if each.topic == 'value'):
            await self._changed(key)
        self._number = news[-1].number

    def _dropped(self, aliases: Sequence[Alias]) -> None:
        self._book.drop(aliases)
        if self._accounts is not None:
            self._accounts.dropped(aliases)

    async def _changed(self, key: str) -> None:
        for prefix, act in self._heeds.items():
            if key.startswith(prefix):
                await act(key)


def _seen(task: asyncio.Task[None]) -> None:
    """Whoever waited has its error; where nobody did, it is not worth a word."""
    if not task.cancelled():
        task.exception()
