"""Swift's objects: putting, reading, changing, removing and copying them."""

from __future__ import annotations

import hashlib
import mimetypes
import urllib.parse

import msgspec

from hansa.sites.sim import objectaccess, objectaccounts, objectmanifests, objectreading, objectversions
from hansa.sites.sim.objectstate import Account, Blob, Container, Store, http_date, title
from hansa.sites.sim.wire import Answer, Ask, Refused

KEPT = frozenset(
    {
        'content-disposition',
        'content-encoding',
        'x-delete-at',
        'x-object-manifest',
        'cache-control',
        'content-language',
        'expires',
        'x-robots-tag',
    }
)
_META = 'x-object-meta-'
_PUBLIC = 'x-object-meta-public-'
_HOPS = 'x-symlink-hops'
LINKS = 2
"""Symbolic links that lead on to each other at most."""

_NOT_COPIED = frozenset({'x-static-large-object', 'x-object-manifest', 'etag', 'content-type', 'x-timestamp', 'content-length'})
PLAIN = 'text/plain'


def answer(ask: Ask, store: Store, account: str, container: str, name: str) -> Answer:
    """Raises Refused 400, 401, 403, 404, 405, 409, 411, 412, 413, 422 or 507."""
    if ask.method == 'COPY':
        return _copy_to(ask, store, account, container, name)
    if ask.method == 'PUT' and ask.headers.get('x-copy-from'):
        return _copy_from(ask, store, account, container, name)
    held = store.accounts.get(account)
    found = held.containers.get(container) if held else None
    signed = objectaccess.signed(ask, held, found, f'/v1/{account}/{container}/{name}')
    acl = 'x-container-read' if ask.method in ('GET', 'HEAD') else 'x-container-write'
    listed = found is not None and objectaccess.permits(ask, found.headers.get(acl, ''), whole=False)
    if not (signed or listed or objectaccess.owns(ask, account)):
        raise objectaccess.refused(ask)
    if ask.method not in ('GET', 'HEAD', 'PUT', 'POST', 'DELETE'):
        raise Refused(405, '')
    if held is None or found is None:
        raise Refused(404, '')
    if any(key == 'version-id' for key, _ in ask.query):
        return objectversions.answer(ask, held, found, name)
    if ask.method == 'PUT':
        return _put(ask, store, held, found, name)
    blob = found.blobs.get(name)
    if ask.method == 'DELETE' and ask.arg('multipart-manifest') == 'delete':
        return objectmanifests.delete(ask, held, container, name)
    if ask.method == 'DELETE':
        return _dropped(ask, held, found, name)
    if blob is None:
        raise Refused(404, '')
    if ask.method == 'POST':
        return _post(ask, store, found, name, blob)
    if 'x-symlink-target' in blob.headers and ask.arg('symlink') != 'get':
        return _followed(ask, store, account, blob, signed)
    done = objectreading.answer(ask, held, blob)
    done.headers |= objectversions.named(found, name, f'/v1/{account}/{container}/{name}')
    if signed and done.status < 300:
        _veiled(ask, name, done)
        done.headers['Expires'] = http_date(objectaccess.expiry(ask.arg('temp_url_expires')))
    return done


def _dropped(ask: Ask, held: Account, within: Container, name: str) -> Answer:
    """Raises Refused 404 or 412."""
    if within.headers.get('x-versions-location') and objectversions.popped(ask, held, within, name):
        return Answer(204)
    if within.headers.get('x-history-location'):
        objectversions.pushed(ask, held, within, name)
    if within.enabled:
        return objectversions.drop(ask, within, name)
    if name not in within.blobs:
        raise Refused(404, '')
    within.drop(name)
    return Answer(204)


def _veiled(ask: Ask, name: str, done: Answer) -> None:
    """What whoever has a signed URL gets: a name to save it under, and no metadata but what is public."""
    done.headers = {key: value for key, value in done.headers.items() if not key.lower().startswith(_META) or key.lower().startswith(_PUBLIC)}
    if 'Content-Disposition' not in done.headers:
        shown = ask.arg('filename') or name.rstrip('/').rpartition('/')[2]
        way = 'inline' if any(key == 'inline' for key, _ in ask.query) else 'attachment'
        plain, coded = urllib.parse.quote(shown, safe=' /'), urllib.parse.quote(shown)
        done.headers['Content-Disposition'] = f'{way}; filename="{plain}"; filename*=UTF-8\'\'{coded}'


def _followed(ask: Ask, store: Store, account: str, blob: Blob, signed: bool) -> Answer:
    """What a symbolic link leads to, at most two links on. Raises Refused 409."""
    hops = int(ask.headers.get(_HOPS, '0')) + 1
    if hops > LINKS:
        raise Refused(409, f'Too many levels of symbolic links, maximum allowed is {LINKS}', PLAIN)
    there = urllib.parse.unquote(blob.headers.get('x-symlink-target-account', '')) or account
    container, target = _place(blob.headers['x-symlink-target'], 'X-Symlink-Target')
    onward = msgspec.structs.replace(ask, headers={**ask.headers, _HOPS: str(hops)}, raw_query='' if signed else ask.raw_query)
    done = answer(onward, store, there, container, target)
    done.headers.setdefault('Content-Location', urllib.parse.quote(f'/v1/{there}/{container}/{target}'))
    return done


def _headers(ask: Ask, store: Store) -> dict[str, str]:
    """What is kept of the headers that came with an object. Raises Refused 400."""
    found = {key: value for key, value in ask.headers.items() if key in KEPT or key.startswith(_META)}
    objectaccounts.check(store, _META, found)
    now = ask.state.now()
    if 'x-delete-after' in ask.headers:
        found['x-delete-at'] = str(int(now) + _number(ask.headers['x-delete-after'], 'X-Delete-After'))
    if 'x-delete-at' in found and _number(found['x-delete-at'], 'X-Delete-At') <= now:
        word = 'X-Delete-After' if 'x-delete-after' in ask.headers else 'X-Delete-At'
        raise Refused(400, f'{word} in past', PLAIN)
    return {key: value for key, value in found.items() if value}


def _number(text: str, header: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Refused(400, f'Non-integer {header}', PLAIN) from None


def _put(ask: Ask, store: Store, held: Account, into: Container, name: str) -> Answer:
    given = ask.headers
    if given.get('if-none-match', '*').strip() != '*':
        raise Refused(400, 'If-None-Match only supports *', PLAIN)
    length = given.get('content-length')
    _room(store, held, into, int(length or 0))
    if length is None and given.get('transfer-encoding', '').lower() != 'chunked':
        raise Refused(411, 'Missing Content-Length header.', PLAIN)
    if max(int(length or 0), len(ask.body)) > store.limits['max_file_size']:
        raise Refused(413, 'Your request is too large.', PLAIN)
    size, most = len(name.encode()), store.limits['max_object_name_length']
    if size > most:
        raise Refused(400, f'Object name length of {size} longer than {most}', PLAIN)
    headers = _headers(ask, store)
    if 'x-object-manifest' in given and not objectmanifests.joins(given['x-object-manifest']):
        raise Refused(400, 'X-Object-Manifest must be in the format container/prefix')
    if 'x-symlink-target' in given:
        container, target = _place(given['x-symlink-target'], 'X-Symlink-Target')
        if ask.body:
            raise Refused(400, 'Symlink requests require a zero byte body', PLAIN)
        if given['x-symlink-target'].startswith('/'):
            raise Refused(412, 'X-Symlink-Target header must be of the form <container name>/<object name>', PLAIN)
        if into is held.containers.get(container) and target == name and 'x-symlink-target-account' not in given:
            raise Refused(400, 'Symlink cannot target itself', PLAIN)
        headers |= {key: given[key] for key in ('x-symlink-target', 'x-symlink-target-account') if key in given}
    if 'if-none-match' in given and name in into.blobs:
        raise Refused(412, '')
    if length is not None and int(length) != len(ask.body):
        raise Refused(499, '')
    media = given.get('content-type') or ('application/symlink' if 'x-symlink-target' in given else '')
    if not media or objectaccounts.yes(given.get('x-detect-content-type', '')):
        media = mimetypes.guess_type(name)[0] or 'application/octet-stream'
    made = Blob(ask.body, '', media, ask.state.now(), headers)
    if ask.arg('multipart-manifest') == 'put':
        made = objectmanifests.manifest(ask, held, made)
    made.etag = hashlib.md5(made.data, usedforsecurity=False).hexdigest()
    told = given.get('etag', '').strip('"').lower()
    if told and told != (made.sum or made.etag):
        raise Refused(422, '')
    if store.used + len(made.data) > store.room:
        raise Refused(507, '')
    objectversions.keep(held, into, name)
    version = objectversions.put(into, name, made)
    return Answer(201, raw=b'', headers={**version, 'Etag': f'"{made.sum}"' if made.sum else made.etag, 'Last-Modified': http_date(made.when)})


def _room(store: Store, held: Account, into: Container, more: int) -> None:
    """Quotas of container and account leave room for it. Raises Refused 413."""
    quota = {word: into.headers.get(f'x-container-meta-quota-{word}', '') for word in ('bytes', 'count')}
    over = quota['bytes'].isdecimal() and into.size + more > int(quota['bytes'])
    over = over or (quota['count'].isdecimal() and len(into.blobs) + 1 > int(quota['count']))
    whole = held.headers.get('x-account-meta-quota-bytes', '')
    if over or (whole.isdecimal() and sum(one.size for one in held.containers.values()) + more > int(whole)):
        raise Refused(413, 'Upload exceeds quota.')


def _post(ask: Ask, store: Store, within: Container, name: str, blob: Blob) -> Answer:
    if 'x-symlink-target' in ask.headers:
        raise Refused(400, 'A PUT request is required to set a symlink target', PLAIN)
    headers = _headers(ask, store)
    within.put(name, msgspec.structs.replace(blob, headers=headers, media=ask.headers.get('content-type') or blob.media, when=ask.state.now()))
    return Answer(202)


# -- copies


def _copy_to(ask: Ask, store: Store, account: str, container: str, name: str) -> Answer:
    """COPY is PUT of the destination, with the object itself as the source."""
    if not ask.headers.get('destination'):
        raise Refused(412, 'Destination header required')
    into, target = _place(ask.headers['destination'], 'Destination')
    headers = {key: value for key, value in ask.headers.items() if not key.startswith('destination')}
    headers |= {'x-copy-from': urllib.parse.quote(f'/{container}/{name}'), 'x-copy-from-account': urllib.parse.quote(account), 'content-length': '0'}
    there = urllib.parse.unquote(ask.headers.get('destination-account', '')) or account
    return _copy_from(msgspec.structs.replace(ask, method='PUT', headers=headers), store, there, into, target)


def _place(value: str, header: str) -> tuple[str, str]:
    container, slash, name = urllib.parse.unquote(value).lstrip('/').partition('/')
    if not (container and slash and name):
        raise Refused(412, f'{header} header must be of the form <container name>/<object name>')
    return container, name


def _copy_from(ask: Ask, store: Store, account: str, container: str, name: str) -> Answer:
    if int(ask.headers.get('content-length', '0')) or ask.body:
        raise Refused(400, 'Copy requests require a zero byte body', PLAIN)
    owner = urllib.parse.unquote(ask.headers.get('x-copy-from-account', '')) or account
    source, original = _place(ask.headers['x-copy-from'], 'X-Copy-From')
    whole = ask.arg('multipart-manifest') != 'get'
    query = ask.raw_query if whole else f'{ask.raw_query}&format=raw'
    asking = {key: value for key, value in ask.headers.items() if not key.startswith('x-copy-from')}
    got = answer(msgspec.structs.replace(ask, method='GET', headers=asking, body=b'', raw_query=query), store, owner, source, original)
    if got.status >= 300:
        return got
    came = {key.lower(): value for key, value in got.headers.items()}
    headers = {} if objectaccounts.yes(ask.headers.get('x-fresh-metadata', '')) else {k: v for k, v in came.items() if k not in _NOT_COPIED}
    headers |= asking
    headers['content-length'] = str(len(got.raw or b''))
    headers['content-type'] = ask.headers.get('content-type') or came['content-type']
    static, dynamic = 'x-static-large-object' in came, 'x-object-manifest' in came
    query = ''
    if not whole and static:
        query = 'multipart-manifest=put'
    if not whole and dynamic:
        headers['x-object-manifest'] = came['x-object-manifest']
    headers.pop('etag', None)
    if got.status == 200 and not static and (not dynamic or not whole):
        headers['etag'] = came['etag']
    sink = msgspec.structs.replace(ask, method='PUT', headers=headers, body=got.raw or b'', raw_query=query)
    done = answer(sink, store, account, container, name)
    if done.status < 300:
        done.headers |= {title(key): value for key, value in headers.items() if key.startswith(_META) or key == 'x-delete-at'}
        done.headers['X-Copied-From-Account'] = urllib.parse.quote(owner)
        done.headers['X-Copied-From'] = urllib.parse.quote(f'{source}/{original}')
        done.headers['X-Copied-From-Last-Modified'] = came['last-modified']
    return done
