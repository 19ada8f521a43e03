"""Entries of clouds.yaml are understood or refused with a sentence, and catalogs lead where they should."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from hansa.model.errors import ConfigError
from hansa.sites.openstack import discovery, settings

AUTH = {'auth_url': 'https://k/identity/', 'username': 'demo', 'password': 'canary', 'project_name': 'demo'}


def entry(auth: dict[str, Any] | None = None, **more: object) -> dict[str, object]:
    return {'auth': {**AUTH, **(auth or {})}, **more}


def test_an_ordinary_entry() -> None:
    read = settings.read('east', entry(region_name='R', interface='internalURL'))
    assert (read.identity, read.method, read.region, read.interface) == ('https://k/identity/v3', 'password', 'R', 'internal')
    assert read.user == {'name': 'demo', 'domain': {'id': 'default'}}
    assert read.project == {'name': 'demo', 'domain': {'id': 'default'}}
    assert 'canary' not in repr(read)
    assert settings.tls('east', read) is None


@pytest.mark.parametrize(
    ('given', 'sentence'),
    [
        ({}, 'no auth.auth_url'),
        (entry({'auth_url': 'ftp://k'}), 'auth_url is not usable'),
        (entry({'auth_url': 'http://u:p@k/v3'}), 'auth_url is not usable'),
        (entry({'auth_url': 'http://k/v2.0'}), 'v2.0, which is gone'),
        (entry({'password': ''}), 'no auth.password'),
        (entry({'username': ''}), 'no auth.username'),
        (entry({'project_name': None}), 'names no project'),
        (entry(auth_type='v3oidcpassword'), 'auth_type v3oidcpassword is not known'),
        (entry(auth_type='token'), 'no auth.token'),
        (entry(identity_api_version='2'), 'only the Identity API v3'),
        (entry(notifications='amqp://mq:5672/nova'), 'notifications in its entry'),
        (entry(notifications='amqp://hansa:canary@a:5672,hansa:canary@b:5672/nova'), 'notifications in its entry'),
        (entry(notifications='http://hansa:canary@mq'), 'notifications in its entry'),
        (entry(compute_endpoint_override='file:///etc'), 'compute_endpoint_override is not usable'),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as caught:
        settings.read('east', given)
    assert str(caught.value).startswith('Site east: ')
    assert 'canary' not in str(caught.value)


def test_notifications_are_written_as_the_services_write_them() -> None:
    read = settings.read('east', entry(notifications='rabbit://hansa:canary@mq:5671/nova', cacert='/ca.pem'))
    assert read.notifications is not None
    assert read.notifications.url.reveal() == 'amqp://hansa:canary@mq:5671/nova'
    assert (read.notifications.host, read.notifications.cacert) == ('mq', '/ca.pem')
    assert 'canary' not in repr(read.notifications)
    assert settings.read('east', entry()).notifications is None


def test_certificates() -> None:
    unchecked = settings.tls('east', settings.read('east', entry(verify=False)))
    assert unchecked is not None
    assert unchecked.verify_mode == ssl.CERT_NONE
    with pytest.raises(ConfigError, match='cacert /nonexistent cannot be read'):
        settings.tls('east', settings.read('east', entry(cacert='/nonexistent')))


@pytest.mark.parametrize(
    ('word', 'url', 'root', 'base'),
    [
        ('compute', 'http://h:8774/v2.1', 'http://h:8774', 'http://h:8774/v2.1'),
        ('compute', 'http://h/compute/v2.1/', 'http://h/compute', 'http://h/compute/v2.1'),
        ('compute', 'http://h:8774/v2.1/p', 'http://h:8774', 'http://h:8774/v2.1/p'),
        ('compute', 'http://h:8774/v2/p', 'http://h:8774', 'http://h:8774/v2.1'),
        ('compute', 'http://h/compute', 'http://h/compute', 'http://h/compute/v2.1'),
        ('volume', 'http://h/volume/v3/p', 'http://h/volume', 'http://h/volume/v3/p'),
        ('network', 'http://h:9696/', 'http://h:9696', 'http://h:9696/v2.0'),
        ('network', 'http://h/networking/v2.0', 'http://h/networking', 'http://h/networking/v2.0'),
        ('image', 'http://h/image', 'http://h/image', 'http://h/image/v2'),
        ('image', 'http://h:9292/v1', 'http://h:9292', 'http://h:9292/v2'),
        ('placement', 'http://h/placement', 'http://h/placement', 'http://h/placement'),
        ('object-store', 'http://h:8080/v1/AUTH_p', 'http://h:8080', 'http://h:8080/v1/AUTH_p'),
    ],
)
def test_endpoints(word: str, url: str, root: str, base: str) -> None:
    assert discovery.understood(word, url) == discovery.Endpoint(root, base)


@pytest.mark.parametrize('url', ['file:///etc', 'gopher://h/', 'http://u:p@h/v2.1', 'http://h/#x', '', '//h/v2.1', 'http://h /'])
def test_addresses_that_are_not_used(url: str) -> None:
    assert discovery.understood('compute', url) is None


def catalog(*rows: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    return [{'type': kind, 'endpoints': [{'interface': face, 'region': region, 'url': url}]} for kind, face, region, url in rows]


def test_the_catalog_is_read_for_our_region_and_interface() -> None:
    read = settings.read('east', entry(region_name='R', image_endpoint_override='http://i/%(project_id)s'))
    found = discovery.endpoints(
        read,
        catalog(
            ('compute', 'internal', 'R', 'http://wrong/v2.1'),
            ('compute', 'public', 'Q', 'http://wrong/v2.1'),
            ('compute', 'public', 'R', 'http://right/v2.1'),
            ('volume', 'public', 'R', 'http://old/v2/p'),
            ('volumev3', 'public', 'R', 'http://vol/v3/p'),
            ('block-storage', 'public', 'R', 'http://vol/v3'),
            ('network', 'public', 'R', 'ldap://net'),
        ),
        'p',
    )
    assert {word: endpoint.base for word, endpoint in found.items()} == {
        'compute': 'http://right/v2.1',
        'volume': 'http://vol/v3',
        'image': 'http://i/p/v2',
        'identity': 'https://k/identity/v3',
    }
