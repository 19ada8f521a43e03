"""Programs that lab tests need and the project does not: each set from a lock of its own, in an environment of its own."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

LAB = pathlib.Path(__file__).parents[2] / 'lab'
HOME = pathlib.Path(os.environ.get('LAB_HOME', '/var/tmp/openstack-lab'))  # noqa: S108 the lab's own default
INSTALL_SECONDS = 900


def installed(name: str) -> pathlib.Path:
    """The environment that holds what `lab/NAME/requirements.lock` says; made where there is none, or one of another lock."""
    lock = LAB / name / 'requirements.lock'
    place = HOME / name / 'venv'
    stamp = place / 'installed.lock'
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, '-m', 'venv', str(place)], check=True, timeout=INSTALL_SECONDS)
        options = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--no-deps']
        done = subprocess.run(
            [str(place / 'bin/pip'), 'install', *options, '-r', str(lock)],
            capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        shutil.copyfile(lock, stamp)
    return place
