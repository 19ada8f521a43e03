"""The harness stands: a day of one user over two clouds."""

from __future__ import annotations

from tests import house, virtual


def test_a_server_is_made_and_listed() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            flavors = (await league.ok('GET', '/compute/v2.1/flavors'))['flavors']
            images = (await league.ok('GET', '/image/v2/images'))['images']
            network = (await league.ok('POST', '/network/v2.0/networks', {'network': {'name': 'n'}}))['network']
            await league.ok(
                'POST', '/network/v2.0/subnets', {'subnet': {'network_id': network['id'], 'cidr': '10.9.0.0/24', 'ip_version': 4}}
            )
            cirros = next(image['id'] for image in images if image['name'] == 'cirros')
            body = {
                'server': {'name': 's', 'flavorRef': flavors[0]['id'], 'imageRef': cirros, 'networks': [{'uuid': network['id']}]}
            }
            made = (await league.ok('POST', '/compute/v2.1/servers', body))['server']
            await league.clock.sleep(60)
            listed = (await league.ok('GET', '/compute/v2.1/servers/detail'))['servers']
            assert [(server['id'], server['status']) for server in listed] == [(made['id'], 'ACTIVE')]

    virtual.run(main)
