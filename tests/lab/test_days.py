"""The users' own scripts, played against leagues over real clouds: as administrator of the sites, as tenant, one level up."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.lab import league

ROOT = pathlib.Path(__file__).parents[2]
SCRIPTS = pathlib.Path(os.environ.get('ACCEPT', ROOT.parent / 'shared' / 'accept')).resolve()
SCRIPT_SECONDS = 900
CLOSING = re.compile(r'^(\d+) passed, (\d+) failed$', re.MULTILINE)

pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]


@pytest.fixture(scope='module', autouse=True)
def clean() -> Iterator[None]:
    """The scripts delete their volumes with force, which a plain user may not: what they leave would use up the quota of whoever comes after them."""
    yield
    for entry in ('east-admin', 'west-admin'):
        volumes = league.connect(_lab(), entry).block_storage
        for each in volumes.volumes(all_projects=True):
            if (each.name or '').startswith('day-') and each.status == 'available':
                volumes.delete_volume(each.id, ignore_missing=True)


@pytest.fixture(scope='module')
def managed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[league.League]:
    folder = tmp_path_factory.mktemp('managed')
    with league.serve(_lab(), 'east=east-admin,west=west-admin', folder / 'state', patience=1) as one:
        yield one


@pytest.fixture(scope='module')
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[league.League]:
    folder = tmp_path_factory.mktemp('tenant')
    with league.serve(_lab(), 'east=east,west=west', folder / 'state', patience=1) as one:
        yield one


@pytest.fixture(scope='module')
def above(managed: league.League, tmp_path_factory: pytest.TempPathFactory) -> Iterator[league.League]:
    """A league whose only site is a league."""
    folder = tmp_path_factory.mktemp('above')
    with league.serve(managed.clouds, 'north=hansa-admin', folder / 'state') as one:
        yield one


def test_an_ordinary_day_over_managed_sites(managed: league.League, capsys: pytest.CaptureFixture[str]) -> None:
    play(managed, capsys, 'everyday.py', '--sites', 'east,west')


def test_a_managed_site_hangs_and_heals(managed: league.League, capsys: pytest.CaptureFixture[str]) -> None:
    play(managed, capsys, 'deadsite.py', '--dead', 'west', '--alive', 'east')


def test_an_ordinary_day_one_level_up(above: league.League, capsys: pytest.CaptureFixture[str]) -> None:
    play(above, capsys, 'everyday.py', '--sites', 'north:east,north:west')


def test_an_ordinary_day_as_tenant(tenant: league.League, capsys: pytest.CaptureFixture[str]) -> None:
    play(tenant, capsys, 'everyday.py', '--sites', 'east,west')


def test_a_site_hangs_and_heals_as_tenant(tenant: league.League, capsys: pytest.CaptureFixture[str]) -> None:
    play(tenant, capsys, 'deadsite.py', '--dead', 'west', '--alive', 'east')


def _lab() -> pathlib.Path:
    return pathlib.Path(os.environ['LAB_CLOUDS'])


def play(where: league.League, capsys: pytest.CaptureFixture[str], name: str, *words: str) -> None:
    """Run one script as the league's plain user; its closing line is shown, its failures are ours."""
    script = SCRIPTS / name
    if not script.exists():
        pytest.skip(f'{name} is not in {SCRIPTS}; ACCEPT names the folder that has it')
    done = subprocess.run(
        [sys.executable, str(script), '--os-cloud', 'hansa', *words],
        env=league.environment(OS_CLIENT_CONFIG_FILE=str(where.clouds)),
        cwd=where.clouds.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=SCRIPT_SECONDS,
    )
    closing = CLOSING.search(done.stdout)
    with capsys.disabled():
        print(f'\n{name} {" ".join(words)}: {closing.group() if closing else "no closing line"}')  # noqa: T201 what CI reads
    if not closing or done.returncode != 0 or closing[2] != '0' or closing[1] == '0':
        log = where.log.read_text(errors='replace')
        pytest.fail(f'{done.stdout[-6000:]}\n{done.stderr[-2000:]}\nlog of the league:\n{log[-3000:]}', pytrace=False)
