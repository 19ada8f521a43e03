"""What the headers of a container choose."""

from __future__ import annotations

import pytest

from hansa.model.errors import BadRequest
from hansa.rules import spreading
from hansa.rules.spreading import Choice

SITES = ['east', 'west', 'north']


@pytest.mark.parametrize(
    ('mirror', 'disperse', 'quorum', 'choice'),
    [
        ('', '', '', None),
        ('', '', '2', None),
        ('west, east', '', '', Choice('mirror', ('west', 'east'))),
        ('east,west', '', '2', Choice('mirror', ('east', 'west'), 2)),
        ('east,west', '', 'ALL', Choice('mirror', ('east', 'west'), -1)),
        ('', '2-of-3', '', Choice('disperse', ('east', 'west', 'north'), 2)),
        ('', '2-of-3:north,east,west', '', Choice('disperse', ('north', 'east', 'west'), 2)),
    ],
)
def test_choices(mirror: str, disperse: str, quorum: str, choice: Choice | None) -> None:
    assert spreading.chosen(mirror, disperse, quorum, SITES) == choice


@pytest.mark.parametrize(
    ('mirror', 'disperse', 'quorum'),
    [
        ('east,south', '', ''), (',', '', ''), ('east,east', '', ''), ('east,west', '', '3'), ('east', '', '0'), ('east', '', 'most'),
        ('east', '2-of-3', ''), ('', '2-of-3', '2'), ('', '3-of-2', ''), ('', '0-of-2', ''), ('', '2-of-4', ''), ('', 'two', ''),
        ('', '2-of-3:east,west', ''), ('', '2-of-3:east,west,south', ''), ('', '1-of-2', ''), ('', '3-of-5', ''),
    ],
)  # fmt: skip
def test_what_cannot_be(mirror: str, disperse: str, quorum: str) -> None:
    with pytest.raises(BadRequest):
        spreading.chosen(mirror, disperse, quorum, SITES)


def test_containers_of_segments_follow() -> None:
    assert [spreading.leader(name) for name in ('c_segments', 'c+segments', 'c', '_segments', 'c_segments_')] == ['c', 'c', '', '', '']
