"""Whole containers of a mirror: a site that joins or was away is told what the container is and is found out to lack, one that leaves is emptied."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Sequence

import msgspec

from hansa.model.errors import NotFound, SiteDown, Unsupported
from hansa.model.spread import Debt, Spread
from hansa.ports.site import Headers, SiteResponse
from hansa.ports.store import Store
from hansa.rules import mirroring
from hansa.rules.containers import forms, merging
from hansa.rules.containers.merging import Query, Row
from hansa.rules.mirroring import Version
from hansa.services.grantees import Grantees
from hansa.services.homes import quoted
from hansa.services.mirrors import Mirrors
from hansa.services.relay import Forward
from hansa.services.repairing import Refused, Repairing, itself
from hansa.services.spreads import Spreads
from hansa.services.stores import SERVICE, Stores

_PAGE = 1000
_AT_ONCE = 8
_ROUNDS = 100_000
_ANSWER = 64 << 20
_META = 'x-container-meta-'
_LISTS = ('x-container-read', 'x-container-write')


class Filling:
    """Whoever calls has the turn at the container. What is done here may be broken off anywhere and done again."""

    def __init__(self, store: Store, stores: Stores, spreads: Spreads, mirrors: Mirrors, repairing: Repairing, grantees: Grantees) -> None:
        self._store = store
        self._stores = stores
        self._spreads = spreads
        self._mirrors = mirrors
        self._repairing = repairing
        self._grantees = grantees

    async def told(self, spread: Spread, debts: Sequence[Debt]) -> None:
        """Tell sites that owe the container itself what it is, and write down what they lack of it. Raises SiteDown, Refused, Conflict."""
        there = self._mirrors.there()
        # Where nobody was told to the end what it is, whoever has it knows.
        order = [site for site in mirroring.readers(spread, debts, there) or spread.everywhere if site in there]
        source, headers = '', list[tuple[str, str]]()
        for site in order:
            found = await self._head(spread, site)
            if found is not None:
                source, headers = site, found
                break
        if not source:
            await self._nowhere(spread, order)
            return
        for debt in debts:
            if debt.site in there:
                if debt.site != source and debt.site in spread.everywhere:
                    await self._describe(spread, source, headers, debt.site)
                    await self.compare(spread, debt.site, source)
                if debt.site in spread.filling:
                    spread = await self._spreads.move(spread, filling=tuple(site for site in spread.filling if site != debt.site))
                await self._store.settle(debt, [debt.site], [])

    async def _nowhere(self, spread: Spread, asked: Sequence[str]) -> None:
        """One that was never made is forgotten. Raises Conflict."""
        if set(asked) == set(spread.everywhere) and not await self._store.owed(spread.project, spread.container, '', 1):
            await self._spreads.forget(spread)

    async def _head(self, spread: Spread, site: str) -> Headers | None:
        try:
            response = await self._stores.look(self._mirrors.member(site), spread.project, 'HEAD', f'/{quoted(spread.container)}')
        except (NotFound, Unsupported):
            return None
        await response.close()
        if response.status not in {204, 200, 404}:
            raise SiteDown(site, f'({SERVICE}) does not tell of {spread.container} ({response.status})')
        return None if response.status == 404 else response.headers

    async def _describe(self, spread: Spread, source: str, headers: Headers, site: str) -> None:
        """Metadata and access lists as at the source. Raises SiteDown, Refused."""
        member, origin = await self._repairing.member(spread, site), self._mirrors.member(source)
        told = {name.lower(): value for name, value in headers if name.lower().startswith(_META)}
        for name, value in headers:
            if name.lower() in _LISTS:
                listed = self._grantees.inbound(origin, value)
                told[name.lower()] = await self._grantees.outbound(itself(spread.project), member, listed)
        for name, _ in await self._head(spread, site) or []:
            if name.lower() not in told and name.lower().startswith((_META, *_LISTS)):
                told[name.lower().replace('x-container', 'x-remove-container', 1)] = 'x'
        await self._done(spread, site, Forward('PUT', f'/{quoted(spread.container)}', '', list(told.items()), b''))

    async def _done(self, spread: Spread, site: str, forward: Forward) -> int:
        response = await self._send(spread, site, forward)
        await response.read(_ANSWER)
        if response.status >= 300 and not (forward.method == 'DELETE' and response.status in {404, 409}):
            raise Refused(f'Site {site} refuses {forward.method} {forward.path} ({response.status}).')
        return response.status

    async def _send(self, spread: Spread, site: str, forward: Forward) -> SiteResponse:
        return await self._stores.act(self._mirrors.member(site), spread.project, forward)

    async def compare(self, spread: Spread, site: str, source: str) -> int:
        """Write down of what a site and the source differ, as far as listings tell; how many objects that is. Raises SiteDown, Busy."""
        query, found = Query(_PAGE), 0
        for _ in range(_ROUNDS):
            pages = [merging.page(each, query, await self._rows(spread, each, query)) for each in (site, source)]
            ends = [page.last for page in pages if page.last]
            bound = min(ends) if ends else ''
            here, there = ({str(row['name']): row for row in page.rows if not bound or str(row['name']) <= bound} for page in pages)
            odd = [name for name in here.keys() | there.keys() if not _alike(here.get(name), there.get(name))]
            found += await self._note(spread, sorted(odd), site, source)
            if not bound:
                break
            query = msgspec.structs.replace(query, marker=bound)
        return found + (await self._owed(spread, site, source) if site in spread.filling else 0)

    async def _owed(self, spread: Spread, site: str, source: str) -> int:
        """What the source or others owe themselves is nothing to be compared with; how many objects a site lacks likewise."""
        found, after = 0, ''
        for _ in range(_ROUNDS):
            debts = await self._store.owed(spread.project, spread.container, after, _PAGE)
            found += await self._note(spread, list(dict.fromkeys(debt.object for debt in debts)), site, source)
            if len(debts) < _PAGE:
                break
            after = debts[-1].object
        return found

    async def _note(self, spread: Spread, names: Sequence[str], site: str, source: str) -> int:
        done = 0
        for start in range(0, len(names), _AT_ONCE):
            done += sum(await asyncio.gather(*(self._odd(spread, name, site, source) for name in names[start : start + _AT_ONCE])))
        return done

    async def _odd(self, spread: Spread, name: str, site: str, source: str) -> bool:
        """Look at an object while nobody changes it, and write down who lacks it. Raises SiteDown, Busy."""
        async with self._mirrors.turn(spread.project, spread.container, name):
            debts = await self._store.debts(spread.project, spread.container, name)
            joins = site in spread.filling
            if any(debt.site == site for debt in debts) or (debts and not joins):
                return False
            here, there = [await self._version(spread, each, name) for each in (site, source)]
            last = max((debt.generation for debt in debts), default=0)
            if (debts and here.there and here.generation == last) or (not debts and here.same(there)):
                return False
            if joins or not here.there or there.there:
                # Of two that both have it none is behind the other: the later one wins.
                await self._owe(spread, name, site, missed=joins or not here.there)
            else:
                await self._owe(spread, name, source, missed=True)
            return True

    async def _version(self, spread: Spread, site: str, name: str) -> Version:
        found = await self._repairing.version(spread, site, name)
        if isinstance(found, SiteDown):
            raise found
        return found

    async def _owe(self, spread: Spread, name: str, site: str, *, missed: bool) -> None:
        await self._store.owe(Debt(spread.project, spread.container, name, '', 0.0, 0, missed), [site])

    async def empty(self, spread: Spread, site: str) -> None:
        """Remove what a site has left of a container that is not its any more. Raises SiteDown, Refused, Conflict."""
        for _ in range(_ROUNDS):
            rows = await self._rows(spread, site, Query(_PAGE))
            if not rows:
                break
            for row in rows:
                await self._done(spread, site, Forward('DELETE', f'/{quoted(spread.container)}/{urllib.parse.quote(str(row["name"]))}'))
        if await self._done(spread, site, Forward('DELETE', f'/{quoted(spread.container)}')) == 409:
            return
        left = tuple(each for each in spread.leaving if each != site)
        filling = tuple(each for each in spread.filling if each != site)
        if left or spread.sites:
            await self._spreads.move(spread, leaving=left, filling=filling)
        else:
            await self._spreads.forget(spread)

    async def _rows(self, spread: Spread, site: str, query: Query) -> Sequence[Row]:
        """Raises SiteDown."""
        try:
            path, words = f'/{quoted(spread.container)}', urllib.parse.urlencode(forms.args(query))
            response = await self._stores.look(self._mirrors.member(site), spread.project, 'GET', path, words)
        except (NotFound, Unsupported):
            return []
        raw = await response.read(_ANSWER)
        if response.status == 404 or not raw:
            return []
        if response.status >= 300:
            raise SiteDown(site, f'({SERVICE}) does not list {spread.container} ({response.status})')
        try:
            return msgspec.json.decode(raw, type=list[Row])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SiteDown(site, f'({SERVICE}) sent something that is no listing', sent=True) from None


def _alike(one: Row | None, other: Row | None) -> bool:
    if one is None or other is None:
        return False
    key = 'slo_etag' if 'slo_etag' in one and 'slo_etag' in other else 'hash'
    return (one.get(key), one.get('bytes')) == (other.get(key), other.get('bytes'))
