"""What every door does around its handlers: request ids, and paths that name nothing."""

from __future__ import annotations

from tests import house, virtual
from tests.services import users


def test_a_servers_actions_are_found_by_the_request_that_caused_them() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            status, headers, told = await users.boot(league, 's')
            assert status == 202
            caused = headers['x-compute-request-id']
            assert headers['x-openstack-request-id'] != caused == headers['x-hansa-site-request-id']
            path = f'/compute/v2.1/servers/{told["server"]["id"]}/os-instance-actions/{caused}'
            assert (await league.ok('GET', path))['instanceAction']['action'] == 'create'
            await league.ok('DELETE', f'/compute/v2.1/servers/{told["server"]["id"]}')
            await league.clock.sleep(60)
            assert (await league.ask('GET', f'/compute/v2.1/servers/{told["server"]["id"]}'))[0] == 404
            assert (await league.ok('GET', path, version='2.21'))['instanceAction']['action'] == 'create'
            assert (await league.ask('GET', path, version='2.21', token='alt_demo'))[0] == 404

    virtual.run(main)


def test_below_a_collection_there_is_nothing_without_a_name() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            for path in ('/compute/v2.1/flavors/', '/volume/v3/volumes/', '/network/v2.0/networks/'):
                assert (await league.ask('DELETE', path))[0] == 404
                assert (await league.ask('DELETE', path.rstrip('/')))[0] == 405

    virtual.run(main)
