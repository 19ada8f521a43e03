"""Horizon, as its makers deliver it, in front of a league over two real clouds, and a real browser in front of Horizon."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import yaml

from tests.lab import league
from tests.lab.horizon import stock

ROOT = pathlib.Path(__file__).parents[2]
LAB = ROOT / 'lab' / 'horizon'
SITES = ('east', 'west')
INSTALL_SECONDS = 1800
READY_SECONDS = 180
WALK_SECONDS = 600
# What Horizon swallows, and shows to its user as a page with less on it.
SWALLOWED = ('Recoverable error', 'Internal Server Error')

# The SDK warns of its own future.
pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]


class Horizon(NamedTuple):
    """A running one; `python` is of its environment, `folder` has the stock of its league and takes what a failed walk saw."""

    python: str
    url: str
    log: pathlib.Path
    clouds: pathlib.Path
    folder: pathlib.Path


@pytest.fixture(scope='module')
def horizon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Horizon]:
    installed = [sys.executable, str(LAB / 'installed.py')]
    python = subprocess.run(installed, check=True, timeout=INSTALL_SECONDS, stdout=subprocess.PIPE, text=True).stdout.strip()
    folder = tmp_path_factory.mktemp('horizon')
    sites = ','.join(f'{site}={site}-admin' for site in SITES)
    with league.serve(pathlib.Path(os.environ['LAB_CLOUDS']), sites, folder / 'state') as one:
        identity = yaml.safe_load(one.clouds.read_text())['clouds']['hansa']['auth']['auth_url']
        with _served(python, identity, folder) as (url, log), stock.stocked(one.clouds, SITES) as made:
            (folder / 'stock.json').write_text(json.dumps(made))
            yield Horizon(python, url, log, one.clouds, folder)


@pytest.mark.parametrize('walk', ['look', 'look_closer', 'launch', 'make', 'leave'])
def test_a_user_sees_one_cloud(horizon: Horizon, capsys: pytest.CaptureFixture[str], walk: str) -> None:
    _walk(horizon, capsys, walk, 'hansa')


def test_an_administrator_sees_one_cloud(horizon: Horizon, capsys: pytest.CaptureFixture[str]) -> None:
    _walk(horizon, capsys, 'administer', 'hansa-admin')


def _walk(horizon: Horizon, capsys: pytest.CaptureFixture[str], walk: str, entry: str) -> None:
    """One walk, signed in as `entry`; neither the page nor Horizon's log may tell of an error."""
    before = horizon.log.stat().st_size
    done = subprocess.run(
        [horizon.python, '-m', 'tests.lab.horizon.walk', walk, horizon.url, entry, str(horizon.folder)],
        env=league.environment(OS_CLIENT_CONFIG_FILE=str(horizon.clouds), PYTHONPATH=str(ROOT)),
        cwd=horizon.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=WALK_SECONDS,
    )
    logged = horizon.log.read_bytes()[before:].decode(errors='replace')
    with capsys.disabled():
        print(f'\nhorizon {done.stdout.strip()}')  # noqa: T201 what CI reads
    if done.returncode or any(word in logged for word in SWALLOWED):
        pytest.fail(f'{done.stdout}\n{done.stderr[-6000:]}\nlog of Horizon:\n{logged[-4000:]}', pytrace=False)


@contextlib.contextmanager
def _served(python: str, identity: str, folder: pathlib.Path) -> Iterator[tuple[str, pathlib.Path]]:
    """Horizon's URL and log."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        listen = f'127.0.0.1:{probe.getsockname()[1]}'
    log = folder / 'horizon.log'
    with log.open('wb') as out:
        command = [python, str(LAB / 'served.py'), identity, listen, str(folder / 'run')]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=league.environment())
    try:
        _await_answer(process, listen, log)
        yield f'http://{listen}', log
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _await_answer(process: subprocess.Popen[bytes], address: str, log: pathlib.Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        said = f'{log}:\n{log.read_text(errors="replace")[-2000:]}'
        assert process.poll() is None, f'Horizon ended with {process.returncode}; {said}'
        assert time.monotonic() < deadline, f'Horizon did not answer in {READY_SECONDS} s; {said}'
        with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection(address, timeout=30)) as connection:
            connection.request('GET', '/auth/login/')
            if connection.getresponse().status == 200:
                return
        time.sleep(0.2)
