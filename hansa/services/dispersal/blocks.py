"""Blocks of one object out of shares that several sites hold: k at a time, another where one fails, nothing kept but the block at hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar

import msgspec

from hansa.model.errors import HansaError, SiteDown
from hansa.ports.roster import Member
from hansa.rules.dispersal import keys, layout
from hansa.rules.dispersal.keys import Keys
from hansa.rules.dispersal.layout import Corrupt, Head
from hansa.rules.dispersal.sealing import Sealer
from hansa.services.dispersal.shelves import Hand
from hansa.services.relay import Forward, Reply
from hansa.services.stores import Stores

P = ParamSpec('P')
T = TypeVar('T')

_FEW = 64 << 10
"""Bytes of a block up to which it is not worth a thread."""


class Source:
    """One site's share, read from some block on: what came with its head, or a stream of the object beside."""

    def __init__(self, member: Member, index: int, share: bytes | None, hand: Hand, path: str, stores: Stores) -> None:
        self.member = member
        self.index = index
        self._share = share
        self._hand = hand
        self._path = path
        self._stores = stores
        self._reply: Reply | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._held = b''

    async def begin(self, offset: int, end: int) -> None:
        """Be ready to read bytes `offset` to before `end` of the share. Raises SiteDown, NotFound where the site has it no more."""
        if self._share is not None:
            self._held = self._share[offset:end]
            return
        reply = await self._hand(self.member, Forward('GET', self._path, '', [('Range', f'bytes={offset}-{end - 1}')]))
        if reply.status != 206 or isinstance(reply.body, bytes):
            await self._stores.let_go(reply)
            raise SiteDown(self.member.name, f'has lost a share ({reply.status})')
        self._reply, self._chunks, self._held = reply, aiter(reply.body), b''

    async def take(self, size: int) -> bytes:
        """The next bytes, fewer where there are no more. Raises SiteDown."""
        parts, length = [self._held], len(self._held)
        while length < size and self._chunks is not None:
            chunk = await anext(self._chunks, b'')
            if not chunk:
                break
            parts.append(chunk)
            length += len(chunk)
        whole = b''.join(parts)
        self._held = whole[size:]
        return whole[:size]

    async def close(self) -> None:
        """No more of it is wanted."""
        if self._reply is not None:
            await self._stores.let_go(self._reply)
            self._reply = self._chunks = None


class Opened(msgspec.Struct):
    """One block: the fragments that were right by index, those sources that were wrong, and the plain text where it was wanted."""

    fragments: dict[int, bytes]
    wrong: list[int]
    plain: bytes = b''


class Opening(msgspec.Struct, frozen=True):
    """What opens an object: its keys, the shares of its key by index, and one of its heads, which tells its length."""

    head: Head
    keys: Keys
    shares: Mapping[int, bytes]


class Blocks:
    """Reads blocks. `told` hears of sites whose share is wrong or lost; spares stand in for those that fail."""

    def __init__(self, opening: Opening, sources: Sequence[Source], told: Callable[[str, str], Awaitable[None]]) -> None:
        self._opening = opening
        self._head = head = opening.head
        self._sealer = Sealer(head.scheme, opening.keys)
        self._spares = list(sources)
        self._active: list[Source] = []
        self._told = told
        self._end = self.size

    async def begin(self, wanted: range) -> None:
        """Be ready for these blocks, so that what cannot be read is known before anything is said. Raises SiteDown."""
        last = wanted.stop - 1
        self._end = layout.offset(self._head.scheme, last, self._head.block) + self._frame(last)
        await self._fill(wanted.start)

    async def plain(self, first: int, end: int) -> AsyncIterator[bytes]:
        """Bytes `first` to before `end` of the plain text. Raises SiteDown."""
        size = self._head.block
        for number in layout.covering(first, end, self._head.length, size):
            block = (await self._block(number, joined=True)).plain
            low, high = max(0, first - number * size), min(len(block), end - number * size)
            yield block if (low, high) == (0, len(block)) else block[low:high]

    def again(self, index: int) -> bytes:
        """The head of another share, made anew."""
        share = keys.restored(index, self._opening.shares)
        return keys.sealed(msgspec.structs.replace(self._head, index=index, share=share), self._opening.keys)

    @property
    def size(self) -> int:
        """Bytes of a share."""
        return layout.total(self._head.scheme, self._head.length, self._head.block)

    async def frames(self, index: int) -> AsyncIterator[bytes]:
        """The frames of another share, made anew. Raises SiteDown."""
        for number in range(layout.blocks(self._head.length, self._head.block)):
            found = await self._block(number, joined=False)
            yield await threaded(self._size(number), self._sealer.restored, index, number, found.fragments)

    async def close(self) -> None:
        """Let go of all sites."""
        await asyncio.gather(*(source.close() for source in self._active), return_exceptions=True)
        self._active = []

    def _size(self, number: int) -> int:
        return layout.plain(number, self._head.length, self._head.block)

    def _frame(self, number: int) -> int:
        return layout.frame(self._head.scheme, self._size(number))

    async def _fill(self, number: int) -> None:
        """As many sources as are needed, ready for a block. Raises SiteDown where there are no more."""
        offset = layout.offset(self._head.scheme, number, self._head.block)
        lost: HansaError | None = None
        while len(self._active) < self._head.scheme.k:
            lacking = self._head.scheme.k - len(self._active)
            some, self._spares = self._spares[:lacking], self._spares[lacking:]
            if len(some) < lacking:
                raise lost if isinstance(lost, SiteDown) else SiteDown('', 'and others have too few shares of this object')
            for source, failure in zip(some, await asyncio.gather(*(_begun(source, offset, self._end) for source in some)), strict=True):
                if failure is None:
                    self._active.append(source)
                else:
                    lost = failure
                    if not isinstance(failure, SiteDown) or 'has lost' in failure.why:
                        await self._told(source.member.name, 'it is not there')

    async def _block(self, number: int, *, joined: bool) -> Opened:
        """One block out of k shares that are right. Raises SiteDown."""
        good: dict[int, bytes] = {}
        while True:
            await self._fill(number)
            fresh = [source for source in self._active if source.index not in good]
            taken = await asyncio.gather(*(_taken(source, self._frame(number)) for source in fresh))
            frames = {source.index: frame for source, frame in zip(fresh, taken, strict=True) if isinstance(frame, bytes)}
            found = await threaded(self._size(number), self._open, number, frames, good, joined)
            for source, frame in zip(fresh, taken, strict=True):
                if not isinstance(frame, bytes) or source.index in found.wrong:
                    self._active.remove(source)
                    await source.close()
                    if isinstance(frame, bytes):
                        await self._told(source.member.name, f'it is wrong in block {number}')
            good = found.fragments
            if len(good) == self._head.scheme.k:
                return found

    def _open(self, number: int, frames: Mapping[int, bytes], good: Mapping[int, bytes], joined: bool) -> Opened:
        found = Opened(dict(good), [])
        for index, frame in frames.items():
            try:
                found.fragments[index] = self._sealer.checked(index, number, frame)
            except Corrupt:
                found.wrong.append(index)
        if joined and len(found.fragments) == self._head.scheme.k:
            last = number == layout.blocks(self._head.length, self._head.block) - 1
            found.plain = self._sealer.joined(number, found.fragments, last=last)
        return found


async def _begun(source: Source, offset: int, end: int) -> HansaError | None:
    try:
        await source.begin(offset, end)
    except HansaError as error:
        return error
    return None


async def _taken(source: Source, size: int) -> bytes | SiteDown:
    try:
        return await source.take(size)
    except SiteDown as error:
        return error


async def threaded(size: int, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Long work goes to a thread, so that others are served meanwhile."""
    return work(*args, **named) if size <= _FEW else await asyncio.to_thread(work, *args, **named)
