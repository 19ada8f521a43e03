"""Objects: put, read, changed and removed as Swift's are."""

from __future__ import annotations

import asyncio

from hansa.model.errors import HansaError
from hansa.northbound.hall import wire
from hansa.northbound.s3 import access, errors, inner, parts
from hansa.northbound.s3.asked import Asked, document
from hansa.northbound.s3.etags import Etags
from hansa.northbound.s3.inner import header
from hansa.northbound.s3.seen import shown
from hansa.rules.s3 import conditions, documents, multipart, names
from hansa.rules.s3.documents import Element, Node
from hansa.rules.s3.refusal import Refused

_READ = ('range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since')
_MULTI = 1000
_MULTI_BYTES = 8 << 20
_AT_ONCE = 16


class ObjectRoom:
    """Handlers of `/BUCKET/KEY`, and of the removal of many."""

    def __init__(self, within: inner.Inner, etags: Etags) -> None:
        self._inner = within
        self._etags = etags

    async def read(self, ask: Asked) -> wire.Answer:
        """GetObject, HeadObject."""
        sent = {name: ask.header(name) for name in _READ if ask.header(name)}
        if ',' in sent.get('range', ''):
            # S3 gives one range; who asks for several gets all.
            del sent['range']
        bucket, key, method = ask.bucket, ask.object, ask.request.method
        part = await self._part(ask, sent) if 'partNumber' in ask.args else []
        if conditions.of_parts(sent):
            there = await self._inner.judged(ask.call, bucket, await self._inner.head(ask.call, bucket, key))
            sent = conditions.translated(sent, await self._etags.of(ask.call, bucket, key, there), header(there, 'etag'))
        answer = await self._inner.ask(ask.call, method, bucket, key, headers=list(sent.items()))
        answer = await self._inner.judged(ask.call, bucket, answer)
        try:
            etag = await self._etags.of(ask.call, bucket, key, answer)
        except HansaError:
            await inner.let_go(answer)
            raise
        found = shown(answer, etag, ask.args)
        if part and method == 'HEAD' and found.status == 200:
            # Swift knows ranges of what is read alone.
            found.headers = [pair for pair in found.headers if pair[0].lower() != 'content-length']
            found.status, found.headers = 206, found.headers + part[1:]
        return wire.Answer(found.status, [*found.headers, *part[:1]], found.body)

    async def _part(self, ask: Asked, sent: dict[str, str]) -> list[tuple[str, str]]:
        """Let `sent` ask for one part of an object; how many there are, then the part's length and range, as headers; nothing of what has no parts."""
        if 'range' in sent:
            raise Refused('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter')
        number = multipart.number(ask.args['partNumber'], multipart.MOST)
        sizes = [row.size for row in await parts.within_large(self._inner, ask.call, ask.bucket, ask.object)]
        span = multipart.span(sizes or [0], number)
        if not sizes:
            return []
        sent['range'] = f'bytes={span}'
        return [('x-amz-mp-parts-count', str(len(sizes))), ('content-length', str(sizes[number - 1])), ('content-range', f'bytes {span}/{sum(sizes)}')]

    async def put(self, ask: Asked) -> wire.Answer:
        """PutObject. What the object was made of before goes when the new one stands."""
        ask.plain()
        access.private(ask.header('x-amz-acl'))
        ask.unconditional()
        bucket, key = ask.bucket, ask.object
        payload = await ask.payload().begin()
        before = await parts.of(self._inner, ask.call, bucket, key)
        sent = dict(names.kept(ask.request.headers))
        sent.setdefault('content-type', 'binary/octet-stream')
        if ask.header('if-none-match'):
            sent['if-none-match'] = ask.header('if-none-match')
        answer = await self._inner.ask(ask.call, 'PUT', bucket, key, headers=list(sent.items()), body=payload)
        answer = await self._inner.judged(ask.call, bucket, answer)
        await parts.drop(self._inner, ask.call, bucket, before)
        return wire.Answer(200, [('ETag', f'"{header(answer, "etag").strip(chr(34))}"'), *payload.proof])

    async def drop(self, ask: Asked) -> wire.Answer:
        """DeleteObject; one that is not there is gone as well."""
        ask.plain()
        ask.unconditional()
        await self._drop(ask, ask.object)
        return wire.Answer(204)

    async def _drop(self, ask: Asked, key: str) -> None:
        bucket = ask.bucket
        before = await parts.of(self._inner, ask.call, bucket, key)
        answer = await self._inner.ask(ask.call, 'DELETE', bucket, key)
        if answer.status == 404:
            missing = await self._inner.missing(ask.call, bucket)
            if missing.code == 'NoSuchBucket':
                raise missing
        elif answer.status >= 400:
            raise errors.of_status(answer.status)
        await parts.drop(self._inner, ask.call, bucket, before)

    async def drop_many(self, ask: Asked) -> wire.Answer:
        """DeleteObjects, a thousand at most; of each is told what became of it."""
        wanted = documents.read(await ask.document(_MULTI_BYTES), 'Delete')
        listed = wanted.all('Object')
        if not listed or len(listed) > _MULTI or not all(each.word('Key') for each in listed):
            raise Refused('MalformedXML', f'There must be 1 to {_MULTI} objects, each with its key.')
        quiet = wanted.word('Quiet').strip() == 'true'
        told: list[Node] = []
        for at in range(0, len(listed), _AT_ONCE):
            told += [node for node in await asyncio.gather(*(self._one(ask, each, quiet) for each in listed[at : at + _AT_ONCE])) if node]
        return document(documents.written('DeleteResult', told))

    async def _one(self, ask: Asked, wanted: Element, quiet: bool) -> Node | None:
        key = wanted.word('Key')
        try:
            if wanted.word('VersionId') not in {'', 'null'}:
                raise Refused('NotImplemented', 'There are no versions of objects here.')
            await self._drop(ask, names.checked(key))
        except HansaError as error:
            if isinstance(error, Refused) and error.code == 'NoSuchBucket':
                raise
            return ('Error', [('Key', key), ('Code', errors.code(error)), ('Message', str(error))])
        return None if quiet else ('Deleted', [('Key', key)])

    async def grants(self, ask: Asked) -> wire.Answer:
        """GetObjectAcl: that of its bucket."""
        bucket = ask.bucket
        await self._inner.judged(ask.call, bucket, await self._inner.head(ask.call, bucket, ask.object))
        answer = await self._inner.head(ask.call, bucket)
        return document(access.document(ask.call.token.project, header(answer, 'x-container-read')))

    async def grant(self, ask: Asked) -> wire.Answer:
        """PutObjectAcl: none but the bucket's own, which is there already."""
        await ask.document(_MULTI_BYTES)
        access.private(ask.header('x-amz-acl'), required=True)
        await self._inner.judged(ask.call, ask.bucket, await self._inner.head(ask.call, ask.bucket, ask.object))
        return wire.Answer(200)

    async def tags(self, ask: Asked) -> wire.Answer:
        """GetObjectTagging: there never are any."""
        await self._inner.judged(ask.call, ask.bucket, await self._inner.head(ask.call, ask.bucket, ask.object))
        return document(documents.written('Tagging', [('TagSet', [])]))
