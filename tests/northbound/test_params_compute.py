"""List requests of Nova's API: what clouds refuse is refused with their words, and what they take leads to the right query."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from hansa.model.call import Call, Token
from hansa.model.errors import BadRequest, Forbidden, HansaError
from hansa.model.listing import Filter, Sort
from hansa.northbound.compute import params
from hansa.northbound.hall import filters

SITES = frozenset(('east', 'west'))
FLAVORS = {'m1.tiny': 'f-1', 'm1.small': 'f-2'}
NEWEST = '2.104'


def read(kind: str, query: str, version: str = NEWEST, *roles: str, detail: bool = True) -> filters.Listing:
    token = Token('me', 'demo', 'd', 'p', 'demo', 'd', frozenset(roles or ('member',)), 0)
    items = parse_qsl(query, keep_blank_values=True)
    return params.listing(kind, items, Call('r', token, 'compute', version), SITES, FLAVORS, detail=detail)


# What a cloud of 2026.2 answered to its plain user: (kind, version, query, status, a part of its message).
REFUSED = [
    ('server', '2.100', 'limit=abc', 400, "parameters limit. Value: abc. 'abc' does not match '^[0-9]*$'"),
    ('server', '2.1', 'limit=abc', 400, "Value: abc. 'abc' does not match"),
    ('server', '2.100', 'limit=-1', 400, "Value: -1. '-1' does not match"),
    ('server', '2.100', 'limit=', 400, "'' should be non-empty"),
    ('server', '2.100', 'limit=x&limit=1', 400, 'Value: x.'),
    ('server', '2.100', 'sort_key=foo', 400, "Value: foo. 'foo' is not one of ["),
    ('server', '2.1', 'sort_key=foo', 400, "Value: foo. 'foo' is not one of ["),
    ('server', '2.100', 'sort_key=id', 400, "Value: id. 'id' is not one of ["),
    ('server', '2.100', 'sort_key=created_at&sort_dir=up', 400, "Unknown sort direction, must be 'desc' or 'asc'"),
    ('server', '2.100', 'sort_dir=asc&sort_dir=desc', 400, 'Sort direction size exceeds sort key size'),
    ('server', '2.100', 'sort_key=host', 403, 'Only administrators can sort servers by host'),
    ('server', '2.100', 'foo=1', 400, "('foo' was unexpected)"),
    ('server', '2.75', 'tagz=1&foo=2', 400, "('tagz', 'foo' were unexpected)"),
    ('server', '2.100', 'status=foo', 400, 'Invalid status value'),
    ('server', '2.100', 'status=deleted', 403, 'Only administrators may list deleted instances'),
    ('server', '2.100', 'name=', 400, "Value: . '' is not a 'regex'"),
    ('server', '2.1', 'name=', 400, "Value: . '' is not a 'regex'"),
    ('server', '2.100', 'name=*', 400, "Value: *. '*' is not a 'regex'"),
    ('server', '2.100', 'name=(', 400, "Value: (. '(' is not a 'regex'"),
    ('server', '2.100', 'ip=10.(', 400, "'10.(' is not a 'regex'"),
    ('server', '2.100', 'tags=', 400, "'' is not a 'regex'"),
    ('server', '2.100', 'all_tenants=1', 403, 'os_compute_api:servers:detail:get_all_tenants'),
    ('server', '2.100', 'all_tenants=', 403, 'os_compute_api:servers:detail:get_all_tenants'),
    ('server', '2.100', 'all_tenants=foo', 400, "Unrecognized value 'foo', acceptable values are: '0', '1', 'f', 'false'"),
    ('server', '2.100', 'locked=foo', 400, "Unrecognized value 'foo'"),
    ('server', '2.100', 'changes-since=foo', 400, "'foo' is not a 'date-time'"),
    ('server', '2.100', 'changes-since=2026-02-01T00:00:00Z&changes-before=2026-01-01T00:00:00Z', 400, 'less than or equal'),
    ('flavor', '2.101', 'minRam=x', 400, 'Invalid minRam filter [x]'),
    ('flavor', '2.101', 'name=a', 400, "('name' was unexpected)"),
    ('flavor', '2.101', 'sort_key=foo', 400, "'foo' is not one of ["),
    ('flavor', '2.103', 'sort_key=rxtx_factor', 400, "'rxtx_factor' is not one of ["),
    ('flavor', '2.101', 'sort_key=memory_mb&sort_dir=up', 400, "'up' is not one of ['asc', 'desc']"),
    ('flavor', '2.101', 'limit=-1', 400, "'-1' does not match"),
    ('keypair', '2.90', 'limit=x', 400, "'x' does not match"),
    ('keypair', '2.90', 'user_id=you', 403, "Policy doesn't allow os_compute_api:os-keypairs:index"),
    ('keypair', '2.90', 'foo=1', 400, "('foo' was unexpected)"),
    ('server_group', '2.90', 'offset=x', 400, 'parameters offset. Value: x.'),
    ('server_group', '2.90', 'foo=1', 400, "('foo' was unexpected)"),
]


@pytest.mark.parametrize(('kind', 'version', 'query', 'status', 'words'), REFUSED)
def test_what_clouds_refuse(kind: str, version: str, query: str, status: int, words: str) -> None:
    with pytest.raises(HansaError) as caught:
        read(kind, query, version)
    assert caught.value.status == status
    assert isinstance(caught.value, BadRequest if status == 400 else Forbidden)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ('kind', 'version', 'query'),
    [
        ('server', '2.1', 'foo=1&sort_key=id&locked=foo&metadata=x&tags=a&changes-before=foo&ip6=x&_x=1'),
        ('server', '2.100', '_x=1&metadata=x&host=x&uuid=foo&access_ip_v4=1&deleted=foo&all_tenants=0'),
        ('flavor', '2.74', 'foo=1&is_public=foo&limit=0'),
        ('keypair', '2.9', 'user_id=you&limit=x1'.replace('x1', '1')),
        ('server_group', '2.74', 'foo=1&all_projects=1'),
    ],
)
def test_what_clouds_pass_over(kind: str, version: str, query: str) -> None:
    asked, plain = read(kind, query, version).query, read(kind, '', version).query
    assert (asked.filters, asked.sorts, asked.projects) == (plain.filters, plain.sorts, plain.projects)


TAGS = ('doc', 'tags', '*')


@pytest.mark.parametrize(
    ('query', 'expected'),
    [
        ('name=web', [Filter(('name',), 'like', ('web',))]),
        ('name=^web', [Filter(('name',), 'regex', ('(?i)^web',))]),
        ('name=web@east', [Filter(('name',), 'like', ('web',)), Filter(('site',), 'in', ('east',))]),
        ('name=^web@east:az1$', [Filter(('name',), 'regex', ('(?i)^web$',)), Filter(('site',), 'in', ('east',))]),
        ('name=you@home', [Filter(('name',), 'like', ('you@home',))]),
        ('status=active&status=Error&status=foo', [Filter(('status',), 'in', ('ACTIVE', 'ERROR'))]),
        ('ip=10.1', [Filter(('doc', 'addresses', '*', '*', 'addr'), 'regex', ('(?i)10.1',))]),
        ('ip=a&ip6=b', [Filter(('doc', 'addresses', '*', '*', 'addr'), 'regex', ('(?i)(?:a)|(?:b)',))]),
        ('flavor=f-2', [Filter(('doc', 'flavor', 'original_name'), 'in', ('m1.small',))]),
        ('flavor=nope', [filters.NOTHING]),
        ('image=i', [Filter(('doc', 'image', 'id'), 'in', ('i',))]),
        ('tags=a,b', [Filter(TAGS, 'has', ('a', 'b'))]),
        ('tags-any=a,b', [Filter(TAGS, 'in', ('a', 'b'))]),
        ('not-tags=a', [Filter(TAGS, 'not_in', ('a',))]),
        ('not-tags-any=a,b', [Filter(TAGS, 'not_in', ('a', 'b'))]),
        ('changes-since=2026-01-01T02:00:00%2B02:00', [Filter(('updated',), 'ge', ('2026-01-01T00:00:00Z',))]),
        ('changes-before=2026-01-01', [Filter(('updated',), 'le', ('2026-01-01T00:00:00Z',))]),
        ('locked=yes', [Filter(('doc', 'locked'), 'in', ('true',))]),
        ('availability_zone=east', [Filter(('doc', 'OS-EXT-AZ:availability_zone'), 'like', ('east',))]),
        ('key_name=k', [Filter(('doc', 'key_name'), 'like', ('k',))]),
        ('power_state=1', [Filter(('doc', 'OS-EXT-STS:power_state'), 'like', ('1',))]),
        ('user_id=u', [Filter(('doc', 'user_id'), 'in', ('u',))]),
        ('hostname=web', [Filter(('doc', 'OS-EXT-SRV-ATTR:hostname'), 'like', ('web',))]),
        ('host=vm', []),
        ('project_id=other', []),
    ],
)
def test_filters_of_a_plain_user(query: str, expected: list[Filter]) -> None:
    found = read('server', query).query
    assert list(found.filters) == expected
    assert found.projects == ('p',)


@pytest.mark.parametrize(
    ('query', 'projects', 'expected'),
    [
        ('host=vm', ('p',), [Filter(('doc', 'OS-EXT-SRV-ATTR:host'), 'in', ('vm',))]),
        ('all_tenants=1', None, []),
        ('all_tenants=True&project_id=q', None, [Filter(('project',), 'in', ('q',))]),
        ('all_tenants=0&tenant_id=q', ('p',), []),
        ('deleted=true', ('p',), [filters.NOTHING]),
        ('uuid=s', ('p',), [Filter(('id',), 'in', ('s',))]),
    ],
)
def test_filters_of_an_administrator(query: str, projects: tuple[str, ...] | None, expected: list[Filter]) -> None:
    found = read('server', query, NEWEST, 'admin')
    assert (found.query.projects, list(found.query.filters), found.all_projects) == (projects, expected, projects is None)


@pytest.mark.parametrize('query', ['metadata=x', '_x=1'])
def test_an_administrator_is_told_of_words_that_are_none(query: str) -> None:
    with pytest.raises(BadRequest, match='Invalid filter field'):
        read('server', query, NEWEST, 'admin')


def test_a_filter_counts_from_its_version_on() -> None:
    assert read('server', 'availability_zone=east', '2.82').query.filters == ()
    assert read('server', 'status=foo', '2.37').query.filters == (filters.NOTHING,)
    with pytest.raises(Forbidden, match='servers:index:'):
        read('server', 'all_tenants=1', detail=False)


@pytest.mark.parametrize(
    ('query', 'expected'),
    [
        ('', [(('created',), True)]),
        ('sort_dir=asc', [(('created',), False)]),
        ('sort_key=display_name', [(('name',), True), (('created',), True)]),
        ('sort_key=display_name&sort_key=uuid&sort_dir=asc', [(('name',), False), (('id',), False), (('created',), False)]),
        ('sort_key=updated_at&sort_key=vm_state&sort_dir=desc&sort_dir=asc',
         [(('updated',), True), (('doc', 'OS-EXT-STS:vm_state'), False), (('created',), True)]),
        ('sort_key=locked', [(('doc', 'locked'), True), (('created',), True)]),
    ],
)  # fmt: skip
def test_order(query: str, expected: list[tuple[tuple[str, ...], bool]]) -> None:
    assert read('server', query).query.sorts == tuple(Sort(path, descending) for path, descending in expected)


@pytest.mark.parametrize(('query', 'limit'), [('', 1000), ('limit=0', 0), ('limit=1', 1), ('limit=5000', 1000), ('limit=' + '9' * 99, 1000)])
def test_pages(query: str, limit: int) -> None:
    found = read('server', query + '&marker=m')
    assert (found.limit, found.query.limit, found.query.marker) == (limit, limit, 'm')


@pytest.mark.parametrize(
    ('query', 'roles', 'projects', 'expected'),
    [
        ('', 'member', ('p',), []),
        ('is_public=None', 'member', ('p',), []),
        ('is_public=None', 'admin', None, []),
        ('', 'admin', None, [Filter(('doc', 'os-flavor-access:is_public'), 'in', ('true',))]),
        ('is_public=no', 'admin', None, [Filter(('doc', 'os-flavor-access:is_public'), 'in', ('false',))]),
        ('minRam=64&minDisk=1', 'member', ('p',), [Filter(('doc', 'ram'), 'ge', ('64',)), Filter(('doc', 'disk'), 'ge', ('1',))]),
        ('name=m1', 'member', ('p',), [Filter(('name',), 'like', ('m1',))]),
    ],
)
def test_flavors(query: str, roles: str, projects: tuple[str, ...] | None, expected: list[Filter]) -> None:
    found = read('flavor', query, NEWEST, roles).query
    assert (found.projects, found.public, list(found.filters)) == (projects, True, expected)
    assert found.sorts == (Sort(('id',)),)


def test_key_pairs_are_a_users() -> None:
    found = read('keypair', 'limit=2&marker=k')
    assert (found.query.projects, found.query.marker, found.limit) == (('me',), 'me/k', 2)
    assert read('keypair', 'user_id=you', NEWEST, 'admin').query.projects == ('you',)
    assert read('keypair', 'limit=2', '2.34').limit is None


def test_server_groups() -> None:
    assert read('server_group', 'all_projects=1').query.projects == ('p',)
    found = read('server_group', 'all_projects=1&offset=3&limit=4', NEWEST, 'admin')
    assert (found.query.projects, found.offset, found.limit, found.all_projects) == (None, 3, 4, True)
