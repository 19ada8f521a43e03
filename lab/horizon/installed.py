"""What the Horizon of the lab needs on this machine: its environment, Debian's Chromium, its static files.

    python3 lab/horizon/installed.py

Only what is missing is done, and all of it lies in the folder `horizon` of LAB_HOME; the path of the environment's Python is printed.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import configured

HERE = pathlib.Path(__file__).resolve().parent
HOME = pathlib.Path(os.environ.get('LAB_HOME', '/var/tmp/openstack-lab')) / 'horizon'
VENV = HOME / 'venv'
STATIC = HOME / 'static'
# The driver is built from the source of the browser that it drives, so the two always agree; the fonts are for screenshots.
APT = {'chromium': 'chromium', 'chromedriver': 'chromium-driver'}
FONTS = 'fonts-dejavu-core'
STEP_SECONDS = 900


def run(*command: str | pathlib.Path, **environment: str) -> None:
    """One step; its output goes to install.log, which is named where it fails."""
    log = HOME / 'install.log'
    with log.open('ab') as out:
        done = subprocess.run(
            [str(word) for word in command],
            stdout=out, stderr=out, env={**os.environ, **environment}, check=False, timeout=STEP_SECONDS,
        )  # fmt: skip
    if done.returncode:
        sys.exit(f'horizon: failed ({done.returncode}): {" ".join(map(str, command))}; see {log}')


def browser() -> None:
    missing = [package for program, package in APT.items() if not shutil.which(program)]
    if missing:
        run('apt-get', 'update')
        run('apt-get', 'install', '-y', '--no-install-recommends', *missing, FONTS, DEBIAN_FRONTEND='noninteractive')


def environment() -> None:
    """Made anew where the lock is another one, and not taken for made before its static files are there."""
    lock, stamp = HERE / 'requirements.lock', HOME / 'installed'
    if stamp.exists() and stamp.read_text() == lock.read_text():
        return
    stamp.unlink(missing_ok=True)
    shutil.rmtree(VENV, ignore_errors=True)
    shutil.rmtree(STATIC, ignore_errors=True)
    run(sys.executable, '-m', 'venv', VENV)
    run(VENV / 'bin/pip', 'install', '--disable-pip-version-check', '--require-hashes', '--no-deps', '-r', lock)
    settings = configured.write(HOME / 'static-settings', 'http://127.0.0.1:1/identity/v3', STATIC)
    for words in (('collectstatic', '--noinput'), ('compress', '--force')):
        run(VENV / 'bin/django-admin', *words, **settings)
    shutil.copyfile(lock, stamp)


def main() -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    browser()
    environment()
    print(VENV / 'bin/python')


if __name__ == '__main__':
    main()
