"""Canned access lists, which is all that S3's lists have in common with Swift's: the owner alone, or all the world may read."""

from __future__ import annotations

from hansa.rules.s3 import documents, listing
from hansa.rules.s3.documents import Node
from hansa.rules.s3.refusal import Refused

_WORLD = '.r:*,.rlistings'
_CANNED = {'': '', 'private': '', 'bucket-owner-full-control': '', 'bucket-owner-read': '', 'public-read': _WORLD}
_ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers'
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type'


def asked(canned: str, *, required: bool = False) -> str:
    """Swift's list of who may read, out of x-amz-acl. Raises Refused."""
    if canned not in _CANNED or (required and not canned):
        raise Refused('NotImplemented', 'Of access lists there are private and public-read, by x-amz-acl.')
    return _CANNED[canned]


def private(canned: str, *, required: bool = False) -> None:
    """Raises Refused for an object that is to have another list than its bucket."""
    if asked(canned, required=required):
        raise Refused('NotImplemented', 'Who may read is said of buckets, not of single objects.')


def document(owner: str, read: str) -> bytes:
    """What GetBucketAcl and GetObjectAcl tell, out of Swift's list of who may read."""
    grants = [_grant('CanonicalUser', listing.named(owner), 'FULL_CONTROL')]
    if '.r:*' in [word.strip() for word in read.split(',')]:
        grants.append(_grant('Group', [('URI', _ALL_USERS)], 'READ'))
    return documents.written('AccessControlPolicy', [('Owner', listing.named(owner)), ('AccessControlList', grants)])


def _grant(kind: str, grantee: list[Node], permission: str) -> Node:
    return ('Grant', [(f'Grantee {_XSI}="{kind}"', grantee), ('Permission', permission)])
