"""An entry of clouds.yaml, understood once; what it lacks or has wrong is said here, in a sentence for the operator."""

from __future__ import annotations

import ssl
import urllib.parse
from collections.abc import Mapping
from typing import Literal

import msgspec

from hansa.model.errors import ConfigError
from hansa.model.secret import Secret
from hansa.sites.http import request
from hansa.sites.openstack.notifications import Broker

Method = Literal['password', 'application_credential', 'token']

_METHODS: dict[str, Method] = {
    'password': 'password',
    'v3password': 'password',
    'v3applicationcredential': 'application_credential',
    'token': 'token',
    'v3token': 'token',
}
Reference = dict[str, object]


class Settings(msgspec.Struct, frozen=True):
    """How to log in and which endpoints to take.

    `identity` is the URL of the Identity API ending in /v3; `user` and `project` are Keystone's references by id or by name and
    domain, empty where the method has none; `overrides` are endpoint URLs by our service words;
    `notifications` is None where the operator grants none.
    """

    identity: str
    method: Method
    secret: Secret
    user: Reference
    project: Reference
    credential: str = ''
    interface: str = 'public'
    region: str = ''
    overrides: dict[str, str] = {}
    verify: bool = True
    cacert: str = ''
    notifications: Broker | None = None

    def who(self) -> str:
        """Whom the cloud is told we are, for messages."""
        if self.method == 'token':
            return 'the token'
        if self.method == 'application_credential':
            return f'the application credential {self.credential or self.user.get("credential", "")}'.strip()
        return f'the password of user {self.user.get("name") or self.user.get("id")}'

    def __repr__(self) -> str:
        return f'Settings(identity={self.identity!r}, method={self.method!r})'


def read(site: str, given: Mapping[str, object]) -> Settings:
    """Settings of an entry. Raises ConfigError."""
    auth = given.get('auth')
    if not isinstance(auth, Mapping) or not auth.get('auth_url'):
        raise ConfigError(f'Site {site}: its entry in clouds.yaml has no auth.auth_url. Give the address of its Keystone.')
    words = {str(key): str(value) for key, value in auth.items() if value is not None}
    method = _method(site, str(given.get('auth_type') or ''), words)
    secret = Secret(_needed(site, words, _SECRETS[method]))
    version = str(given.get('identity_api_version') or '3')
    if not version.startswith('3'):
        raise ConfigError(f'Site {site}: identity_api_version is {version}; only the Identity API v3 is spoken. Set it to 3.')
    domain = words.get('default_domain') or words.get('domain_name') or ''
    verify, cacert = given.get('verify') not in (False, 'false', 'False'), str(given.get('cacert') or '')
    return Settings(
        identity=_identity(site, words['auth_url']),
        method=method,
        secret=secret,
        user=_user(site, method, words, domain),
        project={} if method == 'application_credential' else _project(site, words, domain),
        credential=words.get('application_credential_id', ''),
        interface=str(given.get('interface') or given.get('endpoint_type') or 'public').removesuffix('URL'),
        region=str(given.get('region_name') or ''),
        overrides=_overrides(site, given),
        verify=verify,
        cacert=cacert,
        notifications=_broker(site, str(given.get('notifications') or ''), verify, cacert),
    )


_SECRETS: dict[Method, str] = {
    'password': 'password',
    'application_credential': 'application_credential_secret',
    'token': 'token',
}


def _method(site: str, kind: str, words: Mapping[str, str]) -> Method:
    if not kind:
        return 'application_credential' if 'application_credential_secret' in words else 'password'
    method = _METHODS.get(kind)
    if method is None:
        raise ConfigError(f'Site {site}: auth_type {kind} is not known here. Use one of {", ".join(sorted(_METHODS))}.')
    return method


def _needed(site: str, words: Mapping[str, str], name: str) -> str:
    if not words.get(name):
        raise ConfigError(f'Site {site}: its entry in clouds.yaml has no auth.{name}. Add it.')
    return words[name]


def _identity(site: str, url: str) -> str:
    url = url.rstrip('/')
    try:
        request.split(url)
    except ValueError as error:
        raise ConfigError(
            f'Site {site}: auth_url is not usable. Give an http or https address without user and password in it.'
        ) from error
    if url.endswith('/v2.0'):
        raise ConfigError(
            f'Site {site}: auth_url {url} names the Identity API v2.0, which is gone. Give the one that ends in /v3.'
        )
    return url if url.endswith('/v3') else url + '/v3'


def _domain(words: Mapping[str, str], prefix: str, default: str) -> Reference:
    if identity := words.get(f'{prefix}_domain_id'):
        return {'id': identity}
    if name := words.get(f'{prefix}_domain_name') or default:
        return {'name': name}
    return {'id': 'default'}


def _user(site: str, method: Method, words: Mapping[str, str], domain: str) -> Reference:
    if method == 'token':
        return {}
    if method == 'application_credential' and words.get('application_credential_id'):
        return {}
    if words.get('user_id'):
        user: Reference = {'id': words['user_id']}
    else:
        user = {'name': _needed(site, words, 'username'), 'domain': _domain(words, 'user', domain)}
    if method == 'application_credential':
        return {'user': user, 'credential': _needed(site, words, 'application_credential_name')}
    return user


def _project(site: str, words: Mapping[str, str], domain: str) -> Reference:
    if identity := words.get('project_id') or words.get('tenant_id'):
        return {'id': identity}
    if name := words.get('project_name') or words.get('tenant_name'):
        return {'name': name, 'domain': _domain(words, 'project', domain)}
    raise ConfigError(f'Site {site}: its entry in clouds.yaml names no project. Add auth.project_name.')


def _overrides(site: str, given: Mapping[str, object]) -> dict[str, str]:
    found = {}
    for key, value in given.items():
        if key.endswith('_endpoint_override') and value:
            word = key.removesuffix('_endpoint_override').replace('_', '-')
            word = {'block-storage': 'volume', 'volumev3': 'volume'}.get(word, word)
            found[word] = str(value)
            try:
                request.split(found[word].replace('%(project_id)s', '').replace('$(project_id)s', ''))
            except ValueError as error:
                raise ConfigError(f'Site {site}: {key} is not usable. Give an http or https address.') from error
    return found


def _broker(site: str, url: str, verify: bool, cacert: str) -> Broker | None:
    if not url:
        return None
    # As the services' own configuration writes it.
    url = url.replace('rabbit://', 'amqp://', 1)
    host = _host(url)
    if not host:
        raise ConfigError(
            f'Site {site}: notifications in its entry of clouds.yaml is not usable. Give one RabbitMQ as amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps://.'
        )
    return Broker(Secret(url), host, verify, cacert)


def _host(url: str) -> str:
    """The one host of a broker's URL; '' where that cannot be used."""
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in ('amqp', 'amqps') and parts.username and parts.port != 0 and ',' not in parts.netloc
        return (parts.hostname or '') if usable else ''
    except ValueError:
        return ''


def tls(site: str, settings: Settings) -> ssl.SSLContext | None:
    """How certificates are checked; None leaves it at the system's authorities. Raises ConfigError."""
    if settings.verify and not settings.cacert:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.cacert or None)
    except OSError as error:
        raise ConfigError(f'Site {site}: cacert {settings.cacert} cannot be read. Name a PEM file.') from error
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
