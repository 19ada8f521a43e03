"""Running the league: the identity engine as a child, the house, and the sockets; and ending all of it in order."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import gc
import logging
import os
import pathlib
import signal
import socket
import sys

import msgspec
import uvicorn

from hansa.entry import clouds, wiring
from hansa.entry.client import SOCKET
from hansa.entry.config import Config
from hansa.keystone import files
from hansa.keystone.admin import Administrator
from hansa.keystone.engine import KeystoneEngine, connect_engine, start_engine
from hansa.model.errors import ConfigError, HansaError
from hansa.model.secret import Secret
from hansa.model.site import SiteSpec
from hansa.northbound.identity.door import IdentityDoor
from hansa.ports.clock import SystemClock
from hansa.sites.http.transport import HttpTransport

_log = logging.getLogger('hansa')
_DRAIN = 20
_FIRST_LOOK = 15.0
_KEEP_ALIVE = 75
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3


def serve(config: Config, specs: list[SiteSpec]) -> int:
    """Run until SIGTERM or SIGINT; the exit code. Raises ConfigError for what the operator has to change."""
    _logging(config)
    _allocator()
    directory = _directory(config)
    listening = _listen(config)
    import uvloop

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(config, specs, directory, listening))
    except ConfigError:
        raise
    except HansaError as error:
        raise ConfigError(str(error)) from error


async def _serve(config: Config, specs: list[SiteSpec], directory: pathlib.Path, listening: socket.socket) -> int:
    clock = SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        engine, door = await _identity(config, directory, clock)
        stack.push_async_callback(engine.close)
        house = await wiring.build(config, engine, door, clock, directory)
        stack.push_async_callback(house.close)
        kept = {spec.name: spec for spec in await house.store.sites()}
        wanted = kept | {spec.name: spec for spec in specs}
        for spec in wanted.values():
            await house.membership.join(spec)
        await house.membership.ready(list(wanted), _FIRST_LOOK)
        control = _control(directory)
        stack.callback(pathlib.Path(control.getsockname()).unlink, missing_ok=True)
        server = uvicorn.Server(
            uvicorn.Config(
                house.hall, http='httptools', loop='none', lifespan='off', log_config=None, access_log=False, server_header=False,
                date_header=True, proxy_headers=False, timeout_keep_alive=_KEEP_ALIVE, timeout_graceful_shutdown=_DRAIN,
                h11_max_incomplete_event_size=65536, backlog=2048,
            )
        )  # fmt: skip
        gc.freeze()
        announcing = asyncio.create_task(_announce(server, config, specs))
        stack.callback(announcing.cancel)
        await _until_told(server, [listening, control])
    return 0


async def _until_told(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
    """uvicorn drains by itself once it is told to; the signals are ours, as its own handler would end the process by them."""
    loop = asyncio.get_running_loop()

    def told() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    await server._serve(sockets)  # noqa: SLF001  # serve() without its own signal handlers


async def _announce(server: uvicorn.Server, config: Config, specs: list[SiteSpec]) -> None:
    while not server.started:
        await asyncio.sleep(0.02)
    print(f'ready {config.url}', flush=True)
    entry = pathlib.Path(config.state).resolve() / 'clouds.yaml'
    print(f'\nThe cloud is in {entry}; a first command to try:\n', file=sys.stderr)
    print(f'    OS_CLIENT_CONFIG_FILE={entry} openstack --os-cloud hansa availability zone list\n', file=sys.stderr, flush=True)


async def _identity(config: Config, directory: pathlib.Path, clock: SystemClock) -> tuple[KeystoneEngine, IdentityDoor]:
    if config.identity_url:
        return await _operators_own(config, clock)
    transport = HttpTransport(unix_socket=str(files.socket_path(directory)))
    engine, accounts = await start_engine(directory, config.url, config.region, clock, transport, config.token_hours * 3600)
    clouds.write_clouds_yaml(str(directory), f'{config.url}/identity/v3', accounts.admin_password, accounts.demo_password, config.region)
    return engine, IdentityDoor(engine)


async def _operators_own(config: Config, clock: SystemClock) -> tuple[KeystoneEngine, IdentityDoor]:
    from hansa.keystone import catalog
    from hansa.northbound.identity.foreign import Foreign

    entry = clouds.settings(config.clouds, config.identity_cloud)
    auth = msgspec.convert(entry['auth'], dict[str, str])
    who = Administrator(
        auth['username'],
        Secret(auth['password']),
        auth.get('project_name', 'admin'),
        auth.get('user_domain_name', 'Default'),
        auth.get('project_domain_name', 'Default'),
    )
    engine = connect_engine(config.identity_url, clock, HttpTransport(), who)
    base = f'{config.url}/identity'
    return engine, IdentityDoor(engine, Foreign([config.identity_url], base, functools.partial(catalog.document, config.url, config.region)))


def _directory(config: Config) -> pathlib.Path:
    directory = pathlib.Path(config.state).resolve()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f'The state directory {directory} cannot be made: {error.strerror}. Choose another with --state.') from error
    return directory


def _listen(config: Config) -> socket.socket:
    """The port is taken before anything is started, so that a taken one costs nothing."""
    family = socket.AF_INET6 if ':' in config.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((config.host, config.port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise ConfigError(f'{config.listen} cannot be listened on: {error.strerror}. Choose another with --listen.') from error
    return listening


def _control(directory: pathlib.Path) -> socket.socket:
    """The unix socket of the league API; who may open it is the operator."""
    path = directory / SOCKET
    path.unlink(missing_ok=True)
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        control.bind(str(path))
    finally:
        os.umask(before)
    control.listen(16)
    return control


def _allocator() -> None:
    """glibc gives big freed buffers back to the kernel and faults them in again for each chunk of a stream; tell it to keep them."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL('libc.so.6')
        for option, value in ((_M_TRIM_THRESHOLD, 64 << 20), (_M_MMAP_THRESHOLD, 4 << 20), (_M_TOP_PAD, 1 << 20)):
            libc.mallopt(option, value)


def _logging(config: Config) -> None:
    form = '%(asctime)s %(levelname)-7s %(name)s: %(message)s'
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if config.log_format == 'json' else logging.Formatter(form))
    logging.basicConfig(level=config.log_level.upper(), handlers=[handler])
    logging.getLogger('uvicorn').setLevel('WARNING')


class _Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {'time': self.formatTime(record), 'level': record.levelname.lower(), 'logger': record.name, 'message': record.getMessage()}
        if record.exc_info:
            entry['trace'] = self.formatException(record.exc_info)
        return msgspec.json.encode(entry).decode()
