"""Finding and reading clouds.yaml: openstacksdk resolves profiles, secure.yaml and regions; what it passes over
in silence is said here in a sentence.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hansa.model.errors import ConfigError

if TYPE_CHECKING:
    from openstack.config import OpenStackConfig

# What a credential of this type cannot do without: one of each group. Other types are left to Keystone to judge.
_PASSWORD = (('username', 'user_id'), ('password',))
_APPLICATION = (('application_credential_id', 'application_credential_name'), ('application_credential_secret',))
_NEEDED = {'password': _PASSWORD, 'v3password': _PASSWORD, 'v3applicationcredential': _APPLICATION}


class NoFile(ConfigError):
    """There is no clouds.yaml where OpenStack clients look."""


class Clouds:
    """The entries of one file, resolved as OpenStack clients do."""

    def __init__(self, path: str, names: tuple[str, ...], resolver: OpenStackConfig) -> None:
        self.path = path
        self.names = names
        self._resolver = resolver

    def regions(self, entry: str) -> tuple[str, ...]:
        """Names of an entry's regions; ('',) where it says none. Raises ConfigError."""
        self._known(entry)
        # There is no public way to the regions of one entry that leaves the other entries alone.
        with self._resolving(entry):
            found = self._resolver._get_regions(entry)  # noqa: SLF001 - see above
        return tuple(str(region['name']) for region in found)

    def settings(self, entry: str, region: str = '') -> dict[str, object]:
        """The entry as plain data: auth_type, auth, region_name, interface, verify, cacert, …; nothing that is None.

        `region` '' takes the only or first one. Secrets are in it. Raises ConfigError.
        """
        self._known(entry)
        with self._resolving(entry):
            found = self._resolver.get_one(entry, validate=False, region_name=region or None)
            verify, _ = found.get_requests_verify_args()
        settings = {key: value for key, value in found.config.items() if value not in (None, '', [], {})}
        settings['verify'] = bool(verify)
        if isinstance(verify, str):
            settings['cacert'] = verify
        self._complete(entry, settings)
        return settings

    @contextmanager
    def _resolving(self, entry: str) -> Iterator[None]:
        from openstack import exceptions

        try:
            with _quiet():
                yield
        # Beside its own error the library lets out whatever a value of the wrong shape runs into. What it says is not
        # repeated: it quotes entries, secrets and all.
        except (exceptions.ConfigException, LookupError, ValueError, TypeError, AttributeError) as error:
            raise ConfigError(f'{self.path}: entry {entry!r} cannot be resolved; look at its profile, regions and networks.') from error

    def _known(self, entry: str) -> None:
        if entry not in self.names:
            raise ConfigError(f'{self.path} has no entry {entry!r}; it has {", ".join(self.names)}.')

    def _complete(self, entry: str, settings: dict[str, object]) -> None:
        auth = settings.get('auth')
        if not isinstance(auth, dict) or not auth.get('auth_url'):
            raise ConfigError(f"{self.path}: entry {entry!r} has no auth_url; put the URL of the cloud's Keystone under 'auth:'.")
        for group in _NEEDED.get(str(settings.get('auth_type')), ()):
            if not any(auth.get(key) for key in group):
                raise ConfigError(
                    f"{self.path}: entry {entry!r} has no {' or '.join(group)}; put it under 'auth:' there or in secure.yaml."
                )


def find(file: str, besides: str = '') -> str:
    """The file itself, or the first one where OpenStack clients look; the one at the path `besides` is passed over. Raises NoFile."""
    with _quiet():
        from openstack.config import loader

    if named := file or os.environ.get('OS_CLIENT_CONFIG_FILE'):
        return named
    path = _first([place for place in loader.CONFIG_FILES if str(Path(place).resolve()) != besides])
    if not path:
        raise NoFile(
            'There is no clouds.yaml in this directory, ~/.config/openstack or /etc/openstack; name one with --clouds FILE.'
        )
    return path


def load(file: str) -> Clouds:
    """Read a file of entries; '' looks where OpenStack clients look. Raises ConfigError."""
    with _quiet():
        return _load(file)


def _load(file: str) -> Clouds:
    # Imported here because it takes 0.3 s, and most commands go without.
    from openstack import exceptions
    from openstack.config import OpenStackConfig, loader

    path = find(file)
    names = _entries(path)
    beside = [str(Path(path).parent / f'secure{suffix}') for suffix in ('.yaml', '.yml', '.json')]
    secure = os.environ.get('OS_CLIENT_SECURE_FILE') or _first((*beside, *loader.SECURE_FILES))
    if secure:
        _entries(secure)
    try:
        # Variables of an openrc would become one more entry; only files name sites.
        resolver = OpenStackConfig(config_files=[path], secure_files=[secure] if secure else [], load_envvars=False)
    except exceptions.ConfigException as error:
        raise ConfigError(f'{path} cannot be used: {str(error).rstrip(".")}.') from error
    return Clouds(path, names, resolver)


@contextmanager
def _quiet() -> Iterator[None]:
    # The library and what it imports warn of their own future; an operator can do nothing about that.
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


def _first(places: Sequence[str]) -> str:
    return next((place for place in places if Path(place).exists()), '')


def _entries(path: str) -> tuple[str, ...]:
    tree = _tree(path)
    if not isinstance(tree, dict) or 'clouds' not in tree:
        raise ConfigError(f"{path} has no 'clouds:'; the entries of a clouds.yaml stand under that word.")
    clouds = tree['clouds']
    if not isinstance(clouds, dict) or not clouds:
        raise ConfigError(f"{path} has no entry under 'clouds:'; add one for each cloud.")
    for name, entry in clouds.items():
        if not isinstance(entry, dict) or not isinstance(entry.get('auth', {}), dict):
            raise ConfigError(f"{path}: entry {str(name)!r} must be a mapping with 'auth:' and 'auth_url:' in it.")
    return tuple(str(name) for name in clouds)


def _tree(path: str) -> object:
    import yaml

    try:
        # JSON is YAML, so this reads clouds.json too.
        return yaml.safe_load(Path(path).read_text('utf-8'))
    except OSError as error:
        raise ConfigError(f'{path} cannot be read: {error.strerror}; name another file with --clouds FILE.') from error
    except UnicodeDecodeError as error:
        raise ConfigError(f'{path} is not YAML: it is not UTF-8 text.') from error
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        where = f' (line {mark.line + 1})' if mark else ''
        raise ConfigError(f'{path} is not YAML{where}: {getattr(error, "problem", None) or "it cannot be parsed"}.') from error
