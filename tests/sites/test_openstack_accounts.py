"""How a site's accounts are called is read from the address of its object store."""

from __future__ import annotations

import pytest

from hansa.sites.openstack import discovery


@pytest.mark.parametrize(
    ('url', 'prefix'),
    [
        ('http://a.test:8080/v1/AUTH_p1', 'AUTH_'),
        ('http://a.test/object-store/v1/KEY_p1', 'KEY_'),
        ('http://a.test/swift/v1/p1', ''),
        ('http://a.test/swift/v1', 'AUTH_'),
        ('http://a.test/v1/AUTH_other', 'AUTH_'),
    ],
)
def test_what_stands_before_the_project(url: str, prefix: str) -> None:
    endpoint = discovery.understood('object-store', url)
    assert endpoint is not None
    assert endpoint.before('p1') == prefix
