"""Limits, quotas and usage of several sites make the document that one cloud would give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.rules import limits


@pytest.mark.parametrize(
    ('documents', 'merged'),
    [
        ([], {}),
        ([{'a': 1}], {'a': 1}),
        ([{'a': 1}, {'a': 2, 'b': 3}], {'a': 3, 'b': 3}),
        ([{}, {'a': 1}], {'a': 1}),
        ([{'cores': -1}, {'cores': 20}], {'cores': -1}),
        ([{'cores': 20}, {'cores': -1}, {'cores': -1}], {'cores': -1}),
        ([{'per_volume_gigabytes': -1}, {'per_volume_gigabytes': 100}], {'per_volume_gigabytes': 100}),
        ([{'per_volume_gigabytes': -1}, {'per_volume_gigabytes': -1}], {'per_volume_gigabytes': -1}),
        ([{'metadata_items': 128}, {'metadata_items': 64}], {'metadata_items': 64}),
        ([{'id': 'p', 'instances': 10}, {'id': 'q', 'instances': 10}], {'id': 'p', 'instances': 20}),
        ([{'on': True}, {'on': False}], {'on': True}),
        ([{'a': None}, {'a': 3}, {'a': None}], {'a': 3}),
        ([{'a': None}, {'a': None}], {'a': None}),
        ([{'a': 1}, {'a': 'much'}], {'a': 1}),
        ([{'a': 'much'}, {'a': 1}], {'a': 'much'}),
        ([{'a': {'b': 1}}, {'a': None}, {'a': {'b': 2}}], {'a': {'b': 3}}),
        ([{'start': '2026-11-21'}], {'start': '2026-11-21'}),
    ],
)
def test_one_document(documents: list[Any], merged: Any) -> None:
    assert limits.merged(documents) == merged


def test_novas_limits() -> None:
    def told(instances: int, used: int, meta: int) -> Any:
        absolute = {'maxTotalInstances': instances, 'totalInstancesUsed': used, 'maxServerMeta': meta, 'maxSecurityGroups': -1}
        return {'limits': {'rate': [], 'absolute': absolute}}

    assert limits.merged([told(10, 1, 128), told(20, 2, 64)]) == told(30, 3, 64)
    assert limits.merged([told(-1, 1, 128), told(20, 2, 64)]) == told(-1, 3, 64)


def test_rates_that_all_sites_have_are_said_once() -> None:
    rate = {'uri': '*', 'limit': [{'value': 10, 'verb': 'POST'}]}
    assert limits.merged([{'rate': [rate]}, {'rate': [rate]}]) == {'rate': [rate]}


@pytest.mark.parametrize('used', ['used', 'in_use'])
def test_quota_details(used: str) -> None:
    """Neutron's say `used`, Nova's and Cinder's `in_use`."""

    def detail(limit: int, in_use: int) -> Any:
        return {'limit': limit, used: in_use, 'reserved': 1}

    east = {'quota': {'network': detail(10, 1), 'port': detail(-1, 5), 'metadata_items': detail(128, 0)}}
    west = {'quota': {'network': detail(10, 2), 'port': detail(500, 6), 'metadata_items': detail(64, 0)}}
    assert limits.merged([east, west]) == {
        'quota': {
            'network': {'limit': 20, used: 3, 'reserved': 2},
            'port': {'limit': -1, used: 11, 'reserved': 2},
            'metadata_items': {'limit': 64, used: 0, 'reserved': 2},
        }
    }


def test_cinders_quotas_of_types_that_one_site_has() -> None:
    east = {'quota_set': {'gigabytes': 1000, 'gigabytes_lvm': -1, 'volumes_lvm': 3, 'per_volume_gigabytes': 50}}
    west = {'quota_set': {'gigabytes': 500, 'gigabytes_ssd': 10, 'volumes_lvm': 4, 'per_volume_gigabytes': -1}}
    assert limits.merged([east, west]) == {
        'quota_set': {'gigabytes': 1500, 'gigabytes_lvm': -1, 'gigabytes_ssd': 10, 'volumes_lvm': 7, 'per_volume_gigabytes': 50}
    }


def usage(tenant: str, start: str, stop: str, hours: float, *servers: str) -> Any:
    return {
        'tenant_id': tenant,
        'start': start,
        'stop': stop,
        'total_hours': hours,
        'total_memory_mb_usage': hours * 512,
        'server_usages': [{'instance_id': server, 'hours': hours, 'started_at': start, 'ended_at': None} for server in servers],
    }


def test_usage_of_a_project() -> None:
    east = {'tenant_usage': usage('p', '2026-11-01T00:00:00.000000', '2026-11-21T10:00:00.000000', 1.5, 'a', 'b')}
    west = {'tenant_usage': usage('p', '2026-11-02T00:00:00.000000', '2026-11-21T10:00:01.000000', 2.25, 'c')}
    idle: Any = {'tenant_usage': {}}
    merged = limits.merged([idle, east, west])['tenant_usage']
    assert (merged['start'], merged['stop']) == ('2026-11-01T00:00:00.000000', '2026-11-21T10:00:01.000000')
    assert (merged['total_hours'], merged['total_memory_mb_usage']) == (3.75, 1920.0)
    assert merged['server_usages'] == east['tenant_usage']['server_usages'] + west['tenant_usage']['server_usages']
    assert merged['tenant_id'] == 'p'
    assert limits.merged([idle, idle]) == idle


def test_usage_of_all_projects_has_each_once() -> None:
    east = {'tenant_usages': [usage('p', 'a', 'b', 1.0, 's1'), usage('q', 'a', 'b', 2.0, 's2')]}
    west = {'tenant_usages': [usage('r', 'a', 'b', 3.0), usage('p', 'a', 'c', 4.0, 's3')]}
    merged = limits.merged([east, west])['tenant_usages']
    assert [(each['tenant_id'], each['total_hours'], each['stop']) for each in merged] == [('p', 5.0, 'c'), ('q', 2.0, 'b'), ('r', 3.0, 'b')]
    assert [server['instance_id'] for server in merged[0]['server_usages']] == ['s1', 's3']


def test_a_summary_of_volumes_names_each_value_once() -> None:
    east = {'volume-summary': {'total_size': 4, 'total_count': 4, 'metadata': {'k': ['v1', 'v2']}}}
    west = {'volume-summary': {'total_size': 1, 'total_count': 1, 'metadata': {'k': ['v2', 'v3']}}}
    assert limits.merged([east, west]) == {
        'volume-summary': {'total_size': 5, 'total_count': 5, 'metadata': {'k': ['v1', 'v2', 'v3']}}
    }


numbers = st.integers(min_value=-1, max_value=1000)
documents = st.fixed_dictionaries(
    {'quota': st.fixed_dictionaries({'cores': numbers, 'key_pairs': numbers, 'ram': st.fixed_dictionaries({'limit': numbers})})}
)


@given(st.lists(documents, min_size=2, max_size=4))
def test_it_is_all_the_same_in_which_order_the_sites_are_asked(told: list[Any]) -> None:
    merged = limits.merged(told)
    assert merged == limits.merged(told[::-1]) == limits.merged([told[0], limits.merged(told[1:])])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(['start', 'limit', 'key_pairs', 'tenant_id', 'total_hours']), inner),
    max_leaves=15,
)


@given(st.lists(anything, min_size=1, max_size=3))
def test_whatever_a_site_tells_is_survived(told: list[Any]) -> None:
    limits.merged(told)
