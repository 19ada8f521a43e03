"""Horizon in front of one league, in the foreground until it is ended; gunicorn, no other server and no cache beside it.

    python3 lab/horizon/served.py http://127.0.0.1:8080/identity/v3 127.0.0.1:8090 FOLDER
"""

from __future__ import annotations

import os
import pathlib
import sys

import configured
import installed

# A page asks several services one after the other; one process can wait for many at once.
THREADS = '8'


def main(identity: str, listen: str, folder: str) -> None:
    settings = configured.write(pathlib.Path(folder).resolve(), identity, installed.STATIC)
    path = f'{settings["PYTHONPATH"]}{os.pathsep}{installed.HERE}'
    program = installed.VENV / 'bin' / 'gunicorn'
    words = ['--bind', listen, '--workers', '1', '--threads', THREADS, '--no-control-socket', 'dashboard:application']
    os.execve(program, [str(program), *words], {**os.environ, **settings, 'PYTHONPATH': path, 'LAB_STATIC': str(installed.STATIC)})


if __name__ == '__main__':
    main(*sys.argv[1:])
