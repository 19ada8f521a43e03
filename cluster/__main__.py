"""`python -m cluster`: a league of several processes over simulated sites or those of --clouds, until SIGTERM, or as long as a script plays."""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from bench import processes
from cluster import rig


def main() -> int:
    """Run it; the exit code is the script's where there is one."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix='hansa-cluster-') as folder, rig.standing(pathlib.Path(folder), options.clouds, options.sites) as league:
        print(f'Fronts, intakes, workers, Keystone, PostgreSQL and nginx run in {folder}; the league answers at {league.url}.')
        print(f'OS_CLIENT_CONFIG_FILE={league.users} openstack --os-cloud hansa availability zone list --compute', flush=True)
        if options.play:
            return _play(league, options.play)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
        return 0


def _play(league: rig.Rig, words: str) -> int:
    """As the league's plain user."""
    path = f'{pathlib.Path(processes.PYTHON).parent}{os.pathsep}{os.environ.get("PATH", "")}'
    environment = {**os.environ, 'OS_CLIENT_CONFIG_FILE': str(league.users), 'PATH': path}
    return subprocess.run([processes.PYTHON, *words.split()], check=False, env=environment).returncode


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='make cluster', description=__doc__)
    parser.add_argument('--clouds', default='', metavar='FILE', help='clouds.yaml of the sites (default: simulated ones, east and west)')
    parser.add_argument('--sites', default='', metavar='SITE=ENTRY,...', help='sites to join of these')
    parser.add_argument('--play', default='', metavar='SCRIPT', help="a Python script and its words, to be played against the league's entry hansa")
    options = parser.parse_args()
    if bool(options.clouds) != bool(options.sites):
        parser.error('--clouds and --sites go together')
    return options


if __name__ == '__main__':
    sys.exit(main())
