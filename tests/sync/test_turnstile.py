"""Locks whose whole line passes in one turn of the loop."""

from __future__ import annotations

import asyncio

import pytest

from hansa.sync.turnstile import Turnstile, Turnstiles


def test_one_at_a_time_and_all_who_wait_in_one_turn() -> None:
    async def main() -> None:
        gate, go, passed = Turnstile(), asyncio.Event(), list[int]()

        async def first() -> None:
            async with gate:
                await go.wait()
                passed.append(0)

        async def then(number: int) -> None:
            async with gate:
                passed.append(number)

        tasks = [asyncio.create_task(first()), *(asyncio.create_task(then(number)) for number in range(1, 101))]
        await asyncio.sleep(0)
        tasks[50].cancel()
        await asyncio.sleep(0)
        assert passed == []
        go.set()
        for _ in range(3):
            await asyncio.sleep(0)
        assert passed == [number for number in range(101) if number != 50]
        with pytest.raises(asyncio.CancelledError):
            await tasks[50]

    asyncio.run(main())


def test_who_waits_for_another_key_does_not_wait() -> None:
    async def main() -> None:
        gates, go = Turnstiles(), asyncio.Event()

        async def hold() -> None:
            async with gates.at('a'):
                await go.wait()

        async def enter(key: str) -> str:
            async with gates.at(key):
                return key

        held = asyncio.create_task(hold())
        await asyncio.sleep(0)
        waiting = asyncio.create_task(enter('a'))
        assert await enter('b') == 'b'
        assert not waiting.done()
        go.set()
        assert await waiting == 'a'
        await held

    asyncio.run(main())
