"""What the change feed promises: everything that others keep in memory, once, in order, and a word where something is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st

from hansa.model.alias import Alias
from hansa.model.errors import Conflict, Gone
from hansa.model.site import SiteSpec
from hansa.ports.feed import News
from hansa.ports.store import Clustered
from hansa.storage.postgres import feed, state
from hansa.storage.postgres.store import PostgresStore
from hansa.storage.postgres.transacting import Session
from tests.contract.conftest import Cluster, clustered
from tests.postgres import Server


def test_what_others_keep_in_memory_is_told(cluster: Cluster) -> None:
    one, two = Alias('east', 'image', 'a', 'b'), Alias('east', 'project', 'c', 'd')

    async def main(stores: list[PostgresStore]) -> None:
        store, other, _ = stores
        assert isinstance(store, Clustered)
        assert await other.feed.latest() == 0
        await store.put_site(SiteSpec('east', 'sim', {'password': 'sesame'}))
        await store.add_aliases([one, two])
        await store.drop_aliases([two])
        await store.set('word', b'sesame', sealed=True)
        await store.unset('word')
        await store.forget_site('east')
        await store.drop_site('east')
        assert await other.feed.latest() == 7
        news = await other.feed.since(0, 10)
        assert [each.number for each in news] == [1, 2, 3, 4, 5, 6, 7]
        assert [(each.topic, each.body) for each in news if not each.topic.startswith('aliases')] == [
            ('site-put', b'east'), ('value', b'word'), ('value', b'word'), ('site-forgotten', b'east'), ('site-dropped', b'east'),
        ]  # fmt: skip
        assert [(each.topic, msgspec.json.decode(each.body, type=list[Alias])) for each in news[1:3]] == [
            ('aliases-added', [one, two]), ('aliases-dropped', [two]),
        ]  # fmt: skip
        assert await other.feed.since(3, 2) == news[3:5]
        assert await other.feed.since(7, 10) == []

    cluster(main)


def test_many_aliases_are_told_in_parts(cluster: Cluster) -> None:
    many = [Alias('east', 'flavor', f'{n:04}', 'x') for n in range(1100)]

    async def main(stores: list[PostgresStore]) -> None:
        await stores[0].add_aliases(many)
        told = [msgspec.json.decode(each.body, type=list[Alias]) for each in await stores[1].feed.since(0, 10)]
        assert [len(part) for part in told] == [500, 500, 100]
        assert [alias for part in told for alias in part] == many

    cluster(main)


def test_who_is_too_far_behind_hears_it(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        store, other, _ = stores
        await store.set('word', b'1')
        await store.set('word', b'2')
        await store._pool.write(lambda db: db.run("UPDATE news SET told = told - interval '61 minutes' WHERE number = 1"))
        for _ in range(feed.PRUNED_EVERY - 2):
            await store.set('word', b'3')
        with pytest.raises(Gone, match='read all anew'):
            await other.feed.since(0, 10)
        assert [each.number for each in await other.feed.since(1, 2)] == [2, 3]
        with pytest.raises(Gone):
            await other.feed.since(await other.feed.latest() + 1, 10)

    cluster(main)


Step = tuple[str, int]
steps = st.lists(st.tuples(st.sampled_from(['set', 'alias', 'fails', 'two']), st.integers(0, 2)), max_size=6)


async def _writes(store: PostgresStore, name: str, script: Sequence[Step]) -> list[str]:
    """Do it; returns what has to be told of it."""
    told: list[str] = []

    async def failing(db: Session) -> None:
        await state.set(db, store._seal, 'never', b'', sealed=False)
        raise Conflict('not this time')

    async def both(db: Session) -> None:
        for half in ('a', 'b'):
            await state.set(db, store._seal, f'{name}/{half}', b'', sealed=False)

    for number, (what, key) in enumerate(script):
        if what == 'set':
            await store.set(f'{name}/{key}', str(number).encode())
            told.append(f'{name}/{key}')
        elif what == 'alias':
            await store.add_aliases([Alias(name, 'image', str(key), str(number))])
            told.append(f'{name} {key} {number}')
        elif what == 'two':
            await store._pool.write(both)
            told += [f'{name}/a', f'{name}/b']
        else:
            with pytest.raises(Conflict):
                await store._pool.write(failing)
    return told


def _said(news: News) -> str:
    if news.topic == 'value':
        return news.body.decode()
    (alias,) = msgspec.json.decode(news.body, type=list[Alias])
    return f'{alias.site} {alias.league} {alias.local}'


async def _follow(store: PostgresStore, limit: int, done: Callable[[], bool]) -> list[News]:
    """As a process does it, until the writers are done and all of it is read. What is told can be read."""
    seen: list[News] = []
    while True:
        last = done()
        some = await store.feed.since(seen[-1].number if seen else 0, limit)
        for news in some:
            if news.topic == 'value':
                assert await store.value(news.body.decode()) is not None
        seen += some
        if last and not some:
            return seen


@hypothesis.settings(max_examples=25)
@hypothesis.given(scripts=st.tuples(steps, steps, steps, steps), limit=st.integers(1, 5))
def test_a_follower_of_many_writers_misses_nothing_and_hears_nothing_twice(
    postgres: Server, scripts: tuple[list[Step], ...], limit: int
) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        running = [True]

        async def write() -> list[list[str]]:
            works: list[Awaitable[list[str]]] = [_writes(stores[n % 2], f'w{n}', script) for n, script in enumerate(scripts)]
            told = await asyncio.gather(*works)
            running.clear()
            return told

        told, seen = await asyncio.gather(write(), _follow(stores[2], limit, lambda: not running))
        assert [news.number for news in seen] == list(range(1, len(seen) + 1))
        for n, expected in enumerate(told):
            assert [_said(news) for news in seen if _said(news).startswith(f'w{n}')] == expected
        assert len(seen) == sum(map(len, told))

    asyncio.run(clustered(postgres.fresh(), main))
