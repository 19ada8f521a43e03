"""What changed of a kind since the cursor, page by page; and what is being deleted, object by object, as no list of changes tells its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from hansa.model.batch import Change
from hansa.ports.clock import Clock
from hansa.rules import diff
from hansa.sync import lists, track
from hansa.sync.kin import Kin
from hansa.sync.questions import Questions
from hansa.sync.reader import BadAnswer, Glance, Reader
from hansa.sync.track import Track

MOST_LEAVING = 10


class Poll:
    """One look at the changes of a kind; `tell` is where they go, `room` waits until it is time for more of them, and `date` is the site's own as
    it last told it. Raises as the reader and `room` do.

    What the last look told just so is passed over, unless the kind is `doubted`, or its objects are shared: these may have become others'.
    """

    def __init__(
        self, ask: lists.Ask, told: Track, reader: Reader, kin: Kin, questions: Questions, clock: Clock,
        tell: lists.Tell, room: Callable[[], Awaitable[None]], *, doubted: bool,
    ) -> None:  # fmt: skip
        self._ask = ask
        self._kind = ask.kind.name
        self._track = told
        self._reader = reader
        self._kin = kin
        self._questions = questions
        self._clock = clock
        self._tell = tell
        self._room = room
        self._all = doubted or ask.kind.shared
        self._ids: set[str] = set()
        self._news = 0
        self.date = ''
        self._begun = ''
        self._latest = ''

    async def run(self, timeout: float) -> bool:
        """Tell all of it and move the cursor; False where the site turns out not to tell changes, so that whole lists must do."""
        began = self._clock.monotonic()
        marker = ''
        for _ in range(lists.MOST_PAGES):
            ticket, looks = self._questions.ticket(), self._track.looks
            page = await self._page(marker, timeout)
            if page is None:
                return False
            await self._take(page, ticket, timeout, looks)
            marker, self.date = page.marker, page.date
            self._begun = self._begun or page.date
            # In a storm all sites wait for room, and what was read need not be kept meanwhile.
            del page
            if not marker:
                break
            await self._room()
        else:
            raise BadAnswer(f'GET {self._ask.path} has no end')
        self._track.overlapped(self._ids)
        self._track.burst = self._news > lists.PAGE
        await self._look_after_leaving(timeout)
        now = self._clock.monotonic()
        cursor = diff.cursor(self._track.cursor, [self._latest], now - began, self.date)
        latest = self._latest
        if cursor != self._track.cursor or latest > self._track.latest[0]:
            self._track.changed(now)
        if latest and latest != self._track.latest[0]:
            self._track.latest = latest, self.date
        # What was told in a storm would else be read with each look, as long as nothing comes after it.
        self._track.cursor = max(cursor, diff.beyond(*self._track.latest, self._begun))
        return True

    async def _page(self, marker: str, timeout: float) -> Glance | None:
        try:
            return await self._reader.glance(self._ask, marker, timeout)
        except BadAnswer as error:
            if error.status != 400 or marker:
                raise
            return None

    async def _take(self, page: Glance, ticket: int, timeout: float, looks: int) -> None:
        # To look a page over is the loop's work for as long as a request may wait; so is each part of what follows.
        await asyncio.sleep(0)
        async with self._reader.desk.documents(len(page.told)):
            marks = {one.id: track.mark(one.raw) for one in page.told}
            news = self._track.news(marks)
            self._news += len(news)
            changes = [self._change(one, ticket) for one in page.told if self._all or one.id in news]
        before = await self._kin.before(self._kind, [change.id for change in changes])
        # From here to the outbox nothing may come in between.
        self._track.remember(marks, certain=looks == self._track.looks)
        await self._tell(changes)
        self._ids.update(marks)
        self._latest = max(self._latest, *(one.revision for one in page.told), '')
        await self._kin.look(before, changes, self._clock.monotonic(), timeout, self._tell)
        self._track.observe(changes, self._clock.monotonic())

    def _change(self, told: lists.Told, ticket: int) -> Change:
        try:
            return lists.change(self._kind, told.id, msgspec.json.decode(told.raw, type=dict[str, Any]), ticket)
        except ValueError as error:
            raise BadAnswer(f'GET {self._ask.path}: {error}') from error

    async def _look_after_leaving(self, timeout: float) -> None:
        if lists.WAYS[self._kind].tombstones:
            return
        for site_id in self._track.leaving(self._clock.monotonic())[:MOST_LEAVING]:
            ticket = self._questions.ticket()
            change = lists.change(self._kind, site_id, await self._reader.one(self._kind, site_id, timeout), ticket)
            self._track.look([change], self._clock.monotonic())
            await self._tell([change])
