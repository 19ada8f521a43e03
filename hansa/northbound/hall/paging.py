"""Pages of lists that are put together from the sites': which order and page a request asks for, and what is around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from hansa.model.errors import BadRequest, NotFound
from hansa.northbound.hall import filters, table
from hansa.rules import collating

BRIEF: dict[str, tuple[str, ...]] = {
    '/attachments': ('id', 'status', 'instance', 'volume_id'),
    '/backups': ('id', 'name', 'links'),
    '/cgsnapshots': ('id', 'name'),
    '/consistencygroups': ('id', 'name'),
    '/group_snapshots': ('id', 'name'),
    '/groups': ('id', 'name'),
    '/os-volume-transfer': ('id', 'name', 'volume_id', 'links'),
    '/volume-transfers': ('id', 'name', 'volume_id', 'links'),
}
"""Lists that tell less than their `/detail`, and what they tell."""

_PAGES = frozenset(('limit', 'marker', 'offset', 'page_reverse'))
_GLANCE_PAGE = 25
_USUAL: dict[str, tuple[tuple[str, bool], ...]] = {
    'volume': (('created_at', True),), 'image': (('created_at', True),), 'network': (('id', False),)
}  # fmt: skip
_LINKS = {'consistencygroups': 'consistencygroup', 'group_snapshots': 'group_snapshot', 'group_types': 'group_type', 'groups': 'group'}
"""Cinder does not call all of its links as the lists that they lead on."""

_NUMBER = re.compile(r'\s*[+-]?[0-9]{1,18}\s*')


class Wanted(msgspec.Struct, frozen=True):
    """`query` is what sites are asked with; `limit` None means all.

    `sorts` were asked for, `usual` is the API's own order; both are pairs of a field and whether it goes down. `fields`
    are the ones to be shown (all, if none are named).
    """

    query: str
    sorts: tuple[tuple[str, bool], ...] = ()
    usual: tuple[tuple[str, bool], ...] = ()
    fields: tuple[str, ...] = ()
    limit: int | None = None
    marker: str = ''
    offset: int = 0
    backwards: bool = False


def read(ask: table.Ask) -> Wanted:
    """A list request without its page. Raises BadRequest in the words of the API."""
    items = ask.request.items()
    service = ask.call.service
    hidden = _PAGES | ({'fields'} if service == 'network' else set())
    rest = [(key, value) for key, value in items if key not in hidden]
    sites = [*rest, ('limit', str(filters.MAX_PAGE))] if service == 'image' else rest
    given = dict(items)
    return Wanted(
        urlencode(sites),
        _sorts(service, rest),
        _USUAL.get(service, ()),
        tuple(value for value in filters.values(items, 'fields') if value) if service == 'network' else (),
        _limit(service, given.get('limit')),
        given.get('marker', ''),
        _number(given.get('offset', '0'), 'offset'),
        service == 'network' and bool(filters.boolean(given.get('page_reverse', ''))),
    )


def cut(items: list[Any], key: str, wanted: Wanted) -> collating.Page:
    """The page of all that the sites have. Raises BadRequest for an order, NotFound for a marker that is not there."""
    if not all(isinstance(item, dict) for item in items):
        return collating.Page(items)
    usual = [sort for sort in wanted.usual if all(sort[0] in item for item in items)]
    items = collating.ordered(collating.ordered(items, usual), wanted.sorts)
    found = collating.page(items, key, wanted.marker, None if wanted.offset else wanted.limit, wanted.backwards)
    if not found.known:
        raise NotFound(f'marker [{wanted.marker}] not found')
    if wanted.offset:
        found = collating.page(found.items[wanted.offset :], key, '', wanted.limit)
    return found


def around(ask: table.Ask, plural: str, key: str, found: collating.Page, wanted: Wanted, count: int) -> dict[str, Any]:
    """What goes with a page: links to those beside it, Glance's `first`, Cinder's count where it is asked for."""
    service = ask.call.service
    path = ask.request.path
    more: dict[str, Any] = {}
    full = wanted.limit == len(found.items) > 0
    if service == 'image':
        more['first'] = path + (f'?{ask.request.query}' if ask.request.query else '')
        if full:
            more['next'] = _link(ask, path, str(found.items[-1].get(key)))
        return more
    if service == 'volume' and filters.boolean(dict(ask.request.items()).get('with_count', '')):
        more['count'] = count
    links = []
    if full:
        links.append({'rel': 'next', 'href': _link(ask, _url(ask), str(found.items[-1].get(key)))})
    if wanted.limit and found.items and found.before and service == 'network':
        links.append({'rel': 'previous', 'href': _link(ask, _url(ask), str(found.items[0].get(key))) + '&page_reverse=True'})
    return more | ({f'{_LINKS.get(plural, plural) if service == "volume" else plural}_links': links} if links else {})


def _url(ask: table.Ask) -> str:
    project = f'/{ask.request.prefix}' if ask.request.prefix else ''
    head, _, rest = ask.request.path.lstrip('/').partition('/')
    return f'{ask.call.base}/{head}{project}/{rest}'


def _link(ask: table.Ask, url: str, marker: str) -> str:
    kept = [(key, value) for key, value in ask.request.items() if key not in {'marker', 'offset', 'page_reverse'}]
    return f'{url}?{urlencode([*kept, ("marker", marker)])}'


def _limit(service: str, text: str | None) -> int | None:
    if text is None:
        return _GLANCE_PAGE if service == 'image' else None
    if service == 'network' and not re.fullmatch(r'\s*\+?[0-9]{1,18}\s*', text):
        raise BadRequest(f"Bad limit request: Limit must be an integer 0 or greater and not '{text}'.")
    limit = _number(text, 'limit param')
    if service == 'network':
        return limit or None
    return min(limit, filters.MAX_PAGE)


def _number(text: str, what: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise BadRequest(f'{what} must be an integer')
    if int(text) < 0:
        raise BadRequest(f'{what} must be positive')
    return int(text)


def _sorts(service: str, items: Sequence[tuple[str, str]]) -> tuple[tuple[str, bool], ...]:
    given = dict(items)
    keys, words = list(filters.values(items, 'sort_key')), list(filters.values(items, 'sort_dir'))
    if given.get('sort'):
        pairs = [part.partition(':') for part in given['sort'].split(',')]
        keys, words = [key.strip() for key, _, _ in pairs], [word.strip() for _, _, word in pairs]
    usual = 'asc' if service == 'network' else 'desc'
    words = words * len(keys) if len(words) == 1 else words + [usual] * (len(keys) - len(words))
    return tuple((key, (word or usual) == 'desc') for key, word in zip(keys, words, strict=False))
