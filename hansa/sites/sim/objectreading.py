"""An object of Swift as it is read: its headers, what the request holds against it, the ranges that were asked for."""

from __future__ import annotations

import email.utils
import hashlib
import math
import re

from hansa.sites.sim import objectmanifests
from hansa.sites.sim.objectstate import Account, Blob, http_date, stamp, title
from hansa.sites.sim.wire import Answer, Ask

_RANGES = re.compile(r'bytes=\s*((?:\d+-\d*|-\d+)(?:\s*,\s*(?:\d+-\d*|-\d+))*)\s*')
_MANY = 50
"""Ranges that one request may ask for."""


def answer(ask: Ask, held: Account, blob: Blob) -> Answer:
    """GET and HEAD. Raises Refused 404 or 409 where a segment is missing or another than it was."""
    data, etag = blob.data, blob.etag
    headers = {title(key): value for key, value in blob.headers.items()}
    headers |= {
        'Content-Type': blob.media,
        'Last-Modified': http_date(blob.when),
        'X-Timestamp': stamp(blob.when),
        'Accept-Ranges': 'bytes',
    }
    plain = ask.arg('multipart-manifest') == 'get'
    if blob.segments is not None:
        headers['X-Static-Large-Object'] = 'True'
        if plain and ask.arg('format') == 'raw':
            data = objectmanifests.raw(blob.segments)
            etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if plain:
            headers['Content-Type'] = 'application/json; charset=utf-8'
        else:
            headers['X-Manifest-Etag'] = etag
            data, etag = objectmanifests.whole(held, blob), f'"{blob.sum}"'
    elif 'x-object-manifest' in blob.headers and not plain:
        data, etag = objectmanifests.joined(held, blob.headers['x-object-manifest'])
        etag = f'"{etag}"'
    headers['Etag'] = etag
    refusal = _against(ask, etag.strip('"'), blob.when)
    if refusal:
        return Answer(refusal, raw=b'', headers=headers)
    return _ranged(ask, data, headers)


def _against(ask: Ask, etag: str, when: float) -> int:
    """304 or 412 where the request's conditions do not hold, else 0."""
    last = math.ceil(when)
    if (tags := _tags(ask, 'if-none-match')) and (etag in tags or '*' in tags):
        return 304
    if (tags := _tags(ask, 'if-match')) and etag not in tags and '*' not in tags:
        return 412
    since, until = _moment(ask, 'if-modified-since'), _moment(ask, 'if-unmodified-since')
    if since is not None and last <= since:
        return 304
    return 412 if until is not None and last > until else 0


def _tags(ask: Ask, header: str) -> set[str]:
    return {tag.strip().removeprefix('W/').strip('"') for tag in ask.headers.get(header, '').split(',') if tag.strip()}


def _moment(ask: Ask, header: str) -> float | None:
    """Epoch seconds of a header; None where it has none that can be read."""
    try:
        return email.utils.parsedate_to_datetime(ask.headers[header]).timestamp()
    except (KeyError, TypeError, ValueError):
        return None


def _ranged(ask: Ask, data: bytes, headers: dict[str, str]) -> Answer:
    """The bytes that were asked for: all, one range, or several as parts."""
    found = _RANGES.fullmatch(ask.headers.get('range', '').strip())
    wanted = [one.strip().split('-') for one in found[1].split(',')] if found else []
    if not wanted or len(wanted) > _MANY or ask.method == 'HEAD':
        return Answer(200, raw=data, headers=headers)
    spans = [span for low, high in wanted if (span := _span(low, high, len(data)))]
    if not spans:
        return Answer(416, headers={**headers, 'Content-Range': f'bytes */{len(data)}', 'Content-Type': 'text/html; charset=UTF-8'})
    if not data:
        return Answer(200, raw=data, headers=headers)
    if len(spans) == 1:
        first, end = spans[0]
        headers['Content-Range'] = f'bytes {first}-{end - 1}/{len(data)}'
        return Answer(206, raw=data[first:end], headers=headers)
    boundary = hashlib.md5(f'{spans}{headers["Etag"]}'.encode(), usedforsecurity=False).hexdigest()
    parts = [
        f'--{boundary}\r\nContent-Type: {headers["Content-Type"]}\r\nContent-Range: bytes {first}-{end - 1}/{len(data)}\r\n\r\n'.encode()
        + data[first:end]
        + b'\r\n'
        for first, end in spans
    ]
    headers['Content-Type'] = f'multipart/byteranges;boundary={boundary}'
    return Answer(206, raw=b''.join([*parts, f'--{boundary}--'.encode()]), headers=headers)


def _span(low: str, high: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None where there are none."""
    if not low:
        return (max(0, size - int(high)), size) if int(high) else None
    if int(low) >= size or (high and int(high) < int(low)):
        return None
    return int(low), min(int(high) + 1, size) if high else size
