"""The simulated Cinder: volumes, snapshots, attachments through Nova, lists."""

from __future__ import annotations

from tests.sites.sim_user import NOWHERE, User, another, played


async def volume(user: User, id: str) -> dict[str, object]:
    _, doc = await user.ask('GET', 'volume', f'/volumes/{id}')
    found: dict[str, object] = doc['volume']
    return found


def test_a_volume_becomes_available_is_extended_and_deleted_by_the_clock() -> None:
    async def play(user: User) -> None:
        id = await user.volume()
        assert (await volume(user, id))['status'] == 'available'
        path = f'/volumes/{id}/action'
        assert (await user.ask('POST', 'volume', path, {'os-extend': {'new_size': 1}}))[0] == 400
        assert (await user.ask('POST', 'volume', path, {'os-extend': {'new_size': 2}}))[0] == 202
        assert (await volume(user, id))['status'] == 'extending'
        user.clock.advance(2)
        assert (await volume(user, id))['size'] == 2
        assert (await user.ask('DELETE', 'volume', f'/volumes/{id}'))[0] == 202
        assert (await volume(user, id))['status'] == 'deleting'
        user.clock.advance(2)
        assert (await user.ask('GET', 'volume', f'/volumes/{id}'))[0] == 404

    played(play)


def test_a_volume_is_attached_and_detached_through_nova() -> None:
    async def play(user: User) -> None:
        disk, server = await user.volume(), await user.boot()
        path = f'/servers/{server}/os-volume_attachments'
        body = {'volumeAttachment': {'volumeId': disk}}
        assert (await user.ask('POST', 'compute', path, {'volumeAttachment': {'volumeId': NOWHERE}}))[0] == 404
        assert (await user.ask('POST', 'compute', path, body))[0] == 200
        assert (await user.ask('POST', 'compute', path, body))[0] == 400
        seen = await volume(user, disk)
        assert seen['status'] == 'in-use'
        assert (await user.ask('DELETE', 'volume', f'/volumes/{disk}'))[0] == 400
        assert (await user.ask('DELETE', 'compute', f'{path}/{disk}'))[0] == 202
        assert (await volume(user, disk))['status'] == 'detaching'
        user.clock.advance(2)
        assert (await volume(user, disk))['attachments'] == []

    played(play)


def test_a_server_boots_from_a_volume_and_takes_a_doomed_one_with_it() -> None:
    async def play(user: User) -> None:
        image = (await user.named('image', '/images', 'images', 'cirros'))['id']
        disk = await user.volume(imageRef=image)
        assert (await volume(user, disk))['bootable'] == 'true'
        mapping = {'uuid': disk, 'source_type': 'volume', 'destination_type': 'volume', 'boot_index': 0}
        server = await user.boot(imageRef='', block_device_mapping_v2=[mapping | {'delete_on_termination': True}])
        assert (await user.ask('GET', 'compute', f'/servers/{server}'))[1]['server']['image'] == ''
        await user.ask('DELETE', 'compute', f'/servers/{server}')
        user.clock.advance(2)
        assert (await user.ask('GET', 'volume', f'/volumes/{disk}'))[0] == 404

    played(play)


def test_a_snapshot_holds_its_volume_and_gives_another() -> None:
    async def play(user: User) -> None:
        disk = await user.volume(size=2)
        _, made = await user.ask('POST', 'volume', '/snapshots', {'snapshot': {'volume_id': disk, 'name': 's'}})
        id = made['snapshot']['id']
        user.clock.advance(2)
        assert (await user.ask('DELETE', 'volume', f'/volumes/{disk}'))[0] == 400
        assert (await user.ask('POST', 'volume', '/volumes', {'volume': {'size': 1, 'snapshot_id': id}}))[0] == 400
        copy = await user.volume(size=2, snapshot_id=id)
        assert (await volume(user, copy))['snapshot_id'] == id
        assert (await user.ask('DELETE', 'volume', f'/snapshots/{id}'))[0] == 202
        user.clock.advance(2)
        assert (await user.ask('GET', 'volume', '/snapshots'))[1] == {'snapshots': []}

    played(play)


def test_lists_page_count_and_ask_for_what_changed() -> None:
    async def play(user: User) -> None:
        first = await user.volume(name='a')
        user.clock.advance(100)
        await user.volume(name='b', metadata={'k': 'v'})
        _, doc = await user.ask('GET', 'volume', '/volumes/detail?sort=name:asc&limit=1&with_count=true')
        assert ([one['name'] for one in doc['volumes']], doc['count']) == (['a'], 2)
        _, doc = await user.ask('GET', 'volume', '^' + doc['volumes_links'][0]['href'].removeprefix('http://east.sim'))
        assert [one['name'] for one in doc['volumes']] == ['b']
        since = (await volume(user, first))['updated_at']
        _, doc = await user.ask('GET', 'volume', f'/volumes?updated_at=gt:{since}')
        assert [one['name'] for one in doc['volumes']] == ['b']
        _, doc = await user.ask('GET', 'volume', "/volumes?metadata={'k':'v'}")
        assert [one['name'] for one in doc['volumes']] == ['b']
        assert (await user.ask('GET', 'volume', '/volumes?bogus=1'))[0] == 400

    played(play)


def test_the_project_in_the_path_must_be_the_tokens() -> None:
    async def play(user: User) -> None:
        id = await user.volume()
        _, doc = await user.ask('GET', 'volume', f'/{user.project_id}/volumes/{id}')
        assert user.project_id in doc['volume']['links'][0]['href']
        other = await another(user, 'alt_demo', 'alt_demo')
        before = len(user.cloud.state.volumes)
        body = {'volume': {'size': 1}}
        assert (await other.ask('POST', 'volume', f'/{user.project_id}/volumes', body))[0] == 400
        assert len(user.cloud.state.volumes) == before
        assert (await other.ask('GET', 'volume', f'/volumes/{id}'))[0] == 404

    played(play)


def test_an_unknown_zone_is_refused_and_quota_is_413() -> None:
    async def play(user: User) -> None:
        body = {'volume': {'size': 1, 'availability_zone': 'atlantis'}}
        assert (await user.ask('POST', 'volume', '/volumes', body))[0] == 400
        assert (await user.ask('POST', 'volume', '/volumes', {'volume': {'size': 2000}}))[0] == 413

    played(play)
