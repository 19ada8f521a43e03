"""A real PostgreSQL server for the tests: on a socket in a folder of its own, forgetful about disks, gone when they are done."""

from __future__ import annotations

import itertools
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
from types import TracebackType
from typing import Self
from urllib.parse import quote

import asyncpg

_SETTINGS = (
    'listen_addresses=', 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum=off', 'max_connections=200',
    'shared_buffers=64MB',
)  # fmt: skip
_SECONDS = 60
_EMPTY = ''.join(
    f'DELETE FROM {table};'  # noqa: S608 - names of ours
    for table in 'hot document prime tombstone alias intent decision site state seal used quota'.split()
)


def programs() -> pathlib.Path | None:
    """Where the newest PostgreSQL from 15 on is installed; None where there is none."""
    found = [path.parent for path in pathlib.Path('/usr/lib/postgresql').glob('*/bin/initdb') if int(path.parts[-3]) >= 15]
    on_path = shutil.which('initdb')
    return max(found, key=lambda path: int(path.parts[-2]), default=pathlib.Path(on_path).parent if on_path else None)


class Server:
    """Runs while its `with` block does. Whoever reaches the folder is let in, so only its owner may."""

    def __init__(self, programs: pathlib.Path) -> None:
        self._programs = programs
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='hansa-pg-'))
        # The server refuses to run as root.
        self._user = 'nobody' if os.geteuid() == 0 else None
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        data = self.folder / 'data'
        self._run('initdb', '-D', str(data), '-U', 'hansa', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync')
        settings = ' '.join(f'-c {one}' for one in (*_SETTINGS, f'unix_socket_directories={self.folder}'))
        self._run('pg_ctl', 'start', '-w', '-t', str(_SECONDS), '-D', str(data), '-l', str(self.folder / 'log'), '-o', settings)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._run('pg_ctl', 'stop', '-w', '-t', str(_SECONDS), '-m', 'immediate', '-D', str(self.folder / 'data'))
        shutil.rmtree(self.folder)

    def fresh(self) -> str:
        """The URL of a database that nobody has used yet: a schema of its own, which only this URL sees."""
        schema = f't{next(self._numbers)}'
        self.sql(f'CREATE SCHEMA {schema}')
        return self.url(schema)

    def url(self, schema: str = 'public') -> str:
        """The URL of a schema, with a password that nobody asks for."""
        return f'postgresql://hansa:open-sesame@/postgres?host={quote(str(self.folder), safe="")}&search_path={schema}'

    async def empty(self, url: str) -> None:
        """Delete whatever is kept in the tables of a schema."""
        db = await asyncpg.connect(url)
        await db.execute(_EMPTY)
        await db.close()

    def pid(self) -> int:
        """Its first process, of which all others are children."""
        return int((self.folder / 'data' / 'postmaster.pid').read_text(encoding='ascii').split()[0])

    def sql(self, statement: str) -> str:
        """Do it; what psql prints."""
        return self._run('psql', '-h', str(self.folder), '-U', 'hansa', '-d', 'postgres', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', statement)

    def _run(self, program: str, *words: str) -> str:
        # pg_ctl's server keeps the output open, so it goes to a file and not through a pipe.
        with tempfile.TemporaryFile() as out:
            done = subprocess.run(
                (self._programs / program, *words), check=False, stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=2 * _SECONDS,
                user=self._user, group='nogroup' if self._user else None, extra_groups=[] if self._user else None, cwd='/',
            )  # fmt: skip
            out.seek(0)
            said = out.read().decode()
        if done.returncode:
            raise RuntimeError(f'{program} failed: {said}')
        return said.strip()
