"""The Keystone process: `python -m hansa.keystone.child PARENT CONFIGURATION ADDITIONS SOCKET`."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from gunicorn.app.base import BaseApplication
from oslo_context import context

from hansa.keystone import mortal

# Keystone's authentication middleware keeps the token of the request at hand in itself, where a second thread
# would overwrite it; and further processes would each have a cache that the others' changes do not reach.
THREADS = 1


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn with one worker process, told everything here and nothing by command line or environment."""

    def __init__(self, configuration: str, additions: str, socket: str) -> None:
        self._arguments = ['keystone', '--config-file', configuration, '--config-dir', additions]
        self._socket = socket
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            'bind': f'unix:{self._socket}',
            'umask': 0o077,
            'workers': 1,
            'worker_class': 'gthread',
            'threads': THREADS,
            'timeout': 0,
            'graceful_timeout': 5,
            'keepalive': 75,
            'control_socket_disable': True,
            'limit_request_line': 0,
            'limit_request_field_size': 0,
            'errorlog': '-',
            'loglevel': 'warning',
            'post_fork': _end_with_master,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        # Keystone reads its options from the command line while it is imported.
        sys.argv = self._arguments
        return _afresh(importlib.import_module('keystone.wsgi.api').application)


def _afresh(application: Any) -> Any:
    """Let no request begin with the context of the one before it in the same thread.

    Keystone keeps a cache in the context and validates a request's token before it makes a new context, so
    that a revoked token would be taken once more.
    """

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        context.RequestContext(overwrite=True)
        return application(environ, start_response)

    return call


def _end_with_master(arbiter: Any, _worker: Any) -> None:
    mortal.die_with(arbiter.pid)


def main() -> None:
    """Serve until told to stop, or until the parent ends."""
    parent, configuration, additions, socket = sys.argv[1:]
    sys.argv = sys.argv[:1]
    mortal.die_with(int(parent))
    os.umask(0o077)
    Server(configuration, additions, socket).run()


if __name__ == '__main__':
    main()
