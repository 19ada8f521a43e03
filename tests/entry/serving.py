"""`hansa` as an operator starts it, in a process of its own: what it says, and how it ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import selectors
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from hansa.ports.clock import SystemClock

ROOT = Path(__file__).parents[2]
READY_SECONDS = 120
END_SECONDS = 40


def environment(home: Path, **more: str) -> dict[str, str]:
    """Ours without what would name clouds or settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(('OS_', 'HANSA_', 'XDG_'))}
    return {**kept, 'HOME': str(home), 'PYTHONPATH': str(ROOT), **more}


def hansa(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in that folder."""
    command = [sys.executable, '-m', 'hansa.entry.cli', *words]
    return subprocess.run(
        command, cwd=folder, env=environment(folder, **more), capture_output=True, text=True, check=False, timeout=READY_SECONDS
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])


class League:
    """A running one; `out` is what it has said on stdout, `err` the file of its stderr."""

    def __init__(self, folder: Path, state: Path, words: tuple[str, ...], more: dict[str, str]) -> None:
        self.folder, self.state, self.port = folder, state, free_port()
        self.err = folder / 'stderr'
        self.out = ''
        command = [sys.executable, '-m', 'hansa.entry.cli', 'serve', '--state', str(state), '--listen', f'127.0.0.1:{self.port}', *words]
        with self.err.open('ab') as err:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment(folder, **more), stdout=subprocess.PIPE, stderr=err, text=True
            )

    def ready(self) -> None:
        """Wait for the first line on stdout."""
        stdout: IO[str] | None = self.process.stdout
        assert stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            assert selector.select(READY_SECONDS), f'not ready:\n{self.log()}'
        self.out = stdout.readline()
        assert self.out, f'ended with {self.process.wait(END_SECONDS)}:\n{self.log()}'

    def log(self) -> str:
        return self.err.read_text()

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """A request to the league's address: status, headers, body. Raises OSError, HTTPException."""
        with contextlib.closing(http.client.HTTPConnection('127.0.0.1', self.port, timeout=END_SECONDS)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.title(): value for name, value in answer.getheaders()}, answer.read()

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """GET at the league's address: status and body."""
        status, _, body = self.ask('GET', path, None, headers)
        return status, body

    def status(self) -> dict[str, Any]:
        """What `hansa status -f json` says."""
        done = hansa(self.folder, 'status', '--state', str(self.state), '-f', 'json')
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def until(self, true: Callable[[], bool]) -> None:
        """Look until something is so, while the league runs."""
        clock = SystemClock()
        deadline = clock.monotonic() + READY_SECONDS
        while not true():
            assert clock.monotonic() < deadline, f'waited in vain:\n{self.log()}'
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self.process.wait(0.05)
                raise AssertionError(f'ended with {code}:\n{self.log()}')

    def until_said(self, words: str) -> None:
        """Look until the log has these words."""
        self.until(lambda: words in self.log())

    def keystones(self) -> list[int]:
        """Process ids of its Keystone."""
        found = []
        for path in Path('/proc').glob('[0-9]*/cmdline'):
            with contextlib.suppress(OSError):
                words = path.read_bytes().split(b'\0')
                if b'hansa.keystone.child' in words and str(self.state / 'keystone' / 'keystone.conf').encode() in words:
                    found.append(int(path.parent.name))
        return found

    def childless(self) -> bool:
        """Whether its Keystone has ended, or does so soon after it."""
        for pid in self.keystones():
            with contextlib.suppress(ProcessLookupError):
                handle = os.pidfd_open(pid)
                try:
                    select.select([handle], [], [], END_SECONDS)
                finally:
                    os.close(handle)
        return self.keystones() == []

    def end(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(END_SECONDS)


@contextmanager
def serving(folder: Path, state: Path, *words: str, **more: str) -> Iterator[League]:
    """Start one, wait until it is ready; it is killed at the end if it still runs."""
    league = League(folder, state, words, more)
    try:
        league.ready()
        yield league
    finally:
        if league.process.poll() is None:
            league.process.kill()
            league.process.wait(END_SECONDS)
        if league.process.stdout is not None:
            league.out += league.process.stdout.read()
            league.process.stdout.close()
