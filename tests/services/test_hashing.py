"""MD5 beside the loop is that of the whole body, whatever pieces it comes in."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

from hansa.services import hashing


def test_the_sum_of_small_and_large_pieces() -> None:
    async def main() -> None:
        for sizes in ((), (5,), (600_000, 1), (70_000,) * 30, (1 << 20,) * 3):
            pieces = [bytes([number % 256]) * size for number, size in enumerate(sizes)]

            async def body(pieces: list[bytes] = pieces) -> AsyncIterator[bytes]:
                for piece in pieces:
                    yield piece

            md5 = hashing.Md5()
            assert b''.join([piece async for piece in md5.over(body())]) == b''.join(pieces)
            assert await md5.hexdigest() == hashlib.md5(b''.join(pieces), usedforsecurity=False).hexdigest()

    asyncio.run(main())
