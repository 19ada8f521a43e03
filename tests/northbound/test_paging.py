"""Lists over two sites as if they were one: order, filters, pages and the links between them."""

from __future__ import annotations

import urllib.parse
from typing import Any

import pytest

from tests import house, virtual
from tests.northbound import forms

C, V, N, I = '/compute/v2.1', '/volume/v3', '/network/v2.0', '/image/v2'  # noqa: E741 - one letter each
NAMES = ('b', 'a', 'd', 'c', 'b', 'e', 'a')


async def filled(league: house.League) -> None:
    """Seven of each kind, in turn at east and west, a second apart."""
    image = (await league.ok('GET', f'{I}/images?name=cirros'))['images'][0]['id']
    tiny = next(each['id'] for each in (await league.ok('GET', f'{C}/flavors'))['flavors'] if each['name'] == 'm1.tiny')
    for at, name in enumerate(NAMES):
        site = ('east', 'west')[at % 2]
        server = {'name': name, 'imageRef': image, 'flavorRef': tiny, 'availability_zone': site, 'networks': 'none', 'metadata': {'n': str(at)}}
        await league.ok('POST', f'{C}/servers', {'server': server}, version='2.37')
        await league.ok('POST', f'{V}/volumes', {'volume': {'size': at + 1, 'name': name, 'availability_zone': site}})
        await league.ok('POST', f'{N}/networks', {'network': {'name': name, 'availability_zone_hints': [site]}})
        await league.ok('POST', f'{I}/images', {'name': name, 'tags': ['mine']})
        await league.clock.sleep(1.5)
    await league.clock.sleep(10)


async def leaf(league: house.League, path: str, plural: str) -> list[list[Any]]:
    """All pages, from the first link to the last."""
    pages = []
    while path:
        status, headers, body = await league.ask('GET', path)
        assert status == 200, (path, body)
        assert 'east=' in headers['x-hansa-ages']
        assert 'west=' in headers['x-hansa-ages']
        assert int(headers['age']) >= 0
        pages.append([each['id'] for each in body[plural]])
        links = {link['rel']: link['href'] for link in body.get(f'{plural}_links', [])}
        href = links.get('next') or body.get('next', '')
        assert not href or plural == 'images' or href.startswith(house.URL), href
        path = href.removeprefix(house.URL)
        path = f'/image{path}' if path.startswith('/v2') else path
        assert len(pages) < 20
    return pages


@pytest.mark.parametrize(
    ('path', 'plural', 'query', 'length'),
    [
        (f'{C}/servers', 'servers', '', 7),
        (f'{C}/servers/detail', 'servers', 'sort_key=display_name&sort_dir=asc', 7),
        (f'{C}/servers', 'servers', 'name=%5E%5Bab%5D', 4),
        (f'{V}/volumes', 'volumes', 'sort=name:desc,id:asc', 7),
        (f'{V}/{house.league_id("demo")}/volumes/detail', 'volumes', 'sort=size:asc', 7),
        (f'{N}/networks', 'networks', 'router:external=False&sort_key=name&sort_dir=desc', 7),
        (f'{N}/networks', 'networks', 'name=a&name=b', 4),
        (f'{I}/images', 'images', 'tag=mine&sort=name:asc', 7),
        (f'{I}/images', 'images', 'tag=mine&sort_key=created_at&sort_dir=desc', 7),
        (f'{C}/flavors/detail', 'flavors', 'sort_key=memory_mb', 5),
    ],
)
def test_pages_followed_to_the_end_are_the_list(path: str, plural: str, query: str, length: int) -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await filled(league)
            whole = [each['id'] for each in (await league.ok('GET', f'{path}?{query}'))[plural]]
            assert len(whole) == len(set(whole)) == length
            for size in (1, 2, 3, 7, 100):
                pages = await leaf(league, f'{path}?{query}&limit={size}', plural)
                assert [id for page in pages for id in page] == whole, size
                # The services lead on from every page that is full, so that the last one may be empty.
                assert [len(page) for page in pages[:-1]] == [size] * (length // size)
                assert len(pages[-1]) == length % size

    virtual.run(main)


def test_order_holds_over_the_sites() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await filled(league)
            servers = (await league.ok('GET', f'{C}/servers/detail'))['servers']
            assert [server['metadata']['n'] for server in servers] == ['6', '5', '4', '3', '2', '1', '0']
            assert [server['OS-EXT-AZ:availability_zone'] for server in servers] == ['east', 'west'] * 3 + ['east']
            volumes = (await league.ok('GET', f'{V}/volumes/detail?sort=size:desc'))['volumes']
            assert [volume['size'] for volume in volumes] == [7, 6, 5, 4, 3, 2, 1]
            networks = (await league.ok('GET', f'{N}/networks?router:external=False&sort_key=name&sort_dir=asc'))['networks']
            assert [network['name'] for network in networks] == sorted(NAMES)
            images = (await league.ok('GET', f'{I}/images?tag=mine&sort=name:desc'))['images']
            assert [image['name'] for image in images] == sorted(NAMES, reverse=True)

    virtual.run(main)


def test_backwards_and_forwards_are_the_same_pages() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await filled(league)
            query = 'router:external=False&sort_key=name&sort_dir=asc'
            whole = [each['id'] for each in (await league.ok('GET', f'{N}/networks?{query}'))['networks']]
            body = await league.ok('GET', f'{N}/networks?{query}&limit=3&marker={whole[2]}')
            assert [each['id'] for each in body['networks']] == whole[3:6]
            back = next(link['href'] for link in body['networks_links'] if link['rel'] == 'previous')
            body = await league.ok('GET', back.removeprefix(house.URL))
            assert [each['id'] for each in body['networks']] == whole[:3]

    virtual.run(main)


def test_filters_mean_over_both_sites_what_they_mean_over_one() -> None:
    cases: tuple[tuple[str, str, int], ...] = (
        (f'{C}/servers?name=a', 'servers', 2),
        (f'{C}/servers?name=%5Ea%24@west', 'servers', 1),
        (f'{C}/servers?name=a@east', 'servers', 1),
        (f'{C}/servers?name=b@west', 'servers', 0),
        (f'{C}/servers?name=c@west', 'servers', 1),
        (f'{C}/servers?status=ACTIVE', 'servers', 7),
        (f'{C}/servers?status=ERROR', 'servers', 0),
        (f'{C}/servers?limit=0', 'servers', 0),
        (f'{V}/volumes?name=a', 'volumes', 2),
        (f'{V}/volumes?name=c@west', 'volumes', 1),
        (f'{V}/volumes?name=c@east', 'volumes', 0),
        (f'{V}/volumes?availability_zone=east', 'volumes', 4),
        (f'{V}/volumes?limit=0', 'volumes', 0),
        (f'{N}/networks?name=c@west', 'networks', 1),
        (f'{N}/networks?name=c@east', 'networks', 0),
        (f'{N}/networks?router:external=False&limit=0', 'networks', 7),
        (f'{I}/images?name=c', 'images', 1),
        (f'{I}/images?tag=mine&limit=0', 'images', 0),
        (f'{I}/images?visibility=public', 'images', 3),
    )

    async def main() -> None:
        async with house.league('east', 'west') as league:
            await filled(league)
            for path, plural, length in cases:
                found = (await league.ok('GET', path))[plural]
                assert len(found) == length, (path, [each['name'] for each in found])

    virtual.run(main)


def test_counts_fields_and_markers_that_nobody_has() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await filled(league)
            body = await league.ok('GET', f'{V}/volumes?with_count=True&limit=2&name=a', version='3.45')
            assert (body['count'], len(body['volumes'])) == (2, 2)
            body = await league.ok('GET', f'{N}/networks?name=c&fields=name&fields=status')
            assert body['networks'] == [{'name': 'c', 'status': 'ACTIVE'}]
            lost = '11111111-1111-4111-8111-111111111111'
            for path, status in ((f'{C}/servers', 400), (f'{V}/volumes', 404), (f'{N}/networks', 404), (f'{I}/images', 400)):
                got, _, fault = await league.ask('GET', f'{path}?limit=2&marker={lost}')
                assert got == status, (path, got, fault)
                assert forms.is_fault(path.split('/')[1], got, fault)

    virtual.run(main)


def test_by_name_and_site_where_a_client_looks_by_id() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await filled(league)
            for path, single in ((f'{C}/servers', 'server'), (f'{V}/volumes', 'volume'), (f'{N}/networks', 'network')):
                assert (await league.ok('GET', f'{path}/{urllib.parse.quote("c@west")}'))[single]['name'] == 'c'
                assert (await league.ask('GET', f'{path}/c@east'))[0] == 404
                assert (await league.ask('GET', f'{path}/b@east'))[0] == 404, 'two of that name are there'
                await league.ok('PUT', f'{path}/c@west', {single: {'name': 'f'}})
                assert (await league.ok('GET', f'{path}?name=f'))[f'{single}s']

    virtual.run(main)


def test_everybodys_only_for_administrators() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await filled(league)
            assert (await league.ask('GET', f'{C}/servers?all_tenants=1'))[0] == 403
            assert len((await league.ok('GET', f'{C}/servers?all_tenants=1', token='admin'))['servers']) >= 7
            assert (await league.ok('GET', f'{C}/servers', token='admin'))['servers'] == []
            assert (await league.ok('GET', f'{C}/servers', token='alt_demo'))['servers'] == []
            assert (await league.ok('GET', f'{V}/volumes?all_tenants=1', token='alt_demo'))['volumes'] == []
            assert len((await league.ok('GET', f'{V}/volumes?all_tenants=1', token='admin'))['volumes']) >= 7
            assert len((await league.ok('GET', f'{N}/networks?router:external=False', token='admin'))['networks']) >= 7

    virtual.run(main)
