"""Finding an object and opening it: which version stands, what was sealed beside it, and its bytes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec

from hansa.model.errors import NotFound, SiteDown
from hansa.model.spread import Spread
from hansa.ports.roster import Member
from hansa.rules.dispersal import keys, layout
from hansa.rules.dispersal.evidence import Verdict
from hansa.rules.dispersal.keys import Keys
from hansa.rules.dispersal.labels import Mark, Row
from hansa.rules.dispersal.layout import Corrupt, Head
from hansa.services.dispersal import shelves
from hansa.services.dispersal.blocks import Blocks, Opening, Source
from hansa.services.dispersal.keyring import Keyring, Ring
from hansa.services.dispersal.shelves import Hand, Piece, Shelves, Told

_TRIES = 3
"""How often an object is looked for that changes under our eyes."""

_MOMENT = 0.1


class Found(msgspec.Struct):
    """The version that stands, what it is, its client's headers, and what the sites that have it told."""

    ring: Ring
    mark: Mark
    row: Row
    kept: dict[str, str]
    pieces: list[Piece]

    @property
    def modified(self) -> float:
        """When it was changed, in seconds since the epoch."""
        return self.mark.revision / 1e6


class Reading:
    """Reads objects with the hand that is given; what sites refuse to it is told as they put it."""

    def __init__(self, shelves: Shelves, keyring: Keyring) -> None:
        self._shelves = shelves
        self._keyring = keyring

    async def find(self, hand: Hand, project: str, spread: Spread, name: str, method: str = 'HEAD', *, final: bool = False) -> Found | Piece:
        """The object, or the answer of a site that refuses it. With GET pieces have shares; `final` as `Shelves.weighed` has it. Raises NotFound, SiteDown."""
        ring = await self._keyring.ring(project, spread)
        for turn in range(_TRIES):
            told, verdict = await self._look(hand, project, spread, ring, name, method, final)
            if verdict.mark is not None:
                return await self._found(project, spread, ring, name, told, verdict, verdict.mark)
            refusal = told.refusal()
            if refusal is not None:
                return refusal
            if verdict.answer == 'unknown' and (told.lost or turn == _TRIES - 1):
                raise shelves.down(spread, told)
            if verdict.answer == 'absent' and not any(piece.label for piece in told.pieces.values()):
                break
            if turn < _TRIES - 1:
                # It may be on its way from one version to the next.
                await self._shelves.clock.sleep(_MOMENT)
        raise NotFound('The resource could not be found.')

    def forget(self, spread: Spread) -> None:
        """A site has lost its part of a container."""
        self._keyring.forget(spread)

    async def _look(self, hand: Hand, project: str, spread: Spread, ring: Ring, name: str, method: str, final: bool) -> tuple[Told, Verdict]:
        """First as many sites as are needed, then the others where these do not suffice; all for the `final` word, as one of them may have newer words."""
        members = self._shelves.readers(spread)
        first = len(members) if final else ring.scheme.k
        told = await self._shelves.tell(hand, spread, name, members[:first], method)
        verdict = await self._shelves.weighed(ring.scheme, project, spread, name, told, final=final)
        if verdict.mark is None and members[first:]:
            more = await self._shelves.tell(hand, spread, name, members[first:], method)
            told = Told(told.pieces | more.pieces, told.lost | more.lost)
            verdict = await self._shelves.weighed(ring.scheme, project, spread, name, told, final=final)
        return told, verdict

    async def _found(self, project: str, spread: Spread, ring: Ring, name: str, told: Told, verdict: Verdict, mark: Mark) -> Found:
        """What a version is, in the words of the first site whose words open. Raises SiteDown."""
        pieces = [told.pieces[site] for site in verdict.holders]
        for piece in pieces:
            if piece.label is None or piece.label.mark != mark:
                continue
            try:
                return Found(ring, mark, ring.box.told(name, piece.label), ring.box.kept(name, mark, piece.headers), pieces)
            except Corrupt as error:
                await self._shelves.doubt(project, spread, name, [piece.site], str(error))
        raise SiteDown(pieces[0].site, 'and others do not have what was sealed beside this object')

    async def blocks(
        self, hand: Hand, project: str, spread: Spread, name: str, found: Found, first: int, end: int, without: str = ''
    ) -> Blocks:
        """Bytes `first` to before `end` of an object that was found by GET, ready to be read, not from the site `without`. Raises SiteDown."""

        async def told(site: str, why: str) -> None:
            await self._shelves.doubt(project, spread, name, [site], why)

        members = {member.name: member for member in self._shelves.members(spread) if member.name != without}
        pieces = [piece for piece in found.pieces if piece.site != without]
        opened = await self._opened(project, spread, name, found, pieces)
        if opened is None:
            rest = [member for site, member in members.items() if site not in {piece.site for piece in pieces}]
            pieces += await self._more(hand, spread, name, found, rest)
            opened = await self._opened(project, spread, name, found, pieces)
        if opened is None:
            raise SiteDown(pieces[0].site, 'and others have shares that do not belong together', sent=True)
        beside = shelves.beside(spread, name, found.mark.generation)
        sources = [self._source(members[piece.site], piece, found, hand, beside) for piece in pieces]
        known = {piece.site for piece in pieces}
        sources += [
            _Late(self._shelves, hand, spread, name, found, members[site], beside) for site in members if site not in known and found.ring.index(site)
        ]
        blocks = Blocks(opened, sources, told)
        await blocks.begin(layout.covering(first, end, found.row.length, opened.head.block) or range(1))
        return blocks

    def _source(self, member: Member, piece: Piece, found: Found, hand: Hand, beside: str) -> Source:
        share = None if found.mark.apart else piece.raw
        return Source(member, found.ring.index(piece.site), share, hand, beside, self._shelves.stores)

    async def _more(self, hand: Hand, spread: Spread, name: str, found: Found, rest: Sequence[Member]) -> list[Piece]:
        told = await self._shelves.tell(hand, spread, name, rest, 'GET')
        return [piece for piece in told.pieces.values() if piece.label and piece.label.mark.generation == found.mark.generation]

    async def _opened(self, project: str, spread: Spread, name: str, found: Found, pieces: list[Piece]) -> Opening | None:
        """What opens it; whose share is no part of them is taken out of `pieces`. None where k do not fit."""
        heads: dict[int, tuple[Head, bytes]] = {}
        for piece in pieces:
            try:
                head, mac = layout.unpacked(piece.raw)
            except Corrupt:
                continue
            if head.index == found.ring.index(piece.site) and head.generation.hex() == found.mark.generation and head.scheme == found.ring.scheme:
                heads[head.index] = head, mac
        for some in itertools.combinations(heads, found.ring.scheme.k):
            try:
                made = keys.opened({index: heads[index] for index in some})
            except Corrupt:
                continue
            wrong = [piece for piece in pieces if not _fits(heads, found.ring.index(piece.site), made)]
            if wrong:
                await self._shelves.doubt(project, spread, name, [piece.site for piece in wrong], 'its head is wrong')
            pieces[:] = [piece for piece in pieces if piece not in wrong]
            return Opening(heads[some[0]][0], made, {index: heads[index][0].share for index in some})
        return None


class _Late(Source):
    """A site that was not asked yet: it is when another fails."""

    def __init__(self, shelves: Shelves, hand: Hand, spread: Spread, name: str, found: Found, member: Member, beside: str) -> None:
        super().__init__(member, found.ring.index(member.name), None, hand, beside, shelves.stores)
        self._shelves = shelves
        self._spread = spread
        self._name = name
        self._found = found

    async def begin(self, offset: int, end: int) -> None:
        if not self._found.mark.apart:
            told = await self._shelves.tell(self._hand, self._spread, self._name, [self.member], 'GET')
            piece = told.pieces.get(self.member.name)
            if piece is None or piece.label is None or piece.label.mark.generation != self._found.mark.generation:
                raise told.lost.get(self.member.name) or SiteDown(self.member.name, 'has lost a share')
            self._share = piece.raw
        await super().begin(offset, end)


def _fits(heads: dict[int, tuple[Head, bytes]], index: int, made: Keys) -> bool:
    return index in heads and keys.fits(*heads[index], made)
