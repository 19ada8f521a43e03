"""The words that list requests of all APIs share: truth values, times, patterns, and names that name a site."""

from __future__ import annotations

import pytest

from hansa.model.listing import Filter, Sort
from hansa.northbound.hall import filters

EAST = Filter(('site',), 'in', ('east',))


@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        (['web@east'], (('web',), (EAST,))),
        (['web@east:az1'], (('web',), (EAST,))),
        (['a@b@east'], (('a@b',), (EAST,))),
        (['a@east', 'b@east'], (('a', 'b'), (EAST,))),
        (['web@west$'], (('web$',), (Filter(('site',), 'in', ('west',)),))),
        (['web@nowhere'], (('web@nowhere',), ())),
        (['web@'], (('web@',), ())),
        (['@east'], (('@east',), ())),
        (['east'], (('east',), ())),
        (['a@east', 'b'], (('a@east', 'b'), ())),
        ([], ((), ())),
    ],
)
def test_names_may_name_a_site(names: list[str], expected: object) -> None:
    assert filters.at_site(names, {'east', 'west'}, ending='$') == expected


@pytest.mark.parametrize(('text', 'truth'), [('True', True), (' on ', True), ('Y', True), ('0', False), ('off', False), ('', None), ('2', None)])
def test_truth(text: str, truth: bool | None) -> None:
    assert filters.boolean(text) is truth


@pytest.mark.parametrize(
    ('text', 'when'),
    [
        ('2026-01-01', '2026-01-01T00:00:00+00:00'),
        ('2026-01-01T10:00:00Z', '2026-01-01T10:00:00+00:00'),
        ('2026-01-01T10:00:00.5+02:00', '2026-01-01T08:00:00.500000+00:00'),
    ],
)
def test_moments_are_utc(text: str, when: str) -> None:
    assert filters.moment(text).isoformat() == when


@pytest.mark.parametrize('text', ['', 'yesterday', '2026-13-01'])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match=r'.'):
        filters.moment(text)


@pytest.mark.parametrize(
    ('text', 'operator', 'value'),
    [('web-1', 'like', 'web-1'), ('web.1', 'regex', '(?i)web.1'), ('(?i)a', 'regex', '(?i)a'), ('^a$', 'regex', '(?i)^a$')],
)
def test_plain_words_need_no_pattern(text: str, operator: str, value: str) -> None:
    found = filters.pattern(('name',), text)
    assert (found.operator, found.values) == (operator, (value,))


def test_age_breaks_ties() -> None:
    assert filters.with_created([]) == (Sort(('created',), descending=True),)
    assert filters.with_created([Sort(('name',))]) == (Sort(('name',)), Sort(('created',)))
    assert filters.with_created([Sort(('created',))]) == (Sort(('created',)),)
