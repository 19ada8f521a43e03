"""Which headers pass between a client and Keystone: those on these lists, nothing else.

Around Keystone there are headers that grant power when a server in front sets them (X-Roles, REMOTE_USER,
OIDC_*, X-Forwarded-*, SSL_CLIENT_*); with lists of what passes none of them is ever missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hansa.ports.site import Headers

ASKED = (
    'accept',
    'accept-language',
    'authorization',
    'content-type',
    'if-match',
    'if-modified-since',
    'if-none-match',
    'openstack-auth-receipt',
    'openstack-identity-access-rules',
    'user-agent',
    'x-auth-token',
    'x-openstack-request-id',
    'x-subject-token',
)
ANSWERED = frozenset(
    (
        'allow',
        'cache-control',
        'content-disposition',
        'content-language',
        'content-length',
        'content-type',
        'etag',
        'last-modified',
        'location',
        'openstack-auth-receipt',
        'retry-after',
        'vary',
        'warning',
        'www-authenticate',
        'x-openstack-request-id',
        'x-subject-token',
    )
)


def asked(headers: Mapping[str, str]) -> Headers:
    """What goes to Keystone of a client's headers (lower-case names)."""
    return [(name, headers[name]) for name in ASKED if name in headers]


def answered(headers: Iterable[tuple[str, str]]) -> Headers:
    """What goes to the client of Keystone's headers."""
    return [(name, value) for name, value in headers if name.lower() in ANSWERED]
