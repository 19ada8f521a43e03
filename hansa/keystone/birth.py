"""How an engine comes to be: its database and keys, and what the league needs in it.

Each step can be cut short by kill -9 and is then done again by the next start: the database is made beside
its place and moved there whole, what is asked over the API asks first what is there, and the record of what
is settled is written last.
"""

from __future__ import annotations

import asyncio
import base64
import importlib.metadata
import pathlib
import secrets
import shutil
import sqlite3

import msgspec

from hansa.keystone import accounts, admin, catalog, configuration, files, process, seed
from hansa.keystone.accounts import Accounts
from hansa.keystone.admin import Admin, Administrator
from hansa.keystone.files import Places
from hansa.keystone.line import Line
from hansa.model.errors import Unauthorized
from hansa.ports.clock import Clock

MAKE_SECONDS = 180.0
SAME_SECOND = 1.1


class Settled(msgspec.Struct, frozen=True):
    """What the last start that came through has left behind."""

    keystone: str = ''
    public_url: str = ''
    region: str = ''
    services: tuple[tuple[str, str, str], ...] = ()


def recall(path: pathlib.Path) -> Settled:
    """What is settled already; nothing where the record is missing or unreadable."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settled)
    except (FileNotFoundError, msgspec.MsgspecError):
        return Settled()


class Birth:
    """The steps of a start, in order: `prepare`, then (while Keystone runs) `settle`."""

    def __init__(self, places: Places, public_url: str, region: str, expiration: int) -> None:
        self._places = places
        self._expiration = expiration
        self._public_url = public_url
        self._before = recall(places.settled)
        self._wanted = Settled(importlib.metadata.version('keystone'), public_url, region, catalog.SERVICES)

    async def prepare(self) -> Accounts:
        """Let configuration, keys and a database of this Keystone's schema be there."""
        places = self._places
        places.prepare()
        known = accounts.keep(places.accounts)
        if not places.data.exists():
            shutil.rmtree(places.making, ignore_errors=True)
            places.making.mkdir(mode=0o700)
            make_keys(places.making / 'fernet')
            make_keys(places.making / 'credential')
            await self._make(places.making, known)
            await asyncio.to_thread(_calm, places.making / 'keystone.db')
            places.making.rename(places.data)
            files.flush_folder(places.private)
        elif self._before.keystone != self._wanted.keystone:
            await self._make(places.data, known)
        self._write(places.configuration, places.data)
        return known

    async def settle(self, line: Line, known: Accounts, clock: Clock) -> None:
        """Bring roles, accounts (once) and the catalogue to what they should be."""
        if self._before == self._wanted:
            return
        who = Administrator(accounts.ENGINE_USER, known.engine_password)
        try:
            token = await admin.login(line, who)
        except Unauthorized:
            # Somebody changed the engine's own user; making it again puts it right.
            await self._make(self._places.data, known)
            # Keystone counts whole seconds: a token of the second in which the password changed is revoked with the older ones.
            await clock.sleep(SAME_SECOND)
            token = await admin.login(line, who)
        by = Admin(line, token)
        if not self._before.keystone:
            await seed.settle(by, known)
        await catalog.settle(by, self._wanted.public_url, self._wanted.region)
        files.write_whole(self._places.settled, msgspec.json.encode(self._wanted))

    async def _make(self, data: pathlib.Path, known: Accounts) -> None:
        path = self._places.private / 'make.conf'
        self._write(path, data)
        spoken = known.engine_password.reveal().encode() + b'\n'
        arguments = [str(path), str(self._places.additions)]
        await process.run('hansa.keystone.make', arguments, self._places.output, spoken, MAKE_SECONDS)

    def _write(self, path: pathlib.Path, data: pathlib.Path) -> None:
        files.write_whole(path, configuration.text(self._places, data, self._public_url, self._expiration).encode())


def make_keys(folder: pathlib.Path) -> None:
    """A Fernet key repository as Keystone keeps it: '0' is the next key, the highest number the present one."""
    folder.mkdir(mode=0o700)
    for name in ('0', '1'):
        files.write_whole(folder / name, base64.urlsafe_b64encode(secrets.token_bytes(32)))


def _calm(database: pathlib.Path) -> None:
    """Let readers and a writer not wait for each other; SQLite remembers this in the file."""
    connection = sqlite3.connect(database)
    try:
        connection.execute('PRAGMA journal_mode=WAL')
    finally:
        connection.close()
