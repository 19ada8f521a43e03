"""Who is read and written, and which version is the one."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hansa.model.spread import Debt, Spread
from hansa.rules import mirroring
from hansa.rules.mirroring import Version

SITES = ('east', 'west', 'north')
SPREAD = Spread('p', 'c', 'mirror', SITES, 0, 1.0)


def debt(site: str, generation: int = 5, since: float = 100.0, *, missed: bool = False) -> Debt:
    return Debt('p', 'c', 'o', site, since, generation, missed)


def test_who_is_read() -> None:
    every = set(SITES)
    assert mirroring.readers(SPREAD, [], every) == ['east', 'west', 'north']
    assert mirroring.readers(SPREAD, [], {'west'}) == ['west', 'east', 'north']
    assert mirroring.readers(SPREAD, [debt('east', missed=True), debt('west')], every) == ['north', 'west']
    moving = msgspec.structs.replace(SPREAD, sites=('north', 'west'), filling=('north',), leaving=('east',))
    assert mirroring.readers(moving, [], every) == ['west', 'east']
    assert mirroring.targets(moving) == ('north', 'west', 'east')
    assert mirroring.targets(msgspec.structs.replace(moving, filling=('east',))) == ('north', 'west')


def test_how_many_are_needed() -> None:
    assert [mirroring.needed(msgspec.structs.replace(SPREAD, need=need)) for need in (0, 1, 2, 5, -1)] == [1, 1, 2, 3, 3]


def test_what_a_site_missed_counts_for_nothing() -> None:
    old, new = Version('east', 'a', '1', 50.0, 3), Version('west', 'b', '1', 120.0, 5)
    assert mirroring.judge([old, new], [debt('east', missed=True)]).truth == new
    assert mirroring.judge([old, Version('west')], [debt('east', missed=True)]).truth == Version('west')


def test_a_change_that_broke_off_is_made_everywhere() -> None:
    both = [debt('east'), debt('west')]
    old, new = Version('east', 'a', '1', 50.0, 3), Version('west', 'b', '1', 40.0, 5)
    assert mirroring.judge([old, new], both) == mirroring.Verdict(new)
    assert mirroring.judge([old, Version('west')], both).truth == Version('west')
    assert mirroring.judge([old, msgspec.structs.replace(old, site='west')], both).truth == old


def test_who_went_past_the_league_is_heard() -> None:
    ours, past = Version('east', 'a', '1', 50.0, 3), Version('west', 'b', '1', 120.0)
    assert mirroring.judge([ours, past], []) == mirroring.Verdict(past, (ours,))
    assert mirroring.judge([ours, past], [debt('west', missed=True)]) == mirroring.Verdict(past, (ours,))
    assert mirroring.judge([ours, msgspec.structs.replace(past, timestamp=90.0)], [debt('west', missed=True)]) == mirroring.Verdict(ours)
    assert mirroring.judge([Version('east'), past], [debt('west', missed=True)]).truth == past
    alike = msgspec.structs.replace(past, etag='a')
    assert mirroring.judge([ours, alike], []).losers == ()


def test_of_equally_new_ones_the_greater_etag_and_then_the_first_site() -> None:
    one, two = Version('east', 'a', '1', 5.0), Version('west', 'b', '1', 5.0)
    assert mirroring.judge([one, two], []) == mirroring.Verdict(two, (one,))
    assert mirroring.judge([one, msgspec.structs.replace(one, site='west')], []).truth == one


def test_versions_are_read_of_headers() -> None:
    told = [('ETag', '"abc"'), ('Content-Length', '3'), ('X-Timestamp', '1700000000.12345'), ('X-Object-Meta-Hansa-Generation', '7')]
    assert mirroring.version('east', told) == Version('east', 'abc', '3', 1700000000.12345, 7)
    assert mirroring.version('east', [('X-Timestamp', 'never'), ('x-object-meta-hansa-generation', '-')]) == Version('east', '-')
    kept = mirroring.described([*told, ('Content-Type', 'a/b'), ('Date', 'x'), ('x-object-meta-a', 'b')])
    assert [name.lower() for name, _ in kept] == ['x-object-meta-hansa-generation', 'content-type', 'x-object-meta-a']


def test_parts_of_a_manifest() -> None:
    raw = b'[{"path": "/c_segments/a/1", "etag": "x"}, {"data": "eA=="}]'
    assert mirroring.parts(raw) == [('c_segments', 'a/1')]
    assert mirroring.parts(b'<') == mirroring.parts(b'{}') == []


VERSIONS = st.just(Version('')) | st.builds(Version, st.just(''), st.sampled_from(['a', 'b']), st.just('1'), st.sampled_from([50.0, 150.0]), st.sampled_from([0, 3, 5]))
DEBTS = st.sampled_from([None, debt(''), debt('', missed=True)])


@given(st.tuples(*[VERSIONS] * 3), st.tuples(*[DEBTS] * 3))
def test_the_order_of_sites_decides_nothing_but_between_equals(versions: tuple[Version, ...], debts: tuple[Debt | None, ...]) -> None:
    there = [msgspec.structs.replace(one, site=site) for one, site in zip(versions, SITES, strict=True)]
    owed = [msgspec.structs.replace(one, site=site) for one, site in zip(debts, SITES, strict=True) if one]
    judged, turned = mirroring.judge(there, owed), mirroring.judge(there[::-1], owed[::-1])
    assert judged.truth.there == turned.truth.there
    assert judged.truth.etag == turned.truth.etag
    assert all(not loser.alike(judged.truth) for loser in judged.losers)
    level = [one for one in there if one.site not in {each.site for each in owed}]
    if any(one.there for one in level):
        assert judged.truth.there
