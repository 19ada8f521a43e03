"""Older versions of objects in a simulated Swift: in a container that another one names, or kept with their own container.

Source: Swift's versioned_writes middleware, 'Object Versioning' and 'Versioned Writes'.
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.parse

import msgspec

from hansa.sites.sim import objectreading
from hansa.sites.sim.objectstate import Account, Blob, Container, Row, iso, stamp
from hansa.sites.sim.wire import Answer, Ask, Refused

MARKER = 'application/x-deleted;swift_versions_deleted=1'
_STACK, _HISTORY = 'x-versions-location', 'x-history-location'
_EMPTY = hashlib.md5(b'', usedforsecurity=False).hexdigest()
_ID = re.compile(r'\d{10}\.\d{5}')
_STEP = 0.00001


def locations(given: dict[str, str]) -> dict[str, str]:
    """What a request changes of where older versions go. Raises Refused 400 or 412."""
    if given.get(_STACK) and given.get(_HISTORY):
        raise Refused(400, 'Only one of X-Versions-Location or X-History-Location may be specified', 'text/plain')
    for mine, other in ((_STACK, _HISTORY), (_HISTORY, _STACK)):
        if given.get(mine):
            if '/' in urllib.parse.unquote(given[mine]):
                raise Refused(412, 'Container name cannot contain slashes')
            return {mine: given[mine], other: ''}
    gone = any(given.get(f'x-remove-{name[2:]}') or given.get(name) == '' for name in (_STACK, _HISTORY))
    return {_STACK: '', _HISTORY: ''} if gone else {}


# -- in a container that is named


def keep(held: Account, within: Container, name: str) -> None:
    """Before an object is written over. Raises Refused 412 where there is no such container."""
    place = within.headers.get(_STACK) or within.headers.get(_HISTORY)
    if place and name in within.blobs:
        _shelve(_there(held, place), name, within.blobs[name])


def pushed(ask: Ask, held: Account, within: Container, name: str) -> None:
    """Before an object goes whose history is kept. Raises Refused 412."""
    keep(held, within, name)
    _shelve(_there(held, within.headers[_HISTORY]), name, Blob(b'', _EMPTY, MARKER, ask.state.now()))


def popped(ask: Ask, held: Account, within: Container, name: str) -> bool:
    """Whether an older version took the place of an object that was to go."""
    past = held.containers.get(urllib.parse.unquote(within.headers[_STACK]))
    older = [one for one in past.names if one.startswith(_prefix(name))][::-1] if past is not None else []
    if past is None or not older or (past.blobs[older[0]].media == MARKER and name in within.blobs):
        return False
    if past.blobs[older[0]].media == MARKER:
        past.drop(older.pop(0))
        if not older or past.blobs[older[0]].media == MARKER:
            return True
    within.put(name, msgspec.structs.replace(past.blobs[older[0]], when=ask.state.now()))
    past.drop(older[0])
    return True


def _shelve(past: Container, name: str, blob: Blob) -> None:
    when = blob.when
    while _prefix(name) + stamp(when) in past.blobs:
        when += _STEP
    past.put(_prefix(name) + stamp(when), blob)


def _there(held: Account, place: str) -> Container:
    found = held.containers.get(urllib.parse.unquote(place))
    if found is None:
        raise Refused(412, '')
    return found


def _prefix(name: str) -> str:
    return f'{len(name.encode()):03x}{name}/'


# -- with the container


def put(within: Container, name: str, made: Blob) -> dict[str, str]:
    """Put an object; the headers that tell of its version."""
    if not within.enabled:
        within.put(name, made)
        within.current.pop(name, None)
        return {}
    _null(within, name)
    id = _fresh(within, name, made.when)
    within.past.setdefault(name, {})[id] = made
    within.put(name, made)
    within.current[name] = id
    return {'X-Object-Version-Id': id}


def drop(ask: Ask, within: Container, name: str) -> Answer:
    """Delete an object of a container that keeps versions: what was there stays among them."""
    _null(within, name)
    id = _fresh(within, name, ask.state.now())
    within.past.setdefault(name, {})[id] = Blob(b'', _EMPTY, MARKER, ask.state.now())
    there = name in within.blobs
    if there:
        within.drop(name)
    return Answer(204 if there else 404, headers={'X-Object-Version-Id': id})


def named(within: Container, name: str, path: str) -> dict[str, str]:
    """The headers that tell which version it is that one reads."""
    if within.enabled is None:
        return {}
    id = within.current.get(name, 'null')
    return {'X-Object-Version-Id': id} | ({'Content-Location': f'{urllib.parse.quote(path)}?version-id={id}'} if id != 'null' else {})


def answer(ask: Ask, held: Account, within: Container, name: str) -> Answer:
    """What is asked of one version. Raises Refused 400 or 404."""
    id = ask.arg('version-id')
    if ask.method == 'POST':
        raise Refused(400, 'POST to a specific version is not allowed')
    if within.enabled is None and id != 'null':
        raise Refused(400, 'version-aware operations require that the container is versioned')
    if id != 'null' and not _ID.fullmatch(id):
        raise Refused(400, 'Invalid version parameter')
    past = within.past.get(name, {})
    if ask.method == 'PUT':
        return _link(ask, within, name, id)
    if ask.method == 'DELETE':
        return _drop(within, name, id)
    blob = past.get(id) if id != 'null' else within.blobs.get(name) if name not in within.current else None
    if blob is None:
        raise Refused(404, '')
    told = {'X-Object-Version-Id': id}
    if blob.media == MARKER:
        return Answer(404, headers={**told, 'Content-Type': MARKER})
    done = objectreading.answer(ask, held, blob)
    done.headers |= told
    return done


def _link(ask: Ask, within: Container, name: str, id: str) -> Answer:
    if ask.body or id == 'null':
        raise Refused(400, 'PUT version-id requests require a zero byte body', 'text/plain')
    blob = within.past.get(name, {}).get(id)
    if blob is None:
        raise Refused(404, 'The specified version does not exist', 'text/plain')
    within.put(name, blob)
    within.current[name] = id
    return Answer(201, raw=b'', headers={'Etag': blob.etag, 'X-Object-Version-Id': id})


def _drop(within: Container, name: str, id: str) -> Answer:
    if id == 'null':
        if name not in within.blobs:
            raise Refused(404, '')
        within.drop(name)
        return Answer(204)
    known = within.past.get(name, {}).pop(id, None)
    if within.current.get(name) == id:
        within.drop(name)
    if not within.past.get(name):
        within.past.pop(name, None)
    told = {'X-Object-Version-Id': id, 'X-Object-Current-Version-Id': within.current.get(name, 'null')}
    return Answer(404 if known is None else 204, headers=told)


def listed(ask: Ask, within: Container, most: int) -> Answer:
    """All versions, of each object the newest first."""
    prefix, marker = ask.arg('prefix'), ask.arg('marker')
    limit = int(ask.arg('limit')) if ask.arg('limit').isdecimal() else most
    rows = [row for name in sorted({*within.past, *within.blobs}) if name.startswith(prefix) and name > marker for row in _rows(within, name)]
    return Answer(200, raw=json.dumps(rows[:limit]).encode(), headers={'Content-Type': 'application/json; charset=utf-8'})


def _rows(within: Container, name: str) -> list[Row]:
    rows: list[Row] = []
    latest = name in within.blobs and name not in within.current
    if latest:
        rows.append(_row(name, 'null', within.blobs[name]) | {'is_latest': True})
    for id, blob in sorted(within.past.get(name, {}).items(), reverse=True):
        now = within.current.get(name) == id or (blob.media == MARKER and name not in within.blobs and not latest)
        latest = latest or now
        rows.append(_row(name, id, blob) | {'is_latest': now})
    return rows


def _row(name: str, id: str, blob: Blob) -> Row:
    row: Row = {'bytes': blob.size if blob.segments is not None else len(blob.data), 'hash': blob.etag, 'name': name}
    return row | {'content_type': blob.media, 'last_modified': iso(blob.when), 'version_id': id}


def _null(within: Container, name: str) -> None:
    """What was put before versions were kept becomes one."""
    if name in within.blobs and name not in within.current:
        within.past.setdefault(name, {})[_fresh(within, name, within.blobs[name].when)] = within.blobs[name]


def _fresh(within: Container, name: str, when: float) -> str:
    while stamp(when) in within.past.get(name, {}):
        when += _STEP
    return stamp(when)
