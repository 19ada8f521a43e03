"""A league of several processes as an operator starts them: parts that die at any moment, and what is said of settings that do not fit."""

from __future__ import annotations

import contextlib
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
from collections.abc import Iterator

import pytest

from bench import cloud
from cluster import rig
from hansa.ports.clock import SystemClock
from tests import postgres
from tests.entry import serving


def test_a_part_says_which_settings_it_needs(tmp_path: pathlib.Path) -> None:
    for role in ('front', 'intake', 'worker'):
        done = serving.hansa(tmp_path, role)
        assert done.returncode == 2
        assert 'store' in done.stderr
        done = serving.hansa(tmp_path, role, '--store', 'postgresql://hansa@127.0.0.1:1/hansa')
        assert done.returncode == 2
        assert 'identity.url' in done.stderr
    done = serving.hansa(tmp_path, 'identity', HANSA_IDENTITY_URL='http://127.0.0.1:1/v3', HANSA_IDENTITY_CLOUD='keystone')
    assert done.returncode == 2
    assert 'identity.url' in done.stderr


def test_any_front_and_any_worker_may_be_killed_and_nothing_is_lost_or_made_twice() -> None:
    if postgres.programs() is None:
        pytest.skip('PostgreSQL is not installed; `make postgresql` does it (Debian, root)')
    # Sockets want a short path.
    with tempfile.TemporaryDirectory(prefix='hansa-') as folder, rig.standing(pathlib.Path(folder)) as league:
        user = cloud.Cloud(league.users, 'hansa')
        cloud.until(lambda: bool(user.call('GET', 'image', '/images')['images']), 'an image listed', 150)
        image = user.call('GET', 'image', '/images')['images'][0]['id']
        flavor = user.call('GET', 'compute', '/flavors')['flavors'][0]['id']
        made: dict[str, str] = {}

        def boot(name: str) -> None:
            body = {'name': name, 'imageRef': image, 'flavorRef': flavor, 'networks': 'none'}
            try:
                made[name] = user.call('POST', 'compute', '/servers', {'server': body})['server']['id']
            except (RuntimeError, urllib.error.URLError, ConnectionError):
                # The front that had it died: it was made or not, and told to nobody.
                return

        def listed() -> dict[str, str]:
            return {each['id']: each['name'] for each in user.call('GET', 'compute', '/servers')['servers']}

        for number in range(4):
            boot(f'before-{number}')
        assert len(made) == 4
        league.kill('front1')
        for number in range(6):
            boot(f'one-front-{number}')
        assert len(made) >= 9
        assert made.items() <= {name: id for id, name in listed().items()}.items()
        league.kill('worker1')
        boot('one-worker')
        cloud.until(lambda: _fresh(league), 'the other worker follows both sites', 150)
        found = listed()
        assert {id for id, name in found.items() if name in made} == set(made.values())
        for name in made:
            assert list(found.values()).count(name) == 1
        with agent(league) as near:
            cloud.until(lambda: _heard(league) > -math.inf, 'the agent near a site is heard', 60)
            league.kill('intake1')
            killed = SystemClock().now()
            cloud.until(lambda: _heard(league) > killed + 1.0, 'it is heard through the other intake', 60)
            assert near.poll() is None
        league.start('front3', *league.words['front1'])
        for id in made.values():
            user.call('DELETE', 'compute', f'/servers/{id}')
        cloud.until(lambda: not set(made.values()) & listed().keys(), 'what was deleted is gone', 150)


@contextlib.contextmanager
def agent(league: rig.Rig) -> Iterator[subprocess.Popen[bytes]]:
    """One near the site east, which finds the league where users do."""
    serving.hansa(league.folder, 'site', 'agent', 'add', 'east', '--output', 'east.credential', '--state', league.state('front2'))
    words = ('--site', 'east', '--clouds', 'fleet.yaml', '--cloud', 'fleet1', '--league', league.url, '--credential', 'east.credential')
    with (league.folder / 'agent.log').open('wb') as log:
        command = [sys.executable, '-m', 'hansa.entry.cli', 'agent', *words]
        process = subprocess.Popen(command, cwd=league.folder, env=serving.environment(league.folder), stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait(serving.END_SECONDS)


def _heard(league: rig.Rig) -> float:
    """When the agent that follows the site east was last heard of."""
    done = serving.hansa(league.folder, 'status', '--state', league.state('front2'), '-f', 'json')
    found = {site['name']: site['agent'] for site in json.loads(done.stdout)['sites']}['east']
    return SystemClock().now() - found['heard_s'] if found['follows'] == 'site' and found['heard_s'] is not None else -math.inf


def _fresh(league: rig.Rig) -> bool:
    done = serving.hansa(league.folder, 'status', '--state', league.state('front2'), '-f', 'json')
    ages = [site['age_s'] for site in json.loads(done.stdout)['sites']]
    return len(ages) == 2 and all(age is not None and age < 16 for age in ages)
