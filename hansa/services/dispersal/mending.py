"""Making good what sites lack of an object: its share is made anew out of k others', and what is left of another version is taken away."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Sequence

import msgspec

from hansa.model.errors import Busy, HansaError, NotFound, SiteDown
from hansa.model.spread import Spread
from hansa.ports.roster import Member
from hansa.rules.dispersal import deeds, labels
from hansa.services.dispersal import shelves
from hansa.services.dispersal.blocks import Blocks
from hansa.services.dispersal.reading import Found, Reading
from hansa.services.dispersal.shelves import Piece, Shelves
from hansa.services.relay import Forward
from hansa.services.turns import Turns

_PAGE = 1000
_log = logging.getLogger('hansa.dispersal')


class Mending:
    """Acts as the league itself. One object after the other, each in its turn, so that no writer is disturbed."""

    def __init__(self, shelves: Shelves, reading: Reading, turns: Turns) -> None:
        self._shelves = shelves
        self._reading = reading
        self._turns = turns

    async def mend(self, spread: Spread, name: str) -> bool:
        """Bring one object to the same state at all sites that answer; False where something is still owed. Raises SiteDown, Busy."""
        async with self._turns.of(turn(spread.project, spread.container, name)):
            return await self.mended(spread, name)

    async def mended(self, spread: Spread, name: str) -> bool:
        """The same for whoever has the object's turn. Raises SiteDown."""
        debts = await self._shelves.store.debts(spread.project, spread.container, name)
        paid = await self._levelled(spread, name, {debt.site for debt in debts if debt.missed})
        for debt in debts:
            if debt.site in paid or debt.site not in spread.sites:
                await self._shelves.store.settle(debt, [debt.site], [])
        return all(debt.site in paid for debt in debts)

    async def _levelled(self, spread: Spread, name: str, stale: set[str]) -> set[str]:
        """Sites that are as they should be. Raises SiteDown."""
        hand = self._shelves.own(spread.project)
        members = {member.name: member for member in self._shelves.members(spread)}
        try:
            found = await self._reading.find(hand, spread.project, spread, name, 'GET', final=True)
        except NotFound:
            if not await self._put_back(spread, name, list(members.values()), stale):
                return await self._cleared(spread, name, list(members.values()))
            found = await self._reading.find(hand, spread.project, spread, name, 'GET', final=True)
        if isinstance(found, Piece):
            raise SiteDown(found.site, 'lets the league not look after its own')
        told = await self._shelves.tell(hand, spread, name, list(members.values()), 'HEAD')
        good: set[str] = set()
        for site, piece in told.pieces.items():
            current = piece.label is not None and piece.label.mark == found.mark and site not in stale
            with contextlib.suppress(HansaError):
                if current or await self._restored(spread, name, found, members[site], stale):
                    await self.swept(spread, name, members[site], found.mark.generation if found.mark.apart else '')
                    good.add(site)
        return good

    async def _restored(self, spread: Spread, name: str, found: Found, member: Member, stale: set[str]) -> bool:
        """Make a site's share anew, blocks first. Raises SiteDown."""
        index = found.ring.index(member.name) or await self._housed(spread, found, member)
        hand = self._shelves.own(spread.project)
        others = [piece for piece in found.pieces if piece.site != member.name]
        others.sort(key=lambda piece: (piece.site in stale, piece.label is None or piece.label.mark != found.mark))
        if not index:
            return False
        source = msgspec.structs.replace(found, pieces=others)
        blocks = await self._reading.blocks(hand, spread.project, spread, name, source, 0, found.row.length, member.name)
        try:
            share = _share(blocks, index)
            if found.mark.apart:
                beside = shelves.beside(spread, name, found.mark.generation)
                if not await self._put(spread, member, Forward('PUT', beside, '', [('Content-Length', str(blocks.size))], share)):
                    return False
                raw = blocks.again(index)
            else:
                raw = b''.join([part async for part in share])
        finally:
            await blocks.close()
        return await self._put(spread, member, Forward('PUT', shelves.path(spread, name), '', told(others[0]), raw))

    async def _put(self, spread: Spread, member: Member, forward: Forward) -> bool:
        """Whether the site took it; where it has lost the container, that is looked into the next time. Raises SiteDown."""
        reply = await self._shelves.own(spread.project)(member, forward)
        if reply.status == 404:
            self._reading.forget(spread)
        return reply.status == 201

    async def _housed(self, spread: Spread, found: Found, member: Member) -> int:
        """Make the containers again at a site that has lost them or its share of their key; which share is its own, 0 where that cannot be. Who else
        may read and write there the owner has to say anew. Raises SiteDown.
        """
        index = spread.sites.index(member.name) + 1
        if len(spread.sites) != found.ring.scheme.n or index in {deed.index for deed in found.ring.deeds.values()}:
            return 0
        _log.warning('%s/%s: site %s has lost the container; it is made anew, for its owner alone', spread.project, spread.container, member.name)
        hand = self._shelves.own(spread.project)
        sent = shelves.deeded(spread, deeds.restored(index, found.ring.deeds))
        for path, told in ((shelves.beside(spread), []), (shelves.path(spread, ''), sent)):
            if (await hand(member, Forward('PUT', path, '', told, b''))).status >= 300:
                return 0
        return index

    async def _put_back(self, spread: Spread, name: str, members: Sequence[Member], stale: set[str]) -> bool:
        """Whether a version stands again, because heads that were put by before a change that failed are back in their places; those of sites that
        missed the last change, as all did when what it took away left heads behind, are of before it. Raises SiteDown.
        """
        hand = self._shelves.own(spread.project)
        told = await self._shelves.tell(hand, spread, name, members, 'HEAD')
        if told.lost:
            raise next(iter(told.lost.values()))
        heads = {member.name: {} if member.name in stale else (await self._shelves.saved(spread, name, member))[1] for member in members}
        holders: dict[str, set[str]] = {}
        for site, mark in told.marks().items():
            for generation in {*heads[site], *([mark.generation] if mark and site not in stale else [])}:
                holders.setdefault(generation, set()).add(site)
        whole = [generation for generation, sites in holders.items() if len(sites) >= (len(spread.sites) + 1) // 2]
        if not whole:
            return False
        newest = max(whole)
        for member in members:
            mark = told.marks()[member.name]
            if newest in heads[member.name] and (mark is None or mark.generation != newest):
                back = [('X-Copy-From', shelves.beside(spread, name, newest) + shelves.HEAD), ('Content-Length', '0')]
                if (await hand(member, Forward('PUT', shelves.path(spread, name), '', back, b''))).status != 201:
                    raise SiteDown(member.name, 'does not put back what was there')
        return True

    async def _cleared(self, spread: Spread, name: str, members: Sequence[Member]) -> set[str]:
        """Take away what is left of an object that is not there. Raises nothing; the sites where it is gone."""
        hand = self._shelves.own(spread.project)
        good: set[str] = set()
        for member in members:
            with contextlib.suppress(HansaError):
                reply = await hand(member, Forward('DELETE', shelves.path(spread, name)))
                if reply.status in {204, 404}:
                    await self.swept(spread, name, member, '')
                    good.add(member.name)
        return good

    async def swept(self, spread: Spread, name: str, member: Member, generation: str) -> None:
        """Take away what lies apart and is of no version that stands. Raises SiteDown."""
        blocks, heads = await self._shelves.saved(spread, name, member)
        for left in [*(each for each in blocks if each != generation and each not in self._shelves.underway), *(each + shelves.HEAD for each in heads)]:
            await self._shelves.own(spread.project)(member, Forward('DELETE', shelves.beside(spread, name, left)))

    async def pay(self, spread: Spread, limit: int) -> int:
        """Mend what sites that answer owe of a container's objects, so many at most; how many were mended."""
        done, after = 0, ''
        there = {member.name for member in self._shelves.members(spread) if member.site.health().reachable}
        while debts := await self._shelves.store.owed(spread.project, spread.container, after, _PAGE):
            after = debts[-1].object
            for name in dict.fromkeys(debt.object for debt in debts if debt.site in there):
                if done == limit:
                    return done
                try:
                    done += await self.mend(spread, name)
                except (SiteDown, Busy) as error:
                    _log.info('%s/%s/%s is mended later: %s', spread.project, spread.container, name, error)
        return done


def turn(project: str, container: str, name: str) -> str:
    """What only one may do at a time: change an object, or the container itself ('')."""
    return f'dispersed/{project}/{container}/{name}'


def told(piece: Piece) -> list[tuple[str, str]]:
    """The headers with which a site keeps a share, out of what another one tells."""
    sent = [('Content-Type', piece.headers['content-type'])]
    return sent + [(name, value) for name, value in piece.headers.items() if name.startswith(labels.HIDDEN)]


async def _share(blocks: Blocks, index: int) -> AsyncIterator[bytes]:
    yield blocks.again(index)
    async for frame in blocks.frames(index):
        yield frame
