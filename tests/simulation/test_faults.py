"""Whatever goes wrong with one request to a site, the client hears of success or of a clear failure, and what it hears is true."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from tests import virtual
from tests.house import League
from tests.simulation import faulty
from tests.simulation.test_crash import Act, prepare, server
from tests.simulation.world import World

MOST = 200


async def anywhere(league: League, ids: dict[str, str], name: str = 'x') -> Any:
    """A server that may go to either site; both have its image."""
    images = (await league.ok('GET', '/image/v2/images?name=cirros'))['images']
    description = {'name': name, 'flavorRef': ids['flavor'], 'imageRef': images[0]['id'], 'networks': 'none'}
    return await league.ask('POST', '/compute/v2.1/servers', {'server': description}, version='2.79')


async def suffer(directory: pathlib.Path, kind: str, act: Act, *, creates_only: bool) -> int:
    """Strike each request in turn; returns how many there were."""
    trouble = faulty.Trouble()
    world = World(directory, wrap=lambda wire: faulty.FaultyTransport(wire, trouble))
    if creates_only:
        trouble.fits = lambda method, url: method == 'POST' and url.endswith('/servers')
    await world.start()
    await world.level()
    ids = await prepare(world.league)
    await world.stop()
    world.keep()
    for at in range(1, MOST):
        world.again()
        await world.start()
        trouble.arm(kind, at)
        status, headers, told = await act(world.league, ids)
        where = (at, trouble.struck, status, told)
        struck = bool(trouble.struck)
        trouble.at = 0
        assert status < 300 or told, where
        assert status not in {401, 404}, where
        if status >= 400:
            assert 'message' in next(iter(told.values())), where
            assert status != 503 or 'retry-after' in headers, where
        await world.clock.sleep(80 if kind == 'late' else 10)
        assert await world.healed() == [], where
        assert len(world.named('servers', 'x')) == (1 if status < 300 else 0), where
        await world.stop()
        if not struck:
            assert status == 202
            return at - 1
    raise AssertionError('the create has no end')


@pytest.mark.parametrize('kind', faulty.KINDS)
def test_any_request_of_a_create_may_fail(kind: str, tmp_path: pathlib.Path) -> None:
    assert virtual.run(lambda: suffer(tmp_path / 'state', kind, server, creates_only=False)) > 10


@pytest.mark.parametrize('kind', faulty.KINDS)
def test_where_one_site_fails_another_gets_the_server_and_only_that(kind: str, tmp_path: pathlib.Path) -> None:
    assert virtual.run(lambda: suffer(tmp_path / 'state', kind, anywhere, creates_only=True)) == 1
