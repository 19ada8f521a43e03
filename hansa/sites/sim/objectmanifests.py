"""Large objects of Swift: static ones, whose manifest names every segment, and dynamic ones, which are whatever has a prefix."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import urllib.parse

import msgspec

from hansa.sites.sim.objectstate import Account, Blob, Row, iso
from hansa.sites.sim.wire import Answer, Ask, Refused

PLAIN = 'text/plain'
_DEPTH = 10
_MOST = 1000
_KEYS = frozenset({'path', 'etag', 'size_bytes', 'range'})
_RANGE = re.compile(r'(\d*)-(\d*)')


def joins(value: str) -> tuple[str, str] | None:
    """Container and prefix of a header X-Object-Manifest; None where it has another form."""
    container, slash, prefix = urllib.parse.unquote(value).lstrip('/').partition('/')
    return (container, prefix) if container and slash and prefix and '?' not in value and '&' not in value else None


def joined(held: Account, value: str) -> tuple[bytes, str]:
    """Bytes and ETag of what a dynamic large object is now. Raises Refused 404."""
    container, prefix = joins(value) or ('', '')
    if container not in held.containers:
        raise Refused(404, '')
    within = held.containers[container]
    parts = [within.blobs[name] for name in within.names if name.startswith(prefix)]
    etag = hashlib.md5(''.join(part.etag for part in parts).encode(), usedforsecurity=False).hexdigest()
    return b''.join(part.data for part in parts), etag


def manifest(ask: Ask, held: Account, made: Blob) -> Blob:
    """The static large object that the body of PUT describes. Raises Refused 400 or 413, naming every segment that is wrong."""
    given = _listed(ask.body)
    rows, sums, size, problems = [], '', 0, []
    for number, one in enumerate(given):
        if 'data' in one:
            raw = base64.b64decode(one['data'])
            rows.append({'data': one['data']})
            sums += hashlib.md5(raw, usedforsecurity=False).hexdigest()
            size += len(raw)
            continue
        blob = _segment(held, one['path'])
        if blob is None:
            problems.append((urllib.parse.quote(one['path']), '404 Not Found'))
            continue
        row, length, wrong = _row(one, blob, last=number == len(given) - 1)
        problems += [(urllib.parse.quote(one['path']), why) for why in wrong]
        rows.append(row)
        sums += f'{row["hash"]}:{row["range"]};' if 'range' in row else str(row['hash'])
        size += length
    if problems:
        raise _refusal(ask, problems)
    total = hashlib.md5(sums.encode(), usedforsecurity=False).hexdigest()
    return msgspec.structs.replace(made, data=json.dumps(rows).encode(), segments=rows, size=size, sum=total)


def _listed(body: bytes) -> list[Row]:
    """Raises Refused 400 or 413."""
    try:
        given = json.loads(body)
    except ValueError:
        raise Refused(400, 'Manifest must be valid JSON.\n') from None
    if not isinstance(given, list):
        raise Refused(400, 'Manifest must be a list.\n')
    errors = [f'Index {number}: {why}' for number, one in enumerate(given) if (why := _wrong(one, number == len(given) - 1))]
    if given and all(isinstance(one, dict) and 'data' in one for one in given):
        errors.append('Inline data segments require at least one object-backed segment.')
    if errors:
        raise Refused(400, ''.join(f'{error}\n' for error in errors), PLAIN)
    if len(given) > _MOST:
        raise Refused(413, f'Number of object-backed segments must be <= {_MOST}')
    return given


def _wrong(one: object, last: bool) -> str:
    """What is wrong with an entry by its form alone; '' for nothing."""
    if not isinstance(one, dict):
        return 'not a JSON object'
    if 'path' not in one and 'data' not in one:
        return "expected keys to include one of b'path' or b'data'"
    extra = sorted(set(one) - (_KEYS if 'path' in one else {'data'}))
    if extra:
        return f'extraneous keys {", ".join(json.dumps(key) for key in extra)}'
    if 'data' in one:
        try:
            return '' if base64.b64decode(str(one['data']), validate=True) else 'too small; each segment must be at least 1 byte.'
        except binascii.Error:
            return 'data must be valid base64'
    if '/' not in str(one['path']).strip('/'):
        return 'path does not refer to an object. Path must be of the form /container/object.'
    if one.get('size_bytes') is not None:
        if not str(one['size_bytes']).lstrip('-').isdecimal():
            return 'invalid size_bytes'
        if int(one['size_bytes']) < 1 and not last:
            return 'too small; each segment must be at least 1 byte.'
    return '' if not one.get('range') or _RANGE.fullmatch(str(one['range'])) else 'invalid range'


def _row(one: Row, blob: Blob, last: bool) -> tuple[Row, int, list[str]]:
    """The manifest's row of a segment, how many bytes it gives, and what is wrong with it."""
    total, etag = (blob.size, blob.sum) if blob.segments is not None else (len(blob.data), blob.etag)
    row: Row = {
        'name': '/' + one['path'].lstrip('/'),
        'bytes': total,
        'hash': etag,
        'content_type': blob.media.partition(';')[0],
        'last_modified': iso(blob.when),
    }
    length, wrong = total, []
    if one.get('range'):
        low, high = str(one['range']).split('-')
        first, end = (int(low), min(int(high) + 1, total) if high else total) if low else (max(0, total - int(high or 0)), total)
        if first >= end:
            wrong.append('Unsatisfiable Range')
        elif (first, end) != (0, total):
            row['range'] = f'{first}-{end - 1}'
            length = end - first
    if blob.segments is not None:
        row['sub_slo'] = True
    if length < 1 and not last:
        wrong.append('Too small; each segment must be at least 1 byte.')
    if one.get('size_bytes') is not None and int(one['size_bytes']) != total:
        wrong.append('Size Mismatch')
    if one.get('etag') is not None and one['etag'] != etag:
        wrong.append('Etag Mismatch')
    return row, length, wrong


def _segment(held: Account, path: str) -> Blob | None:
    container, _, name = path.lstrip('/').partition('/')
    within = held.containers.get(container)
    return within.blobs.get(name) if within else None


def _refusal(ask: Ask, problems: list[tuple[str, str]]) -> Refused:
    if 'json' in ask.headers.get('accept', ''):
        return Refused(400, json.dumps({'Errors': [list(one) for one in problems]}), 'application/json')
    return Refused(400, 'Errors:\n' + ''.join(f'{name}, {why}\n' for name, why in problems), PLAIN)


def raw(segments: list[Row]) -> bytes:
    """The manifest in the form in which it may be put again."""
    shown = [
        one
        if 'data' in one
        else {'path': one['name'], 'size_bytes': str(one['bytes']), 'etag': one['hash'], **({'range': one['range']} if 'range' in one else {})}
        for one in segments
    ]
    return json.dumps(shown, sort_keys=True).encode()


def whole(held: Account, blob: Blob, depth: int = 0) -> bytes:
    """The bytes of a static large object. Raises Refused 409 where a segment is missing or another than it was."""
    parts = []
    for row in blob.segments or ():
        if 'data' in row:
            parts.append(base64.b64decode(row['data']))
            continue
        found = _segment(held, row['name'])
        if found is None or depth > _DEPTH or (found.sum or found.etag) != row['hash']:
            raise Refused(409, '')
        data = whole(held, found, depth + 1) if found.segments is not None else found.data
        first, _, last = row.get('range', '').partition('-')
        parts.append(data[int(first) : int(last) + 1] if first else data)
    return b''.join(parts)


def delete(ask: Ask, held: Account, container: str, name: str) -> Answer:
    """DELETE of a static large object with all its segments; the answer is 200 and tells how many went."""
    paths = _below(held, f'/{container}/{name}', 0)
    gone = missing = 0
    errors: list[tuple[str, str]] = []
    top = _segment(held, paths[-1])
    if top is not None and top.segments is None:
        errors.append((urllib.parse.quote(paths[-1]), 'Not an SLO manifest'))
        paths = []
    for path in paths:
        within, _, child = path.lstrip('/').partition('/')
        if _segment(held, path) is None:
            missing += 1
        else:
            held.containers[within].drop(child)
            gone += 1
    status = '400 Bad Request' if errors else '200 OK' if gone else '404 Not Found'
    told = {'Number Deleted': gone, 'Number Not Found': missing, 'Response Body': '', 'Response Status': status}
    if 'json' in ask.headers.get('accept', ''):
        return Answer(200, raw=json.dumps({**told, 'Errors': [list(one) for one in errors]}).encode(), headers={'Content-Type': 'application/json'})
    lines = [f'{key}: {value}\n' for key, value in told.items()] + ['Errors:\n'] + [f'{path}, {why}\n' for path, why in errors]
    return Answer(200, raw=''.join(lines).encode(), headers={'Content-Type': PLAIN})


def _below(held: Account, path: str, depth: int) -> list[str]:
    """Every object that a manifest is made of, itself last."""
    found = _segment(held, path)
    rows = found.segments if found is not None and found.segments is not None and depth <= _DEPTH else []
    inner = [deeper for row in rows if 'name' in row for deeper in _below(held, row['name'], depth + 1)]
    return [*dict.fromkeys(inner), path]
