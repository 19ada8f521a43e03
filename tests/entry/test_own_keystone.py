"""A league whose users are those of a Keystone that the operator has already, over real clouds."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.entry import serving
from tests.lab import league

pytestmark = pytest.mark.lab


def test_users_of_the_operators_keystone(tmp_path: Path) -> None:
    file = os.environ['LAB_CLOUDS']
    entries = yaml.safe_load(Path(file).read_text())['clouds']
    state, own = tmp_path / 'state', entries['east-admin']['auth']
    settings = {'HANSA_IDENTITY_URL': own['auth_url'], 'HANSA_IDENTITY_CLOUD': 'east-admin'}
    words = ('--clouds', file, '--sites', 'east=east-admin,west=west-admin')
    with serving.serving(tmp_path, state, *words, **settings) as running:
        written = (state / 'clouds.yaml').read_text()
        assert 'password' not in written
        assert set(yaml.safe_load(written)['clouds']['hansa']['auth']) == {'auth_url'}
        assert 'whose passwords the league does not know' in running.log()
        assert running.keystones() == []
        assert not (state / 'keystone').exists()

        def say(*command: str) -> str:
            who = {f'OS_{key.upper()}': str(value) for key, value in entries['east']['auth'].items() if key != 'auth_url'}
            done = subprocess.run(
                ['openstack', '--os-cloud', 'hansa', *command],
                env=league.environment(OS_CLIENT_CONFIG_FILE=str(state / 'clouds.yaml'), **who),
                capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return done.stdout

        here = f'http://127.0.0.1:{running.port}/'
        endpoints = [end['url'] for service in json.loads(say('catalog', 'list', '-f', 'json')) for end in service['Endpoints']]
        assert len(endpoints) >= 18
        assert all(url.startswith(here) for url in endpoints)
        assert json.loads(say('server', 'list', '-f', 'json')) == []
        assert {zone['Zone Name'] for zone in json.loads(say('availability', 'zone', 'list', '--compute', '-f', 'json'))} == {'east', 'west'}
        assert running.end() == 0
    assert own['password'] not in running.out
