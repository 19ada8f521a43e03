"""Digests: equal for equal holdings in any order, and else they show where to look."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hansa.rules import digests

HELD = st.dictionaries(st.text(max_size=4), st.text(max_size=3), max_size=40)


@given(HELD)
def test_order_does_not_matter(held: dict[str, str]) -> None:
    turned = dict(reversed(held.items()))
    assert digests.digests(held) == digests.digests(turned)
    assert digests.differing(digests.digests(held), digests.digests(turned)) == frozenset()


@given(HELD, HELD)
def test_what_differs_is_in_the_buckets_that_differ(one: dict[str, str], other: dict[str, str]) -> None:
    buckets = digests.differing(digests.digests(one), digests.digests(other))
    found = {id for id in one.keys() | other.keys() if one.get(id) != other.get(id)}
    assert {digests.bucket(id) for id in found} == buckets
    mine, theirs = digests.within(one, buckets), digests.within(other, buckets)
    assert {id for id in mine.keys() | theirs.keys() if mine.get(id) != theirs.get(id)} == found


def test_objects_spread_over_all_buckets() -> None:
    held = {f'id-{number}': '' for number in range(20_000)}
    counts = [len(digests.within(held, {number})) for number in range(digests.BUCKETS)]
    assert min(counts) > 30
    assert sum(counts) == 20_000
