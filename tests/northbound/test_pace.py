"""A crowd is let in a few at a time, in its order; nobody waits where there is none."""

from __future__ import annotations

import asyncio
import itertools

from hansa.northbound.hall import pace


def test_so_many_begin_in_one_turn_and_in_the_order_in_which_they_came() -> None:
    async def main() -> None:
        line, begun = pace.Pace(), list[int]()

        async def come(number: int) -> None:
            await line.turn()
            begun.append(number)

        tasks = [asyncio.create_task(come(number)) for number in range(5 * pace.AT_ONCE)]
        await asyncio.sleep(0)
        assert begun == list(range(pace.AT_ONCE))
        tasks[pace.AT_ONCE].cancel()
        seen = [len(begun)]
        while len(begun) < len(tasks) - 1:
            await asyncio.sleep(0)
            seen.append(len(begun))
        assert begun == [number for number in range(len(tasks)) if number != pace.AT_ONCE]
        assert max(after - before for before, after in itertools.pairwise(seen)) <= pace.AT_ONCE

    asyncio.run(main())


def test_who_comes_alone_begins_at_once() -> None:
    async def main() -> None:
        line = pace.Pace()
        for _ in range(3):
            for _ in range(pace.AT_ONCE):
                coroutine = line.turn()
                try:
                    coroutine.send(None)
                except StopIteration:
                    continue
                raise AssertionError('had to wait')
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    asyncio.run(main())
