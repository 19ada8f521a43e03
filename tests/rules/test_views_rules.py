"""What the views do where no cloud's answer is in the corpus: dead sites, older sites, fields that nobody knows."""

from __future__ import annotations

from typing import Any

import pytest

from hansa.rules import views
from hansa.rules.views import tables

HERE = views.Context(base='http://h/compute', flavors={'m1.tiny': 'f-1'})
SERVER: dict[str, Any] = {
    'id': 's-1', 'name': 'web', 'status': 'ACTIVE', 'tenant_id': 'p', 'created': '2026-01-01T00:00:00Z', 'progress': 0,
    'flavor': {'original_name': 'm1.tiny', 'vcpus': 1}, 'image': {'id': 'i-1', 'properties': {'a': 'b'}}, 'host_status': 'UP',
    'OS-EXT-AZ:availability_zone': 'east', 'tags': ['a'],
}  # fmt: skip


@pytest.mark.parametrize('minor', [1, 20, 68, 69, 96, 104])
@pytest.mark.parametrize('admin', [True, False])
def test_a_server_of_a_dead_site_keeps_all_that_was_known(minor: int, admin: bool) -> None:
    before = views.show('server', SERVER, (2, minor), admin, HERE)
    now = views.unreachable('server', SERVER, (2, minor), admin, HERE)
    assert now['status'] == 'UNKNOWN'
    assert now.keys() == before.keys()
    assert {'id', 'status', 'tenant_id', 'created', 'links', 'name'} <= now.keys()
    assert {k: v for k, v in now.items() if k not in ('status', 'host_status')} == {
        k: v for k, v in before.items() if k not in ('status', 'host_status')
    }
    assert now.get('host_status') == ('UNKNOWN' if admin and minor >= 16 else None)


@pytest.mark.parametrize(('minor', 'status'), [(1, None), (68, None), (69, 'UNKNOWN'), (104, 'UNKNOWN')])
def test_the_brief_list_says_so_where_nova_does(minor: int, status: str | None) -> None:
    shown = views.unreachable('server', SERVER, (2, minor), admin=False, context=HERE, detail=False)
    assert (shown['name'], shown.get('status')) == ('web', status)


def test_other_kinds_of_a_dead_site_are_as_last_known() -> None:
    volume = {'id': 'v', 'name': 'disk', 'status': 'in-use'}
    context = views.Context(base='http://h/volume', prefix='p')
    assert views.unreachable('volume', volume, (3, 70), False, context) == views.show('volume', volume, (3, 70), False, context)
    assert views.unreachable('network', {'id': 'n', 'status': 'ACTIVE'}, (2, 0), False, context)['status'] == 'ACTIVE'


@pytest.mark.parametrize(
    ('kind', 'version'), [('server', (2, 104)), ('flavor', (2, 200)), ('volume', (3, 200)), ('volume_type', (3, 0))]
)
@pytest.mark.parametrize('admin', [True, False])
def test_a_field_that_no_table_knows_is_seen_by_nobody(kind: str, version: tables.Version, admin: bool) -> None:
    assert 'newer' not in views.show(kind, {'id': 'x', 'newer': 1}, version, admin, HERE)


def test_neutron_and_glance_show_what_nobody_foresaw() -> None:
    assert views.show('port', {'id': 'x', 'newer': 1}, (2, 0), False, HERE)['newer'] == 1
    assert views.show('image', {'id': 'x', 'colour': 'green'}, (2, 0), False, HERE)['colour'] == 'green'


def test_a_flavor_that_the_league_lost_is_named_by_its_name() -> None:
    doc = SERVER | {'flavor': {'original_name': 'old'}}
    flavor = views.show('server', doc, (2, 46), False, HERE)['flavor']
    assert flavor == {'id': 'old', 'links': [{'rel': 'bookmark', 'href': 'http://h/compute/flavors/old'}]}


def test_what_an_older_site_does_not_tell_is_absent() -> None:
    assert 'scheduler_hints' not in views.show('server', SERVER, (2, 104), True, HERE)
    old = {'id': 'g', 'name': 'g', 'policies': ['affinity'], 'members': [], 'metadata': {}}
    assert views.show('server_group', old, (2, 64), False, HERE) == {
        'id': 'g', 'name': 'g', 'policy': 'affinity', 'rules': {}, 'members': [],
    }  # fmt: skip
    told = {'id': 'f', 'name': 'f', 'swap': 0, 'rxtx_factor': 2.5, 'OS-FLV-DISABLED:disabled': True}
    flavor = views.show('flavor', told, (2, 50), False, HERE)
    assert (flavor['rxtx_factor'], flavor['OS-FLV-DISABLED:disabled'], flavor['swap']) == (2.5, True, '')


def test_a_key_pair_is_wrapped_in_lists_only_however_it_is_stored() -> None:
    inner = {'name': 'k', 'public_key': 'p', 'fingerprint': 'f', 'type': 'ssh', 'user_id': 'u'}
    for stored in (inner, {'keypair': inner}):
        assert views.show('keypair', stored, (2, 2), False, HERE)['keypair'].keys() == {'name', 'public_key', 'fingerprint', 'type'}
        assert views.show('keypair', stored, (2, 1), False, HERE, single=True)['user_id'] == 'u'


@pytest.mark.parametrize(('version', 'shared'), [((3, 68), True), ((3, 69), None)])
def test_shared_targets_had_no_null_before(version: tables.Version, shared: bool | None) -> None:
    doc = {'id': 'v', 'name': 'v', 'shared_targets': None}
    assert views.show('volume', doc, version, False, HERE)['shared_targets'] is shared


def test_links_have_the_project_only_where_the_path_had_it() -> None:
    doc = {'id': 'v', 'name': 'v'}
    hrefs = [
        [link['href'] for link in views.brief('volume', doc, (3, 67), views.Context(base='http://h/v', prefix=p))['links']]
        for p in ('p', '')
    ]
    assert hrefs == [['http://h/v/v3/p/volumes/v', 'http://h/v/p/volumes/v'], ['http://h/v/v3/volumes/v', 'http://h/v/volumes/v']]


def test_the_stored_document_is_not_changed() -> None:
    stored = {'id': 'v', 'name': 'v', 'attachments': [{'host_name': 'h'}], 'shared_targets': None}
    views.show('volume', stored, (3, 48), False, HERE)
    assert stored == {'id': 'v', 'name': 'v', 'attachments': [{'host_name': 'h'}], 'shared_targets': None}
    server = SERVER | {'fault': {'code': 500, 'details': 'trace'}}
    assert 'details' not in views.show('server', server, (2, 1), False, HERE)['fault']
    assert server['fault'] == {'code': 500, 'details': 'trace'}
