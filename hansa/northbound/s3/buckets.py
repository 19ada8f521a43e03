"""Buckets: containers of the caller's project, under the same names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hansa.model.errors import BadRequest, Conflict
from hansa.northbound.hall import wire
from hansa.northbound.s3 import access, errors, inner
from hansa.northbound.s3.asked import Asked, document
from hansa.northbound.s3.etags import Etags
from hansa.rules.s3 import documents, listing, names
from hansa.rules.s3.documents import Node
from hansa.rules.s3.refusal import Refused

_ROWS = 1000
_MOST = 10_000
_ROUNDS = 100
_DOCUMENT = 64 << 10
_USUAL = 'us-east-1'
"""What clients take for the place of buckets that have none."""

_Form = Callable[[listing.Wish, str, listing.Page, str, Mapping[str, str]], bytes]


class BucketRoom:
    """Handlers of `/` and `/BUCKET`. `region` is the league's own name, which stands for no site."""

    def __init__(self, within: inner.Inner, etags: Etags, region: str) -> None:
        self._inner = within
        self._etags = etags
        self._anywhere = (region, _USUAL)

    async def all(self, ask: Asked) -> wire.Answer:
        """ListBuckets, those of all sites; a site that is away makes it 503, as a shorter list would look as if buckets were gone."""
        args = ask.args
        given = args.get('max-buckets', '')
        if given and (not given.isdecimal() or not 1 <= int(given[:6]) <= _MOST):
            raise Refused('InvalidArgument', f'max-buckets must be between 1 and {_MOST}')
        rows, more = await self._pages(ask, int(given or _MOST), listing.name_of(args.get('continuation-token', '')), args.get('prefix', ''))
        owner = ask.call.token.project
        buckets: list[Node] = [
            ('Bucket', [('Name', str(row['name'])), ('CreationDate', documents.moment(str(row.get('last_modified', ''))))]) for row in rows
        ]
        told: list[Node] = [('Owner', listing.named(owner)), ('Buckets', buckets)]
        if more:
            told.append(('ContinuationToken', listing.token_of(str(rows[-1]['name']))))
        return document(documents.written('ListAllMyBucketsResult', told))

    async def _pages(self, ask: Asked, most: int, marker: str, prefix: str) -> tuple[list[dict[str, Any]], bool]:
        found: list[dict[str, Any]] = []
        for _ in range(_ROUNDS):
            rows = await self._inner.rows(ask.call, '', [('format', 'json'), ('limit', str(_ROWS)), ('marker', marker), ('prefix', prefix)])
            found += [row for row in rows if not row['name'].endswith(names.SEGMENTS)]
            if len(found) > most or len(rows) < _ROWS:
                break
            marker = rows[-1]['name']
        return found[:most], len(found) > most

    async def make(self, ask: Asked) -> wire.Answer:
        """CreateBucket; its LocationConstraint is a site, or a site's policy, as X-Storage-Policy is."""
        ask.plain()
        read = access.asked(ask.header('x-amz-acl'))
        place = _place(await ask.document(_DOCUMENT))
        if not names.may_be_made(ask.bucket):
            raise Refused('InvalidBucketName', 'The specified bucket is not valid.')
        try:
            answer = await self._put(ask, place)
        except Conflict:
            answer = wire.Answer(202)
        if answer.status == 202:
            raise Refused('BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded and you already own it.')
        await self._judged(answer)
        if read:
            await self._judged(await self._inner.ask(ask.call, 'POST', ask.bucket, headers=[('x-container-read', read)]))
        return wire.Answer(200, [('Location', f'/{ask.bucket}')])

    async def _put(self, ask: Asked, place: str) -> wire.Answer:
        """Raises Refused for a place that there is not, Conflict."""
        try:
            return await self._inner.ask(ask.call, 'PUT', ask.bucket, headers=[('x-storage-policy', place)] if place else [])
        except BadRequest:
            if place and place in self._anywhere:
                return await self._put(ask, '')
            if not place:
                raise
            raise Refused('InvalidLocationConstraint', f'The location constraint {place} is no site of this league, and no policy of one.') from None

    async def head(self, ask: Asked) -> wire.Answer:
        """HeadBucket."""
        return wire.Answer(200, [('x-amz-bucket-region', inner.header(await self._there(ask), 'x-hansa-site')), ('Content-Type', 'application/xml')])

    async def location(self, ask: Asked) -> wire.Answer:
        """GetBucketLocation: its site."""
        site = inner.header(await self._there(ask), 'x-hansa-site')
        return document(documents.written_text('LocationConstraint', site))

    async def versioning(self, ask: Asked) -> wire.Answer:
        """GetBucketVersioning: there never is any."""
        await self._there(ask)
        return document(documents.written('VersioningConfiguration', []))

    async def grants(self, ask: Asked) -> wire.Answer:
        """GetBucketAcl."""
        answer = await self._there(ask)
        return document(access.document(ask.call.token.project, inner.header(answer, 'x-container-read')))

    async def grant(self, ask: Asked) -> wire.Answer:
        """PutBucketAcl, with one of the canned lists."""
        ask.plain()
        await ask.document(_DOCUMENT)
        await self._there(ask)
        read = access.asked(ask.header('x-amz-acl'), required=True)
        await self._judged(await self._inner.ask(ask.call, 'POST', ask.bucket, headers=[('x-container-read', read), ('x-container-write', '')]))
        return wire.Answer(200)

    async def drop(self, ask: Asked) -> wire.Answer:
        """DeleteBucket, of an empty one; parts of uploads that were never completed go with it."""
        answer = await self._inner.ask(ask.call, 'DELETE', ask.bucket)
        if answer.status == 409:
            raise Refused('BucketNotEmpty', 'The bucket you tried to delete is not empty')
        await self._judged(answer)
        await self._inner.clear(ask.call, f'{ask.bucket}{names.SEGMENTS}')
        return wire.Answer(204)

    async def page(self, ask: Asked) -> wire.Answer:
        """ListObjects, version 1 and 2."""
        return await self._listed(ask, listing.wish(ask.args), listing.document)

    async def versions(self, ask: Asked) -> wire.Answer:
        """ListObjectVersions: one of each object."""
        args = {name: ask.args.get(name, '') for name in ('prefix', 'delimiter', 'max-keys', 'encoding-type')}
        return await self._listed(ask, listing.wish({**args, 'marker': ask.args.get('key-marker', '')}), listing.versions)

    async def _listed(self, ask: Asked, wanted: listing.Wish, form: _Form) -> wire.Answer:
        rows = await self._inner.rows(ask.call, ask.bucket, listing.args(wanted)) if wanted.most else []
        found = listing.page(wanted, rows)
        etags = await self._etags.told(ask.call, ask.bucket, found.rows)
        return document(form(wanted, ask.bucket, found, ask.call.token.project, etags))

    async def _there(self, ask: Asked) -> wire.Answer:
        return await self._judged(await self._inner.head(ask.call, ask.bucket))

    async def _judged(self, answer: wire.Answer) -> wire.Answer:
        """Raises what a site's refusal of a bucket is."""
        if answer.status == 404:
            raise Refused('NoSuchBucket', 'The specified bucket does not exist')
        if answer.status >= 400:
            raise errors.of_status(answer.status)
        return answer


def _place(raw: bytes) -> str:
    """The LocationConstraint of a body. Raises Refused."""
    return documents.read(raw, 'CreateBucketConfiguration').word('LocationConstraint').strip() if raw.strip() else ''
