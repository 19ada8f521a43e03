"""Copies of objects and of parts of them, made as Swift's copies are: at one site by the site, between sites through the league."""

from __future__ import annotations

import re
import urllib.parse

from hansa.model.errors import TooLarge
from hansa.northbound.hall import wire
from hansa.northbound.s3 import access, inner, parts
from hansa.northbound.s3.asked import Asked, document
from hansa.northbound.s3.etags import Etags
from hansa.northbound.s3.inner import header
from hansa.northbound.s3.payload import LARGEST
from hansa.rules.s3 import conditions, documents, multipart, names
from hansa.rules.s3.refusal import Refused

_RANGE = re.compile(r'bytes=(\d+)-(\d+)')


class CopyRoom:
    """Handlers of `PUT` with x-amz-copy-source."""

    def __init__(self, within: inner.Inner, etags: Etags) -> None:
        self._inner = within
        self._etags = etags

    async def copy(self, ask: Asked) -> wire.Answer:
        """CopyObject. A large object becomes one of a single piece; onto itself it stays what it is, with other metadata."""
        ask.plain()
        access.private(ask.header('x-amz-acl'))
        bucket, key = ask.bucket, ask.object
        source, there, etag = await self._source(ask)
        directive = ask.header('x-amz-metadata-directive') or 'COPY'
        if directive not in {'COPY', 'REPLACE'}:
            raise Refused('InvalidArgument', 'Unknown metadata directive.')
        itself, large = source == (bucket, key), bool(header(there, 'x-static-large-object'))
        if itself and directive == 'COPY':
            raise Refused('InvalidRequest', "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.")
        sent = [('x-copy-from', _path(source))]
        if directive == 'REPLACE':
            sent += [('x-fresh-metadata', 'true'), *({'content-type': 'binary/octet-stream'} | dict(names.kept(ask.request.headers))).items()]
        stays = itself and large
        if stays and (upload := header(there, multipart.UPLOAD)):
            sent.append((multipart.UPLOAD, upload))
        before = [] if stays else await parts.of(self._inner, ask.call, bucket, key)
        answer = await self._put(ask, bucket, key, sent, [('multipart-manifest', 'get')] if stays else [])
        await parts.drop(self._inner, ask.call, bucket, before)
        return self._told('CopyObjectResult', answer, etag if stays else _quoted(answer))

    async def part(self, ask: Asked) -> wire.Answer:
        """UploadPartCopy: a part out of an object, or of a range of it."""
        bucket, key = ask.bucket, ask.object
        upload = multipart.upload_id(ask.args['uploadId'])
        number = multipart.number(ask.args['partNumber'], multipart.MOST)
        segments, prefix = f'{bucket}{names.SEGMENTS}', f'{key}/{upload}'
        await self._inner.upload(ask.call, bucket, prefix)
        source, there, _ = await self._source(ask)
        sent = [('x-copy-from', _path(source)), ('x-fresh-metadata', 'true'), ('content-type', 'application/octet-stream')]
        if wanted := ask.header('x-amz-copy-source-range'):
            found, size = _RANGE.fullmatch(wanted), header(there, 'content-length')
            if found is None or int(found[1]) > int(found[2]):
                raise Refused('InvalidArgument', 'The x-amz-copy-source-range value must be of the form bytes=first-last')
            if size.isdecimal() and int(found[2]) >= int(size):
                raise Refused('InvalidRange', f'The specified copy range is invalid for the source object size: {size}')
            sent.append(('range', wanted))
        answer = await self._put(ask, segments, f'{prefix}/{number}', sent, [])
        return self._told('CopyPartResult', answer, _quoted(answer))

    async def _source(self, ask: Asked) -> tuple[tuple[str, str], wire.Answer, str]:
        """What is to be copied, its headers and its ETag. Raises Refused."""
        bucket, key = names.source(ask.header('x-amz-copy-source'))
        there = await self._inner.judged(ask.call, bucket, await self._inner.head(ask.call, bucket, key))
        etag = await self._etags.of(ask.call, bucket, key, there)
        conditions.hold(ask.request.headers, etag, header(there, 'last-modified'))
        return (bucket, key), there, etag

    async def _put(self, ask: Asked, bucket: str, key: str, sent: inner.Pairs, query: inner.Pairs) -> wire.Answer:
        try:
            answer = await self._inner.ask(ask.call, 'PUT', bucket, key, query=query, headers=sent, body=b'')
        except TooLarge:
            answer = wire.Answer(413)
        if answer.status == 413:
            raise Refused('InvalidRequest', f'The specified copy source is larger than the maximum allowable size for a copy source: {LARGEST}')
        return await self._inner.judged(ask.call, bucket, answer)

    def _told(self, root: str, answer: wire.Answer, found: str) -> wire.Answer:
        modified = documents.of_http(header(answer, 'last-modified'))
        return document(documents.written(root, [('LastModified', modified), ('ETag', found)]))


def _path(source: tuple[str, str]) -> str:
    return f'/{urllib.parse.quote(source[0], safe="")}/{urllib.parse.quote(source[1])}'


def _quoted(answer: wire.Answer) -> str:
    return f'"{header(answer, "etag").strip(chr(34))}"'
