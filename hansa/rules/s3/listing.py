"""Listings of buckets as S3 gives them, version 1 and 2, out of rows of Swift.

Source: Amazon S3 API Reference, 'ListObjects', 'ListObjectsV2'.
"""

from __future__ import annotations

import base64
import binascii
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hansa.rules.s3 import documents
from hansa.rules.s3.documents import Node
from hansa.rules.s3.refusal import Refused

MOST = 1000

Row = Mapping[str, Any]


class Wish(msgspec.Struct, frozen=True):
    """What a listing is to have; `after` is the name behind which it begins."""

    second: bool
    prefix: str
    delimiter: str
    most: int
    after: str
    start: str
    token: str
    coded: bool
    owner: bool


class Page(msgspec.Struct, frozen=True):
    """The rows that are shown, and the name of the last where there are more."""

    rows: Sequence[Row]
    last: str


def wish(args: Mapping[str, str]) -> Wish:
    """What the arguments of a request ask for. Raises Refused."""
    second = args.get('list-type', '1') == '2'
    coding = args.get('encoding-type', '')
    if coding not in {'', 'url'}:
        raise Refused('InvalidArgument', 'Invalid Encoding Method specified in Request')
    token, start = args.get('continuation-token', ''), args.get('start-after', '')
    after = (name_of(token) if token else start) if second else args.get('marker', '')
    return Wish(
        second,
        args.get('prefix', ''),
        args.get('delimiter', ''),
        most(args.get('max-keys', '')),
        after,
        start,
        token,
        bool(coding),
        not second or args.get('fetch-owner', '') == 'true',
    )


def most(text: str) -> int:
    """How many rows, of a thousand at most. Raises Refused."""
    if text and not text.isdecimal():
        raise Refused('InvalidArgument', 'Provided max-keys not an integer or within integer range')
    return min(int(text[:9] or MOST), MOST)


def token_of(name: str) -> str:
    """What leads on from a name."""
    return base64.urlsafe_b64encode(name.encode()).decode()


def name_of(token: str) -> str:
    """The name from which a token leads on. Raises Refused."""
    try:
        return base64.b64decode(token, b'-_', validate=True).decode()
    except (binascii.Error, ValueError):
        raise Refused('InvalidArgument', 'The continuation token provided is incorrect') from None


def args(wanted: Wish) -> list[tuple[str, str]]:
    """What Swift is asked: one row more than is wanted, which tells whether there are more."""
    told = [('format', 'json'), ('limit', str(wanted.most + 1))]
    named = (('prefix', wanted.prefix), ('delimiter', wanted.delimiter), ('marker', wanted.after))
    return told + [(name, text) for name, text in named if text]


def page(wanted: Wish, rows: Sequence[Row]) -> Page:
    """The page out of the rows that Swift gave."""
    shown = rows[: wanted.most]
    return Page(shown, _name(shown[-1]) if shown and len(rows) > wanted.most else '')


def document(wanted: Wish, bucket: str, found: Page, owner: str, etags: Mapping[str, str]) -> bytes:
    """The page as XML; `owner` is the project's id, `etags` are those of large objects by name."""
    told = _about(wanted, bucket, found)
    told += _second(wanted, found) if wanted.second else _first(wanted, found)
    told += [('Contents', _object(wanted, row, owner, etags)) for row in found.rows if 'subdir' not in row]
    return documents.written('ListBucketResult', [*told, *_prefixes(wanted, found)])


def versions(wanted: Wish, bucket: str, found: Page, owner: str, etags: Mapping[str, str]) -> bytes:
    """The page as one of versions, of which every object has one, called null."""
    told = _about(wanted, bucket, found)
    told += [('KeyMarker', _coded(wanted, wanted.after)), ('VersionIdMarker', '')]
    if found.last:
        told += [('NextKeyMarker', _coded(wanted, found.last)), ('NextVersionIdMarker', 'null')]
    latest: list[Node] = [('VersionId', 'null'), ('IsLatest', True)]
    told += [('Version', [*latest, *_object(wanted, row, owner, etags)]) for row in found.rows if 'subdir' not in row]
    return documents.written('ListVersionsResult', [*told, *_prefixes(wanted, found)])


def _about(wanted: Wish, bucket: str, found: Page) -> list[Node]:
    told: list[Node] = [('Name', bucket), ('Prefix', _coded(wanted, wanted.prefix)), ('MaxKeys', wanted.most)]
    if wanted.delimiter:
        told.append(('Delimiter', _coded(wanted, wanted.delimiter)))
    if wanted.coded:
        told.append(('EncodingType', 'url'))
    return [*told, ('IsTruncated', bool(found.last))]


def _prefixes(wanted: Wish, found: Page) -> list[Node]:
    return [('CommonPrefixes', [('Prefix', _coded(wanted, str(row['subdir'])))]) for row in found.rows if 'subdir' in row]


def _first(wanted: Wish, found: Page) -> list[Node]:
    told: list[Node] = [('Marker', _coded(wanted, wanted.after))]
    return [*told, ('NextMarker', _coded(wanted, found.last))] if found.last and wanted.delimiter else told


def _second(wanted: Wish, found: Page) -> list[Node]:
    told: list[Node] = [('KeyCount', len(found.rows))]
    if wanted.token:
        told.append(('ContinuationToken', wanted.token))
    if wanted.start:
        told.append(('StartAfter', _coded(wanted, wanted.start)))
    return [*told, ('NextContinuationToken', token_of(found.last))] if found.last else told


def _object(wanted: Wish, row: Row, owner: str, etags: Mapping[str, str]) -> list[Node]:
    name = str(row['name'])
    told: list[Node] = [
        ('Key', _coded(wanted, name)),
        ('LastModified', documents.moment(str(row['last_modified']))),
        ('ETag', etags.get(name) or f'"{row.get("hash", "")}"'),
        ('Size', int(row['bytes'])),
        ('StorageClass', 'STANDARD'),
    ]
    return [*told, ('Owner', named(owner))] if wanted.owner else told


def named(owner: str) -> list[Node]:
    """An owner, who has no other name than his project's id."""
    return [('ID', owner), ('DisplayName', owner)]


def _name(row: Row) -> str:
    return str(row['name'] if 'name' in row else row['subdir'])


def coded(yes: bool, word: str) -> str:
    """A name as the client asked for it: quoted as in a URL, or plain."""
    return urllib.parse.quote(word, safe='/') if yes else word


def _coded(wanted: Wish, word: str) -> str:
    return coded(wanted.coded, word)
