"""Every operation of S3 that is offered, with its kind. A pattern's first word says what is asked for, its second with which subresource."""

from __future__ import annotations

from hansa.northbound.hall.table import Route, Table
from hansa.northbound.s3.asked import handler
from hansa.northbound.s3.buckets import BucketRoom
from hansa.northbound.s3.copies import CopyRoom
from hansa.northbound.s3.etags import Etags
from hansa.northbound.s3.inner import Inner
from hansa.northbound.s3.objects import ObjectRoom
from hansa.northbound.s3.uploads import UploadRoom

SUBRESOURCES = (
    'abac', 'accelerate', 'acl', 'analytics', 'attributes', 'cors', 'delete', 'encryption', 'intelligent-tiering', 'inventory', 'legal-hold',
    'lifecycle', 'location', 'logging', 'metadataConfiguration', 'metadataTable', 'metrics', 'notification', 'object-lock', 'ownershipControls',
    'policy', 'policyStatus', 'publicAccessBlock', 'renameObject', 'replication', 'requestPayment', 'restore', 'retention', 'select', 'session',
    'tagging', 'torrent', 'uploads', 'uploadId', 'versioning', 'versions', 'website',
)  # fmt: skip
"""Words of a query that make another operation of a request."""


def subresource(args: dict[str, str], copies: bool) -> str:
    """The subresource that a request means, `plain` for none; what `copies` has an x-amz-copy-source."""
    named = next((word for word in SUBRESOURCES if word in args), 'plain')
    if named == 'uploadId' and 'partNumber' in args:
        named = 'part'
    if copies:
        named = {'plain': 'copy', 'part': 'partcopy'}.get(named, named)
    return 'version' if args.get('versionId', 'null') != 'null' else named


def routes(within: Inner, region: str) -> Table:
    """The table; what it has not is answered with NotImplemented."""
    etags = Etags(within)
    bucket, object, copy, upload = BucketRoom(within, etags, region), ObjectRoom(within, etags), CopyRoom(within, etags), UploadRoom(within, etags)
    return Table(
        (
            Route('listed', 'GET', '/service', handler(bucket.all)),
            Route('routed', 'HEAD', '/bucket/plain/{bucket}', handler(bucket.head)),
            Route('routed', 'GET', '/bucket/plain/{bucket}', handler(bucket.page)),
            Route('placed', 'PUT', '/bucket/plain/{bucket}', handler(bucket.make)),
            Route('routed', 'DELETE', '/bucket/plain/{bucket}', handler(bucket.drop)),
            Route('routed', 'GET', '/bucket/location/{bucket}', handler(bucket.location)),
            Route('own', 'GET', '/bucket/versioning/{bucket}', handler(bucket.versioning)),
            Route('routed', 'GET', '/bucket/versions/{bucket}', handler(bucket.versions)),
            Route('routed', 'GET', '/bucket/acl/{bucket}', handler(bucket.grants)),
            Route('routed', 'PUT', '/bucket/acl/{bucket}', handler(bucket.grant)),
            Route('routed', 'GET', '/bucket/uploads/{bucket}', handler(upload.all)),
            Route('routed', 'POST', '/bucket/delete/{bucket}', handler(object.drop_many)),
            Route('routed', 'GET', '/object/plain/{bucket}/{key}', handler(object.read)),
            Route('routed', 'PUT', '/object/plain/{bucket}/{key}', handler(object.put)),
            Route('routed', 'DELETE', '/object/plain/{bucket}/{key}', handler(object.drop)),
            Route('routed', 'PUT', '/object/copy/{bucket}/{key}', handler(copy.copy)),
            Route('routed', 'GET', '/object/acl/{bucket}/{key}', handler(object.grants)),
            Route('routed', 'PUT', '/object/acl/{bucket}/{key}', handler(object.grant)),
            Route('own', 'GET', '/object/tagging/{bucket}/{key}', handler(object.tags)),
            Route('routed', 'POST', '/object/uploads/{bucket}/{key}', handler(upload.begin)),
            Route('routed', 'PUT', '/object/part/{bucket}/{key}', handler(upload.put)),
            Route('routed', 'PUT', '/object/partcopy/{bucket}/{key}', handler(copy.part)),
            Route('routed', 'POST', '/object/uploadId/{bucket}/{key}', handler(upload.complete)),
            Route('routed', 'DELETE', '/object/uploadId/{bucket}/{key}', handler(upload.abort)),
            Route('routed', 'GET', '/object/uploadId/{bucket}/{key}', handler(upload.parts)),
        )
    )
