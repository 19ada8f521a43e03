"""One complete list of a kind at a site, page by page, and then a direct question for each object that it did not tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.ports.store import Store
from hansa.rules import diff
from hansa.sync import lists
from hansa.sync.intake import Intake
from hansa.sync.reader import BadAnswer, Reader
from hansa.sync.track import Track

QUESTIONS = 10
MOST_QUESTIONS = 500


class Sweep:
    """Runs in steps of one page or ten questions, so that changes come in between. A step that fails ends it, nothing dropped.

    A deep sweep takes in every document; a brief one looks at ids only and fetches those it does not know.
    """

    def __init__(
        self, member: Member, kind: str, deep: bool, track: Track, reader: Reader, store: Store, intake: Intake, clock: Clock, tell: lists.Tell
    ) -> None:
        self.kind = kind
        self.deep = deep
        self.cost = 0.0
        self.began = clock.monotonic()
        self.done = False
        self._member = member
        self._track = track
        self._reader = reader
        self._store = store
        self._intake = intake
        self._clock = clock
        self._tell = tell
        self._ask = lists.complete(kind, member, brief=not deep)
        self._marker = ''
        self._pages = 0
        self._known: dict[str, str] = {}
        self._told: set[str] = set()
        self._latest = ''
        self._date = ''
        self._questions: list[str] | None = None

    @property
    def small(self) -> bool:
        """Whether all fitted on one page."""
        return self._pages == 1

    def cursor(self, before: str) -> str:
        """From when on to ask for changes after this; a brief one tells nothing about that."""
        lasted = self._clock.monotonic() - self.began
        return diff.cursor(before, [self._latest], lasted, self._date) if self.deep else before

    async def step(self, timeout: float) -> None:
        """The next page or the next questions. Raises as the reader does."""
        began = self._clock.monotonic()
        if self._questions is None:
            await self._page(timeout)
        else:
            await self._question(timeout)
        self.cost += self._clock.monotonic() - began

    async def _page(self, timeout: float) -> None:
        if not self._pages:
            self._known = await self._store.known(self._member.name, self.kind)
        ticket = self._intake.ticket()
        page = await self._reader.page(self._ask, self._marker, timeout)
        self._pages += 1
        if self._pages >= lists.MOST_PAGES and page.marker:
            raise BadAnswer(f'GET {self._ask.path} has no end')
        docs = [doc for doc in page.docs if not lists.dead(self.kind, doc)]
        self._told.update(str(doc['id']) for doc in docs)
        if self.deep:
            await self._pass_on(docs, ticket)
            self._date = page.date
        self._marker = page.marker
        if not page.marker:
            now = self._clock.monotonic()
            self._track.told(self._told & self._known.keys())
            self._member.tally(self.kind).drift = len(self._told ^ self._known.keys())
            unknown = [] if self.deep else sorted(self._told.difference(self._known))
            self._questions = self._track.doubtful([*diff.missing(self._known, self._told), *unknown], now)[:MOST_QUESTIONS]
            self.done = not self._questions

    async def _question(self, timeout: float) -> None:
        questions = self._questions or []
        for site_id in questions[:QUESTIONS]:
            ticket = self._intake.ticket()
            change = lists.change(self.kind, site_id, await self._reader.one(self.kind, site_id, timeout), ticket)
            now = self._clock.monotonic()
            self._track.observe([change], now)
            if change.doc is not None:
                self._track.alive(site_id, now)
            await self._tell([change])
        self._questions = questions[QUESTIONS:]
        self.done = not self._questions

    async def _pass_on(self, docs: Sequence[dict[str, Any]], ticket: int) -> None:
        changes = [lists.change(self.kind, str(doc['id']), doc, ticket) for doc in docs]
        self._latest = max(self._latest, *(change.revision for change in changes), '')
        self._track.observe(changes, self._clock.monotonic())
        await self._tell(changes)
