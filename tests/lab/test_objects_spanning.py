"""Containers that span real clouds: a tree copied while one of them stands still is the same everywhere when it is back, and any that may be lost is not missed."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import time
from collections.abc import Iterator

import pytest

from tests.lab import clients, league

# The SDK warns of its own future.
pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]

SITES = ('east', 'west', 'hills')
SETTLED_SECONDS = 180
MIB = 1 << 20
MIRROR, DISPERSE = 'X-Container-Meta-Hansa-Mirror', 'X-Container-Meta-Hansa-Disperse'


@pytest.fixture(scope='module')
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clients.Clients]:
    """Of a league of three clouds; what the tests put into the account is taken away."""
    sites = ','.join(f'{site}={site}-admin' for site in SITES)
    with league.serve(pathlib.Path(os.environ['LAB_CLOUDS']), sites, tmp_path_factory.mktemp('spanning') / 'state', patience=2) as one:
        made = clients.Clients(one.clouds)
        yield made
        for container in list(made.cloud.object_store.containers()):
            made.rclone('purge', f'league:{container.name}')


def kept(user: clients.Clients, name: str, header: str, value: str) -> str:
    """A container that spans sites, as rclone names it."""
    made = user.ask('PUT', f'/{name}', {header: value})
    assert made.status_code == 201, made.text
    return f'league:{name}'


def settle(user: clients.Clients, name: str, behind: str) -> None:
    """Wait until no site owes the container anything."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while behind in (told := user.ask('HEAD', f'/{name}')).headers or told.status_code != 204:
        assert time.monotonic() < deadline, (told.status_code, dict(told.headers))
        time.sleep(1)


def same(user: clients.Clients, folder: pathlib.Path, place: str) -> bool:
    """Whether all bytes are, as they come through the league."""
    return '0 differences found' in user.rclone('check', '--download', str(folder), place)


def test_a_mirrored_tree_is_whole_though_a_site_stood_still_meanwhile(user: clients.Clients, tmp_path: pathlib.Path) -> None:
    clients.tree(tmp_path, 200)
    place = kept(user, 'mirrored', MIRROR, 'east,west')
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        copying = pool.submit(user.rclone, 'copy', str(tmp_path), place)
        while len(user.ask('GET', '/mirrored').text.splitlines()) < 20:
            assert not copying.done(), copying.result()
        with clients.stopped('west'):
            began = len(user.ask('GET', '/mirrored').text.splitlines())
            while len(user.ask('GET', '/mirrored').text.splitlines()) < min(began + 40, 200):
                time.sleep(0.5)
            assert 'west' in user.ask('HEAD', '/mirrored').headers['X-Hansa-Mirror-Behind']
        copying.result()
    assert same(user, tmp_path, place)
    settle(user, 'mirrored', 'X-Hansa-Mirror-Behind')
    for site in ('east', 'west'):
        with clients.stopped(site):
            assert same(user, tmp_path, place), f'without {site}'
        settle(user, 'mirrored', 'X-Hansa-Mirror-Behind')


def test_a_dispersed_tree_is_read_and_written_without_any_one_site(user: clients.Clients, tmp_path: pathlib.Path) -> None:
    clients.tree(tmp_path, 30)
    (tmp_path / 'large').write_bytes(os.urandom(10 * MIB + 7))
    place = kept(user, 'dispersed', DISPERSE, f'2-of-3:{",".join(SITES)}')
    user.rclone('copy', str(tmp_path), place)
    assert same(user, tmp_path, place)
    with clients.stopped('west'):
        (tmp_path / 'meanwhile').write_bytes(os.urandom(MIB))
        user.rclone('copy', str(tmp_path / 'meanwhile'), place)
        assert same(user, tmp_path, place)
    settle(user, 'dispersed', 'X-Hansa-Disperse-Behind')
    for site in ('east', 'hills'):
        with clients.stopped(site):
            assert same(user, tmp_path, place), f'without {site}'
        settle(user, 'dispersed', 'X-Hansa-Disperse-Behind')
    user.rclone('purge', place)
    assert user.ask('HEAD', '/dispersed').status_code == 404
