"""Containers whose name was given twice: the home keeps it, at any other site the container is shown as `name@site`.

That name sorts elsewhere than the one that the site knows, so such twins leave the site's page and form a page of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hansa.rules.containers import merging
from hansa.rules.containers.merging import Page, Query, Row

Twin = tuple[str, str]
"""(site, name there)."""


def shown(twin: Twin) -> str:
    """The name that the league has for it."""
    site, name = twin
    return f'{name}@{site}'


def meant(name: str, sites: Collection[str]) -> Twin | None:
    """The twin that a name may mean; None where it does not end with one of the sites.

    A container that really has this name goes first: ask for that before.
    """
    own, at, site = name.rpartition('@')
    return (site, own) if at and own and site in sites else None


def without(one: Page, known: Collection[Twin]) -> Page:
    """A site's page without its twins; it still tells how far the site has told."""
    return Page(one.site, [row for row in one.rows if 'subdir' in row or (one.site, row['name']) not in known], one.last)


def asked(query: Query, known: Collection[Twin]) -> tuple[list[Twin], str]:
    """Those twins that a page may show, no more than it has rows, and the name up to which these are all ('': to the end).

    The row of each is what its site gives for prefix=NAME&limit=1, if that has this very name.
    """
    within = sorted((one for one in known if query.covers(shown(one))), key=shown, reverse=query.reverse)
    cut = within[: max(1, query.limit)]
    return cut, shown(cut[-1]) if len(within) > len(cut) else ''


def page(query: Query, rows: Mapping[Twin, Row], last: str) -> Page:
    """The page of the twins whose rows were found, rolled up as their names demand; `last` as `asked` told it.

    Its site is ''; where it is behind, `asked` goes on with the marker that the merged page tells.
    """
    made: dict[str, Row] = {}
    for twin in sorted(rows, key=shown, reverse=query.reverse):
        name = shown(twin)
        subdir = query.rolled(name)
        made.setdefault(subdir or name, {'subdir': subdir} if subdir else {**rows[twin], 'name': name})
    return Page('', sorted(made.values(), key=merging.name_of, reverse=query.reverse), last)
