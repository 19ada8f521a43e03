"""Objects of mirrored containers: written to all sites at once, read from one that has what was written last."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence

import msgspec

from hansa.model.errors import Busy, HansaError, NotFound, PreconditionFailed, SiteDown, Unsupported
from hansa.model.spread import Debt, Spread
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.rules import mirroring
from hansa.rules.mirroring import Version
from hansa.services.fanning import Broken, Fan
from hansa.services.relay import Forward, Reply
from hansa.services.repairing import Repairing
from hansa.services.stores import Stores
from hansa.services.turns import Turns

Send = Callable[[Member, Forward], Awaitable[Reply]]
"""Sends a request to a site as the caller."""

Outcome = Reply | HansaError
"""What a site made of a write."""

_log = logging.getLogger('hansa')
_ETAG = re.compile(r'"?([0-9a-f]{32})"?')

_RAW = 'multipart-manifest=get&format=raw'

_PATIENCE = 30.0
"""Seconds that a write waits for another one of the same object."""

_GRACE = 15.0
"""Seconds that a write which is safe waits for sites that are slower."""

_DOUBT = 0.5
"""Seconds that a read waits to look closer."""


class Mirrors:
    """Writes and reads. What a site may lack is written down before it is sent, and taken away when the site has it."""

    def __init__(self, store: Store, roster: Roster, stores: Stores, turns: Turns, repairing: Repairing, clock: Clock) -> None:
        self._store = store
        self._stores = stores
        self._roster = roster
        self._turns = turns
        self._repairing = repairing
        self._clock = clock

    @contextlib.asynccontextmanager
    async def turn(self, project: str, container: str, name: str, patience: float = _PATIENCE) -> AsyncIterator[None]:
        """Be the only one, in all processes, who changes an object ('': the container) while the block lasts. Raises Busy."""
        word = hashlib.sha256(f'{project}\0{container}\0{name}'.encode()).hexdigest()[:32]
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(patience):
                    await stack.enter_async_context(self._turns.of(f'mirror/{word}', patience))
            except TimeoutError:
                raise Busy('The object is being changed just now; try again later.', 5) from None
            yield

    async def read(self, spread: Spread, name: str, forward: Forward, send: Send) -> Reply:
        """Of the best site that has what was written last. Raises SiteDown where none of these can be asked, NotFound."""
        debts = [*await self._store.debts(spread.project, spread.container, name), *await self._owed(spread, name)]
        order = mirroring.readers(spread, debts, self.there())
        lost: HansaError | None = None
        lacking: dict[str, Reply] = {}
        for site in order:
            try:
                reply = await send(self.member(site), forward)
            except (SiteDown, NotFound, Unsupported) as error:
                lost = lost if isinstance(lost, SiteDown) else error
                continue
            if reply.status != 404:
                if lacking and reply.status < 400 and name:
                    await self._doubt(spread, name, list(lacking))
                return reply
            lacking[site] = reply
        if lacking:
            return next(iter(lacking.values()))
        missed = sorted({debt.site for debt in debts if debt.missed})
        raise lost or SiteDown(next((site for site in spread.sites if site not in missed), spread.everywhere[0]), 'has what the others miss')

    async def _doubt(self, spread: Spread, name: str, lacking: Sequence[str]) -> None:
        """Another site has what these should have too: if that is so while nobody changes it, they owe it."""
        with contextlib.suppress(Busy):
            async with self.turn(spread.project, spread.container, name, _DOUBT):
                if not await self._store.debts(spread.project, spread.container, name):
                    found = [await self._repairing.version(spread, site, name) for site in lacking]
                    gone = [one.site for one in found if isinstance(one, Version) and not one.there]
                    if gone:
                        await self._store.owe(Debt(spread.project, spread.container, name, '', 0.0, 0, True), gone)

    async def _owed(self, spread: Spread, name: str) -> list[Debt]:
        return await self._store.debts(spread.project, spread.container, '') if name else []

    async def write(self, spread: Spread, name: str, forward: Forward, send: Send) -> Reply:
        """`PUT`, `POST` or `DELETE` everywhere. Raises SiteDown where too few have it, Busy, NotFound, PreconditionFailed."""
        async with self.turn(spread.project, spread.container, name):
            now = await self._store.spanning(spread.project, spread.container)
            if now is None or now.gone:
                raise NotFound('The resource could not be found.')
            owed = await self._store.debts(now.project, now.container, name)
            if owed and forward.method == 'POST':
                with contextlib.suppress(HansaError):
                    await self._repairing.object(now, name)
                owed = await self._store.debts(now.project, now.container, name)
            forward = await self._ready(now, name, forward, send)
            living = self._living(now)
            # What is changed in part has to be what it was before.
            asked = [site for site in living if forward.method != 'POST' or site not in {debt.site for debt in owed}]
            turn = await self._store.owe(Debt(now.project, now.container, name, '', self._clock.now(), 0), mirroring.targets(now))
            forward = msgspec.structs.replace(forward, headers=[*forward.headers, (mirroring.MARK, str(turn))])
            parts = await self._parts(now, forward, send)
            outcomes = await self._everywhere(now, forward, asked, send)
            await self._owe_parts(now, parts, outcomes)
            debt = Debt(now.project, now.container, name, '', 0.0, turn)
            reply = await self._settled(now, debt, outcomes, owed, removes=forward.method == 'DELETE')
            for told in outcomes.values():
                if isinstance(told, Reply) and told is not reply:
                    await self._stores.let_go(told)
            return reply

    async def _parts(self, spread: Spread, forward: Forward, send: Send) -> list[tuple[str, str]]:
        """Container and name of each segment of a large object that is removed with them; none of anything else."""
        if forward.method != 'DELETE' or 'multipart-manifest=delete' not in forward.query:
            return []
        debts = await self._store.debts(spread.project, spread.container, '')
        for site in mirroring.readers(spread, debts, self.there()):
            with contextlib.suppress(HansaError):
                reply = await send(self.member(site), Forward('GET', forward.path, _RAW))
                parts = [chunk async for chunk in reply.body] if not isinstance(reply.body, bytes) else [reply.body]
                return mirroring.parts(b''.join(parts)) if reply.status == 200 and reply.header('x-static-large-object') else []
        return []

    async def _owe_parts(self, spread: Spread, parts: Sequence[tuple[str, str]], outcomes: Mapping[str, Outcome]) -> None:
        """A site that did not remove a large object has its segments still."""
        late = [site for site in mirroring.targets(spread) if not isinstance(told := outcomes.get(site), Reply) or told.status >= 300]
        if parts and late and len(late) < len(mirroring.targets(spread)):
            now = self._clock.now()
            await self._store.owe_all([Debt(spread.project, box, name, site, now, 0, True) for box, name in parts for site in late])

    async def _ready(self, spread: Spread, name: str, forward: Forward, send: Send) -> Forward:
        """The request without what the league judges itself, as sites may differ. Raises PreconditionFailed, SiteDown."""
        if len(self._living(spread)) < mirroring.needed(spread):
            there = self.there()
            raise SiteDown(next(site for site in spread.sites if site not in there), f'is needed: a write takes {mirroring.needed(spread)} sites')
        headers = [header for header in forward.headers if header[0].lower() not in {'if-none-match', mirroring.MARK}]
        if forward.method == 'PUT' and len(headers) < len(forward.headers) and any(key.lower() == 'if-none-match' for key, _ in forward.headers):
            found = await self.read(spread, name, Forward('HEAD', forward.path), send)
            if found.status < 300:
                raise PreconditionFailed('There is an object of this name.')
        return msgspec.structs.replace(forward, headers=headers)

    def there(self) -> frozenset[str]:
        """Sites that answered when they were asked last."""
        return frozenset(member.name for member in self._roster if member.site.health().reachable)

    def _living(self, spread: Spread) -> list[str]:
        there = self.there()
        return [site for site in mirroring.targets(spread) if site in there]

    def member(self, site: str) -> Member:
        """Raises SiteDown for one that leaves the league."""
        if site not in self._roster:
            raise SiteDown(site, 'is leaving the league')
        return self._roster.get(site)

    async def _everywhere(self, spread: Spread, forward: Forward, sites: Sequence[str], send: Send) -> dict[str, Outcome]:
        """What each site made of it. What streams goes to all of them at once."""
        tasks: dict[str, asyncio.Task[Outcome]] = {}

        def late(site: str) -> bool:
            others = [each for each in sites if each != site and each not in spread.filling and fan is not None and fan.lanes[each].open]
            return len(others) >= mirroring.needed(spread) and tasks[site].cancel()

        fan: Fan | None = None
        pump: asyncio.Task[None] | None = None
        if forward.body is not None and not isinstance(forward.body, bytes):
            fan = Fan(forward.body, sites, self._clock, late)
        for site in sites:
            put = forward if fan is None else msgspec.structs.replace(forward, body=fan.lanes[site].body())
            tasks[site] = asyncio.create_task(self._one(site, put, send, fan), name=f'a write for site {site}')
        if fan is not None:
            pump = asyncio.create_task(fan.pump(), name='a body for several sites')
        try:
            outcomes = await self._gathered(spread, tasks)
        finally:
            every = [*tasks.values(), *([pump] if pump else [])]
            for task in every:
                task.cancel()
            await asyncio.gather(*every, return_exceptions=True)
        if fan is not None and fan.failure is not None:
            raise fan.failure
        return outcomes

    async def _one(self, site: str, forward: Forward, send: Send, fan: Fan | None) -> Outcome:
        try:
            return await send(self.member(site), forward)
        except HansaError as error:
            return error
        finally:
            if fan is not None:
                fan.lanes[site].close()

    async def _gathered(self, spread: Spread, tasks: Mapping[str, asyncio.Task[Outcome]]) -> dict[str, Outcome]:
        """Once enough sites have it the others have not for ever."""
        end: float | None = None
        waiting = set(tasks.values())
        while waiting:
            timeout = None if end is None else max(0.0, end - self._clock.monotonic())
            done, waiting = await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                break
            landed = [site for site, task in tasks.items() if site not in spread.filling and _landed(task)]
            if end is None and len(landed) >= mirroring.needed(spread):
                end = self._clock.monotonic() + _GRACE
        return {site: _outcome(site, task) for site, task in tasks.items()}

    async def _settled(self, spread: Spread, debt: Debt, outcomes: Mapping[str, Outcome], owed: Collection[Debt], *, removes: bool) -> Reply:
        """Write down who has it. Raises SiteDown where too few have."""
        targets = mirroring.targets(spread)
        good = {site: told for site, told in outcomes.items() if isinstance(told, Reply) and (told.status < 300 or (removes and told.status == 404))}
        behind = {each.site for each in owed if each.missed}
        if good:
            _agree(good)
            await self._store.settle(debt, list(good), [site for site in targets if site not in good])
            if homeless := [site for site, told in outcomes.items() if isinstance(told, Reply) and told.status == 404 and site not in good]:
                await self._store.owe(Debt(spread.project, spread.container, '', '', 0.0, 0, True), homeless)
            now = await self._store.spanning(spread.project, spread.container)
            if now is None or now.gone:
                raise NotFound('The resource could not be found.')
            counted = [site for site in good if site not in spread.filling]
            if len(counted) < mirroring.needed(spread):
                raise next(
                    (error for error in outcomes.values() if isinstance(error, HansaError)),
                    SiteDown(next(site for site in targets if site not in counted), 'does not have it yet', sent=True),
                )
            best = min(good, key=lambda site: (site in behind or site in spread.filling, targets.index(site)))
            if good[best].status == 404 and (best in behind or best in spread.filling):
                # It never had it; those that had are to forget it.
                return Reply(204, [header for header in good[best].headers if header[0].lower() not in {'content-type', 'content-length'}])
            return good[best]
        unchanged = [site for site in targets if site not in behind and not _unknown(outcomes.get(site))]
        await self._store.settle(debt, unchanged, [])
        refused = [told for told in outcomes.values() if isinstance(told, Reply)]
        if refused:
            return refused[0]
        raise next((told for told in outcomes.values() if isinstance(told, HansaError)), SiteDown(targets[0], 'is not there'))


def _landed(task: asyncio.Task[Outcome]) -> bool:
    if not task.done() or task.cancelled() or task.exception() is not None:
        return False
    told = task.result()
    return isinstance(told, Reply) and told.status < 300


def _outcome(site: str, task: asyncio.Task[Outcome]) -> Outcome:
    if not task.done() or task.cancelled():
        return SiteDown(site, 'is too slow', sent=True)
    failure = task.exception()
    if failure is not None and not isinstance(failure, Broken):
        _log.error('a write for site %s failed', site, exc_info=failure)
    return SiteDown(site, 'broke off', sent=True) if failure is not None else task.result()


def _agree(good: Mapping[str, Reply]) -> None:
    """Raises SiteDown where sites tell that they keep different things; what they have is then looked at."""
    told = {site: found[1] for site, reply in good.items() if reply.status == 201 and (found := _ETAG.fullmatch(reply.header('etag')))}
    if len(set(told.values())) > 1:
        raise SiteDown(list(told)[-1], f'keeps something else (ETag {list(told.values())[-1]}) than {next(iter(told))}', sent=True)


def _unknown(told: Outcome | None) -> bool:
    """Whether a site may have done it all the same."""
    return isinstance(told, SiteDown) and told.sent
