"""Uploads in parts: where the parts lie, what the whole is made of, and its ETag.

Parts lie in `BUCKET+segments` under `KEY/UPLOAD/NUMBER` and the upload itself under `KEY/UPLOAD`, as with Swift's own S3 door.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hansa.rules.s3 import names
from hansa.rules.s3.refusal import Refused

SMALLEST = 5 << 20
"""Bytes of each part but the last."""

MOST = 10_000
UPLOAD = 'x-object-meta-hansa-s3-upload'

_UPLOAD = re.compile(r'[A-Za-z0-9_-]{16,128}')
_MD5 = re.compile(r'[0-9a-f]{32}')
_PART = re.compile(r'[1-9][0-9]{0,4}')


class Part(msgspec.Struct, frozen=True):
    """`etag` is 32 hex digits, `modified` as Swift's listing has it."""

    number: int
    etag: str
    size: int
    modified: str


def upload_id(text: str) -> str:
    """Raises Refused for what no upload can be called."""
    if not _UPLOAD.fullmatch(text):
        raise no_upload()
    return text


def number(text: str, most: int) -> int:
    """A part's number, 1 to `most`. Raises Refused."""
    if not _PART.fullmatch(text) or int(text) > most:
        raise Refused('InvalidArgument', f'Part number must be an integer between 1 and {most}, inclusive')
    return int(text)


def after(text: str) -> int:
    """The number behind which a list of parts begins; 0 for its beginning. Raises Refused."""
    if text and not text.isdecimal():
        raise Refused('InvalidArgument', 'The part-number-marker must be a number.')
    return int(text[:9] or 0)


def span(sizes: Sequence[int], wanted: int) -> str:
    """First and last byte of one part of an object, `FIRST-LAST`. Raises Refused."""
    if not 1 <= wanted <= len(sizes):
        raise Refused('InvalidPartNumber', 'The requested partnumber is not satisfiable')
    first = sum(sizes[: wanted - 1])
    return f'{first}-{first + sizes[wanted - 1] - 1}'


def no_upload() -> Refused:
    """What is said of an upload that is not there."""
    return Refused('NoSuchUpload', 'The specified multipart upload does not exist. The upload ID might be invalid, or it might have been aborted or completed.')


def parts(rows: Sequence[Mapping[str, Any]], prefix: str) -> list[Part]:
    """The parts of an upload by number, out of the listing of what is under `prefix` (`KEY/UPLOAD/`)."""
    found = [
        Part(int(name), str(row['hash']), int(row['bytes']), str(row['last_modified']))
        for row in rows
        if _PART.fullmatch(name := str(row.get('name', '')).removeprefix(prefix))
    ]
    return sorted(found, key=lambda part: part.number)


def uploads(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Key, id and time of each upload, by key and id, out of a listing of the container of segments."""
    found = []
    for row in rows:
        key, slash, last = str(row.get('name', '')).rpartition('/')
        if slash and _UPLOAD.fullmatch(last) and not _PART.fullmatch(last):
            found.append((key, last, str(row['last_modified'])))
    return sorted(found)


def chosen(wanted: Sequence[tuple[int, str]], there: Sequence[Part]) -> list[Part]:
    """The parts that the whole is to be made of; `wanted` are numbers and ETags as the client has them. Raises Refused."""
    if not wanted:
        raise Refused('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema.')
    if [each for each, _ in wanted] != sorted({each for each, _ in wanted}):
        raise Refused('InvalidPartOrder', 'The list of parts was not in ascending order. Parts must be ordered by part number.')
    known = {part.number: part for part in there}
    found = []
    for each, etag in wanted:
        part = known.get(each)
        if part is None or part.etag != etag.strip('"'):
            raise Refused('InvalidPart', f'Part {each} could not be found, or its ETag is another one.')
        found.append(part)
    if any(part.size < SMALLEST for part in found[:-1]):
        raise Refused('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size.')
    return found


def etag(found: Sequence[str]) -> str:
    """The ETag of the whole: the MD5 of the parts' MD5s, and how many there are. Raises Refused where a part has none."""
    if not all(_MD5.fullmatch(part) for part in found):
        raise Refused('InvalidPart', 'A part has no MD5.')
    digest = hashlib.md5(b''.join(map(bytes.fromhex, found)), usedforsecurity=False).hexdigest()
    return f'{digest}-{len(found)}'


def manifest(bucket: str, prefix: str, found: Sequence[Part]) -> bytes:
    """What Swift is told of the parts. An empty last one is left out, as Swift takes none that is empty."""
    rows = [
        {'path': f'/{bucket}{names.SEGMENTS}/{prefix}{part.number}', 'etag': part.etag, 'size_bytes': part.size} for part in found if part.size
    ]
    return msgspec.json.encode(rows)
