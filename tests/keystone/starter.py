"""A league that is nothing but its engine, to be killed: `python -m tests.keystone.starter DIRECTORY`."""

from __future__ import annotations

import asyncio
import pathlib
import sys

from tests.keystone import real


async def main() -> None:
    """Start, say the child's process id, and stay."""
    running, _ = await real.start(pathlib.Path(sys.argv[1]))
    sys.stdout.write(f'{running.pid}\n')
    sys.stdout.flush()
    await asyncio.Event().wait()


asyncio.run(main())
