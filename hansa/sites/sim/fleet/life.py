"""What happens at a site by itself: servers that come, go and change at a steady rate, and storms in which all of them change."""

from __future__ import annotations

import heapq
import random
from array import array
from collections import deque

from hansa.sites.sim.fleet import rows
from hansa.sites.sim.fleet.rows import ACTIVE, BUILDING, DELETED, DELETING, ERROR, NEXT, REBOOTING, SETTLED, STAGES, STOPPED
from hansa.sites.sim.fleet.state import FleetState

RECENT = 100
_TRIES = 20
DAY = 86_400.0
_COMES, _GOES = 0.05, 0.05
"""Of all that begins: how much of it is a create, how much a delete."""


class Tally:
    """How much has happened; `latest` is the site's own time of the latest change."""

    def __init__(self) -> None:
        self.changes = 0
        self.latest = 0.0
        self.recent: deque[tuple[float, int, int]] = deque(maxlen=RECENT)
        """Of life alone: the true time, the server's number, its stage from then on."""


class Life:
    """`rate` changes per server and day. The same seed, rate and beginning make the same life, however often one looks."""

    def __init__(self, state: FleetState, rate: float, tally: Tally) -> None:
        self._state = state
        self._tally = tally
        self._random = random.Random(f'{state.seed}/{state.name}/life')  # noqa: S311 - the same run after run is the point
        self._ends: list[tuple[float, int]] = []
        self.quicken(rate)

    def quicken(self, rate: float) -> None:
        """From now on at another rate; at 0 what has begun comes to its end, and nothing begins."""
        # What begins also ends, and both are changes.
        self._pace = rate * len(self._state.server_rows) / DAY / 2
        self._begins = self._later(self._state.site_clock.true.now())

    def _later(self, now: float) -> float:
        return now + self._random.expovariate(self._pace) if self._pace else float('inf')

    def advance(self, now: float) -> None:
        """Let all happen that is due at `now`, the true time."""
        while min(self._begins, self._ends[0][0] if self._ends else now + 1) <= now:
            if self._ends and self._ends[0][0] <= self._begins:
                when, number = heapq.heappop(self._ends)
                self._step(number, when)
            else:
                self._begin(self._begins)
                self._begins = self._later(self._begins)

    def _begin(self, when: float) -> None:
        state, what = self._state, self._random.random()
        if what < _COMES:
            number = state.add_server(BUILDING, int(when + state.site_clock.offset))
            self._count(number, BUILDING, when)
        elif (number := self._any()) < 0:
            return
        elif what < _COMES + _GOES:
            self._turn(number, DELETING, when)
        else:
            self._turn(number, NEXT[state.server_rows.code[number]], when)
        heapq.heappush(self._ends, (when + state.pace, number))

    def _any(self) -> int:
        """A server that is at rest and that nobody touched; -1 where none is found soon."""
        servers = self._state.server_rows
        for _ in range(_TRIES):
            number = self._random.randrange(len(servers))
            if servers.code[number] in SETTLED and self._state.plain(number):
                return number
        return -1

    def _step(self, number: int, when: float) -> None:
        """The end of what began, unless somebody came in between."""
        stage = self._state.server_rows.code[number]
        if stage >= len(STAGES) or stage in (*SETTLED, DELETED) or not self._state.plain(number):
            return
        self._turn(number, NEXT[stage], when)
        if stage == DELETING:
            self._state.end_server(number, self._state.server_rows.updated[number])

    def _turn(self, number: int, stage: int, when: float) -> None:
        self._state.server_rows.code[number] = stage
        self._state.server_rows.updated[number] = int(when + self._state.site_clock.offset)
        self._count(number, stage, when)

    def _count(self, number: int, stage: int, when: float) -> None:
        self._tally.changes += 1
        self._tally.recent.append((when, number, stage))
        self._tally.latest = when + self._state.site_clock.offset


class Storm:
    """All servers of a site, in a seeded order, change `changes` times within `seconds`, as when all services start anew."""

    def __init__(self, state: FleetState, changes: int, seconds: float, seed: str, tally: Tally) -> None:
        self._state = state
        self._tally = tally
        numbers = [number for number in state.server_table.present() if state.server_rows.code[number] not in (DELETED, DELETING)]
        random.Random(f'{state.seed}/{state.name}/{seed}').shuffle(numbers)  # noqa: S311 - the same run after run is the point
        self._order = array('I', numbers)
        self._began = state.site_clock.true.now()
        self._seconds = seconds
        self._done = 0
        self._all = changes * len(numbers)

    @property
    def left(self) -> int:
        """Changes that are yet to come."""
        return self._all - self._done

    def advance(self, now: float) -> None:
        """Let all happen that is due at `now`, the true time."""
        due = self._all if now >= self._began + self._seconds else int((now - self._began) / self._seconds * self._all)
        code, updated, order = self._state.server_rows.code, self._state.server_rows.updated, self._order
        offset, step = self._state.site_clock.offset + self._began, self._seconds / max(self._all, 1)
        for place in range(self._done, due):
            number = order[place % len(order)]
            stage, when = code[number], offset + place * step
            if stage == rows.DOCUMENT:
                self._change(number, when)
            elif stage < DELETING or stage in (ERROR, REBOOTING):
                code[number], updated[number] = NEXT[stage], int(when)
        if due > self._done:
            self._tally.changes += due - self._done
            self._tally.latest = offset + (due - 1) * step
            self._done = due

    def _change(self, number: int, when: float) -> None:
        """The same for a server that is a document by now."""
        doc = self._state.server_table.kept[number]
        for place, stage in enumerate(STAGES):
            if (stage.vm, stage.task) == (doc['_vm'], doc['_task']) and place in (ACTIVE, rows.STOPPING, STOPPED, rows.STARTING, ERROR):
                following = STAGES[NEXT[place]]
                doc |= {'_vm': following.vm, '_task': following.task, '_power': following.power, '_updated': when}
                return
