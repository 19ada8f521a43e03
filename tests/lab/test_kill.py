"""A league over real clouds is killed with SIGKILL in the middle of creates, again and again: never two servers, never an orphan."""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import os
import pathlib
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab import league

# The SDK warns of its own future.
pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]

ROUNDS = 5
AT_ONCE = 4
SETTLED_SECONDS = 150
SITES = ('east', 'west')
LAST_KILL_SECONDS = 1.5


@contextlib.contextmanager
def running(state: pathlib.Path) -> Iterator[subprocess.Popen[bytes]]:
    """A league on a directory that may have had one before; killed at the end in the hard way."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        listen = f'127.0.0.1:{probe.getsockname()[1]}'
    log = state.with_suffix('.log')
    command = [str(league.BIN / 'hansa'), 'serve', '--clouds', os.environ['LAB_CLOUDS'], '--sites', 'east=east-admin,west=west-admin']
    with log.open('wb') as out:
        process = subprocess.Popen(
            [*command, '--state', str(state), '--listen', listen], stdout=out, stderr=subprocess.STDOUT, env=league.environment()
        )
    try:
        league._await_ready(process, log)
        yield process
    finally:
        process.kill()
        process.wait(10)


def create(cloud: Any, name: str, site: str, offer: tuple[str, str]) -> bool:
    """Whether the client was told that there is a server."""
    image, flavor = offer
    try:
        cloud.compute.create_server(name=name, image_id=image, flavor_id=flavor, networks='none', availability_zone=site)
    except Exception:  # noqa: BLE001  # whatever way a client hears of a killed league
        return False
    return True


def standing(word: str) -> dict[str, list[str]]:
    """Ids by name of what the sites themselves hold."""
    found: dict[str, list[str]] = collections.defaultdict(list)
    for site in SITES:
        cloud = league.connect(pathlib.Path(os.environ['LAB_CLOUDS']), f'{site}-admin')
        for server in cloud.compute.servers(all_projects=True, name=word):
            found[server.name].append(server.id)
    return found


def settle(state: pathlib.Path) -> None:
    deadline = time.monotonic() + SETTLED_SECONDS
    while league.open_intents(state):
        assert time.monotonic() < deadline, f'{league.open_intents(state)} intents are still open'
        time.sleep(1)
    time.sleep(15)


def test_a_league_killed_in_the_middle_of_creates_makes_no_doubles_and_no_orphans(tmp_path: pathlib.Path) -> None:
    state = tmp_path / 'state'
    chance = random.Random(5)
    word = f'killed-{os.getpid()}'
    told: dict[str, bool] = {}
    for turn in range(ROUNDS):
        with running(state) as process, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            clouds = [league.connect(state / 'clouds.yaml', 'hansa') for _ in range(AT_ONCE)]
            for cloud in clouds:
                cloud.authorize()
            offer = league.offered(clouds[0])
            names = [f'{word}-{turn}-{number}' for number in range(AT_ONCE)]
            futures = {
                name: pool.submit(create, cloud, name, SITES[number % 2], offer)
                for number, (name, cloud) in enumerate(zip(names, clouds, strict=True))
            }
            time.sleep(chance.uniform(0.1, LAST_KILL_SECONDS))
            process.kill()
            told |= {name: future.result(60) for name, future in futures.items()}
    with running(state):
        settle(state)
        cloud = league.connect(state / 'clouds.yaml', 'hansa')
        there = standing(word)
        listed = {server.id for server in cloud.compute.servers() if server.name.startswith(word)}
        try:
            assert {name: ids for name, ids in there.items() if len(ids) > 1} == {}
            assert {name for name, success in told.items() if success and name not in there} == set()
            assert {id for ids in there.values() for id in ids} == listed
        finally:
            for id in listed:
                cloud.compute.delete_server(id, ignore_missing=True)
        deadline = time.monotonic() + SETTLED_SECONDS
        while standing(word):
            assert time.monotonic() < deadline, standing(word)
            time.sleep(1)
