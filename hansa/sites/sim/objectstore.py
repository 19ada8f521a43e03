"""Swift: whose account, which container, which object; errors in its own form, and what it says of itself."""

from __future__ import annotations

import http
import urllib.parse

import msgspec

from hansa.sites.sim import identity, objectaccess, objectaccounts, objectcontainers, objectcors, objectfiles, objectweb
from hansa.sites.sim.objectstate import Container, Store
from hansa.sites.sim.wire import Answer, Ask, Refused

REASONS = {
    202: 'The request is accepted for processing.',
    400: 'The server could not comply with the request since it is either malformed or otherwise incorrect.',
    401: 'This server could not verify that you are authorized to access the document you requested.',
    403: 'Access was denied to this resource.',
    404: 'The resource could not be found.',
    405: 'The method is not allowed for this resource.',
    406: 'The resource is not available in a format acceptable to your browser.',
    409: 'There was a conflict when trying to complete your request.',
    411: 'Content-Length header required.',
    412: 'A precondition for this request was not met.',
    413: 'The body of your request was too large for this server.',
    416: 'The Range requested is not available.',
    422: 'Unable to process the contained instructions',
    499: 'The client was disconnected during request.',
    507: 'There was not enough space to save the resource.',
}
_TITLES = {416: 'Requested Range Not Satisfiable', 499: 'Client Disconnect', 413: 'Request Entity Too Large'}
HTML = 'text/html; charset=UTF-8'


def answer(ask: Ask) -> Answer:
    """Everything below /object-store. What `Refused.kind` names is the content type of its message."""
    try:
        done = _answer(ask, ask.state.objects)
    except Refused as refused:
        done = _refusal(ask, refused)
    if done.raw is None and done.status not in (204, 304):
        title = _TITLES.get(done.status) or http.HTTPStatus(done.status).phrase
        reason = REASONS.get(done.status, '')
        done.raw = f'<html><h1>{title}</h1><p>{reason}</p></html>'.encode() if reason else b''
    done.headers = {'Content-Type': HTML} | done.headers
    transaction = f'tx{ask.request_id.removeprefix("req-").replace("-", "")[:21]}-{int(ask.state.now()):010x}'
    done.headers |= {'X-Trans-Id': transaction, 'x-openstack-request-id': transaction}
    return done


def _refusal(ask: Ask, refused: Refused) -> Answer:
    done = Answer(refused.status, raw=refused.message.encode() if refused.message else None)
    if refused.kind:
        done.headers['Content-Type'] = refused.kind
    if refused.status == 401:
        account = urllib.parse.unquote(ask.path).split('/')[2:3]
        done.headers['WWW-Authenticate'] = f'Swift realm="{account[0] if account else "unknown"}"'
    return done


def _answer(ask: Ask, store: Store) -> Answer:
    raw = urllib.parse.unquote_to_bytes(ask.path)
    try:
        path = raw.decode()
    except UnicodeDecodeError:
        raise Refused(412, 'Invalid UTF8 or contains NULL') from None
    if '\0' in path:
        raise Refused(412, 'Invalid UTF8 or contains NULL')
    if path == '/info':
        return Answer(200, raw=msgspec.json.encode(info(store)), headers={'Content-Type': 'application/json; charset=UTF-8'})
    if path == '/healthcheck':
        return Answer(200, raw=b'OK', headers={'Content-Type': 'text/plain'})
    _, version, account, container, name = (path.split('/', 4) + [''] * 4)[:5]
    if not version or (account == '' and container) or (container == '' and name):
        raise Refused(404, '')
    if not account:
        raise Refused(412, 'Bad URL')
    if version not in ('v1', 'v1.0'):
        raise Refused(400, '')
    ask.who = identity.who_is(ask.state, ask.headers.get('x-auth-token', '')) or ask.who
    store.bury(ask.state.now())
    if container:
        return _within(ask, store, account, container, name)
    own = objectaccess.owns(ask, account)
    if not own or (ask.method == 'DELETE' and 'ResellerAdmin' not in ask.who.roles):
        raise objectaccess.refused(ask)
    return objectaccounts.answer(ask, store, account)


def _within(ask: Ask, store: Store, account: str, container: str, name: str) -> Answer:
    """A container or an object of it, for browsers too. Raises Refused."""
    held = store.accounts.get(account)
    found = held.containers.get(container) if held else None
    if ask.method == 'OPTIONS':
        return objectcors.options(ask, found)
    try:
        done = _asked(ask, store, account, container, name, found)
    except Refused as refused:
        done = _refusal(ask, refused)
    objectcors.exposed(ask, found, done)
    return done


def _asked(ask: Ask, store: Store, account: str, container: str, name: str, found: Container | None) -> Answer:
    def read(ask: Ask, object: str) -> Answer:
        return objectfiles.answer(ask, store, account, container, object)

    web = found is not None and objectweb.asked(ask) and not ask.arg('temp_url_sig')
    if name:
        return objectweb.object(ask, found, name, read) if found is not None and web else read(ask, name)
    page = objectweb.container(ask, found, read) if found is not None and web else None
    return page or objectcontainers.answer(ask, store, account, container, objectaccess.owns(ask, account))


def info(store: Store) -> dict[str, object]:
    """What /info tells."""
    policies = [{'name': name, 'aliases': name, **({'default': True} if not at else {})} for at, name in enumerate(store.policies)]
    swift = {
        'version': '2.38.0',
        'policies': policies,
        'allow_account_management': True,
        'account_autocreate': True,
        'allow_open_expired': False,
        'strict_cors_mode': True,
        'valid_api_versions': ['v1', 'v1.0'],
        **store.limits,
    }
    return {
        'swift': swift,
        'container_quotas': {},
        'account_quotas': {},
        'slo': {
            'max_manifest_segments': 1000,
            'max_manifest_size': 8388608,
            'yield_frequency': 10,
            'min_segment_size': 1,
            'allow_async_delete': True,
        },
        'staticweb': {},
        'versioned_writes': {'allowed_flags': ['x-versions-location', 'x-history-location']},
        'object_versioning': {},
        'symlink': {'symloop_max': 2, 'static_links': False},
        'tempurl': {
            'methods': ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
            'incoming_remove_headers': ['x-timestamp', 'x-open-expired'],
            'incoming_allow_headers': [],
            'outgoing_remove_headers': ['x-object-meta-*'],
            'outgoing_allow_headers': ['x-object-meta-public-*'],
            'allowed_digests': sorted(objectaccess.DIGESTS),
        },
    }
