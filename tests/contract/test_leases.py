"""What leases promise: one holder at a time, by the database's clock."""

from __future__ import annotations

import asyncio

from hansa.storage.postgres.store import PostgresStore
from tests.contract.conftest import Cluster

LONG = 3600.0


def test_one_holds_it_until_it_is_given_up(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        one, two = stores[0].leases, stores[1].leases
        assert await one.take('agent/east', 'a', LONG)
        assert await one.take('agent/east', 'a', LONG)
        assert not await two.take('agent/east', 'b', LONG)
        await two.give_up('agent/east', 'b')
        assert await two.holders() == {'agent/east': 'a'}
        await one.give_up('agent/east', 'a')
        assert await two.holders() == {}
        assert await two.take('agent/east', 'b', LONG)
        assert not await one.take('agent/east', 'a', LONG)

    cluster(main)


def test_it_ends_by_itself(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        one, two = stores[0].leases, stores[1].leases
        assert await one.take('clearing', 'a', 0.0)
        assert await two.holders() == {}
        assert await two.take('clearing', 'b', LONG)
        assert await two.holders() == {'clearing': 'b'}
        assert await two.take('clearing', 'b', -1.0)
        assert await one.take('clearing', 'a', LONG)

    cluster(main)


def test_holders_are_found_by_the_beginning_of_names(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        leases = stores[0].leases
        for name in ('agent/east', 'agent/west', 'agents', 'clearing'):
            await leases.take(name, f'of {name}', LONG)
        assert await leases.holders('agent/') == {'agent/east': 'of agent/east', 'agent/west': 'of agent/west'}
        assert list(await leases.holders()) == ['agent/east', 'agent/west', 'agents', 'clearing']

    cluster(main)


def test_of_many_at_once_one_gets_it(cluster: Cluster) -> None:
    async def main(stores: list[PostgresStore]) -> None:
        got = await asyncio.gather(*(stores[n % 3].leases.take('clearing', str(n), LONG) for n in range(6)))
        assert sum(got) == 1
        assert await stores[0].leases.holders() == {'clearing': str(got.index(True))}

    cluster(main)
