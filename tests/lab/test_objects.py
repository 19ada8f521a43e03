"""Clients of the object store over a league of two real clouds: each does what it does with a single Swift, and a site that stands still is named."""

from __future__ import annotations

import hashlib
import os
import pathlib
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab import clients, league

# The SDK warns of its own future.
pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]

BACK_SECONDS = 60
MIB = 1 << 20
LISTED = '?format=json'


@pytest.fixture(scope='module')
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clients.Clients]:
    """Of a league of the lab's first two clouds; what the tests put into the account is taken away."""
    sites = os.environ.get('LAB_SITES', 'east=east-admin,west=west-admin')
    with league.serve(pathlib.Path(os.environ['LAB_CLOUDS']), sites, tmp_path_factory.mktemp('objects') / 'state', patience=2) as one:
        made = clients.Clients(one.clouds)
        yield made
        store = made.cloud.object_store
        for container in list(store.containers()):
            for each in list(store.objects(container)):
                store.delete_object(each, container=container)
            store.delete_container(container)


def kept(user: clients.Clients, name: str, site: str) -> str:
    """A container at a site."""
    made = user.ask('PUT', f'/{name}', {'X-Storage-Policy': site})
    assert made.status_code == 201, made.text
    shown = user.ask('HEAD', f'/{name}').headers
    assert (shown['x-storage-policy'].partition('.')[0], shown['x-hansa-site']) == (site, site)
    return name


@pytest.mark.parametrize('site', ['east', 'west'])
def test_swift_keeps_a_tree(user: clients.Clients, site: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / 'up').mkdir()
    clients.tree(tmp_path / 'up', 8)
    (tmp_path / 'up' / 'large').write_bytes(os.urandom(5 * MIB // 2))
    name = kept(user, f'swift-{site}', site)
    user.swift('upload', '--segment-size', str(MIB), '--use-slo', name, '.', folder=tmp_path / 'up')
    assert len(user.swift('list', name).splitlines()) == 9
    assert f'{name}_segments' in user.swift('list').splitlines()
    assert 'Content Length: 2621440' in user.swift('stat', name, 'large')
    user.swift('download', name, '-D', str(tmp_path / 'down'))
    assert clients.digest(tmp_path / 'down') == clients.digest(tmp_path / 'up')
    user.swift('delete', name)
    assert {name, f'{name}_segments'} & set(user.swift('list').splitlines()) <= {f'{name}_segments'}


def test_openstack_keeps_an_object(user: clients.Clients, tmp_path: pathlib.Path) -> None:
    (tmp_path / 'words').write_text('one two', encoding='ascii')
    user.openstack('container', 'create', 'openstack-made')
    user.openstack('object', 'create', 'openstack-made', 'words', folder=tmp_path)
    assert user.openstack('object', 'list', 'openstack-made', '-f', 'value').split() == ['words']
    user.openstack('object', 'save', '--file', str(tmp_path / 'saved'), 'openstack-made', 'words')
    assert (tmp_path / 'saved').read_text(encoding='ascii') == 'one two'
    user.openstack('container', 'set', '--property', 'colour=green', 'openstack-made')
    assert 'green' in user.openstack('container', 'show', 'openstack-made')
    user.openstack('object', 'delete', 'openstack-made', 'words')
    user.openstack('container', 'delete', 'openstack-made')
    assert 'openstack-made' not in user.openstack('container', 'list', '-f', 'value').split()


def test_the_sdk_copies_between_sites(user: clients.Clients) -> None:
    store = user.cloud.object_store
    here, there = kept(user, 'copy-east', 'east'), kept(user, 'copy-west', 'west')
    content = os.urandom(3 * MIB)
    store.upload_object(container=here, name='original', data=content)
    store.set_object_metadata('original', here, colour='green')
    copied = user.ask('PUT', f'/{there}/copy', {'X-Copy-From': f'{here}/original'})
    assert (copied.status_code, copied.headers['x-hansa-site']) == (201, 'west'), copied.text
    assert store.download_object('copy', there) == content
    shown = user.ask('HEAD', f'/{there}/copy').headers
    assert (shown['etag'], shown['x-object-meta-colour']) == (hashlib.md5(content, usedforsecurity=False).hexdigest(), 'green')
    user.swift('copy', '--destination', f'/{here}/back', there, 'copy')
    assert store.download_object('back', here) == content
    assert [each.name for each in store.objects(here)] == ['back', 'original']


def test_rclone_copies_checks_and_deletes_a_tree(user: clients.Clients, tmp_path: pathlib.Path) -> None:
    clients.tree(tmp_path, 60)
    place = f'league:{kept(user, "rclone-west", "west")}/tree'
    user.rclone('copy', str(tmp_path), place)
    assert '0 differences found' in user.rclone('check', str(tmp_path), place)
    (tmp_path / 'part 000' / 'ö00007.bin').unlink()
    user.rclone('sync', str(tmp_path), place)
    assert '0 differences found' in user.rclone('check', '--download', str(tmp_path), place)
    user.rclone('purge', place)
    assert user.ask('GET', '/rclone-west').text == ''


def test_a_site_that_stands_still_is_named_and_takes_nothing_else_with_it(user: clients.Clients) -> None:
    for site in ('east', 'west'):
        assert user.ask('PUT', f'/{kept(user, f"dead-{site}", site)}/o', body=site.encode()).status_code == 201
    with clients.stopped('west'):
        for path in ('/dead-west/o', '/dead-west', LISTED):
            lost = user.ask('GET', path)
            assert (lost.status_code, lost.headers.get('x-hansa-missing-sites')) == (503, 'west'), (path, lost.status_code, lost.text)
            assert int(lost.headers['retry-after']) > 0
        assert user.ask('GET', '/dead-east/o').content == b'east'
        partial = user.ask('GET', LISTED, {'X-Hansa-Partial': 'true'})
        assert (partial.status_code, partial.headers.get('x-hansa-missing-sites')) == (200, 'west')
        assert {'dead-east', 'dead-west'} & named(partial) == {'dead-east'}
        fresh = user.ask('PUT', '/made-meanwhile')
        assert (fresh.status_code, fresh.headers['x-hansa-site']) == (201, 'east'), fresh.text
    deadline = time.monotonic() + BACK_SECONDS
    while user.ask('GET', '/dead-west/o').status_code != 200:
        assert time.monotonic() < deadline, 'the site does not come back'
        time.sleep(1)
    assert {'dead-east', 'dead-west', 'made-meanwhile'} <= named(user.ask('GET', LISTED))


def named(listing: Any) -> set[str]:
    return {urllib.parse.unquote(each['name']) for each in listing.json()}
