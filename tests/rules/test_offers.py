"""What object stores can do together."""

from __future__ import annotations

from hansa.rules import offers

EAST = {
    'swift': {
        'max_file_size': 10, 'max_object_name_length': 1024, 'version': '2.38.0', 'strict_cors_mode': True, 'allow_account_management': True, 'account_listing_limit': 500,
        'policies': [{'name': 'gold', 'aliases': 'gold, best', 'default': True}, {'name': 'tin', 'aliases': 'tin'}],
    },
    'slo': {'max_manifest_segments': 1000, 'min_segment_size': 1},
    'tempurl': {'methods': ['GET']},
    'versioned_writes': {'allowed_flags': ['x-versions-location', 'x-history-location']},
    'staticweb': {},
}  # fmt: skip
WEST = {
    'swift': {'max_file_size': 5, 'max_object_name_length': 2048, 'version': '2.30.1', 'strict_cors_mode': False, 'allow_account_management': True, 'policies': [{'name': 'Policy-0', 'default': True}]},
    'slo': {'max_manifest_segments': 50, 'min_segment_size': 1 << 20, 'yield_frequency': 10},
    'tempurl': {'methods': ['GET']},
    'versioned_writes': {'allowed_flags': ['x-history-location']},
}  # fmt: skip


def test_the_smallest_limits_and_what_all_can_do() -> None:
    told = offers.merged({'east': EAST, 'west': WEST})
    assert set(told) == {'swift', 'slo', 'versioned_writes', 'tempurl', 'formpost', 'bulk_delete', 'bulk_upload', 'account_quotas'}
    assert told['slo'] == {'max_manifest_segments': 50, 'min_segment_size': 1 << 20}
    assert told['versioned_writes'] == {'allowed_flags': ['x-history-location']}
    swift = told['swift']
    assert (swift['max_file_size'], swift['max_object_name_length'], swift['version'], swift['strict_cors_mode']) == (5, 1024, '2.30.1', False)
    assert not {'account_listing_limit', 'allow_account_management'} & set(swift)


def test_policies_have_the_names_of_their_sites() -> None:
    told = offers.merged({'east': EAST, 'west': WEST})['swift']['policies']
    assert [each['name'] for each in told] == ['east', 'east.gold', 'east.tin', 'west', 'west.Policy-0']
    assert [each['name'] for each in told if each.get('default')] == ['east']
    assert told[1]['aliases'] == 'east.gold, east.best'


def test_a_site_that_says_nonsense_of_its_policies_has_none() -> None:
    assert [each['name'] for each in offers.policies({'east': 5, 'west': [{}, 'x']})] == ['east', 'west']
    assert offers.merged({}) == {}
    assert offers.merged({'east': {'swift': {}}})['swift'] == {'policies': [{'name': 'east', 'aliases': 'east', 'default': True}]}


def test_rows_of_a_listing() -> None:
    assert offers.rows({'east': EAST, 'west': WEST}, 'account') == 500
    assert offers.rows({}, 'container') == offers.LISTING
