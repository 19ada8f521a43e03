"""ETags of large objects as S3 has them, which no site knows: made of the manifest once, and remembered by the site's own ETag."""

from __future__ import annotations

import asyncio
import collections
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from hansa.model.call import Call
from hansa.northbound.hall import wire
from hansa.northbound.s3 import inner, parts
from hansa.rules.s3 import multipart
from hansa.rules.s3.refusal import Refused

_KEPT = 100_000
_AT_ONCE = 16


class Etags:
    """Both ETags are made of nothing but those of the segments, so that what was found once holds for every object of the same ETag."""

    def __init__(self, within: inner.Inner) -> None:
        self._inner = within
        self._known: collections.OrderedDict[bytes, str] = collections.OrderedDict()

    async def of(self, call: Call, bucket: str, key: str, answer: wire.Answer) -> str:
        """Quoted; '' where an answer about an object has none."""
        plain = inner.header(answer, 'etag').strip('"')
        if plain and inner.header(answer, 'x-static-large-object'):
            plain = await self._large(call, bucket, key, plain)
        return f'"{plain}"' if plain else ''

    async def told(self, call: Call, bucket: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Of the large ones among the rows of a listing, by name."""
        large = {str(row['name']): str(row['slo_etag']).strip('"') for row in rows if 'slo_etag' in row}
        names = list(large)
        found: dict[str, str] = {}
        for at in range(0, len(names), _AT_ONCE):
            some = names[at : at + _AT_ONCE]
            etags = await asyncio.gather(*(self._large(call, bucket, name, large[name]) for name in some))
            found |= {name: f'"{etag}"' for name, etag in zip(some, etags, strict=True)}
        return found

    async def _large(self, call: Call, bucket: str, key: str, site: str) -> str:
        # A project that makes two manifests of one MD5 shall puzzle nobody but itself.
        name = hashlib.sha256(f'{call.token.project}/{site}'.encode()).digest()
        known = self._known.get(name)
        if known is None:
            known = await self._made(call, bucket, key)
            if not known:
                # It has gone meanwhile, or has something in it that has no MD5.
                return f'{site}-1'
            self._known[name] = known
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(name)
        return known

    async def _made(self, call: Call, bucket: str, key: str) -> str:
        try:
            return multipart.etag([row.hash for row in await parts.manifest(self._inner, call, bucket, key)])
        except Refused:
            return ''
