"""Every endpoint of the image API over two clouds, as its clients use it."""

from __future__ import annotations

from tests import house, virtual
from tests.northbound.story import Step, tell

I = '/image/v2'  # noqa: E741 - as C, V and N in the rooms beside
ALT = house.league_id('alt_demo')
PATCH = {'content-type': 'application/openstack-images-v2.1-json-patch'}
BYTES = b'not really a disk' * 5000

STEPS = (
    Step('GET /image/', 300, who='', has={'versions': [{'links': [{'href': 'http://league.test/image/v2/'}]}]}),
    Step('GET /image/versions', 200, who=''),
    Step(f'GET {I}/images', 200, has={'images': [{'name': 'cirros', 'visibility': 'public'}], 'schema': '/v2/schemas/images'}),
    Step(f'POST {I}/images', 201, {'name': 'i', 'disk_format': 'raw', 'container_format': 'bare', 'os': 'x'}, keep='i=id'),
    Step(f'POST {I}/images', 403, {'name': 'i'}, who='demo_reader'),
    Step(f'GET {I}/images?name=i', 200, has={'images': [{'id': '$i', 'status': 'queued', 'os': 'x'}]}),
    Step(f'PUT {I}/images/$i/file', 204, BYTES),
    Step(f'GET {I}/images/$i', 200, has={'status': 'active', 'size': len(BYTES), 'file': '/v2/images/$i/file'}),
    Step(f'GET {I}/images?status=active&name=i', 200, has={'images': [{'id': '$i'}]}),
    Step(f'GET {I}/images/$i/file', 200, has=None),
    Step(f'GET {I}/images/$i', 404, who='alt_demo'),
    Step(f'PATCH {I}/images/$i', 200, [{'op': 'replace', 'path': '/name', 'value': 'j'}], headers=PATCH, has={'name': 'j'}),
    Step(f'PATCH {I}/images/$i', 200, [{'op': 'add', 'path': '/a', 'value': 'b'}], headers=PATCH, has={'a': 'b', 'os': 'x'}),
    Step(f'PATCH {I}/images/$i', 415, {'a': 'b'}),
    Step(f'GET {I}/images?name=j', 200, has={'images': [{'id': '$i'}]}),
    Step(f'PUT {I}/images/$i/tags/t', 204),
    Step(f'GET {I}/images?tag=t', 200, has={'images': [{'id': '$i'}]}),
    Step(f'DELETE {I}/images/$i/tags/t', 204),
    Step(f'PATCH {I}/images/$i', 200, [{'op': 'replace', 'path': '/visibility', 'value': 'shared'}], headers=PATCH),
    Step(f'POST {I}/images/$i/members', 200, {'member': ALT}, has={'member_id': ALT, 'status': 'pending'}),
    Step(f'GET {I}/images/$i/members', 200, has={'members': [{'member_id': ALT}]}),
    Step(f'DELETE {I}/images/$i/members/{ALT}', 204),
    Step(f'POST {I}/images/$i/actions/deactivate', 204, who='admin'),
    Step(f'GET {I}/images?name=j', 200, has={'images': [{'status': 'deactivated'}]}),
    Step(f'POST {I}/images/$i/actions/reactivate', 204, who='admin'),
    Step(f'DELETE {I}/images/$i', 403, who='demo_reader'),
    Step(f'DELETE {I}/images/$i', 404, who='alt_demo'),
    Step(f'DELETE {I}/images/$i', 204),
    Step(f'GET {I}/images/$i', 404),
    Step(f'GET {I}/images?name=j', 200, has={'images': []}),
    Step(f'GET {I}/schemas/image', 200, has={'name': 'image'}),
    Step(f'GET {I}/schemas/metadefs/namespace', 404),
    Step(f'GET {I}/info/import', 200),
    Step(f'GET {I}/info/stores', 200, has={'stores': [{'id': 'files'}]}),
    Step(f'GET {I}/info/stores/detail', 403),
    Step(f'GET {I}/info/stores/detail', 200, who='admin', has={'stores': [{'type': 'file'}]}),
    Step(f'GET {I}/info/usage', 200, has={'usage': {}}),
    Step(f'GET {I}/metadefs/resource_types', 200, has={'resource_types': [{'name': 'OS::east::Own'}, {'name': 'OS::west::Own'}]}),
    Step(f'GET {I}/metadefs/namespaces', 200, has={'namespaces': []}),
    Step(f'GET {I}/metadefs/namespaces/a', 404),
    Step(f'POST {I}/metadefs/namespaces', 403, {'namespace': 'a'}),
    Step(f'POST {I}/metadefs/namespaces', 201, {'namespace': 'a', 'visibility': 'public'}, who='admin'),
    Step(f'POST {I}/metadefs/namespaces', 409, {'namespace': 'a'}, who='admin'),
    Step(f'GET {I}/metadefs/namespaces', 200, has={'namespaces': [{'namespace': 'a'}]}),
    Step(f'POST {I}/metadefs/namespaces/a/objects', 201, {'name': 'o'}, who='admin'),
    Step(f'PUT {I}/metadefs/namespaces/a/objects/o', 200, {'description': 'd'}, who='admin', has={'description': 'd'}),
    Step(f'GET {I}/metadefs/namespaces/a/objects', 200, has={'objects': [{'name': 'o', 'description': 'd'}]}),
    Step(f'POST {I}/metadefs/namespaces/a/tags/t', 201, {}, who='admin'),
    Step(f'DELETE {I}/metadefs/namespaces/a/tags/t', 204, who='admin'),
    Step(f'DELETE {I}/metadefs/namespaces/a', 403),
    Step(f'DELETE {I}/metadefs/namespaces/a', 204, who='admin'),
    Step(f'DELETE {I}/metadefs/namespaces/a', 404, who='admin'),
    Step(f'GET {I}/tasks', 403),
    Step(f'POST {I}/tasks', 201, {'type': 'import', 'input': {'image_properties': {}}}, who='admin', keep='t=id'),
    Step(f'GET {I}/tasks', 200, who='admin', has={'tasks': [{'id': '$t'}], 'schema': '/v2/schemas/tasks'}),
    Step(f'GET {I}/tasks/$t', 200, who='admin', has={'status': 'success'}),
    Step(f'GET {I}/cache', 404, who='admin'),
    Step(f'DELETE {I}/cache', 403),
    *(Step(f'POST {I}/cache/{verb}', 404, who='admin') for verb in ('clean', 'prune')),
    Step(f'GET {I}/cache/nodes/$i', 404, who='admin'),
    Step(f'PUT {I}/cache/$i', 404, who='admin'),
    Step(f'DELETE {I}/stores/files/$i', 404),
    Step(f'POST {I}/images/$i/actions/deactivate', 404, who='alt_demo'),
)


def test_every_endpoint_of_image() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            assert await tell(league, 'image', STEPS) == []

    virtual.run(main)


def test_the_bytes_come_back_as_they_went() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            id = (await league.ok('POST', f'{I}/images', {'name': 'i', 'disk_format': 'raw', 'container_format': 'bare'}))['id']
            await league.ok('PUT', f'{I}/images/{id}/file', BYTES)
            status, headers, body = await league.ask('GET', f'{I}/images/{id}/file')
            assert (status, headers['content-length'], body) == (200, str(len(BYTES)), BYTES)

    virtual.run(main)


def test_a_member_lists_and_boots_what_another_project_shares() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            body = {'name': 'lent', 'disk_format': 'raw', 'container_format': 'bare', 'visibility': 'shared'}
            image = (await league.ok('POST', f'{I}/images', body))['id']
            await league.ok('PUT', f'{I}/images/{image}/file', b'bytes')

            async def listed(query: str = '') -> list[str]:
                return [each['id'] for each in (await league.ok('GET', f'{I}/images{query}', token='alt_demo'))['images']]

            await league.ok('POST', f'{I}/images/{image}/members', {'member': ALT})
            assert image not in await listed()
            assert image in await listed('?visibility=shared&member_status=pending')
            await league.ok('PUT', f'{I}/images/{image}/members/{ALT}', {'status': 'accepted'}, token='alt_demo')
            assert image in await listed()
            assert image in await listed('?name=lent')
            flavor = (await league.ok('GET', '/compute/v2.1/flavors', token='alt_demo'))['flavors'][0]['id']
            server = {'server': {'name': 's', 'imageRef': image, 'flavorRef': flavor, 'networks': 'none'}}
            made = await league.ok('POST', '/compute/v2.1/servers', server, token='alt_demo', version='2.79')
            assert made['server']['id']
            await league.ok('DELETE', f'{I}/images/{image}/members/{ALT}')
            assert image not in await listed()

    virtual.run(main)


def test_nothing_is_made_at_a_site_for_a_member_that_is_no_project_or_an_image_of_others() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            body = {'name': 'lent', 'disk_format': 'raw', 'container_format': 'bare', 'visibility': 'shared'}
            image = (await league.ok('POST', f'{I}/images', body))['id']
            cirros = (await league.ok('GET', f'{I}/images?name=cirros'))['images'][0]['id']
            await league.ask('POST', f'{I}/images/{image}/members', {'member': 'x&domain_id=default'})
            await league.ask('POST', f'{I}/images/{cirros}/members', {'member': ALT})
            made = {alias.league for alias in await league.store.aliases() if alias.kind == 'project'}
            assert made == {house.league_id('demo')}
            await league.ok('POST', f'{I}/images/{image}/members', {'member': ALT})
            assert ALT in {alias.league for alias in await league.store.aliases()}

    virtual.run(main)


def test_community_images_are_in_lists_of_all_and_may_be_read() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            body = {'name': 'c', 'disk_format': 'raw', 'container_format': 'bare', 'visibility': 'community'}
            image = (await league.ok('POST', f'{I}/images', body))['id']
            await league.ok('PUT', f'{I}/images/{image}/file', b'bytes')
            for query, seen in (('', False), ('?visibility=community', True), ('?visibility=all', True), ('?visibility=all&name=d', False)):
                listed = (await league.ok('GET', f'{I}/images{query}', token='alt_demo'))['images']
                assert (image in [each['id'] for each in listed]) is seen, query
            assert (await league.ok('GET', f'{I}/images/{image}', token='alt_demo'))['name'] == 'c'

    virtual.run(main)


def test_metadata_definitions_are_made_at_every_site_and_listed_once_in_pages() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            for number in range(3):
                await league.ok('POST', f'{I}/metadefs/namespaces', {'namespace': f'n{number}'}, token='admin')
                await league.clock.sleep(2)
            for cloud in league.clouds.values():
                assert list(cloud.state.metadefs) == ['n0', 'n1', 'n2']
            page = await league.ok('GET', f'{I}/metadefs/namespaces?limit=2')
            assert [each['namespace'] for each in page['namespaces']] == ['n2', 'n1']
            page = await league.ok('GET', f'/image{page["next"]}')
            assert ([each['namespace'] for each in page['namespaces']], 'next' in page) == (['n0'], False)

    virtual.run(main)
