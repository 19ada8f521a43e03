"""How a listing is asked for and how it is written: limits, plain text, JSON and XML, as Swift does.

Source: Object Storage API reference v1, 'Show account details and list containers', 'Show container details and list objects'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

from hansa.model.errors import BadRequest, NotAcceptable, PreconditionFailed
from hansa.rules.containers.merging import Query, Row

Media = Literal['text/plain', 'application/json', 'application/xml', 'text/xml']

OFFERED: tuple[Media, ...] = ('text/plain', 'application/json', 'application/xml', 'text/xml')
_WORDS: dict[str, Media] = {'plain': 'text/plain', 'json': 'application/json', 'xml': 'application/xml'}
_RANGE = re.compile(r'\s*([^()<>@,;:"/\[\]?={}\s]+)/([^()<>@,;:"/\[\]?={}\s]+)\s*((?:;\s*[^;,=]+=\s*(?:"[^"]*"|[^;,"]*))*)\s*')
_FIELDS = {
    'account': ('container', ('name', 'count', 'bytes', 'last_modified')),
    'container': ('object', ('name', 'hash', 'bytes', 'content_type', 'last_modified')),
}
_TRUE = frozenset({'true', '1', 'yes', 'on', 't', 'y'})


def query(args: Mapping[str, str], most: int) -> Query:
    """What the arguments of a request ask for; `most` is the smallest limit of a listing among the sites.

    `path=P` asks for what lies directly below P and is not answered here: its rows come from the sites as they are.
    Raises PreconditionFailed for a limit over `most`; one that is no number asks for `most`.
    """
    given = args.get('limit', '')
    limit = int(given) if given.isdecimal() else most
    if limit > most:
        raise PreconditionFailed(f'Maximum limit is {most}')
    marker, end_marker, prefix, delimiter = [args.get(name, '') for name in ('marker', 'end_marker', 'prefix', 'delimiter')]
    return Query(limit, marker, end_marker, prefix, delimiter, args.get('reverse', '').lower() in _TRUE)


def args(asked: Query, limit: int = 0) -> list[tuple[str, str]]:
    """The arguments that ask a site for the same as JSON, for `limit` rows (0: as many as the query has)."""
    told = [(name, getattr(asked, name)) for name in ('marker', 'end_marker', 'prefix', 'delimiter')]
    made = [('format', 'json'), ('limit', str(limit or asked.limit)), *((name, text) for name, text in told if text)]
    return [*made, ('reverse', 'true')] if asked.reverse else made


def media(format: str, accept: str) -> Media:
    """In which form to answer, by the argument `format` and, without one, the header Accept.

    Raises BadRequest for a header that cannot be read, NotAcceptable where it wants none of ours.
    """
    if format:
        return _WORDS.get(format.lower(), 'text/plain')
    if not accept.strip():
        return OFFERED[0]
    for kind, part in _ranges(accept):
        for one in OFFERED:
            if kind in ('*', one.partition('/')[0]) and part in ('*', one.partition('/')[2]):
                return one
    raise NotAcceptable(f'A listing is text/plain, application/json or application/xml, not {accept}.')


def _ranges(accept: str) -> list[tuple[str, str]]:
    """The best first: by quality, then whole names before patterns, then as they stand."""
    found = []
    for text in accept.split(','):
        match = _RANGE.fullmatch(text)
        if match is None:
            raise BadRequest('Invalid Accept header')
        kind, part, given = match.groups()
        quality = re.search(r';\s*q\s*=\s*([^;\s]*)', given)
        try:
            weight = float(quality[1]) if quality else 1.0
        except ValueError:
            raise BadRequest('Invalid Accept header') from None
        found.append((weight, '*' not in (kind, part), (kind, part)))
    return [names for _, _, names in sorted(found, key=lambda one: one[:2], reverse=True)]


def render(rows: Sequence[Row], form: Media, what: Literal['account', 'container'], name: str) -> tuple[int, bytes]:
    """Status and body of a listing of the account or container of that name: 204 where the body is empty."""
    if form == 'application/json':
        return 200, msgspec.json.encode(rows)
    if form == 'text/plain':
        body = ''.join(f'{row["name"] if "name" in row else row["subdir"]}\n' for row in rows).encode()
        return 200 if body else 204, body
    return 200, _xml(rows, what, name)


def _xml(rows: Iterable[Row], what: Literal['account', 'container'], name: str) -> bytes:
    root = Element(what, name=name)
    if what == 'account':
        root.text = '\n'
    tag, fields = _FIELDS[what]
    for row in rows:
        if 'subdir' in row:
            entry = SubElement(root, 'subdir', name=row['subdir'])
            told: list[tuple[str, str]] = [('name', row['subdir'])] if what == 'container' else []
        else:
            entry = SubElement(root, tag)
            told = [(field, str(row.get(field, ''))) for field in fields]
            if what == 'account' and 'storage_policy' in row:
                told.append(('storage_policy', str(row['storage_policy'])))
        for field, text in told:
            SubElement(entry, field).text = text
        if what == 'account':
            entry.tail = '\n'
    body: bytes = tostring(root, encoding='utf-8')
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body
