"""Requests of browsers from other origins at a simulated Swift: what a container's metadata lets them do, and read of the answer.

Source: Swift's documentation of CORS; the Fetch standard.
"""

from __future__ import annotations

from hansa.sites.sim.objectstate import Container
from hansa.sites.sim.wire import Answer, Ask, Refused

_META = 'x-container-meta-access-control-'
_METHODS = ('HEAD', 'GET', 'PUT', 'POST', 'OPTIONS', 'DELETE')
_EXPOSED = ('cache-control', 'content-language', 'content-type', 'expires', 'last-modified', 'pragma', 'etag', 'x-timestamp', 'x-trans-id',
            'x-openstack-request-id')  # fmt: skip


def options(ask: Ask, within: Container | None) -> Answer:
    """What may be done, asked by a browser beforehand or by anybody. Raises Refused 401 for an origin that may not."""
    told = {'Allow': ', '.join(_METHODS)}
    origin = ask.headers.get('origin', '')
    if not origin:
        return Answer(200, raw=b'', headers=told)
    allowed = _origins(within)
    if not {origin, '*'} & allowed or ask.headers.get('access-control-request-method') not in _METHODS:
        raise Refused(401, '')
    told |= _allowing(origin, allowed) | {'Access-Control-Allow-Methods': ', '.join(_METHODS)}
    if within is not None and f'{_META}max-age' in within.headers:
        told['Access-Control-Max-Age'] = within.headers[f'{_META}max-age']
    if wanted := ask.headers.get('access-control-request-headers', ''):
        told['Access-Control-Allow-Headers'] = ', '.join(word.strip() for word in wanted.split(','))
    return Answer(200, raw=b'', headers=told)


def exposed(ask: Ask, within: Container | None, done: Answer) -> None:
    """What a page of another origin may read of an answer."""
    origin = ask.headers.get('origin', '')
    allowed = _origins(within)
    if within is None or not origin or not {origin, '*'} & allowed:
        return
    metadata = [name.lower() for name in done.headers if name.startswith(('X-Container-Meta', 'X-Object-Meta'))]
    asked = within.headers.get(f'{_META}expose-headers', '').lower().split()
    done.headers['Access-Control-Expose-Headers'] = ', '.join(dict.fromkeys([*_EXPOSED, *metadata, *asked]))
    done.headers |= _allowing(origin, allowed)


def _origins(within: Container | None) -> set[str]:
    return set(within.headers.get(f'{_META}allow-origin', '').split()) if within is not None else set()


def _allowing(origin: str, allowed: set[str]) -> dict[str, str]:
    if allowed == {'*'}:
        return {'Access-Control-Allow-Origin': '*'}
    return {'Access-Control-Allow-Origin': origin, 'Vary': 'Origin'}
