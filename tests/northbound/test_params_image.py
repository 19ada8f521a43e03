"""List requests of Glance's API: what clouds refuse is refused with their words, and what they take leads to the right query."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from hansa.model.call import Call, Token
from hansa.model.errors import BadRequest
from hansa.model.listing import Filter, Sort
from hansa.northbound.hall import filters
from hansa.northbound.image import params

SITES = frozenset(('east', 'west'))
SHOWN = Filter(('doc', 'os_hidden'), 'not_in', ('true',))


def read(query: str, role: str = 'member') -> filters.Listing:
    token = Token('me', 'demo', 'd', 'p', 'demo', 'd', frozenset((role,)), 0)
    return params.listing('image', parse_qsl(query, keep_blank_values=True), Call('r', token, 'image'), SITES)


# What a cloud of 2026.2 answered with status 400: (query, a part of its message).
REFUSED = [
    ('limit=abc', 'limit param must be an integer'),
    ('limit=-1', 'limit param must be positive'),
    ('visibility=foo', 'Invalid visibility value: foo'),
    ('changes-since=x', 'The "changes-since" filter is no longer available on v2.'),
    ('sort=foo', 'Invalid sort key: foo. It must be one of the following: name, status, container_format, disk_format, size, id,'),
    ('sort=name:up', 'Invalid sort direction: up'),
    ('sort=name&sort_key=id', 'Old and new sorting syntax cannot be combined'),
    ('sort_key=name&sort_dir=up', 'Invalid sort direction: up'),
    ('sort_key=name&sort_key=id&sort_key=size&sort_dir=asc&sort_dir=desc', 'Number of sort dirs does not match the number'),
    ('member_status=foo', 'Invalid status: foo'),
    ('os_hidden=foo', "Invalid value 'foo' for 'os_hidden' filter. Valid values are 'true' or 'false'."),
    ('protected=True', "Invalid value 'True' for 'protected' filter."),
    ('size_min=x', 'Unable to filter on a range with a non-numeric value.'),
    ('created_at=foo', 'Bad "created_at" query filter format. Use ISO 8601 DateTime notation.'),
    ('created_at=xx:2020-01-01T00:00:00Z', 'Unable to filter on a unknown operator.'),
    ('id=foo:a', "Unable to filter by unknown operator 'foo'."),
    ('name=a:b', "Unable to filter by unknown operator 'a'."),
    ('name=in:"a', 'The quote is not closed.'),
    ('name=in:"a"b', 'no comma after closing quotation mark'),
    ('foo_min=1', 'Unable to filter on a range of foo.'),
]


@pytest.mark.parametrize(('query', 'words'), REFUSED)
def test_what_clouds_refuse(query: str, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(query)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ('query', 'expected'),
    [
        ('', []),
        ('name=a&status=active', [Filter(('name',), 'in', ('a',)), Filter(('status',), 'in', ('active',))]),
        ('name=a@east', [Filter(('name',), 'in', ('a',)), Filter(('site',), 'in', ('east',))]),
        ('name=in:a@east,b@west', [Filter(('name',), 'in', ('a', 'b')), Filter(('site',), 'in', ('east', 'west'))]),
        ('name=a@home', [Filter(('name',), 'in', ('a@home',))]),
        ('name=in:"a,b",c', [Filter(('name',), 'in', ('a,b', 'c'))]),
        ('id=in:a,b', [Filter(('id',), 'in', ('a', 'b'))]),
        ('status=in:active,queued', [Filter(('status',), 'in', ('active', 'queued'))]),
        ('disk_format=in:raw,qcow2', [Filter(('doc', 'disk_format'), 'in', ('raw', 'qcow2'))]),
        ('owner=q', [Filter(('project',), 'in', ('q',))]),
        ('protected=true', [Filter(('doc', 'protected'), 'in', ('true',))]),
        ('size_min=1&size_max=9', [Filter(('doc', 'size'), 'ge', ('1',)), Filter(('doc', 'size'), 'le', ('9',))]),
        ('min_ram=0', [Filter(('doc', 'min_ram'), 'in', ('0',))]),
        ('created_at=gte:2020-01-01T01:00:00%2B01:00', [Filter(('created',), 'ge', ('2020-01-01T00:00:00Z',))]),
        ('updated_at=2020-01-01T00:00:00Z', [Filter(('updated',), 'in', ('2020-01-01T00:00:00Z',))]),
        ('colour=green', [Filter(('doc', 'colour'), 'in', ('green',))]),
        ('*=green', [filters.NOTHING]),
        ('tag=a&tag=b', [Filter(('doc', 'tags', '*'), 'has', ('a', 'b'))]),
        ('member_status=all', []),
    ],
)
def test_filters(query: str, expected: list[Filter]) -> None:
    assert list(read(query).query.filters) == [*expected, SHOWN]


@pytest.mark.parametrize(
    ('query', 'operator'), [('os_hidden=True', 'in'), ('os_hidden=true', 'in'), ('os_hidden=false', 'not_in')]
)
def test_hidden_ones(query: str, operator: str) -> None:
    (found,) = read(query).query.filters
    assert (found.operator, found.values) == (operator, ('true',))


@pytest.mark.parametrize(
    ('query', 'projects', 'expected'),
    [
        ('', ('p',), []),
        ('visibility=all', ('p',), []),
        ('visibility=private', ('p',), [Filter(('doc', 'visibility'), 'in', ('private',))]),
        ('visibility=shared', ('p',), [Filter(('doc', 'visibility'), 'in', ('shared',))]),
        ('visibility=public', None, [Filter(('doc', 'visibility'), 'in', ('public',))]),
        ('visibility=community', None, [Filter(('doc', 'visibility'), 'in', ('community',))]),
        ('visibility=', ('p',), [filters.NOTHING]),
    ],
)
def test_whose(query: str, projects: tuple[str, ...] | None, expected: list[Filter]) -> None:
    found = read(query).query
    assert (found.projects, found.public, list(found.filters)) == (projects, True, [SHOWN, *expected])
    assert read(query, 'admin').query.projects is None


@pytest.mark.parametrize(
    ('query', 'expected'),
    [
        ('', [(('created',), True)]),
        ('sort=name:asc,size', [(('name',), False), (('doc', 'size'), True), (('created',), False)]),
        ('sort_key=name&sort_key=id&sort_dir=asc', [(('name',), False), (('id',), False), (('created',), False)]),
        ('sort_key=name&sort_key=id&sort_dir=asc&sort_dir=desc', [(('name',), False), (('id',), True), (('created',), False)]),
        ('sort_key=name', [(('name',), True), (('created',), True)]),
        ('sort_dir=asc', [(('created',), False)]),
    ],
)
def test_order(query: str, expected: list[tuple[tuple[str, ...], bool]]) -> None:
    assert read(query).query.sorts == tuple(Sort(path, descending) for path, descending in expected)


@pytest.mark.parametrize(('query', 'limit'), [('', 25), ('limit=0', 0), ('limit=7', 7), ('limit=5000', 1000)])
def test_pages(query: str, limit: int) -> None:
    found = read(query + '&marker=m')
    assert (found.limit, found.query.limit, found.query.marker) == (limit, limit, 'm')
