"""What a mirrored container holds: as a site lists it that lacks nothing, else put together of all sites without what each of them missed."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Sequence

import msgspec

from hansa.model.errors import NotFound, SiteDown, Unsupported
from hansa.model.spread import Spread
from hansa.ports.store import Store
from hansa.rules import mirroring
from hansa.rules.containers import forms, merging
from hansa.rules.containers.merging import Page, Query, Row
from hansa.services.homes import quoted
from hansa.services.mirrors import Mirrors
from hansa.services.repairing import CONFLICTS
from hansa.services.stores import SERVICE, Stores

_ROUNDS = 200
_ANSWER = 64 << 20
_PAGE = 1000
_DEBTS = 1000
_MOST_DEBTS = 1_000_000

Missed = dict[str, set[str]]
"""By site: names of objects of which it missed a change."""


class Shelf(msgspec.Struct, frozen=True):
    """Who can be asked what a container holds, the best first, and what each of them missed."""

    sites: list[str]
    missed: Missed

    @property
    def whole(self) -> str:
        """The best site that lacks nothing; '' where there is none."""
        return next((site for site in self.sites if not self.missed.get(site)), '')


class MirrorLists:
    """Listings that are never shorter or older than what was acknowledged."""

    def __init__(self, store: Store, stores: Stores, mirrors: Mirrors) -> None:
        self._store = store
        self._stores = stores
        self._mirrors = mirrors

    async def shelf(self, spread: Spread) -> Shelf:
        """Raises SiteDown where nobody is there who could tell."""
        there = self._mirrors.there()
        order = mirroring.readers(spread, await self._store.debts(spread.project, spread.container, ''), there)
        missed: Missed = {}
        after = ''
        for _ in range(_MOST_DEBTS // _DEBTS):
            debts = await self._store.owed(spread.project, spread.container, after, _DEBTS)
            for debt in debts:
                if debt.missed:
                    missed.setdefault(debt.site, set()).add(debt.object)
            if len(debts) < _DEBTS:
                break
            after = debts[-1].object
        living = [site for site in order if site in there]
        if not living:
            raise SiteDown(next(iter(order), spread.everywhere[0]), 'is needed, and not there')
        return Shelf(living, missed)

    async def page(self, spread: Spread, shelf: Shelf, query: Query, partial: bool) -> list[Row]:
        """A page of the container. Raises SiteDown where only a site that is not there has something of it, unless a partial answer will do."""
        while True:
            try:
                return await self._asked(spread, shelf, query, partial)
            except SiteDown as error:
                others = [site for site in shelf.sites if site != error.site]
                if not others or len(others) == len(shelf.sites):
                    raise
                shelf = msgspec.structs.replace(shelf, sites=others)

    async def _asked(self, spread: Spread, shelf: Shelf, query: Query, partial: bool) -> list[Row]:
        sites = [shelf.whole] if shelf.whole else shelf.sites
        names = set().union(*(shelf.missed.get(site, set()) for site in sites))
        nowhere = {name for name in names if all(name in shelf.missed.get(site, set()) for site in sites)}
        if not partial and any(query.covers(name) for name in nowhere):
            away = [site for site in mirroring.targets(spread) if site not in shelf.sites]
            raise SiteDown(next(iter(away), ''), 'has what the others miss')
        found: dict[str, Row] = {}
        plain = msgspec.structs.replace(query, delimiter='', limit=max(query.limit, _PAGE))
        for _ in range(_ROUNDS):
            if len(found) >= query.limit:
                break
            pages = await asyncio.gather(*(self._page(spread, site, plain, shelf.missed.get(site, set())) for site in sites))
            ends = [page.last for page in pages if page.last]
            merged = merging.merge(plain, pages).rows
            for row in merged:
                _add(found, query, row)
            if not ends and len(merged) < plain.limit:
                break
            last = merging.name_of(merged[-1]) if len(merged) == plain.limit else (max if query.reverse else min)(ends)
            plain = msgspec.structs.replace(plain, marker=last)
        return list(found.values())[: query.limit]

    async def conflicts(self, spread: Spread) -> list[Row]:
        """Versions that lost against others, of all sites, each with its `site` and the container where it is. Raises SiteDown."""
        box = spread.container + CONFLICTS
        found: list[Row] = []
        for site in spread.everywhere:
            rows = await self._rows(spread.project, box, site, Query(_PAGE * 10))
            found += [row | {'container': box, 'site': site} for row in rows]
        return sorted(found, key=merging.name_of)

    async def _page(self, spread: Spread, site: str, query: Query, missed: set[str]) -> Page:
        rows = await self._rows(spread.project, spread.container, site, query)
        page = merging.page(site, query, rows)
        return Page(site, [row for row in rows if row.get('name') not in missed], page.last)

    async def _rows(self, project: str, container: str, site: str, query: Query) -> Sequence[Row]:
        """Raises SiteDown."""
        words = urllib.parse.urlencode(forms.args(query))
        try:
            response = await self._stores.look(self._mirrors.member(site), project, 'GET', f'/{quoted(container)}', words)
        except (NotFound, Unsupported):
            return []
        raw = await response.read(_ANSWER)
        if response.status == 404 or not raw:
            return []
        try:
            return msgspec.json.decode(raw, type=list[Row])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SiteDown(site, f'({SERVICE}) sent something that is no listing', sent=True) from None


def _add(found: dict[str, Row], query: Query, row: Row) -> None:
    name = str(row['name'])
    subdir = query.rolled(name)
    if not subdir:
        found.setdefault(name, row)
    elif not query.omits(subdir):
        found.setdefault(subdir, {'subdir': subdir})
