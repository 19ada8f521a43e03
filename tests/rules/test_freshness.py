"""What a client's Cache-Control means, and when a site is asked again."""

from __future__ import annotations

import pytest

from hansa.rules import freshness


@pytest.mark.parametrize(
    ('directives', 'age'),
    [
        ('', None), ('max-stale=5', None), ('max-age=5', 5), ('Max-Age = 5', 5), ('max-age="7"', 7), ('no-cache', 0),
        ('no-store, max-age=30, max-age=10', 10), ('max-age=5, no-cache', 0), ('max-age=-1', None), ('max-age=', None), ('max-age=x', None),
        ('max-age=1.5', None), ('max-age=\u0665', None), ('max-age=' + '9' * 5000, 9999999999), ('private, ,', None),
    ],
)  # fmt: skip
def test_what_a_client_asks(directives: str, age: float | None) -> None:
    assert freshness.asked(directives) == age


def test_a_copy_younger_than_a_second_is_as_young_as_it_gets() -> None:
    assert not freshness.stale(1.0, 0)
    assert freshness.stale(1.1, 0)
    assert not freshness.stale(5.0, 5)
    assert freshness.stale(float('inf'), 1e9)


def test_a_site_is_its_own_for_half_of_the_time() -> None:
    assert not freshness.due(0.9, 0.0)
    assert freshness.due(1.0, 0.5)
    assert not freshness.due(5.0, 3.0)
    assert freshness.due(6.0, 3.0)
