"""A real Keystone for the tests: one for the whole run, on an event loop of its own."""

from __future__ import annotations

import asyncio
import atexit
import dataclasses
import functools
import pathlib
import shutil
import tempfile
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import msgspec

from hansa.keystone import admin, engine, files
from hansa.keystone.accounts import Accounts
from hansa.keystone.admin import Admin, Administrator
from hansa.keystone.engine import KeystoneEngine
from hansa.keystone.line import Line
from hansa.ports.clock import SystemClock
from hansa.sites.http.transport import HttpTransport

PUBLIC = 'http://league.example:8080'
WAIT_SECONDS = 60.0

T = TypeVar('T')


def cheap(directory: pathlib.Path) -> pathlib.Path:
    """Let passwords be hashed quickly by the engine of this directory."""
    files.Places(directory).prepare()
    (directory / 'keystone' / 'conf.d' / 'cheap.conf').write_text('[identity]\npassword_hash_rounds = 4\n')
    return directory


async def start(directory: pathlib.Path, public_url: str = PUBLIC, region: str = 'league') -> tuple[KeystoneEngine, Accounts]:
    """An engine in a directory, with a transport of its own."""
    transport = HttpTransport(unix_socket=str(files.socket_path(directory)))
    return await engine.start_engine(directory, public_url, region, SystemClock(), transport)


def line(directory: pathlib.Path) -> Line:
    """A way to the engine's socket that the engine knows nothing of."""
    return Line(HttpTransport(unix_socket=str(files.socket_path(directory))), engine.ROOT)


async def until(true: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float = WAIT_SECONDS) -> float:
    """Look until something is so; gives the seconds it took. Fails after `seconds`."""
    clock = SystemClock()
    began = clock.monotonic()
    while True:
        found = true()
        if found if isinstance(found, bool) else await found:
            return clock.monotonic() - began
        assert clock.monotonic() - began < seconds, 'waited in vain'
        await clock.sleep(0.02)


async def token(by: Line, identity: dict[str, Any], scope: dict[str, Any] | None = None) -> str:
    """A new token by some means of authentication."""
    auth = {'identity': identity} | ({'scope': scope} if scope else {})
    body = msgspec.json.encode({'auth': auth})
    status, headers, answer = await by.read('POST', '/v3/auth/tokens', [('Content-Type', 'application/json')], body, 30)
    assert status == 201, answer
    return next(value for name, value in headers if name.lower() == 'x-subject-token')


def administrator(known: Accounts) -> Administrator:
    """The user admin."""
    return Administrator('admin', known.admin_password)


def by_password(user: str, password: str) -> dict[str, Any]:
    """The identity part of a login."""
    return {'methods': ['password'], 'password': {'user': {'id': user, 'password': password}}}


@dataclasses.dataclass
class Real:
    """The running engine, and an administrator who goes past it to its socket."""

    loop: asyncio.AbstractEventLoop
    directory: pathlib.Path
    engine: KeystoneEngine
    accounts: Accounts
    line: Line
    admin: Admin

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        """Run it where the engine runs."""
        return asyncio.run_coroutine_threadsafe(act, self.loop).result(WAIT_SECONDS)


@functools.cache
def shared() -> Real:
    """The one of this run; it ends with the run."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    directory = cheap(pathlib.Path(tempfile.mkdtemp(prefix='hansa-keystone-')))

    async def begin() -> Real:
        running, known = await start(directory)
        way = line(directory)
        return Real(loop, directory, running, known, way, Admin(way, await admin.login(way, administrator(known))))

    real = asyncio.run_coroutine_threadsafe(begin(), loop).result(WAIT_SECONDS)

    def end() -> None:
        real.run(real.engine.close())
        shutil.rmtree(directory, ignore_errors=True)

    atexit.register(end)
    return real
