"""What real clouds told becomes the inventory's record: owner, state and time read, links cut, the league's words in it."""

from __future__ import annotations

import datetime
import functools
import json
import pathlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.model.alias import Alias
from hansa.model.resource import KINDS, Record
from hansa.rules import ingest, translate
from hansa.rules.aliases import AliasBook

CORPUS = pathlib.Path(__file__).parent / 'corpus'
CLOUDS = sorted(path.stem for path in CORPUS.glob('*.json'))
LEAGUE = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'


@functools.cache
def corpus(cloud: str) -> Any:
    return json.loads((CORPUS / f'{cloud}.json').read_text())


def told(cloud: str, kind: str) -> list[dict[str, Any]]:
    """The administrator's documents at the highest microversion: of each field the last step, unless the field went."""
    documents = corpus(cloud)['kinds'][kind]['show']['admin'].values()
    return [{name: steps[-1][1] for name, steps in fields.items() if len(steps[-1]) == 2} for fields in documents]


def book(cloud: str) -> AliasBook:
    """Every project of the cloud is one of the league, its id ending in its number."""
    projects = sorted(corpus(cloud)['projects'].values())
    return AliasBook(Alias(cloud, 'project', f'{LEAGUE}{number}', id) for number, id in enumerate(projects))


def take(cloud: str, kind: str, doc: dict[str, Any], aliases: AliasBook, zones: tuple[str, ...] = ()) -> Record:
    return ingest.record(KINDS[kind], doc, translate.Place(cloud, '', '', zones), aliases, 7.0)


CASES = [(cloud, kind) for cloud in CLOUDS for kind in corpus(cloud)['kinds'] if kind != 'keypair']


@pytest.mark.parametrize(('cloud', 'kind'), CASES)
def test_records_of_real_documents(cloud: str, kind: str) -> None:
    aliases = book(cloud)
    for doc in told(cloud, kind):
        record = take(cloud, kind, doc, aliases)
        assert (record.site, record.kind, record.seen, record.primary) == (cloud, kind, 7.0, True)
        assert record.id == record.site_id == doc['id']
        assert (record.name, record.status) == (doc.get('name') or '', doc.get('status', ''))
        owner = next((doc[key] for key in (KINDS[kind].owner, 'project_id', 'tenant_id') if doc.get(key)), '')
        assert record.project == (aliases.league(cloud, owner) if KINDS[kind].owner else '')
        for stamp in (record.created, record.updated):
            assert not stamp or datetime.datetime.fromisoformat(stamp).isoformat(timespec='microseconds') == stamp
        assert bool(record.created) == bool(doc.get('created_at') or doc.get('created'))
        shown = msgspec.json.decode(record.doc)
        assert shown.keys() == doc.keys() - (set() if KINDS[kind].service == 'network' else {'links', 'self', 'file', 'schema'})
        assert b'http://127' not in record.doc
        for project in corpus(cloud)['projects'].values():
            assert project.encode() not in record.doc.replace(record.name.encode() or b'\0', b'')


@pytest.mark.parametrize('cloud', CLOUDS)
def test_whose_things_are(cloud: str) -> None:
    user = book(cloud).league(cloud, corpus(cloud)['projects']['user'])
    for kind in ('server', 'volume', 'snapshot', 'port', 'router', 'floating_ip', 'security_group', 'server_group'):
        assert user in {take(cloud, kind, doc, book(cloud)).project for doc in told(cloud, kind)}
        assert {take(cloud, kind, doc, AliasBook()).project for doc in told(cloud, kind)} == {''}


@pytest.mark.parametrize(
    ('kind', 'doc', 'public'),
    [
        ('flavor', {}, True),
        ('flavor', {'os-flavor-access:is_public': False}, False),
        ('volume_type', {}, True),
        ('volume_type', {'is_public': False}, False),
        ('image', {'visibility': 'public'}, True),
        ('image', {'visibility': 'community'}, False),
        ('image', {'visibility': 'shared'}, False),
        ('image', {'visibility': 'private'}, False),
        ('image', {}, False),
        ('network', {'shared': True}, True),
        ('network', {'router:external': True, 'shared': False}, True),
        ('network', {'router:external': False, 'shared': False}, False),
        ('subnet', {'router:external': True}, True),
        ('server', {}, False),
        ('volume', {'multiattach': True}, False),
    ],
)
def test_what_all_may_see(kind: str, doc: dict[str, Any], public: bool) -> None:
    assert ingest.public(KINDS[kind], doc) is public


def test_a_flavor_has_the_leagues_id_and_its_own_name() -> None:
    aliases = AliasBook([Alias('west', 'keypair', 'u/w-10', 'w-10'), Alias('west', 'flavor', '1', 'w-10')])
    record = take('west', 'flavor', {'id': 'w-10', 'name': 'w-10', 'links': []}, aliases)
    assert (record.id, record.site_id, record.name) == ('1', 'w-10', 'w-10')
    assert msgspec.json.decode(record.doc) == {'id': '1', 'name': 'w-10'}


def test_a_server_says_where_it_is_and_of_what_without_links() -> None:
    doc = {
        'id': 's', 'name': 's', 'status': 'ACTIVE', 'links': [{'href': 'http://nova/s'}], 'OS-EXT-AZ:availability_zone': 'az1',
        'image': {'id': 'i', 'links': [{'href': 'http://nova/i'}], 'properties': {'links': 'x'}},
        'flavor': {'id': '1', 'links': []}, 'metadata': {'links': 'mine', 'hansa:intent': 'x'}, 'key_name': 'me-01',
    }  # fmt: skip
    aliases = AliasBook([Alias('east', 'flavor', 'w-10', '1'), Alias('east', 'keypair', 'u/me', 'me-01')])
    assert msgspec.json.decode(take('east', 'server', doc, aliases, ('az1', 'az2')).doc) == {
        'id': 's', 'name': 's', 'status': 'ACTIVE', 'OS-EXT-AZ:availability_zone': 'east:az1',
        'image': {'id': 'i', 'properties': {'links': 'x'}}, 'flavor': {'id': 'w-10'}, 'metadata': {'links': 'mine'}, 'key_name': 'me',
    }  # fmt: skip
    volume = take('east', 'server', {**doc, 'image': ''}, aliases)
    assert msgspec.json.decode(volume.doc)['image'] == ''


def test_an_image_keeps_its_properties_but_our_mark() -> None:
    doc = {'id': 'i', 'name': None, 'self': '/v2/images/i', 'links': 'x', 'hansa:intent': 'y', 'owner': None, 'status': 'queued'}
    record = take('east', 'image', doc, AliasBook())
    assert (record.name, record.project, record.status) == ('', '', 'queued')
    assert msgspec.json.decode(record.doc) == {'id': 'i', 'name': None, 'links': 'x', 'owner': None, 'status': 'queued'}


def test_a_key_pair_goes_by_its_name() -> None:
    assert ingest.identity(KINDS['keypair'], {'name': 'me'}) == 'me'
    with pytest.raises(KeyError):
        ingest.identity(KINDS['server'], {'name': 'me'})


@pytest.mark.parametrize(
    ('told', 'stamp'),
    [
        ('2026-11-21T10:00:00Z', '2026-11-21T10:00:00.000000'),
        ('2026-11-21T10:00:00.000000', '2026-11-21T10:00:00.000000'),
        ('2026-11-21T10:00:00.123456', '2026-11-21T10:00:00.123456'),
        ('2026-11-21T10:00:00.12Z', '2026-11-21T10:00:00.120000'),
        ('2026-11-21T10:00:00.123456789Z', '2026-11-21T10:00:00.123456'),
        ('2026-11-21 10:00:00', '2026-11-21T10:00:00.000000'),
        ('2026-11-21T10:00:00', '2026-11-21T10:00:00.000000'),
        ('2026-11-21T10:00:00+00:00', '2026-11-21T10:00:00.000000'),
        ('2026-11-21T12:00:00+02:00', '2026-11-21T10:00:00.000000'),
        ('2026-11-21T04:30:00.5-05:30', '2026-11-21T10:00:00.500000'),
        ('2026-11-22T00:30:00+1430', '2026-11-21T10:00:00.000000'),
        ('', ''), (None, ''), (1, ''), ('yesterday', ''), ('2026-13-01T00:00:00', ''), ('0001-01-01T00:00:00+05:00', ''),
    ],
)  # fmt: skip
def test_stamps(told: object, stamp: str) -> None:
    assert ingest.stamp(told) == stamp


moments = st.datetimes(datetime.datetime(1970, 1, 3), datetime.datetime(2100, 1, 1))  # noqa: DTZ001  # the zone is added below
hours = st.integers(-12, 14)


@given(moments, moments, hours, hours)
def test_stamps_sort_as_time(first: datetime.datetime, second: datetime.datetime, east: int, west: int) -> None:
    def said(moment: datetime.datetime, hours: int) -> str:
        zone = datetime.timezone(datetime.timedelta(hours=hours))
        return moment.replace(tzinfo=datetime.UTC).astimezone(zone).isoformat()

    assert (ingest.stamp(said(first, east)) < ingest.stamp(said(second, west))) == (first < second)
    assert (ingest.stamp(said(first, east)) == ingest.stamp(said(second, west))) == (first == second)
