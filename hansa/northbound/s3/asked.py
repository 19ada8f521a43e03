"""A request of S3 whose signature was found right: who asks, for which bucket and key, and with what body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hansa.northbound.hall import table, wire
from hansa.northbound.s3.payload import Payload
from hansa.rules.s3 import names
from hansa.rules.s3.claims import Signed
from hansa.rules.s3.refusal import Refused

_SILENT = (
    'x-amz-server-side-encryption', 'x-amz-tagging', 'x-amz-website-redirect-location', 'x-amz-object-lock-', 'x-amz-grant-',
    'x-amz-bucket-object-lock-enabled', 'x-amz-write-offset-bytes', 'x-amz-copy-source-server-side-encryption', 'x-amz-if-match-',
)  # fmt: skip
_EMPTY = frozenset(('x-amz-tagging-directive',))
_OWNERS = ('x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner')


class Asked(table.Ask):
    """`args` is the query, decoded; `key` the signing key of the request's scope."""

    args: dict[str, str]
    signed: Signed
    key: bytes

    def __repr__(self) -> str:
        return f'Asked(id={self.call.id!r}, names={self.names!r})'

    @property
    def bucket(self) -> str:
        """Raises Refused."""
        found = names.word(self.names['bucket'])
        if '/' in found:
            raise Refused('InvalidBucketName', 'The specified bucket is not valid.')
        return found

    @property
    def object(self) -> str:
        """Raises Refused."""
        return names.word(self.names['key'])

    def header(self, name: str) -> str:
        """Value of a header (lower-case name); '' where there is none."""
        return self.request.header(name)

    def payload(self) -> Payload:
        """The body. Raises Refused."""
        return Payload(self.request, self.signed, self.key)

    async def document(self, limit: int) -> bytes:
        """The body where it is XML, whole and checked. Raises Refused."""
        return await self.payload().body(limit)

    def owned(self) -> None:
        """Raises Refused where the client expects the bucket to be somebody else's."""
        if any(self.header(name) not in {'', self.call.token.project} for name in _OWNERS):
            raise Refused('AccessDenied', 'The bucket is not owned by whom you expect.')

    def unconditional(self) -> None:
        """Raises Refused for a change that is to happen only to an object of some ETag, which Swift does not know."""
        if self.header('if-match'):
            raise Refused('NotImplemented', 'An object cannot be changed on condition of its ETag; If-None-Match: * is there for new ones.')

    def plain(self) -> None:
        """Raises Refused for what would be promised and not kept: encryption, tags, locks."""
        for name, value in self.request.headers.items():
            if name.startswith(_SILENT) and name not in _EMPTY and value.lower() != 'false':
                raise Refused('NotImplemented', f'A header you provided implies functionality that is not implemented: {name}')
        if self.header('x-amz-storage-class') not in {'', 'STANDARD'}:
            raise Refused('InvalidStorageClass', 'The storage class you specified is not valid; there is STANDARD.')


Handling = Callable[[Asked], Awaitable[wire.Answer]]


def handler(handle: Handling) -> table.Handler:
    """A handler of signed requests as a row of the table takes it."""

    async def handled(ask: table.Ask) -> wire.Answer:
        if not isinstance(ask, Asked):
            raise TypeError('A request of S3 comes by its own door.')
        return await handle(ask)

    return handled


def document(body: bytes, status: int = 200) -> wire.Answer:
    """An answer of XML."""
    return wire.Answer(status, [('Content-Type', 'application/xml')], body)
