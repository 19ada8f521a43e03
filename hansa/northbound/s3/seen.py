"""What S3 shows of an object that Swift has: its headers."""

from __future__ import annotations

from collections.abc import Mapping

from hansa.northbound.hall import wire
from hansa.rules.s3 import names

_SAME = frozenset(('content-length', 'content-range', 'last-modified', 'accept-ranges', 'x-hansa-site', 'warning'))
_RESPONSE = 'response-'
_OVERRIDES = frozenset(('content-type', 'content-language', 'expires', 'cache-control', 'content-disposition', 'content-encoding'))


def shown(answer: wire.Answer, etag: str, args: Mapping[str, str]) -> wire.Answer:
    """An answer about an object in S3's words; `args` may put other headers for those that are kept."""
    told = [(name, value) for name, value in answer.headers if name.lower() in _SAME]
    told += names.told(answer.headers)
    for name, value in args.items():
        plain = name.removeprefix(_RESPONSE)
        if name.startswith(_RESPONSE) and plain in _OVERRIDES and names.sayable(value):
            told = [(key, kept) for key, kept in told if key.lower() != plain]
            told.append((plain, value))
    if etag:
        told.append(('ETag', etag))
    return wire.Answer(answer.status, told, answer.body)
