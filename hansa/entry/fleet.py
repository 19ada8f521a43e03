"""Running a fleet of simulated sites: sockets first, then one process for each, and an end that leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import multiprocessing
import os
import pathlib
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from multiprocessing import connection, context

import msgspec
import uvicorn

from hansa.entry import clouds, output
from hansa.entry.endings import Server
from hansa.keystone import mortal
from hansa.model.errors import ConfigError
from hansa.ports.clock import SystemClock
from hansa.sites.http.transport import HttpTransport
from hansa.sites.sim import seed as accounts
from hansa.sites.sim.fleet import fleet, orders

MOST_SITES, MOST_SERVERS, MOST_PROCESSES = 1000, 1_000_000, 64
OURS = '# Made by hansa sim fleet; taken away when it ends.\n'
_START_SECONDS = 120
_END_SECONDS = 10

Fork = context.ForkProcess
Pipe = connection.Connection


class Told(Exception):
    """A signal said that it is enough."""


class Order(msgspec.Struct, frozen=True):
    """What is wanted: `volumes` per server, `life` changes per server and day, `listen` as HOST:PORT, `user` of the entries."""

    sites: int
    servers: int
    volumes: float
    processes: int
    listen: tuple[str, ...]
    seed: int
    life: float
    clouds: str
    user: str


def serve(order: Order) -> int:
    """Run until SIGTERM or SIGINT; the exit code. Raises ConfigError."""
    _check(order)
    names = fleet.names(order.sites)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end_of_all)
    with contextlib.suppress(Told), contextlib.ExitStack() as stack:
        listening = [stack.enter_context(_listen(place)) for place in _places(order)]
        bases = [_base(each) for each in listening]
        share = [names[number :: order.processes] for number in range(order.processes)]
        homes = {name: f'{base}/{name}' for base, mine in zip(bases, share, strict=True) for name in mine}
        stack.enter_context(_clouds(order, {name: homes[name] for name in names}))
        # What is there already is not looked at again, so that the processes go on sharing it.
        gc.freeze()
        children = stack.enter_context(_children(order, listening, bases, share))
        output.say(f'{order.sites} sites with {order.servers} servers each at {", ".join(bases)}; {order.clouds} names them.')
        print('ready', flush=True)
        connection.wait([child.sentinel for child in children])
        output.say('hansa: A process of the fleet has ended by itself.')
        return 1
    return 0


def _end_of_all(*_: object) -> None:
    """What has begun is taken back once; whoever asks for it again does not make it quicker."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise Told


def _check(order: Order) -> None:
    for name, value, most in (('sites', order.sites, MOST_SITES), ('servers', order.servers, MOST_SERVERS), ('processes', order.processes, MOST_PROCESSES)):
        if not 1 <= value <= most:
            raise ConfigError(f'--{name} must be a number from 1 to {most}.')
    if not 0 <= order.volumes <= 1:
        raise ConfigError('--volumes-per-server must be a number from 0 to 1.')
    if not 0 <= order.life <= orders.MOST_LIFE:
        raise ConfigError(f'--life must be a number from 0 to {orders.MOST_LIFE}: changes per server and day.')
    if order.processes > order.sites:
        raise ConfigError('--processes must not be more than there are sites.')


# -- places


def _places(order: Order) -> list[tuple[str, int]]:
    """One for each process; of a single one named, the ports that follow it."""
    found = []
    for word in order.listen:
        host, colon, port = word.strip().rpartition(':')
        if not colon or not host or not port.isdigit() or int(port) > 65_535:
            raise ConfigError(f'--listen must be HOST:PORT, one for each process or the first of them; {word!r} is not.')
        found.append((host.strip('[]'), int(port)))
    if len(found) == 1:
        first = found[0][1]
        return [(found[0][0], first + number if first else 0) for number in range(order.processes)]
    if len(found) != order.processes:
        raise ConfigError(f'--listen names {len(found)} places for {order.processes} processes; name one for each, or only the first.')
    return found


@contextlib.contextmanager
def _listen(place: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET6 if ':' in place[0] else socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(place)
            listening.listen(2048)
        except (OSError, UnicodeError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else 'that is no address'
            raise ConfigError(f'{place[0]}:{place[1]} cannot be listened on: {why}. Choose another with --listen.') from error
        yield listening


def _base(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f'http://[{host}]:{port}' if ':' in host else f'http://{host}:{port}'


@contextlib.contextmanager
def _clouds(order: Order, homes: dict[str, str]) -> Iterator[None]:
    """The file of entries, one for each site, while the fleet runs."""
    path = pathlib.Path(order.clouds)
    try:
        if path.exists() and not path.read_text(encoding='utf-8').startswith(OURS):
            raise ConfigError(f'{path} is there already, and not of a fleet; name another file with --clouds.')
        written = clouds.write_clouds_yaml(str(path.parent), {name: _entry(url, order.user) for name, url in homes.items()}, path.name, OURS)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f'{path} cannot be written: {error}. Name another file with --clouds.') from error
    try:
        yield
    finally:
        written.unlink(missing_ok=True)


def _entry(url: str, user: str) -> dict[str, object]:
    return clouds.entry(f'{url}/identity/v3', 'RegionOne', clouds.who(user, user) | {'password': accounts.PASSWORD})


# -- processes


@contextlib.contextmanager
def _children(order: Order, listening: Sequence[socket.socket], bases: Sequence[str], share: Sequence[list[str]]) -> Iterator[list[Fork]]:
    """All of them, serving. Raises ConfigError where one does not come up."""
    fork = multiprocessing.get_context('fork')
    children: list[Fork] = []
    told: list[Pipe] = []
    with contextlib.ExitStack() as stack:
        stack.callback(_end, children)
        for number, place in enumerate(listening):
            mine, theirs = fork.Pipe(duplex=False)
            peers = {base: share[other] for other, base in enumerate(bases) if other != number}
            child = fork.Process(target=_child, args=(order, share[number], peers, place, theirs, os.getpid()), daemon=True)
            child.start()
            theirs.close()
            children.append(child)
            told.append(stack.enter_context(mine))
        for mine in told:
            if not mine.poll(_START_SECONDS) or not _ready(mine):
                raise ConfigError('A process of the fleet did not come up.')
        yield children


def _ready(mine: Pipe) -> bool:
    try:
        return bool(mine.recv())
    except EOFError:
        return False


def _end(children: Sequence[Fork]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        child.join(_END_SECONDS)
        if child.is_alive():
            child.kill()
            child.join()


def _child(order: Order, names: list[str], peers: dict[str, list[str]], listening: socket.socket, told: Pipe, parent: int) -> None:
    """One process: builds its sites, serves them, ends at SIGTERM."""
    import uvloop

    mortal.die_with(parent)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Of a terminal all processes hear of Ctrl-C; it is for the first one to end the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level='ERROR', stream=sys.stderr)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_answer(order, names, peers, listening, told))


async def _answer(order: Order, names: list[str], peers: dict[str, list[str]], listening: socket.socket, told: Pipe) -> None:
    wire = HttpTransport()
    sites = fleet.build(names, SystemClock(), order.seed, order.servers, order.volumes, order.life)
    settings = uvicorn.Config(
        fleet.Fleet(sites, peers, wire), http='httptools', loop='none', lifespan='off', log_config=None, access_log=False,
        server_header=False, date_header=False, proxy_headers=False, timeout_keep_alive=75, timeout_graceful_shutdown=1, backlog=2048,
    )  # fmt: skip
    server = Server(settings, lambda: told.send(True))

    def stop() -> None:
        server.should_exit = True

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    gc.freeze()
    await server._serve([listening])  # noqa: SLF001 - serve() without its signal handlers
    await wire.close()
