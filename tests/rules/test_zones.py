"""A site's zones as the league shows them, and back; and names that tell their site."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.rules import zones

SITES = frozenset(('east', 'north'))


@pytest.mark.parametrize(
    ('site', 'zone', 'all', 'shown'),
    [
        ('east', 'nova', ('nova',), 'east'),
        ('east', '', (), 'east'),
        ('east', 'nova', (), 'east'),
        ('east', 'internal', ('nova',), 'east:internal'),
        ('east', 'az1', ('az1', 'az2'), 'east:az1'),
        ('east', '', ('az1', 'az2'), 'east'),
        ('north', 'east', ('east', 'west'), 'north:east'),
        ('north', 'east:az1', ('east:az1', 'west'), 'north:east:az1'),
    ],
)
def test_zones_as_the_league_shows_them(site: str, zone: str, all: tuple[str, ...], shown: str) -> None:
    assert zones.shown(site, zone, all) == shown


@pytest.mark.parametrize(
    ('zone', 'parsed'),
    [('east', ('east', '')), ('east:az1', ('east', 'az1')), ('north:east:az1', ('north', 'east:az1')), ('', ('', '')), ('east:', ('east', ''))],
)
def test_the_site_ends_at_the_first_colon(zone: str, parsed: tuple[str, str]) -> None:
    assert zones.parse(zone) == parsed


@pytest.mark.parametrize(
    ('word', 'found'),
    [
        ('web@east', ('web', 'east', '')),
        ('web@north:east:az1', ('web', 'north', 'east:az1')),
        ('me@home@east', ('me@home', 'east', '')),
        ('me@home', ('me@home', '', '')),
        ('web', ('web', '', '')),
        ('web@', ('web@', '', '')),
        ('@east', ('', 'east', '')),
    ],
)
def test_a_name_may_tell_its_site(word: str, found: tuple[str, str, str]) -> None:
    assert zones.at(word, SITES) == found


words = st.text(st.characters(blacklist_characters=':@'), min_size=1)


@given(words, st.text(min_size=1), st.text(min_size=1))
def test_what_is_shown_is_understood(site: str, zone: str, other: str) -> None:
    assert zones.parse(zones.shown(site, zone, (zone, other))) == (site, zone)
    assert zones.parse(zones.shown(site, zone, (zone,))) == (site, '')


@given(st.text(), words, st.text(st.characters(blacklist_characters='@')))
def test_every_name_can_be_asked_for_at_a_site(name: str, site: str, zone: str) -> None:
    assert zones.at(f'{name}@{site}:{zone}', frozenset((site,))) == (name, site, zone)
    assert zones.at(name, frozenset()) == (name, '', '')
