"""Processes of ours: one that runs to its end, and one that is kept running."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pathlib
import sys

import hansa
from hansa.model.errors import SiteDown
from hansa.ports.clock import Clock

OUTPUT_LIMIT = 10 << 20
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
STOP_SECONDS = 10.0

log = logging.getLogger(__name__)


async def spawn(module: str, arguments: list[str], output: pathlib.Path, stdin: int) -> asyncio.subprocess.Process:
    """Start one of our modules in a session of its own (so that a terminal's ^C is for us alone)."""
    _rotate(output)
    # The environment may hold the operator's passwords and settings of other programs.
    environment = {name: value for name, value in os.environ.items() if name in {'PATH', 'LANG', 'TZ', 'TMPDIR'}}
    environment['PYTHONPATH'] = str(pathlib.Path(hansa.__file__).parent.parent)
    environment['PYTHONWARNINGS'] = 'ignore'
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable, '-m', module, str(os.getpid()), *arguments,
            stdin=stdin, stdout=file, stderr=file, env=environment, cwd='/', start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(file)


async def run(module: str, arguments: list[str], output: pathlib.Path, spoken: bytes, timeout: float) -> None:
    """Run a module to its end, `spoken` on its standard input. Raises SiteDown where it fails or is not done in time."""
    process = await spawn(module, arguments, output, asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(timeout):
            await process.communicate(spoken)
    except TimeoutError:
        raise SiteDown('identity', f'was not made ready in {timeout:g} s; the logs in {output.parent} tell why') from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise SiteDown('identity', f'could not be made ready; the logs in {output.parent} tell why')


def _rotate(output: pathlib.Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if output.stat().st_size > OUTPUT_LIMIT:
            output.replace(output.with_name(output.name + '.1'))


class Child:
    """A module that is started again whenever it ends, after pauses that grow from 0.5 s to 30 s."""

    def __init__(self, module: str, arguments: list[str], output: pathlib.Path, clock: Clock) -> None:
        self._module = module
        self._arguments = arguments
        self._output = output
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Its process id; 0 between two lives."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def start(self) -> None:
        """Start it, and see from now on that it runs."""
        self._process = await spawn(self._module, self._arguments, self._output, asyncio.subprocess.DEVNULL)
        self._keeper = asyncio.create_task(self._keep(self._process))

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        pause = FIRST_PAUSE
        while True:
            began = self._clock.monotonic()
            status = await process.wait()
            if self._clock.monotonic() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE
            # One line for each outage; those that follow at once are the same outage.
            log.log(
                logging.WARNING if pause == FIRST_PAUSE else logging.DEBUG,
                'Keystone ended with status %s and is started again; the logs in %s may tell why', status, self._output.parent,
            )  # fmt: skip
            await self._clock.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            with contextlib.suppress(OSError):
                process = self._process = await spawn(self._module, self._arguments, self._output, asyncio.subprocess.DEVNULL)

    async def stop(self) -> None:
        """End it: politely, and after ten seconds not so."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
