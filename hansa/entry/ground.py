"""What a league stands on: its state directory, its port and its control socket, each refused in a sentence where it cannot be had."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import socket
from collections.abc import Callable, Iterator

from hansa.entry import config
from hansa.entry.client import SOCKET
from hansa.keystone import files
from hansa.model.errors import ConfigError


def directory(settings: config.Config) -> pathlib.Path:
    """The state directory, which need not be there yet; nothing is made. Raises ConfigError where it cannot serve."""
    path = pathlib.Path(settings.state).resolve()
    there = next(one for one in (path, *path.parents) if one.exists())
    if not there.is_dir():
        raise ConfigError(f'The state directory {path} cannot be used: {there} is no directory. Choose another with --state.')
    if not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(f'The state directory {path} cannot be used: you may not write in {there}. Choose another with --state.')
    for within in (files.socket_path(path), path / SOCKET):
        if len(os.fsencode(within)) > files.SOCKET_LIMIT:
            raise ConfigError(f'The state directory {path} has too long a path for the sockets in it. Choose a shorter one with --state.')
    return path


def make(path: pathlib.Path) -> Callable[[], None]:
    """Make the state directory; what is returned takes away again what was not there before. Raises ConfigError."""
    absent = [one for one in (path, *path.parents) if not one.exists()]
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f'The state directory {path} cannot be made: {error.strerror}. Choose another with --state.') from error

    def undo() -> None:
        if path in absent:
            shutil.rmtree(path, ignore_errors=True)
        for parent in absent[1:]:
            with contextlib.suppress(OSError):
                parent.rmdir()

    return undo


@contextlib.contextmanager
def port(listen: str, remedy: str) -> Iterator[socket.socket]:
    """The port of a HOST:PORT is taken before anything is started, so that a taken one costs nothing. Raises ConfigError, which ends with the remedy."""
    host, number = config.place(listen)
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, number))
            listening.listen(2048)
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else 'that is no name of a host'
            raise ConfigError(f'{listen} cannot be listened on: {why}. {remedy}') from error
        yield listening


@contextlib.contextmanager
def control(path: pathlib.Path) -> Iterator[socket.socket]:
    """The unix socket of the league API in the state directory; who may open it is the operator."""
    place = path / SOCKET
    place.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        before = os.umask(0o177)
        try:
            listening.bind(str(place))
        finally:
            os.umask(before)
        try:
            listening.listen(16)
            yield listening
        finally:
            place.unlink(missing_ok=True)
