"""Running the league: the identity engine as a child, the house, and the sockets; and ending all of it in order."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import pathlib
import resource
import socket
from collections.abc import Iterable, Iterator

import uvicorn

from hansa.entry import admission, greeting, ground, identity, keeping, logs, pulse, wiring
from hansa.entry.choice import Choice
from hansa.entry.config import Config
from hansa.entry.endings import DRAIN_SECONDS, Endings, Server, beside
from hansa.entry.gathering import GatheringProtocol
from hansa.model.errors import ConfigError, HansaError
from hansa.model.site import SiteSpec
from hansa.northbound.hall.app import Hall
from hansa.ports.clock import Clock, SystemClock

_FIRST_LOOK = 5.0
_KEEP_ALIVE = 75
# A request leaves hardly any cycles behind, so that looking for them at Python's pace is lost time.
_GARBAGE = 20_000
_DOORS = 16
_MOST_FILES = 65_536
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3


def serve(config: Config, choice: Choice) -> int:
    """Run until SIGTERM or SIGINT; the exit code. Raises ConfigError for what the operator has to change."""
    logs.begin(config)
    _allocator()
    _descriptors()
    import uvloop

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(config, choice))
    except ConfigError:
        raise
    except HansaError as error:
        raise ConfigError(str(error)) from error
    except asyncio.CancelledError:
        return 0


async def _serve(config: Config, choice: Choice) -> int:
    """What can be refused is refused before anything is made, and what was made for a start that fails is taken away again."""
    endings, clock = Endings(), SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        directory = ground.directory(config)
        store = await keeping.known(config, directory)
        if store is not None:
            stack.push_async_callback(store.close)
        kept = await store.sites() if store is not None else []
        if choice.nothing and not kept:
            raise ConfigError(choice.nothing)
        listening = stack.enter_context(ground.port(config.listen, 'Choose another with --listen.'))
        measured = stack.enter_context(ground.port(config.metrics_listen, 'Set metrics.listen to another.')) if config.metrics_listen else None
        foreign = await identity.foreigner(config, clock)
        specs = await admission.admitted(choice.specs, kept, lambda spec: wiring.site(spec, clock, config.patience))
        start = stack.enter_context(contextlib.ExitStack())
        start.callback(ground.make(directory))
        if store is None:
            store = await keeping.opened(config, directory)
            stack.push_async_callback(store.close)
        await admission.clear(store, kept)
        engine, door = await identity.begin(config, foreign, directory, clock)
        stack.push_async_callback(engine.close)
        house = await wiring.build(config, engine, door, clock, directory, store=store)
        stack.push_async_callback(house.close)
        await _join(house, specs)
        control = stack.enter_context(ground.control(directory))
        start.pop_all()
        if measured is not None:
            await stack.enter_async_context(beside(_settings(wiring.beside(house, clock)), measured))
        stack.enter_context(_watched(house, clock))
        await _answer(config, endings, house, [listening, control], directory)
    return 0


async def _join(house: wiring.House, specs: Iterable[SiteSpec]) -> None:
    names = [(await house.membership.join(spec)).name for spec in specs]
    await house.membership.ready(names, _FIRST_LOOK)


async def _answer(
    config: Config, endings: Endings, house: wiring.House, sockets: list[socket.socket], directory: pathlib.Path
) -> None:
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    sites = [member.name for member in house.roster]
    # The loop takes one connection from each socket in a turn: under load, where turns are long, a crowd would stand outside for minutes.
    doors = [each.dup() for each in sockets[:1] for _ in range(_DOORS - 1)]
    await endings.serve(Server(_settings(house.hall), lambda: greeting.say(config, directory, sites)), [*sockets, *doors])


def _settings(application: Hall) -> uvicorn.Config:
    return uvicorn.Config(
        application, http=GatheringProtocol, loop='none', lifespan='off', log_config=None, access_log=False, server_header=False,
        date_header=True, proxy_headers=False, timeout_keep_alive=_KEEP_ALIVE, timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=2048,
    )  # fmt: skip


@contextlib.contextmanager
def _watched(house: wiring.House, clock: Clock) -> Iterator[None]:
    task = asyncio.create_task(pulse.watch(house.metrics.lag, clock))
    try:
        yield
    finally:
        task.cancel()


def _allocator() -> None:
    """glibc gives big freed buffers back to the kernel and faults them in again for each chunk of a stream; tell it to keep them."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL('libc.so.6')
        for option, value in ((_M_TRIM_THRESHOLD, 64 << 20), (_M_MMAP_THRESHOLD, 4 << 20), (_M_TOP_PAD, 1 << 20)):
            libc.mallopt(option, value)


def _descriptors() -> None:
    """Each client and each request to a site is an open file; the usual soft limit of 1024 is soon reached, the hard one is meant for servers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
