"""The state folder as far as the store is concerned: made where it is missing, and locked by one league at a time, or by all processes of one."""

from __future__ import annotations

import fcntl
import os
import pathlib

from hansa.model.errors import ConfigError


def lock(directory: pathlib.Path, *, alone: bool = True) -> int:
    """Make the directory if need be and take its lock; the kernel frees it when the process ends, however it ends. Those that
    do not want to be `alone` on it may be many.

    Returns the file descriptor that holds the lock. Raises ConfigError where another league runs on the directory.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(directory / 'lock', os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(f'The directory {directory} cannot be used: {error.strerror}.') from error
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise ConfigError(f'Another league runs on {directory}; end it first or name another directory.') from error
    return handle
