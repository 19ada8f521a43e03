"""What a client wants of an object: conditions that it holds against it, and which of its bytes.

Source: RFC 9110, 13 'Conditional Requests' and 14 'Range Requests', as Swift takes them.
"""

from __future__ import annotations

import email.utils
import math
import re
from collections.abc import Mapping

_RANGES = re.compile(r'bytes=\s*((?:\d{1,18}-\d{0,18}|-\d{1,18})(?:\s*,\s*(?:\d{1,18}-\d{0,18}|-\d{1,18}))*)\s*')
_MANY = 50
"""Ranges that one request may ask for; what asks for more is answered as a whole, as Swift does."""

Span = tuple[int, int]
"""First byte and the one after the last."""


def refusal(headers: Mapping[str, str], etag: str, modified: float) -> int:
    """304 or 412 where conditions in a request (names in lower case) do not hold for an object, else 0; `modified` in seconds since the epoch."""
    last = math.ceil(modified)
    if (tags := _tags(headers.get('if-match', ''))) and etag not in tags and '*' not in tags:
        return 412
    until = _moment(headers, 'if-unmodified-since')
    if until is not None and last > until:
        return 412
    if (tags := _tags(headers.get('if-none-match', ''))) and (etag in tags or '*' in tags):
        return 304
    since = _moment(headers, 'if-modified-since')
    return 304 if since is not None and last <= since else 0


def spans(header: str, length: int) -> list[Span] | None:
    """The bytes that a Range asks for; none where the object has none of them, None where all of it is to be sent."""
    found = _RANGES.fullmatch(header.strip())
    wanted = [one.strip().split('-') for one in found[1].split(',')] if found else []
    if not wanted or len(wanted) > _MANY:
        return None
    made = [span for low, high in wanted if (span := _span(low, high, length))]
    return None if made and not length else made


def _span(low: str, high: str, length: int) -> Span | None:
    if not low:
        return (max(0, length - int(high)), length) if int(high) else None
    if int(low) >= length or (high and int(high) < int(low)):
        return None
    return int(low), min(int(high) + 1, length) if high else length


def parts(spans: list[Span], media: str, length: int, boundary: str) -> tuple[list[bytes], bytes, int]:
    """Several ranges as one body: what goes before each, what goes behind the last, and how long all is."""
    heads = [
        f'--{boundary}\r\nContent-Type: {media}\r\nContent-Range: bytes {first}-{end - 1}/{length}\r\n\r\n'.encode() for first, end in spans
    ]
    tail = f'--{boundary}--'.encode()
    return heads, tail, sum(len(head) + end - first + 2 for head, (first, end) in zip(heads, spans, strict=True)) + len(tail)


def _tags(value: str) -> set[str]:
    return {tag.strip().removeprefix('W/').strip('"') for tag in value.split(',') if tag.strip()}


def _moment(headers: Mapping[str, str], name: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(headers[name]).timestamp()
    except (KeyError, TypeError, ValueError):
        return None
