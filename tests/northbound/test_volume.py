"""Every endpoint of the volume API over two clouds, as its clients use it."""

from __future__ import annotations

from tests import house, virtual
from tests.northbound.story import Step, tell

V = '/volume/v3'
PROJECT = house.league_id('demo')

VOLUMES = (
    Step('GET /volume/', 300, who='', has={'versions': [{'id': 'v3.0', 'links': [{'href': 'http://league.test/volume/v3/'}]}]}),
    Step(f'GET {V}', 200, who='', has={'versions': [{'id': 'v3.0'}]}),
    Step(f'GET {V}/types', 200, has={'volume_types': [{}]}, keep='type=volume_types.0.id'),
    Step(f'GET {V}/types/default', 200, keep='name=volume_type.name'),
    Step(f'GET {V}/types/$type', 200, has={'volume_type': {'id': '$type'}}),
    Step(f'GET {V}/types/nope', 404),
    Step(f'GET {V}/types/$type/extra_specs', 200, has={'extra_specs': {}}),
    Step(f'POST {V}/volumes', 202, {'volume': {'size': 1, 'name': 'v', 'metadata': {'a': 'b'}}}, keep='v=volume.id', then=3),
    Step(f'POST {V}/volumes', 400, {'volumes': {}}),
    Step(f'POST {V}/volumes', 403, {'volume': {'size': 1}}, who='demo_reader'),
    Step(f'GET {V}/volumes', 200, has={'volumes': [{'id': '$v', 'name': 'v'}]}),
    Step(f'GET {V}/{PROJECT}/volumes', 200, has={'volumes': [{'links': [{'href': f'http://league.test{V}/{PROJECT}/volumes/$v'}]}]}),
    Step(f'GET {V}/{house.league_id("alt_demo")}/volumes', 400),
    Step(f'GET {V}/volumes/detail?with_count=true', 200, version='3.45', has={'count': 1, 'volumes': [{'metadata': {'a': 'b'}}]}),
    Step(f'GET {V}/volumes/summary', 404, version='3.11'),
    Step(f'GET {V}/volumes/summary', 200, version='3.12', has={'volume-summary': {'total_count': 1, 'total_size': 1}}),
    Step(f'GET {V}/volumes/$v', 200, has={'volume': {'status': 'available', 'metadata': {'a': 'b'}}}),
    Step(f'GET {V}/volumes/$v', 404, who='alt_demo'),
    Step(f'PUT {V}/volumes/$v', 200, {'volume': {'name': 'v2'}}),
    Step(f'GET {V}/volumes?name=v2', 200, has={'volumes': [{'id': '$v'}]}),
    Step(f'POST {V}/volumes/$v/metadata', 200, {'metadata': {'c': 'd'}}),
    Step(f'DELETE {V}/volumes/$v/metadata/c', 200),
    Step(f'POST {V}/volumes/$v/action', 202, {'os-extend': {'new_size': 2}}, then=3),
    Step(f'GET {V}/volumes/detail', 200, has={'volumes': [{'size': 2}]}),
    Step(f'POST {V}/volumes/$v/action', 202, {'os-volume_upload_image': {'image_name': 'up', 'disk_format': 'raw'}}, then=3),
    Step('GET /image/v2/images?name=up', 200, has={'images': [{'name': 'up'}]}),
    Step(f'POST {V}/snapshots', 202, {'snapshot': {'volume_id': '$v', 'name': 's'}}, keep='s=snapshot.id', then=3),
    Step(f'GET {V}/snapshots', 200, has={'snapshots': [{'id': '$s'}]}),
    Step(f'GET {V}/snapshots/detail', 200, has={'snapshots': [{'id': '$s', 'status': 'available'}]}),
    Step(f'GET {V}/snapshots/$s', 200, has={'snapshot': {'volume_id': '$v'}}),
    Step(f'GET {V}/snapshots/$s/metadata', 200, has={'metadata': {}}),
    Step(f'POST {V}/volumes', 202, {'volume': {'snapshot_id': '$s', 'size': 2, 'name': 'clone'}}, keep='w=volume.id', then=3),
    Step(f'DELETE {V}/volumes/$v', 400),
    Step(f'DELETE {V}/snapshots/$s', 202, then=3),
    Step(f'GET {V}/snapshots/$s', 404),
    Step(f'DELETE {V}/volumes/$v', 202, then=3),
    Step(f'GET {V}/volumes/$v', 404),
    Step(f'GET {V}/volumes', 200, has={'volumes': [{'id': '$w'}]}),
)

SUMS = (
    Step(f'GET {V}/attachments', 200, version='3.27', has={'attachments': []}),
    Step(f'GET {V}/attachments/detail', 200, version='3.27', has={'attachments': []}),
    Step(f'POST {V}/attachments', 200, {'attachment': {'volume_uuid': '$w'}}, version='3.27', keep='a=attachment.id'),
    Step(f'GET {V}/attachments/$a', 200, version='3.27', has={'attachment': {'volume_id': '$w'}}),
    Step(f'GET {V}/attachments/$a/nothing', 404, version='3.27'),
    Step(f'DELETE {V}/attachments/$a', 200, version='3.27'),
    Step(f'POST {V}/types', 403, {'volume_type': {'name': 't'}}),
    Step(f'POST {V}/types/$type/extra_specs', 403, {'extra_specs': {'a': 'b'}}),
    Step(f'DELETE {V}/types/$type', 403),
    Step(f'POST {V}/volume-transfers/$w/accept', 404, {'accept': {'auth_key': 'x'}}, version='3.55'),
    Step(f'POST {V}/os-volume-transfer/$w/accept', 404, {'accept': {'auth_key': 'x'}}),
    Step(f'GET {V}/os-availability-zone', 200, has={'availabilityZoneInfo': [{'zoneName': 'east'}, {'zoneName': 'west'}]}),
    Step(f'GET {V}/limits', 200, has={'limits': {'absolute': {'maxTotalVolumes': 20}}}),
    Step(f'GET {V}/os-quota-sets/{PROJECT}', 200, has={'quota_set': {'volumes': 20}}),
    Step(f'GET {V}/os-quota-sets/{PROJECT}/defaults', 200, has={'quota_set': {'volumes': 20}}),
    Step(f'PUT {V}/os-quota-sets/{PROJECT}', 403, {'quota_set': {'volumes': 5}}),
    Step(f'PUT {V}/os-quota-sets/{PROJECT}', 200, {'quota_set': {'volumes': 5}}, who='admin', has={'quota_set': {'volumes': 5}}),
    Step(f'DELETE {V}/os-quota-sets/{PROJECT}', 200, who='admin'),
    Step(f'GET {V}/os-quota-class-sets/default', 404, who='admin'),
    Step(f'GET {V}/extensions', 200, has={'extensions': [{}]}),
    Step(f'GET {V}/extensions/os-services', 200, has={'extension': {'alias': 'os-services'}}),
    Step(f'GET {V}/resource_filters', 200, version='3.33', has={'resource_filters': [{'resource': 'backup'}]}),
    Step(f'GET {V}/messages', 200, has={'messages': []}),
    Step(f'GET {V}/nothing', 404),
)

ADMIN = (
    Step(f'POST {V}/types', 200, {'volume_type': {'name': 'fast'}}, who='admin', keep='fast=volume_type.id'),
    Step(f'POST {V}/types/$fast/encryption', 200, {'encryption': {'provider': 'luks'}}, who='admin', keep='e=encryption.encryption_id'),
    Step(f'PUT {V}/types/$fast/encryption/$e', 200, {'encryption': {'key_size': 512}}, who='admin'),
    Step(f'GET {V}/types/$fast/encryption', 200, who='admin', has={'provider': 'luks', 'key_size': 512}),
    Step(f'DELETE {V}/types/$fast/encryption/$e', 202, who='admin'),
    Step(f'POST {V}/qos-specs', 403, {'qos_specs': {'name': 'q'}}),
    Step(f'POST {V}/qos-specs', 200, {'qos_specs': {'name': 'q', 'iops': '100'}}, who='admin', keep='q=qos_specs.id'),
    Step(f'POST {V}/qos-specs', 409, {'qos_specs': {'name': 'q'}}, who='admin'),
    Step(f'GET {V}/qos-specs', 403),
    Step(f'GET {V}/qos-specs/$q', 200, who='admin', has={'qos_specs': {'name': 'q', 'specs': {'iops': '100'}}}),
    Step(f'PUT {V}/qos-specs/$q', 200, {'qos_specs': {'a': '1', 'b': '2'}}, who='admin'),
    Step(f'PUT {V}/qos-specs/$q/delete_keys', 202, {'keys': ['b']}, who='admin'),
    Step(f'GET {V}/qos-specs/$q/associate?vol_type_id=$fast', 202, who='admin'),
    Step(f'GET {V}/qos-specs/$q/associations', 200, who='admin', has={'qos_associations': [{'id': '$fast', 'name': 'fast'}]}),
    Step(f'GET {V}/types/$fast', 200, who='admin', has={'volume_type': {'qos_specs_id': '$q'}}),
    Step(f'DELETE {V}/qos-specs/$q', 400, who='admin'),
    Step(f'GET {V}/qos-specs/$q/disassociate?vol_type_id=$fast', 202, who='admin'),
    Step(f'GET {V}/types/$fast', 200, who='admin', has={'volume_type': {'qos_specs_id': None}}),
    Step(f'GET {V}/qos-specs/$q/disassociate_all', 202, who='admin'),
    Step(f'DELETE {V}/qos-specs/$q', 202, who='admin'),
    Step(f'GET {V}/qos-specs', 200, who='admin', has={'qos_specs': []}),
    Step(f'GET {V}/default-types', 403, version='3.62'),
    Step(f'PUT {V}/default-types/{PROJECT}', 403, {'default_type': {'volume_type': 'fast'}}, version='3.62'),
    Step(f'PUT {V}/default-types/nobody', 404, {'default_type': {'volume_type': 'fast'}}, who='admin', version='3.62'),
    Step(f'PUT {V}/default-types/{PROJECT}', 200, {'default_type': {'volume_type': 'fast'}}, who='admin', version='3.62'),
    Step(f'GET {V}/default-types/{PROJECT}', 200, who='admin', version='3.62', has={'default_type': {'volume_type_id': '$fast'}}),
    Step(f'GET {V}/default-types', 200, who='admin', version='3.62', has={'default_types': [{'project_id': PROJECT}]}),
    Step(f'DELETE {V}/default-types/{PROJECT}', 204, who='admin', version='3.62'),
    Step(f'GET {V}/scheduler-stats/get_pools', 200, who='admin', has={'pools': [{'name': 'west-storage-1@sim#sim'}]}),
    Step(f'GET {V}/os-services', 200, who='admin', has={'services': [{'host': 'east-storage-1@sim'}, {'host': 'west-storage-1@sim'}]}),
    Step(f'PUT {V}/os-services/disable', 200, {'host': 'west-storage-1@sim', 'binary': 'cinder-volume'}, who='admin'),
    Step(f'GET {V}/os-services', 200, who='admin', has={'services': [{'host': 'west-storage-1@sim', 'status': 'disabled'}]}),
    Step(f'PUT {V}/os-services/enable', 200, {'host': 'west-storage-1@sim@west', 'binary': 'cinder-volume'}, who='admin'),
    Step(f'PUT {V}/os-services/enable', 404, {'host': 'nowhere', 'binary': 'cinder-volume'}, who='admin'),
    Step(f'PUT {V}/os-services/enable', 403, {'host': 'west-storage-1@sim'}),
    Step(f'PUT {V}/os-services/disable-log-reason', 400, {'disabled_reason': 'x'}, who='admin'),
    *(Step(f'PUT {V}/os-services/{verb}', 200, {'host': 'west-storage-1@sim'}, who='admin') for verb in ('freeze', 'thaw')),
    *(
        Step(f'PUT {V}/os-services/{verb}', 202, {'host': 'west-storage-1@sim', 'backend_id': 'x'}, who='admin')
        for verb in ('failover_host', 'failover')
    ),
    Step(f'PUT {V}/os-services/get-log', 200, {}, who='admin', has={'log_levels': [{'host': 'east-storage-1'}, {'host': 'west-storage-1'}]}),
    Step(f'PUT {V}/os-services/set-log', 202, {'level': 'INFO', 'server': 'west-storage-1'}, who='admin'),
    Step(f'GET {V}/os-hosts', 200, who='admin', has={'hosts': [{'host_name': 'west-storage-1'}]}),
    Step(f'GET {V}/os-hosts/west-storage-1@sim', 200, who='admin', has={'host': [{'resource': {'host': 'west-storage-1@sim'}}]}),
    Step(f'GET {V}/capabilities/east-storage-1@sim', 200, who='admin'),
    Step(f'GET {V}/clusters', 200, who='admin', has={'clusters': []}),
    Step(f'GET {V}/clusters/detail', 404, who='admin'),
    Step(f'GET {V}/clusters/c', 404, who='admin'),
    *(Step(f'PUT {V}/clusters/{verb}', 404, {'name': 'c'}, who='admin') for verb in ('enable', 'disable')),
    Step(f'POST {V}/workers/cleanup', 202, {}, who='admin', has={'unavailable': [{'id': 'east-storage-1@sim'}, {'id': 'west-storage-1@sim'}]}),
    *(Step(f'GET {V}/{word}', 400, who='admin') for word in ('os-volume-manage', 'manageable_volumes', 'os-snapshot-manage', 'manageable_snapshots')),
    *(Step(f'GET {V}/{word}/detail', 403) for word in ('os-volume-manage', 'manageable_volumes', 'os-snapshot-manage', 'manageable_snapshots')),
    Step(f'GET {V}/manageable_volumes?host=west-storage-1@sim%23sim', 200, who='admin', has={'manageable-volumes': []}),
    *(Step(f'POST {V}/{word}', 404, {'volume': {'host': 'x', 'ref': {}}}, who='admin') for word in ('os-volume-manage', 'manageable_volumes')),
    Step(f'DELETE {V}/types/$fast', 202, who='admin'),
)

PARTS = (
    Step(f'POST {V}/group_types', 202, {'group_type': {'name': 'g'}}, who='admin', keep='gt=group_type.id'),
    Step(f'POST {V}/group_types/$gt/group_specs', 202, {'group_specs': {'a': 'b'}}, who='admin'),
    Step(f'GET {V}/group_types/$gt/group_specs', 200, who='admin', has={'group_specs': {'a': 'b'}}),
    Step(f'PUT {V}/group_types/$gt', 200, {'group_type': {'description': 'd'}}, who='admin'),
    Step(f'GET {V}/group_types', 200, has={'group_types': [{'id': '$gt', 'name': 'g'}]}),
    Step(f'GET {V}/group_types/$gt', 200, has={'group_type': {'description': 'd'}}),
    Step(
        f'POST {V}/groups', 202, {'group': {'group_type': '$gt', 'volume_types': ['$type'], 'availability_zone': 'west', 'name': 'n'}},
        keep='g=group.id',
    ),
    Step(f'GET {V}/groups', 200, has={'groups': [{'id': '$g', 'name': 'n'}]}),
    Step(f'GET {V}/groups/detail', 200, has={'groups': [{'availability_zone': 'west', 'group_type': '$gt', 'volume_types': ['$type']}]}),
    Step(f'PUT {V}/groups/$g', 202, {'group': {'name': 'm'}}),
    Step(f'GET {V}/groups/$g', 404, who='alt_demo'),
    Step(f'POST {V}/group_snapshots', 202, {'group_snapshot': {'group_id': '$g', 'name': 's'}}, keep='gs=group_snapshot.id'),
    Step(f'POST {V}/groups/action', 202, {'create-from-src': {'group_snapshot_id': '$gs', 'name': 'o'}}, keep='h=group.id'),
    Step(f'GET {V}/groups/$h', 200, has={'group': {'availability_zone': 'west', 'name': 'o'}}),
    Step(f'GET {V}/group_snapshots/detail', 200, has={'group_snapshots': [{'group_id': '$g'}]}),
    Step(f'DELETE {V}/group_snapshots/$gs', 202),
    *(Step(f'POST {V}/groups/{one}/action', 202, {'delete': {}}) for one in ('$g', '$h')),
    Step(f'DELETE {V}/group_types/$gt', 202, who='admin'),
    Step(f'POST {V}/consistencygroups/create_from_src', 404, {'consistencygroup-from-src': {'cgsnapshot_id': '$w'}}),
    Step(f'GET {V}/attachments?volume_id=$w', 200, version='3.27', has={'attachments': []}),
    Step(f'POST {V}/backups', 202, {'backup': {'volume_id': '$w', 'name': 'b'}}, keep='b=backup.id'),
    Step(f'GET {V}/backups', 200, has={'backups': [{'id': '$b', 'name': 'b'}]}),
    Step(f'GET {V}/backups/detail?with_count=true', 200, version='3.45', has={'count': 1, 'backups': [{'volume_id': '$w'}]}),
    Step(f'GET {V}/backups/$b', 200, has={'backup': {'status': 'available'}}),
    Step(f'POST {V}/backups/$b/restore', 202, {'restore': {'name': 'back'}}, keep='r=restore.volume_id', then=3),
    Step(f'GET {V}/volumes?name=back', 200, has={'volumes': [{'id': '$r'}]}),
    Step(f'POST {V}/backups/import_record', 400, {'backup-record': {'backup_service': 'x', 'backup_url': 'y'}}, who='admin'),
    Step(f'DELETE {V}/backups/$b', 202),
    Step(f'POST {V}/volume-transfers', 202, {'transfer': {'volume_id': '$r'}}, version='3.55', keep='t=transfer.id'),
    Step(f'GET {V}/volumes/detail?name=back', 200, has={'volumes': [{'status': 'awaiting-transfer'}]}),
    Step(f'DELETE {V}/volume-transfers/$t', 202, version='3.55'),
    Step(f'GET {V}/volumes/detail?name=back', 200, has={'volumes': [{'status': 'available'}]}),
    *(Step(f'POST {V}/{word}/$t/nothing', 404) for word in ('volume-transfers', 'os-volume-transfer')),
    *(Step(f'DELETE {V}/{word}/$t', 404) for word in ('os-volume-transfer',)),
    Step(f'POST {V}/attachments', 200, {'attachment': {'volume_uuid': '$r'}}, version='3.27', keep='a=attachment.id'),
    Step(f'GET {V}/volumes/detail?name=back', 200, has={'volumes': [{'status': 'in-use'}]}),
    Step(f'PUT {V}/attachments/$a', 200, {'attachment': {'connector': {}}}, version='3.27'),
    Step(f'POST {V}/attachments/$a/action', 204, {'os-complete': {}}, version='3.44'),
    Step(f'DELETE {V}/attachments/$a', 200, version='3.27'),
    Step(f'GET {V}/volumes/detail?name=back', 200, has={'volumes': [{'status': 'available'}]}),
)


def test_every_endpoint_of_volume() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            assert await tell(league, 'volume', (*VOLUMES, *SUMS, *ADMIN, *PARTS)) == []

    virtual.run(main)


def test_what_has_a_name_is_made_at_every_site_and_is_one() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            spec = (await league.ok('POST', f'{V}/qos-specs', {'qos_specs': {'name': 'q'}}, token='admin'))['qos_specs']['id']
            kind = (await league.ok('POST', f'{V}/group_types', {'group_type': {'name': 'g'}}, token='admin'))['group_type']['id']
            for cloud in league.clouds.values():
                assert [doc['name'] for doc in cloud.state.qos_specs.values()] == ['q']
                assert [doc['name'] for doc in cloud.state.group_types.values()] == ['g']
            assert [each['id'] for each in (await league.ok('GET', f'{V}/qos-specs', token='admin'))['qos_specs']] == [spec]
            assert [each['id'] for each in (await league.ok('GET', f'{V}/group_types'))['group_types']] == [kind]
            await league.ok('DELETE', f'{V}/qos-specs/{spec}', token='admin')
            await league.ok('DELETE', f'{V}/group_types/{kind}', token='admin')
            assert not any(cloud.state.qos_specs or cloud.state.group_types for cloud in league.clouds.values())

    virtual.run(main)


def test_a_private_type_is_listed_for_whom_it_was_granted() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            body = {'volume_type': {'name': 'own', 'os-volume-type-access:is_public': False}}
            id = (await league.ok('POST', f'{V}/types', body, token='admin'))['volume_type']['id']

            async def seen(who: str) -> bool:
                return id in [each['id'] for each in (await league.ok('GET', f'{V}/types', token=who))['volume_types']]

            assert not await seen('demo')
            await league.ok('POST', f'{V}/types/{id}/action', {'addProjectAccess': {'project': PROJECT}}, token='admin')
            assert (await seen('demo'), await seen('alt_demo')) == (True, False)
            assert (await league.ok('GET', f'{V}/types/{id}'))['volume_type']['name'] == 'own'
            for cloud in league.clouds.values():
                assert [len(doc['_projects']) for doc in cloud.state.types.values() if doc['name'] == 'own'] == [1]
            await league.ok('POST', f'{V}/types/{id}/action', {'removeProjectAccess': {'project': PROJECT}}, token='admin')
            assert not await seen('demo')

    virtual.run(main)


def test_pages_over_several_sites_are_pages_of_one_list() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            wanted: list[str] = []
            for number in range(5):
                body = {'volume': {'size': 1, 'name': f'v{number}', 'availability_zone': ('east', 'west')[number % 2]}}
                volume = (await league.ok('POST', f'{V}/volumes', body))['volume']['id']
                await league.clock.sleep(3)
                backup = await league.ok('POST', f'{V}/backups', {'backup': {'volume_id': volume, 'name': f'b{4 - number}'}})
                wanted.insert(0, backup['backup']['id'])
            assert [each['id'] for each in (await league.ok('GET', f'{V}/backups'))['backups']] == wanted
            named = (await league.ok('GET', f'{V}/backups?sort=name:asc'))['backups']
            assert [each['name'] for each in named] == ['b0', 'b1', 'b2', 'b3', 'b4']
            got: list[str] = []
            path = f'{V}/backups?limit=2'
            while path:
                page = await league.ok('GET', path)
                got += [each['id'] for each in page['backups']]
                links = page.get('backups_links', [])
                path = links[0]['href'].removeprefix('http://league.test') if links else ''
            assert got == wanted
            for wrong, status in (('limit=x', 400), ('limit=-1', 400), ('marker=nothing', 404), ('sort=nothing', 400)):
                assert (await league.ask('GET', f'{V}/backups?{wrong}'))[0] == status

    virtual.run(main)


def test_backups_go_where_they_can_be_made() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            league.clouds['west'].state.backup_service = False
            await league.house.flock.catch_up('west')
            said = ''
            for site, status in (('east', 202), ('west', 400)):
                body = {'volume': {'size': 1, 'availability_zone': site}}
                volume = (await league.ok('POST', f'{V}/volumes', body))['volume']['id']
                await league.clock.sleep(3)
                told = await league.ask('POST', f'{V}/backups', {'backup': {'volume_id': volume}})
                assert told[0] == status, told
                said = str(told[2])
            assert 'cinder-backup' in said

    virtual.run(main)


def test_of_hosts_with_one_name_the_site_has_to_be_said() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            league.clouds['west'].state.name = 'east'
            names = [each['host'] for each in (await league.ok('GET', f'{V}/os-services', token='admin'))['services']]
            assert {'east-storage-1@sim@east', 'east-storage-1@sim@west'} <= set(names)
            status, _, told = await league.ask('PUT', f'{V}/os-services/disable', {'host': 'east-storage-1@sim'}, token='admin')
            assert (status, 'east-storage-1@sim@west' in told['badRequest']['message']) == (400, True)
            await league.ok('PUT', f'{V}/os-services/disable', {'host': 'east-storage-1@sim@west'}, token='admin')
            assert [bool(cloud.state.disabled) for cloud in league.clouds.values()] == [False, True]

    virtual.run(main)


def test_projects_that_share_one_of_a_site_see_only_their_own() -> None:
    async def main() -> None:
        async with house.league('east', 'west', tenant=['west'], projects=('demo', 'alt_demo')) as league:
            made: dict[str, dict[str, str]] = {}
            for who in ('demo', 'alt_demo'):
                body = {'volume': {'size': 1, 'name': who, 'availability_zone': 'west'}}
                volume = (await league.ok('POST', f'{V}/volumes', body, token=who))['volume']['id']
                await league.clock.sleep(3)
                backup = (await league.ok('POST', f'{V}/backups', {'backup': {'volume_id': volume}}, token=who))['backup']['id']
                asked = {'transfer': {'volume_id': volume}}
                transfer = (await league.ok('POST', f'{V}/os-volume-transfer', asked, token=who))['transfer']
                made[who] = {'backups': backup, 'os-volume-transfer': transfer['id'], 'volume': volume, 'key': transfer['auth_key']}
            for who, other in (('demo', 'alt_demo'), ('alt_demo', 'demo')):
                for word, plural in (('backups', 'backups'), ('os-volume-transfer', 'transfers')):
                    listed = (await league.ok('GET', f'{V}/{word}/detail', token=who))[plural]
                    assert [each['id'] for each in listed] == [made[who][word]]
                    assert (await league.ask('GET', f'{V}/{word}/{made[other][word]}', token=who))[0] == 404
            accept = {'accept': {'auth_key': made['demo']['key']}}
            await league.ok('POST', f'{V}/os-volume-transfer/{made["demo"]["os-volume-transfer"]}/accept', accept, token='alt_demo')
            assert (await league.ok('GET', f'{V}/volumes'))['volumes'] == []
            assert len((await league.ok('GET', f'{V}/volumes', token='alt_demo'))['volumes']) == 2

    virtual.run(main)


def test_a_volume_that_leaves_its_group_has_left_it_in_the_list_when_the_group_says_so() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            new = '3.71'
            kind = (await league.ok('POST', f'{V}/group_types', {'group_type': {'name': 'g'}}, token='admin', version=new))['group_type']['id']
            type = (await league.ok('GET', f'{V}/types'))['volume_types'][0]['id']
            asked = {'group': {'group_type': kind, 'volume_types': [type], 'availability_zone': 'west', 'name': 'n'}}
            group = (await league.ok('POST', f'{V}/groups', asked, version=new))['group']['id']
            body = {'volume': {'size': 1, 'availability_zone': 'west', 'volume_type': type, 'group_id': group}}
            volume = (await league.ok('POST', f'{V}/volumes', body, version=new))['volume']['id']
            await league.clock.sleep(60)

            async def listed() -> list[str]:
                return [each['group_id'] for each in (await league.ok('GET', f'{V}/volumes/detail', version=new))['volumes']]

            for word, left in (('remove_volumes', [None]), ('add_volumes', [group])):
                status, _, told = await league.ask('PUT', f'{V}/groups/{group}', {'group': {word: volume}}, version=new)
                assert status == 202, told
                await league.ok('GET', f'{V}/groups/{group}', version=new)
                assert await listed() == left

    virtual.run(main)
