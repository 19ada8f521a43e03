"""Documents as they are kept: the bytes as they came, and where PostgreSQL cannot read those as JSON, words beside them that it can."""

from __future__ import annotations

import re

import msgspec

from hansa.model.errors import BadRequest
from hansa.model.resource import Record

# An escaped backslash is as it should be; U+0000 is no text to PostgreSQL.
_ESCAPES = re.compile(r'\\\\|(?P<bad>\\u0000)')


def check(new: Record) -> None:
    """Raises BadRequest for a document that is not JSON: it would spoil every filtered list."""
    try:
        msgspec.json.decode(new.doc, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        raise BadRequest(f'The document of {new.kind} {new.id} at site {new.site} is not JSON: {error}.') from error


def said(doc: bytes) -> str | None:
    """A document with U+FFFD in the place of all that PostgreSQL cannot read; None where it can read it as it is."""
    try:
        text, sound = doc.decode(), True
    except UnicodeDecodeError:
        text, sound = doc.decode('utf-8', 'replace'), False
    other = _ESCAPES.sub(lambda found: '\ufffd' if found['bad'] else found[0], text) if '\\u0000' in text else text
    return None if sound and other == text else other
