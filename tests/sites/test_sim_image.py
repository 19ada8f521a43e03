"""The simulated Glance: records, bytes, sharing."""

from __future__ import annotations

import hashlib

from tests.sites.sim_user import User, another, played

BYTES = {'Content-Type': 'application/octet-stream'}
PATCH = {'Content-Type': 'application/openstack-images-v2.1-json-patch'}


async def image(user: User, content: bytes, **more: object) -> str:
    given = {'name': 'mine', 'disk_format': 'raw', 'container_format': 'bare'} | more
    status, made = await user.ask('POST', 'image', '/images', given)
    assert (status, made['status']) == (201, 'queued')
    assert (await user.ask('PUT', 'image', f'/images/{made["id"]}/file', content, BYTES))[0] == 204
    id: str = made['id']
    return id


def test_bytes_come_back_with_their_sums() -> None:
    async def play(user: User) -> None:
        content = bytes(range(256)) * 1000
        id = await image(user, content, os_distro='x')
        _, doc = await user.ask('GET', 'image', f'/images/{id}')
        assert doc['checksum'] == hashlib.md5(content, usedforsecurity=False).hexdigest()
        assert doc['os_hash_value'] == hashlib.sha512(content).hexdigest()
        assert (doc['size'], doc['status'], doc['os_distro']) == (len(content), 'active', 'x')
        assert await (await user.raw('GET', 'image', f'/images/{id}/file')).read() == content
        part = await user.raw('GET', 'image', f'/images/{id}/file', headers={'Range': 'bytes=1-3'})
        assert (part.status, await part.read()) == (206, content[1:4])
        assert (await user.ask('PUT', 'image', f'/images/{id}/file', content, BYTES))[0] == 409

    played(play)


def test_patches_are_applied_whole_or_not_at_all() -> None:
    async def play(user: User) -> None:
        id = await image(user, b'x')
        path = f'/images/{id}'
        patch = [{'op': 'replace', 'path': '/name', 'value': 'new'}, {'op': 'remove', 'path': '/nothing'}]
        assert (await user.ask('PATCH', 'image', path, patch, PATCH))[0] == 409
        assert (await user.ask('GET', 'image', path))[1]['name'] == 'mine'
        for value, status in (({'op': 'add', 'path': '/foo', 'value': 'b'}, 200), ({'op': 'remove', 'path': '/name'}, 403)):
            assert (await user.ask('PATCH', 'image', path, [value], PATCH))[0] == status
        public = [{'op': 'replace', 'path': '/visibility', 'value': 'public'}]
        assert (await user.ask('PATCH', 'image', path, public, PATCH))[0] == 403
        assert (await user.ask('PATCH', 'image', path, public))[0] == 415
        await user.ask('PATCH', 'image', path, [{'op': 'replace', 'path': '/protected', 'value': True}], PATCH)
        assert (await user.ask('DELETE', 'image', path))[0] == 403

    played(play)


def test_a_shared_image_is_seen_by_its_members() -> None:
    async def play(user: User) -> None:
        id = await image(user, b'x')
        other = await another(user, 'alt_demo', 'alt_demo')
        assert (await other.ask('GET', 'image', f'/images/{id}'))[0] == 404
        body = {'member': other.project_id}
        assert (await user.ask('POST', 'image', f'/images/{id}/members', body))[0] == 200
        assert (await other.ask('GET', 'image', f'/images/{id}'))[0] == 200
        _, doc = await other.ask('GET', 'image', '/images?name=mine')
        assert doc['images'] == []
        path = f'/images/{id}/members/{other.project_id}'
        assert (await other.ask('PUT', 'image', path, {'status': 'accepted'}))[0] == 200
        _, doc = await other.ask('GET', 'image', '/images?name=mine')
        assert [one['id'] for one in doc['images']] == [id]
        assert (await other.ask('DELETE', 'image', f'/images/{id}'))[0] == 403

    played(play)


def test_lists_filter_and_page() -> None:
    async def play(user: User) -> None:
        _, doc = await user.ask('GET', 'image', '/images?limit=1&sort=name:asc')
        assert [one['name'] for one in doc['images']] == ['cirros']
        _, doc = await user.ask('GET', 'image', '^/image' + doc['next'])
        assert [one['name'] for one in doc['images']] == ['east-linux']
        ids = [one['id'] for one in (await user.ask('GET', 'image', '/images'))[1]['images']]
        _, doc = await user.ask('GET', 'image', f'/images?id=in:{ids[0]}')
        assert [one['id'] for one in doc['images']] == ids[:1]
        assert (await user.ask('GET', 'image', '/images?updated_at=gte:2100-01-01T00:00:00Z'))[1]['images'] == []
        assert (await user.ask('GET', 'image', '/images?updated_at=foo'))[0] == 400

    played(play)


def test_a_snapshot_of_a_server_becomes_an_image() -> None:
    async def play(user: User) -> None:
        server = await user.boot()
        body = {'createImage': {'name': 'snap'}}
        _, made = await user.ask('POST', 'compute', f'/servers/{server}/action', body)
        assert (await user.ask('GET', 'image', f'/images/{made["image_id"]}'))[1]['status'] == 'queued'
        user.clock.advance(2)
        assert (await user.ask('GET', 'image', f'/images/{made["image_id"]}'))[1]['status'] == 'active'

    played(play)
