"""What a project's account holds over all sites: one listing in Swift's order, and counters added up."""

from __future__ import annotations

import asyncio
import contextlib
import urllib.parse
from collections.abc import Collection, Mapping, Sequence

import msgspec

from hansa.model.errors import HansaError, NotFound, SiteDown, Unsupported
from hansa.ports.roster import Member
from hansa.ports.site import Headers
from hansa.rules.containers import forms, merging, twins
from hansa.rules.containers.merging import Page, Query, Row
from hansa.services.dispersal.lists import Lists
from hansa.services.dispersal.shelves import BESIDE
from hansa.services.homes import Homes, quoted
from hansa.services.spreads import Spreads
from hansa.services.stores import SERVICE, Stores

_ROUNDS = 200
"""How often sites are asked on for one page; each time gives a page of one site at least."""

_ANSWER = 64 << 20
_COUNTERS = ('x-account-container-count', 'x-account-object-count', 'x-account-bytes-used')
_COUNTED = ('x-container-object-count', 'x-container-bytes-used')
_ECHOES = 16
"""How many containers are asked for their counters at once."""

_META = 'x-account-meta-'
_POLICY = 'x-account-storage-policy-'


class Held(msgspec.Struct):
    """Rows of a listing, the headers of the account, and sites that could not be asked."""

    rows: list[Row]
    headers: Headers
    missing: list[str]


class _Told(msgspec.Struct):
    """What one site says: its page, and its headers by lower-case name."""

    page: Page
    headers: dict[str, str]


class _Spans(msgspec.Struct):
    """Containers that span sites: where they are not to be shown, as another site tells of them; wherever they are; and what is in dispersed
    ones, objects and bytes, where these are told of.
    """

    hidden: set[twins.Twin]
    every: set[twins.Twin]
    sealed: dict[twins.Twin, tuple[int, int]]

    def true(self, row: Row) -> Row:
        """A row with what is in the container, where its site counts shares."""
        sums = {name: sums for (_, name), sums in self.sealed.items()}.get(str(row.get('name', '')))
        return row if sums is None or 'subdir' in row else {**row, 'count': sums[0], 'bytes': sums[1]}


class Holdings:
    """Listings and counters. Sites where the project has nothing yet count nothing."""

    def __init__(self, stores: Stores, homes: Homes, spreads: Spreads, lists: Lists) -> None:
        self._stores = stores
        self._homes = homes
        self._spreads = spreads
        self._lists = lists

    async def head(self, project: str, partial: bool) -> Held:
        """The account without its containers. Raises SiteDown, unless a partial answer will do."""
        told, missing = await self._all(project, 'HEAD', Query(0), partial)
        spans = await self._spans(project, told)
        return Held([], _summed(told, await self._echoes(project, spans, missing if partial else None)), missing)

    async def page(self, project: str, query: Query, partial: bool) -> Held:
        """A page of the account's containers. Raises SiteDown, unless a partial answer will do."""
        told, missing = await self._all(project, 'GET', query, partial)
        spans = await self._spans(project, told)
        headers = _summed(told, await self._echoes(project, spans, missing if partial else None))
        pages = {site: each.page for site, each in told.items()}
        known = {(twin.site, twin.container) for twin in await self._homes.known(project) if twin.site in pages} - spans.every
        own = await self._twins(project, query, known) if known else None
        for _ in range(_ROUNDS):
            merged = merging.merge(query, [*(twins.without(each, known | spans.hidden) for each in pages.values()), *([own] if own else [])])
            news = {(twin.site, twin.container) for twin in await self._homes.seen(project, _plain(merged.doubles))}
            if news - known:
                known |= news
                own = await self._twins(project, query, known)
                continue
            if not merged.behind:
                return Held([spans.true(row) for row in merged.rows], headers, missing)
            for site, marker in merged.behind:
                on = msgspec.structs.replace(query, marker=marker)
                if not site and own:
                    own = own.then(await self._twins(project, on, known))
                    continue
                try:
                    pages[site] = pages[site].then((await self._ask(self._member(site), project, 'GET', on)).page)
                except SiteDown as error:
                    if not partial:
                        raise
                    missing.append(error.site)
                    pages[site] = msgspec.structs.replace(pages[site], last='')
        raise SiteDown(next(iter(pages), ''), f'({SERVICE}) gives a listing that does not end')

    async def _spans(self, project: str, told: Collection[str]) -> _Spans:
        """How containers span the sites that `told`."""
        hidden: set[twins.Twin] = set()
        every: set[twins.Twin] = set()
        sealed: dict[twins.Twin, tuple[int, int]] = {}
        for name, (spread, able) in (await self._spreads.tellers(project)).items():
            teller = next((site for site in able if site in told), '')
            every |= {(site, name) for site in told}
            hidden |= {(site, name) for site in told if site != teller}
            if spread.kind == 'disperse':
                hidden |= {(site, f'{name}{BESIDE}') for site in told}
            if spread.kind == 'disperse' and teller:
                with contextlib.suppress(SiteDown):
                    sealed[teller, name] = await self._lists.sums(spread)
        return _Spans(hidden, every, sealed)

    async def _echoes(self, project: str, spans: _Spans, missing: list[str] | None) -> dict[str, int]:
        """What sites count of containers that another one tells of, and more of dispersed ones than there is; who cannot be asked is `missing`.

        Raises SiteDown where nobody may be.
        """
        gate = asyncio.Semaphore(_ECHOES)
        asked = sorted(spans.hidden | set(spans.sealed))
        found = await asyncio.gather(*(self._echo(project, twin, gate) for twin in asked), return_exceptions=True)
        counted: dict[twins.Twin, dict[str, int]] = {}
        for twin, each in zip(asked, found, strict=True):
            if not isinstance(each, BaseException):
                counted[twin] = each
                continue
            if missing is None or not isinstance(each, SiteDown):
                raise each
            counted[twin] = {_COUNTERS[0]: 1} if twin in spans.hidden else {}
            missing += [] if twin[0] in missing else [twin[0]]
        less = [(1, *sums) for twin, sums in spans.sealed.items() if counted[twin]]
        return {name: sum(each.get(name, 0) for each in counted.values()) - sum(one[at] for one in less) for at, name in enumerate(_COUNTERS)}

    async def _echo(self, project: str, twin: twins.Twin, gate: asyncio.Semaphore) -> dict[str, int]:
        """Raises SiteDown."""
        async with gate:
            try:
                response = await self._stores.look(self._member(twin[0]), project, 'HEAD', f'/{quoted(twin[1])}')
            except (NotFound, Unsupported):
                return {}
            await response.close()
        if response.status >= 300:
            return {}
        told = {own: response.header(theirs) for own, theirs in zip(_COUNTERS[1:], _COUNTED, strict=True)}
        return {name: int(value) for name, value in told.items() if value.isdecimal()} | {_COUNTERS[0]: 1}

    def _member(self, site: str) -> Member:
        """Raises SiteDown for one that has left meanwhile."""
        found = next((member for member in self._stores.members() if member.name == site), None)
        if found is None:
            raise SiteDown(site, 'is leaving the league')
        return found

    async def _all(self, project: str, method: str, query: Query, partial: bool) -> tuple[dict[str, _Told], list[str]]:
        members = self._stores.members()
        answers = await asyncio.gather(*(self._safely(member, project, method, query) for member in members))
        told: dict[str, _Told] = {}
        missing: list[str] = []
        for member, answer in zip(members, answers, strict=True):
            if isinstance(answer, _Told):
                told[member.name] = answer
            elif isinstance(answer, SiteDown):
                if not partial:
                    raise answer
                missing.append(member.name)
        return told, missing

    async def _safely(self, member: Member, project: str, method: str, query: Query) -> _Told | HansaError:
        try:
            return await self._ask(member, project, method, query)
        except (NotFound, Unsupported, SiteDown) as error:
            return error

    async def _ask(self, member: Member, project: str, method: str, query: Query) -> _Told:
        """Raises NotFound where the project has nothing there, SiteDown."""
        words = urllib.parse.urlencode(forms.args(query)) if method == 'GET' else ''
        response = await self._stores.look(member, project, method, '', words)
        raw = await response.read(_ANSWER)
        if response.status == 404:
            raise NotFound('The account is not there.')
        if response.status >= 300:
            raise SiteDown(member.name, f'({SERVICE}) refused to tell what the account holds ({response.status})')
        told = {name.lower(): value for name, value in response.headers}
        rows = _rows(raw, member) if method == 'GET' and raw else []
        return _Told(merging.page(member.name, query, rows), _of_site(told, member.name))

    async def _twins(self, project: str, query: Query, known: set[twins.Twin]) -> Page:
        wanted, last = twins.asked(query, known)
        found = await asyncio.gather(*(self._row(project, twin) for twin in wanted))
        return twins.page(query, {twin: row for twin, row in zip(wanted, found, strict=True) if row is not None}, last)

    async def _row(self, project: str, twin: twins.Twin) -> Row | None:
        site, name = twin
        told = await self._safely(self._member(site), project, 'GET', Query(1, prefix=name))
        if isinstance(told, SiteDown):
            raise told
        rows: Sequence[Row] = told.page.rows if isinstance(told, _Told) else ()
        return next((row for row in rows if row.get('name') == name), None)


def _plain(doubles: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Names that sites gave; what the page of twins has besides is known already."""
    return {name: sites for name, sites in doubles.items() if '' not in sites}


def _rows(raw: bytes, member: Member) -> list[Row]:
    """Raises SiteDown for what is no listing."""
    try:
        rows = msgspec.json.decode(raw, type=list[Row])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise SiteDown(member.name, f'({SERVICE}) sent something that is no listing', sent=True) from None
    return [row | {'storage_policy': f'{member.name}.{row["storage_policy"]}'} if 'storage_policy' in row else row for row in rows]


def _of_site(told: Mapping[str, str], site: str) -> dict[str, str]:
    """An account's headers, those of a policy by the policy's name in the league."""
    return {
        f'{_POLICY}{site}.{name.removeprefix(_POLICY)}' if name.startswith(_POLICY) else name: value
        for name, value in told.items()
        if name in _COUNTERS or name.startswith((_POLICY, _META)) or name == 'x-timestamp'
    }


def _summed(told: Mapping[str, _Told], echoes: Mapping[str, int]) -> Headers:
    heads = [each.headers for each in told.values()]
    found: dict[str, str] = {}
    for head in heads:
        for name, value in head.items():
            if name.startswith((_META, _POLICY)):
                found.setdefault(name, value)
    stamps = [head['x-timestamp'] for head in heads if 'x-timestamp' in head]
    born = {'x-timestamp': min(stamps)} if stamps else {}
    totals = {name: str(max(0, int(value) - echoes[name])) for name, value in merging.totals(heads, _COUNTERS).items()}
    return list((totals | born | found).items())
