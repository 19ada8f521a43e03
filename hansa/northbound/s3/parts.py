"""What a large object is made of: S3 knows of no parts once they are put together, so that they go with the object."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hansa.model.call import Call
from hansa.northbound.s3 import inner
from hansa.rules.s3 import names
from hansa.rules.s3.refusal import Refused


class Row(msgspec.Struct):
    """A segment as a manifest has it; `range` is the part of it that is meant ('' for all)."""

    name: str = ''
    hash: str = ''
    bytes: int = 0
    range: str = ''

    @property
    def size(self) -> int:
        """Bytes of it that belong to the object."""
        first, _, last = self.range.partition('-')
        return int(last) - int(first) + 1 if first.isdecimal() and last.isdecimal() else self.bytes


async def manifest(within: inner.Inner, call: Call, bucket: str, key: str) -> list[Row]:
    """The segments of a static large object. Raises Refused where it is none, or is gone."""
    answer = await within.ask(call, 'GET', bucket, key, query=[('multipart-manifest', 'get')])
    await within.judged(call, bucket, answer)
    try:
        return msgspec.json.decode(await inner.read(answer), type=list[Row])
    except msgspec.DecodeError:
        raise Refused('NoSuchKey', 'The specified key does not exist.') from None


async def within_large(within: inner.Inner, call: Call, bucket: str, key: str) -> list[Row]:
    """The segments of an object; none of one that is not large, or not there."""
    head = await within.head(call, bucket, key)
    if head.status != 200 or not inner.header(head, 'x-static-large-object'):
        return []
    try:
        return await manifest(within, call, bucket, key)
    except Refused:
        return []


async def of(within: inner.Inner, call: Call, bucket: str, key: str) -> list[str]:
    """Names of an object's parts in the container of segments; none of an object that was not put together by S3."""
    prefix = f'/{bucket}{names.SEGMENTS}/'
    rows = await within_large(within, call, bucket, key)
    return [row.name.removeprefix(prefix) for row in rows if row.name.startswith(f'{prefix}{key}/')]


async def drop(within: inner.Inner, call: Call, bucket: str, found: Sequence[str]) -> None:
    """They are needed no more."""
    if found:
        await within.drop(call, f'{bucket}{names.SEGMENTS}', found)
