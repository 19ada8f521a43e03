"""Every endpoint of the compute API over two clouds, as its clients use it."""

from __future__ import annotations

from tests import house, virtual
from tests.northbound.story import Step, tell

C = '/compute/v2.1'
PROJECT = house.league_id('demo')
NOWHERE = '11111111-1111-4111-8111-111111111111'


def action(name: str, value: object = None, status: int = 202, **more: object) -> Step:
    """An action on the server, and time for it to happen."""
    return Step(f'POST {C}/servers/$s/action', status, {name: value}, then=3, **more)  # type: ignore[arg-type]  # what is more is Step's


PREPARED = (
    Step('POST /network/v2.0/networks', 201, {'network': {'name': 'n', 'availability_zone_hints': ['east']}}, keep='net=network.id'),
    Step('POST /network/v2.0/subnets', 201, {'subnet': {'network_id': '$net', 'cidr': '10.9.0.0/24', 'ip_version': 4}}),
    Step('POST /network/v2.0/ports', 201, {'port': {'network_id': '$net'}}, keep='port=port.id'),
    Step('POST /network/v2.0/security-groups', 201, {'security_group': {'name': 'sg'}}, keep='sg=security_group.id'),
    Step('POST /volume/v3/volumes', 202, {'volume': {'size': 1, 'availability_zone': 'east'}}, keep='vol=volume.id', then=5),
    Step('GET /image/v2/images?name=cirros', 200, keep='image=images.0.id'),
)

VERSIONS = (
    Step('GET /compute/', 200, has={'versions': [{'id': 'v2.1', 'links': [{'href': 'http://league.test/compute/v2.1/'}]}]}, who=''),
    Step(f'GET {C}', 200, has={'version': {'id': 'v2.1', 'min_version': '2.1'}}, who=''),
)

SHARED = (
    Step(f'GET {C}/flavors', 200, has={'flavors': [{'name': 'm1.tiny'}]}),
    Step(f'GET {C}/flavors/detail?limit=1', 200, keep='flavor=flavors.0.id'),
    Step(f'GET {C}/flavors/detail', 200, has={'flavors': [{'name': 'm1.tiny', 'ram': 512}]}),
    Step(f'GET {C}/flavors/$flavor', 200, has={'flavor': {'id': '$flavor'}}),
    Step(f'GET {C}/flavors/nope', 404),
    Step(f'GET {C}/flavors/$flavor/os-extra_specs', 200, has={'extra_specs': {}}),
    Step(f'POST {C}/flavors', 403, {'flavor': {'name': 'f', 'ram': 64, 'vcpus': 1, 'disk': 1}}),
    Step(f'POST {C}/flavors', 200, {'flavor': {'name': 'f', 'ram': 64, 'vcpus': 1, 'disk': 1, 'id': 'a b'}}, who='admin'),
    Step(f'GET {C}/flavors/a%20b', 200, has={'flavor': {'name': 'f'}}),
    Step(f'POST {C}/flavors/a%20b/os-extra_specs', 200, {'extra_specs': {'hw:a': 'b'}}, who='admin'),
    Step(f'GET {C}/flavors/a%20b/os-extra_specs', 200, has={'extra_specs': {'hw:a': 'b'}}, who='admin'),
    Step(f'DELETE {C}/flavors/a%20b', 403),
    Step(f'PUT {C}/flavors/a%20b', 200, {'flavor': {'description': 'd'}}, who='admin', version='2.55'),
    Step(f'DELETE {C}/flavors/a%20b', 202, who='admin'),
    Step(f'GET {C}/flavors/a%20b', 404),
    Step(f'POST {C}/os-keypairs', 200, {'keypair': {'name': 'my key'}}, has={'keypair': {'name': 'my key'}}),
    Step(f'POST {C}/os-keypairs', 409, {'keypair': {'name': 'my key'}}),
    Step(f'POST {C}/os-keypairs', 400, {'keypair': {}}),
    Step(f'GET {C}/os-keypairs', 200, has={'keypairs': [{'keypair': {'name': 'my key'}}]}),
    Step(f'GET {C}/os-keypairs/my%20key', 200, has={'keypair': {'name': 'my key', 'user_id': house.league_id('user demo')}}),
    Step(f'GET {C}/os-keypairs?user_id={house.league_id("user demo")}', 200, who='admin', version='2.10', has={'keypairs': [{}]}),
    Step(f'GET {C}/os-keypairs?user_id={house.league_id("user admin")}', 403, version='2.10'),
)

SERVERS = (
    Step(f'POST {C}/os-server-groups', 200, {'server_group': {'name': 'g', 'policies': ['anti-affinity']}}, keep='g=server_group.id'),
    Step(
        f'POST {C}/servers',
        202,
        {
            'server': {
                'name': 's', 'imageRef': '$image', 'flavorRef': '$flavor', 'networks': [{'uuid': '$net'}], 'key_name': 'my key',
                'security_groups': [{'name': 'sg'}], 'metadata': {'a': 'b'},
            },
            'os:scheduler_hints': {'group': '$g'},
        },
        keep='s=server.id',
        then=8,
    ),
    Step(f'GET {C}/servers', 200, has={'servers': [{'id': '$s', 'name': 's'}]}),
    Step(f'GET {C}/servers/detail', 200, has={'servers': [{'id': '$s', 'status': 'ACTIVE', 'metadata': {'a': 'b'}}]}),
    Step(f'GET {C}/servers/$s', 200, has={'server': {'OS-EXT-AZ:availability_zone': 'east', 'key_name': 'my key'}}),
    Step(f'GET {C}/servers/s@east', 200, has={'server': {'id': '$s'}}),
    Step(f'GET {C}/servers/s@west', 404),
    Step(f'GET {C}/servers/{NOWHERE}', 404),
    Step(f'GET {C}/servers/$s', 404, who='alt_demo'),
    Step(f'DELETE {C}/servers/$s', 404, who='alt_demo'),
    Step(f'DELETE {C}/servers/$s', 403, who='demo_reader'),
    Step(f'PUT {C}/servers/$s', 200, {'server': {'name': 's2'}}, has={'server': {'name': 's2'}}),
    Step(f'GET {C}/servers?name=s2', 200, has={'servers': [{'id': '$s'}]}),
    Step(f'POST {C}/servers/$s/metadata', 200, {'metadata': {'c': 'd'}}, has={'metadata': {'a': 'b', 'c': 'd'}}),
    Step(f'DELETE {C}/servers/$s/metadata/c', 204),
    Step(f'PUT {C}/servers/$s/tags/t', 201, version='2.26'),
    Step(f'GET {C}/servers?tags=t', 200, version='2.26', has={'servers': [{'id': '$s'}]}),
    Step(f'GET {C}/servers/$s/ips', 200, has={'addresses': {'n': [{'version': 4}]}}),
    Step(f'POST {C}/servers/$s/os-interface', 200, {'interfaceAttachment': {'port_id': '$port'}}),
    Step(f'GET {C}/servers/$s/os-interface', 200, has={'interfaceAttachments': [{'port_id': '$port'}]}),
    Step(f'DELETE {C}/servers/$s/os-interface/$port', 202),
    Step(f'POST {C}/servers/$s/os-volume_attachments', 200, {'volumeAttachment': {'volumeId': '$vol'}}, then=5),
    Step('GET /volume/v3/volumes?status=in-use', 200, has={'volumes': [{'id': '$vol'}]}),
    Step(f'DELETE {C}/servers/$s/os-volume_attachments/$vol', 202, then=5),
    Step(f'GET {C}/servers/$s/os-instance-actions', 200, has={'instanceActions': [{'action': 'create'}]}),
    Step(f'POST {C}/servers/$s/remote-consoles', 200, {'remote_console': {'type': 'novnc', 'protocol': 'vnc'}}, version='2.6'),
    Step(f'GET {C}/servers/$s/os-security-groups', 200, has={'security_groups': [{'name': 'sg'}]}),
    action('reboot', {'type': 'SOFT'}),
    action('os-stop'),
    Step(f'GET {C}/servers?status=shutoff', 200, has={'servers': [{'id': '$s'}]}),
    action('os-start'),
    action('pause'),
    action('unpause'),
    action('lock'),
    action('unlock'),
    action('removeSecurityGroup', {'name': 'sg'}),
    action('addSecurityGroup', {'name': 'sg'}),
    action('os-getConsoleOutput', {}, 200),
    action('createImage', {'name': 'snap'}),
    Step('GET /image/v2/images?name=snap', 200, has={'images': [{'name': 'snap'}]}),
    action('forceDelete', None, 404, who='alt_demo'),
    Step(f'GET {C}/os-server-groups', 200, has={'server_groups': [{'id': '$g', 'members': ['$s']}]}),
    Step(f'GET {C}/os-server-groups/$g', 200, has={'server_group': {'name': 'g'}}),
    Step(f'DELETE {C}/servers/$s', 204, then=3),
    Step(f'GET {C}/servers/$s', 404),
    Step(f'GET {C}/servers', 200, has={'servers': []}),
    Step(f'DELETE {C}/os-server-groups/$g', 204),
    Step(f'DELETE {C}/os-keypairs/my%20key', 202),
    Step(f'GET {C}/os-keypairs/my%20key', 404),
)

SUMS = (
    Step(f'GET {C}/os-availability-zone', 200, has={'availabilityZoneInfo': [{'zoneName': 'east'}, {'zoneName': 'west'}]}),
    Step(f'GET {C}/os-availability-zone/detail', 403),
    Step(f'GET {C}/os-availability-zone/detail', 200, who='admin'),
    Step(f'GET {C}/limits', 200, has={'limits': {'absolute': {'maxTotalInstances': 20, 'maxServerMeta': 128}}}),
    Step(f'GET {C}/limits?reserved=1', 200, version='2.1'),
    Step(f'GET {C}/os-quota-sets/{PROJECT}', 200, has={'quota_set': {'instances': 20}}),
    Step(f'GET {C}/os-quota-sets/{PROJECT}/detail', 200, has={'quota_set': {'instances': {'limit': 20, 'in_use': 0}}}),
    Step(f'GET {C}/os-quota-sets/{PROJECT}/defaults', 200, has={'quota_set': {'cores': 40}}),
    Step(f'PUT {C}/os-quota-sets/{PROJECT}', 403, {'quota_set': {'instances': 7}}),
    Step(f'PUT {C}/os-quota-sets/nobody', 404, {'quota_set': {'instances': 7}}, who='admin'),
    Step(f'PUT {C}/os-quota-sets/{PROJECT}', 400, {'quota': 7}, who='admin'),
    Step(f'PUT {C}/os-quota-sets/{PROJECT}', 200, {'quota_set': {'instances': 7}}, who='admin', has={'quota_set': {'instances': 7}}),
    Step(f'GET {C}/os-quota-sets/{PROJECT}', 200, has={'quota_set': {'instances': 7}}),
    Step(f'DELETE {C}/os-quota-sets/{PROJECT}', 202, who='admin'),
    Step(f'GET {C}/os-quota-sets/{PROJECT}', 200, has={'quota_set': {'instances': 20}}),
    Step(f'GET {C}/os-quota-class-sets/default', 404, who='admin'),
    Step(f'GET {C}/os-simple-tenant-usage', 403),
    Step(f'GET {C}/os-simple-tenant-usage', 200, who='admin', has={'tenant_usages': []}),
    Step(f'GET {C}/os-simple-tenant-usage/{PROJECT}?limit=1&marker={NOWHERE}', 200, version='2.40', has={'tenant_usage': {}}),
    Step(f'GET {C}/os-simple-tenant-usage/{PROJECT}', 200),
    Step(f'GET {C}/os-hypervisors/statistics', 404, who='admin'),
    Step(f'GET {C}/os-hypervisors', 403),
    Step(f'GET {C}/os-hypervisors', 200, who='admin', version='2.53', keep='h=hypervisors.0.id'),
    Step(f'GET {C}/os-hypervisors/detail', 200, who='admin', version='2.53'),
    Step(f'GET {C}/os-hypervisors/$h', 404, who='admin', version='2.53'),
    Step(f'GET {C}/os-hypervisors/$h/uptime', 404, who='admin', version='2.53'),
    Step(f'GET {C}/os-nothing', 404),
    Step(f'GET {C}/extensions', 200, has={'extensions': [{'alias': 'os-keypairs'}]}),
    Step(f'GET {C}/extensions/os-keypairs', 404),
    Step(f'POST {C}/os-aggregates', 405, {'aggregate': {'name': 'a'}}, who='admin'),
)


def test_every_endpoint_of_compute() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            assert await tell(league, 'compute', (*PREPARED, *VERSIONS, *SHARED, *SERVERS, *SUMS)) == []

    virtual.run(main)
