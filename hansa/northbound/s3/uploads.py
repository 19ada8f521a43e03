"""Uploads in parts, which become a static large object: the parts lie in the container `BUCKET+segments`, at the site of the bucket."""

from __future__ import annotations

import secrets
from typing import Any

from hansa.northbound.hall import wire
from hansa.northbound.s3 import access, inner, joining, parts
from hansa.northbound.s3.asked import Asked, document
from hansa.northbound.s3.etags import Etags
from hansa.northbound.s3.inner import header
from hansa.rules.s3 import documents, listing, multipart, names
from hansa.rules.s3.documents import Node
from hansa.rules.s3.multipart import Part
from hansa.rules.s3.refusal import Refused

_DOCUMENT = 2 << 20
_PAGE = 1000
_ROUNDS = 1000
_SUMS = ('x-amz-checksum-algorithm', 'x-amz-checksum-type')
_KEPT = ('content-type', 'content-encoding', 'content-disposition', 'content-language', 'cache-control', 'expires')


class UploadRoom:
    """Handlers of `/BUCKET/KEY?uploads` and `?uploadId=`, and of the list of a bucket's uploads."""

    def __init__(self, within: inner.Inner, etags: Etags) -> None:
        self._inner = within
        self._etags = etags

    async def begin(self, ask: Asked) -> wire.Answer:
        """CreateMultipartUpload. What is to be kept with the object waits at an object of the upload's own."""
        ask.plain()
        access.private(ask.header('x-amz-acl'))
        bucket, key = ask.bucket, ask.object
        if (await self._inner.head(ask.call, bucket)).status == 404:
            raise Refused('NoSuchBucket', 'The specified bucket does not exist')
        segments, upload = f'{bucket}{names.SEGMENTS}', secrets.token_hex(24)
        await self._inner.judged(ask.call, bucket, await self._inner.ask(ask.call, 'PUT', segments))
        sent = {'content-type': 'binary/octet-stream'} | dict(names.kept(ask.request.headers))
        answer = await self._inner.ask(ask.call, 'PUT', segments, f'{key}/{upload}', headers=list(sent.items()), body=b'')
        await self._inner.judged(ask.call, segments, answer)
        told = documents.written('InitiateMultipartUploadResult', [('Bucket', bucket), ('Key', key), ('UploadId', upload)])
        answer = document(told)
        answer.headers += [(name, value) for name in _SUMS if (value := ask.header(name)) and names.sayable(value)]
        return answer

    async def put(self, ask: Asked) -> wire.Answer:
        """UploadPart."""
        ask.plain()
        bucket, prefix = self._named(ask)
        number = multipart.number(ask.args.get('partNumber', ''), multipart.MOST)
        payload = await ask.payload().begin()
        await self._inner.upload(ask.call, bucket, prefix)
        sent = [('content-type', 'application/octet-stream')]
        answer = await self._inner.ask(ask.call, 'PUT', f'{bucket}{names.SEGMENTS}', f'{prefix}/{number}', headers=sent, body=payload)
        answer = await self._inner.judged(ask.call, bucket, answer)
        return wire.Answer(200, [('ETag', f'"{header(answer, "etag").strip(chr(34))}"'), *payload.proof])

    async def complete(self, ask: Asked) -> wire.Answer:
        """CompleteMultipartUpload. Who asks once more after it was done is told the same."""
        bucket, prefix = self._named(ask)
        key, upload = ask.object, ask.args['uploadId']
        ask.unconditional()
        wanted = _wanted(await ask.document(_DOCUMENT))
        try:
            kept = await self._inner.upload(ask.call, bucket, prefix)
        except Refused as error:
            done = await self._inner.head(ask.call, bucket, key)
            if error.code != 'NoSuchUpload' or header(done, multipart.UPLOAD) != upload:
                raise
            return self._completed(ask, await self._etags.of(ask.call, bucket, key, done))
        there = multipart.parts(await self._all(ask, bucket, f'{prefix}/'), f'{prefix}/')
        chosen = multipart.chosen(wanted, there)
        etag = multipart.etag([part.etag for part in chosen])
        before = await parts.of(self._inner, ask.call, bucket, key)
        large = any(part.size for part in chosen) and not await joining.needed(self._inner, ask.call, bucket)
        whole = await self._put(ask, bucket, key, prefix, chosen, [*_described(kept), (multipart.UPLOAD, upload)], large=large)
        used = {part.number for part in chosen if part.size} if large else set()
        spare = [f'{prefix}/{part.number}' for part in there if part.number not in used]
        await parts.drop(self._inner, ask.call, bucket, [prefix, *spare, *before])
        return self._completed(ask, f'"{etag if large else header(whole, "etag").strip(chr(34))}"')

    async def _put(self, ask: Asked, bucket: str, key: str, prefix: str, chosen: list[Part], headers: inner.Pairs, *, large: bool) -> wire.Answer:
        """The whole: a manifest where it is to be a `large` object, else one piece."""
        body: inner.Body | bytes = multipart.manifest(bucket, f'{prefix}/', chosen)
        if not large:
            full = [part for part in chosen if part.size]
            body = joining.Joined(self._inner, ask.call, f'{bucket}{names.SEGMENTS}', f'{prefix}/', full) if full else b''
        query = [('multipart-manifest', 'put')] if large else []
        sent = [*headers, *((name, ask.header(name)) for name in ('if-none-match',) if ask.header(name))]
        answer = await self._inner.ask(ask.call, 'PUT', bucket, key, query=query, headers=sent, body=body)
        if answer.status == 400:
            raise Refused('InvalidPart', f'The site does not put these parts together: {(await inner.read(answer))[:500].decode(errors="replace")}')
        return await self._inner.judged(ask.call, bucket, answer)

    def _completed(self, ask: Asked, etag: str) -> wire.Answer:
        told: list[Node] = [
            ('Location', f'{ask.call.base}/{ask.names["bucket"]}/{ask.names["key"]}'), ('Bucket', ask.bucket), ('Key', ask.object), ('ETag', etag)
        ]  # fmt: skip
        return document(documents.written('CompleteMultipartUploadResult', told))

    async def abort(self, ask: Asked) -> wire.Answer:
        """AbortMultipartUpload: its parts go, then the upload itself."""
        bucket, prefix = self._named(ask)
        await self._inner.upload(ask.call, bucket, prefix)
        for upload in ([prefix], []):
            # A part that was on its way is there when its upload is there no more.
            rows = await self._all(ask, bucket, f'{prefix}/')
            await parts.drop(self._inner, ask.call, bucket, [*(row['name'] for row in rows), *upload])
        return wire.Answer(204)

    async def parts(self, ask: Asked) -> wire.Answer:
        """ListParts."""
        bucket, prefix = self._named(ask)
        await self._inner.upload(ask.call, bucket, prefix)
        most, after = listing.most(ask.args.get('max-parts', '')), multipart.after(ask.args.get('part-number-marker', ''))
        found = [part for part in multipart.parts(await self._all(ask, bucket, f'{prefix}/'), f'{prefix}/') if part.number > after]
        shown, owner = found[:most], listing.named(ask.call.token.project)
        told: list[Node] = [
            ('Bucket', bucket), ('Key', ask.object), ('UploadId', ask.args['uploadId']), ('Initiator', owner), ('Owner', owner),
            ('StorageClass', 'STANDARD'), ('PartNumberMarker', after), ('NextPartNumberMarker', shown[-1].number if shown else 0),
            ('MaxParts', most), ('IsTruncated', len(found) > most),
        ]  # fmt: skip
        return document(documents.written('ListPartsResult', [*told, *(_part(part) for part in shown)]))

    async def all(self, ask: Asked) -> wire.Answer:
        """ListMultipartUploads."""
        args, bucket = ask.args, ask.bucket
        if args.get('delimiter'):
            raise Refused('NotImplemented', 'Uploads are listed without a delimiter.')
        if (await self._inner.head(ask.call, bucket)).status == 404:
            raise Refused('NoSuchBucket', 'The specified bucket does not exist')
        most, coded = listing.most(args.get('max-uploads', '')), args.get('encoding-type', '') == 'url'
        after = (args.get('key-marker', ''), args.get('upload-id-marker', '') or '\U0010ffff')
        rows = await self._all(ask, bucket, args.get('prefix', ''))
        found = [each for each in multipart.uploads(rows) if each[:2] > after or not args.get('key-marker')]
        shown, owner = found[:most], listing.named(ask.call.token.project)
        told: list[Node] = [('Bucket', bucket), ('KeyMarker', args.get('key-marker', '')), ('UploadIdMarker', args.get('upload-id-marker', ''))]
        if shown and len(found) > most:
            told += [('NextKeyMarker', listing.coded(coded, shown[-1][0])), ('NextUploadIdMarker', shown[-1][1])]
        told += [('Prefix', args.get('prefix', '')), ('MaxUploads', most), ('IsTruncated', len(found) > most)]
        for key, upload, when in shown:
            about: list[Node] = [('Key', listing.coded(coded, key)), ('UploadId', upload), ('Initiator', owner), ('Owner', owner)]
            told.append(('Upload', [*about, ('StorageClass', 'STANDARD'), ('Initiated', documents.moment(when))]))
        if coded:
            told.append(('EncodingType', 'url'))
        return document(documents.written('ListMultipartUploadsResult', told))

    async def _all(self, ask: Asked, bucket: str, prefix: str) -> list[dict[str, Any]]:
        """Every row of the container of segments below a prefix; none where there is no such container."""
        found: list[dict[str, Any]] = []
        marker = ''
        for _ in range(_ROUNDS):
            query = [('format', 'json'), ('limit', str(_PAGE)), ('prefix', prefix), ('marker', marker)]
            try:
                rows = await self._inner.rows(ask.call, f'{bucket}{names.SEGMENTS}', query)
            except Refused as error:
                if error.code == 'NoSuchBucket':
                    return []
                raise
            found += rows
            if len(rows) < _PAGE:
                return found
            marker = rows[-1]['name']
        raise Refused('OperationAborted', 'There are too many parts of uploads in this bucket to be listed.')

    def _named(self, ask: Asked) -> tuple[str, str]:
        """Bucket, and where the upload is in its container of segments. Raises Refused."""
        return ask.bucket, f'{ask.object}/{multipart.upload_id(ask.args.get("uploadId", ""))}'


def _wanted(raw: bytes) -> list[tuple[int, str]]:
    """Numbers and ETags of a CompleteMultipartUpload. Raises Refused."""
    listed = documents.read(raw, 'CompleteMultipartUpload').all('Part')
    return [(multipart.number(each.word('PartNumber').strip(), multipart.MOST), each.word('ETag').strip()) for each in listed]


def _part(part: Part) -> Node:
    told: list[Node] = [('PartNumber', part.number), ('LastModified', documents.moment(part.modified)), ('ETag', f'"{part.etag}"'), ('Size', part.size)]
    return ('Part', told)


def _described(kept: wire.Answer) -> list[tuple[str, str]]:
    """What was said when the upload began."""
    return [(name, value) for name, value in kept.headers if name.lower() in _KEPT or name.lower().startswith('x-object-meta-')]
