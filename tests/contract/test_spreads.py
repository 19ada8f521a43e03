"""What every store must do for containers that span sites."""

from __future__ import annotations

import msgspec
import pytest

from hansa.model.errors import Conflict
from hansa.model.spread import Debt, Spread
from hansa.ports.store import Store
from tests.contract.conftest import Judge

FIRST = Spread('p1', 'c', 'mirror', ('east', 'west'), 0, 1.5)


def owe(object: str, missed: bool = False) -> Debt:
    return Debt('p1', 'c', object, '', 7.5, 0, missed)


def test_how_a_container_spans_sites_is_written_by_one_after_the_other(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        put = await store.put_spread(FIRST)
        assert put == msgspec.structs.replace(FIRST, generation=1) == await store.spanning('p1', 'c')
        with pytest.raises(Conflict):
            await store.put_spread(FIRST)
        more = await store.put_spread(msgspec.structs.replace(put, sites=('west', 'north'), filling=('north',), leaving=('east',), need=2))
        assert (await store.spanning('p1', 'c'), more.generation) == (more, 2)
        with pytest.raises(Conflict):
            await store.put_spread(put)
        with pytest.raises(Conflict):
            await store.drop_spread(put)
        other = await store.put_spread(Spread('p2', 'Ünï/ \u2028', 'disperse', ('east',), 2, 2.0))
        assert await store.spreads('p1') == [more]
        assert await store.spreads() == [more, other]
        assert await store.spanning('p2', 'c') is None
        await store.drop_spread(more)
        assert await store.spanning('p1', 'c') is None
        assert (await store.put_spread(FIRST)).generation == 1

    judge(scenario)


def test_what_sites_owe(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        first = await store.owe(owe('o'), ['west', 'east'])
        assert await store.debts('p1', 'c', 'o') == [Debt('p1', 'c', 'o', site, 7.5, first) for site in ('east', 'west')]
        await store.settle(Debt('p1', 'c', 'o', '', 0.0, first), ['east'], ['west'])
        behind = Debt('p1', 'c', 'o', 'west', 7.5, first, True)
        assert await store.debts('p1', 'c', 'o') == [behind]
        second = await store.owe(msgspec.structs.replace(owe('o'), since=9.0), ['east', 'west'])
        assert second > first
        await store.settle(behind, ['west'], [])
        assert await store.debts('p1', 'c', 'o') == [
            Debt('p1', 'c', 'o', 'east', 9.0, second),
            Debt('p1', 'c', 'o', 'west', 7.5, second, True),
        ]
        await store.settle(Debt('p1', 'c', 'o', '', 0.0, second), [], ['east'], ['west'])
        assert await store.debts('p1', 'c', 'o') == [
            Debt('p1', 'c', 'o', 'east', 9.0, second, True),
            Debt('p1', 'c', 'o', 'west', 7.5, second),
        ]
        await store.settle(Debt('p1', 'c', 'o', '', 0.0, second), [], ['west'], ['east'])
        await store.owe(owe('é', missed=True), ['west'])
        await store.owe(owe(''), ['west'])
        last = await store.owe_all([msgspec.structs.replace(owe('z'), site='west')])
        assert [debt.generation for debt in await store.debts('p1', 'c', 'z')] == [last]
        assert [(debt.object, debt.site) for debt in await store.owed('p1', 'c')] == [('o', 'east'), ('o', 'west'), ('z', 'west'), ('é', 'west')]
        assert [debt.object for debt in await store.owed('p1', 'c', 'o', 1)] == ['z']
        assert [debt.site for debt in await store.owed('p1', 'c', '', 1)] == ['east', 'west']
        assert await store.owing('p1') == await store.owing() == [('p1', 'c', 'east', 1), ('p1', 'c', 'west', 4)]
        assert await store.owing('p2') == []

    judge(scenario)


def test_what_is_gone_owes_nothing(judge: Judge) -> None:
    async def scenario(store: Store) -> None:
        put = await store.put_spread(FIRST)
        await store.put_spread(Spread('p1', 'd', 'mirror', ('east',), 0, 1.0))
        for site in ('east', 'west'):
            await store.owe(owe('o'), [site])
        await store.forget_site('east')
        assert await store.owing() == [('p1', 'c', 'west', 1)]
        assert [spread.sites for spread in await store.spreads()] == [('west',)]
        with pytest.raises(Conflict):
            await store.drop_spread(put)
        await store.drop_spread(msgspec.structs.replace(put, generation=2))
        assert await store.owing() == []

    judge(scenario)
