"""One complete list of a kind at a site, page by page; then it is compared with the inventory, and doubtful objects are asked for one by one."""

from __future__ import annotations

import logging

from hansa.model.batch import Change
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.ports.uplink import Uplink
from hansa.rules import diff
from hansa.sync import audit, lists
from hansa.sync.questions import Questions
from hansa.sync.reader import BadAnswer, Reader
from hansa.sync.track import Track

QUESTIONS = 10
MOST_QUESTIONS = 500
WITNESSES = 3

_LOG = logging.getLogger('hansa.sync')


class Sweep:
    """Runs in steps of one page or ten questions, so that changes come in between. A step that fails ends it, nothing dropped.

    A deep sweep takes in every document; a brief one looks at ids only and fetches those that the inventory does not know. What two
    sweeps running did not tell, and what is not there when it is asked for itself, is dropped - if the site finds what it lists. What
    they agree in otherwise goes to `repair`, which has it written whatever was told before. Of very much that is gone at once nothing is dropped
    where one of it is there after all, or where the site lets us see another part of it than before: it is held, for the operator to look at.
    """

    def __init__(
        self, member: Member, kind: str, deep: bool, track: Track, reader: Reader, uplink: Uplink, questions: Questions, clock: Clock,
        tell: lists.Tell, repair: lists.Tell,
    ) -> None:  # fmt: skip
        self.kind = kind
        self.deep = deep
        self.cost = 0.0
        self.began = clock.monotonic()
        self.done = False
        self.doubts = False
        self._member = member
        self._track = track
        self._reader = reader
        self._uplink = uplink
        self._questions = questions
        self._clock = clock
        self._tell = tell
        self._repair = repair
        self._ask = lists.complete(kind, member, brief=not deep)
        self._marker = ''
        self._pages = 0
        self._told: dict[str, str] = {}
        self._latest = ''
        self._date = ''
        self._listed = False
        self._doubtful: list[str] | None = None
        self._agreed: frozenset[str] = frozenset()
        self._dead: list[Change] = []
        self._missing = 0
        self._mass = False
        self._held = False

    @property
    def small(self) -> bool:
        """Whether all fitted on one page."""
        return self._pages == 1

    @property
    def work(self) -> float:
        """Seconds of a core that it took us, about."""
        return diff.work(self._pages, len(self._told), self.deep)

    def cursor(self, before: str) -> str:
        """From when on to ask for changes after this; a brief one tells nothing about that."""
        lasted = self._clock.monotonic() - self.began
        return diff.cursor(before, [self._latest], lasted, self._date) if self.deep else before

    async def step(self, timeout: float) -> None:
        """The next page, the comparison, or the next questions. Raises as the reader does, and UplinkDown."""
        began = self._clock.monotonic()
        if not self._listed:
            await self._page(timeout)
        elif self._doubtful is None:
            await self._compare()
        else:
            await self._question(timeout)
        self.cost += self._clock.monotonic() - began

    async def _page(self, timeout: float) -> None:
        ticket = self._questions.ticket()
        page = await self._reader.page(self._ask, self._marker, timeout)
        self._pages += 1
        if self._pages >= lists.MOST_PAGES and page.marker:
            raise BadAnswer(f'GET {self._ask.path} has no end')
        docs = [doc for doc in page.docs if not lists.dead(self.kind, doc)]
        changes = [lists.change(self.kind, str(doc['id']), doc, ticket) for doc in docs]
        self._told.update({change.id: change.revision if self.deep else '' for change in changes})
        if self.deep:
            self._latest = max(self._latest, *(change.revision for change in changes), '')
            self._date = page.date
            self._track.look(changes, self._clock.monotonic())
            await self._tell(changes)
        self._marker = page.marker
        self._listed = not page.marker

    async def _compare(self) -> None:
        verdict = await audit.compare(
            self._uplink, self._member.name, self.kind, self._told, self._track.suspects, brief=not self.deep
        )
        self._track.suspects = verdict.suspects
        self._track.told(id for id in self._told if id not in verdict.suspects)
        self._member.found(self.kind, verdict.suspects, verdict.agreed, self._clock.now())
        self.doubts, self._agreed = verdict.doubts, verdict.agreed
        wanted = [id for id in verdict.suspects if id in verdict.fetch or id in verdict.agreed]
        doubtful = self._track.doubtful(wanted, self._clock.monotonic())
        self._missing, self._mass = verdict.missing, verdict.mass
        # What need not be asked for was there of late.
        self._held = self._mass and any(self._untold(id) for id in set(wanted) - set(doubtful))
        self._doubtful = doubtful[:MOST_QUESTIONS]
        self.done = not self._doubtful
        if self.done:
            self._judged()

    async def _question(self, timeout: float) -> None:
        doubtful = self._doubtful or []
        for site_id in doubtful[:QUESTIONS]:
            ticket = self._questions.ticket()
            change = lists.change(self.kind, site_id, await self._reader.one(self.kind, site_id, timeout), ticket)
            if change.doc is None:
                self._dead.append(change)
                continue
            now = self._clock.monotonic()
            self._track.look([change], now)
            self._track.alive(site_id, now)
            self._held = self._held or (self._mass and self._untold(site_id))
            await (self._repair if site_id in self._agreed else self._tell)([change])
        self._doubtful = doubtful[QUESTIONS:]
        self.done = not self._doubtful
        if self.done and self._dead:
            await self._vouch(timeout)
            self._held = self._held or (self._mass and await self._sees_another_part())
            if not self._held:
                self._track.look(self._dead, self._clock.monotonic())
                await self._tell(self._dead)
        if self.done:
            self._judged()

    def _untold(self, site_id: str) -> bool:
        return self._track.suspects.get(site_id) == 'not told'

    async def _sees_another_part(self) -> bool:
        """What a credential that lost its rights does not see is not gone."""
        described = await self._member.site.describe()
        return self._track.mode not in {'', described.mode}

    def _judged(self) -> None:
        """The end of the sweep: what is held is counted, and said when it begins."""
        tally = self._member.tally(self.kind)
        if self._held and not tally.held:
            _LOG.warning(
                'Site %s does not list %d of its %ss any more, and not all of them seem to be gone: none is dropped. See: hansa drift list, hansa drift repair.',
                self._member.name, self._missing, self.kind,
            )  # fmt: skip
        tally.held = self._missing if self._held else 0
        if not self._held and self._member.capabilities is not None:
            self._track.mode = self._member.capabilities.mode

    async def _vouch(self, timeout: float) -> None:
        """Before anything is dropped the site has to find something that it lists, or where it lists nothing, to describe itself."""
        witnesses = sorted(self._told.keys() - {change.id for change in self._dead})[:WITNESSES]
        for site_id in witnesses:
            if await self._reader.one(self.kind, site_id, timeout) is not None:
                return
        if witnesses:
            raise BadAnswer(f'GET {self._ask.path} lists what is not found')
        await self._member.site.describe()
