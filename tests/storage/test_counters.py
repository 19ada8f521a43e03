"""Counters kept beside the inventory say what a count of it would, whatever was done before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st

from hansa.model.listing import Filter, Query
from hansa.model.resource import Record
from hansa.ports.store import Store
from hansa.storage import bounds
from tests.postgres import Server
from tests.storage.opened import In, postgres_stores, sqlite_stores

Act = Callable[[Store], Awaitable[None]]

IDS = ['a', 'b', 'c', 'd']
SITES = ['east', 'west', 'north']
KINDS = ['server', 'image']
OWNERS = ['p', 'q', '']
STATES = ['ACTIVE', 'ERROR', '']

ids, sites, kinds = st.sampled_from(IDS), st.sampled_from(SITES), st.sampled_from(KINDS)
records = st.builds(
    lambda site, kind, name, project, status, public: Record(site, kind, name, name, project, name, b'{}', status, public=public),
    *(sites, kinds, ids, st.sampled_from(OWNERS), st.sampled_from(STATES), st.booleans()),
)


def _put(found: list[Record]) -> Act:
    return lambda store: store.put(found)


def _remove(site: str, kind: str, gone: list[str]) -> Act:
    return lambda store: store.remove(site, kind, gone, 1.0)


def _rename(site: str, kind: str, old: str, new: str) -> Act:
    return lambda store: store.rename_id(site, kind, old, new)


def _forget(site: str) -> Act:
    return lambda store: store.forget_site(site)


puts = st.builds(_put, st.lists(records, min_size=1, max_size=6))
acts = st.lists(
    st.one_of(
        *(puts, puts, puts),
        st.builds(_remove, sites, kinds, st.lists(ids, max_size=3)),
        st.builds(_rename, sites, kinds, ids, ids),
        st.builds(_forget, sites),
    ),
    max_size=8,
)


async def held(store: Store) -> list[Record]:
    """Every record, found by what no counter tells."""
    return [record for kind in KINDS for id in IDS for record in await store.replicas(kind, id)]


async def level(store: Store) -> None:
    """Every counter says what the records say."""
    every = await held(store)
    primes = [record for record in every if record.primary]
    of = Counter((record.site, record.kind) for record in every)
    nobody = Counter((record.site, record.kind) for record in primes if not record.project)
    assert await store.summary() == [(*place, of[place], nobody[place]) for place in sorted(of)]
    for kind in KINDS:
        for project in OWNERS:
            there = Counter(record.site for record in primes if (record.kind, record.project) == (kind, project))
            assert await store.spread(kind, project) == there
        for query in asked(kind):
            assert bounds.counter(query)
            assert await store.count(query) == len(await store.page(query))


def asked(kind: str) -> list[Query]:
    """Questions that counters answer."""
    filters = [
        (),
        (Filter(('site',), 'in', ('east',)),),
        (Filter(('status',), 'not_in', ('ERROR', '')), Filter(('site',), 'in', ('east', 'west'))),
        (Filter(('project',), 'in', ('',)), Filter(('site',), 'in', ('west',))),
        (Filter(('status',), 'null'),),
    ]
    owners = [None, ('p',), ('p', 'q'), (), ('p', 'q', '', 'r', 's')]
    return [Query(kind, projects, public, each) for projects in owners for public in (True, False) for each in filters]


def check(stores: In, doing: list[Act]) -> None:
    async def scenario(store: Store) -> None:
        for act in doing:
            await act(store)
        await level(store)

    stores(scenario)


@hypothesis.settings(max_examples=60, deadline=None)
@hypothesis.given(acts)
def test_counters_of_sqlite(doing: list[Act]) -> None:
    check(sqlite_stores(), doing)


def test_counters_of_postgres(postgres: Server) -> None:
    with postgres_stores(postgres) as stores:
        hypothesis.settings(max_examples=30, deadline=None)(hypothesis.given(acts)(lambda doing: check(stores, doing)))()


@pytest.mark.parametrize('path', [('name',), ('doc', 'a'), ('id',)])
def test_whatever_else_is_asked_is_counted(path: tuple[str, ...]) -> None:
    plain = Query('server', ('p',))
    assert bounds.counter(plain) == 'owned'
    assert not bounds.counter(msgspec.structs.replace(plain, filters=(Filter(path, 'in', ('x',)),)))
    assert not bounds.counter(msgspec.structs.replace(plain, also=('x',)))
