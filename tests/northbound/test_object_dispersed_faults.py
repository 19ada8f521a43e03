"""Dispersed containers when something breaks half way: nothing half is ever seen, and nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable

import pytest

from hansa.ports.http import Transport, TransportError
from hansa.ports.site import Headers, SiteResponse
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.house import League
from tests.northbound.test_object_dispersed import ACCOUNT, BIG, SITES, held, listed, make, plain, settled
from tests.northbound.test_object_streams import upload

Judge = Callable[[str, str], bool]
"""Whether a request, by method and URL, is to break."""


def never(method: str, url: str) -> bool:
    return False


def anything(method: str, url: str) -> bool:
    return '/d' in url


class Between:
    """Stands before a site and breaks requests: before they arrive, behind the first piece of their body, or when the answer is told."""

    def __init__(self, site: Transport) -> None:
        self._site = site
        self.before: Judge = never
        self.within: Judge = never
        self.behind: Judge = never
        self.reading: Judge = never

    async def send(self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None, timeout: float) -> SiteResponse:
        if self.before(method, url):
            raise TransportError('refuses', sent=False)
        if self.within(method, url) and body is not None and not isinstance(body, bytes):
            await anext(body)
            raise TransportError('broke off', sent=True)
        response = await self._site.send(method, url, headers, body, timeout)
        if self.behind(method, url):
            await response.close()
            raise TransportError('broke off', sent=True)
        return _Breaking(response) if self.reading(method, url) else response

    async def close(self) -> None:
        await self._site.close()


class _Breaking:
    """An answer whose body ends before its time."""

    def __init__(self, response: SiteResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers = response.headers

    def header(self, name: str) -> str:
        return self._response.header(name)

    async def read(self, limit: int = 64 << 20) -> bytes:
        return await self._response.read(limit)

    async def chunks(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._response.chunks():
            yield chunk
            size += len(chunk)
            if size > 700_000:
                raise TransportError('broke off', sent=True)

    async def close(self) -> None:
        await self._response.close()


class Sites:
    """All of them."""

    def __init__(self) -> None:
        self.between: dict[str, Between] = {}

    def wrap(self, site: str, transport: Transport) -> Transport:
        return self.between.setdefault(site, Between(transport))

    def __getitem__(self, site: str) -> Between:
        return self.between[site]


def at(method: str, word: str) -> Judge:
    return lambda asked, url: asked == method and word in url


def untouched(league: League) -> bool:
    """Whether no site has blocks of anything."""
    return not any(held(league, site, 'd+hansa').blobs for site in SITES)


def test_a_client_that_leaves_half_way_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            for pieces in ([b'x' * 70_000] * 3, [b'x' * 700_000] * 5):
                await upload(league, f'{ACCOUNT}/d/o', pieces, {'transfer-encoding': 'chunked'}, leaves=True)
                await settled(league)
                assert await listed(league) == []
                assert untouched(league)
            pieces = [bytes([number]) * 300_000 for number in range(9)]
            assert await upload(league, f'{ACCOUNT}/d/o', pieces, {'transfer-encoding': 'chunked'}) == 201
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[2] == b''.join(pieces)

    virtual.run(main)


def test_a_site_that_breaks_off_is_left_out_and_has_its_share_later() -> None:
    async def main() -> None:
        sites = Sites()
        async with house.league(*SITES, wrap=sites.wrap) as league:
            await make(league)
            big = plain(BIG)
            sites['west'].within = at('PUT', 'd%2Bhansa')
            await league.ok('PUT', f'{ACCOUNT}/d/o', big)
            assert len(held(league, 'west').blobs) == 0
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[2] == big
            sites['west'].within = never
            await settled(league)
            assert len(held(league, 'west').blobs) == len(held(league, 'west', 'd+hansa').blobs) == 1
            sites['east'].reading = at('GET', 'd%2Bhansa')
            for _ in SITES:
                assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[2] == big

    virtual.run(main)


@pytest.mark.parametrize('size', [100, BIG])
@pytest.mark.parametrize('old', [None, 50, BIG - 1])
def test_what_fewer_than_k_sites_take_is_as_if_it_had_never_been(size: int, old: int | None) -> None:
    async def main() -> None:
        sites = Sites()
        async with house.league(*SITES, wrap=sites.wrap) as league:
            await make(league)
            if old is not None:
                await league.ok('PUT', f'{ACCOUNT}/d/o', plain(old, 7))
            for site in ('east', 'west'):
                sites[site].before = lambda method, url: method == 'PUT' and url.endswith('/d/o')
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', plain(size)))[0] == 503
            for site in ('east', 'west'):
                sites[site].before = never
            await settled(league)
            assert await listed(league) == ([] if old is None else ['o'])
            status, _, got = await league.ask('GET', f'{ACCOUNT}/d/o')
            assert (status, got if old is not None else b'') == ((404, b'') if old is None else (200, plain(old, 7)))
            for site in SITES:
                assert len(held(league, site).blobs) == (0 if old is None else 1)
                assert len(held(league, site, 'd+hansa').blobs) == (1 if old == BIG - 1 else 0)

    virtual.run(main)


def test_what_a_site_took_without_saying_so_counts_once_it_is_seen() -> None:
    async def main() -> None:
        sites = Sites()
        async with house.league(*SITES, wrap=sites.wrap) as league:
            await make(league)
            await league.ok('PUT', f'{ACCOUNT}/d/o', b'old')
            for site in ('east', 'west'):
                sites[site].behind = lambda method, url: method == 'PUT' and url.endswith('/d/o')
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', plain(BIG)))[0] == 201
            for site in ('east', 'west'):
                sites[site].behind = never
            await settled(league)
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[2] == plain(BIG)
            assert not await league.store.owed(house.league_id('demo'), 'd')

    virtual.run(main)


def test_what_was_taken_away_stays_away_where_heads_that_were_put_by_are_left() -> None:
    async def main() -> None:
        sites = Sites()
        async with house.league(*SITES, wrap=sites.wrap) as league:
            await make(league)
            await league.ok('PUT', f'{ACCOUNT}/d/o', plain(100))
            sites['west'].before = lambda method, url: method == 'PUT' and url.endswith('/d/o')
            await league.ok('PUT', f'{ACCOUNT}/d/o', plain(200))
            for site in SITES:
                sites[site].before = at('DELETE', 'd%2Bhansa')
            assert (await league.ask('DELETE', f'{ACCOUNT}/d/o'))[0] == 204
            assert sum(len(held(league, site, 'd+hansa').blobs) for site in SITES) >= 2
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[0] == 404
            assert await listed(league) == []
            for site in SITES:
                sites[site].before = never
            await settled(league)
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[0] == 404
            assert untouched(league)
            assert not await league.store.owed(house.league_id('demo'), 'd')

    virtual.run(main)


def test_what_was_put_by_for_a_change_that_was_not_made_is_swept_up() -> None:
    async def main() -> None:
        sites = Sites()
        async with house.league(*SITES, wrap=sites.wrap) as league:
            await make(league)
            await league.ok('PUT', f'{ACCOUNT}/d/o', plain(100))
            sites['west'].before = lambda method, url: method == 'PUT' and url.endswith('/d/o')
            await league.ok('PUT', f'{ACCOUNT}/d/o', plain(200))
            for site in ('north', 'west'):
                sites[site].before = at('PUT', '.head')
            assert (await league.ask('PUT', f'{ACCOUNT}/d/o', plain(300)))[0] == 503
            for site in SITES:
                sites[site].before = never
            await settled(league)
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[2] == plain(200)
            assert untouched(league)

    virtual.run(main)


def test_a_container_that_a_site_did_not_give_up_is_there_at_all_of_them() -> None:
    async def main() -> None:
        sites = Sites()
        async with house.league(*SITES, wrap=sites.wrap) as league:
            await make(league)
            for site in SITES:
                sites[site].before = lambda method, url: method == 'DELETE' and url.endswith('/d')
                assert (await league.ask('DELETE', f'{ACCOUNT}/d'))[0] == 503
                sites[site].before = never
                await league.clock.sleep(60)
                await league.ok('PUT', f'{ACCOUNT}/d/o', plain(100))
                assert [len(held(league, each).blobs) for each in SITES] == [1, 1, 1]
                assert (await league.ask('DELETE', f'{ACCOUNT}/d/o'))[0] == 204
            assert (await league.ask('DELETE', f'{ACCOUNT}/d'))[0] == 204

    virtual.run(main)


def test_readers_see_one_version_whole_while_others_write() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            bodies = [bytes([number]) * (1_500_000 if number % 2 else 900) for number in range(6)]
            await league.ok('PUT', f'{ACCOUNT}/d/o', bodies[0])

            async def write(number: int) -> None:
                await league.ok('PUT', f'{ACCOUNT}/d/o', bodies[number])

            async def read() -> None:
                for _ in range(8):
                    status, _, got = await league.ask('GET', f'{ACCOUNT}/d/o')
                    assert (status, got in bodies) == (200, True)

            await asyncio.gather(*(write(number) for number in range(1, 6)), read(), read())
            await settled(league)
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[2] in bodies
            assert {len(held(league, site, 'd+hansa').blobs) for site in SITES} <= {0, 1}
            assert len({len(held(league, site, 'd+hansa').blobs) for site in SITES}) == 1

    virtual.run(main)


def test_what_was_lost_at_a_site_behind_our_back_is_made_anew() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            for name, size in (('a', 10), ('b', BIG)):
                await league.ok('PUT', f'{ACCOUNT}/d/{name}', plain(size))
            held(league, 'north').drop('a')
            blocks = held(league, 'north', 'd+hansa')
            blocks.drop(blocks.names[0])
            assert await listed(league) == ['a', 'b']
            for _ in SITES:
                assert (await league.ask('GET', f'{ACCOUNT}/d/b'))[2] == plain(BIG)
            await settled(league)
            assert held(league, 'north').names == ['a', 'b']
            assert len(blocks.names) == 1

    virtual.run(main)


@pytest.mark.parametrize('seed', range(2))
def test_any_sequence_with_one_site_away_at_a_time_ends_as_it_should(seed: int) -> None:
    async def main() -> None:
        lot = random.Random(seed)
        sites = Sites()
        async with house.league(*SITES, wrap=sites.wrap) as league:
            await make(league)
            truth: dict[str, bytes] = {}
            for step in range(60):
                if step % 12 == 0:
                    for site in SITES:
                        sites[site].before = never
                    await settled(league)
                    sites[lot.choice(SITES)].before = anything
                name, act = lot.choice('abcd'), lot.choice(('put', 'put', 'big', 'delete', 'get', 'list', 'post'))
                if act in {'put', 'big'}:
                    truth[name] = lot.randbytes(1_100_000 if act == 'big' else lot.randrange(1000))
                    await league.ok('PUT', f'{ACCOUNT}/d/{name}', truth[name], headers={'content-length': str(len(truth[name]))})
                elif act == 'delete':
                    assert (await league.ask('DELETE', f'{ACCOUNT}/d/{name}'))[0] == (204 if truth.pop(name, None) is not None else 404)
                elif act == 'post':
                    assert (await league.ask('POST', f'{ACCOUNT}/d/{name}', headers={'x-object-meta-a': 'b'}))[0] == (202 if name in truth else 404)
                elif act == 'get':
                    status, _, got = await league.ask('GET', f'{ACCOUNT}/d/{name}')
                    assert (status, got if status == 200 else None) == ((200, truth[name]) if name in truth else (404, None))
                else:
                    assert await listed(league) == sorted(truth)
                    size = (await league.ask('HEAD', f'{ACCOUNT}/d'))[1]['x-container-bytes-used']
                    assert size == str(sum(map(len, truth.values())))
            for site in SITES:
                sites[site].before = never
            await settled(league)
            assert await listed(league) == sorted(truth)
            assert not await league.store.owed(house.league_id('demo'), 'd')
            large = sum(1 for body in truth.values() if len(body) > 1 << 20)
            for site in SITES:
                assert held(league, site).names == sorted(truth)
                assert len(held(league, site, 'd+hansa').blobs) == large

    virtual.run(main)


def test_a_site_that_has_lost_its_containers_gets_them_again() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            for name, size in (('a', 10), ('b', BIG)):
                await league.ok('PUT', f'{ACCOUNT}/d/{name}', plain(size))
            for account in league.clouds['north'].state.objects.accounts.values():
                account.containers.clear()
            assert await listed(league) == ['a', 'b']
            await settled(league)
            await league.ok('PUT', f'{ACCOUNT}/d/c', b'new')
            await settled(league)
            for away in ('east', 'west'):
                league.clouds[away].fault = Fault('refuse')
                for name, body in (('a', plain(10)), ('b', plain(BIG)), ('c', b'new')):
                    assert (await league.ask('GET', f'{ACCOUNT}/d/{name}'))[2] == body
                league.clouds[away].fault = None
                await settled(league)

    virtual.run(main)


def test_a_site_that_hangs_keeps_nobody_for_long() -> None:
    async def main() -> None:
        async with house.league(*SITES) as league:
            await make(league)
            await league.ok('PUT', f'{ACCOUNT}/d/o', b'old')
            league.clouds['west'].fault = Fault('hang')
            began = league.clock.monotonic()
            await league.ok('PUT', f'{ACCOUNT}/d/o', plain(BIG))
            assert league.clock.monotonic() - began < 60
            assert (await league.ask('GET', f'{ACCOUNT}/d/o'))[2] == plain(BIG)
            assert 'west=' in (await league.ask('HEAD', f'{ACCOUNT}/d'))[1]['x-hansa-disperse-behind']
            league.clouds['west'].fault = None
            await settled(league)
            assert 'x-hansa-disperse-behind' not in (await league.ask('HEAD', f'{ACCOUNT}/d'))[1]
            assert len(held(league, 'west', 'd+hansa').blobs) == 1

    virtual.run(main)
