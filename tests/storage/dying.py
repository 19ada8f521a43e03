"""A program that writes to the store in the directory it is given and kills itself without any goodbye."""

from __future__ import annotations

import asyncio
import os
import pathlib
import signal
import sys

from hansa.model.alias import Alias
from hansa.model.intent import Intent
from hansa.model.resource import Record
from hansa.model.site import SiteSpec
from hansa.storage.sqlite import open_store


async def main(directory: pathlib.Path) -> None:
    """Every write of it has returned when it dies."""
    store = await open_store(directory)
    await store.put([Record('east', 'server', f'i{n:03}', f'i{n:03}', 'p', 'n', b'{}') for n in range(300)])
    await store.put([Record('east', 'server', 'last', 'last', 'p', 'n', b'{}')])
    await store.remove('east', 'server', ['i000'], 1.0)
    intent = Intent('i1', 'create', 'p', 'u', 'east', 'm', b'{}')
    await store.open_intent(intent)
    await store.move_intent(intent)
    await store.put_site(SiteSpec('east', 'openstack', {'password': 'secret'}))
    await store.set('word', b'secret', sealed=True)
    await store.add_aliases([Alias('east', 'image', 'a', 'b')])
    os.kill(os.getpid(), signal.SIGKILL)


asyncio.run(main(pathlib.Path(sys.argv[1])))
