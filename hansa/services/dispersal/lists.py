"""What a dispersed container holds, in its client's view: every site that answers is asked, and what might be there is shown."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import AsyncIterator, Collection, Mapping

import msgspec

from hansa.model.errors import HansaError, NotFound, SiteDown, Unsupported
from hansa.model.spread import Spread
from hansa.ports.roster import Member
from hansa.rules.containers import forms, merging
from hansa.rules.containers.merging import Page, Query, Row
from hansa.rules.dispersal import evidence, labels
from hansa.rules.dispersal.evidence import Shown
from hansa.rules.dispersal.layout import Corrupt
from hansa.services.dispersal import shelves
from hansa.services.dispersal.keyring import Keyring, Ring
from hansa.services.dispersal.shelves import Hand, Piece, Shelves
from hansa.services.relay import Forward, Reply

_ROUNDS = 200
_ANSWER = 64 << 20
_ROWS = 10_000
_DEBTS = 10_000
_UNEVEN = 1000
_COUNTERS = ('x-container-object-count', 'x-container-bytes-used')
_WALK = 20
"""Pages that are read at most to add up what objects have."""


class Listed(msgspec.Struct):
    """Rows as the client is to see them, headers of the container at one site, and sites that did not answer."""

    rows: list[Row]
    headers: dict[str, str]
    missing: list[str]


class _Told(msgspec.Struct):
    """What one site says of the container."""

    page: Page
    headers: dict[str, str]


class Lists:
    """Pages and sums."""

    def __init__(self, shelves: Shelves, keyring: Keyring) -> None:
        self._shelves = shelves
        self._keyring = keyring
        self._sums: dict[tuple[str, str, float], tuple[tuple[str, ...], tuple[int, int]]] = {}

    async def page(self, hand: Hand, spread: Spread, query: Query, path: str | None = None) -> Listed | Piece:
        """One page, or the answer of a site that refuses it; `path` is the argument of that name. Raises NotFound, SiteDown."""
        ring = await self._keyring.ring(spread.project, spread)
        opened = _Opened(ring)
        told: dict[str, _Told] = {}
        bare: list[str] = []
        lost: dict[str, SiteDown] = {}
        for member, answer in await self._all(hand, spread, query, path):
            if isinstance(answer, Piece):
                if answer.status != 404:
                    return answer
                bare.append(member.name)
            elif isinstance(answer, SiteDown):
                lost[member.name] = answer
            else:
                told[member.name] = answer
        if len(told) < ring.scheme.k:
            raise next(iter(lost.values()), None) or NotFound('The resource could not be found.')
        headers = next(iter(told.values())).headers
        # A site that has lost the container has no share of anything.
        told |= {site: _Told(Page(site, []), {}) for site in bare}
        rows = await self._rows(hand, spread, query, path, ring, opened, told, ring.scheme.n - len(told))
        return Listed(rows, headers, list(lost))

    async def _rows(
        self, hand: Hand, spread: Spread, query: Query, path: str | None, ring: Ring, opened: _Opened, told: Mapping[str, _Told], unknown: int
    ) -> list[Row]:
        pages = {site: opened.page(each.page) for site, each in told.items()}
        members = {member.name: member for member in self._shelves.members(spread)}
        missed: Collection[tuple[str, str]] = ()
        looked = False
        for _ in range(_ROUNDS):
            shown = evidence.page(ring.scheme, query, list(pages.values()), unknown, missed)
            if shown.doubtful and not looked:
                missed, looked = await self._missed(spread), True
                continue
            if not shown.behind:
                await self._report(spread, shown, unknown)
                return [opened.row(row) for row in shown.rows]
            for site, marker in shown.behind:
                answer = await self._ask(hand, spread, members[site], msgspec.structs.replace(query, marker=marker), path)
                if not isinstance(answer, _Told):
                    raise answer if isinstance(answer, SiteDown) else SiteDown(site, 'refused to go on with a listing')
                pages[site] = pages[site].then(opened.page(answer.page))
        raise SiteDown(next(iter(pages)), 'gives a listing that does not end')

    async def _missed(self, spread: Spread) -> set[tuple[str, str]]:
        """Shares that are known to be out of date: (site, name)."""
        found: set[tuple[str, str]] = set()
        after = ''
        while len(found) < _DEBTS and (debts := await self._shelves.store.owed(spread.project, spread.container, after)):
            found |= {(debt.site, debt.object) for debt in debts if debt.missed}
            after = debts[-1].object
        return found

    async def _report(self, spread: Spread, shown: Shown, unknown: int) -> None:
        """What is there and not everywhere alike is mended; what is nowhere enough is left alone, as it may be all that there is."""
        if unknown or not shown.uneven:
            return
        there = {str(row.get('name')) for row in shown.rows}
        names = [name for name in shown.uneven if name in there][:_UNEVEN]
        for name in names:
            if not await self._shelves.store.debts(spread.project, spread.container, name):
                await self._shelves.doubt(spread.project, spread, name, [], 'sites list different versions')

    async def _all(
        self, hand: Hand, spread: Spread, query: Query, path: str | None
    ) -> list[tuple[Member, _Told | Piece | SiteDown]]:
        members = self._shelves.members(spread)
        answers = await asyncio.gather(*(self._ask(hand, spread, member, query, path) for member in members))
        return list(zip(members, answers, strict=True))

    async def _ask(self, hand: Hand, spread: Spread, member: Member, query: Query, path: str | None) -> _Told | Piece | SiteDown:
        args = forms.args(query) + ([('path', path)] if path is not None else [])
        try:
            reply = await hand(member, Forward('GET', shelves.path(spread, ''), urllib.parse.urlencode(args)))
            raw = await self._shelves.whole(reply, member, _ANSWER)
        except SiteDown as error:
            return error
        except (NotFound, Unsupported):
            return Piece(member.name, 404, None, {})
        headers = {name.lower(): value for name, value in reply.headers}
        if reply.status >= 300:
            return Piece(member.name, reply.status, None, headers, raw)
        try:
            rows = msgspec.json.decode(raw, type=list[Row]) if raw else []
        except (msgspec.DecodeError, UnicodeDecodeError):
            return SiteDown(member.name, 'sent something that is no listing', sent=True)
        return _Told(merging.page(member.name, query, rows), headers)

    async def sums(self, spread: Spread) -> tuple[int, int]:
        """Objects and bytes; added up over a listing where anything was changed since the last time, by us, by what sites count or by what they owe.

        Raises SiteDown.
        """
        id = (spread.project, spread.container, spread.registered)
        owing = (f'{site} {count}' for _, container, site, count in await self._shelves.store.owing(spread.project) if container == spread.container)
        counters = (str(self._shelves.changes.get(id[:2], 0)), *owing, *await self._counted(spread))
        kept = self._sums.get(id)
        if kept is not None and kept[0] == counters:
            return kept[1]
        count = size = 0
        async for listed in self.pages(spread):
            count += len(listed.rows)
            size += sum(int(row['bytes']) for row in listed.rows)
            most = max((int(word) for word in listed.headers.get(_COUNTERS[0], '').split() if word.isdecimal()), default=0)
            if count >= _ROWS * _WALK and most > count:
                # What is too long to be added up again and again is reckoned from its beginning.
                count, size = most, size * most // count
                break
        if len(self._sums) >= _ROWS:
            self._sums.clear()
        self._sums[id] = (counters, (count, size))
        return count, size

    async def pages(self, spread: Spread) -> AsyncIterator[Listed]:
        """All of it, page by page, as the league itself may see it. Raises SiteDown."""
        marker = ''
        while True:
            listed = await self.page(self._shelves.own(spread.project), spread, Query(_ROWS, marker=marker))
            if isinstance(listed, Piece):
                raise SiteDown(listed.site, 'lets the league not look after its own')
            yield listed
            if len(listed.rows) < _ROWS:
                return
            marker = merging.name_of(listed.rows[-1])

    async def _counted(self, spread: Spread) -> list[str]:
        """What sites count of the container and of the one beside, in shares."""
        found: list[str] = []
        hand = self._shelves.own(spread.project)
        asked = [(member, path) for member in self._shelves.members(spread) for path in (shelves.path(spread, ''), shelves.beside(spread))]
        for (member, _), reply in zip(asked, await asyncio.gather(*(_safely(hand, member, path) for member, path in asked)), strict=True):
            found += [member.name, *(reply.header(name) for name in _COUNTERS)] if reply is not None else [member.name]
        return found


async def _safely(hand: Hand, member: Member, path: str) -> Reply | None:
    try:
        return await hand(member, Forward('HEAD', path))
    except HansaError:
        return None


class _Opened:
    """Labels of one listing, each opened once however many sites have it; rows whose label does not open are no evidence."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._known: dict[tuple[str, str], labels.Row | None] = {}

    def page(self, page: Page) -> Page:
        return msgspec.structs.replace(page, rows=[row for row in page.rows if 'subdir' in row or self._told(row) is not None])

    def row(self, row: Row) -> Row:
        told = self._told(row)
        label = labels.read(str(row.get('content_type', '')))
        if told is None or label is None:
            return row
        return {'bytes': told.length, 'hash': told.etag, 'name': row['name'], 'content_type': told.media, 'last_modified': labels.modified(label.mark)}

    def _told(self, row: Row) -> labels.Row | None:
        if 'subdir' in row:
            return None
        id = (str(row.get('name', '')), str(row.get('content_type', '')))
        if id not in self._known:
            label = labels.read(id[1])
            try:
                self._known[id] = self._ring.box.told(id[0], label) if label is not None else None
            except Corrupt:
                self._known[id] = None
        return self._known[id]
