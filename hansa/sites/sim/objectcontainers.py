"""Swift's containers: making and changing them, their metadata and lists of who may, the list of their objects."""

from __future__ import annotations

from hansa.sites.sim import objectaccess, objectaccounts, objectlists, objectversions
from hansa.sites.sim.objectstate import Account, Blob, Container, Row, Store, http_date, iso, stamp, title
from hansa.sites.sim.wire import Answer, Ask, Refused

KEPT = frozenset(
    {'x-container-read', 'x-container-write', 'x-container-sync-key', 'x-container-sync-to'}
)


def answer(ask: Ask, store: Store, account: str, name: str, own: bool) -> Answer:
    """Raises Refused 400, 401, 403, 404, 405, 406, 409 or 412."""
    held = store.accounts.get(account)
    found = held.containers.get(name) if held else None
    if ask.method in ('GET', 'HEAD'):
        readable = found is not None and objectaccess.permits(ask, found.headers.get('x-container-read', ''), whole=True)
        if not own and not readable:
            raise objectaccess.refused(ask)
        return _shown(ask, store, name, found, own)
    if ask.method not in ('PUT', 'POST', 'DELETE'):
        raise Refused(405, '')
    if not own:
        raise objectaccess.refused(ask)
    if ask.method == 'PUT':
        return _put(ask, store, store.accounts.get(account) or Account(ask.state.now()), account, name)
    if held is None or found is None:
        raise Refused(404, '')
    if ask.method == 'DELETE':
        if found.blobs or found.past:
            raise Refused(409, '')
        del held.containers[name]
        return Answer(204)
    changes = _changes(ask, store)
    _versioned(ask, found)
    objectaccounts.change(found.headers, changes)
    return Answer(204)


def _changes(ask: Ask, store: Store) -> dict[str, str]:
    changes = objectaccounts.metadata(ask, store, 'container', KEPT)
    for word in ('bytes', 'count'):
        given = changes.get(f'x-container-meta-quota-{word}', '')
        if given and not given.isdecimal():
            raise Refused(400, f'Invalid {word} quota.')
    changes |= objectversions.locations(ask.headers)
    for header in ('x-container-read', 'x-container-write'):
        if header in changes:
            changes[header] = objectaccess.cleaned(header, changes[header])
    return changes


def _versioned(ask: Ask, found: Container) -> None:
    """Whether it keeps versions from now on. Raises Refused 400."""
    if 'x-versions-enabled' not in ask.headers:
        return
    if found.headers.get('x-versions-location') or found.headers.get('x-history-location'):
        raise Refused(400, 'Cannot enable object versioning on a container that is already using the legacy versioned writes feature.')
    found.enabled = objectaccounts.yes(ask.headers['x-versions-enabled'])


def _put(ask: Ask, store: Store, held: Account, account: str, name: str) -> Answer:
    changes = _changes(ask, store)
    policy = ask.headers.get('x-storage-policy', '')
    if policy and policy.lower() not in [one.lower() for one in store.policies]:
        raise Refused(400, f"Invalid X-Storage-Policy '{policy}'", 'text/plain')
    most = store.limits['max_container_name_length']
    if len(name.encode()) > most:
        raise Refused(400, f'Container name length of {len(name.encode())} longer than {most}')
    found = held.containers.get(name)
    if found is not None and policy and found.policy.lower() != policy.lower():
        raise Refused(409, '')
    kept = found or Container(ask.state.now(), next((one for one in store.policies if one.lower() == policy.lower()), store.policies[0]))
    _versioned(ask, kept)
    kept.changed = ask.state.now()
    objectaccounts.change(kept.headers, changes)
    held.containers[name] = kept
    store.accounts[account] = held
    return Answer(201 if found is None else 202)


def _shown(ask: Ask, store: Store, name: str, found: Container | None, own: bool) -> Answer:
    wanted = objectaccounts.wish(ask, store.limits['container_listing_limit'])
    if found is None:
        raise Refused(404, '')
    headers = {
        'X-Container-Object-Count': str(len(found.blobs)),
        'X-Container-Bytes-Used': str(found.size),
        'X-Timestamp': stamp(found.made),
        'Last-Modified': http_date(found.changed or found.made),
        'Accept-Ranges': 'bytes',
        'X-Storage-Policy': found.policy,
    }
    headers |= {title(key): value for key, value in found.headers.items() if own or key not in objectaccess.OWNERS_ONLY}
    if found.enabled is not None:
        headers['X-Versions-Enabled'] = str(found.enabled)
    if ask.method == 'GET' and found.enabled is not None and any(key == 'versions' for key, _ in ask.query):
        listed = objectversions.listed(ask, found, wanted.limit)
        listed.headers |= headers
        return listed
    rows: list[Row] = [
        {'subdir': text} if subdir else _row(text, found.blobs[text], ask.path.split('/')[2]) for text, subdir in objectlists.page(found.names, wanted)
    ]
    return objectaccounts.listed(ask, rows, headers, 'container', name)


def _row(name: str, blob: Blob, account: str) -> Row:
    row: Row = {
        'bytes': blob.size if blob.segments is not None else len(blob.data),
        'hash': blob.etag,
        'name': name,
        'content_type': blob.media,
        'last_modified': iso(blob.when),
    }
    if target := blob.headers.get('x-symlink-target'):
        row['symlink_path'] = f'/v1/{blob.headers.get("x-symlink-target-account", account)}/{target}'
    return row | ({'slo_etag': f'"{blob.sum}"'} if blob.segments is not None else {})
