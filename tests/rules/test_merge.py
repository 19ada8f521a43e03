"""Objects of different sites become one by name and shape; whoever stands keeps id and name, and nothing moves twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.model.resource import Record
from hansa.rules import merge


def record(site: str, kind: str, site_id: str, name: str, id: str = '', project: str = '', **fields: Any) -> Record:
    doc = {'id': id or site_id, 'name': name, **fields}
    return Record(site, kind, id or site_id, site_id, project, name, msgspec.json.encode(doc), primary=not id or id == site_id)


def flavor(site: str, site_id: str, name: str, ram: int, id: str = '') -> Record:
    return record(site, 'flavor', site_id, name, id, ram=ram, vcpus=1, disk=1)


def image(site: str, site_id: str, hashed: str = 'abc', status: str = 'active', project: str = '', **fields: Any) -> Record:
    more = {'os_hash_algo': 'sha512', 'os_hash_value': hashed, 'owner': project, **fields}
    return record(site, 'image', site_id, 'cirros', '', project, status=status, **more)


def group(site: str, site_id: str, name: str, *ports: int, project: str = 'p', id: str = '') -> Record:
    rules = [{'id': f'{site_id}-{port}', 'port_range_min': port, 'remote_group_id': id or site_id} for port in ports]
    return record(site, 'security_group', site_id, name, id, project, security_group_rules=rules)


def apply(claims: dict[merge.Where, merge.Claim], *records: Record) -> list[Record]:
    """The inventory after the claims, as the intake writes it."""
    table = {merge.where(one): one for one in records}
    for place, claim in claims.items():
        one = table[place]
        doc = msgspec.json.encode({**msgspec.json.decode(one.doc), 'id': claim.id, 'name': claim.name})
        table[place] = msgspec.structs.replace(one, id=claim.id, name=claim.name, doc=doc)
    firsts: dict[str, merge.Where] = {}
    for place, one in table.items():
        firsts.setdefault(one.id, place)
    return [msgspec.structs.replace(one, primary=firsts[one.id] == place) for place, one in table.items()]


def ids(*steps: Record) -> dict[merge.Where, str]:
    """The league id of each, taken in one after another."""
    return {merge.where(one): one.id for one in league(*steps)}


def league(*steps: Record) -> list[Record]:
    standing: list[Record] = []
    for step in steps:
        others = [one for one in standing if merge.where(one) != merge.where(step)]
        before = [one for one in standing if merge.where(one) == merge.where(step)]
        fresh = msgspec.structs.replace(step, id=before[0].id) if before else step
        standing = apply(merge.adopt([fresh], standing), *others, fresh)
    return standing


def test_flavors_of_equal_name_and_shape_are_one_under_the_id_of_the_first() -> None:
    assert ids(flavor('east', 'a', 'm1', 512), flavor('west', 'b', 'm1', 512)) == {('east', 'a'): 'a', ('west', 'b'): 'a'}


def test_a_flavor_of_equal_name_and_other_shape_shows_its_site() -> None:
    standing = league(flavor('east', 'a', 'm1', 512), flavor('west', 'b', 'm1', 1024))
    assert [(one.id, one.name) for one in standing] == [('a', 'm1'), ('b', 'm1@west')]


def test_twins_of_another_shape_stay_twins_and_each_shows_its_site() -> None:
    standing = league(flavor('a', '1a', 'm1', 1), flavor('b', '1b', 'm1', 2), flavor('c', '1c', 'm1', 2))
    assert [(one.id, one.name) for one in standing] == [('1a', 'm1'), ('1b', 'm1@b'), ('1b', 'm1@c')]


def test_a_short_id_that_means_another_flavor_elsewhere_is_not_taken_for_it() -> None:
    standing = league(flavor('east', '1', 'tiny', 512), flavor('west', '1', 'huge', 9000))
    assert standing[0].id == '1'
    assert standing[1].id == merge.own(standing[1], {'1'}) != '1'


def test_a_short_id_that_means_the_same_flavor_elsewhere_needs_no_other() -> None:
    assert set(ids(flavor('east', '1', 'tiny', 512), flavor('west', '1', 'tiny', 512)).values()) == {'1'}


def test_a_flavor_whose_shape_stops_being_equal_goes_back_to_its_own_id() -> None:
    steps = (flavor('east', 'a', 'm1', 512), flavor('west', 'b', 'm1', 512), flavor('west', 'b', 'm1', 1024))
    assert ids(*steps)['west', 'b'] == 'b'


def test_when_the_first_changes_the_others_leave_it_and_stay_together() -> None:
    steps = [flavor(site, site, 'm1', 512) for site in ('east', 'north', 'west')]
    found = ids(*steps, flavor('east', 'east', 'm1', 1024))
    assert found['east', 'east'] == 'east'
    assert found['north', 'north'] == found['west', 'west'] != 'east'


@pytest.mark.parametrize(
    ('other', 'same'),
    [
        (image('west', 'b', visibility='public'), True),
        (image('west', 'b', hashed='xyz', visibility='public'), False),
        (image('west', 'b', status='saving', visibility='public'), False),
        (image('west', 'b', visibility='private', project='p'), False),
    ],
)
def test_public_images_are_one_by_name_and_content(other: Record, same: bool) -> None:
    assert (ids(image('east', 'a', visibility='public'), other)['west', 'b'] == 'a') is same


def test_private_images_are_one_only_for_one_project_of_the_league() -> None:
    mine, yours, nobodys = (image('west', 'b', visibility='private', project=project) for project in ('p', 'q', ''))
    first = image('east', 'a', visibility='private', project='p')
    assert [ids(first, other)['west', 'b'] for other in (mine, yours, nobodys)] == ['a', 'b', 'b']


def test_a_copy_that_is_still_coming_in_stays_the_replica_that_it_was_made_to_be() -> None:
    copy = msgspec.structs.replace(image('west', 'b', status='queued', visibility='private', project='p'), id='a')
    claims = merge.adopt([copy], [image('east', 'a', visibility='public')])
    assert claims['west', 'b'].id == 'a'


def test_one_site_has_no_two_replicas_of_one_image() -> None:
    found = ids(*(image(site, id, visibility='public') for site, id in (('east', 'a'), ('west', 'b'), ('west', 'c'))))
    assert found == {('east', 'a'): 'a', ('west', 'b'): 'a', ('west', 'c'): 'c'}


def test_groups_are_one_by_project_name_and_rules_and_default_ones_whatever_their_rules() -> None:
    assert ids(group('east', 'a', 'web', 80, 443), group('west', 'b', 'web', 443, 80))['west', 'b'] == 'a'
    assert ids(group('east', 'a', 'web', 80), group('west', 'b', 'web', 22))['west', 'b'] == 'b'
    assert ids(group('east', 'a', 'web', 80), group('west', 'b', 'web', 80, project='q'))['west', 'b'] == 'b'
    assert ids(group('east', 'a', 'default', 80), group('west', 'b', 'default'))['west', 'b'] == 'a'


def test_a_group_of_which_one_replica_was_changed_first_stays_one() -> None:
    steps = (group('east', 'a', 'web', 80), group('west', 'b', 'web', 80), group('east', 'a', 'web', 80, 22))
    assert ids(*steps)['west', 'b'] == 'a'


def test_names_take_and_lose_their_site() -> None:
    shown = merge.named(flavor('west', 'b', 'm1', 1), 'm1@west')
    assert (shown.name, msgspec.json.decode(shown.doc)['name'], merge.plain(shown)) == ('m1@west', 'm1@west', 'm1')


SITES = ('east', 'north', 'west')
flavors = st.builds(
    flavor, st.sampled_from(SITES), st.sampled_from('12345'), st.sampled_from(('m1', 'm2')), st.sampled_from((1, 2))
)
images = st.builds(
    image, st.sampled_from(SITES), st.sampled_from('abcd'), st.sampled_from('xy'), st.sampled_from(('active', 'queued')),
    st.sampled_from(('p', 'q', '')), visibility=st.sampled_from(('public', 'private')),
)
groups = st.builds(
    group, st.sampled_from(SITES), st.sampled_from('abcd'), st.sampled_from(('web', 'default')), st.sampled_from((22, 80)),
    project=st.sampled_from(('p', 'q')),
)


def batches(records: Sequence[Record]) -> dict[str, list[Record]]:
    """The last word of each site on each of its objects."""
    last = {merge.where(one): one for one in records}
    return {site: [one for (place, _), one in sorted(last.items()) if place == site] for site in SITES}


def settle(standing: list[Record], told: dict[str, list[Record]]) -> list[Record]:
    """One round in which each site tells all it has, ids as the aliases stand."""
    for batch in told.values():
        stood = {merge.where(one): one for one in standing}
        fresh = [msgspec.structs.replace(one, id=stood[merge.where(one)].id if merge.where(one) in stood else one.id)
                 for one in batch]
        others = [one for place, one in stood.items() if place not in {merge.where(one) for one in fresh}]
        claims = merge.adopt(fresh, standing) if fresh else {}
        after = {merge.where(one): one for one in apply(claims, *others, *fresh)}
        order = [*stood, *(place for place in after if place not in stood)]
        standing = [after[place] for place in order]
    return standing


@settings(max_examples=150, deadline=None)
@given(st.one_of([st.lists(kind, max_size=14) for kind in (flavors, images, groups)]), st.data())
def test_a_round_on_what_did_not_change_changes_nothing(records: list[Record], data: st.DataObject) -> None:
    told = batches(records)
    standing: list[Record] = []
    for _ in range(4):
        standing = settle(standing, told)
    again = settle(standing, told)
    assert {merge.where(one): (one.id, one.name) for one in again} == {
        merge.where(one): (one.id, one.name) for one in standing
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(flavors, max_size=14), st.lists(flavors, max_size=6))
def test_whatever_happens_an_id_is_one_shape_and_a_name_is_one_id(first: list[Record], then: list[Record]) -> None:
    standing: list[Record] = []
    for told in (batches(first), batches([*first, *then])):
        for _ in range(3):
            standing = settle(standing, told)
    shapes: dict[str, set[bytes | None]] = {}
    names: dict[str, set[str]] = {}
    for one in standing:
        shapes.setdefault(one.id, set()).add(merge.shape('flavor', msgspec.json.decode(one.doc)))
        names.setdefault(one.name, set()).add(one.id)
    assert all(len(found) == 1 for found in shapes.values())
    assert all(len(found) == 1 for name, found in names.items() if '@' not in name)
    assert len({(one.site, one.id) for one in standing}) == len(standing)
