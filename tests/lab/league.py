"""A league as an operator starts it: `hansa serve` in a process of its own, over clouds that are named in a file."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import sqlite3
import subprocess
import sys
import time
import types
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import openstack

from bench.scale import gauges

BIN = pathlib.Path(sys.executable).parent
READY_SECONDS = 180
KNOWN_SECONDS = 60
EMPTY: Mapping[str, str] = types.MappingProxyType({})


class League(NamedTuple):
    """A running one: the clouds.yaml that it wrote, with the entries `hansa-admin` and `hansa`; its address (http://host:port)."""

    clouds: pathlib.Path
    log: pathlib.Path
    pid: int
    url: str

    @property
    def state(self) -> pathlib.Path:
        """The folder that it keeps."""
        return self.clouds.parent


def environment(**more: str) -> dict[str, str]:
    """Ours without what would name another cloud, the environment's programs first on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith('OS_')}
    return {**kept, 'PATH': f'{BIN}{os.pathsep}{kept.get("PATH", "")}', **more}


def connect(clouds: pathlib.Path, entry: str) -> Any:
    """The SDK's connection by an entry of this file and nothing else."""
    config = openstack.config.OpenStackConfig(config_files=[str(clouds)], load_envvars=False)
    return openstack.connection.Connection(config=config.get_one(entry))


def offered(cloud: Any) -> tuple[str, str]:
    """Ids of the image and the flavor that every cloud of the lab has. A league that is new may answer before it has seen them at its sites."""
    deadline = time.monotonic() + KNOWN_SECONDS
    while True:
        images = [each.id for each in cloud.image.images(name='cirros', visibility='public') if each.status == 'active']
        flavors = [each.id for each in cloud.compute.flavors() if each.name == 'm1.tiny']
        if images and flavors:
            return images[0], flavors[0]
        assert time.monotonic() < deadline, 'the league knows no image and flavor of its sites'
        time.sleep(1)


def open_intents(state: pathlib.Path) -> int:
    """How many acts of the league in this folder are not known to be done or undone."""
    with contextlib.closing(sqlite3.connect(f'file:{state / "hansa.db"}?mode=ro', uri=True)) as db:
        [[count]] = db.execute("SELECT count(*) FROM intent WHERE state IN ('planned', 'sent', 'revoked', 'made')").fetchall()
    return int(count)


@contextlib.contextmanager
def serve(clouds: pathlib.Path, sites: str, state: pathlib.Path, patience: float = 4, settings: Mapping[str, str] = EMPTY) -> Iterator[League]:
    """Start one over `sites` ('east=east-admin,west=west-admin'), wait until it is ready, end it afterwards.

    The clouds of the lab share two cores with the tests, so that they may be slow without being dead: `patience` is the setting.
    `settings` are others, by the names of their variables.
    """
    state.mkdir(parents=True, exist_ok=True)
    log = state.with_suffix('.log')
    command = [str(BIN / 'hansa'), 'serve', '--clouds', str(clouds), '--sites', sites]
    with log.open('wb') as out, socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        listen = f'127.0.0.1:{probe.getsockname()[1]}'
        probe.close()
        process = subprocess.Popen(
            [*command, '--state', str(state), '--listen', listen], stdout=out, stderr=subprocess.STDOUT, env=environment(HANSA_PATIENCE=f'{patience:g}', **settings)
        )
    try:
        _await_ready(process, log)
        _await_known(state, {each.partition('=')[0] for each in sites.split(',') if each})
        yield League(state / 'clouds.yaml', log, process.pid, f'http://{listen}')
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _await_known(state: pathlib.Path, sites: set[str]) -> None:
    """Until the league has looked at each site: on a busy machine these take longer than a start waits for them. One that does not tell is the test's matter."""
    deadline = time.monotonic() + KNOWN_SECONDS
    while time.monotonic() < deadline:
        told = gauges.read(state)
        if all(sites <= told.sites('inventory_age_seconds', kind=kind).keys() for kind in ('server', 'volume', 'network', 'image')):
            return
        time.sleep(0.5)


def _await_ready(process: subprocess.Popen[bytes], log: pathlib.Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not any(line.startswith('ready') for line in log.read_text(errors='replace').splitlines()):
        said = log.read_text(errors='replace')[-2000:]
        assert process.poll() is None, f'hansa serve ended with {process.returncode}:\n{said}'
        assert time.monotonic() < deadline, f'hansa serve was not ready in {READY_SECONDS} s:\n{said}'
        time.sleep(0.2)
