"""Which of a client's headers may reach a site's object store: what is sent, wanted and to be kept, none that says who sends it."""

from __future__ import annotations

import re

from hansa.northbound.hall import wire
from hansa.ports.site import Headers

_PASS = frozenset(
    ('accept', 'accept-language', 'access-control-request-headers', 'access-control-request-method', 'content-disposition', 'content-encoding',
     'content-language', 'content-type', 'cache-control', 'destination', 'destination-account', 'etag', 'expires', 'if-match',
     'if-modified-since', 'if-none-match', 'if-unmodified-since', 'if-range', 'origin', 'range', 'referer', 'user-agent',
     'x-copy-from', 'x-copy-from-account', 'x-delete-after', 'x-delete-at', 'x-detect-content-type', 'x-fresh-metadata',
     'x-history-location', 'x-if-delete-at', 'x-newest', 'x-object-manifest', 'x-open-expired', 'x-robots-tag', 'x-static-large-object',
     'x-storage-policy', 'x-symlink-target', 'x-symlink-target-account', 'x-symlink-target-etag', 'x-versions-enabled',
     'x-versions-location', 'x-web-mode')
)  # fmt: skip
_PREFIXES = ('x-account-meta-', 'x-container-meta-', 'x-object-meta-', 'x-remove-account-meta-', 'x-remove-container-meta-',
             'x-remove-object-meta-')  # fmt: skip
_LISTS = frozenset(('x-container-read', 'x-container-write'))
_VALUE = re.compile(r'[\t\x20-\x7e\x80-\xff]*')
_GONE = frozenset(('x-remove-container-read', 'x-remove-container-write', 'x-remove-versions-location', 'x-remove-history-location'))


def passed(request: wire.Request) -> Headers:
    """The headers of a request that go on to a site."""
    return [
        (name, value)
        for name, value in request.headers.items()
        if (name in _PASS or name in _LISTS or name in _GONE or name.startswith(_PREFIXES)) and '_' not in name and _VALUE.fullmatch(value)
    ]


def value(headers: Headers, name: str) -> str:
    """Value of a header (lower-case name); '' where there is none."""
    return next((each for key, each in headers if key.lower() == name), '')


def without(headers: Headers, *names: str) -> Headers:
    """All but these (lower-case names)."""
    return [header for header in headers if header[0].lower() not in names]
