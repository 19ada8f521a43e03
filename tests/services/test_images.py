"""Images: uploaded once, copied where a server needs them, checked, and withdrawn everywhere."""

from __future__ import annotations

import asyncio

from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.services import tap, users


def test_of_ten_who_ask_at_once_one_copies() -> None:
    async def main() -> None:
        tape = tap.Tape()
        async with house.league(wrap=tape.wrap) as league:
            id = await users.image(league, 'mine')
            home = next(site for site in league.clouds if users.at(league, site, 'images', 'mine'))
            other = next(site for site in league.clouds if site != home)
            answers = await asyncio.gather(*(users.boot(league, f's{n}', other, image='mine') for n in range(10)))
            assert [status for status, _, _ in answers] == [202] * 10
            assert tape.count('PUT', '/file', other) == 1
            [copy] = users.at(league, other, 'images', 'mine')
            assert league.clouds[other].state.blobs[copy['id']] == b'bits' * 50_000
            assert {told['server']['id'] for _, _, told in answers} == {
                server['id'] for server in league.clouds[other].state.servers.values()
            }
            await league.clock.sleep(60)
            listed = (await league.ok('GET', '/image/v2/images?name=mine'))['images']
            assert [each['id'] for each in listed] == [id]
            shown = (await league.ok('GET', '/compute/v2.1/servers/detail'))['servers']
            assert {each['image']['id'] for each in shown} == {id}

    virtual.run(main)


def test_bytes_that_changed_on_the_way_are_not_kept() -> None:
    async def main() -> None:
        tape = tap.Tape()
        async with house.league(wrap=tape.wrap) as league:
            await users.image(league, 'mine')
            home = next(site for site in league.clouds if users.at(league, site, 'images', 'mine'))
            other = next(site for site in league.clouds if site != home)
            tape.spoil = True
            status, _, told = await users.boot(league, 's', other, image='mine')
            assert status == 409
            assert 'changed on the way' in told['conflictingRequest']['message']
            assert not users.at(league, other, 'images', 'mine')
            assert await league.store.open_intents() == []
            tape.spoil = False
            assert (await users.boot(league, 's', other, image='mine'))[0] == 202

    virtual.run(main)


def test_an_image_is_withdrawn_everywhere() -> None:
    async def main() -> None:
        async with house.league() as league:
            id = await users.image(league, 'mine')
            for zone in league.clouds:
                assert (await users.boot(league, zone, zone, image='mine'))[0] == 202
            assert all(users.at(league, site, 'images', 'mine') for site in league.clouds)
            await league.ok('PATCH', f'/image/v2/images/{id}', [{'op': 'replace', 'path': '/name', 'value': 'new'}],
                            headers={'content-type': 'application/openstack-images-v2.1-json-patch'})  # fmt: skip
            assert all(users.at(league, site, 'images', 'new') for site in league.clouds)
            await league.ok('DELETE', f'/image/v2/images/{id}')
            assert not any(users.at(league, site, 'images', 'new') for site in league.clouds)
            await league.clock.sleep(60)
            assert [each for each in await league.store.aliases() if each.league == id] == []
            assert (await league.ask('GET', f'/image/v2/images/{id}'))[0] == 404

    virtual.run(main)


def test_a_copy_at_a_dead_site_is_withdrawn_when_that_is_back() -> None:
    async def main() -> None:
        async with house.league() as league:
            id = await users.image(league, 'mine')
            for zone in league.clouds:
                assert (await users.boot(league, zone, zone, image='mine'))[0] == 202
            record = await league.store.get('image', id)
            assert record is not None
            other = next(site for site in league.clouds if site != record.site)
            league.clouds[other].fault = Fault('refuse')
            await league.ok('DELETE', f'/image/v2/images/{id}')
            assert users.at(league, other, 'images', 'mine')
            await league.clock.sleep(60)
            league.clouds[other].fault = None
            await league.clock.sleep(90)
            assert not users.at(league, other, 'images', 'mine')
            assert (await league.ok('GET', '/image/v2/images?name=mine'))['images'] == []

    virtual.run(main)
