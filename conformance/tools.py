"""Tempest's environment: made from the lock under the lab's folder when it is first needed, and anew when the lock changes."""

from __future__ import annotations

import hashlib
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
LOCK = HERE / 'requirements.lock'
# The lab's own folder, which root made (lab/README.md).
HOME = pathlib.Path(os.environ.get('LAB_HOME', '/var/tmp/openstack-lab')) / 'tempest'  # noqa: S108
BIN = HOME / 'venv' / 'bin'
_SECONDS = 900


def install() -> None:
    """Make the environment unless it stands. Raises CalledProcessError, TimeoutExpired."""
    stamp = HOME / 'installed'
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding='ascii') == wanted:
        return
    print('== installing Tempest', flush=True)
    HOME.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, '-m', 'venv', '--clear', str(BIN.parent)], check=True, timeout=_SECONDS)
    pip = [str(BIN / 'pip'), 'install', '-qq', '--disable-pip-version-check', '--require-hashes', '--no-deps']
    subprocess.run([*pip, '-r', str(LOCK)], check=True, timeout=_SECONDS)
    stamp.write_text(wanted, encoding='ascii')


def version(package: str, lock: pathlib.Path = LOCK) -> str:
    """The version that a lock names; '' where it does not."""
    lines = lock.read_text(encoding='utf-8').splitlines()
    return next((line.split('==')[1].split()[0] for line in lines if line.startswith(f'{package}==')), '')
