"""A worker that takes a parcel from the queue in the database it is given, writes what is in it, and kills itself before the end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from hansa.model.resource import Record
from hansa.storage import postgres


async def main(url: str) -> None:
    """Dies in the middle."""
    store = await postgres.open_store(url, None)
    async with store.queue.next(('a',)) as parcel:
        assert parcel is not None
        await store.put([Record(parcel.site, 'server', 'half', 'half', 'p', 'n', b'{}')])
        await store.set('half', b'1')
        os.kill(os.getpid(), signal.SIGKILL)


asyncio.run(main(sys.argv[1]))
