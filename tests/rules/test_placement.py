"""Placement: what the request itself leaves, what fits, and of that the one with most room; every site told why."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.model.errors import BadRequest, Conflict, HansaError, OverQuota, SiteDown
from hansa.rules import placement
from hansa.rules.placement import Need, Pin, View, Wish

EAST, WEST = View('east', reachable=True, zones=('nova',), room=3.0), View('west', reachable=True, zones=('nova',), room=5.0)
NORTH = View('north', reachable=True, zones=('az1', 'az2'), room=1.0)
SOUTH = View('south', reachable=False, reason='has not answered for 8 s', room=9.0)
AWAY = View('away', reachable=True, serves=False, room=9.0)
FULL = View('full', reachable=True, room=0.0)
ALL = (EAST, WEST, NORTH)


def need(what: str, *sites: str, movable: bool = False) -> Need:
    return Need(what, frozenset(sites), movable)


@pytest.mark.parametrize(
    ('wish', 'views', 'order', 'by'),
    [
        (Wish(), ALL, ('west', 'east', 'north'), 'most room'),
        (Wish(home='north'), ALL, ('north', 'west', 'east'), 'home of the project'),
        (Wish(home='south'), (*ALL, SOUTH), ('west', 'east', 'north'), 'most room'),
        (Wish(home='left'), ALL, ('west', 'east', 'north'), 'most room'),
        (Wish(zones=('north',)), ALL, ('north',), 'zone north'),
        (Wish(zones=('north:az2',)), ALL, ('north',), 'zone north:az2'),
        (Wish(zones=('east:nova',)), ALL, ('east',), 'zone east:nova'),
        (Wish(zones=('east:any',)), (View('east', reachable=True, room=1.0),), ('east',), 'zone east:any'),
        (Wish(zones=('north:az1:host1:node1',)), ALL, ('north',), 'zone north:az1:host1:node1'),
        (Wish(zones=('north:az1', 'north:az2')), ALL, ('north',), 'zone north:az1'),
        (Wish(pins=(Pin('east', 'volume v'),), home='west'), ALL, ('east',), 'volume v'),
        (Wish(zones=('east',), pins=(Pin('east', 'volume v'), Pin('east', 'port p'))), ALL, ('east',), 'zone east'),
        (Wish(pins=(Pin('full', 'volume v'),)), (*ALL, FULL), ('full',), 'volume v'),
        (Wish(needs=(need('flavor big', 'east', 'north'),)), ALL, ('east', 'north'), 'most room'),
        (Wish(needs=(need('image i', 'east', movable=True),)), ALL, ('west', 'east', 'north'), 'most room'),
        (Wish(needs=(need('flavor big', 'east'),), home='west'), ALL, ('east',), 'most room'),
        (Wish(), (AWAY, FULL, SOUTH, EAST), ('east',), 'most room'),
        (Wish(), (View('b', reachable=True, room=1.0), View('a', reachable=True, room=1.0)), ('a', 'b'), 'most room'),
        (Wish(), (View('east2', reachable=True, room=1.0), View('east', reachable=True, room=1.0)), ('east', 'east2'), 'most room'),
        (Wish(), (View('b', reachable=True, room=float('inf')), EAST), ('b', 'east'), 'most room'),
    ],
)
def test_choice(wish: Wish, views: Sequence[View], order: tuple[str, ...], by: str) -> None:
    decision = placement.choose(wish, views)
    assert (decision.order, decision.by) == (order, by)
    assert decision.pinned == bool(wish.zones or wish.pins)
    assert decision.zone == (wish.zones[0] if wish.zones else '')
    assert [candidate.site for candidate in decision.candidates] == [view.site for view in views]
    assert all(candidate.reason for candidate in decision.candidates)


@pytest.mark.parametrize(
    ('wish', 'views', 'error', 'words'),
    [
        (Wish(zones=('nova',)), ALL, BadRequest, ('nova is not available', 'east, west, north:az1, north:az2')),
        (Wish(zones=('nova',)), (EAST, AWAY), BadRequest, ('There are: east.',)),
        (Wish(zones=('north:az3',)), ALL, BadRequest, ('Site north has no availability zone az3', 'north:az1, north:az2')),
        (Wish(zones=('north:az',)), ALL, BadRequest, ('no availability zone az.',)),
        (Wish(zones=('east', 'west')), ALL, BadRequest, ('zone east is at site east', 'zone west is at site west')),
        (Wish(('east',), (Pin('west', 'network n (1)'),)), ALL, BadRequest, ('at site east', 'network n (1) is at site west')),
        (Wish(pins=(Pin('east', 'a'), Pin('east', 'b'), Pin('west', 'c'))), ALL, BadRequest, ('a is at site east', 'c is at site west')),
        (Wish(pins=(Pin('gone', 'volume v'),)), ALL, BadRequest, ('volume v is at site gone, which is not in the league any more',)),
        (Wish(('away',)), (AWAY, EAST), BadRequest, ('zone away asks for site away, but that site does not serve this project',)),
        (Wish(('east',), needs=(need('flavor w', 'west'),)), ALL, BadRequest, ('asks for site east, but that site has no flavor w',)),
        (Wish(('south',), needs=(need('flavor w', 'west'),)), (SOUTH, WEST), BadRequest, ('that site has no flavor w',)),
        (Wish(('south',)), (EAST, SOUTH), SiteDown, ('south has not answered for 8 s', 'Try again in 10 s')),
        (Wish(pins=(Pin('down', 'v'),)), (EAST, View('down', reachable=False)), SiteDown, ('Site down does not answer.',)),
        (Wish(needs=(need('flavor s', 'south'),)), (EAST, SOUTH), SiteDown, ('Site south',)),
        (Wish(), (SOUTH, View('down', reachable=False)), SiteDown, ('Site south',)),
        (Wish(), (AWAY, SOUTH), SiteDown, ('Site south',)),
        (Wish(), (FULL, AWAY), OverQuota, ()),
        (Wish(), (FULL, View('x', reachable=False, serves=False)), OverQuota, ()),
        (Wish(needs=(need('flavor none'),)), ALL, Conflict, ('east has no flavor none; west has no flavor none',)),
        (Wish(home='east'), (), Conflict, ('the league has no site',)),
    ],
)
def test_refusals(wish: Wish, views: Sequence[View], error: type[HansaError], words: tuple[str, ...]) -> None:
    with pytest.raises(error) as raised:
        placement.choose(wish, views)
    for word in words:
        assert word in str(raised.value)


def test_a_site_that_is_down_says_when_to_try_again() -> None:
    with pytest.raises(SiteDown) as raised:
        placement.choose(Wish(zones=('south',)), (EAST, SOUTH))
    assert (raised.value.site, raised.value.status, raised.value.sent) == ('south', 503, False)
    assert raised.value.retry_after > 0


def test_every_site_is_told_why() -> None:
    views = (EAST, WEST, SOUTH, AWAY, FULL)
    decision = placement.choose(Wish(needs=(need('volume type ssd', 'east', 'south', 'away', 'full'),)), views)
    assert {candidate.site: (candidate.fit, candidate.reason) for candidate in decision.candidates} == {
        'east': (True, 'fits'),
        'west': (False, 'has no volume type ssd'),
        'south': (False, 'has not answered for 8 s'),
        'away': (False, 'does not serve this project'),
        'full': (False, 'has no quota left'),
    }
    pinned = placement.choose(Wish(pins=(Pin('east', 'network n'),)), views)
    assert [candidate.reason for candidate in pinned.candidates] == ['fits', *['network n is at site east'] * 4]


names = st.sampled_from(['a', 'b', 'c', 'ab'])
views = st.lists(
    st.builds(
        View,
        names,
        st.booleans(),
        st.sampled_from(['', 'is slow']),
        st.sampled_from([(), ('z',), ('z', 'y')]),
        st.booleans(),
        st.sampled_from([0.0, 1.0, 2.0, float('inf'), -1.0]),
    ),
    unique_by=lambda view: view.site,
)
wishes = st.builds(
    Wish,
    st.lists(st.sampled_from(['a', 'b:z', 'c:y', 'nova', 'ab']), max_size=2).map(tuple),
    st.lists(st.builds(Pin, names, st.just('thing')), max_size=2).map(tuple),
    st.lists(st.builds(Need, st.just('flavor'), st.frozensets(names), st.booleans()), max_size=2).map(tuple),
    st.sampled_from(['', 'a', 'b', 'x']),
)


@given(wishes, views)
def test_the_chosen_site_satisfies_all_that_was_asked(wish: Wish, all: list[View]) -> None:
    try:
        decision = placement.choose(wish, all)
    except HansaError as error:
        assert isinstance(error, BadRequest | Conflict | SiteDown)  # noqa: PT017  # any of them may be
        with pytest.raises(type(error)):
            placement.choose(wish, all[::-1])
        return
    known = {view.site: view for view in all}
    for site in decision.order:
        view = known[site]
        assert view.reachable
        assert view.serves
        assert all_of(wish, site)
        assert decision.pinned or view.room > 0
    assert len(set(decision.order)) == len(decision.order)
    assert len(decision.candidates) == len(all)
    again = placement.choose(wish, all[::-1])
    assert (again.order, again.by, again.zone) == (decision.order, decision.by, decision.zone)


def all_of(wish: Wish, site: str) -> bool:
    places = [zone.partition(':')[0] for zone in wish.zones] + [pin.site for pin in wish.pins]
    return set(places) <= {site} and all(need.movable or site in need.sites for need in wish.needs)
