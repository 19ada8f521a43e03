"""Mirrored containers themselves: made, changed and removed at all their sites, and their sites changed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from hansa.model.errors import HansaError, NotFound, SiteDown
from hansa.model.spread import Debt, Spread
from hansa.ports.clock import Clock
from hansa.ports.store import Store
from hansa.rules import mirroring
from hansa.rules.spreading import Choice
from hansa.services.homes import Homes, Where
from hansa.services.mirrors import Mirrors, Outcome, Send
from hansa.services.relay import Forward, Reply
from hansa.services.spreads import Spreads


class Mirrored:
    """What is said of a container is said to all its sites; one that does not hear it is read of no more until it was told."""

    def __init__(self, store: Store, mirrors: Mirrors, spreads: Spreads, homes: Homes, clock: Clock) -> None:
        self._store = store
        self._mirrors = mirrors
        self._spreads = spreads
        self._homes = homes
        self._clock = clock

    async def make(self, project: str, name: str, choice: Choice | None, forward: Forward, send: Send, need: int | None = None) -> Reply:
        """`PUT` or `POST`: a new one, one that lived at one site so far, or one that is mirrored already, whose sites may be others from now on.

        `need` is another quorum, None to leave it. Raises SiteDown, NotFound, Conflict, Busy.
        """
        async with self._mirrors.turn(project, name, ''):
            spread = await self._spreads.find(project, name)
            if spread is None and choice is not None:
                home = await self._home(project, name)
                if home is None and forward.method == 'POST':
                    raise NotFound('The resource could not be found.')
                return await (self._fresh(project, name, choice, forward, send) if home is None else self._moved_in(project, home, choice, forward, send))
            if spread is None or spread.gone:
                raise NotFound('The resource could not be found.')
            reply = await self._told(spread, forward, send)
            if reply.status < 300:
                await self._changed(spread, choice, need)
            return reply

    async def _home(self, project: str, name: str) -> Where | None:
        try:
            return await self._homes.find(project, name)
        except (NotFound, SiteDown):
            return None

    async def _fresh(self, project: str, name: str, choice: Choice, forward: Forward, send: Send) -> Reply:
        # Until it is made nobody reads of it, and whoever mends finds out whether it was.
        spread = await self._store.put_spread(
            Spread(project, name, 'mirror', choice.sites, choice.need, self._clock.now(), filling=choice.sites)
        )
        try:
            reply = await self._told(spread, forward, send)
        except SiteDown as error:
            if not error.sent:
                await self._spreads.forget(spread)
            raise
        if reply.status >= 300:
            await self._spreads.forget(spread)
        else:
            await self._spreads.move(spread, filling=())
        return reply

    async def _moved_in(self, project: str, home: Where, choice: Choice, forward: Forward, send: Send) -> Reply:
        """One that lives at one site: its other sites are filled from there."""
        reply = await send(home.member, forward)
        if reply.status >= 300:
            return reply
        site = home.member.name
        filling = tuple(each for each in choice.sites if each != site)
        leaving = () if site in choice.sites else (site,)
        spread = Spread(project, home.name, 'mirror', choice.sites, choice.need, self._clock.now(), filling, leaving)
        await self._store.put_spread(spread)
        await self._owe_all(spread, filling)
        await self._homes.gone(project, home)
        return reply

    async def _told(self, spread: Spread, forward: Forward, send: Send) -> Reply:
        """To all its sites that live. Raises SiteDown where too few heard it."""
        there = self._mirrors.there()
        targets = mirroring.targets(spread)
        behind = {debt.site for debt in await self._store.debts(spread.project, spread.container, '') if debt.missed}
        living = [site for site in targets if site in there and site not in behind]
        if len(living) < mirroring.needed(spread):
            raise SiteDown(next(site for site in targets if site not in living), 'is needed, and not there')
        turn = await self._store.owe(Debt(spread.project, spread.container, '', '', self._clock.now(), 0), targets)
        outcomes = await self._everywhere(living, forward, send)
        debt = Debt(spread.project, spread.container, '', '', 0.0, turn)
        good = [site for site, told in outcomes.items() if isinstance(told, Reply) and told.status < 300]
        if good:
            await self._store.settle(debt, good, [site for site in targets if site not in good])
            return next(told for site in good if isinstance(told := outcomes[site], Reply))
        await self._store.settle(debt, [site for site in targets if site not in behind], [])
        refused = [told for told in outcomes.values() if isinstance(told, Reply)]
        if refused:
            return refused[0]
        raise next(told for told in outcomes.values() if isinstance(told, HansaError))

    async def _everywhere(self, sites: Sequence[str], forward: Forward, send: Send) -> Mapping[str, Outcome]:
        async def one(site: str) -> Outcome:
            try:
                return await send(self._mirrors.member(site), forward)
            except HansaError as error:
                return error

        return dict(zip(sites, await asyncio.gather(*map(one, sites)), strict=True))

    async def _changed(self, spread: Spread, choice: Choice | None, need: int | None) -> None:
        """Other sites, or another quorum, from now on."""
        if choice is not None and choice.sites != spread.sites:
            filling = tuple(site for site in choice.sites if site not in spread.everywhere or site in spread.filling)
            leaving = tuple(site for site in spread.everywhere if site not in choice.sites)
            kept = tuple(site for site in leaving if site in spread.filling)
            await self._spreads.move(spread, sites=choice.sites, need=choice.need, filling=filling + kept, leaving=leaving)
            await self._owe_all(spread, filling)
        elif choice is not None or need is not None:
            wanted = choice.need if choice is not None else need
            if wanted != spread.need:
                await self._spreads.move(spread, need=wanted)

    async def _owe_all(self, spread: Spread, sites: Collection[str]) -> None:
        if sites:
            await self._store.owe(Debt(spread.project, spread.container, '', '', self._clock.now(), 0, True), list(sites))

    async def drop(self, spread: Spread, empty: bool, forward: Forward, send: Send) -> Reply:
        """`DELETE`. Sites that are away drop it when they are back. Raises SiteDown, Conflict, Busy."""
        if not empty:
            return Reply(409, [('Content-Type', 'text/html; charset=UTF-8')], b'<html><h1>Conflict</h1><p>The container is not empty.</p></html>')
        async with self._mirrors.turn(spread.project, spread.container, ''):
            known = await self._spreads.find(spread.project, spread.container)
            if known is None or known.gone:
                raise NotFound('The resource could not be found.')
            debts = await self._store.debts(spread.project, spread.container, '')
            order = mirroring.readers(known, debts, self._mirrors.there())
            if not order:
                raise SiteDown(known.sites[0], 'has what the others miss')
            # The best one knows whether it is empty; only then it is gone.
            debt = Debt(known.project, known.container, '', '', self._clock.now(), 0)
            turn = await self._store.owe(debt, known.everywhere)
            first = await send(self._mirrors.member(order[0]), forward)
            if first.status >= 300 and first.status != 404:
                behind = {each.site for each in debts if each.missed}
                await self._store.settle(
                    Debt(known.project, known.container, '', '', 0.0, turn), [site for site in known.everywhere if site not in behind], []
                )
                return first
            gone = await self._spreads.move(known, sites=(), filling=known.everywhere, leaving=known.everywhere)
            rest = [site for site in known.everywhere if site != order[0] and site in self._mirrors.there()]
            outcomes = await self._everywhere(rest, forward, send)
            left = tuple(site for site in gone.leaving if site != order[0] and not _dropped(outcomes.get(site)))
            if left:
                await self._spreads.move(gone, filling=left, leaving=left)
            else:
                await self._spreads.forget(gone)
            return first


def _dropped(told: Outcome | None) -> bool:
    return isinstance(told, Reply) and told.status in {204, 404}


def standing(spread: Spread, behind: Mapping[str, int]) -> list[tuple[str, str]]:
    """Headers that tell how a container stands: what each site lacks, who is being filled, who leaves."""
    told = [('X-Hansa-Mirror-Behind', ', '.join(f'{site}={count}' for site, count in sorted(behind.items())))] if behind else []
    filling = [site for site in spread.filling if site in spread.sites]
    told += [('X-Hansa-Mirror-Filling', ', '.join(filling))] if filling else []
    return told + ([('X-Hansa-Mirror-Leaving', ', '.join(spread.leaving))] if spread.leaving else [])
