"""A mirrored container under a seed: sites die, refuse, lose replies and come back, clients break off; nothing acknowledged is lost or shown older."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest

from hansa.model.errors import SiteDown
from hansa.rules import mirroring
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.northbound.test_object_mirrored import ACCOUNT, at, held

SITES = ('east', 'west', 'north')
NAMES = ('a', 'b', 'c/1', 'c/2', 'd')
STEPS = 250


class Oracle:
    """What each object may be: one state where it was acknowledged, several where nobody was told how a change ended."""

    def __init__(self) -> None:
        self.may: dict[str, set[bytes | None]] = {name: {None} for name in NAMES}

    def told(self, name: str, body: bytes | None, *, sure: bool) -> None:
        self.may[name] = {body} if sure else {*self.may[name], body}


async def change(league: League, oracle: Oracle, name: str, body: bytes | None) -> None:
    """`None` deletes."""
    method, code = ('DELETE', {204, 404}) if body is None else ('PUT', {201})
    status, _, said = await league.ask(method, f'{ACCOUNT}/m/{name}', body)
    assert status in code | {503}, said
    if status == 404:
        assert None in oracle.may[name]
    oracle.told(name, body, sure=status in code)


async def broken_off(league: League, oracle: Oracle, rng: random.Random, name: str, body: bytes) -> None:
    """A client that goes away at any moment."""
    oracle.told(name, body, sure=False)
    asking = asyncio.ensure_future(league.ask('PUT', f'{ACCOUNT}/m/{name}', body))
    for _ in range(rng.randrange(60)):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def look(league: League, oracle: Oracle, name: str) -> None:
    status, _, body = await league.ask('GET', f'{ACCOUNT}/m/{name}')
    assert status in {200, 404, 503}
    if status != 503:
        assert (body if status == 200 else None) in oracle.may[name], (name, status)


async def listed(league: League, oracle: Oracle) -> None:
    status, _, rows = await league.ask('GET', f'{ACCOUNT}/m?format=json')
    assert status in {200, 503}
    if status == 200:
        found = {row['name'] for row in rows}
        assert {name for name, may in oracle.may.items() if None not in may} <= found <= {name for name, may in oracle.may.items() if may != {None}}


async def moved(league: League, rng: random.Random) -> None:
    """Other sites, another quorum."""
    sites = rng.sample(SITES, rng.randrange(1, 4))
    sent = {'x-container-meta-hansa-mirror': ','.join(sites)}
    if rng.random() < 0.5:
        sent['x-container-meta-hansa-quorum'] = str(rng.randrange(1, len(sites) + 1))
    assert (await league.ask('POST', f'{ACCOUNT}/m', headers=sent))[0] in {204, 503}


async def level(league: League, oracle: Oracle) -> None:
    """Nobody owes anything, all sites have the same, and it is what it may be."""
    spread = await league.store.spanning(house.league_id('demo'), 'm')
    assert spread is not None
    assert (spread.filling, spread.leaving, await league.store.owing()) == ((), (), [])
    for name, may in oracle.may.items():
        found = await held(league, name, 'm')
        assert {found[site] for site in SITES if site not in spread.sites} <= {None}
        assert len({found[site] for site in spread.sites}) == 1, (name, found)
        assert found[spread.sites[0]] in may
        heads = [(await at(league, site, 'HEAD', f'/m/{name}'))[1] for site in spread.sites]
        assert len({(head.get('x-object-meta-step'), head.get(mirroring.MARK)) for head in heads}) == 1
        await look(league, oracle, name)
    assert [(await at(league, site, 'HEAD', '/m+conflicts'))[0] for site in SITES] == [404] * 3


def trouble(league: League, rng: random.Random) -> None:
    site = rng.choice(SITES)
    fault = rng.choice((None, None, Fault('refuse'), Fault('error'), Fault('lose_reply'), Fault('hang'), Fault('slow')))
    if fault is not None and fault.kind != 'refuse':
        fault.service = 'object-store'
    if fault is not None and fault.kind not in {'refuse', 'hang'}:
        fault.method, fault.count = rng.choice(('PUT', 'DELETE', '')), rng.choice((-1, 1, 3))
    league.clouds[site].fault = fault


@pytest.mark.parametrize('seed', range(3))
def test_nothing_acknowledged_is_lost(seed: int) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        async with house.league(*SITES) as league:
            oracle = Oracle()
            assert (await league.ask('PUT', f'{ACCOUNT}/m', headers={'x-container-meta-hansa-mirror': ','.join(SITES)}))[0] == 201
            for step in range(STEPS):
                name, body = rng.choice(NAMES), f'{seed} {step}'.encode()
                match rng.choices(('put', 'delete', 'break', 'get', 'list', 'trouble', 'wait', 'post', 'move'), (12, 6, 4, 16, 6, 6, 6, 4, 1))[0]:
                    case 'put':
                        await change(league, oracle, name, body)
                    case 'delete':
                        await change(league, oracle, name, None)
                    case 'break':
                        await broken_off(league, oracle, rng, name, body)
                    case 'get':
                        await look(league, oracle, name)
                    case 'list':
                        await listed(league, oracle)
                    case 'trouble':
                        trouble(league, rng)
                    case 'post':
                        status = (await league.ask('POST', f'{ACCOUNT}/m/{name}', headers={'x-object-meta-step': str(step)}))[0]
                        assert status == 503 or (None if status == 404 else b'') in {may and b'' for may in oracle.may[name]}
                    case 'move':
                        await moved(league, rng)
                    case _:
                        await league.clock.sleep(rng.choice((1, 7, 40)))
            for site in SITES:
                league.clouds[site].fault = None
            for _ in range(2):
                await league.clock.sleep(200)
                for site in SITES:
                    # Whether an object store is back is found out when it is asked for something.
                    with contextlib.suppress(SiteDown):
                        await at(league, site, 'HEAD', '/m')
            await league.clock.sleep(20)
            await level(league, oracle)

    virtual.run(main)
