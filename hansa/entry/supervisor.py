"""Running the league, or a part of it: the identity engine as a child, the house, and the sockets; and ending all of it in order."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import gc
import os
import resource
import socket
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator

import uvicorn

from hansa.bus import open_bus
from hansa.entry import admission, greeting, ground, identity, keeping, logs, pulse, wiring
from hansa.entry.choice import Choice
from hansa.entry.config import Config
from hansa.entry.endings import DRAIN_SECONDS, Endings, Server, beside
from hansa.entry.gathering import GatheringProtocol
from hansa.entry.posts import Role
from hansa.model.errors import ConfigError, HansaError
from hansa.model.site import SiteSpec
from hansa.northbound.hall.app import Hall
from hansa.ports.clock import Clock, SystemClock
from hansa.storage import folder

_FIRST_LOOK = 5.0
_FIRST_READ = 30.0
_KEEP_ALIVE = 75
# A request leaves hardly any cycles behind, so that looking for them at Python's pace is lost time.
_GARBAGE = 20_000
_DOORS = 16
_MOST_FILES = 65_536
_OTHER_LISTEN = 'Choose another with --listen.'
_OTHER_METRICS = 'Set metrics.listen to another.'
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8


def serve(config: Config, choice: Choice, role: Role | None = None) -> int:
    """Run until SIGTERM or SIGINT, alone or as one of several; the exit code. Raises ConfigError for what the operator has to change."""
    if role is not None and not config.store:
        raise ConfigError(f'hansa {role} is one of several processes on one store: set store to postgresql://USER@HOST/NAME.')
    if role is not None and not config.identity_url:
        raise ConfigError(
            f'hansa {role} is one of several processes that share a Keystone: set identity.url and identity.cloud to yours, or to that of hansa identity.'
        )
    return _run(config, lambda: _serve(config, choice) if role is None else _take_part(config, choice, role))


def identify(config: Config) -> int:
    """Run the Keystone that several processes share, until SIGTERM or SIGINT; the exit code. Raises ConfigError."""
    if config.identity_url:
        raise ConfigError('hansa identity runs a Keystone of its own: leave out identity.url, which says where fronts and workers find one.')
    return _run(config, lambda: _identify(config))


def _run(config: Config, act: Callable[[], Coroutine[None, None, int]]) -> int:
    logs.begin(config)
    _allocator()
    _descriptors()
    import uvloop

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(act())
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
        listening, measured = _ports(config, stack)
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
        await _join(house, specs, {spec.name for spec in kept})
        control = stack.enter_context(ground.control(directory))
        start.pop_all()
        await _beside(house, clock, stack, measured)
        sites = [member.name for member in house.roster]
        await _answer(endings, house, [listening, control], lambda: greeting.say(config, directory, sites))
    return 0


async def _take_part(config: Config, choice: Choice, role: Role) -> int:
    """One of several: the sites are those of the store, and those named join them."""
    endings, clock = Endings(), SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        bus = await open_bus(config.bus, config.region.replace('.', '_'))
        stack.push_async_callback(bus.close)
        directory = ground.directory(config)
        sockets, measured = [], None
        if role != 'worker':
            listening, measured = _ports(config, stack)
            sockets.append(listening)
        elif config.metrics_listen:
            measured = stack.enter_context(ground.port(config.metrics_listen, _OTHER_METRICS))
        foreign = await identity.foreigner(config, clock)
        start = stack.enter_context(contextlib.ExitStack())
        start.callback(ground.make(directory))
        store = await keeping.opened(config, directory)
        stack.push_async_callback(store.close)
        kept = await store.sites()
        specs = await admission.admitted(choice.specs, kept, lambda spec: wiring.site(spec, clock, config.patience))
        if simulated := [spec.name for spec in specs if spec.kind == admission.SIMULATED]:
            raise ConfigError(f'Sites in the memory of one process cannot be shared by several: {", ".join(simulated)}. See: hansa sim fleet.')
        for spec in admission.changed(specs, kept):
            await store.put_site(spec)
        engine, door = await identity.begin(config, foreign, directory, clock, bus)
        stack.push_async_callback(engine.close)
        house = await wiring.build(config, engine, door, clock, directory, store=store, role=role, bus=bus)
        stack.push_async_callback(house.close)
        sites = [member.name for member in house.roster]
        await house.membership.ready(sites, _FIRST_LOOK)
        sockets.append(stack.enter_context(ground.control(directory)))
        start.pop_all()
        await _beside(house, clock, stack, measured)
        say = functools.partial(greeting.say, config, directory, sites) if role == 'front' else functools.partial(greeting.brief, role)
        await _answer(endings, house, sockets, say)
    return 0


async def _identify(config: Config) -> int:
    endings, clock = Endings(), SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        directory = ground.directory(config)
        listening = stack.enter_context(ground.port(config.listen, _OTHER_LISTEN))
        start = stack.enter_context(contextlib.ExitStack())
        start.callback(ground.make(directory))
        stack.callback(os.close, folder.lock(directory))
        engine, door = await identity.begin(config, None, directory, clock)
        stack.push_async_callback(engine.close)
        start.pop_all()
        hall = wiring.keystone(config, door, clock)
        await endings.serve(Server(_settings(hall), functools.partial(greeting.brief, f'http://{config.listen}/identity/v3')), [listening])
    return 0


def _ports(config: Config, stack: contextlib.AsyncExitStack) -> tuple[socket.socket, socket.socket | None]:
    listening = stack.enter_context(ground.port(config.listen, _OTHER_LISTEN))
    return listening, stack.enter_context(ground.port(config.metrics_listen, _OTHER_METRICS)) if config.metrics_listen else None


async def _beside(house: wiring.House, clock: Clock, stack: contextlib.AsyncExitStack, measured: socket.socket | None) -> None:
    if measured is not None:
        await stack.enter_async_context(beside(_settings(wiring.beside(house, clock)), measured))
    stack.enter_context(_watched(house, clock))


async def _join(house: wiring.House, specs: Iterable[SiteSpec], known: Collection[str]) -> None:
    """Whoever is told that the league is ready finds in it what its new sites have, unless that takes long; of those known before it has a copy."""
    names = [(await house.membership.join(spec)).name for spec in specs]
    await house.membership.ready(names, _FIRST_LOOK)
    await house.membership.read([name for name in names if name not in known], _FIRST_READ)


async def _answer(endings: Endings, house: wiring.House, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    # The loop takes one connection from each socket in a turn: under load, where turns are long, a crowd would stand outside for minutes.
    doors = [each.dup() for each in sockets[:1] for _ in range(_DOORS - 1)]
    await endings.serve(Server(_settings(house.hall), ready), [*sockets, *doors])


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
    """glibc gives big freed buffers back to the kernel and faults them in again for each chunk of a stream; tell it to keep them. What one
    thread has freed is there for all.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL('libc.so.6')
        for option, value in ((_M_TRIM_THRESHOLD, 64 << 20), (_M_MMAP_THRESHOLD, 4 << 20), (_M_TOP_PAD, 1 << 20), (_M_ARENA_MAX, 1)):
            libc.mallopt(option, value)


def _descriptors() -> None:
    """Each client and each request to a site is an open file; the usual soft limit of 1024 is soon reached, the hard one is meant for servers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
