"""How each kind is listed at a site: paths, pages, what an administrator adds, how changes are asked for. All of it is one table."""

from __future__ import annotations

import urllib.parse
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from hansa.model.batch import Change
from hansa.model.resource import KINDS, Kind
from hansa.ports import roster
from hansa.ports.site import Headers
from hansa.rules import ingest

Tell = Callable[[Sequence[Change]], Awaitable[None]]
"""Where changes go: to the intake at once, or by the outbox."""

PAGE = 500
MOST_PAGES = 400


class Way(msgspec.Struct, frozen=True):
    """The way to list a kind.

    `detail` and `brief` are paths; `ids` is a query that makes a brief list of the detailed one. `wide` is what an
    administrator adds to see all projects. `since` asks for changes, from microversion `floor` on or
    where the extension `extension` is; `tombstones` says that it tells deleted ones too. `offset` is for
    lists that page by number.
    """

    detail: str
    brief: str = ''
    ids: str = ''
    wide: str = ''
    since: str = ''
    floor: str = ''
    extension: str = ''
    tombstones: bool = False
    offset: bool = False


def _neutron(path: str) -> Way:
    return Way(path, ids='fields=id', since='changed_since={}Z', extension='standard-attr-timestamp')


# In the order of the first pass: what others refer to comes first, so that its aliases stand by then; after that what people look for first.
WAYS: dict[str, Way] = {
    'flavor': Way('/flavors/detail', wide='is_public=None'),
    'image': Way('/images', since='updated_at=gte:{}Z'),
    'volume_type': Way('/types', wide='is_public=None'),
    'network': _neutron('/networks'),
    'security_group': _neutron('/security-groups'),
    'subnet': _neutron('/subnets'),
    'server_group': Way('/os-server-groups', wide='all_projects=True', offset=True),
    'server': Way('/servers/detail', '/servers', wide='all_tenants=1', since='changes-since={}Z', tombstones=True),
    'volume': Way('/volumes/detail', '/volumes', wide='all_tenants=1', since='updated_at=gte:{}', floor='3.60'),
    'port': _neutron('/ports'),
    'router': _neutron('/routers'),
    'floating_ip': _neutron('/floatingips'),
    'snapshot': Way('/snapshots/detail', '/snapshots', wide='all_tenants=1'),
}
ORDER = tuple(WAYS)
LIVELY = frozenset(('server', 'volume', 'port'))
"""What a site has most of, and what changes by itself."""
KIN: dict[str, tuple[str, ...]] = {
    'server': ('port', 'volume'),
    'router': ('port',),
    'subnet': ('network',),
    'floating_ip': ('port',),
    'volume': ('snapshot',),
}
"""What may change together with a kind."""


class Ask(msgspec.Struct, frozen=True):
    """One list to be read: a path, a query without its page, and how its pages are counted."""

    kind: Kind
    path: str
    query: str
    offset: bool = False

    def page(self, marker: str) -> str:
        """The query for the page after `marker` ('' for the first)."""
        words = [self.query, f'limit={PAGE}']
        if marker:
            words.append(f'{"offset" if self.offset else "marker"}={urllib.parse.quote(marker)}')
        return '&'.join(word for word in words if word)


def complete(kind: str, member: roster.Member, brief: bool) -> Ask:
    """The list of all that the site has of a kind; brief ones tell ids only, where the API can."""
    way = WAYS[kind]
    path = way.brief or way.detail if brief else way.detail
    words = [way.wide if member.managed else '', way.ids if brief else '']
    return Ask(KINDS[kind], path, '&'.join(word for word in words if word), way.offset)


def changes(kind: str, member: roster.Member, cursor: str) -> Ask | None:
    """The list of what changed since the cursor; None where the site cannot tell that."""
    way = WAYS[kind]
    if not cursor or not way.since or _number(member.highest(KINDS[kind].service)) < _number(way.floor):
        return None
    if way.extension and (member.capabilities is None or way.extension not in member.capabilities.extensions):
        return None
    moment = cursor.partition('.')[0]
    words = [way.wide if member.managed else '', way.since.format(moment)]
    return Ask(KINDS[kind], way.detail, '&'.join(word for word in words if word), way.offset)


def dead(kind: str, doc: dict[str, Any]) -> bool:
    """Whether a document tells the end of its object: Nova shows it so before it does not show it at all."""
    return kind in WAYS and WAYS[kind].tombstones and doc.get('status') == 'DELETED'


def change(kind: str, site_id: str, doc: dict[str, Any] | None, asked: int) -> Change:
    """What a site answered to a question about an object: its document, or None where there is no such object."""
    if doc is None or dead(kind, doc):
        return Change(kind, site_id, asked)
    return Change(kind, site_id, asked, ingest.revision(doc), doc)


class Told(msgspec.Struct, frozen=True):
    """One document of a page, not read yet; `revision` is its own stamp of its last change ('' for none)."""

    id: str
    revision: str
    raw: msgspec.Raw


class _Head(msgspec.Struct):
    id: str
    updated: Any = None
    updated_at: Any = None


def parse(ask: Ask, body: bytes, marker: str) -> tuple[list[dict[str, Any]], str]:
    """The documents of a page, and the marker of the next one ('' at the end). Raises ValueError for what is no page."""
    whole = msgspec.json.decode(body, type=dict[str, Any])
    docs = whole.get(ask.kind.plural)
    if not isinstance(docs, list) or any(not isinstance(doc, dict) for doc in docs):
        raise ValueError('it has no list of objects')
    if any(not isinstance(doc.get('id'), str) for doc in docs):
        raise ValueError('an object has no id')
    return docs, _following(ask, whole, len(docs), str(docs[-1]['id']) if docs else '', marker)


def glance(ask: Ask, body: bytes, marker: str) -> tuple[list[Told], str]:
    """The same of a page most of which is known: its documents are left as they stand. Raises ValueError like `parse`."""
    whole = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    raws = msgspec.json.decode(whole.pop(ask.kind.plural, b'null'), type=list[msgspec.Raw])
    heads = [msgspec.json.decode(raw, type=_Head) for raw in raws]
    told = [Told(head.id, ingest.stamp(head.updated_at or head.updated), raw) for head, raw in zip(heads, raws, strict=True)]
    rest = {key: msgspec.json.decode(value) for key, value in whole.items()}
    return told, _following(ask, rest, len(told), told[-1].id if told else '', marker)


def _following(ask: Ask, whole: dict[str, Any], count: int, last: str, marker: str) -> str:
    if ask.offset:
        return str(int(marker or 0) + count) if count else ''
    url = _next(whole)
    if not url or not count:
        return ''
    told = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).get('marker')
    following = told[0] if told else last
    if following == marker:
        raise ValueError('a page leads to itself')
    return following


def headers(service: str, version: str) -> Headers:
    """The headers that ask a service for a microversion."""
    if service == 'compute' and version:
        return [('OpenStack-API-Version', f'compute {version}'), ('X-OpenStack-Nova-API-Version', version)]
    return [('OpenStack-API-Version', f'volume {version}')] if service == 'volume' and version else []


def _next(whole: dict[str, Any]) -> str:
    """Glance says `next`; the others have `servers_links` and the like, not always named as the list is."""
    if isinstance(whole.get('next'), str):
        return str(whole['next'])
    for key, links in whole.items():
        if key.endswith('_links') and isinstance(links, list):
            for link in links:
                if isinstance(link, dict) and link.get('rel') == 'next':
                    return str(link.get('href') or '')
    return ''


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split('.')) if version else ()
