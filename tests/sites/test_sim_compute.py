"""The simulated Nova: servers live, change state by the clock, and refuse what Nova refuses."""

from __future__ import annotations

from hansa.sites.sim.cloud import SimCloud
from tests.sites.sim_user import NOWHERE, User, another, played


async def status(user: User, id: str) -> str:
    _, doc = await user.ask('GET', 'compute', f'/servers/{id}')
    return str(doc['server']['status'])


async def act(user: User, id: str, **action: object) -> int:
    return (await user.ask('POST', 'compute', f'/servers/{id}/action', action))[0]


def test_a_server_is_built_when_the_clock_says_so() -> None:
    async def play(user: User) -> None:
        id = await user.boot(metadata={'a': 'b'}, tags=['t'], availability_zone='nova')
        user.clock.advance(-1.5)
        assert await status(user, id) == 'BUILD'
        user.clock.advance(1.5)
        _, doc = await user.ask('GET', 'compute', f'/servers/{id}')
        server = doc['server']
        assert (server['status'], server['metadata'], server['tags']) == ('ACTIVE', {'a': 'b'}, ['t'])
        assert server['flavor']['original_name'] == 'm1.tiny'
        assert 'OS-EXT-SRV-ATTR:host' not in server
        _, ports = await user.ask('GET', 'network', f'/ports?device_id={id}')
        assert server['addresses']['private'][0]['addr'] == ports['ports'][0]['fixed_ips'][0]['ip_address']
        _, old = await user.ask('GET', 'compute', f'/servers/{id}', headers={'OpenStack-API-Version': 'compute 2.46'})
        assert set(old['server']['flavor']) == {'id', 'links'}

    played(play)


def test_what_is_wrong_with_a_create_is_said_and_leaves_nothing() -> None:
    async def play(user: User) -> None:
        image = (await user.named('image', '/images', 'images', 'cirros'))['id']
        network = (await user.named('network', '/networks', 'networks', 'private'))['id']
        good = {'name': 'x', 'flavorRef': '1', 'imageRef': image, 'networks': [{'uuid': network}]}
        wrongs: list[dict[str, object]] = [
            {'imageRef': NOWHERE},
            {'flavorRef': 'none'},
            {'networks': [{'uuid': NOWHERE}]},
            {'networks': [{'port': NOWHERE}]},
            {'networks': [{'uuid': network}, {'uuid': network, 'fixed_ip': '1.2.3.4'}]},
            {'key_name': 'none'},
            {'security_groups': [{'name': 'none'}]},
            {'availability_zone': 'atlantis'},
            {'bogus': 1},
            {'min_count': 3, 'max_count': 2},
        ]
        ports = len(user.cloud.state.ports)
        for wrong in wrongs:
            code, doc = await user.ask('POST', 'compute', '/servers', {'server': good | wrong})
            assert code == 400, (wrong, doc)
            assert 'badRequest' in doc
        assert (len(user.cloud.state.ports), user.cloud.state.servers) == (ports, {})

    played(play)


def test_actions_go_through_a_task_to_their_end_and_illegal_ones_are_409() -> None:
    async def play(user: User) -> None:
        id = await user.boot()
        for action, end in (
            ('os-stop', 'SHUTOFF'),
            ('os-start', 'ACTIVE'),
            ('pause', 'PAUSED'),
            ('unpause', 'ACTIVE'),
            ('suspend', 'SUSPENDED'),
            ('resume', 'ACTIVE'),
            ('rescue', 'RESCUE'),
            ('unrescue', 'ACTIVE'),
            ('shelve', 'SHELVED_OFFLOADED'),
            ('unshelve', 'ACTIVE'),
        ):
            assert await act(user, id, **{action: None}) in (200, 202)
            user.clock.advance(2)
            assert await status(user, id) == end
        assert await act(user, id, **{'os-start': None}) == 409
        assert await act(user, id, confirmResize=None) == 409
        assert await act(user, id, nonsense=None) == 400
        assert await act(user, id, **{'os-resetState': {'state': 'error'}}) == 403

    played(play)


def test_a_resize_waits_for_its_confirmation_or_goes_back() -> None:
    async def play(user: User) -> None:
        id = await user.boot()
        for verdict, flavor in (('revertResize', 'm1.tiny'), ('confirmResize', 'm1.small')):
            assert await act(user, id, resize={'flavorRef': '2'}) == 202
            assert await status(user, id) == 'RESIZE'
            user.clock.advance(2)
            assert await status(user, id) == 'VERIFY_RESIZE'
            await act(user, id, **{verdict: None})
            user.clock.advance(2)
            _, doc = await user.ask('GET', 'compute', f'/servers/{id}')
            assert (doc['server']['status'], doc['server']['flavor']['original_name']) == ('ACTIVE', flavor)

    played(play)


def test_a_lock_keeps_plain_users_off_and_admins_not() -> None:
    async def play(user: User) -> None:
        id = await user.boot()
        admin = await another(user, 'admin', 'admin')
        await act(user, id, lock={'locked_reason': 'mine'})
        assert await act(user, id, **{'os-stop': None}) == 409
        assert await act(admin, id, **{'os-stop': None}) == 202

    played(play)


def test_lists_filter_sort_and_page() -> None:
    async def play(user: User) -> None:
        ids = [await user.boot(name) for name in ('alpha', 'beta', 'gamma')]
        await act(user, ids[1], **{'os-stop': None})
        user.clock.advance(2)
        _, doc = await user.ask('GET', 'compute', '/servers?status=SHUTOFF')
        assert [one['id'] for one in doc['servers']] == [ids[1]]
        _, doc = await user.ask('GET', 'compute', '/servers?name=^a|^g&sort_key=display_name&sort_dir=asc&limit=1')
        assert [one['name'] for one in doc['servers']] == ['alpha']
        link = doc['servers_links'][0]['href'].removeprefix('http://east.sim')
        _, doc = await user.ask('GET', 'compute', '^' + link)
        assert [one['name'] for one in doc['servers']] == ['gamma']
        for query in ('bogus=1', 'limit=-1', f'marker={NOWHERE}', 'sort_key=bogus', 'status=BOGUS'):
            assert (await user.ask('GET', 'compute', f'/servers?{query}'))[0] == 400, query
        assert (await user.ask('GET', 'compute', '/servers?all_tenants=1'))[0] == 403

    played(play)


def test_a_deleted_server_frees_its_port_and_is_told_of_by_changes_since() -> None:
    async def play(user: User) -> None:
        id = await user.boot()
        since = user.clock.now()
        assert (await user.ask('DELETE', 'compute', f'/servers/{id}'))[0] == 204
        user.clock.advance(2)
        assert (await user.ask('GET', 'compute', f'/servers/{id}'))[0] == 404
        assert (await user.ask('GET', 'network', f'/ports?device_id={id}'))[1] == {'ports': []}
        stamp = '2020-01-01T00:00:00Z'
        _, doc = await user.ask('GET', 'compute', f'/servers/detail?changes-since={stamp}')
        assert [(one['id'], one['status']) for one in doc['servers']] == [(id, 'DELETED')]
        assert user.clock.now() > since

    played(play)


def test_a_full_cloud_has_no_valid_host() -> None:
    async def play(user: User) -> None:
        user.cloud.state.capacity = 1
        await user.boot()
        id = await user.boot('two')
        _, doc = await user.ask('GET', 'compute', f'/servers/{id}')
        assert doc['server']['status'] == 'ERROR'
        assert 'No valid host' in doc['server']['fault']['message']

    played(play)


def test_quota_is_kept() -> None:
    async def play(user: User) -> None:
        user.cloud.state.quotas[f'compute/{user.project_id}'] = {'instances': 1}
        await user.boot()
        given = {'name': 'x', 'flavorRef': '1', 'imageRef': next(iter(user.cloud.state.images)), 'networks': 'none'}
        code, doc = await user.ask('POST', 'compute', '/servers', {'server': given})
        assert (code, 'Quota exceeded' in doc['forbidden']['message']) == (403, True)

    played(play)


def test_foreign_servers_are_404() -> None:
    async def play(user: User) -> None:
        id = await user.boot()
        other = await another(user, 'alt_demo', 'alt_demo')
        assert (await other.ask('GET', 'compute', f'/servers/{id}'))[0] == 404
        assert (await other.ask('GET', 'compute', '/servers'))[1] == {'servers': []}

    played(play)


def test_key_pairs_are_made_below_2_92_only() -> None:
    async def play(user: User) -> None:
        body = {'keypair': {'name': 'k'}}
        assert (await user.ask('POST', 'compute', '/os-keypairs', body))[0] == 400
        code, doc = await user.ask('POST', 'compute', '/os-keypairs', body, {'OpenStack-API-Version': 'compute 2.91'})
        assert code == 201
        assert doc['keypair']['private_key'].startswith('-----BEGIN RSA')
        assert (await user.ask('POST', 'compute', '/os-keypairs', {'keypair': {'name': 'k', 'public_key': 'x'}}))[0] == 409
        junk = {'keypair': {'name': 'j', 'public_key': 'junk'}}
        assert (await user.ask('POST', 'compute', '/os-keypairs', junk))[0] == 400

    played(play)


def test_microversions_are_checked_and_said() -> None:
    async def play(user: User) -> None:
        answer = await user.raw('GET', 'compute', '/servers', headers={'OpenStack-API-Version': 'compute 2.9999'})
        assert answer.status == 406
        answer = await user.raw('GET', 'compute', '/servers', headers={'OpenStack-API-Version': 'compute latest'})
        assert answer.header('OpenStack-API-Version') == 'compute 2.104'
        assert (await user.ask('POST', 'compute', '/servers', b'{"server": '))[0] == 400

    played(play)


def test_a_snapshot_of_the_state_brings_everything_back() -> None:
    async def play(user: User) -> None:
        before = user.cloud.state.snapshot()
        id = await user.boot()
        user.cloud.state.restore(before)
        assert (await user.ask('GET', 'compute', f'/servers/{id}'))[0] == 404
        assert isinstance(user.cloud, SimCloud)

    played(play)
