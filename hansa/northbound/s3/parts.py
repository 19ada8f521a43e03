"""What a large object was made of, so that it goes with the object: S3 knows of no parts once they are put together."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hansa.model.call import Call
from hansa.northbound.s3 import inner
from hansa.rules.s3 import names


class _Row(msgspec.Struct):
    name: str = ''


async def of(within: inner.Inner, call: Call, bucket: str, key: str) -> list[str]:
    """Names of an object's parts in the container of segments; none of an object that was not put together by S3."""
    head = await within.head(call, bucket, key)
    if head.status != 200 or not inner.header(head, 'x-static-large-object'):
        return []
    answer = await within.ask(call, 'GET', bucket, key, query=[('multipart-manifest', 'get')])
    raw = await inner.read(answer)
    if answer.status != 200:
        return []
    prefix = f'/{bucket}{names.SEGMENTS}/'
    try:
        rows = msgspec.json.decode(raw, type=list[_Row])
    except msgspec.DecodeError:
        return []
    return [row.name.removeprefix(prefix) for row in rows if row.name.startswith(f'{prefix}{key}/')]


async def drop(within: inner.Inner, call: Call, bucket: str, found: Sequence[str]) -> None:
    """They are needed no more."""
    if found:
        await within.drop(call, f'{bucket}{names.SEGMENTS}', found)
