"""Which of a client's headers may reach a site: those that say what is sent or wanted, none that say who sends it."""

from __future__ import annotations

import re

from hansa.northbound.hall import wire
from hansa.services.relay import Forward

_PASS = frozenset(
    ('accept', 'content-type', 'openstack-api-version', 'x-openstack-nova-api-version', 'range', 'if-match', 'if-none-match',
     'if-modified-since', 'if-unmodified-since', 'content-range', 'content-length', 'user-agent', 'accept-language')
)  # fmt: skip
_VALUE = re.compile(r'[\t\x20-\x7e\x80-\xff]*')
_PREFIXES = ('x-image-meta-', 'x-openstack-image-')


def passed(request: wire.Request, stream: bool = False) -> list[tuple[str, str]]:
    """The headers of a request that go on to a site."""
    return [
        (name, value)
        for name, value in request.headers.items()
        if (name in _PASS or name.startswith(_PREFIXES))
        and (stream or name != 'content-length')
        and '_' not in name
        and _VALUE.fullmatch(value)
    ]


async def forward(request: wire.Request, path: str, limit: int) -> Forward:
    """A request as the services relay it: documents whole, anything else as a stream. Raises TooLarge."""
    kind = request.header('content-type').partition(';')[0].strip()
    binary = kind == 'application/octet-stream'
    headers = passed(request, stream=binary)
    if binary:
        return Forward(request.method, path, request.query, headers, request.stream())
    body = await request.body(limit) if request.has_body() else b''
    return Forward(request.method, path, request.query, headers, body or None)
