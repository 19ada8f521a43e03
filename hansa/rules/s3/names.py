"""Names of buckets, keys and metadata in S3's words and in Swift's."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterable, Mapping

from hansa.rules.s3.refusal import Refused

SEGMENTS = '+segments'
"""The container of a bucket's parts, where Swift's own S3 door has them too."""

_BUCKET = re.compile(r'[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]')
_ADDRESS = re.compile(r'\d+\.\d+\.\d+\.\d+')
_LONGEST = 1024
_META = 2048
_AMZ = 'x-amz-meta-'
_SWIFT = 'x-object-meta-'
_OURS = 'x-object-meta-hansa-'
_PLAIN = ('content-type', 'content-encoding', 'content-disposition', 'content-language', 'cache-control', 'expires')


def may_be_made(bucket: str) -> bool:
    """Whether S3 lets a bucket have this name; containers of other names are there for whoever knows them."""
    return bool(_BUCKET.fullmatch(bucket)) and '..' not in bucket and not _ADDRESS.fullmatch(bucket)


def word(raw: str) -> str:
    """A bucket or key out of a path, decoded. Raises Refused."""
    try:
        found = urllib.parse.unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        found = '\0'
    return checked(found)


def checked(found: str) -> str:
    """A bucket or key that can be one. Raises Refused."""
    if '\0' in found:
        raise Refused('InvalidURI', 'The path is not UTF-8, or has a NUL in it.')
    if len(found.encode()) > _LONGEST:
        raise Refused('KeyTooLongError', f'Your key is too long; it may have {_LONGEST} bytes.')
    return found


def sayable(value: str) -> bool:
    """Whether a header can have this value."""
    return not any(sign < ' ' or sign > '\xff' or sign == '\x7f' for sign in value)


def source(header: str) -> tuple[str, str]:
    """Bucket and key of x-amz-copy-source. Raises Refused."""
    path, _, args = header.partition('?')
    version = urllib.parse.parse_qs(args).get('versionId', ['null'])[0]
    if version != 'null':
        raise Refused('NotImplemented', 'There are no versions of objects here.')
    bucket, _, key = word(path).lstrip('/').partition('/')
    if not bucket or not key:
        raise Refused('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey')
    return bucket, key


def kept(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a client wants kept with an object, as Swift keeps it. Raises Refused."""
    meta = [(name.removeprefix(_AMZ), value) for name, value in headers.items() if name.startswith(_AMZ)]
    if sum(len(name) + len(value) for name, value in meta) > _META:
        raise Refused('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size.')
    told = [(f'{_SWIFT}{_outward(name)}', value) for name, value in meta]
    told += [(name, headers[name]) for name in _PLAIN if name in headers and name != 'content-encoding']
    coding = ','.join(each for each in _words(headers.get('content-encoding', '')) if each != 'aws-chunked')
    return [*told, ('content-encoding', coding)] if coding else told


def told(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same in S3's words, out of Swift's headers of an object."""
    found = []
    for name, value in headers:
        lower = name.lower()
        if lower.startswith(_SWIFT) and not lower.startswith(_OURS):
            found.append((f'{_AMZ}{_inward(lower.removeprefix(_SWIFT))}', value))
        elif lower in _PLAIN:
            found.append((name, value))
    return found


def _words(value: str) -> list[str]:
    return [each.strip() for each in value.split(',') if each.strip()]


def _outward(name: str) -> str:
    """HTTP servers take '_' for '-', so that it does not reach a site as it is."""
    return name.replace('%', '%25').replace('_', '%5f')


def _inward(name: str) -> str:
    return name.replace('%5f', '_').replace('%25', '%')
