"""Where the engine keeps its files, and how a file is written so that it is there whole or not at all."""

from __future__ import annotations

import os
import pathlib

from hansa.model.errors import ConfigError

SOCKET_LIMIT = 100


class Places:
    """Paths below the league's directory; `private` is 0700, and all but the logs is in it."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.private = directory.absolute() / 'keystone'
        self.logs = directory.absolute() / 'log'
        self.socket = self.private / 'keystone.sock'
        self.configuration = self.private / 'keystone.conf'
        self.additions = self.private / 'conf.d'
        self.accounts = self.private / 'accounts.json'
        self.settled = self.private / 'settled.json'
        self.data = self.private / 'data'
        self.making = self.private / 'data.new'
        self.output = self.logs / 'keystone-output.log'

    def prepare(self) -> None:
        """Make the folders. Raises ConfigError where the socket's path would be longer than the system takes."""
        if len(os.fsencode(self.socket)) > SOCKET_LIMIT:
            raise ConfigError(f'The directory is too long for a socket in it ({self.socket}); use one with a shorter path.')
        self.logs.mkdir(parents=True, exist_ok=True)
        for folder in (self.private, self.additions):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)


def socket_path(directory: pathlib.Path) -> pathlib.Path:
    """The socket on which the engine of this directory listens."""
    return Places(directory).socket


def write_whole(path: pathlib.Path, content: bytes) -> None:
    """Replace a file (mode 0600) by one rename, after its content has reached the disk."""
    beside = path.with_name(path.name + '.new')
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'wb') as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    flush_folder(path.parent)


def flush_folder(folder: pathlib.Path) -> None:
    """Let renames in a folder reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
