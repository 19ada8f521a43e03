"""List requests of Neutron's API: what clouds refuse is refused with their words, and what they take leads to the right query."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from hansa.model.call import Call, Token
from hansa.model.errors import BadRequest
from hansa.model.listing import Filter, Sort
from hansa.northbound.hall import filters
from hansa.northbound.network import params

SITES = frozenset(('east', 'west'))


def read(kind: str, query: str, role: str = 'member') -> filters.Listing:
    token = Token('me', 'demo', 'd', 'p', 'demo', 'd', frozenset((role,)), 0)
    return params.listing(kind, parse_qsl(query, keep_blank_values=True), Call('r', token, 'network'), SITES)


# What a cloud of 2026.2 answered with status 400: (kind, query, a part of its message).
REFUSED = [
    ('network', 'limit=abc', "Limit must be an integer 0 or greater and not 'abc'."),
    ('network', 'limit=-1', "Limit must be an integer 0 or greater and not '-1'."),
    ('network', 'sort_key=foo&sort_dir=asc', "['foo'] is invalid attribute for sort_keys"),
    ('network', 'sort_key=name', 'The number of sort_keys and sort_dirs must be same'),
    ('network', 'sort_dir=asc', 'The number of sort_keys and sort_dirs must be same'),
    ('network', 'sort_key=name&sort_dir=up', "['up'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'"),
    ('network', 'admin_state_up=foo', "'foo' cannot be converted to boolean."),
    ('network', 'shared=foo', "'foo' cannot be converted to boolean."),
    ('network', 'mtu=x', "'x' is not an integer."),
    ('network', 'foo=1', "['foo'] is invalid attribute for filtering"),
    ('network', 'changed_since=2026-01-01T00:00:00Z', "['changed_since'] is invalid attribute for filtering"),
    ('network', 'created_at=x', "['created_at'] is invalid attribute for filtering"),
    ('network', 'subnets=x', "['subnets'] is invalid attribute for filtering"),
    ('port', 'fixed_ips=foo', "'foo' is not of the form <key>=[value]."),
    ('port', 'allowed_address_pairs=ip_address=1', "['allowed_address_pairs'] is invalid attribute for filtering"),
    ('port', 'security_group_id=x', "['security_group_id'] is invalid attribute for filtering"),
    ('router', 'status=ACTIVE', "['status'] is invalid attribute for filtering"),
    ('floating_ip', 'name=x', "['name'] is invalid attribute for filtering"),
    ('subnet', 'cidr=true', "'true' is not in a CIDR format"),
]


@pytest.mark.parametrize(('kind', 'query', 'words'), REFUSED)
def test_what_clouds_refuse(kind: str, query: str, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(kind, query)
    assert words in str(caught.value)


IPS = ('doc', 'fixed_ips', '*')
TAGS = ('doc', 'tags', '*')


@pytest.mark.parametrize(
    ('kind', 'query', 'expected'),
    [
        ('network', 'name=a&name=b', [Filter(('name',), 'in', ('a', 'b'))]),
        ('network', 'name=', [Filter(('name',), 'in', ('',))]),
        ('network', 'name=a@east&name=b@west', [Filter(('name',), 'in', ('a', 'b')), Filter(('site',), 'in', ('east', 'west'))]),
        ('network', 'name=a@east:az1', [Filter(('name',), 'in', ('a',)), Filter(('site',), 'in', ('east',))]),
        ('network', 'name=a@east&name=b', [Filter(('name',), 'in', ('a@east', 'b'))]),
        ('network', 'name=a@home', [Filter(('name',), 'in', ('a@home',))]),
        ('network', 'router:external=yes', [Filter(('doc', 'router:external'), 'in', ('true',))]),
        ('network', 'shared=0', [Filter(('doc', 'shared'), 'in', ('false',))]),
        ('network', 'mtu=1450', [Filter(('doc', 'mtu'), 'in', ('1450',))]),
        ('network', 'tenant_id=q&id=n', [Filter(('project',), 'in', ('q',)), Filter(('id',), 'in', ('n',))]),
        ('network', 'tags=a,b', [Filter(TAGS, 'has', ('a', 'b'))]),
        ('network', 'tags-any=a,b', [Filter(TAGS, 'in', ('a', 'b'))]),
        ('network', 'not-tags=a', [Filter(TAGS, 'not_in', ('a',))]),
        ('network', 'not-tags-any=a,b', [Filter(TAGS, 'not_in', ('a', 'b'))]),
        ('port', 'fixed_ips=ip_address=10.0.0.1&fixed_ips=subnet_id=s&fixed_ips=ip_address=10.0.0.2', [
            Filter((*IPS, 'ip_address'), 'in', ('10.0.0.1', '10.0.0.2')), Filter((*IPS, 'subnet_id'), 'in', ('s',)),
        ]),
        ('port', 'fixed_ips=ip_address_substr=10.', [Filter((*IPS, 'ip_address'), 'regex', ('(?i)10\\.',))]),
        ('port', 'fixed_ips=foo=x', []),
        ('port', 'security_groups=a&security_groups=b', [Filter(('doc', 'security_groups', '*'), 'in', ('a', 'b'))]),
        ('port', 'device_id=d&mac_address=FA:16:3E:00:00:01',
         [Filter(('doc', 'device_id'), 'in', ('d',)), Filter(('doc', 'mac_address'), 'in', ('fa:16:3e:00:00:01',))]),
        ('subnet', 'cidr=10.0.0.1/24&ip_version=4',
         [Filter(('doc', 'cidr'), 'in', ('10.0.0.0/24',)), Filter(('doc', 'ip_version'), 'in', ('4',))]),
        ('floating_ip', 'floating_ip_address=1.2.3.4', [Filter(('doc', 'floating_ip_address'), 'in', ('1.2.3.4',))]),
        ('security_group', 'stateful=true', [Filter(('doc', 'stateful'), 'in', ('true',))]),
    ],
)  # fmt: skip
def test_filters(kind: str, query: str, expected: list[Filter]) -> None:
    assert list(read(kind, query).query.filters) == expected


def test_administrators_see_all_projects() -> None:
    assert (read('port', '').query.projects, read('port', '', 'admin').query.projects) == (('p',), None)
    assert read('port', '').query.public


@pytest.mark.parametrize(
    ('query', 'limit', 'marker', 'backwards'),
    [
        ('', None, '', False),
        ('limit=0&marker=m&page_reverse=true', None, '', False),
        ('marker=nope', None, '', False),
        ('limit=2&marker=m', 2, 'm', False),
        ('limit=2&marker=m&page_reverse=TRUE', 2, 'm', True),
        ('limit=2&page_reverse=foo', 2, '', False),
    ],
)
def test_pages(query: str, limit: int | None, marker: str, backwards: bool) -> None:
    found = read('network', query)
    assert (found.limit, found.query.limit, found.query.marker, found.query.backwards) == (limit, limit, marker, backwards)


def test_order_and_fields() -> None:
    found = read('network', 'sort_key=name&sort_key=mtu&sort_dir=desc&sort_dir=asc&fields=id&fields=&fields=name')
    assert found.query.sorts == (Sort(('name',), descending=True), Sort(('doc', 'mtu')), Sort(('id',)))
    assert found.fields == ('id', 'name')
    assert read('network', 'sort_key=id&sort_dir=desc').query.sorts == (Sort(('id',), descending=True),)


RULES: list[dict[str, Any]] = [
    {'id': 'c', 'direction': 'ingress', 'port_range_min': 22, 'remote_group_id': None, 'security_group_id': 'g'},
    {'id': 'a', 'direction': 'egress', 'port_range_min': None, 'remote_group_id': None, 'security_group_id': 'g'},
    {'id': 'b', 'direction': 'ingress', 'port_range_min': 8, 'remote_group_id': 'g', 'security_group_id': 'h'},
]


@pytest.mark.parametrize(
    ('query', 'ids'),
    [
        ('', 'abc'),
        ('security_group_id=g', 'ac'),
        ('security_group_id=g&direction=INGRESS', 'c'),
        ('id=a&id=b', 'ab'),
        ('port_range_min=22', 'c'),
        ('sort_key=port_range_min&sort_dir=asc', 'abc'),
        ('sort_key=port_range_min&sort_dir=desc', 'cba'),
        ('limit=2', 'ab'),
        ('limit=2&marker=b', 'c'),
    ],
)
def test_rules_of_groups(query: str, ids: str) -> None:
    kept, fields = params.rules(RULES, parse_qsl(query))
    assert ([rule['id'] for rule in kept], fields) == (list(ids), ())


def test_rules_have_fields_and_refuse_what_they_lack() -> None:
    assert params.rules(RULES, [('fields', 'id')])[1] == ('id',)
    with pytest.raises(BadRequest, match='invalid attribute for filtering'):
        params.rules(RULES, [('tags', 'a')])
