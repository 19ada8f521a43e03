"""What a body refers to: ids wherever they stand but in what users write freely."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.rules import references

A, B, C = '1c24e0f5-62ad-4b1c-8a5a-0f7d9a3b1c01', '1c24e0f5-62ad-4b1c-8a5a-0f7d9a3b1c02', 'b740e874c3904d41abb98d113bcf0f07'


@pytest.mark.parametrize(
    ('body', 'ids'),
    [
        ({'server': {'imageRef': A, 'networks': [{'uuid': B}, {'port': C}]}}, [A, B, C]),
        ({'server': {'imageRef': f'http://league/image/v2/images/{A}'}}, [A]),
        ({'server': {'block_device_mapping_v2': [{'uuid': A, 'source_type': 'image', 'boot_index': 0}]}}, [A]),
        ({'server': {'networks': 'auto', 'flavorRef': '1', 'imageRef': ''}}, []),
        ({'os:scheduler_hints': {'group': A, 'different_host': [B, C]}}, [A, B, C]),
        ({'volume': {'source_volid': A, 'snapshot_id': None, 'size': 1}}, [A]),
        ({'port': {'network_id': A, 'fixed_ips': [{'subnet_id': B}], 'security_groups': [C]}}, [A, B, C]),
        ({'router': {'external_gateway_info': {'network_id': A}}}, [A]),
        ({'server': {'name': A, 'metadata': {'x': A}, 'description': A, 'user_data': A, 'tags': [A], 'adminPass': A}}, []),
        ({'server': {'personality': [{'contents': A}]}}, []),
        ({'network': {'tenant_id': C, 'project_id': C}}, []),
        ({'server': {'security_groups': [{'name': A}, {'name': 'default'}]}}, [A]),
        ({'addSecurityGroup': {'name': A}}, [A]),
        ({'removeSecurityGroup': {'name': 'web'}}, []),
        ({'server': {'x': f'about {A}', 'y': f'{A} '}}, []),
        (None, []), (1, []), ([A, [B]], [A, B]), ({'security_groups': 'x'}, []), ({'security_groups': [{'name': {'name': A}}, 1]}, []),
    ],
)  # fmt: skip
def test_references(body: object, ids: list[str]) -> None:
    assert list(references.ids(body)) == ids


def nested(depth: int) -> Any:
    body: Any = A
    for _ in range(depth):
        body = [body]
    return body


def test_it_does_not_follow_a_body_for_ever() -> None:
    assert list(references.ids(nested(12))) == [A]
    assert list(references.ids(nested(13))) == list(references.ids(nested(100_000))) == []


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([A, B]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(['a', 'name', 'security_groups', 'metadata']), inner),
    max_leaves=20,
)


@given(trees)
def test_any_body_is_read_and_only_ids_come_out(body: object) -> None:
    assert set(references.ids(body)) <= {A, B}
