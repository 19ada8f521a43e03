"""What stands for a new object until its site shows it: at every microversion a document that clients understand."""

from __future__ import annotations

import msgspec
import pytest

from hansa.model.resource import KINDS
from hansa.rules import provisional, views
from hansa.rules.provisional import Maker

MAKER = Maker('east', 'east', 'p1', 'u1', '2026-11-21T15:00:00Z')
FLAVOR = {'name': 'm1.tiny', 'ram': 512, 'vcpus': 1, 'disk': 1, 'swap': '', 'OS-FLV-EXT-DATA:ephemeral': 0}
LEAST = {'id', 'name', 'status', 'tenant_id', 'user_id', 'metadata', 'image', 'flavor', 'created', 'updated', 'addresses', 'links', 'key_name'}


@pytest.mark.parametrize('version', [(2, 1), (2, 47), (2, 79), (2, 100)])
def test_a_server_shows_what_was_asked_for(version: tuple[int, int]) -> None:
    item = {'name': 's', 'imageRef': 'http://league/image/v2/images/i1', 'flavorRef': '1', 'metadata': {'a': 'b'}, 'tags': ['t']}
    found = provisional.record(KINDS['server'], {'id': 'x', 'links': []}, item, FLAVOR, MAKER, 5.0)
    assert (found.site, found.id, found.site_id, found.project, found.name, found.status) == ('east', 'x', 'x', 'p1', 's', 'BUILD')
    assert found.created == '2026-11-21T15:00:00.000000'
    shown = views.show('server', msgspec.json.decode(found.doc), version, False, views.Context('http://league/compute', '', {'m1.tiny': '1'}))
    assert shown.keys() >= LEAST
    assert (shown['image']['id'], shown['metadata'], shown['status']) == ('i1', {'a': 'b'}, 'BUILD')


def test_the_first_of_several_has_its_own_name() -> None:
    assert provisional.record(KINDS['server'], {'id': 'x'}, {'name': 's', 'min_count': 2}, {}, MAKER, 5.0).name == 's-1'


def test_other_objects_are_told_whole_by_their_site() -> None:
    told = {'id': 'v', 'name': 'data', 'status': 'creating', 'size': 1, 'created_at': '2026-11-21T15:00:01.000000'}
    found = provisional.record(KINDS['volume'], told, {'name': 'data'}, {}, MAKER, 5.0)
    assert (found.name, found.status, found.created, msgspec.json.decode(found.doc)) == ('data', 'creating', told['created_at'], told)
