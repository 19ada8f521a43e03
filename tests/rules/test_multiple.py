"""Creates of several servers: how many at most, and whether the answer names them all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.rules import multiple


@pytest.mark.parametrize(
    ('item', 'most', 'told'),
    [
        ({}, 1, True),
        ({'min_count': 1, 'max_count': 1}, 1, True),
        ({'max_count': 3}, 3, False),
        ({'min_count': '2'}, 2, False),
        ({'min_count': 2, 'max_count': 5}, 5, False),
        ({'return_reservation_id': True}, 1, False),
        ({'return_reservation_id': 'True'}, 1, False),
        ({'return_reservation_id': 'no'}, 1, True),
        ({'max_count': True}, 1, True),
        ({'max_count': '²'}, 1, True),
        ({'max_count': [], 'min_count': -4}, 1, True),
    ],
)
def test_counts(item: dict[str, Any], most: int, told: bool) -> None:
    assert (multiple.most(item), multiple.told(item)) == (most, told)


@given(st.dictionaries(st.sampled_from(('min_count', 'max_count', 'return_reservation_id')), st.integers() | st.text() | st.none() | st.booleans()))
def test_whatever_is_sent_is_understood_as_something(item: dict[str, Any]) -> None:
    assert multiple.most(item) >= 1
    assert multiple.told(item) in {True, False}
