"""Which entries are the league itself, however it is written down."""

from __future__ import annotations

import pytest

from hansa.entry import itself
from hansa.model.errors import ConfigError
from hansa.model.site import SiteSpec


@pytest.mark.parametrize(
    ('auth_url', 'url', 'listen', 'same'),
    [
        ('http://127.0.0.1:8080/identity/v3', 'http://127.0.0.1:8080', '127.0.0.1:8080', True),
        ('http://localhost:8080/identity', 'http://127.0.0.1:8080', '127.0.0.1:8080', True),
        ('http://127.0.0.1:8081/identity/v3', 'http://127.0.0.1:8080', '127.0.0.1:8080', False),
        ('https://Cloud.example.com:443/identity/v3', 'https://cloud.example.com', '0.0.0.0:8080', True),
        ('https://cloud.example.com/hansa/identity/v3', 'https://cloud.example.com/hansa', '127.0.0.1:8080', True),
        ('https://cloud.example.com/identity/v3', 'https://cloud.example.com/hansa', '127.0.0.1:8080', False),
        ('https://cloud.example.com:5000/v3', 'https://cloud.example.com', '127.0.0.1:8080', False),
        ('http://127.0.0.1:8080/v3', 'https://cloud.example.com', '127.0.0.1:8080', True),
        ('http://127.0.0.1:bad/v3', 'https://cloud.example.com', '', False),
        ('', 'http://127.0.0.1:8080', '', False),
    ],
)
def test_means(auth_url: str, url: str, listen: str, same: bool) -> None:
    spec = SiteSpec('a', 'openstack', {'auth': {'auth_url': auth_url}})
    assert itself.means(url, listen, spec) == same
    if same:
        with pytest.raises(ConfigError, match='Site a would be this league itself'):
            itself.refuse(url, listen, spec)
    else:
        itself.refuse(url, listen, spec)


def test_a_simulated_site_is_never_the_league() -> None:
    assert not itself.means('http://127.0.0.1:8080', '127.0.0.1:8080', SiteSpec('sim1', 'sim', {}))
