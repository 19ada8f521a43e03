"""The settings of `hansa.toml`: one table that says them all, read once into a frozen `Config`.

A flag goes before the environment, the environment before the file, the file before the default.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from hansa.model import secret
from hansa.model.errors import ConfigError

Value = str | int | float
Source = Literal['flag', 'environment', 'file', 'default']

PLACES = ('hansa.toml', '/etc/hansa/hansa.toml')

_TEXT = '[^\\x00-\\x1f\\x7f]*'
_LISTEN = '(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}'
_URL = '(https?://[^\\s/?#@]+(/[^\\s?#@]*)?)?'


class Setting(msgspec.Struct, frozen=True):
    """One key: its default also says its type. `allowed` goes on 'must be …'; texts match `pattern` wholly,
    numbers lie between `low` and `high`. A `secret` one may hold a password.
    """

    name: str
    default: Value
    about: str
    allowed: str
    pattern: str = _TEXT
    low: float = 0.0
    high: float = 0.0
    secret: bool = False

    @property
    def variable(self) -> str:
        """Name of its environment variable, e.g. 'HANSA_LIMITS_BODY_MB'."""
        return 'HANSA_' + self.field.upper()

    @property
    def field(self) -> str:
        """Name of its field in `Config`, e.g. 'limits_body_mb'."""
        return self.name.replace('.', '_')


def _text(name: str, default: str, about: str, allowed: str = 'a text', pattern: str = _TEXT) -> Setting:
    return Setting(name, default, about, allowed, pattern=pattern)


def _number(name: str, default: float, about: str, low: float, high: float) -> Setting:
    kind = 'whole number' if isinstance(default, int) else 'number'
    return Setting(name, default, about, f'a {kind} from {low:g} to {high:g}', low=low, high=high)


SETTINGS: tuple[Setting, ...] = (
    _text('listen', '127.0.0.1:8080', 'Address and port on which the league answers.', 'HOST:PORT', _LISTEN),
    _text('public_url', '', 'URL by which users reach the league; empty means http:// and the value of listen.',
          'a URL that begins with http:// or https:// and holds no user name, or empty', _URL),
    _text('state', './state', 'Directory of everything the league keeps; it is made where it is not there.',
          'a path', '[^\\x00-\\x1f\\x7f]+'),
    Setting('store', '', 'PostgreSQL database of the store, as postgresql://USER@HOST/NAME; empty means a file in state.',
            'a URL that begins with postgresql://, or empty', '((postgresql|postgres)://[^\\x00-\\x20\\x7f]+)?', secret=True),
    Setting('bus', '', 'NATS servers over which the processes of a league hint each other, as nats://HOST:4222 with commas between; empty means none.',
            'URLs that begin with nats:// or tls:// with commas between, or empty', '((nats|tls)://[^\\x00-\\x20\\x7f]+)?', secret=True),
    _text('clouds', '', 'File like clouds.yaml that holds the entries of the sites; empty means where OpenStack clients look.'),
    _text('sites', '', 'Sites to join, as SITE=ENTRY or SITE=ENTRY:REGION with commas between; empty means every entry of clouds.'),
    _text('region', 'league', 'Name of the one region that users see.', 'one word', '[A-Za-z0-9][A-Za-z0-9._-]{0,254}'),
    _text('identity.url', '', "URL of the operator's own Keystone; empty means that the league runs one itself.",
          'a URL that begins with http:// or https:// and holds no user name, or empty', _URL),
    _text('identity.cloud', '', "Entry of clouds that holds an administrator's credential for the Keystone of identity.url."),
    _number('token.hours', 4, 'Hours for which a token of the league is good.', 1, 168),
    _number('limits.body_mb', 8, 'Largest JSON body in MB that the league takes.', 1, 1024),
    _number('limits.connections', 600, 'Requests served at once; what comes beyond that gets 503 and Retry-After.', 1, 100_000),
    _number('patience', 1.0, 'How many times longer than usual a site may be silent before it counts as dead; for sites that are slow.', 1, 20),
    _number('poll.fast_s', 1.5, 'Seconds between questions to a site where something is changing.', 0.1, 3600),
    _number('poll.steady_s', 8.0, 'Seconds between questions to a site where somebody is at work.', 0.1, 3600),
    _number('poll.idle_s', 12.0, 'Seconds between questions to a site where nothing happens.', 0.1, 3600),
    _text('metrics.listen', '', 'Address and port on which GET /metrics is answered without a token; empty means on the socket alone.',
          'HOST:PORT or empty', f'({_LISTEN})?'),
    _text('log.level', 'info', 'Least grave messages that are logged.',
          'debug, info, warning or error', 'debug|info|warning|error'),
    _text('log.format', 'text', 'Form of the log: lines to read, or one JSON object a line.', 'text or json', 'text|json'),
)


class Config(msgspec.Struct, frozen=True):
    """All settings; fields are named as the keys with '_' for '.'. Units are in the names."""

    listen: str
    public_url: str
    state: str
    store: str
    bus: str
    clouds: str
    sites: str
    region: str
    identity_url: str
    identity_cloud: str
    token_hours: int
    limits_body_mb: int
    limits_connections: int
    patience: float
    poll_fast_s: float
    poll_steady_s: float
    poll_idle_s: float
    metrics_listen: str
    log_level: str
    log_format: str

    @property
    def url(self) -> str:
        """URL by which users reach the league, without a slash at its end."""
        return (self.public_url or f'http://{self.listen}').rstrip('/')


def place(listen: str) -> tuple[str, int]:
    """Host and port of a HOST:PORT, an IPv6 address without its brackets."""
    host, _, port = listen.rpartition(':')
    return host.strip('[]'), int(port)


class Settled(msgspec.Struct, frozen=True):
    """A setting, the value that holds, and where that came from."""

    setting: Setting
    value: Value
    source: Source

    @property
    def shown(self) -> Value:
        """The value without a password that may be in it."""
        return secret.veiled(self.value) if self.setting.secret and isinstance(self.value, str) else self.value

    def __repr__(self) -> str:
        return f'Settled({self.setting.name}={self.shown!r} from {self.source})'


def find(named: str = '') -> str:
    """The configuration file to read: the one named, else the first of PLACES that is there, else ''."""
    return named or next((place for place in PLACES if Path(place).is_file()), '')


def settle(flags: Mapping[str, str | None], file: str, environ: Mapping[str, str]) -> list[Settled]:
    """Every setting in the order of SETTINGS. `flags` by key, None where not given; `file` '' reads none.

    Raises ConfigError with one sentence that names place, key and what is allowed.
    """
    written = _file(file) if file else {}
    return [_settled(setting, flags, file, written, environ) for setting in SETTINGS]


def config(settled: list[Settled]) -> Config:
    """The settings as one record. Raises ConfigError where two of them contradict each other."""
    made = msgspec.convert({one.setting.field: one.value for one in settled}, Config)
    for name, listen in (('listen', made.listen), ('metrics.listen', made.metrics_listen)):
        if listen and not 0 < place(listen)[1] < 65536:
            raise ConfigError(f'{name} must be HOST:PORT with a port from 1 to 65535, not {place(listen)[1]}.')
    if _everywhere(place(made.listen)[0]) and not made.public_url:
        raise ConfigError(f'listen is {made.listen}, which no user can reach by that name; set public_url to the URL they use.')
    if bool(made.identity_url) != bool(made.identity_cloud):
        raise ConfigError('identity.url and identity.cloud go together; set both to use your own Keystone, or neither.')
    return made


def read(flags: Mapping[str, str | None], named: str = '', environ: Mapping[str, str] = os.environ) -> Config:
    """Find, read and check; `named` is the file of --config. Raises ConfigError."""
    return config(settle(flags, find(named), environ))


def word(name: str, value: str, where: str) -> None:
    """Raises ConfigError where a word, given at `where`, is nothing that a setting can be."""
    _word(next(setting for setting in SETTINGS if setting.name == name), value, where)


def strangers(environ: Mapping[str, str]) -> list[str]:
    """Environment variables that begin like ours and are none; they are no error, as platforms set such of their own."""
    ours = {setting.variable for setting in SETTINGS}
    return sorted(name for name in environ if name.startswith('HANSA_') and name not in ours)


def _everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _settled(
    setting: Setting, flags: Mapping[str, str | None], file: str, written: Mapping[str, object], environ: Mapping[str, str]
) -> Settled:
    flag = flags.get(setting.name)
    if flag is not None:
        return Settled(setting, _word(setting, flag, 'Flag --' + setting.name.replace('_', '-')), 'flag')
    if setting.variable in environ:
        return Settled(setting, _word(setting, environ[setting.variable], f'Environment variable {setting.variable}'), 'environment')
    if setting.name in written:
        return Settled(setting, _checked(setting, written[setting.name], f'{file}: {setting.name}'), 'file')
    return Settled(setting, setting.default, 'default')


def _word(setting: Setting, word: str, where: str) -> Value:
    kind = type(setting.default)
    try:
        value: object = kind(word)
    except ValueError:
        value = None
    return _checked(setting, value, where)


def _checked(setting: Setting, value: object, where: str) -> Value:
    # The value is not repeated in the sentence: somebody may have put a password into it.
    if isinstance(setting.default, str):
        if isinstance(value, str) and re.fullmatch(setting.pattern, value):
            return value
    elif isinstance(value, int | float) and not isinstance(value, bool) and setting.low <= value <= setting.high:
        if isinstance(setting.default, float):
            return float(value)
        if isinstance(value, int):
            return value
    raise ConfigError(f'{where} must be {setting.allowed}.')


def _file(file: str) -> dict[str, object]:
    try:
        tree = tomllib.loads(Path(file).read_text('utf-8'))
    except OSError as error:
        raise ConfigError(f'{file} cannot be read: {error.strerror}.') from error
    except ValueError as error:
        raise ConfigError(f'{file} is not TOML: {error}.') from error
    written = _flat(tree)
    names = [setting.name for setting in SETTINGS]
    for key in written:
        if key not in names:
            raise ConfigError(f'{file}: there is no key {key!r}; the keys are {", ".join(names)}.')
    return written


def _flat(tree: Mapping[str, object], before: str = '') -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f'{before}{key}.')
        else:
            flat[before + key] = value
    return flat
