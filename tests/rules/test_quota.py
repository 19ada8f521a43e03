"""What objects take of a quota, and that whatever is admitted fits."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.model.errors import OverQuota
from hansa.model.intent import Intent
from hansa.model.quota import Quota
from hansa.rules import overlay, quota
from hansa.rules.translate import MARKER


@pytest.mark.parametrize(
    ('kind', 'doc', 'takes', 'marker'),
    [
        ('server', {'flavor': {'vcpus': 2, 'ram': 512}, 'metadata': {MARKER: 'm1'}}, {'instances': 1, 'cores': 2, 'ram': 512}, 'm1'),
        ('server', {'flavor': {'id': '1'}}, {'instances': 1, 'cores': 0, 'ram': 0}, ''),
        ('server', {'flavor': 'x', 'metadata': [MARKER]}, {'instances': 1, 'cores': 0, 'ram': 0}, ''),
        ('volume', {'size': 3, 'volume_type': 'ssd'}, {'volumes': 1, 'gigabytes': 3, 'volumes_ssd': 1, 'gigabytes_ssd': 3}, ''),
        ('volume', {'size': '3', 'volume_type': None}, {'volumes': 1, 'gigabytes': 3}, ''),
        ('volume', {'size': 3, 'consumes_quota': False}, {}, ''),
        ('snapshot', {'size': 3, 'metadata': {MARKER: 7}}, {'snapshots': 1, 'gigabytes': 3}, ''),
        ('volume', {'size': 0, 'attachments': [{'server_id': 's1'}], 'metadata': {}}, {'volumes': 1, 'gigabytes': 0}, 's1'),
        ('volume', {'size': 0, 'attachments': [{'server_id': 's1'}], 'metadata': {MARKER: 'm'}}, {'volumes': 1, 'gigabytes': 0}, 'm'),
        ('port', {'device_id': 's1'}, {'port': 1}, 's1'),
        ('port', {'device_id': ''}, {'port': 1}, ''),
        ('network', {}, {'network': 1}, ''),
        ('floating_ip', {}, {'floatingip': 1}, ''),
        ('security_group', {'security_group_rules': [{}, {}]}, {'security_group': 1, 'security_group_rule': 2}, ''),
        ('security_group', {'security_group_rules': None}, {'security_group': 1, 'security_group_rule': 0}, ''),
        ('server_group', {}, {'server_groups': 1}, ''),
        ('image', {'size': 3}, {}, ''),
        ('flavor', {}, {}, ''),
    ],
)
def test_what_objects_take(kind: str, doc: Any, takes: dict[str, int], marker: str) -> None:
    assert quota.weigh(kind, msgspec.json.encode(doc)) == (takes, marker)


@pytest.mark.parametrize('raw', [b'', b'[]', b'"x"', b'{"size":', b'\xff'])
def test_what_is_no_document_takes_nothing(raw: bytes) -> None:
    assert quota.weigh('volume', raw) == ({}, '')


@pytest.mark.parametrize(('value', 'number'), [(5, 5), ('5', 5), (-1, 0), (True, 0), ('x', 0), (None, 0), ('-1', 0), (1.5, 0), ('٣', 0)])
def test_numbers_as_they_are_written(value: Any, number: int) -> None:
    assert quota.number(value) == number


RESOURCES = st.sampled_from(['instances', 'cores', 'ram'])
PLACES = st.sampled_from(['', 'east', 'west'])
AMOUNTS = st.dictionaries(RESOURCES, st.integers(0, 20))
CAPS = st.dictionaries(RESOURCES, st.integers(-1, 20))
QUOTAS = st.builds(Quota, limits=st.dictionaries(PLACES, CAPS), used=st.dictionaries(PLACES, AMOUNTS), reserved=st.dictionaries(PLACES, AMOUNTS))


def refusal(wish: dict[str, int], stands: Quota, site: str) -> OverQuota | None:
    try:
        quota.admit(wish, stands, site)
    except OverQuota as error:
        return error
    return None


@given(AMOUNTS, QUOTAS, st.sampled_from(['east', 'west']))
def test_what_is_admitted_fits_and_what_is_refused_does_not(wish: dict[str, int], stands: Quota, site: str) -> None:
    def over(place: str, part: dict[str, int]) -> set[str]:
        caps = stands.limits.get(place, {})
        return {each for each, amount in part.items() if amount and -1 < caps.get(each, -1) < stands.taken(each, place) + amount}

    error = refusal(wish, stands, site)
    if error is None:
        assert not over('', wish) | over(site, wish)
    else:
        assert set(error.wanted) == over(error.site, wish) != set()
        assert error.site == '' or not over('', wish)
        assert list(error.wanted) == list(error.limits) == list(error.taken)
        assert all(error.limits[each] < error.taken[each] + error.wanted[each] for each in error.wanted)
    assert quota.share_takes(wish, stands, site) == (not over(site, wish))


@given(st.integers(1, 12), AMOUNTS, QUOTAS)
def test_of_equal_objects_as_many_are_let_through_as_fit(count: int, each: dict[str, int], stands: Quota) -> None:
    error = refusal({word: amount * count for word, amount in each.items()}, stands, 'east')
    if error is not None:
        fits = quota.fitting(count, error)
        assert 0 <= fits < count
        mine = {word: amount for word, amount in each.items() if word in error.wanted}
        place = Quota({error.site: stands.limits[error.site]}, stands.used, stands.reserved)
        assert not fits or refusal({word: amount * fits for word, amount in mine.items()}, place, error.site) is None
        assert refusal({word: amount * (fits + 1) for word, amount in mine.items()}, place, error.site) is not None


@given(AMOUNTS, st.lists(AMOUNTS, max_size=4))
def test_what_is_to_come_and_what_is_there_are_never_less_than_the_charge(charge: dict[str, int], shown: list[dict[str, int]]) -> None:
    there = quota.together(shown)
    rest = quota.remaining(charge, shown)
    for each, amount in charge.items():
        assert rest[each] + there.get(each, 0) == max(amount, there.get(each, 0))


@given(st.dictionaries(PLACES, CAPS), st.dictionaries(PLACES, CAPS))
def test_a_projects_own_limits_come_before_the_default(own: dict[str, dict[str, int]], default: dict[str, dict[str, int]]) -> None:
    found = quota.effective(own, default)
    for place in ('', 'east', 'west'):
        for each in ('instances', 'cores', 'ram'):
            wanted = own.get(place, {}).get(each, default.get(place, {}).get(each))
            assert found.get(place, {}).get(each) == wanted


def test_a_site_gets_what_the_league_allows_up_to_its_share() -> None:
    limits = {'': {'instances': 10, 'cores': -1, 'metadata_items': 64, 'backups': 5, 'volumes_ssd': 3}, 'east': {'instances': 4, 'cores': 8, 'port': 9}}
    assert quota.portions(limits, 'east', 0, 2) == {
        'compute': {'instances': 4, 'cores': 8, 'metadata_items': 64}, 'volume': {'backups': 3, 'volumes_ssd': 3}, 'network': {'port': 9},
    }  # fmt: skip
    assert quota.portions(limits, 'west', 1, 2)['compute'] == {'instances': 10, 'cores': -1, 'metadata_items': 64}
    assert quota.portions(limits, 'west', 1, 2)['volume'] == {'backups': 2, 'volumes_ssd': 3}
    assert quota.portions({}, 'west', 0, 1) == {}


def test_what_comes_with_a_server_is_looked_for_in_its_own_kind() -> None:
    charge = {'instances': 1, 'volumes': 1, 'gigabytes': 4, 'port': 1}
    assert quota.later(Intent('i', 'server.create', 'p', 'u', 'east', 'm', b'', charge=charge)) == ['port', 'volume']
    assert quota.later(Intent('i', 'volume.create', 'p', 'u', 'east', 'm', b'', charge={'volumes': 1, 'gigabytes': 1})) == []


def test_documents_say_what_the_league_says() -> None:
    stands = Quota({'': {'instances': 5, 'cores': -1, 'volumes': 3}}, {'': {'instances': 2}}, {'': {'instances': 1}})
    assert overlay.amounts({'instances': 20, 'ram': 7}, stands, 'compute') == {'instances': 5, 'ram': 7}
    assert overlay.amounts({}, stands, 'compute') == {'instances': 5, 'cores': -1}
    assert overlay.amounts({'gigabytes': 20}, stands, 'volume') == {'gigabytes': 20, 'volumes': 3}
    told = {'instances': {'limit': 4, 'in_use': 9, 'reserved': 0}, 'ram': {'limit': 7, 'in_use': 1, 'reserved': 0}}
    assert overlay.details(told, stands, 'compute', 'in_use') == {
        'instances': {'limit': 4, 'in_use': 2, 'reserved': 1}, 'ram': told['ram'],
    }  # fmt: skip
    assert overlay.details({}, stands, 'volume', 'in_use') == {'volumes': {'limit': 3, 'in_use': 0, 'reserved': 0}}
    absolute = {'maxTotalInstances': 20, 'totalInstancesUsed': 9, 'maxTotalCores': 40, 'totalCoresUsed': 9, 'maxTotalRAMSize': 1}
    assert overlay.absolute(absolute, stands, 'compute') == {
        'maxTotalInstances': 5, 'totalInstancesUsed': 3, 'maxTotalCores': 40, 'totalCoresUsed': 0, 'maxTotalRAMSize': 1,
    }  # fmt: skip
