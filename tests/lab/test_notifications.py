"""What a site's services notify over RabbitMQ is in the league's lists at once, with no more than what the docs ask a site's operator for."""

from __future__ import annotations

import os
import pathlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tests.lab import league

pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]

BROKER = 'rabbit://hansa:secret@127.0.0.1:15673/west'
SECONDS = 120
SELDOM = {f'HANSA_POLL_{pace}_S': '3600' for pace in ('FAST', 'STEADY', 'IDLE')}


@pytest.fixture(scope='module')
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[league.League]:
    """A league that asks once an hour what changed, and may listen to one of its two sites."""
    folder = tmp_path_factory.mktemp('notifications')
    tree = yaml.safe_load(pathlib.Path(os.environ['LAB_CLOUDS']).read_text())
    tree['clouds']['west-admin']['notifications'] = BROKER
    clouds = folder / 'lab.yaml'
    clouds.write_text(yaml.safe_dump(tree))
    with league.serve(clouds, 'east=east-admin,west=west-admin', folder / 'state', settings=SELDOM) as one:
        yield one


def test_what_changes_at_a_site_that_notifies_is_hinted(listening: league.League) -> None:
    own, site = league.connect(listening.clouds, 'hansa-admin'), league.connect(pathlib.Path(os.environ['LAB_CLOUDS']), 'west-admin')
    network, volume = '', ''
    try:
        network = site.network.create_network(name='hinted').id
        volume = site.block_storage.create_volume(name='hinted', size=1).id
        # A service makes its exchange when it first has something to tell; the league binds to it within a minute.
        until(lambda: all(_hints(own, 'west', kind) for kind in ('network', 'volume')), lambda: _touch(site, network, volume))
        until(lambda: 'hinted' in {each.name for each in own.network.networks()})
        assert {_hints(own, 'east', kind) for kind in ('network', 'volume')} == {0}
    finally:
        if network:
            site.network.delete_network(network)
        if volume:
            site.block_storage.wait_for_status(site.block_storage.get_volume(volume), 'available', wait=SECONDS)
            site.block_storage.delete_volume(volume)
    until(lambda: 'hinted' not in {each.name for each in own.network.networks()})
    assert 'secret@' not in listening.log.read_text()


def _touch(site: Any, network: str, volume: str) -> None:
    site.network.update_network(network, description='seen')
    site.block_storage.update_volume(volume, description='seen')


def _hints(own: Any, site: str, kind: str) -> int:
    """How many notifications of a site were hints at a kind."""
    told = own.session.get('/v1/sites', endpoint_override=own.config.get_auth_args()['auth_url'].replace('/identity/v3', '/league')).json()
    [one] = [each for each in told['sites'] if each['name'] == site]
    return sum(each['hints'] for each in one['kinds'] if each['kind'] == kind)


def until(holds: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
    """Raises AssertionError where it does not come to hold in time."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, f'not so in {SECONDS} s'
        meanwhile()
        time.sleep(1)
