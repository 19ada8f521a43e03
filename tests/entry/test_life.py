"""The life of a league as its operator sees it: start, sites that go and come, the signals, and the next start."""

from __future__ import annotations

import concurrent.futures
import json
import signal
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from hansa.sites.sim.fault import Fault
from tests.entry import cloud, serving
from tests.keystone import real

CANARY = 'canary-4417'


@pytest.fixture(scope='module')
def born(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a state directory in which a Keystone was born, so that each test need not wait for that."""
    folder = tmp_path_factory.mktemp('born')
    real.cheap(folder / 'state')
    with serving.serving(folder, folder / 'state', '--sim', '1') as league:
        assert league.end() == 0
    return folder


@pytest.fixture(scope='module')
def fake() -> Iterator[cloud.Cloud]:
    with cloud.running() as one:
        yield one


@pytest.fixture
def state(born: Path) -> Path:
    """That directory, with what a test before has left taken away."""
    for name in ('hansa.db', 'hansa.db-wal', 'hansa.db-shm', 'seal.key', 'hansa.sock'):
        (born / 'state' / name).unlink(missing_ok=True)
    return born / 'state'


def _sites(folder: Path, **entries: str) -> tuple[str, ...]:
    (folder / 'sites.yaml').write_text('clouds: {' + ', '.join(f'{name}: {entry}' for name, entry in entries.items()) + '}')
    return ('--clouds', str(folder / 'sites.yaml'))


def _token(league: serving.League, user: str = 'hansa') -> str:
    auth = yaml.safe_load((league.state / 'clouds.yaml').read_text())['clouds'][user]['auth']
    domain = {'name': 'Default'}
    password = {'user': {'name': auth['username'], 'domain': domain, 'password': auth['password']}}
    scope = {'project': {'name': auth['project_name'], 'domain': domain}}
    wish = {'auth': {'identity': {'methods': ['password'], 'password': password}, 'scope': scope}}
    path = urlsplit(auth['auth_url']).path
    return league.ask('POST', f'{path}/auth/tokens', json.dumps(wish).encode(), {'Content-Type': 'application/json'})[1]['X-Subject-Token']


def test_ready(state: Path, tmp_path: Path, fake: cloud.Cloud) -> None:
    words = _sites(tmp_path, fake=fake.entry())
    with serving.serving(tmp_path, state, *words) as league:
        assert league.out == f'ready http://127.0.0.1:{league.port}\n'
        assert league.get('/healthcheck') == (200, b'OK')
        written = state / 'clouds.yaml'
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        entries = yaml.safe_load(written.read_text())['clouds']
        assert set(entries) == {'hansa', 'hansa-admin'}
        status = league.status()
        assert (status['mode'], status['address']) == ('running', f'http://127.0.0.1:{league.port}')
        (site,) = status['sites']
        assert (site['name'], site['reachable'], site['mode']) == ('fake', True, 'managed')
        assert site['counts']['image'] == 2
        said = league.log()
        assert f'OS_CLIENT_CONFIG_FILE={written} ' in said
        assert 'openstack --os-cloud hansa availability zone list --compute\n' in said
        assert all(entry['auth']['password'] not in said for entry in entries.values())
        second = serving.hansa(tmp_path, 'serve', '--sim', '1', '--state', str(state), '--listen', f'127.0.0.1:{serving.free_port()}')
        assert (second.returncode, second.stderr.count('\n')) == (2, 1)
        assert 'Another league runs on' in second.stderr
        assert league.get('/healthcheck') == (200, b'OK')
        assert len(league.keystones()) == 2
        assert league.end() == 0
        assert league.keystones() == []
    assert league.out.count('\n') == 1
    assert not (state / 'hansa.sock').exists()


def test_metrics_have_an_address_of_their_own(state: Path, tmp_path: Path, fake: cloud.Cloud) -> None:
    place = f'127.0.0.1:{serving.free_port()}'
    with serving.serving(tmp_path, state, *_sites(tmp_path, fake=fake.entry()), HANSA_METRICS_LISTEN=place) as league:
        league.get('/healthcheck')
        with urllib.request.urlopen(f'http://{place}/metrics', timeout=serving.END_SECONDS) as told:
            text = told.read().decode()
        assert 'hansa_site_up{site="fake"} 1.0\n' in text
        assert 'hansa_requests_total{api="healthcheck",method="GET",route="none",status="2xx"} 1.0\n' in text
        assert 'hansa_loop_lag_seconds_count ' in text
        assert 'hansa_store_waiting{lane="scans"} ' in text
        for path in ('/league/v1/status', '/identity/v3', '/'):
            with pytest.raises(urllib.error.HTTPError, match='404'):
                urllib.request.urlopen(f'http://{place}{path}', timeout=serving.END_SECONDS)
        assert league.get('/metrics')[0] == 404
        second = serving.hansa(tmp_path, 'serve', '--sim', '1', '--state', str(tmp_path / 'other'), HANSA_METRICS_LISTEN=place, HANSA_LISTEN=f'127.0.0.1:{serving.free_port()}')
        assert (second.returncode, second.stderr.count('\n')) == (2, 1)
        assert f'{place} cannot be listened on' in second.stderr
        assert 'Set metrics.listen to another.' in second.stderr
        assert league.end() == 0


def test_killed_at_any_moment(state: Path, tmp_path: Path, fake: cloud.Cloud) -> None:
    words = _sites(tmp_path, fake=fake.entry())
    with serving.serving(tmp_path, state, *words) as league:
        keystones = league.keystones()
        league.process.kill()
        league.process.wait(serving.END_SECONDS)
        assert len(keystones) == 2
    with serving.serving(tmp_path, state, *words) as again:
        assert again.get('/healthcheck') == (200, b'OK')
        assert not set(keystones) & set(again.keystones())
        assert [site['name'] for site in again.status()['sites']] == ['fake']
        assert again.end() == 0


def test_sites_come_from_the_search(state: Path, tmp_path: Path, fake: cloud.Cloud) -> None:
    own = fake.entry().replace(fake.auth_url, 'http://localhost:18099/identity/v3')
    (tmp_path / 'clouds.yaml').write_text(f'clouds: {{one: {fake.entry()}, hansa: {own}}}')
    with serving.serving(tmp_path, state, HANSA_PUBLIC_URL='http://127.0.0.1:18099') as league:
        assert [site['name'] for site in league.status()['sites']] == ['one']
        said = league.log()
        assert 'No site is made of hansa: that is this league itself.' in said
        assert f'Every entry of {tmp_path}/clouds.yaml is a site: one;' in said
        assert league.end() == 0
    # The directory has a clouds.yaml too, of the league itself, and is where the search begins; what is known is enough.
    with serving.serving(state, state) as again:
        assert [site['name'] for site in again.status()['sites']] == ['one']
        assert 'Every entry' not in again.log()
        again.err.unlink()
        assert again.end() == 0


def test_a_site_dies_and_comes_back(state: Path, tmp_path: Path) -> None:
    with cloud.running() as mortal:
        words = (*_sites(tmp_path, mortal=mortal.entry()), '--sites', 'north=mortal')
        quick = {'HANSA_POLL_IDLE_S': '0.5', 'HANSA_LOG_FORMAT': 'json'}
        with serving.serving(tmp_path, state, *words, **quick) as league:
            league.end()
        mortal.stop()
        with serving.serving(tmp_path, state, *words, **quick) as league:
            league.until_said('is lost')
            (site,) = league.status()['sites']
            assert (site['reachable'], site['counts']['image']) == (False, 2)
            assert 'refuses connections' in site['reason']
            shown = serving.hansa(tmp_path, 'status', '--state', str(state))
            assert shown.returncode == 0
            assert 'north: ' in shown.stderr
            assert serving.hansa(tmp_path, 'site', 'check', '--state', str(state)).returncode == 1
            mortal.start()
            league.until_said('is found again')
            assert serving.hansa(tmp_path, 'site', 'check', '--state', str(state)).returncode == 0
            assert league.end() == 0
            lines = [json.loads(line) for line in league.log().splitlines() if line.startswith('{')]
            about = [line['message'] for line in lines if 'north' in line['message']]
            assert [('lost' in line, 'found' in line) for line in about] == [(True, False), (False, True)]
        refused = _sites(tmp_path, mortal=mortal.entry(password=CANARY))
        done = serving.hansa(tmp_path, 'serve', '--state', str(state), *refused, '--sites', 'north=mortal', '--listen', f'127.0.0.1:{serving.free_port()}')
        assert (done.returncode, done.stderr.count('\n')) == (2, 1)
        assert 'refused the password' in done.stderr
        with serving.serving(tmp_path, state) as league:
            assert [site['reachable'] for site in league.status()['sites']] == [True]


def test_sites_join_and_leave(state: Path, tmp_path: Path, fake: cloud.Cloud) -> None:
    _sites(tmp_path, good=fake.entry(), bad=fake.entry(password=CANARY), empty=fake.entry(region='Nowhere'))

    def site(*words: str) -> tuple[int, str, str]:
        done = serving.hansa(tmp_path, 'site', *words, '--state', str(state))
        assert CANARY not in done.stdout + done.stderr
        return done.returncode, done.stdout, done.stderr

    def add(entry: str) -> tuple[int, str, str]:
        return site('add', 'east', '--cloud', entry, '--clouds', 'sites.yaml', '--landlord', 'alpha')

    with serving.serving(tmp_path, state, '--sim', '1') as league:
        for entry, sentence in (('bad', 'refused the password of user admin (401)'), ('empty', 'offers no service for compute')):
            code, out, err = add(entry)
            assert (code, out, err.count('\n')) == (1, '', 1)
            assert sentence in err
            assert 'east' not in site('list')[1]
        assert add('good')[0] == 0
        assert 'is in the league already' in add('good')[2]
        assert site('check', 'east')[0] == 0
        assert 'alpha' in site('show', 'east')[1]
        admin = _token(league, 'hansa-admin')
        zones = '/compute/v2.1/os-availability-zone'
        assert b'"east"' in league.get(zones, **{'X-Auth-Token': admin})[1]
        assert site('remove', 'east', '--yes')[0] == 0
        assert b'"east"' not in league.get(zones, **{'X-Auth-Token': admin})[1]
        assert [one['name'] for one in league.status()['sites']] == ['sim1']
        assert add('good')[0] == 0
        assert league.end() == 0
    with serving.serving(tmp_path, state, '--sim', '1') as league:
        assert [(one['name'], one['landlord']) for one in league.status()['sites']] == [('east', 'alpha'), ('sim1', '')]


@pytest.mark.parametrize('signals', [1, 2])
def test_requests_under_way(state: Path, tmp_path: Path, fake: cloud.Cloud, signals: int) -> None:
    """One signal lets them finish, a second one does not."""
    words = _sites(tmp_path, fake=fake.entry())
    with serving.serving(tmp_path, state, *words) as league, concurrent.futures.ThreadPoolExecutor(1) as pool:
        token = _token(league, 'hansa-admin')
        fake.sim.log.clear()
        fake.sim.fault = Fault('slow', 'image', 'GET', '/file$', seconds=2.0 if signals == 1 else 60.0)
        try:
            image = next(iter(fake.sim.state.images))
            asked = pool.submit(league.get, f'/image/v2/images/{image}/file', **{'X-Auth-Token': token})
            league.until(lambda: any(logged.path.endswith('/file') for logged in list(fake.sim.log)))
            for number in range(signals):
                league.process.send_signal(signal.SIGTERM)
                if number == 0:
                    league.until_said('told to end')
            if signals == 1:
                assert asked.result(30)[0] == 200
            assert league.process.wait(serving.END_SECONDS if signals == 1 else 5) == 0
            assert (asked.exception(30) is None) == (signals == 1)
        finally:
            fake.sim.fault = None
    assert league.childless()


def test_told_to_end_while_starting(tmp_path: Path) -> None:
    state = tmp_path / 'state'
    league = serving.League(tmp_path, state, ('--sim', '1'), {})
    try:
        league.until((state / 'hansa.db').exists)
        assert league.end() == 0
        assert league.log() == ''
        assert not state.exists()
    finally:
        league.process.kill()
        league.process.wait(serving.END_SECONDS)
        assert league.process.stdout is not None
        assert league.process.stdout.read() == ''
        league.process.stdout.close()


def test_a_simulated_cloud_begins_anew(state: Path, tmp_path: Path) -> None:
    def images(league: serving.League) -> set[str]:
        shown = json.loads(league.get('/image/v2/images', **{'X-Auth-Token': _token(league)})[1])
        return {image['id'] for image in shown['images']}

    with serving.serving(tmp_path, state, '--sim', '1') as league:
        before = images(league)
        league.end()
    with serving.serving(tmp_path, state, '--sim', '1') as league:
        after = images(league)
        assert len(before) == len(after) == 2
        assert not before & after


def test_no_secret_is_logged(state: Path, tmp_path: Path, fake: cloud.Cloud) -> None:
    user = next(user for user in fake.sim.state.users.values() if user['name'] == 'admin')
    before = user['_password']
    user['_password'] = CANARY
    try:
        with serving.serving(tmp_path, state, *_sites(tmp_path, fake=fake.entry(CANARY)), HANSA_LOG_LEVEL='debug') as league:
            admin, plain = _token(league, 'hansa-admin'), _token(league)
            for token in (admin, plain):
                for path in ('/compute/v2.1/servers/detail', '/image/v2/images', '/network/v2.0/networks', '/volume/v3/volumes/detail'):
                    assert league.get(path, **{'X-Auth-Token': token})[0] == 200
            assert league.end() == 0
            entries = yaml.safe_load((state / 'clouds.yaml').read_text())['clouds']
            secrets = [CANARY, admin, plain, *fake.sim.state.tokens, *(entry['auth']['password'] for entry in entries.values())]
            texts = [league.log(), league.out, *(path.read_text() for path in (state / 'log').iterdir())]
            assert not [secret for secret in secrets for text in texts if secret in text]
    finally:
        user['_password'] = before

