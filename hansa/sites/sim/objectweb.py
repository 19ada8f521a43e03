"""Containers of a simulated Swift as web sites: index pages, listings for eyes, pages for errors; for who comes without a token.

Source: Swift's staticweb middleware.
"""

from __future__ import annotations

import html
import urllib.parse
from collections.abc import Callable

import msgspec

from hansa.sites.sim import objectaccess, objectlists
from hansa.sites.sim.objectstate import Container
from hansa.sites.sim.wire import Answer, Ask, Refused

Reading = Callable[[Ask, str], Answer]
"""Reads an object of the container by its name. Raises Refused."""

_META = 'x-container-meta-web-'
_TRUE = frozenset({'true', '1', 'yes', 'on', 't', 'y'})
_MOST = 10_000


def asked(ask: Ask) -> bool:
    """Whether a request sees the container as a web site, where it is one."""
    return ask.method in ('GET', 'HEAD') and (not ask.who.user or ask.headers.get('x-web-mode', '').lower() in _TRUE)


def container(ask: Ask, within: Container, read: Reading) -> Answer | None:
    """The page of a container; None where it is no web site. Raises Refused 401, 404."""
    index, listings = within.headers.get(f'{_META}index', ''), within.headers.get(f'{_META}listings', '')
    if not objectaccess.permits(ask, within.headers.get('x-container-read', ''), whole=True):
        return _error(ask, within, read, objectaccess.refused(ask).status)
    if not index and not listings:
        return None
    if not ask.path.endswith('/'):
        return _onward(ask)
    page = _found(ask, index, read) if index else None
    return page or _listing(ask, within, read, '')


def object(ask: Ask, within: Container, name: str, read: Reading) -> Answer:
    """An object, the page of a folder, or a page that says what is wrong. Raises Refused."""
    page = _found(ask, name, read)
    if page is not None and not (page.headers.get('Content-Type') == 'application/directory' and len(page.raw or b'') <= 1):
        return page
    index, listings = within.headers.get(f'{_META}index', ''), within.headers.get(f'{_META}listings', '')
    if not index and not listings:
        if page is None:
            raise Refused(404, '')
        return page
    folder = name if name.endswith('/') else f'{name}/'
    page = _found(ask, folder + index, read) if index else None
    if page is not None:
        return page if name.endswith('/') else _onward(ask)
    if name.endswith('/'):
        return _listing(ask, within, read, folder)
    return _onward(ask) if any(one.startswith(folder) for one in within.names) else _error(ask, within, read, 404)


def _found(ask: Ask, name: str, read: Reading) -> Answer | None:
    try:
        return read(ask, name)
    except Refused as refused:
        if refused.status != 404:
            raise
        return None


def _onward(ask: Ask) -> Answer:
    return Answer(301, raw=b'', headers={'Location': f'{ask.base}/object-store{ask.path}/'})


def _listing(ask: Ask, within: Container, read: Reading, prefix: str) -> Answer:
    if within.headers.get(f'{_META}listings', '').lower() not in _TRUE:
        return _error(ask, within, read, 404)
    rows = objectlists.page(within.names, objectlists.Wish(_MOST, prefix=prefix, delimiter='/'))
    if prefix and not rows:
        return _error(ask, within, read, 404)
    links = [f'<a href="./{urllib.parse.quote(name[len(prefix):])}">{html.escape(name[len(prefix):])}</a>' for name, _ in rows]
    body = f'<!DOCTYPE html>\n<html><body><h1 id="title">Listing of {html.escape(urllib.parse.unquote(ask.path))}</h1>{"".join(links)}</body></html>\n'
    return Answer(200, raw=body.encode(), headers={'Content-Type': 'text/html; charset=UTF-8'})


def _error(ask: Ask, within: Container, read: Reading, status: int) -> Answer:
    """Raises Refused where the container has no page for it."""
    ending = within.headers.get(f'{_META}error', '')
    page = _found(msgspec.structs.replace(ask, method='GET'), f'{status}{ending}', read) if ending else None
    if page is None:
        raise Refused(status, '')
    return Answer(status, raw=page.raw, headers={'Content-Type': page.headers.get('Content-Type', 'text/html')})
