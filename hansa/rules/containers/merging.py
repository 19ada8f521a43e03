"""One page of a listing out of the pages that several sites gave, such that concatenated pages are the sorted union.

A name may be told only up to where every site has told all its names: the smallest last name (reverse: the greatest)
among the pages behind which a site has more. Order is that of the bytes of UTF-8, which is the order of `str`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

import msgspec

Row = dict[str, Any]
"""What Swift's JSON has for one entry: it names a container or an object by `name`, a rolled-up prefix by `subdir`."""

Claim = tuple[tuple[str, bool], str, Row]
"""A name and whether it stands for a prefix, the site that tells it, and what it tells."""


class Query(msgspec.Struct, frozen=True):
    """What was asked for; '' is what was not. `limit` rows at most; `end_marker` and `marker` are excluded."""

    limit: int
    marker: str = ''
    end_marker: str = ''
    prefix: str = ''
    delimiter: str = ''
    reverse: bool = False

    def covers(self, name: str) -> bool:
        """Whether a name of a container or an object lies in what was asked for."""
        low, high = (self.end_marker, self.marker) if self.reverse else (self.marker, self.end_marker)
        return name.startswith(self.prefix) and name > low and (not high or name < high)

    def rolled(self, name: str) -> str:
        """The prefix that stands for this name in the listing, or '' where the name stands for itself."""
        at = name.find(self.delimiter, len(self.prefix)) if self.delimiter else -1
        return name[: at + len(self.delimiter)] if at >= 0 else ''

    def omits(self, subdir: str) -> bool:
        """Whether a rolled-up prefix is left out because it was told before; Swift goes by the lower marker in both directions."""
        return subdir == (self.end_marker if self.reverse else self.marker)


class Page(msgspec.Struct, frozen=True):
    """Rows that one site gave, in order. `last` is the name up to which it told all, '' where it has no more."""

    site: str
    rows: Sequence[Row]
    last: str = ''

    def then(self, more: Page) -> Page:
        """Both this page and the one that the site gave when asked with `last` as the marker."""
        return Page(self.site, [*self.rows, *more.rows], more.last)


class Merged(msgspec.Struct, frozen=True):
    """The page. Where it is shorter than its limit and sites are `behind`, as (site, marker), ask those on and merge again.

    `doubles` has every name that several sites gave, with those sites, the first of which is the one whose row was taken.
    """

    rows: list[Row]
    behind: list[tuple[str, str]]
    doubles: dict[str, list[str]]


def page(site: str, query: Query, rows: Sequence[Row], limit: int = 0) -> Page:
    """What a site answered that was asked for `limit` rows (0: as many as the query has)."""
    full = bool(rows) and len(rows) >= (limit or query.limit)
    return Page(site, rows, name_of(rows[-1]) if full else '')


def name_of(row: Row) -> str:
    """The name that a row is sorted by."""
    return str(row['name'] if 'name' in row else row['subdir'])


def merge(query: Query, pages: Sequence[Page]) -> Merged:
    """The page of the league; `pages` are sorted by the rank of their sites, the nearest first.

    Of objects of one name the newest is taken, of equally new ones that of the greatest hash, then of the first site; of
    containers of one name that of the first site.
    """
    ends = [one.last for one in pages if one.last]
    bound = (max if query.reverse else min)(ends) if ends else ''
    # Each page is sorted already, which is what this sort is quickest with.
    claims = sorted((claim for one in pages for claim in _claims(query, one, bound)), key=itemgetter(0), reverse=query.reverse)
    rows: list[Row] = []
    doubles: dict[str, list[str]] = {}
    start = 0
    while start < len(claims) and len(rows) < query.limit:
        key, site, row = claims[start]
        end = start + 1
        while end < len(claims) and claims[end][0] == key:
            end += 1
        if end > start + 1:
            same = claims[start:end]
            _, site, row = max(same, key=_weight)
            if not key[1]:
                doubles[key[0]] = [site, *(other for _, other, its in same if its is not row)]
        rows.append(row)
        start = end
    behind = [(one.site, one.last) for one in pages if one.last and one.last == bound]
    return Merged(rows, behind if len(rows) < query.limit else [], doubles)


def _claims(query: Query, one: Page, bound: str) -> Iterator[Claim]:
    """The rows of a page that may be told."""
    site = one.site
    for row in one.rows:
        subdir = 'name' not in row
        name = str(row['subdir'] if subdir else row['name'])
        beyond = bound and (name < bound if query.reverse else name > bound)
        if not beyond and not (subdir and query.omits(name)):
            yield (name, subdir), site, row


def _weight(claim: Claim) -> tuple[str, str]:
    """Equal for all rows but those of objects, so that the first stands."""
    row = claim[2]
    return (str(row.get('last_modified', '')), str(row['hash'])) if 'hash' in row else ('', '')


def totals(heads: Iterable[dict[str, str]], names: Sequence[str]) -> dict[str, str]:
    """The sum over sites of headers that count something; a site that does not tell one counts nothing."""
    listed = list(heads)
    return {name: str(sum(int(head[name]) for head in listed if head.get(name, '').isdecimal())) for name in names}
