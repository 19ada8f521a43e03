"""Changing objects: written whole to as many sites as live, k at least, and then made known in one moment at each; or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from hansa.model.errors import HansaError, NotFound, PreconditionFailed, SiteDown, TooLarge
from hansa.model.spread import Debt, Spread
from hansa.ports.roster import Member
from hansa.ports.site import Headers
from hansa.rules.dispersal import keys, labels, layout
from hansa.rules.dispersal.keys import Keys
from hansa.rules.dispersal.labels import Mark, Row
from hansa.rules.dispersal.layout import Head
from hansa.rules.dispersal.sealing import Sealer
from hansa.services.dispersal import lanes, mending, shelves
from hansa.services.dispersal.blocks import threaded
from hansa.services.dispersal.keyring import Keyring, Ring
from hansa.services.dispersal.lanes import Lanes
from hansa.services.dispersal.mending import Mending
from hansa.services.dispersal.reading import Found, Reading
from hansa.services.dispersal.shelves import Hand, Piece, Shelves, Told
from hansa.services.relay import Forward, Reply
from hansa.services.turns import Turns

LARGEST = 5 << 30


class Wish(msgspec.Struct, frozen=True):
    """What a client puts: content type, headers to keep, the ETag it expects ('': any), whether it has to be new, its length where that is known."""

    media: str
    kept: dict[str, str]
    etag: str = ''
    fresh: bool = False
    length: int | None = None


class Made(msgspec.Struct, frozen=True):
    """What an object has become: its ETag, and when, in seconds since the epoch."""

    etag: str
    modified: float


class _Draft(msgspec.Struct):
    """An object on its way: what it is sealed with, and at which sites its blocks lie apart."""

    ring: Ring
    generation: bytes
    keys: Keys
    shares: list[bytes]
    staged: list[str] = []
    apart: bool = False
    length: int = 0
    frames: list[bytes] = []

    def head(self, index: int, length: int) -> bytes:
        """A share's head."""
        head = Head(self.ring.scheme, index, self.generation, length, self.shares[index - 1], inline=not self.apart)
        return keys.sealed(head, self.keys)


class _Before(msgspec.Struct, frozen=True):
    """What sites had before a change; `even`: all of them the same, with nothing left of any change before."""

    told: Told
    even: bool


class Writing:
    """Writes with the hand that is given; what sites refuse to it is told as they put it."""

    def __init__(self, shelves: Shelves, keyring: Keyring, reading: Reading, mending: Mending, turns: Turns) -> None:
        self._shelves = shelves
        self._keyring = keyring
        self._reading = reading
        self._mending = mending
        self._turns = turns

    async def put(self, hand: Hand, spread: Spread, name: str, wish: Wish, body: AsyncIterator[bytes]) -> Made | Reply:
        """A new object or version. Raises PreconditionFailed, BadRequest, TooLarge, SiteDown where fewer than k sites have it: then nothing is left."""
        ring = await self._keyring.ring(spread.project, spread)
        if (wish.length or 0) > LARGEST:
            raise TooLarge(f'An object has {LARGEST} bytes at most, this has {wish.length}.')
        if wish.fresh:
            await self._fresh(spread, name)
        ring.box.metadata(name, Mark('', 0), wish.kept, bytes(labels.NONCE))
        key = secrets.token_bytes(keys.SIZE)
        generation = int(self._shelves.clock.now() * 1e6).to_bytes(8) + secrets.token_bytes(layout.GENERATION - 8)
        draft = _Draft(ring, generation, keys.keys(key), keys.split(ring.scheme, key))
        members = self._writable(spread, ring)
        self._shelves.underway.add(generation.hex())
        try:
            digest = await self._taken(hand, spread, name, wish, body, draft, members)
            if isinstance(digest, Reply):
                return digest
            if wish.etag and wish.etag != digest:
                await self._unstaged(spread, name, draft)
                return Reply(422, [('Content-Type', 'text/html; charset=UTF-8')], _UNPROCESSABLE)
            return await self._known(hand, spread, name, wish, draft, digest, members)
        except BaseException:
            await asyncio.shield(self._unstaged(spread, name, draft))
            raise
        finally:
            self._shelves.underway.discard(generation.hex())

    async def _fresh(self, spread: Spread, name: str) -> None:
        """Raises PreconditionFailed for one that is there."""
        with contextlib.suppress(NotFound):
            await self._reading.find(self._shelves.own(spread.project), spread.project, spread, name)
            raise PreconditionFailed('An object of this name is there.')

    def _writable(self, spread: Spread, ring: Ring) -> list[Member]:
        """Sites to write to: those that live. Raises SiteDown where they are too few."""
        known = [member for member in self._shelves.members(spread) if ring.index(member.name)]
        there = [member for member in known if member.site.health().reachable]
        chosen = there if len(there) >= ring.scheme.k else known
        if len(chosen) < ring.scheme.k:
            away = next((site for site in spread.sites if not ring.index(site)), spread.sites[0])
            raise SiteDown(away, f'does not answer, and {ring.scheme} sites are needed')
        return chosen

    async def _taken(
        self, hand: Hand, spread: Spread, name: str, wish: Wish, body: AsyncIterator[bytes], draft: _Draft, members: Sequence[Member]
    ) -> str | Reply:
        """Take the body in: what is one block is kept, what is longer goes to the sites as it comes. Its ETag, or what a site refuses it with."""
        digest = hashlib.md5(usedforsecurity=False)
        sealer = Sealer(draft.ring.scheme, draft.keys)
        upload: Lanes | None = None
        number = 0
        try:
            async for block, last in _blocks(body):
                draft.length += len(block)
                if draft.length > LARGEST:
                    raise TooLarge(f'An object has {LARGEST} bytes at most.')
                frames = await threaded(len(block), _sealed, sealer, number, block, last, digest)
                number += 1
                if last and upload is None:
                    draft.frames = frames
                    break
                if upload is None:
                    draft.apart = True
                    upload = self._upload(hand, spread, name, wish, draft, members)
                    length = layout.UNKNOWN if wish.length is None else wish.length
                    frames = [draft.head(index, length) + frame for index, frame in enumerate(frames, 1)]
                if not await upload.give({member.name: frames[draft.ring.index(member.name) - 1] for member in members}):
                    return self._refused(upload)
            if upload is not None:
                draft.staged = await upload.end()
                if len(draft.staged) < draft.ring.scheme.k:
                    await self._unstaged(spread, name, draft)
                    return self._refused(upload)
        except BaseException:
            if upload is not None:
                draft.staged = [member.name for member in members]
                await asyncio.shield(upload.drop())
            raise
        return digest.hexdigest()

    def _upload(self, hand: Hand, spread: Spread, name: str, wish: Wish, draft: _Draft, members: Sequence[Member]) -> Lanes:
        path = shelves.beside(spread, name, draft.generation.hex())
        length = [] if wish.length is None else [('Content-Length', str(layout.total(draft.ring.scheme, wish.length)))]
        forward = Forward('PUT', path, '', [('Content-Type', 'application/octet-stream'), *length])
        return Lanes(hand, {member.name: forward for member in members}, members, draft.ring.scheme.k)

    def _refused(self, upload: Lanes) -> Reply:
        """Raises SiteDown where none of the sites that failed has said why."""
        said = next((answer for answer in upload.lost.values() if isinstance(answer, Reply) and answer.status >= 400), None)
        if said is not None:
            return said
        raise next((answer for answer in upload.lost.values() if isinstance(answer, HansaError)), SiteDown('', 'took only a part of the object'))

    async def _known(
        self, hand: Hand, spread: Spread, name: str, wish: Wish, draft: _Draft, etag: str, members: Sequence[Member]
    ) -> Made | Reply:
        """Make it the version that stands. Raises SiteDown, PreconditionFailed."""
        chosen = [member for member in members if not draft.apart or member.name in draft.staged]
        async with self._turns.of(mending.turn(spread.project, spread.container, name)):
            before = await self._before(spread, name, members)
            if wish.fresh:
                await self._fresh(spread, name)
            revision = max([int(self._shelves.clock.now() * 1e6), *(mark.revision + 1 for mark in before.told.marks().values() if mark)])
            mark = Mark(draft.generation.hex(), revision, draft.apart)
            row = Row(draft.length, etag, wish.media)
            told = self._told(draft.ring, name, mark, row, wish.kept)
            forwards = {member.name: self._head(spread, name, draft, draft.ring.index(member.name), told) for member in chosen}
            chosen = await self._put_by(spread, name, draft.ring, before, await self._there(spread, name, draft, chosen))
            # From here on what is left of it is taken away when the object is mended, as it may stand after all.
            draft.staged = []
            self._shelves.underway.discard(mark.generation)
            refused = await self._changed(hand, spread, name, draft.ring, forwards, chosen, mark, before)
            if refused is not None:
                return refused
        return Made(etag, revision / 1e6)

    async def _there(self, spread: Spread, name: str, draft: _Draft, members: Sequence[Member]) -> list[Member]:
        """Sites that still have the blocks: another process, which mends the object, may not know that somebody writes it. Raises SiteDown."""
        if not draft.apart:
            return list(members)
        forward = Forward('HEAD', shelves.beside(spread, name, draft.generation.hex()))
        hand = self._shelves.own(spread.project)
        told = await asyncio.gather(*(hand(member, forward) for member in members), return_exceptions=True)
        left = [member for member, reply in zip(members, told, strict=True) if isinstance(reply, Reply) and reply.status == 200]
        if len(left) < draft.ring.scheme.k:
            raise SiteDown(members[0].name, 'and others have not kept what was sent to them', sent=True)
        return left

    def _told(self, ring: Ring, name: str, mark: Mark, row: Row, kept: Mapping[str, str]) -> Headers:
        """The headers with which every site keeps its share."""
        label = ring.box.row(name, mark, row, secrets.token_bytes(labels.NONCE))
        return [('Content-Type', labels.media(label)), *ring.box.metadata(name, mark, kept, secrets.token_bytes(labels.NONCE))]

    def _head(self, spread: Spread, name: str, draft: _Draft, index: int, told: Headers) -> Forward:
        raw = draft.head(index, draft.length) + (b'' if draft.apart else draft.frames[index - 1])
        etag = ('ETag', hashlib.md5(raw, usedforsecurity=False).hexdigest())
        return Forward('PUT', shelves.path(spread, name), '', [*told, etag], raw)

    async def _changed(
        self, hand: Hand, spread: Spread, name: str, ring: Ring, forwards: Mapping[str, Forward], members: Sequence[Member],
        mark: Mark | None, before: _Before | None = None,
    ) -> Reply | None:  # fmt: skip
        """Send a change to sites, after which `mark` is to stand instead of what was `before`; None when k have done it. All that were asked are waited for, and what others
        lack is written down. Else it is taken back, and the answer is what a site refused it with. Raises SiteDown.
        """
        debt = self._debt(spread, name)
        debt = msgspec.structs.replace(debt, generation=await self._shelves.store.owe(debt, list(spread.sites)))
        told = await self._answers(hand, ring, forwards, members)
        self._shelves.changed(spread)
        good = {201, 202} if mark is not None else {204, 404}
        done = [member.name for member, answer in zip(members, told, strict=True) if isinstance(answer, Reply) and answer.status in good]
        if len(done) >= ring.scheme.k:
            # Whoever is broken off here still owes it, so that what is left is swept up.
            tidy = before is None or await self._tidied(spread, name, before, done, mark.generation if mark and mark.apart else '')
            # Heads that were put by may be left: of what is gone none of them is to be put back.
            having = done if tidy or mark is not None else []
            await self._shelves.store.settle(debt, having if tidy else [], [site for site in spread.sites if site not in having], having)
            self._shelves.changed(spread)
            return None
        with contextlib.suppress(HansaError):
            await self._mending.mended(spread, name)
            if await self._stands(spread, name, mark):
                return None
        for answer in told:
            if isinstance(answer, Reply) and 400 <= answer.status < 500 and answer.status not in good:
                return answer
        raise next((answer for answer in told if isinstance(answer, SiteDown)), SiteDown(spread.sites[0], 'refused a part of it'))

    def _debt(self, spread: Spread, name: str) -> Debt:
        return Debt(spread.project, spread.container, name, '', self._shelves.clock.now(), 0)

    async def _answers(self, hand: Hand, ring: Ring, forwards: Mapping[str, Forward], members: Sequence[Member]) -> list[Reply | HansaError]:
        """What sites say, in order; of those that are too slow, that."""
        tasks = [asyncio.create_task(hand(member, forwards[member.name])) for member in members]
        try:
            await lanes.settled(tasks, ring.scheme.k)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        answers: list[Reply | HansaError] = []
        for member, answer in zip(members, ended, strict=True):
            if isinstance(answer, asyncio.CancelledError):
                answers.append(SiteDown(member.name, 'did not answer in time', sent=True))
            elif isinstance(answer, Reply | HansaError):
                answers.append(answer)
            else:
                raise answer
        return answers

    async def _stands(self, spread: Spread, name: str, mark: Mark | None) -> bool:
        """Raises SiteDown where that is not known."""
        try:
            return (await self._standing(spread, name)).mark == mark
        except NotFound:
            return mark is None

    async def _before(self, spread: Spread, name: str, members: Sequence[Member]) -> _Before:
        told = await self._shelves.tell(self._shelves.own(spread.project), spread, name, members, 'HEAD')
        marks = told.marks()
        alike = len(marks) == len(spread.sites) and len({mark.generation if mark else '' for mark in marks.values()}) == 1
        return _Before(told, alike and not await self._shelves.store.debts(spread.project, spread.container, name))

    async def _tidied(self, spread: Spread, name: str, before: _Before, done: Sequence[str], keep: str) -> bool:
        """Take away the blocks of versions before, where they lay apart, and heads that were put by; False where a site that has done the change did
        not do that.
        """
        members = {member.name: member for member in self._shelves.members(spread)}
        if before.even:
            left = [(members[site], mark.generation) for site, mark in before.told.marks().items() if mark and mark.apart and mark.generation != keep]
            return await self._cleaned(spread, name, left)
        tidy = True
        for site in {**before.told.pieces, **dict.fromkeys(done)}:
            try:
                await self._mending.swept(spread, name, members[site], keep)
            except HansaError:
                tidy = tidy and site not in done
        return tidy

    async def _put_by(self, spread: Spread, name: str, ring: Ring, before: _Before, members: Sequence[Member]) -> list[Member]:
        """Where not all sites have the same version, a change that fails could leave too few shares of it: then heads are put by first. The sites
        where that was done, or where it need not be. Raises SiteDown where these are too few.
        """
        if before.even:
            return list(members)
        # Whatever becomes of the change, what is put by for it is swept up.
        await self._shelves.store.owe(self._debt(spread, name), list(spread.sites))
        kept = await asyncio.gather(*(self._kept(spread, name, member, before.told.marks()) for member in members))
        chosen = [member for member, good in zip(members, kept, strict=True) if good]
        if len(chosen) < ring.scheme.k:
            raise shelves.down(spread, before.told)
        return chosen

    async def _kept(self, spread: Spread, name: str, member: Member, marks: Mapping[str, Mark | None]) -> bool:
        if member.name not in marks:
            return False
        mark = marks[member.name]
        if mark is None:
            return True
        by = [('X-Copy-From', shelves.path(spread, name)), ('Content-Length', '0')]
        try:
            path = shelves.beside(spread, name, mark.generation) + shelves.HEAD
            return (await self._shelves.own(spread.project)(member, Forward('PUT', path, '', by, b''))).status == 201
        except HansaError:
            return False

    async def _unstaged(self, spread: Spread, name: str, draft: _Draft) -> None:
        """Take away blocks that no version will have."""
        members = [member for member in self._shelves.members(spread) if member.name in draft.staged]
        draft.staged = []
        if not await self._cleaned(spread, name, [(member, draft.generation.hex()) for member in members]):
            await self._shelves.doubt(spread.project, spread, name, [], 'something of another version is left')

    async def _cleaned(self, spread: Spread, name: str, left: Sequence[tuple[Member, str]]) -> bool:
        """Take blocks away; False where a site did not do it."""
        hand = self._shelves.own(spread.project)
        forwards = [(member, Forward('DELETE', shelves.beside(spread, name, generation))) for member, generation in left]
        told = await asyncio.gather(*(hand(member, forward) for member, forward in forwards), return_exceptions=True)
        return all(isinstance(reply, Reply) and reply.status in {204, 404} for reply in told)

    async def post(self, hand: Hand, spread: Spread, name: str, media: str, kept: dict[str, str]) -> Reply | None:
        """New metadata; '' leaves the content type. None where it is done. Raises NotFound, SiteDown, BadRequest."""
        async with self._turns.of(mending.turn(spread.project, spread.container, name)):
            found = await self._standing(spread, name)
            mark = msgspec.structs.replace(found.mark, revision=max(int(self._shelves.clock.now() * 1e6), found.mark.revision + 1))
            row = msgspec.structs.replace(found.row, media=media or found.row.media)
            forward = Forward('POST', shelves.path(spread, name), '', self._told(found.ring, name, mark, row, kept), b'')
            holders = await self._holders(spread, name, found)
            return await self._changed(hand, spread, name, found.ring, {member.name: forward for member in holders}, holders, mark)

    async def drop(self, hand: Hand, spread: Spread, name: str) -> Reply | None:
        """Take an object away; None where it is gone. Raises NotFound, SiteDown."""
        async with self._turns.of(mending.turn(spread.project, spread.container, name)):
            found = await self._standing(spread, name)
            members = self._writable(spread, found.ring)
            before = await self._before(spread, name, members)
            forward = Forward('DELETE', shelves.path(spread, name))
            members = await self._put_by(spread, name, found.ring, before, members)
            return await self._changed(hand, spread, name, found.ring, {member.name: forward for member in members}, members, None, before)

    async def _standing(self, spread: Spread, name: str) -> Found:
        found = await self._reading.find(self._shelves.own(spread.project), spread.project, spread, name)
        if isinstance(found, Piece):
            raise SiteDown(found.site, 'lets the league not look after its own')
        return found

    async def _holders(self, spread: Spread, name: str, found: Found) -> list[Member]:
        """Sites whose share is of the version that stands: no other may get its label."""
        members = self._writable(spread, found.ring)
        told = await self._shelves.tell(self._shelves.own(spread.project), spread, name, members, 'HEAD')
        return [member for member in members if (mark := told.marks().get(member.name)) and mark.generation == found.mark.generation]


_UNPROCESSABLE = b'<html><h1>Unprocessable Entity</h1><p>Unable to process the contained instructions</p></html>'


def _sealed(sealer: Sealer, number: int, block: bytes, last: bool, digest: Any) -> list[bytes]:
    digest.update(block)
    return sealer.split(number, block, last=last)


async def _blocks(body: AsyncIterator[bytes]) -> AsyncIterator[tuple[bytes, bool]]:
    """The body in blocks, each with whether it is the last; an empty one is one block."""
    held: list[bytes] = []
    length = 0
    async for chunk in body:
        held.append(chunk)
        length += len(chunk)
        while length > layout.BLOCK:
            whole = b''.join(held)
            yield whole[: layout.BLOCK], False
            held, length = [whole[layout.BLOCK :]], length - layout.BLOCK
    yield b''.join(held), True
