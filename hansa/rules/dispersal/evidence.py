"""What stands, as far as sites tell: which version of an object has enough shares, and which objects a listing has to show.

A version is there when k sites have it. As k is more than half of them, no two versions can be; what fewer have is on its way in or out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from hansa.rules.containers import merging
from hansa.rules.containers.merging import Page, Query, Row
from hansa.rules.dispersal import labels
from hansa.rules.dispersal.labels import Mark
from hansa.rules.dispersal.scheme import Scheme

Answer = Literal['here', 'absent', 'unknown']


class Verdict(msgspec.Struct, frozen=True):
    """The version that has enough shares, and which sites have it; where it is `unknown`, those that could not be asked decide."""

    answer: Answer
    mark: Mark | None = None
    holders: tuple[str, ...] = ()


def verdict(scheme: Scheme, told: Mapping[str, Mark | None], unknown: int) -> Verdict:
    """What the sites that told, None for no share, leave of a doubt; `unknown` are so many others that may hold one."""
    by: dict[str, list[str]] = {}
    for site, mark in told.items():
        if mark is not None:
            by.setdefault(mark.generation, []).append(site)
    most = max(by.values(), key=len, default=[])
    if len(most) >= scheme.k:
        newest = max((mark for site in most if (mark := told[site]) is not None), key=lambda mark: mark.revision)
        return Verdict('here', newest, tuple(most))
    return Verdict('unknown' if len(most) + unknown >= scheme.k else 'absent')


class Shown(msgspec.Struct, frozen=True):
    """Rows of a page as sites have them, the sites that have to be asked on as (site, marker), names of which sites tell different things, and
    names of which the sites that told do not suffice to say whether they are there.
    """

    rows: list[Row]
    behind: list[tuple[str, str]]
    uneven: list[str]
    doubtful: list[str]


def page(
    scheme: Scheme, query: Query, pages: Sequence[Page], unknown: int, missed: Collection[tuple[str, str]]
) -> Shown:
    """The page of a listing out of those of sites; `missed` are shares as (site, name) that are known to be out of date.

    What might be there is shown, as a shorter list would look as if something was deleted.
    """
    ends = [one.last for one in pages if one.last]
    bound = (max if query.reverse else min)(ends) if ends else ''
    found: dict[tuple[str, bool], list[tuple[str, Row]]] = {}
    for one in pages:
        for row in one.rows:
            name = merging.name_of(row)
            beyond = bound and (name < bound if query.reverse else name > bound)
            if not beyond and not ('subdir' in row and query.omits(name)):
                found.setdefault((name, 'subdir' in row), []).append((one.site, row))
    rows: list[Row] = []
    uneven: list[str] = []
    doubtful: list[str] = []
    for name, subdir in sorted(found, reverse=query.reverse):
        if len(rows) == query.limit:
            break
        claims = found[name, subdir]
        if subdir:
            if len(claims) + unknown >= scheme.k:
                rows.append(claims[0][1])
            continue
        current = [(site, row) for site, row in claims if (site, name) not in missed]
        chosen, count = _most(current)
        if len(claims) < len(pages) or count < len(claims):
            uneven.append(name)
        if scheme.k - unknown <= count < scheme.k and chosen is not None:
            doubtful.append(name)
        if chosen is not None and count + unknown >= scheme.k:
            rows.append(chosen)
    behind = [(one.site, one.last) for one in pages if one.last and one.last == bound]
    return Shown(rows, behind if len(rows) < query.limit else [], uneven, doubtful)


def _most(claims: Iterable[tuple[str, Row]]) -> tuple[Row | None, int]:
    """The row that most sites have by its generation, the one changed last, and how many have it."""
    by: dict[str, list[tuple[int, Row]]] = {}
    for _, row in claims:
        label = labels.read(str(row.get('content_type', '')))
        if label is not None:
            by.setdefault(label.mark.generation, []).append((label.mark.revision, row))
    most = max(by.values(), key=len, default=[])
    return (max(most, key=lambda one: one[0])[1] if most else None), len(most)
