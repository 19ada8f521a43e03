"""A dispersed container under a seed: sites die, refuse, lose replies and come back, clients break off; nothing acknowledged is lost or shown older."""

from __future__ import annotations

import asyncio
import random

import pytest

from hansa.rules.dispersal import labels, layout
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.northbound.test_object_dispersed import ACCOUNT, SITES, held, make

NAMES = ('a', 'b', 'c/1', 'c/2', 'd')
STEPS = 200


class Oracle:
    """What each object may be: one state where it was acknowledged, several where nobody was told how a change ended."""

    def __init__(self) -> None:
        self.may: dict[str, set[bytes | None]] = {name: {None} for name in NAMES}

    def told(self, name: str, body: bytes | None, *, sure: bool) -> None:
        self.may[name] = {body} if sure else {*self.may[name], body}


async def change(league: League, oracle: Oracle, name: str, body: bytes | None) -> None:
    """`None` deletes."""
    method, code = ('DELETE', {204, 404}) if body is None else ('PUT', {201})
    status, _, said = await league.ask(method, f'{ACCOUNT}/d/{name}', body)
    assert status in code | {503}, said
    if status == 404:
        assert None in oracle.may[name]
    oracle.told(name, body, sure=status in code)


async def broken_off(league: League, oracle: Oracle, rng: random.Random, name: str, body: bytes) -> None:
    """A client that goes away at any moment."""
    oracle.told(name, body, sure=False)
    asking = asyncio.ensure_future(league.ask('PUT', f'{ACCOUNT}/d/{name}', body))
    for _ in range(rng.randrange(120)):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def look(league: League, oracle: Oracle, name: str) -> int:
    status, _, body = await league.ask('GET', f'{ACCOUNT}/d/{name}')
    assert status in {200, 404, 503}
    if status != 503:
        assert (body if status == 200 else None) in oracle.may[name], (name, status)
    return status


async def listed(league: League, oracle: Oracle) -> None:
    status, _, rows = await league.ask('GET', f'{ACCOUNT}/d?format=json')
    assert status in {200, 503}
    if status == 200:
        found = {row['name']: row['bytes'] for row in rows}
        assert {name for name, may in oracle.may.items() if None not in may} <= set(found) <= {name for name, may in oracle.may.items() if may != {None}}
        assert all(size in {len(body) for body in oracle.may[name] if body is not None} for name, size in found.items())


def trouble(league: League, rng: random.Random) -> None:
    site = rng.choice(SITES)
    fault = rng.choice((None, None, Fault('refuse'), Fault('error'), Fault('lose_reply'), Fault('hang'), Fault('slow')))
    if fault is not None and fault.kind != 'refuse':
        fault.service = 'object-store'
    if fault is not None and fault.kind not in {'refuse', 'hang'}:
        fault.method, fault.count = rng.choice(('PUT', 'DELETE', '')), rng.choice((-1, 1, 3))
    league.clouds[site].fault = fault


async def level(league: League, oracle: Oracle) -> None:
    """Nobody owes anything, all sites have the same, and it is what it may be."""
    assert await league.store.owing() == []
    for name in NAMES:
        assert await look(league, oracle, name) != 503
    apart = 0
    for name in held(league, 'east').names:
        kept = [labels.read(held(league, site).blobs[name].media) for site in SITES]
        assert kept[0] is not None
        assert kept == [kept[0]] * 3
        apart += kept[0].mark.apart
    for site in SITES:
        assert held(league, site).names == held(league, 'east').names
        assert len(held(league, site, 'd+hansa').names) == apart


def body_of(rng: random.Random) -> bytes:
    return rng.randbytes(rng.choice((0, 10, 1000, layout.BLOCK, layout.BLOCK + 1, layout.BLOCK * 2 + 5)))


@pytest.mark.parametrize('seed', range(3))
def test_nothing_acknowledged_is_lost(seed: int) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        async with house.league(*SITES) as league:
            oracle = Oracle()
            await make(league)
            for step in range(STEPS):
                name, body = rng.choice(NAMES), body_of(rng)
                match rng.choices(('put', 'delete', 'break', 'get', 'list', 'trouble', 'wait', 'post'), (12, 6, 4, 16, 6, 6, 6, 4))[0]:
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
                        status = (await league.ask('POST', f'{ACCOUNT}/d/{name}', headers={'x-object-meta-step': str(step)}))[0]
                        assert status == 503 or (None if status == 404 else b'') in {None if may is None else b'' for may in oracle.may[name]}
                    case _:
                        await league.clock.sleep(rng.choice((1, 7, 40)))
            for site in SITES:
                league.clouds[site].fault = None
            await league.clock.sleep(300)
            await level(league, oracle)

    virtual.run(main)
