"""Lists that are put together from slices of bytes say what the views say of each document."""

from __future__ import annotations

import json
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st

from hansa.model import resource
from hansa.model.listing import Sheet
from hansa.rules import views
from hansa.rules.views import layout, tables
from hansa.rules.views.joining import Look
from tests.rules import test_views_corpus as corpora

LAID = [kind for kind in resource.KINDS if layout.of(kind)]
CASES = [(cloud, kind) for cloud in corpora.CLOUDS for kind in LAID if kind in corpora.corpus(cloud)['kinds']]


def sheet(kind: str, doc: bytes, id: str, site: str = 'east') -> Sheet:
    stored = msgspec.json.encode(layout.ordered(kind, msgspec.json.decode(doc, type=dict[str, msgspec.Raw])))
    return stored, layout.ends(kind, id, site, stored)


def listed(look: Look, sheets: list[Sheet], dark: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(b'[' + b''.join(views.joined(look, sheets, dark)) + b']')
    return found


def stored(cloud: str, kind: str) -> list[dict[str, Any]]:
    told = corpora.corpus(cloud)
    newest = told['newest'].get(resource.KINDS[kind].service, 0)
    return [corpora.bare(corpora.at(fields, newest)) for fields in told['kinds'][kind]['show']['admin'].values()]


@pytest.mark.parametrize(('cloud', 'kind'), CASES)
def test_every_version_and_role_sees_what_the_views_show(cloud: str, kind: str) -> None:
    docs = stored(cloud, kind)
    sheets = [sheet(kind, msgspec.json.encode(doc), doc['id'], 'east' if place % 2 else 'west') for place, doc in enumerate(docs)]
    assert not [ends for _, ends in sheets if ends.startswith(layout.NONE)]
    assert layout.sites(kind, sheets) == {'west', 'east'} - ({'east'} if len(docs) == 1 else set())
    major = {'volume': 3, 'network': 0}.get(resource.KINDS[kind].service, 2)
    for minor in range(100 if major else 1):
        for admin in (True, False):
            context = corpora.context(cloud, kind, 'user')
            look = Look(kind, (major, minor), admin, context.base, context.prefix, tuple(sorted(context.flavors.items())))
            shown = [views.show(kind, doc, (major, minor), admin, context) for doc in docs]
            assert listed(look, sheets) == shown
            away = [views.unreachable(kind, doc, (major, minor), admin, context) for doc in docs]
            assert listed(look, sheets, frozenset(['east'])) == [(away if n % 2 else shown)[n] for n in range(len(docs))]


@pytest.mark.parametrize(('cloud', 'kind'), [case for case in CASES if case[1] in views.NAMED])
def test_brief_lists_say_what_the_views_say(cloud: str, kind: str) -> None:
    docs = [{**doc, 'name': name} for doc, name in zip(stored(cloud, kind) * 4, ('a "b" \\ %s', '', 'ü\0\1', None), strict=False)]
    sheets = [sheet(kind, msgspec.json.encode(doc), doc['id'], 'east' if place % 2 else 'west') for place, doc in enumerate(docs)]
    sheets[0] = sheets[0][0], layout.NONE + b'west'
    major = 3 if resource.KINDS[kind].service == 'volume' else 2
    for minor in (1, 68, 69, 96):
        for admin in (True, False):
            context = views.Context('http://league/100%25', 'project')
            look = Look(kind, (major, minor), admin, context.base, context.prefix, (('m1', '1'),))
            for dark in (frozenset[str](), frozenset(['east']), frozenset(['west'])):
                told = [
                    views.unreachable(kind, doc, (major, minor), admin, context, detail=False)
                    if ('east' if place % 2 else 'west') in dark else views.brief(kind, doc, (major, minor), context)
                    for place, doc in enumerate(docs)
                ]  # fmt: skip
                assert json.loads(b'[' + b''.join(views.briefed(look, sheets, dark)) + b']') == told
    assert views.briefed(Look(kind, (major, 1), True, ''), [], ()) == []


def test_no_field_of_a_table_is_left_out() -> None:
    assert set(LAID) == {'server', 'volume', 'snapshot', 'network', 'subnet', 'port', 'router', 'floating_ip', 'security_group'}
    for kind, table in (('server', tables.SERVER), ('volume', tables.VOLUME)):
        laid = layout.of(kind)
        assert laid is not None
        assert {name for name, field in table.items() if not field.single} == set(laid.ranks)


WORDS = st.sampled_from(['', 'x', 'ACTIVE', '"', '\\', '\\u002f', '},{', '\0', 'ü', '"links":['])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)
OWN = {'image': st.just('') | st.just({'id': 'i'}), 'flavor': st.just({'original_name': 'm1'}), 'fault': st.just({'code': 500, 'details': 'd'})}
servers = st.fixed_dictionaries(
    {'status': WORDS, 'id': st.just('a-1')},
    optional={
        **{name: values for name in tables.SERVER if name not in ('status', 'id', 'os-extended-volumes:volumes_attached', *OWN)},
        **OWN, 'unknown': values, 'd"q': values,
    },
)  # fmt: skip


@hypothesis.given(servers, st.booleans(), st.sampled_from([1, 16, 47, 93]), st.booleans())
def test_whatever_a_document_holds(doc: dict[str, Any], admin: bool, minor: int, dark: bool) -> None:
    look = Look('server', (2, minor), admin, 'http://league/compute')
    context = views.Context('http://league/compute')
    show = views.unreachable if dark else views.show
    kept = sheet('server', msgspec.json.encode(doc), 'a-1')
    assert json.loads(kept[0]) == doc
    assert layout.id(kept) == 'a-1'
    assert listed(look, [kept, kept], frozenset(['east'] if dark else [])) == [show('server', doc, (2, minor), admin, context)] * 2


@pytest.mark.parametrize(
    'doc',
    [
        b'{"id":"a", "status":"A"}',
        b'{"id":"a","status":"A","status":"A"}',
        b'{"id":"a","status":"A","n\\u0061me":"x"}',
        b'{"id":"b","status":"A"}',
        b'{"status":"A","id":"a"}',
        b'{"id":"a","locked":false,"tenant_id":"p"}',
        b'{"id":"a","description":"%s"}' % (b'x' * (1 << 16)),
        b'{"name":"x"}', b'{}', b'[]', b'{',
    ],
)  # fmt: skip
def test_a_document_in_another_form_has_no_ends(doc: bytes) -> None:
    assert layout.ends('server', 'a', 'east', doc) == layout.NONE + b'east'


def test_a_document_without_ends_is_shown_all_the_same() -> None:
    look = Look('server', (2, 93), True, 'http://league/compute')
    doc = b'{"id": "a", "status": "ACTIVE", "locked": true}'
    for ends in (b'', b'zz1234', layout.NONE + b'east'):
        assert listed(look, [(doc, ends)]) == [views.show('server', json.loads(doc), (2, 93), True, views.Context('http://league/compute'))]
    assert views.joined(look, [], ()) == []
