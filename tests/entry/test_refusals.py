"""What cannot be started is refused in one sentence with exit code 2, and nothing is left behind."""

from __future__ import annotations

import contextlib
import fcntl
import http.server
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entry import cloud, serving

CANARY = 'canary-8731'


class _Old(http.server.BaseHTTPRequestHandler):
    """A cloud that knows nothing of the Identity API v3."""

    def do_POST(self) -> None:
        self.send_response(404)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def _old() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Old) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02})
        thread.start()
        yield f'http://127.0.0.1:{server.server_address[1]}/v3'
        server.shutdown()
        thread.join(10)


@pytest.fixture(scope='module')
def fake() -> Iterator[cloud.Cloud]:
    with cloud.running() as one:
        yield one


def _refused(folder: Path, *words: str, **more: str) -> str:
    """The sentence; the state directory `state`, if not there before, must not be there after, and the port be free."""
    state, port = folder / 'deep' / 'state', serving.free_port()
    before = sorted(folder.rglob('*'))
    given = [] if '--state' in words else ['--state', str(state)]
    given += [] if '--listen' in words else ['--listen', f'127.0.0.1:{port}']
    done = serving.hansa(folder, 'serve', *given, *words, **more)
    assert (done.returncode, done.stdout) == (2, ''), done.stderr
    assert done.stderr.startswith('hansa: ')
    assert done.stderr.count('\n') == 1
    assert CANARY not in done.stderr
    assert 'Traceback' not in done.stderr
    assert sorted(folder.rglob('*')) == before
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', port))
    return done.stderr


def _file(folder: Path, text: str, name: str = 'sites.yaml') -> str:
    (folder / name).write_text(text)
    return name


def test_a_site_that_cannot_be_used_stops_the_first_start(tmp_path: Path, fake: cloud.Cloud) -> None:
    def said(entry: str) -> str:
        return _refused(tmp_path, '--clouds', _file(tmp_path, f'clouds: {{e: {entry}}}'), '--sites', 'east=e')

    assert 'Site east: ' in (sentence := said(fake.entry(password=CANARY)))
    assert 'refused the password of user admin (401). Check user, secret and project' in sentence
    assert 'Site east offers no service for compute, volume, network, image. Correct region_name' in said(fake.entry(region='Nowhere'))
    nobody = fake.entry(CANARY).replace(fake.auth_url, f'http://127.0.0.1:{serving.free_port()}/v3')
    assert 'refuses connections. See that it runs and that auth_url' in said(nobody)
    with _old() as url:
        assert 'is not an Identity API v3 (status 404). Check auth_url' in said(fake.entry(CANARY).replace(fake.auth_url, url))


def test_every_site_that_is_wrong_is_told(tmp_path: Path, fake: cloud.Cloud) -> None:
    text = f'clouds: {{a: {fake.entry(password=CANARY)}, b: {fake.entry(region="Nowhere")}}}'
    sentence = _refused(tmp_path, '--clouds', _file(tmp_path, text), '--sites', 'east=a,west=b')
    assert 'Site east' in sentence
    assert 'Site west' in sentence


@pytest.mark.parametrize(
    ('words', 'sentence'),
    [
        ('--clouds broken.yaml', 'broken.yaml is not YAML (line 1)'),
        ('--clouds sites.yaml --sites east=none', "has no entry 'none'; it has e."),
        ('--clouds sites.yaml --sites E_ast=e', "'E_ast' cannot be the name of a site"),
        ('--clouds sites.yaml --sites east=', '--sites must be SITE=ENTRY'),
        ('--sim 1 --listen 127.0.0.1:80800', 'listen must be HOST:PORT with a port from 1 to 65535'),
        ('--sim 1 --listen here', 'Flag --listen must be HOST:PORT'),
        ('--sim 1 --listen 203.0.113.7:8080', '203.0.113.7:8080 cannot be listened on'),
        ('--sim 1 --state broken.yaml', 'is no directory. Choose another with --state.'),
        ('--sim 1 --state broken.yaml/deep', 'is no directory. Choose another with --state.'),
        ('--sim 1 --state /proc/hansa', 'The state directory /proc/hansa cannot be'),
        (f'--sim 1 --state {"d" * 101}', 'has too long a path for the sockets in it'),
        ('', 'There is no clouds.yaml in this directory'),
    ],
)
def test_wrong_words(tmp_path: Path, words: str, sentence: str) -> None:
    _file(tmp_path, 'clouds: [', 'broken.yaml')
    _file(tmp_path, f'clouds: {{e: {{auth: {{auth_url: "http://127.0.0.1:1", username: u, password: {CANARY}}}}}}}')
    assert sentence in _refused(tmp_path, *words.split())


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        place = f'127.0.0.1:{taken.getsockname()[1]}'
        assert f'{place} cannot be listened on: Address already in use.' in _refused(tmp_path, '--sim', '1', '--listen', place)


def test_a_state_directory_of_another_league(tmp_path: Path) -> None:
    state = tmp_path / 'used'
    state.mkdir()
    (state / 'hansa.db').touch()
    with (state / 'lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert f'Another league runs on {state}; end it first' in _refused(tmp_path, '--sim', '1', '--state', str(state))


def test_a_state_directory_of_a_newer_version(tmp_path: Path) -> None:
    state = tmp_path / 'newer'
    state.mkdir()
    (state / 'lock').touch()
    with contextlib.closing(sqlite3.connect(state / 'hansa.db')) as db:
        db.executescript(f'CREATE TABLE t (c); PRAGMA application_id = {0x48414E53}; PRAGMA user_version = 999;')
    assert 'has schema version 999' in _refused(tmp_path, '--sim', '1', '--state', str(state))


def test_the_league_never_joins_itself(tmp_path: Path, fake: cloud.Cloud) -> None:
    entry = fake.entry(CANARY).replace(fake.auth_url, 'http://localhost:8099/identity/v3')
    _file(tmp_path, f'clouds: {{hansa: {entry}}}', 'clouds.yaml')
    listen = ('--listen', '127.0.0.1:8099')
    assert 'names nothing but this league itself' in _refused(tmp_path, *listen)
    assert 'names nothing but this league itself' in _refused(tmp_path, '--clouds', 'clouds.yaml', *listen)
    assert 'Site a would be this league itself' in _refused(tmp_path, '--clouds', 'clouds.yaml', '--sites', 'a=hansa', *listen)


def test_the_operators_own_keystone(tmp_path: Path, fake: cloud.Cloud) -> None:
    _file(tmp_path, f'clouds: {{good: {fake.entry()}, bad: {fake.entry(CANARY)}}}')
    words = ('--clouds', 'sites.yaml', '--sites', 'east=good')
    own = {'HANSA_IDENTITY_URL': fake.auth_url}
    assert 'does not take the password of our own user admin. Correct identity.url' in _refused(tmp_path, *words, HANSA_IDENTITY_CLOUD='bad', **own)
    assert "has no entry 'none'" in _refused(tmp_path, *words, HANSA_IDENTITY_CLOUD='none', **own)
    nobody = f'http://127.0.0.1:{serving.free_port()}/v3'
    sentence = _refused(tmp_path, *words, HANSA_IDENTITY_CLOUD='good', HANSA_IDENTITY_URL=nobody)
    assert f'The Keystone at {nobody} ' in sentence
