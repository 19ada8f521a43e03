"""Lists from generated records, filters, orders and pages: SQL and plain Python must agree."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import get_args

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st

from hansa.model.errors import BadRequest
from hansa.model.listing import COLUMNS, Filter, Operator, Query, Sort
from hansa.model.resource import Record
from hansa.ports.store import Store
from hansa.rules.views import layout
from tests.postgres import Server
from tests.storage import oracle
from tests.storage.opened import In, postgres_stores, sqlite_stores

KEYS = ['a', 'OS-EXT:b.c', "it's", 'dou"ble', 'back\\slash', '', 'ü', '$', '[0]', '0', "'; DROP TABLE hot; --"]
WORDS = ['', 'x', 'X', 'Straße', 'true', '1', '10', '9.5', '{"a":1}', '[1]', '%', '_', "o'hara", '"', 'a\\b', '-2', 'null']

words = st.sampled_from(WORDS)
keys = st.sampled_from(KEYS)
scalars = st.one_of(
    st.sampled_from([None, True, False, 1, 2, 10, 0.5, 9.5, 10.25, -2.0]),
    st.sampled_from(['', 'x', 'X', '1', '10', 'true']),
    words,
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6)

# Most documents and paths are of one shape, so that they meet; the others try everything else.
inner = st.fixed_dictionaries({}, optional={'a': scalars, 'dou"ble': scalars})
shaped = st.fixed_dictionaries(
    {},
    optional={
        'OS-EXT:b.c': scalars,
        "it's": inner,
        'back\\slash': scalars,
        'l': st.lists(inner, max_size=3),
        't': st.lists(words),
    },
)
documents = st.one_of(shaped, shaped, shaped, st.dictionaries(keys, values, max_size=4))
columns = st.sampled_from([(column,) for column in COLUMNS])
plain = st.sampled_from(
    [('doc', 'OS-EXT:b.c'), ('doc', "it's", 'a'), ('doc', "it's", 'dou"ble'), ('doc', 'back\\slash'), ('doc', 'l')]
)
stars = st.sampled_from(
    [('doc', 'l', '*', 'a'), ('doc', 'l', '*', 'dou"ble'), ('doc', 't', '*'), ('doc', '*', '*', 'a'), ('doc', '*')]
)
wild = st.lists(keys | st.just('*'), min_size=1, max_size=3).map(lambda rest: ('doc', *rest))
single = st.one_of(columns, plain, plain)
paths = st.one_of(columns, plain, plain, stars, stars, wild)
sorts = st.lists(st.builds(Sort, single, st.booleans()), max_size=3).map(tuple)


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    def one(number: int) -> Record:
        site = draw(st.sampled_from(['east', 'west']))
        site_id, name, status, created, updated = (draw(words) for _ in range(5))
        doc = json.dumps(draw(documents), ensure_ascii=False).encode()
        project = draw(st.sampled_from(['p', 'q', '']))
        kind = draw(st.sampled_from(['server', 'server', 'server', 'volume']))
        public = draw(st.booleans())
        return Record(site, kind, f'i{number:02}', site_id, project, name, doc, status, created, updated, public)

    return [one(number) for number in draw(st.permutations(range(draw(st.integers(2, 8)))))]


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    operator = draw(st.sampled_from(get_args(Operator)))
    if operator in ('null', 'not_null'):
        return Filter(draw(paths), operator)
    if operator == 'regex':
        return Filter(draw(paths), operator, (draw(st.sampled_from(['^$', 'x', '[0-9]+', 'a.b', '"', '^tr'])),))
    size = (
        st.lists(words, max_size=3)
        if operator in ('in', 'not_in', 'has')
        else st.lists(words | st.sampled_from(['1', '2', '10', '9.5']), min_size=1, max_size=1)
    )
    return Filter(draw(paths), operator, tuple(draw(size)))


owners = st.one_of(st.none(), st.lists(st.sampled_from(['p', 'q', 'r', '', 's', 't']), max_size=6).map(tuple))
queries = st.builds(
    Query, st.just('server'), owners, st.booleans(), st.lists(filters(), max_size=2).map(tuple), sorts, st.none(), st.just('')
)


def ids(found: Sequence[Record]) -> list[str]:
    return [record.id for record in found]


async def walk(store: Store, query: Query, limit: int) -> list[str]:
    """All pages from the first to the last; backwards from the last to the first, put together in order."""
    whole: list[str] = []
    asked = msgspec.structs.replace(query, limit=limit)
    while found := ids(await store.page(asked)):
        assert len(found) <= limit
        assert [sheet[0] for sheet in await store.sheets(asked, list)] == [record.doc for record in await store.page(asked)]
        whole = found + whole if query.backwards else whole + found
        asked = msgspec.structs.replace(asked, marker=found[0] if query.backwards else found[-1])
    return whole


async def check(store: Store, found: Sequence[Record], query: Query, limit: int) -> None:
    await store.put(found)
    whole = oracle.listed(found, query)
    assert await store.page(query) == whole
    assert await store.sheets(query, list) == [(r.doc, layout.NONE + r.site.encode()) for r in whole]
    assert await store.count(query) == len(whole)
    assert await walk(store, query, limit) == ids(whole)
    assert await walk(store, msgspec.structs.replace(query, backwards=True), limit) == ids(whole)
    await store.remove('east', 'server', ids([r for r in found if r.site == 'east']), 0.0)
    left = oracle.listed([r for r in found if r.site != 'east' or r.kind != 'server'], query)
    for place, gone in enumerate(whole):
        behind = [r.id for r in whole[place + 1 :] if r in left]
        assert ids(await store.page(msgspec.structs.replace(query, marker=gone.id))) == behind


@pytest.fixture(scope='module')
def of_postgres(postgres: Server) -> Iterator[In]:
    with postgres_stores(postgres) as found:
        yield found


@pytest.fixture(scope='module', params=['sqlite', 'postgres'])
def stores(request: pytest.FixtureRequest) -> In:
    found: In = sqlite_stores() if request.param == 'sqlite' else request.getfixturevalue('of_postgres')
    return found


@hypothesis.settings(max_examples=500)
@hypothesis.given(records(), queries, st.integers(1, 4))
def test_pages_are_what_plain_python_says(found: list[Record], query: Query, limit: int) -> None:
    sqlite_stores()(lambda store: check(store, found, query, limit))


@hypothesis.settings(max_examples=100)
@hypothesis.given(records(), st.sampled_from(['updated', 'name']), st.booleans(), st.integers(1, 4))
def test_what_belongs_to_everybody_is_put_in_order_by_owners(found: list[Record], key: str, descending: bool, limit: int) -> None:
    query = Query('server', sorts=(Sort((key,), descending), Sort(('created',), descending)))
    sqlite_stores()(lambda store: check(store, found, query, limit))


@hypothesis.settings(max_examples=300)
@hypothesis.given(records(), queries, st.integers(1, 4))
def test_pages_of_postgresql_are_what_plain_python_says(of_postgres: In, found: list[Record], query: Query, limit: int) -> None:
    of_postgres(lambda store: check(store, found, query, limit))


@hypothesis.settings(max_examples=200)
@hypothesis.given(
    st.lists(st.text(max_size=6), max_size=4).map(tuple), st.sampled_from(get_args(Operator)), st.lists(st.text(), max_size=3)
)
def test_no_path_and_no_value_breaks_out(stores: In, path: tuple[str, ...], operator: Operator, given: list[str]) -> None:
    async def scenario(store: Store) -> None:
        await store.put([Record('east', 'server', 'i', 'i', 'p', 'n', b'{"a": [1, {"b": "c"}]}')])
        filter = Filter(('doc', *path), operator, tuple(given))
        with contextlib.suppress(BadRequest):
            assert len(await store.page(Query('server', filters=(filter,), sorts=(Sort(('doc', *path)),)))) <= 1
        assert await store.get('server', 'i') is not None

    stores(scenario)


def refused(stores: In, query: Query) -> str:
    said: list[str] = []

    async def scenario(store: Store) -> None:
        with pytest.raises(BadRequest) as caught:
            await store.page(query)
        said.append(str(caught.value))

    stores(scenario)
    return said[0]


@pytest.mark.parametrize(
    ('query', 'sentence'),
    [
        (Query('server', marker='nobody'), 'The marker'),
        (Query('server', limit=-1), 'A page cannot have -1'),
        (Query('server', sorts=(Sort(('doc', 'a', '*')),)), "'*' leads to many values"),
        (Query('server', sorts=(Sort(('seen; --',)),)), 'filtered or sorted'),
        (Query('server', filters=(Filter(('doc',), 'null'),)), 'filtered or sorted'),
        (Query('server', filters=(Filter(('name',), 'gt', ()),)), 'takes one value'),
        (Query('server', filters=(Filter(('name',), 'in', ('\ud800',)),)), 'not valid text'),
        (Query('server', filters=(Filter(('name',), 'in', ('x',) * 1001),)), '1000 values'),
        (Query('server', filters=(Filter(('name',), 'null'),) * 101), '100 filters'),
        (Query('server', filters=(Filter(('name',), 'regex', ('x' * 256,)),)), '255 characters'),
        (Query('server', filters=(Filter(('name',), 'regex', ('(',)),)), 'not valid'),
    ],
)
def test_a_wrong_query_is_told_so(stores: In, query: Query, sentence: str) -> None:
    assert sentence in refused(stores, query)


@pytest.mark.parametrize(
    'pattern',
    ['(a+)+$', '(a|aa)*b', '(?x)(a+) +b', 'a*a*a*a*b', '(a?){30}b', 'a?' * 30 + 'b', '((a)*)*', '(a|a)' * 25, '(a{1,9}){1,9}'],
)
def test_a_pattern_that_could_take_for_ever_is_refused(stores: In, pattern: str) -> None:
    assert 'too long' in refused(stores, Query('server', filters=(Filter(('name',), 'regex', (pattern,)),)))


@pytest.mark.parametrize(
    'pattern', ['^web-[0-9]+$', '.*db.*', 'web|db|mail', '[*+{]', r'\(a\+\)\+', 'a{3}-(b|c)', '(web)+', 'x*?y', '']
)
def test_an_everyday_pattern_is_taken(stores: In, pattern: str) -> None:
    async def scenario(store: Store) -> None:
        assert await store.page(Query('server', filters=(Filter(('name',), 'regex', (pattern,)),))) == []

    stores(scenario)


DOCUMENT = (
    b'{"r": 9.5, "n": 10, "b": true, "s": "x", "e": "", "z": null, "text": "{\\"a\\": 1}",'
    b' "l": [{"a": 1}, {"dou\\"ble": "x"}], "o": {"k": {"v": "one"}}, "none": [], "tags": ["red", "blue"]}'
)


@pytest.mark.parametrize(
    ('path', 'operator', 'given', 'expected'),
    [
        (('r',), 'gt', ('10',), False),
        (('r',), 'lt', ('10',), True),
        (('n',), 'ge', ('9',), True),
        (('n',), 'ge', ('9x',), False),
        (('b',), 'in', ('true',), True),
        (('b',), 'in', ('1',), False),
        (('s', '*'), 'in', ('x',), False),
        (('text', 'a'), 'not_null', (), False),
        (('text', '*'), 'not_null', (), False),
        (('l', '*', 'dou"ble'), 'null', (), True),
        (('l', '*', 'dou"ble'), 'in', ('x',), True),
        (('l', '*', 'a'), 'not_in', ('1',), False),
        (('o', '*', 'v'), 'like', ('ON',), True),
        (('none', '*'), 'null', (), True),
        (('none', '*'), 'not_in', ('x',), True),
        (('absent',), 'not_in', ('x',), True),
        (('e',), 'null', (), True),
        (('z',), 'not_null', (), False),
        (('tags', '*'), 'has', ('blue', 'red'), True),
        (('tags', '*'), 'has', ('blue', 'green'), False),
        (('tags', '*'), 'has', (), True),
    ],
)
def test_filters_by_example(stores: In, path: tuple[str, ...], operator: Operator, given: tuple[str, ...], expected: bool) -> None:
    record = Record('east', 'server', 'i', 'i', 'p', 'n', DOCUMENT)
    filter = Filter(('doc', *path), operator, given)
    assert oracle.holds(record, filter) is expected

    async def scenario(store: Store) -> None:
        await store.put([record])
        assert (await store.page(Query('server', filters=(filter,))) == [record]) is expected

    stores(scenario)


@pytest.mark.parametrize(
    ('pattern', 'name', 'expected'),
    [
        (r'\bweb\b', 'a web b', True), (r'\bweb\b', 'webs', False), (r'[\b]', 'b', False), (r'^\w+$', 'größe', True), ('(?i)WEB', 'web', True),
        ('a.c', 'a\nc', False), ('(?s)a.c', 'a\nc', True), (r'\Aw.*b\Z', 'web', True), ('(?P<x>w)eb', 'web', True), ('(?:we|x)b', 'web', True),
        (r'web-0*(1|2)\.', 'web-002.example', True), ('w(?!x)', 'wx', False), ('(?<=w)e', 'web', True), ('[^a-z]', 'web', False),
    ],
)  # fmt: skip
def test_a_pattern_means_the_same_everywhere(stores: In, pattern: str, name: str, expected: bool) -> None:
    async def scenario(store: Store) -> None:
        await store.put([Record('east', 'server', 'i', 'i', 'p', name, b'{}')])
        assert await store.count(Query('server', filters=(Filter(('name',), 'regex', (pattern,)),))) == expected

    stores(scenario)


@pytest.mark.parametrize(
    'doc', [b'{"a": "x\\u0000y"}', b'{"a\\u0000": 1, "a": "\xff"}', b'{"a": "\\\\u0000 \\ud83d\\ude00"}', b' {"a" : 1e999, "b": 1e-999 } ']
)
def test_documents_that_are_hard_to_read_come_back_as_they_were(stores: In, doc: bytes) -> None:
    async def scenario(store: Store) -> None:
        record = Record('east', 'server', 'i', 'i', 'p', 'n', doc)
        await store.put([record])
        assert await store.get('server', 'i') == record
        filter = Filter(('doc', 'a'), 'not_null')
        assert await store.page(Query('server', filters=(filter,), sorts=(Sort(('doc', 'a')), Sort(('doc', 'b'))))) == [record]

    stores(scenario)
