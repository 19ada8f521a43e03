"""From clouds.yaml to sites: what is understood, and what is said where it cannot be."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml

from hansa.entry import clouds, cloudsfile
from hansa.model.errors import ConfigError
from hansa.model.secret import Secret

AUTH = 'auth: {auth_url: "http://127.0.0.1:1/v3", username: u, password: hush, project_name: p}'
TWO = f'clouds:\n  east-admin:\n    {AUTH}\n    region_name: RegionOne\n  west:\n    {AUTH}\n    verify: false\n'
REGIONS = f'clouds:\n  big:\n    {AUTH}\n    regions:\n    - North\n    - {{name: South, values: {{interface: internal}}}}\n'


@pytest.fixture(autouse=True)
def _no_files_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('OS_CLIENT_CONFIG_FILE', 'OS_CLIENT_SECURE_FILE'):
        monkeypatch.delenv(name, raising=False)


def _file(tmp_path: Path, text: str, name: str = 'clouds.yaml') -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ('text', 'sites', 'names'),
    [
        (TWO, '', ['east-admin', 'west']),
        (TWO, 'east=east-admin,west=west', ['east', 'west']),
        (TWO, ' west , a=east-admin ', ['west', 'a']),
        (REGIONS, '', ['big-north', 'big-south']),
        (REGIONS, 's=big:South', ['s']),
        (TWO.replace('west:', '"a:b":'), 'w=a:b', ['w']),
    ],
)
def test_sites(tmp_path: Path, text: str, sites: str, names: list[str]) -> None:
    assert [spec.name for spec in clouds.specs(_file(tmp_path, text), sites)] == names


def test_settings_are_the_entry_resolved(tmp_path: Path) -> None:
    east, west = clouds.specs(_file(tmp_path, TWO), '')
    assert (east.kind, east.settings['auth_type'], east.settings['region_name']) == ('openstack', 'password', 'RegionOne')
    assert (east.settings['interface'], east.settings['verify'], west.settings['verify']) == ('public', True, False)
    auth = east.settings['auth']
    assert isinstance(auth, dict)
    assert (auth['auth_url'], auth['username'], auth['password']) == ('http://127.0.0.1:1/v3', 'u', 'hush')
    assert 'hush' not in repr(east)


def test_region_has_values_of_its_own(tmp_path: Path) -> None:
    north, south = clouds.specs(_file(tmp_path, REGIONS), '')
    assert (north.settings['region_name'], north.settings['interface']) == ('North', 'public')
    assert (south.settings['region_name'], south.settings['interface']) == ('South', 'internal')


def test_password_from_secure_yaml_beside_it(tmp_path: Path) -> None:
    _file(tmp_path, 'clouds: {west: {auth: {password: "12345"}}, other: {auth: {password: x}}}', 'secure.yaml')
    file = _file(tmp_path, TWO.replace('password: hush, ', ''))
    auth = clouds.settings(file, 'west')['auth']
    assert isinstance(auth, dict)
    assert auth['password'] == '12345'
    assert cloudsfile.load(file).names == ('east-admin', 'west')


def test_numbers_become_words(tmp_path: Path) -> None:
    auth = clouds.settings(_file(tmp_path, TWO.replace('hush', '12345')), 'west')['auth']
    assert isinstance(auth, dict)
    assert auth['password'] == '12345'


def test_file_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('OS_CLIENT_CONFIG_FILE', _file(tmp_path, TWO, 'other.yaml'))
    monkeypatch.setenv('OS_USERNAME', 'an openrc is no site')
    assert [spec.name for spec in clouds.specs('', '')] == ['east-admin', 'west']


def test_cacert_is_kept(tmp_path: Path) -> None:
    settings = clouds.settings(_file(tmp_path, TWO.replace('verify: false', 'cacert: /etc/ca.pem')), 'west')
    assert (settings['verify'], settings['cacert']) == (True, '/etc/ca.pem')


@pytest.mark.parametrize(
    ('text', 'sites', 'words'),
    [
        ('clouds:\n  a: [1\n', '', ('is not YAML (line 3)',)),
        ('just words', '', ("has no 'clouds:'",)),
        ('', '', ("has no 'clouds:'",)),
        ('cloud: {}', '', ("has no 'clouds:'",)),
        ('clouds: {}', '', ("no entry under 'clouds:'",)),
        ('clouds: {a: }', '', ("entry 'a' must be a mapping",)),
        ('clouds: {a: {auth: secret}}', '', ("entry 'a' must be a mapping",)),
        ('clouds: {a: {region_name: x}}', '', ("entry 'a' has no auth_url",)),
        ('clouds: {a: {auth: {username: u}}}', '', ("entry 'a' has no auth_url",)),
        (TWO.replace('password: hush, ', ''), 'west', ("'west' has no password", 'secure.yaml')),
        (TWO.replace('username: u, ', ''), 'west', ("'west' has no username or user_id",)),
        (TWO.replace('verify: false', 'auth_type: v3applicationcredential'), 'west', ('application_credential_id',)),
        (TWO, 'e=nowhere', ("no entry 'nowhere'", 'it has east-admin, west')),
        (TWO, 'e=west:There', ("no region 'There'",)),
        (TWO, 'nowhere:There', ("no entry 'nowhere'",)),
        (REGIONS.replace('{name: South, values: {', '{values: {auth: {password: hush}, '), '', ("'big' cannot be resolved",)),
        (TWO.replace('verify: false', 'networks: [5]'), 'west', ("'west' cannot be resolved",)),
        (REGIONS, 'e=big', ('regions North, South', 'big:North')),
        (TWO, 'e=west,e=east-admin', ("Site 'e' is named 2 times",)),
        (TWO, 'East=west', ("'East' cannot be the name of a site",)),
        (TWO, '-e=west', ("'-e' cannot be",)),
        (TWO, f'{"e" * 64}=west', ('cannot be the name',)),
        (TWO.replace('west:', 'My_Cloud:'), '', ("'My_Cloud' cannot be", '--sites SITE=ENTRY')),
        (TWO, 'e=', ('--sites must be SITE=ENTRY', "'e='")),
        (TWO, '=west', ('--sites must be',)),
        (TWO, 'west,,', ('--sites must be', "''")),
    ],
)
def test_refusals(tmp_path: Path, text: str, sites: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        clouds.specs(_file(tmp_path, text), sites)
    sentence = str(caught.value)
    assert all(word in sentence for word in words), sentence
    assert 'hush' not in sentence
    assert sentence.endswith(('.', ').'))
    assert '\n' not in sentence


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'none\.yaml cannot be read: No such file.*--clouds'):
        clouds.specs(str(tmp_path / 'none.yaml'), '')


def test_broken_secure_yaml_is_not_passed_over(tmp_path: Path) -> None:
    secure = _file(tmp_path, 'clouds: [', 'secure.yaml')
    with pytest.raises(ConfigError, match='is not YAML') as caught:
        clouds.specs(_file(tmp_path, TWO), '')
    assert str(caught.value).startswith(secure)


def test_simulated() -> None:
    assert [(spec.name, spec.kind) for spec in clouds.simulated(2)] == [('sim1', 'sim'), ('sim2', 'sim')]
    for number in (-1, 1001):
        with pytest.raises(ConfigError, match='--sim must be'):
            clouds.simulated(number)


def test_written_clouds_yaml(tmp_path: Path) -> None:
    (tmp_path / 'clouds.yaml').write_text('old')
    entries = clouds.entries('http://127.0.0.1:8080/identity/v3', Secret('a: "b'), Secret('1234'), 'league')
    path = clouds.write_clouds_yaml(str(tmp_path), entries)
    assert path == tmp_path / 'clouds.yaml'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ['clouds.yaml']
    written = yaml.safe_load(path.read_text())['clouds']
    assert written['hansa']['auth']['password'] == '1234'
    admin = clouds.settings(str(path), 'hansa-admin')
    assert admin['auth'] == {
        'auth_url': 'http://127.0.0.1:8080/identity/v3',
        'username': 'admin',
        'password': 'a: "b',
        'project_name': 'admin',
        'user_domain_name': 'Default',
        'project_domain_name': 'Default',
    }
    assert (admin['region_name'], admin['interface'], admin['identity_api_version']) == ('league', 'public', '3')


def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / 'clouds.yaml').mkdir()
    with pytest.raises(OSError, match='clouds'):
        clouds.write_clouds_yaml(str(tmp_path), {})
    assert [entry.name for entry in tmp_path.iterdir()] == ['clouds.yaml']
