"""What goes, comes or changes together with an object is so in the very next list."""

from __future__ import annotations

from typing import Any

from tests import house, virtual
from tests.house import League

N = '/network/v2.0'


async def _made(league: League, kind: str, **more: Any) -> str:
    return str((await league.ok('POST', f'{N}/{kind}s', {kind: more}))[kind]['id'])


async def _ids(league: League, plural: str, query: str = '') -> list[str]:
    return [each['id'] for each in (await league.ok('GET', f'{N}/{plural}{query}'))[plural]]


def test_subnets_and_ports_of_networks_and_routers() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            network = await _made(league, 'network', name='n')
            subnet = await _made(league, 'subnet', network_id=network, cidr='10.9.0.0/24', ip_version=4)
            router = await _made(league, 'router', name='r')
            made = await league.ok('PUT', f'{N}/routers/{router}/add_router_interface', {'subnet_id': subnet})
            assert await _ids(league, 'ports', f'?device_id={router}') == [made['port_id']]
            await league.ok('PUT', f'{N}/routers/{router}/remove_router_interface', {'subnet_id': subnet})
            assert await _ids(league, 'ports', f'?device_id={router}') == []
            await league.ok('DELETE', f'{N}/networks/{network}')
            assert subnet not in await _ids(league, 'subnets')

    virtual.run(main)


def test_floating_ips_of_ports() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            network = await _made(league, 'network', name='n')
            subnet = await _made(league, 'subnet', network_id=network, cidr='10.9.0.0/24', ip_version=4)
            outside = (await _ids(league, 'networks', '?router:external=true'))[0]
            router = await _made(league, 'router', external_gateway_info={'network_id': outside})
            await league.ok('PUT', f'{N}/routers/{router}/add_router_interface', {'subnet_id': subnet})
            port = await _made(league, 'port', network_id=network)
            address = await _made(league, 'floatingip', floating_network_id=outside, port_id=port)
            assert await _ids(league, 'floatingips', f'?port_id={port}') == [address]
            await league.ok('DELETE', f'{N}/ports/{port}')
            [shown] = (await league.ok('GET', f'{N}/floatingips'))['floatingips']
            assert (shown['id'], shown['port_id'], shown['status']) == (address, None, 'DOWN')

    virtual.run(main)
