"""The command line against a league that really answers on a socket: what it asks, shows and ends with."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import hansa
from hansa.entry import cli, client
from tests.entry import league

EAST = {
    'name': 'east', 'kind': 'openstack', 'landlord': 'alpha', 'mode': 'managed', 'reachable': True, 'reason': '', 'age_s': 3.4,
    'counts': {'server': 7, 'volume': 2, 'network': 3, 'image': 4}, 'unclaimed': 1,
}
WEST = {
    'name': 'west', 'kind': 'openstack', 'landlord': '', 'mode': 'unknown', 'reachable': False, 'reason': 'refuses \033connections',
    'age_s': None, 'counts': {}, 'unclaimed': 0,
}
DETAILS = EAST | {
    'services': {'compute': {'lowest': '2.1', 'highest': '2.103'}, 'network': {'lowest': '', 'highest': ''}},
    'zones': {'compute': ['nova', 'gold']}, 'extensions': ['router'], 'missing': ['It has no volumes.'],
    'health': {'reachable': True, 'since': '2026-11-21T09:00:00Z', 'reason': ''},
    'kinds': [{'kind': 'server', 'count': 7, 'age_s': 190, 'synced_at': '2026-11-21T09:00:00Z', 'drift': None, 'backlog': 3, 'failures': 12}],
}
STATUS = {
    'mode': 'running', 'version': '0.1.0', 'address': 'http://127.0.0.1:8080', 'since': '2026-11-21T09:00:00Z',
    'sites': [EAST, WEST], 'intents_open': 2, 'counts': {'server': 7},
}
WHY = {
    'kind': 'server', 'id': '1c2', 'site': 'east', 'by': 'zone east', 'pinned': True, 'zone': 'east',
    'candidates': [
        {'site': 'east', 'fit': True, 'reason': 'The zone names it.', 'weight': 0.8},
        {'site': 'west', 'fit': False, 'reason': 'The zone names another.', 'weight': 0},
    ],
}
QUOTA = {
    'project': '9f1', 'resources': [
        {'resource': 'cores', 'service': 'compute', 'limit': -1, 'default': True, 'used': 3, 'reserved': 0, 'sites': {}},
        {'resource': 'instances', 'service': 'compute', 'limit': 10, 'default': False, 'used': 4, 'reserved': 1,
         'sites': {'east': {'limit': 6, 'default': False, 'used': 3, 'reserved': 1}, 'west': {'limit': None, 'used': 1, 'reserved': 0}}},
        {'resource': 'key_pairs', 'service': 'compute', 'limit': None, 'default': False, 'used': None, 'reserved': None, 'sites': {}},
    ],
}
QUOTAS = {'quotas': [{'project': '9f1', 'limits': {'instances': 10}, 'sites': {'east': {'instances': 6}}}, {'project': '9f2'}]}
FINDING = {'site': 'east', 'kind': 'server', 'id': '1c2', 'name': '', 'what': 'not told', 'since': '2026-11-21T09:00:00Z'}
DRIFT = {'drift': [FINDING], 'counts': {'not told': 1, 'unclaimed': 2000}}
REPAIRS = {'repairs': [FINDING | {'action': 'It is asked for.', 'done': False}]}
CHECK = {'ok': True, 'mode': 'managed', 'findings': []}
BAD_CHECK = {'ok': False, 'mode': 'tenant', 'findings': ['The password is wrong.', 'There are no volumes.']}
ANSWERS: league.Answers = {
    ('GET', '/league/v1/status'): (200, STATUS),
    ('GET', '/league/v1/sites'): (200, {'sites': [EAST, WEST]}),
    ('GET', '/league/v1/sites/east'): (200, {'site': DETAILS}),
    ('POST', '/league/v1/sites'): (201, {'site': EAST}),
    ('DELETE', '/league/v1/sites/east'): (204, None),
    ('POST', '/league/v1/sites/east/check'): (200, CHECK),
    ('POST', '/league/v1/sites/west/check'): (200, BAD_CHECK),
    ('GET', '/league/v1/why/server/a%2Fb%20c'): (200, WHY),
    ('GET', '/league/v1/drift'): (200, DRIFT),
    ('POST', '/league/v1/drift/repair'): (200, REPAIRS),
    ('GET', '/league/v1/quotas'): (200, QUOTAS),
    ('GET', '/league/v1/quotas/demo'): (200, QUOTA),
    ('PUT', '/league/v1/quotas/demo'): (200, QUOTA),
    ('GET', '/league/v1/quota-default'): (200, QUOTA),
    ('PUT', '/league/v1/quota-default'): (200, QUOTA),
    ('GET', '/league/v1/why/server/odd'): (500, b'<html>'),
    ('GET', '/league/v1/why/server/list'): (200, []),
}
CLOUDS = 'clouds: {e: {auth: {auth_url: "http://127.0.0.1:1", username: u, password: hush, project_name: p}}}'


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(('HANSA_', 'OS_'))]:
        monkeypatch.delenv(name)


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        code = cli.main(words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ('command', 'document'),
    [
        ('status', STATUS),
        ('site list', {'sites': [EAST, WEST]}),
        ('site show east', DETAILS),
        ('site check east', {'sites': [{'name': 'east'} | CHECK]}),
        ('site remove east --yes', {'removed': 'east'}),
        ('drift list', DRIFT),
        ('drift repair', REPAIRS),
        ('quota list', QUOTAS),
        ('quota show demo', QUOTA),
        ('quota default', QUOTA),
    ],
)
def test_json_is_what_the_league_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, document: object) -> None:
    with league.running(tmp_path, ANSWERS):
        code, out, _ = _run(capsys, *command.split(), '--state', str(tmp_path), '-f', 'json')
    assert code == 0
    assert json.loads(out) == document


def test_status_is_one_row_per_site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with league.running(tmp_path, ANSWERS):
        code, out, err = _run(capsys, 'status', '--state', str(tmp_path))
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ['SITE', 'KIND', 'MODE', 'STATE', 'AGE', 'SERVERS', 'VOLUMES', 'NETWORKS', 'IMAGES', 'UNCLAIMED'],
        ['east', 'openstack', 'managed', 'up', '3s', '7', '2', '3', '4', '1'],
        ['west', 'openstack', 'unknown', 'down', '-', '0', '0', '0', '0', '0'],
    ]
    assert 'at http://127.0.0.1:8080' in err
    assert '2 intents open' in err
    assert 'west: refuses \N{REPLACEMENT CHARACTER}connections' in err


def test_drift_is_shown_and_repaired_only_really(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with league.running(tmp_path, ANSWERS) as asked:
        code, out, err = _run(capsys, 'drift', 'list', '--state', str(tmp_path))
        assert (code, out.splitlines()[1].split()) == (0, ['east', 'server', '1c2', '-', 'not', 'told', '2026-11-21T09:00:00Z'])
        assert err == '1 not told, 2000 unclaimed.\n'
        code, out, err = _run(capsys, 'drift', 'repair', '--state', str(tmp_path))
        assert (code, 'It is asked for.' in out, err) == (0, True, 'Nothing was done; do it with --really.\n')
        assert _run(capsys, *'drift repair --site east --really --state'.split(), str(tmp_path))[2] == ''
    assert [body for method, _, body in asked if method == 'POST'] == [{'site': '', 'really': False}, {'site': 'east', 'really': True}]


@pytest.mark.parametrize('where', ['variable', 'file'])
def test_state_from_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if where == 'variable':
        monkeypatch.setenv('HANSA_STATE', str(tmp_path))
    else:
        (tmp_path / 'hansa.toml').write_text('state = "."')
    with league.running(tmp_path, ANSWERS):
        assert _run(capsys, 'status')[0] == 0


def test_quotas_are_set_by_resource_and_site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with league.running(tmp_path, ANSWERS) as asked:
        code, out, _ = _run(capsys, *'quota set demo instances=10 cores=none east:instances=6 --state'.split(), str(tmp_path))
        assert _run(capsys, 'quota', 'default', 'ram=-1', '--state', str(tmp_path))[0] == 0
    body = {'limits': {'instances': 10, 'cores': None}, 'sites': {'east': {'instances': 6}}}
    assert asked == [
        ('PUT', '/league/v1/quotas/demo', body), ('PUT', '/league/v1/quota-default', {'limits': {'ram': -1}, 'sites': {}}),
    ]  # fmt: skip
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ['RESOURCE', 'LIMIT', 'USED', 'RESERVED', 'EAST', 'WEST'],
        ['cores', 'unlimited*', '3', '0', '0', '0'],
        ['instances', '10', '4', '1', '4', 'of', '6', '1'],
        ['key_pairs', '-', '-', '-', '0', '0'],
    ]


def test_quota_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with league.running(tmp_path, ANSWERS):
        code, out, _ = _run(capsys, 'quota', 'list', '--state', str(tmp_path))
    assert (code, [line.split() for line in out.splitlines()[1:]]) == (0, [['9f1', 'instances=10', 'east:instances=6'], ['9f2', '-']])


@pytest.mark.parametrize('word', ['instances', 'instances=', 'instances=x', '=3', 'EAST:instances=3', 'instances=--1'])
def test_what_is_no_limit_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str) -> None:
    code, _, err = _run(capsys, 'quota', 'set', 'demo', word, '--state', str(tmp_path))
    assert (code, 'is no limit: write RESOURCE=NUMBER' in err) == (2, True)


def test_site_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with league.running(tmp_path, ANSWERS):
        code, out, _ = _run(capsys, 'site', 'show', 'east', '--state', str(tmp_path))
    lines = [' '.join(line.split()) for line in out.splitlines()]
    assert code == 0
    for line in ('state up', 'service compute 2.1 to 2.103', 'service network yes', 'zones compute nova, gold',
                 'missing It has no volumes.', 'KIND COUNT AGE DRIFT BACKLOG FAILURES', 'server 7 3m - 3 12'):
        assert line in lines


def test_site_add_sends_the_resolved_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'clouds.yaml').write_text(CLOUDS)
    words = ('site', 'add', 'east', '--cloud', 'e', '--clouds', 'clouds.yaml', '--landlord', 'alpha', '--projects', 'a, b')
    with league.running(tmp_path, ANSWERS) as asked:
        code, out, err = _run(capsys, *words, '--state', str(tmp_path))
    assert code == 0
    assert 'east' in out
    assert 'hush' not in out + err
    method, path, body = asked[-1]
    assert (method, path) == ('POST', '/league/v1/sites')
    assert isinstance(body, dict)
    settings = body.pop('settings')
    assert body == {'name': 'east', 'kind': 'openstack', 'landlord': 'alpha', 'projects': ['a', 'b']}
    assert settings['auth']['password'] == 'hush'


def test_site_add_passes_on_the_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'clouds.yaml').write_text(CLOUDS)
    refusal = ANSWERS | {('POST', '/league/v1/sites'): (409, {'error': {'message': 'There is a site east.'}})}
    with league.running(tmp_path, refusal):
        answer = _run(capsys, 'site', 'add', 'east', '--cloud', 'e', '--clouds', 'clouds.yaml', '--state', str(tmp_path))
    assert answer == (1, '', 'hansa: There is a site east.\n')


def test_site_check_of_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with league.running(tmp_path, ANSWERS):
        code, out, _ = _run(capsys, 'site', 'check', '--state', str(tmp_path))
    assert code == 1
    assert [' '.join(line.split()) for line in out.splitlines()[1:]] == [
        'east managed ok -', 'west tenant no The password is wrong.', 'There are no volumes.',
    ]


def test_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with league.running(tmp_path, ANSWERS):
        code, out, err = _run(capsys, 'why', 'a/b c', '--state', str(tmp_path))
    assert code == 0
    assert out.splitlines()[1].split() == ['east', 'yes', '0.8', 'The', 'zone', 'names', 'it.']
    assert err == 'server 1c2 is at east (zone east) by zone east; the request left no other site.\n'


@pytest.mark.parametrize(
    ('what', 'sentence'),
    [
        ('gone', 'No such thing.'),
        ('odd', 'The league answered GET /league/v1/why/server/odd with 500; its log says more.'),
        ('list', 'is not a league.'),
    ],
)
def test_refusals_of_the_league(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str, sentence: str) -> None:
    with league.running(tmp_path, ANSWERS):
        code, out, err = _run(capsys, 'why', what, '--state', str(tmp_path))
    assert (code, out) == (1, '')
    assert err.endswith(sentence + '\n')


def test_no_league(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capsys, 'status', '--state', str(tmp_path))
    assert (code, out) == (1, '')
    assert err.startswith(f'hansa: No league is running in {tmp_path}; start it with: hansa serve')
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / client.SOCKET))
    assert _run(capsys, 'status', '--state', str(tmp_path)) == (code, out, err)


def test_league_that_hangs(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / client.SOCKET))
        mute.listen()
        with pytest.raises(client.Refused, match=r'gave no answer within 0\.05 s'):
            client.League(str(tmp_path), timeout=0.05).get('status')


def test_path_too_long_for_a_socket(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _run(capsys, 'status', '--state', str(tmp_path / ('d' * 120)))
    assert (code, err.count('\n')) == (1, 1)


@pytest.mark.parametrize(
    ('command', 'sentence'),
    [
        ('serve --clouds none.yaml', 'none.yaml cannot be read'),
        ('serve --listen nowhere', 'Flag --listen must be HOST:PORT'),
        ('serve --config none.toml', 'none.toml cannot be read'),
        ('serve --sim 5000', '--sim must be'),
        ('serve --sim 1 --clouds clouds.yaml --sites sim1=e', "'sim1' is both simulated"),
        ('site add East --cloud e', "'East' cannot be the name"),
        ('site add east --cloud f --clouds clouds.yaml', "no entry 'f'"),
        ('site add east --cloud e --projects ,', '--projects must name'),
        ('config check --config none.toml', 'none.toml cannot be read'),
    ],
)
def test_wrong_configuration_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, sentence: str) -> None:
    (tmp_path / 'clouds.yaml').write_text(CLOUDS)
    code, out, err = _run(capsys, *command.split())
    assert (code, out, err.count('\n')) == (2, '', 1)
    assert sentence in err


@pytest.mark.parametrize('command', ['', 'site', 'sail', 'status -f xml', 'site add east', 'why'])
def test_wrong_usage_ends_with_2(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, err = _run(capsys, *command.split())
    assert (code, out) == (2, '')
    assert 'usage: hansa' in err


def test_remove_asks_first(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with league.running(tmp_path, ANSWERS) as asked, (tmp_path / 'empty').open('w+') as empty:
        monkeypatch.setattr(sys, 'stdin', empty)
        code, _, err = _run(capsys, 'site', 'remove', 'east', '--state', str(tmp_path))
    assert (code, asked) == (2, [])
    assert '--yes' in err


def test_config_check(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'hansa.toml').write_text('[token]\nhours = 2\n')
    monkeypatch.setenv('HANSA_REGION', 'here')
    monkeypatch.setenv('HANSA_PORT', 'tcp://x')
    code, out, err = _run(capsys, 'config', 'check', '-f', 'json')
    found = {one['key']: (one['value'], one['source']) for one in json.loads(out)['settings']}
    assert code == 0
    assert found['token.hours'] == (2, 'file')
    assert found['region'] == ('here', 'environment')
    assert found['state'] == ('./state', 'default')
    assert 'HANSA_PORT is no setting' in err
    assert 'Read hansa.toml.' in err
    _, out, _ = _run(capsys, 'config', 'check')
    assert any(line.split()[:3] == ['token.hours', '2', 'file'] for line in out.splitlines())


@pytest.mark.parametrize('command', ['version', '--version'])
def test_version(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert _run(capsys, command) == (0, f'hansa {hansa.__version__}\n', '')


def test_help_says_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, '--help')
    assert code == 0
    assert 'Exit codes: 0 done; 1 failed' in out


def test_light_commands_load_little(tmp_path: Path) -> None:
    script = (
        'import sys; from hansa.entry import cli; cli.main(["status", "--state", sys.argv[1]]);'
        'print([name for name in ("openstack", "yaml", "asyncio", "uvicorn", "sqlite3") if name in sys.modules])'
    )
    environ = {'PYTHONPATH': str(Path(hansa.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, '-c', script, str(tmp_path)], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == '[]\n'


def test_clouds_yaml_of_this_directory(tmp_path: Path) -> None:
    (tmp_path / 'clouds.yaml').write_text(CLOUDS)
    script = 'from hansa.entry import clouds; print([spec.name for spec in clouds.specs("", "")])'
    environ = {'PYTHONPATH': str(Path(hansa.__file__).parents[1]), 'HOME': str(tmp_path)}
    done = subprocess.run([sys.executable, '-c', script], env=environ, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "['e']\n"
