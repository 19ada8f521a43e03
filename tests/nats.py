"""A real NATS server for the tests: on loopback, with a password, ended and started again as a test likes."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator

_LISTENS = re.compile(r'Listening for client connections on 127\.0\.0\.1:(\d+)')


def program() -> str | None:
    """Where it is installed; None where it is not. Debian keeps it where not everybody looks."""
    return shutil.which('nats-server') or shutil.which('nats-server', path='/usr/sbin:/usr/local/sbin')


class Server:
    """On a port that the system chose at the first start, and always the same after it."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._process: subprocess.Popen[str] | None = None
        self.port = -1

    @property
    def url(self) -> str:
        """With the password."""
        return f'nats://hansa:open-sesame@127.0.0.1:{self.port}'

    def start(self) -> None:
        """Returns when it listens."""
        words = (self._program, '-a', '127.0.0.1', '-p', str(self.port), '--user', 'hansa', '--pass', 'open-sesame')
        self._process = process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        said = ''
        for line in process.stderr:
            said += line
            if found := _LISTENS.search(line):
                self.port = int(found[1])
            if 'Server is ready' in line:
                return
        raise RuntimeError(f'nats-server did not start: {said}')

    def end(self) -> None:
        """As death does it."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@contextlib.contextmanager
def serving(program: str) -> Iterator[Server]:
    """Runs while its `with` block does."""
    server = Server(program)
    server.start()
    try:
        yield server
    finally:
        server.end()
