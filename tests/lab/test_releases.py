"""A league over clouds of two releases: it offers what all have, each site its own by id and by zone, and nothing breaks.

LAB_CLOUDS has to name a cloud of an older release, `hills`, beside `east` and `west`.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab import league, test_days

pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]

SITES = {'east': (104, 71), 'west': (104, 71), 'hills': (93, 70)}
"""Highest minor versions of compute and volume."""

MINORS = {'compute': range(1, 94), 'volume': range(71)}
MAJORS = {'compute': 2, 'volume': 3}
VERSIONED = re.compile(r'/v[23][.0-9]*(/[0-9a-f]{32})?/?$')
LEVEL_SECONDS = 240
COMINGS = 12
COMMAND_SECONDS = 300
# What the league puts in other words: ids that stand for the league's, zones, addresses; its marker, which is nobody's business.
OWN_WORDS = frozenset(
    ('links', 'tenant_id', 'user_id', 'project_id', 'os-vol-tenant-attr:tenant_id', 'OS-EXT-AZ:availability_zone', 'availability_zone',
     'pinned_availability_zone', 'updated', 'updated_at', 'metadata', 'volume_type_id', 'key_name')
)  # fmt: skip

Answer = tuple[int, dict[str, str], Any]


class Caller:
    """One entry of a clouds.yaml, asked in plain HTTP."""

    def __init__(self, clouds: pathlib.Path, entry: str) -> None:
        import openstack

        config = openstack.config.OpenStackConfig(config_files=[str(clouds)], load_envvars=False).get_one(entry)
        self.session = openstack.connection.Connection(config=config).session
        self.bases = {
            service: VERSIONED.sub('', str(self.session.get_endpoint(service_type=kind, interface='public')))
            for service, kind in (('compute', 'compute'), ('volume', 'block-storage'), ('image', 'image'))
        }

    def ask(self, method: str, service: str, path: str, body: object = None, version: str = '') -> Answer:
        """Status, headers (names in lower case) and document. Who is told to come back comes back: a busy machine is no error."""
        headers = {'OpenStack-API-Version': f'{service} {version}'} if version else {}
        url = self.bases[service] + path
        answer = self.session.request(url, method, json=body, headers=headers, raise_exc=False)
        for _ in range(COMINGS):
            if answer.status_code != 503:
                break
            time.sleep(float(answer.headers.get('Retry-After', 5)))
            answer = self.session.request(url, method, json=body, headers=headers, raise_exc=False)
        told = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status_code, told, answer.json() if answer.content else {}

    def whole(self, service: str, path: str, version: str) -> Answer:
        """A list in which no site is shown as last known."""
        answer = self.ask('GET', service, path, version=version)
        for _ in range(COMINGS):
            if 'x-hansa-missing-sites' not in answer[1]:
                break
            time.sleep(5)
            answer = self.ask('GET', service, path, version=version)
        return answer

    def ok(self, method: str, service: str, path: str, body: object = None, version: str = '') -> Any:
        """The document of an answer that has to be a success."""
        status, _, told = self.ask(method, service, path, body, version)
        assert status < 300, (method, path, version, status, told)
        return told


@pytest.fixture(scope='module')
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[league.League]:
    if '  hills:\n' not in pathlib.Path(os.environ['LAB_CLOUDS']).read_text():
        pytest.skip('LAB_CLOUDS names no cloud hills')
    folder = tmp_path_factory.mktemp('releases')
    entries = ','.join(f'{site}={site}-admin' for site in SITES)
    with league.serve(pathlib.Path(os.environ['LAB_CLOUDS']), entries, folder / 'state') as one:
        yield one


@pytest.fixture(scope='module')
def user(three: league.League) -> Caller:
    """The league's plain user, once a busy machine has got round to reading every site's flavors and images."""
    caller = Caller(three.clouds, 'hansa')
    wanted = {f'{site}.special' for site in SITES} | {f'{site}-linux' for site in SITES}

    def level() -> bool:
        found = caller.ok('GET', 'compute', '/v2.1/flavors')['flavors'] + caller.ok('GET', 'image', '/v2/images')['images']
        return wanted <= {each['name'] for each in found}

    until(level)
    return caller


@pytest.fixture(scope='module')
def servers(user: Caller) -> Iterator[dict[str, str]]:
    """A server at each site, by site."""
    made: dict[str, str] = {}
    try:
        for site in SITES:
            status, _, told = create(user, site, site, '2.37')
            assert status == 202, (site, told)
            made[site] = told['server']['id']
        for id in made.values():
            settled(user, 'compute', f'/v2.1/servers/{id}', 'server', 'ACTIVE')
        yield made
    finally:
        for id in made.values():
            user.ask('DELETE', 'compute', f'/v2.1/servers/{id}')


@pytest.fixture(scope='module')
def volumes(user: Caller) -> Iterator[dict[str, str]]:
    """A volume at each site, by site."""
    made: dict[str, str] = {}
    try:
        for site in SITES:
            body = {'volume': {'name': f'release-{site}', 'size': 1, 'availability_zone': site, 'metadata': {'a': site}}}
            made[site] = user.ok('POST', 'volume', '/v3/volumes', body)['volume']['id']
        for id in made.values():
            settled(user, 'volume', f'/v3/volumes/{id}', 'volume', 'available')
        yield made
    finally:
        for id in made.values():
            user.ask('DELETE', 'volume', f'/v3/volumes/{id}')


def create(user: Caller, name: str, zone: str, version: str) -> Answer:
    """Ask for a server without network."""
    images = user.ok('GET', 'image', '/v2/images?name=cirros')['images']
    flavors = user.ok('GET', 'compute', '/v2.1/flavors')['flavors']
    body = {'name': f'release-{name}', 'imageRef': images[0]['id'], 'networks': 'none', 'tags': ['a'],
            'flavorRef': next(each['id'] for each in flavors if each['name'] == 'm1.tiny')}  # fmt: skip
    body |= {'availability_zone': zone} if zone else {}
    if version == '2.37':
        del body['tags']
    return user.ask('POST', 'compute', '/v2.1/servers', {'server': body}, version)


def settled(user: Caller, service: str, path: str, key: str, word: str) -> None:
    """Return when an object's status is that word."""
    end = time.monotonic() + LEVEL_SECONDS
    while (status := user.ok('GET', service, path)[key]['status']) != word:
        assert time.monotonic() < end, f'{path} does not become {word}: {status}'
        time.sleep(0.5)


# -- what is offered


def test_version_documents_show_what_all_sites_have(user: Caller) -> None:
    _, compute = user.ok('GET', 'compute', '/')['versions']
    assert (compute['min_version'], compute['version']) == ('2.1', '2.93')
    [volume] = user.ok('GET', 'volume', '/v3/')['versions']
    assert (volume['min_version'], volume['version']) == ('3.0', '3.70')
    assert user.ok('GET', 'image', '/versions')['versions'][0]['id'] == 'v2.15'


def test_site_show_says_what_a_site_lacks(three: league.League) -> None:
    words = {}
    for site in SITES:
        command = [str(league.BIN / 'hansa'), 'site', 'show', site, '--state', str(three.clouds.parent)]
        done = subprocess.run(command, env=league.environment(), capture_output=True, text=True, check=True, timeout=COMMAND_SECONDS)
        words[site] = [line.removeprefix('missing').strip() for line in done.stdout.splitlines() if line.startswith('missing')]
    versions = [sentence for sentence in words['hills'] if 'ersions of' in sentence]
    assert [sentence.partition(';')[0] for sentence in versions] == [
        'Microversions of compute go up to 2.93 there, east and west to 2.104',
        'Microversions of volume go up to 3.70 there, east and west to 3.71',
        'Versions of image go up to 2.15 there, east and west to 2.17',
    ]
    assert any(sentence.startswith('Of network it lacks ') for sentence in words['hills'])
    assert not any('icroversions' in sentence for site in ('east', 'west') for sentence in words[site])


# -- lists


@pytest.mark.parametrize(
    ('service', 'path', 'plural'),
    [
        ('compute', '/v2.1/servers?all_tenants=1', 'servers'),
        ('compute', '/v2.1/servers/detail?all_tenants=1', 'servers'),
        ('volume', '/v3/volumes?all_tenants=1', 'volumes'),
        ('volume', '/v3/volumes/detail?all_tenants=1', 'volumes'),
    ],
)
def test_lists_are_the_sites_own_at_every_version(
    three: league.League, servers: dict[str, str], volumes: dict[str, str], service: str, path: str, plural: str
) -> None:
    admin = Caller(three.clouds, 'hansa-admin')
    mine = {'servers': servers, 'volumes': volumes}[plural]
    sites = {site: Caller(pathlib.Path(os.environ['LAB_CLOUDS']), f'{site}-admin') for site in mine}
    with level(admin, sites, mine, service, plural):
        for minor in MINORS[service]:
            version = f'{MAJORS[service]}.{minor}'
            status, headers, told = admin.whole(service, path, version)
            assert (status, headers['openstack-api-version']) == (200, f'{service} {version}')
            league_says = {each['id']: each for each in told[plural]}
            for site, id in mine.items():
                own = {each['id']: each for each in sites[site].ok('GET', service, path, version=version)[plural]}[id]
                assert plain(league_says[id]) == plain(own), (site, version)


@contextlib.contextmanager
def level(admin: Caller, sites: dict[str, Caller], mine: dict[str, str], service: str, plural: str) -> Iterator[None]:
    """Once the inventory has what the sites say."""
    end = time.monotonic() + LEVEL_SECONDS
    root, key, path = {'servers': ('/v2.1', 'server', '/servers'), 'volumes': ('/v3', 'volume', '/volumes')}[plural]
    while True:
        told = {each['id']: each for each in admin.ok('GET', service, f'{root}{path}/detail?all_tenants=1')[plural]}
        own = {id: sites[site].ok('GET', service, f'{root}{path}/{id}')[key] for site, id in mine.items()}
        stamp = 'updated' if plural == 'servers' else 'updated_at'
        if all(told.get(id, {}).get(stamp) == own[id][stamp] for id in mine.values()):
            break
        assert time.monotonic() < end, (told, own)
        time.sleep(1)
    yield


def plain(value: Any, key: str = '') -> Any:
    """A document without what the league says in words of its own; the names of all fields stay."""
    if isinstance(value, dict):
        inner = value if key not in ('flavor', 'image') else {name: '' if name == 'id' else each for name, each in value.items()}
        return {name: '' if name in OWN_WORDS else plain(each, name) for name, each in inner.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def test_a_list_above_what_all_have_is_refused_with_the_range(user: Caller) -> None:
    for service, path, version, highest in (
        ('compute', '/v2.1/servers', '2.94', '2.93'), ('compute', '/v2.1/flavors', '2.104', '2.93'),
        ('compute', '/v2.1/os-keypairs', '2.200', '2.93'), ('volume', '/v3/volumes', '3.71', '3.70'),
        ('volume', '/v3/types', '3.71', '3.70'),
    ):  # fmt: skip
        status, _, told = user.ask('GET', service, path, version=version)
        assert (status, told['errors'][0]['max_version']) == (406, highest), (path, told)


# -- by id


def test_by_id_each_site_answers_what_it_offers(user: Caller, servers: dict[str, str], volumes: dict[str, str]) -> None:
    for site, (compute, volume) in SITES.items():
        for service, path, highest in (
            ('compute', f'/v2.1/servers/{servers[site]}', f'2.{compute}'), ('volume', f'/v3/volumes/{volumes[site]}', f'3.{volume}'),
        ):  # fmt: skip
            for version in (highest, 'latest'):
                status, headers, told = user.ask('GET', service, path, version=version)
                assert (status, headers['openstack-api-version']) == (200, f'{service} {highest}'), (site, version, told)
                if service == 'compute':
                    assert headers['x-openstack-nova-api-version'] == highest
                    assert ('pinned_availability_zone' in told['server']) == (compute >= 96)
            major, _, minor = highest.partition('.')
            status, _, told = user.ask('GET', service, path, version=f'{major}.{int(minor) + 1}')
            assert status == 406, told
            assert f'maximum is {highest}.' in str(told)


def test_a_change_by_id_may_use_what_its_site_offers(user: Caller, servers: dict[str, str]) -> None:
    for site, status in (('east', 200), ('hills', 406)):
        got, _, told = user.ask('PUT', 'compute', f'/v2.1/servers/{servers[site]}', {'server': {'hostname': 'b.example.org'}}, '2.94')
        assert got == status, (site, told)


# -- creates


def test_a_create_may_use_what_the_site_of_its_zone_offers(user: Caller) -> None:
    made: list[str] = []
    try:
        for zone, version, status, echoed in (
            ('', '2.96', 406, ''), ('', 'latest', 202, '2.93'), ('', '2.93', 202, '2.93'), ('east', '2.96', 202, '2.96'),
            ('east', 'latest', 202, '2.104'), ('hills', '2.96', 406, ''), ('hills', 'latest', 202, '2.93'),
        ):  # fmt: skip
            got, headers, told = create(user, f'{zone or "free"}-{version}', zone, version)
            if got < 300:
                made.append(told['server']['id'])
            assert got == status, (zone, version, told)
            if echoed:
                assert headers['openstack-api-version'] == f'compute {echoed}'
            else:
                assert told['errors'][0]['max_version'] == '2.93'
    finally:
        for id in made:
            user.ask('DELETE', 'compute', f'/v2.1/servers/{id}')


# -- as people use it


def test_the_command_line_at_every_site(three: league.League, tmp_path: pathlib.Path) -> None:
    """An image uploaded once boots at each site, with a network, a volume and a port of that site; then all goes."""
    picture = tmp_path / 'disk'
    picture.write_bytes(b'picture of a disk' * 4096)
    cli(three, 'image', 'create', 'release-image', '--disk-format', 'raw', '--file', str(picture))
    try:
        for site in SITES:
            _round(three, site)
    finally:
        cli(three, 'image', 'delete', 'release-image')


def _round(where: league.League, site: str) -> None:
    name = f'release-cli-{site}'
    undo: list[tuple[str, ...]] = []
    try:
        cli(where, 'network', 'create', name, '--availability-zone-hint', site)
        undo.append(('network', 'delete', name))
        cli(where, 'subnet', 'create', name, '--network', name, '--subnet-range', '10.93.0.0/24')
        cli(where, 'volume', 'create', name, '--size', '1', '--availability-zone', site)
        undo.append(('volume', 'delete', name))
        words = ('--image', 'release-image', '--flavor', 'm1.tiny', '--network', name, '--availability-zone', site)
        cli(where, 'server', 'create', name, *words, '--wait')
        undo.append(('server', 'delete', name, '--wait'))
        told = cli(where, 'server', 'show', name, '-f', 'json')
        assert (told['status'], told['OS-EXT-AZ:availability_zone']) == ('ACTIVE', site)
        assert any(each['Name'] == name for each in cli(where, 'server', 'list', '-f', 'json'))
        cli(where, 'server', 'add', 'volume', name, name)
        until(lambda: cli(where, 'volume', 'show', name, '-f', 'json')['status'] == 'in-use')
        cli(where, 'server', 'remove', 'volume', name, name)
        until(lambda: cli(where, 'volume', 'show', name, '-f', 'json')['status'] == 'available')
        assert len(cli(where, 'port', 'list', '--server', name, '-f', 'json')) == 1
    finally:
        for command in reversed(undo):
            cli(where, *command)


def cli(where: league.League, *words: str) -> Any:
    """What `openstack --os-cloud hansa` prints, read where it is JSON."""
    done = _command(where, words)
    for _ in range(COMINGS):
        if 'Try again in' not in done.stderr:
            break
        time.sleep(10)
        done = _command(where, words)
    assert done.returncode == 0, (words, done.stderr[-2000:])
    return json.loads(done.stdout) if words[-1] == 'json' else done.stdout


def _command(where: league.League, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(league.BIN / 'openstack'), '--os-cloud', 'hansa', *words],
        env=league.environment(OS_CLIENT_CONFIG_FILE=str(where.clouds)),
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )


def until(true: Any) -> None:
    """Return when it is."""
    end = time.monotonic() + LEVEL_SECONDS
    while not true():
        assert time.monotonic() < end
        time.sleep(0.5)


def test_an_ordinary_day_over_two_releases(three: league.League, capsys: pytest.CaptureFixture[str]) -> None:
    test_days.play(three, capsys, 'everyday.py', '--sites', 'east,hills')
