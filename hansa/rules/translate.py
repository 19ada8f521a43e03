"""Ids, zones and links from the league's words into a site's and back, on bytes, knowing no schema.

Bodies are not decoded: what is not understood passes as it was sent, to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from hansa.rules import zones as zone_rules
from hansa.rules.aliases import AliasBook

MARKER = 'hansa:intent'

_ID = rb'(?<![0-9A-Za-z])(?:[0-9a-f]{64}|[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})(?![0-9A-Za-z])'
_HREF = rb'"(?:href|next|first|self|file|schema)":\s*"(?P<url>(?:https?://[^/"]+)?/[^"]*)"'
_ZONE = rb'"(?:OS-EXT-AZ:)?(?:pinned_)?(?:availability_zone|zoneName)":\s*"(?P<zone>[^"]*)"'
_ZONES = rb'"(?:availability_zones|availability_zone_hints)":\s*\[(?P<zones>[^\]]*)\]'
_FLAVOR_OUT = rb'"flavorRef":\s*(?P<flavor>"[^"]*"|\d+)'
_FLAVOR_IN = rb'"flavor":\s*\{"id":\s*"(?P<flavor>[^"]*)"'
_KEY = rb'"key_name":\s*"(?P<key>[^"]*)"'

_OUT = re.compile(b'|'.join((_ID, _ZONE, _ZONES, _FLAVOR_OUT, _KEY)))
_IN = re.compile(b'|'.join((_ID, _HREF, _ZONE, _ZONES, _FLAVOR_IN, _KEY)))
_ONE_ID = re.compile(_ID)
_TEXT_ID = re.compile(_ID.decode())
_MARKED = re.compile(rb'"hansa:intent":\s*"[^"]*",\s*|(?:,\s*)?"hansa:intent":\s*"[^"]*"')


class Place(msgspec.Struct, frozen=True):
    """A site as the translator sees it, for one user and project of the league.

    `root` is the path of the service's root in the site's own links, `base` the league's URL in its
    place; `zones` are the site's zones of that service.
    """

    site: str
    root: str
    base: str
    zones: tuple[str, ...] = ()
    project: str = ''
    user: str = ''


def outbound(body: bytes, place: Place, book: AliasBook) -> bytes:
    """A request body for the site: league ids, flavor, zone and key names become the site's."""

    def change(match: re.Match[bytes]) -> bytes:
        groups = match.groupdict()
        if groups['zone'] is not None:
            return _swap(match, 'zone', _zone_out(groups['zone'].decode(), place).encode())
        if groups['zones'] is not None:
            return _swap(match, 'zones', _each_zone(groups['zones'], lambda zone: _zone_out(zone, place)))
        if groups['flavor'] is not None:
            word = groups['flavor'].strip(b'"').decode()
            head, slash, last = word.rpartition('/')
            return _swap(match, 'flavor', msgspec.json.encode(head + slash + to_local(last, place, book)))
        if groups['key'] is not None:
            key = groups['key'].decode()
            return _swap(match, 'key', (book.local(place.site, f'{place.user}/{key}') or key).encode())
        return to_local(match.group().decode(), place, book).encode()

    return _OUT.sub(change, body)


def inbound(body: bytes, place: Place, book: AliasBook) -> bytes:
    """A response body for the client: the site's ids, links, zones, flavor and key names become the league's."""

    def change(match: re.Match[bytes]) -> bytes:
        kind = match.lastgroup
        if kind is None:
            return _league_id(match.group(), place, book)
        found = match.group(kind)
        if kind == 'url':
            return _swap(match, kind, link(found.decode(), place, book).encode())
        if kind == 'zone':
            return _swap(match, kind, zone_rules.shown(place.site, found.decode(), place.zones).encode() if found else b'')
        if kind == 'zones':
            return _swap(match, kind, _zones_in(found, place))
        league = book.league(place.site, found.decode()) or found.decode()
        return _swap(match, kind, (league.partition('/')[2] or league).encode())

    if b'hansa:intent' in body:
        body = _MARKED.sub(b'', body)
    return _IN.sub(change, body)


def link(url: str, place: Place, book: AliasBook) -> str:
    """A site's link as the league's: same path below the service's root, league ids in it.

    A bare path (Glance's) keeps its form: it counts from the service's root in both worlds.
    """
    head, scheme, rest = url.partition('://')
    if not scheme:
        path = url.removeprefix(place.root)
        prefix = ''
    else:
        path = '/' + rest.partition('/')[2]
        if not path.startswith(place.root):
            return url
        path = path.removeprefix(place.root)
        prefix = place.base
    where, flavors, flavor = path.partition('/flavors/')
    if flavors:
        flavor = book.league(place.site, flavor) or flavor
    return prefix + text_inbound(where, place, book) + flavors + flavor


def text_outbound(text: str, place: Place, book: AliasBook) -> str:
    """A raw path, query string, or header's value with the site's ids in it."""
    return _TEXT_ID.sub(lambda match: to_local(match.group(), place, book), text)


def text_inbound(text: str, place: Place, book: AliasBook) -> str:
    """A raw path, query string, or header's value with the league's ids in it."""
    return _TEXT_ID.sub(lambda match: book.league(place.site, match.group()) or match.group(), text)


def to_local(word: str, place: Place, book: AliasBook) -> str:
    """The site's word for one id."""
    return book.local(place.site, word, place.project) or word


def ids(body: bytes) -> set[str]:
    """All ids that stand in a body."""
    return {match.group().decode() for match in _ONE_ID.finditer(body)}


def _league_id(found: bytes, place: Place, book: AliasBook) -> bytes:
    league = book.league(place.site, found.decode())
    return league.encode() if league else found


def _swap(match: re.Match[bytes], group: str, value: bytes) -> bytes:
    start, end = match.span(group)
    begin = match.start()
    whole = match.group()
    return whole[: start - begin] + value + whole[end - begin :]


def _zone_out(zone: str, place: Place) -> str:
    site, rest = zone_rules.parse(zone)
    if site != place.site:
        return zone
    return rest or (place.zones[0] if place.zones else zone)


def _each_zone(found: bytes, change: Callable[[str], str]) -> bytes:
    words: Sequence[str] = msgspec.json.decode(b'[' + found + b']', type=list[str])
    return msgspec.json.encode([change(word) for word in words])[1:-1]


def _zones_in(found: bytes, place: Place) -> bytes:
    """Networks and routers always tell their zone; a site without zones of its own tells just its name."""
    if not found.strip():
        return msgspec.json.encode(place.site)
    return _each_zone(found, lambda zone: zone_rules.shown(place.site, zone, place.zones))
