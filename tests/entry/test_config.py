"""The table of settings: where values come from, what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from hansa.entry import config
from hansa.model.errors import ConfigError


def _file(tmp_path: Path, text: str) -> str:
    path = tmp_path / 'hansa.toml'
    path.write_text(text)
    return str(path)


def test_table_and_record_agree() -> None:
    defaults = config.config(config.settle({}, '', {}))
    for setting in config.SETTINGS:
        assert getattr(defaults, setting.field) == setting.default
        assert type(getattr(defaults, setting.field)) is type(setting.default)
        assert setting.about.endswith('.')
    assert {setting.field for setting in config.SETTINGS} == set(config.Config.__struct_fields__)


def test_defaults_pass_their_own_check(tmp_path: Path) -> None:
    lines = [f'{one.name} = {one.default!r}' for one in config.SETTINGS]
    settled = config.settle({}, _file(tmp_path, '\n'.join(lines)), {})
    assert [one.value for one in settled] == [one.default for one in config.SETTINGS]
    assert {one.source for one in settled} == {'file'}


@pytest.mark.parametrize(
    ('flags', 'environ', 'text', 'value', 'source'),
    [
        ({'listen': 'a:1'}, {'HANSA_LISTEN': 'b:2'}, 'listen = "c:3"', 'a:1', 'flag'),
        ({'listen': None}, {'HANSA_LISTEN': 'b:2'}, 'listen = "c:3"', 'b:2', 'environment'),
        ({}, {}, 'listen = "c:3"', 'c:3', 'file'),
        ({}, {}, '', '127.0.0.1:8080', 'default'),
    ],
)
def test_precedence(
    tmp_path: Path, flags: dict[str, str | None], environ: dict[str, str], text: str, value: str, source: str
) -> None:
    listen = config.settle(flags, _file(tmp_path, text), environ)[0]
    assert (listen.value, listen.source) == (value, source)


def test_numbers_from_everywhere(tmp_path: Path) -> None:
    file = _file(tmp_path, '[poll]\nfast_s = 2\n[limits]\nbody_mb = 16\n')
    made = config.config(config.settle({}, file, {'HANSA_POLL_IDLE_S': '20', 'HANSA_TOKEN_HOURS': '8'}))
    assert (made.poll_fast_s, made.limits_body_mb, made.poll_idle_s, made.token_hours) == (2.0, 16, 20.0, 8)
    assert isinstance(made.poll_fast_s, float)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('lisen = "x"', ("no key 'lisen'", 'listen, public_url')),
        ('[limits]\nbody = 3', ("no key 'limits.body'", 'limits.body_mb')),
        ('limits = 3', ("no key 'limits'",)),
        ('[limits]\nbody_mb = "8"', ('limits.body_mb must be a whole number from 1 to 1024',)),
        ('[limits]\nbody_mb = 8.5', ('limits.body_mb must be a whole number',)),
        ('[limits]\nbody_mb = true', ('limits.body_mb must be a whole number',)),
        ('[limits]\nconnections = 0', ('limits.connections must be',)),
        ('[poll]\nfast_s = nan', ('poll.fast_s must be a number from 0.1 to 3600',)),
        ('listen = 8080', ('listen must be HOST:PORT',)),
        ('listen = "8080"', ('listen must be HOST:PORT',)),
        ('listen = "127.0.0.1:99999"', ('port from 1 to 65535',)),
        ('metrics.listen = "9180"', ('metrics.listen must be HOST:PORT or empty',)),
        ('metrics.listen = "127.0.0.1:0"', ('metrics.listen must be', 'port from 1 to 65535')),
        ('listen = "0.0.0.0:80"', ('set public_url',)),
        ('listen = "[::]:80"', ('set public_url',)),
        ('public_url = "league.example"', ('public_url must be a URL',)),
        ('[identity]\nurl = "http://id.example/v3"', ('identity.url and identity.cloud go together',)),
        ('[log]\nlevel = "loud"', ('log.level must be debug, info, warning or error',)),
        ('state = ""', ('state must be a path',)),
        ('listen = \nstate', ('is not TOML', 'line 1')),
    ],
)
def test_refusals(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    file = _file(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        config.config(config.settle({}, file, {}))
    sentence = str(caught.value)
    assert all(word in sentence for word in words), sentence
    assert sentence.endswith('.')
    assert '\n' not in sentence


def test_refusal_names_flag_or_variable() -> None:
    with pytest.raises(ConfigError, match='Flag --public-url must be'):
        config.settle({'public_url': 'ftp://x'}, '', {})
    with pytest.raises(ConfigError, match='Environment variable HANSA_TOKEN_HOURS must be a whole number'):
        config.settle({}, '', {'HANSA_TOKEN_HOURS': 'four'})


def test_password_in_url_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config.settle({}, _file(tmp_path, '[identity]\nurl = "http://me:hush@id.example"'), {})
    assert 'hush' not in str(caught.value)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'none\.toml cannot be read: No such file'):
        config.read({}, str(tmp_path / 'none.toml'), {})
    with pytest.raises(ConfigError, match='cannot be read: Is a directory'):
        config.read({}, str(tmp_path), {})


def test_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / 'hansa.toml'
    path.write_bytes(b'\xff\xfe')
    with pytest.raises(ConfigError, match='is not TOML'):
        config.read({}, str(path), {})


@pytest.mark.parametrize(
    ('listen', 'public', 'expected'),
    [
        ('127.0.0.1:8080', '', ('127.0.0.1', 8080, 'http://127.0.0.1:8080')),
        ('[::1]:80', '', ('::1', 80, 'http://[::1]:80')),
        ('0.0.0.0:80', 'https://cloud.example/', ('0.0.0.0', 80, 'https://cloud.example')),  # noqa: S104 - as an operator writes it
    ],
)
def test_address(listen: str, public: str, expected: tuple[str, int, str]) -> None:
    made = config.config(config.settle({'listen': listen, 'public_url': public}, '', {}))
    assert (*config.place(made.listen), made.url) == expected


def test_strangers_are_named_not_refused() -> None:
    environ = {'HANSA_PORT': 'tcp://10.0.0.1:80', 'HANSA_STATE': 'here', 'HOME': '/'}
    assert config.strangers(environ) == ['HANSA_PORT']
