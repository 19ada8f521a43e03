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
    Step(f'POST {V}/backups', 405, {'backup': {'volume_id': '$w'}}),
    Step(f'GET {V}/os-availability-zone', 200, has={'availabilityZoneInfo': [{'zoneName': 'east'}, {'zoneName': 'west'}]}),
    Step(f'GET {V}/limits', 200, has={'limits': {'absolute': {'maxTotalVolumes': 20}}}),
    Step(f'GET {V}/os-quota-sets/{PROJECT}', 200, has={'quota_set': {'volumes': 20}}),
    Step(f'GET {V}/os-quota-sets/{PROJECT}/defaults', 200, has={'quota_set': {'volumes': 20}}),
    Step(f'PUT {V}/os-quota-sets/{PROJECT}', 403, {'quota_set': {'volumes': 5}}),
    Step(f'PUT {V}/os-quota-sets/{PROJECT}', 200, {'quota_set': {'volumes': 5}}, who='admin', has={'quota_set': {'volumes': 5}}),
    Step(f'DELETE {V}/os-quota-sets/{PROJECT}', 200, who='admin'),
    Step(f'GET {V}/os-quota-class-sets/default', 404, who='admin'),
    Step(f'GET {V}/extensions', 200, has={'extensions': [{}]}),
    Step(f'GET {V}/resource_filters', 404, version='3.33'),
    Step(f'GET {V}/scheduler-stats/get_pools', 200, who='admin'),
    Step(f'GET {V}/nothing', 404),
)


def test_every_endpoint_of_volume() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            assert await tell(league, 'volume', (*VOLUMES, *SUMS)) == []

    virtual.run(main)
