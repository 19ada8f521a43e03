"""Digesting what waits in the queue, of the sites that are followed here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from hansa.model import batch
from hansa.model.errors import HansaError
from hansa.ports import clock
from hansa.ports.bus import Bus
from hansa.ports.clock import Clock
from hansa.ports.queue import Queue
from hansa.ports.roster import Roster
from hansa.sync.hatch import GIVEN
from hansa.sync.intake import Intake

EVERY_S = 1.0

_LOG = logging.getLogger('hansa.sync')


class Digesting:
    """One batch after the other, each in one transaction with its acknowledgement. Where that fails, what this process remembers of it is not to
    be trusted: the intake forgets the site, and `doubt` says so to whoever keeps the book of aliases level with the store.
    """

    def __init__(
        self, queue: Queue, intake: Intake, follows: Callable[[str], bool], roster: Roster, bus: Bus, clock: Clock, doubt: Callable[[], None]
    ) -> None:
        self._queue = queue
        self._intake = intake
        self._follows = follows
        self._roster = roster
        self._clock = clock
        self._doubt = doubt
        self._hint = asyncio.Event()
        self._deaf = bus.subscribe(GIVEN, lambda *_: self._hint.set())

    async def run(self) -> None:
        """Look once a second, and at once on a hint, for ever."""
        while True:
            try:
                while await self.one():
                    continue
            except HansaError as error:
                _LOG.warning('a batch could not be digested and waits on: %s', error)
            except Exception:  # noqa: BLE001 - whatever it is, it is logged, and the others must not wait for it
                _LOG.exception('A batch could not be digested and waits on.')
            await clock.wait(self._clock, self._hint, EVERY_S)

    async def one(self) -> bool:
        """The batch whose turn it is; False where none waits. Raises what its digestion raises, and Busy."""
        site = ''
        try:
            async with self._queue.next([member.name for member in self._roster if self._follows(member.name)]) as parcel:
                if parcel is None:
                    return False
                site = parcel.site
                member = self._roster.get(site)
                made = await asyncio.to_thread(batch.decode, parcel.body)
                await self._intake.take(member, made.changes, anew=parcel.lane == 'command')
        except BaseException:
            if site:
                self._intake.forget(site)
                self._doubt()
            raise
        member.tally('').batches += 1
        return True

    def close(self) -> None:
        """Hear no hints any more."""
        self._deaf()
