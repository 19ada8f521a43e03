"""Answers on their way out: whole ones, streams, and clients that leave in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import pytest

from hansa.northbound.hall import wire


def test_a_client_that_leaves_ends_the_stream_at_its_source() -> None:
    async def main() -> None:
        given: list[int] = []
        closed = asyncio.Event()
        left = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            try:
                for number in range(1_000_000):
                    given.append(number)
                    yield b'x'
                    await asyncio.sleep(0)
            finally:
                closed.set()

        async def receive() -> dict[str, object]:
            await left.wait()
            return {'type': 'http.disconnect'}

        async def send(message: object) -> None:
            if len(given) == 3:
                left.set()

        with pytest.raises(wire.Disconnected):
            await wire.reply(receive, send, wire.Answer(200, [], endless()))
        assert closed.is_set()
        assert len(given) < 10

    asyncio.run(main())


def test_a_stream_goes_out_chunk_by_chunk_and_says_when_it_ends() -> None:
    async def main() -> None:
        sent: list[MutableMapping[str, Any]] = []
        never = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield b'one'
            yield b'two'

        async def receive() -> dict[str, object]:
            await never.wait()
            return {}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await wire.reply(receive, send, wire.Answer(200, [('X-Word', 'one')], body()))
        assert [message.get('body') for message in sent] == [None, b'one', b'two', b'']
        assert sent[0]['headers'] == [(b'x-word', b'one')]
        assert not sent[-1].get('more_body')

    asyncio.run(main())
