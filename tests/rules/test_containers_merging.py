"""Merged listings: their pages compose to the sorted union, whatever sites have, lack, gain and lose meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.rules.containers import merging, twins
from hansa.rules.containers.merging import Page, Query, Row
from hansa.sites.sim import objectlists

NAMES = st.text('ab/-é\U0001f600', min_size=1, max_size=5)
SITES = st.lists(st.sets(NAMES, max_size=12), min_size=1, max_size=3)
QUERIES = st.builds(
    Query,
    st.integers(1, 5),
    marker=st.just('') | NAMES,
    end_marker=st.just('') | NAMES,
    prefix=st.just('') | st.text('ab/-', max_size=2),
    delimiter=st.sampled_from(['', '/', '-', 'a', '/a', 'ab', '--', '@']),
    reverse=st.booleans(),
)


def answered(site: str, names: set[str], query: Query, limit: int) -> Page:
    """What a site's Swift gives for it."""
    wish = objectlists.Wish(limit, query.marker, query.end_marker, query.prefix, query.delimiter, None, query.reverse)
    rows: list[Row] = [{'subdir': name} if subdir else {'name': name, 'count': 1} for name, subdir in objectlists.page(sorted(names), wish)]
    return merging.page(site, query, rows, limit)


def from_marker(query: Query, marker: str) -> Query:
    return Query(query.limit, marker, query.end_marker, query.prefix, query.delimiter, query.reverse)


def once(query: Query, sites: dict[str, set[str]], known: set[twins.Twin], limits: dict[str, int]) -> list[str]:
    """One page, as a door would make it."""

    def ask(site: str, marker: str) -> Page:
        asked = from_marker(query, marker)
        if site:
            return answered(site, sites[site], asked, limits[site])
        wanted, last = twins.asked(asked, known)
        return twins.page(asked, {one: {'name': one[1], 'count': 1} for one in wanted if one[1] in sites[one[0]]}, last)

    pages = {site: ask(site, query.marker) for site in ['', *sites]}
    for _turn in range(1000):
        merged = merging.merge(query, [twins.without(page, known) for page in pages.values()])
        if not merged.behind:
            return [merging.name_of(row) for row in merged.rows]
        for site, marker in merged.behind:
            pages[site] = pages[site].then(ask(site, marker))
    raise AssertionError('the pages come to no end')


def walk(query: Query, next_page: Callable[[Query], list[str]]) -> list[str]:
    """All pages, one after the other, as a client goes through them."""
    told: list[str] = []
    while page := next_page(from_marker(query, told[-1]) if told else query):
        assert len(page) <= query.limit
        told += page
        assert len(told) < 500
    return told


def union(query: Query, names: set[str]) -> list[str]:
    """What one Swift with all these names would tell in a single page."""
    covered = {(query.rolled(name) or name, bool(query.rolled(name))) for name in names if query.covers(name)}
    return sorted((name for name, subdir in covered if not (subdir and query.omits(name))), reverse=query.reverse)


@settings(max_examples=300, deadline=None)
@given(SITES, QUERIES, st.lists(st.integers(1, 5), min_size=3, max_size=3))
def test_pages_are_the_sorted_union(have: list[set[str]], query: Query, limits: list[int]) -> None:
    sites = {f's{number}': names for number, names in enumerate(have)}
    most = {site: min(limit, query.limit) for site, limit in zip(sites, limits, strict=False)}
    assert walk(query, lambda asked: once(asked, sites, set(), most)) == union(query, set().union(*have))


@settings(max_examples=300, deadline=None)
@given(SITES, QUERIES)
def test_a_name_given_twice_is_told_twice(have: list[set[str]], query: Query) -> None:
    sites = {f's{number}': names for number, names in enumerate(have)}
    known = {(site, name) for site, name, earlier in claims(sites) if earlier}
    names = {twins.shown((site, name)) if earlier else name for site, name, earlier in claims(sites)}
    assert walk(query, lambda asked: once(asked, sites, known, dict.fromkeys(sites, query.limit))) == union(query, names)


def claims(sites: dict[str, set[str]]) -> list[tuple[str, str, bool]]:
    """(site, name, whether a site before it has that name too)."""
    seen: set[str] = set()
    found = []
    for site, names in sites.items():
        found += [(site, name, name in seen) for name in names]
        seen |= names
    return found


@settings(max_examples=300, deadline=None)
@given(SITES, QUERIES, st.data())
def test_what_stays_is_told_once_while_others_come_and_go(have: list[set[str]], query: Query, data: st.DataObject) -> None:
    sites = {f's{number}': set(names) for number, names in enumerate(have)}
    always, ever = {site: set(names) for site, names in sites.items()}, set().union(*have)

    def changing(asked: Query) -> list[str]:
        page = once(asked, sites, set(), dict.fromkeys(sites, query.limit))
        for site, names in sites.items():
            gone = data.draw(st.sets(st.sampled_from(sorted(names)), max_size=2)) if names else set()
            new = data.draw(st.sets(NAMES, max_size=1))
            sites[site] = (names - gone) | new
            always[site] -= gone
            ever.update(new)
        return page

    told = walk(query, changing)
    assert all((one > other) if query.reverse else (one < other) for one, other in itertools.pairwise(told))
    assert set(union(query, set().union(*always.values()))) <= set(told) <= set(union(query, ever))


def test_a_name_beyond_a_full_page_waits() -> None:
    query = Query(3)
    east = merging.page('east', query, [{'name': 'a'}, {'name': 'b'}, {'name': 'm'}])
    west = merging.page('west', query, [{'name': 'c'}, {'name': 'z'}])
    merged = merging.merge(query, [east, west])
    assert ([row['name'] for row in merged.rows], merged.behind) == (['a', 'b', 'c'], [])
    merged = merging.merge(Query(9), [Page('east', east.rows, 'm'), west])
    assert ([row['name'] for row in merged.rows], merged.behind) == (['a', 'b', 'c', 'm'], [('east', 'm')])


def test_the_newest_of_equal_objects_is_taken_and_the_first_of_equal_containers() -> None:
    old = {'name': 'o', 'hash': 'f', 'last_modified': '2026-11-21T11:36:01.000000'}
    new = {'name': 'o', 'hash': 'a', 'last_modified': '2026-11-21T11:36:02.000000'}
    merged = merging.merge(Query(9), [Page('east', [old]), Page('west', [new])])
    assert (merged.rows, merged.doubles) == ([new], {'o': ['west', 'east']})
    same = {**old, 'hash': 'e'}
    assert merging.merge(Query(9), [Page('west', [same]), Page('east', [old])]).rows == [old]
    merged = merging.merge(Query(9), [Page('west', [{'name': 'c', 'count': 1}]), Page('east', [{'name': 'c', 'count': 2}])])
    assert (merged.rows, merged.doubles) == ([{'name': 'c', 'count': 1}], {'c': ['west', 'east']})


def test_a_twin_is_known_by_its_ending() -> None:
    assert twins.shown(('west', 'c')) == 'c@west'
    assert twins.meant('c@west', {'west'}) == ('west', 'c')
    assert twins.meant('a@b@west', {'west'}) == ('west', 'a@b')
    assert twins.meant('c@south', {'west'}) is None
    assert twins.meant('@west', {'west'}) is None


def test_counts_are_summed() -> None:
    heads = [{'X-Account-Bytes-Used': '5', 'X-Other': '1'}, {'X-Account-Bytes-Used': '7'}, {}]
    assert merging.totals(heads, ['X-Account-Bytes-Used']) == {'X-Account-Bytes-Used': '12'}
