"""How much a project may keep in all object stores together: reserved before an upload begins, settled when it has ended."""

from __future__ import annotations

import urllib.parse
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from hansa.model.call import Call
from hansa.model.errors import HansaError, NotFound, SiteDown, TooLarge
from hansa.model.intent import Intent
from hansa.model.quota import LEAGUE
from hansa.ports.clock import Clock
from hansa.ports.roster import Member
from hansa.ports.store import Store
from hansa.rules import quota
from hansa.services import urlkeys
from hansa.services.holdings import Holdings
from hansa.services.journal import Journal
from hansa.services.relay import Forward, Reply
from hansa.services.stores import PREFIX, Stores

WORDS = ('bytes', 'count')
KIND = 'object.put'

_BYTES, _COUNT = 'object_bytes', 'object_count'
_LARGEST = 5 << 30
_FRESH = 5.0
_LAG = 60.0
"""Seconds after which a site's counters show what it was given."""

_MOST = 10_000
_OVER = 'Upload exceeds quota.'

Act = Callable[[Forward], Awaitable[Reply]]


class Caps(msgspec.Struct, frozen=True):
    """What a project may keep; None for as much as it likes."""

    bytes: int | None = None
    count: int | None = None


class _Held(msgspec.Struct):
    """What the sites said last that a project has (`shown`, `asked` when), `until` when that is taken for true, and what was put since (`recent`).

    `reckoned` goes on from an earlier sum by what went through here; what it has more than `shown` is what counters lag behind.
    """

    shown: tuple[int, int]
    asked: float
    until: float
    reckoned: tuple[int, int]
    recent: list[tuple[float, int, int]] = []

    def used(self) -> tuple[int, int]:
        """Bytes and objects: at least what sites show, at most that and all that was put lately."""
        self.recent = [each for each in self.recent if each[0] + _LAG > self.asked]
        put = (sum(each[1] for each in self.recent), sum(each[2] for each in self.recent))
        if not self.recent:
            self.reckoned = self.shown
        least, most = self.shown, (self.shown[0] + put[0], self.shown[1] + put[1])
        return min(max(least[0], self.reckoned[0]), most[0]), min(max(least[1], self.reckoned[1]), most[1])

    def put(self, now: float, size: int, count: int) -> None:
        """Something came, or went where the numbers are negative."""
        self.reckoned = (max(0, self.reckoned[0] + size), max(0, self.reckoned[1] + count))
        self.recent.append((now, max(0, size), max(0, count)))
        self.until = self.until if size > 0 else 0.0


class StoreQuotas:
    """Quotas of accounts. Sites have their own besides, and judge those themselves."""

    def __init__(self, store: Store, stores: Stores, holdings: Holdings, journal: Journal, clock: Clock) -> None:
        self._store = store
        self._stores = stores
        self._holdings = holdings
        self._journal = journal
        self._clock = clock
        self._caps: OrderedDict[str, tuple[float, Caps]] = OrderedDict()
        self._held: OrderedDict[str, _Held] = OrderedDict()

    async def caps(self, project: str) -> Caps:
        """What was set, known for some seconds."""
        known = self._caps.get(project)
        if known is not None and known[0] > self._clock.monotonic():
            return known[1]
        kept = await self._store.value(_key(project))
        caps = msgspec.json.decode(kept, type=Caps) if kept else Caps()
        self._caps[project] = (self._clock.monotonic() + _FRESH, caps)
        if len(self._caps) > _MOST:
            self._caps.popitem(last=False)
        return caps

    async def set(self, project: str, changes: dict[str, int | None]) -> None:
        """Set what is named of WORDS; None takes it away."""
        kept = await self._store.value(_key(project))
        caps = msgspec.structs.replace(msgspec.json.decode(kept, type=Caps) if kept else Caps(), **changes)
        if caps == Caps():
            await self._store.unset(_key(project))
        else:
            await self._store.set(_key(project), msgspec.json.encode(caps))
        self._caps.pop(project, None)

    async def over(self, call: Call, project: str, member: Member, forward: Forward, act: Act) -> Reply:
        """Do what is to be done to an object or container of the project at a site. Raises TooLarge where it is more than is left, and what the act raises."""
        if forward.method not in {'PUT', 'DELETE'} or forward.path.count('/') < 2 or _free(call) or await self.caps(project) == Caps():
            return await act(forward)
        if forward.method == 'PUT':
            return await self._put(call, project, member, forward, act)
        size = await self._size(member, project, forward.path)
        reply = await act(forward)
        if reply.status == 204 and size is not None and project in self._held:
            self._held[project].put(self._clock.monotonic(), -size, -1)
        return reply

    async def _put(self, call: Call, project: str, member: Member, forward: Forward, act: Act) -> Reply:
        length = await self._length(member, project, forward)
        intent, size = await self._reserve(call, project, member, length)
        body = _Counted(forward.body, size) if isinstance(forward.body, AsyncIterator) else None
        if body is not None:
            forward = Forward(forward.method, forward.path, forward.query, forward.headers, body.chunks())
        try:
            reply = await act(forward)
        except HansaError as error:
            if isinstance(error, SiteDown) and error.sent and (body is None or body.whole):
                # The site may have it all the same; of what broke off before its end it keeps nothing.
                self._settle(project, body.size if body is not None else size)
            if body is not None and body.over:
                raise TooLarge(_OVER) from None
            raise
        else:
            if reply.status == 201:
                self._settle(project, body.size if body is not None else size)
            return reply
        finally:
            await self._journal.undone(intent)

    def _settle(self, project: str, size: int) -> None:
        if project in self._held:
            self._held[project].put(self._clock.monotonic(), size, 1)

    async def _reserve(self, call: Call, project: str, member: Member, length: int | None) -> tuple[Intent, int]:
        """How many bytes may come; of unknown length, all that is left. Raises TooLarge, SiteDown where nobody knows what there is."""
        caps, used = await self.caps(project), await self._used(project)
        others = (await self._store.quota(project)).reserved.get(LEAGUE, {})
        left = _LARGEST if caps.bytes is None else caps.bytes - used[0] - others.get(_BYTES, 0)
        size = max(0, min(left, _LARGEST)) if length is None else length
        if size > left or (length is None and left <= 0):
            raise TooLarge(_OVER)
        intent = await self._journal.plan(call, KIND, member.name, {}, {_BYTES: size, _COUNT: 1}, project=project)
        # Who reserves at the same time is seen only now; of two that are too much together both may be refused, never none.
        taken = (await self._store.quota(project)).reserved.get(LEAGUE, {})
        used = await self._used(project)
        too_much = caps.bytes is not None and used[0] + taken.get(_BYTES, 0) > caps.bytes
        if too_much or (caps.count is not None and used[1] + taken.get(_COUNT, 0) > caps.count):
            await self._journal.undone(intent)
            raise TooLarge(_OVER)
        return intent, size

    async def _used(self, project: str) -> tuple[int, int]:
        """Bytes and objects. A site that is away counts as it was; raises SiteDown where that is not known."""
        now = self._clock.monotonic()
        held = self._held.get(project)
        if held is None or held.until <= now:
            try:
                told = dict((await self._holdings.head(project, False)).headers)
            except SiteDown:
                if held is None:
                    raise
            else:
                shown = (quota.number(told.get('x-account-bytes-used')), quota.number(told.get('x-account-object-count')))
                # Others may have gone on while the sites were asked.
                held = self._held.get(project) or _Held(shown, now, 0.0, shown)
                held.shown, held.asked, held.until = shown, now, now + _FRESH
                self._held[project] = held
                self._held.move_to_end(project)
                if len(self._held) > _MOST:
                    self._held.popitem(last=False)
        return held.used()

    async def _length(self, member: Member, project: str, forward: Forward) -> int | None:
        """How long an upload says it will be, or a copy's source is; None where nobody knows."""
        given = {name.lower(): value for name, value in forward.headers}
        if source := given.get('x-copy-from'):
            account = given.get('x-copy-from-account', f'{PREFIX}{project}')
            return await self._size(member, account.removeprefix(PREFIX), '/' + urllib.parse.quote(urllib.parse.unquote(source).lstrip('/')))
        if isinstance(forward.body, bytes) or forward.body is None:
            return len(forward.body or b'')
        return quota.number(given['content-length']) if given.get('content-length', '').isdecimal() else None

    async def _size(self, member: Member, project: str, path: str) -> int | None:
        try:
            response = await self._stores.look(member, project, 'HEAD', path)
        except (NotFound, SiteDown):
            return None
        await response.close()
        return quota.number(response.header('content-length')) if response.status == 200 else None


class _Counted:
    """A body on its way; `over` is True where it became longer than was reserved for it, `whole` when all of it was taken."""

    def __init__(self, source: AsyncIterator[bytes], most: int) -> None:
        self._source = source
        self._most = most
        self.size = 0
        self.over = self.whole = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises TooLarge, so that the site keeps nothing of it."""
        async for chunk in self._source:
            self.size += len(chunk)
            if self.size > self._most:
                self.over = True
                raise TooLarge(_OVER)
            yield chunk
        self.whole = True


def _free(call: Call) -> bool:
    return call.token.admin and not urlkeys.stands_in(call.token)


def _key(project: str) -> str:
    return f'objects/quota/{project}'
