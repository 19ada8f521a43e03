"""List requests of Cinder's API: what clouds refuse is refused with their words, and what they take leads to the right query."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from hansa.model.call import Call, Token
from hansa.model.errors import BadRequest
from hansa.model.listing import Filter, Sort
from hansa.northbound.hall import filters
from hansa.northbound.volume import params

SITES = frozenset(('east', 'west'))
NEWEST = '3.71'


def read(kind: str, query: str, version: str = NEWEST, role: str = 'member') -> filters.Listing:
    token = Token('me', 'demo', 'd', 'p', 'demo', 'd', frozenset((role,)), 0)
    return params.listing(kind, parse_qsl(query, keep_blank_values=True), Call('r', token, 'volume', version), SITES)


# What a cloud of 2026.2 answered to its plain user with status 400: (kind, version, query, a part of its message).
REFUSED = [
    ('volume', '3.70', 'limit=abc', 'limit param must be an integer'),
    ('volume', '3.70', 'limit=-1', 'limit param must be positive'),
    ('volume', '3.70', 'offset=x', 'offset must be an integer'),
    ('volume', '3.70', 'offset=-1', 'offset must be >= 0'),
    ('volume', '3.70', 'offset=99999999999', 'offset must be <='),
    ('volume', '3.70', 'sort=foo', 'Invalid sort key'),
    ('volume', '3.70', 'sort=name:up', "Unknown sort direction, must be 'desc' or 'asc'"),
    ('volume', '3.70', 'sort_key=name&sort_dir=up', 'Unknown sort direction'),
    ('volume', '3.70', 'sort=name&sort_key=id', "cannot be used with the 'sort' parameter"),
    ('volume', '3.31', 'foo=1', 'Invalid filters foo are found in query options.'),
    ('volume', '3.70', 'name~=a', 'Invalid filters name~ are found in query options.'),
    ('volume', '3.70', 'project_id=x', 'Invalid filters project_id are found'),
    ('volume', '3.70', 'bootable=foo', "'bootable = foo'"),
    ('volume', '3.2', 'bootable=', "'bootable = '"),
    ('volume', '3.70', 'with_count=foo', "Value 'foo' for 'with_count' is not a boolean."),
    ('volume', '3.70', 'consumes_quota=foo', "Value 'foo' for 'use_quota' is not a boolean."),
    ('volume', '3.70', 'created_at=2020-01-01T00:00:00', 'Invalid 2020-01-01T00 operator'),
    ('volume', '3.70', 'created_at=foo:2020-01-01', 'Invalid foo operator'),
    ('volume', '3.50', 'created_at=gt:foo', 'Invalid foo value'),
    ('snapshot', '3.70', 'foo=1', 'Invalid filters foo are found'),
    ('snapshot', '3.70', 'sort=foo', 'Invalid sort key'),
    ('snapshot', '3.20', 'sort=name', 'Invalid sort key'),
    ('snapshot', '3.70', 'created_at=gt:2020-01-01', 'Invalid filters created_at are found'),
    ('volume_type', '3.70', 'foo=1', 'Invalid filters foo are found'),
    ('volume_type', '3.70', 'name=x', 'Invalid filters name are found'),
    ('volume_type', '3.70', 'sort=foo', 'Invalid sort key'),
]


@pytest.mark.parametrize(('kind', 'version', 'query', 'words'), REFUSED)
def test_what_clouds_refuse(kind: str, version: str, query: str, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(kind, query, version)
    assert words in str(caught.value)


@pytest.mark.parametrize(('kind', 'query', 'words'), [
    ('volume', 'all_tenants=foo', "Value 'foo' for 'all_tenants' is not a boolean."),
    ('volume_type', 'is_public=foo', 'Invalid is_public filter'),
])  # fmt: skip
def test_what_they_refuse_to_an_administrator(kind: str, query: str, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(kind, query, NEWEST, 'admin')
    assert words in str(caught.value)
    read(kind, query)


@pytest.mark.parametrize(('kind', 'version', 'query'), [
    ('volume', '3.30', 'foo=1&name~=a&with_count=1&all_tenants=1'),
    ('volume', '3.9', 'group_id=g&glance_metadata={}'),
    ('volume', '3.70', 'all_tenants=foo'),
    ('snapshot', '3.20', 'metadata=x'),
    ('snapshot', '3.70', 'all_tenants=foo'),
    ('volume_type', '3.50', 'foo=1&extra_specs=x'),
    ('volume_type', '3.70', 'is_public=foo'),
])  # fmt: skip
def test_what_clouds_pass_over(kind: str, version: str, query: str) -> None:
    asked = read(kind, query, version)
    assert (asked.query.filters, asked.query.projects, asked.with_count) == ((), ('p',), False)


@pytest.mark.parametrize(
    ('kind', 'query', 'expected'),
    [
        ('volume', 'name=a&status=in-use', [Filter(('name',), 'in', ('a',)), Filter(('status',), 'in', ('in-use',))]),
        ('volume', 'name=a@west', [Filter(('name',), 'in', ('a',)), Filter(('site',), 'in', ('west',))]),
        ('volume', 'name=a@home', [Filter(('name',), 'in', ('a@home',))]),
        ('volume', "metadata={'k': 'v', 'n': 1}",
         [Filter(('doc', 'metadata', 'k'), 'in', ('v',)), Filter(('doc', 'metadata', 'n'), 'in', ('1',))]),
        ('volume', 'metadata={"k":"v"}', [Filter(('doc', 'metadata', 'k'), 'in', ('v',))]),
        ('volume', 'metadata={', [filters.NOTHING]),
        ('volume', 'metadata=x', [filters.NOTHING]),
        ('volume', "metadata={'*': 'v'}", [filters.NOTHING]),
        ('volume', 'bootable=1', [Filter(('doc', 'bootable'), 'in', ('true',))]),
        ('volume', 'availability_zone=east', [Filter(('doc', 'availability_zone'), 'in', ('east',))]),
        ('volume', 'consumes_quota=no', [Filter(('doc', 'consumes_quota'), 'in', ('false',))]),
        ('volume', 'created_at=gt:2026-01-01T00:00:00,lte:2026-02-01T01:00:00%2B01:00', [
            Filter(('created',), 'gt', ('2026-01-01T00:00:00.000000',)),
            Filter(('created',), 'le', ('2026-02-01T00:00:00.000000',)),
        ]),
        ('volume', 'updated_at=neq:2026-01-01', [Filter(('updated',), 'not_in', ('2026-01-01T00:00:00.000000',))]),
        ('snapshot', 'volume_id=v', [Filter(('doc', 'volume_id'), 'in', ('v',))]),
        ('snapshot', 'availability_zone=east:az1', [Filter(('site',), 'in', ('east',))]),
        ('volume_type', 'extra_specs={"multiattach":"x"}', [Filter(('doc', 'extra_specs', 'multiattach'), 'in', ('x',))]),
        ('volume_type', 'extra_specs={"inner":"x"}', [Filter(('doc', 'extra_specs', 'inner'), 'in', ('x',)), filters.NOTHING]),
    ],
)  # fmt: skip
def test_filters_of_a_plain_user(kind: str, query: str, expected: list[Filter]) -> None:
    found = read(kind, query)
    assert (list(found.query.filters), found.query.projects, found.query.public) == (expected, ('p',), kind == 'volume_type')


@pytest.mark.parametrize(
    ('kind', 'query', 'projects', 'expected'),
    [
        ('volume', 'all_tenants=1&project_id=q', None, [Filter(('project',), 'in', ('q',))]),
        ('volume', 'host=h', ('p',), [Filter(('doc', 'os-vol-host-attr:host'), 'in', ('h',))]),
        ('volume', 'name~=a', ('p',), [Filter(('name',), 'like', ('a',))]),
        ('volume', 'foo=1', ('p',), [filters.NOTHING]),
        ('snapshot', 'all_tenants=foo', ('p',), []),
        ('snapshot', 'all_tenants=1', None, []),
        ('volume_type', '', None, [Filter(('doc', 'is_public'), 'in', ('true',))]),
        ('volume_type', 'is_public=None', None, []),
    ],
)
def test_filters_of_an_administrator(kind: str, query: str, projects: tuple[str, ...] | None, expected: list[Filter]) -> None:
    found = read(kind, query, NEWEST, 'admin').query
    assert (found.projects, list(found.filters)) == (projects, expected)


def test_old_versions_were_lenient_about_truth() -> None:
    assert read('volume', 'bootable=foo', '3.1').query.filters == (Filter(('doc', 'bootable'), 'in', ('true',)),)
    assert read('volume', 'name~=a', '3.33', 'admin').query.filters == (filters.NOTHING,)


@pytest.mark.parametrize(
    ('query', 'expected'),
    [
        ('', [(('created',), True)]),
        ('sort=name', [(('name',), True), (('created',), True)]),
        ('sort=name:asc,size', [(('name',), False), (('doc', 'size'), True), (('created',), False)]),
        ('sort_key=status&sort_dir=asc', [(('status',), False), (('created',), False)]),
        ('sort=created_at:asc', [(('created',), False)]),
    ],
)
def test_order(query: str, expected: list[tuple[tuple[str, ...], bool]]) -> None:
    assert read('volume', query).query.sorts == tuple(Sort(path, descending) for path, descending in expected)


def test_pages() -> None:
    found = read('volume', 'limit=2&offset=3&marker=m&with_count=1')
    assert (found.limit, found.offset, found.query.marker, found.with_count) == (2, 3, 'm', True)
    assert read('volume', 'limit=5000').limit == read('volume', '').limit == 1000
