"""Ids, zones and links from the league's words into a site's and back, on bytes, knowing no schema.

Bodies are not decoded: what is not understood passes as it was sent, to the byte.
"""

from __future__ import annotations

import re

import msgspec

from hansa.rules import zones as zone_rules
from hansa.rules.aliases import AliasBook

MARKER = 'hansa:intent'

_TEXT = rb'[^"\\]*+(?:\\.[^"\\]*+)*+'
_BARE = rb'(?=[0-9a-f]{8})(?:[0-9a-f]{64}|[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})'
_ID = _BARE.replace(b')', b')(?<![0-9A-Za-z])', 1) + rb'(?![0-9A-Za-z])'
_IS = rb'"\s*+:\s*+'
# What users write is theirs: maps of metadata as a whole, names and the like unless the word is itself an id (a group's).
_FREE = (
    rb'(?P<free>meta(?:data)?' + _IS + rb'\{(?:[^"{}]*+"' + _TEXT + rb'")*+[^"{}]*+\}'
    rb'|(?:(?:display_)?(?:name|description)|user_data|adminPass)' + _IS + rb'"(?!' + _ID + rb'")' + _TEXT + rb'")'
)  # fmt: skip
_HREF = rb'(?:href|next|first|self|file|schema)' + _IS + rb'"(?P<url>(?:https?://[^/"]+)?/' + _TEXT + rb')"'
_ZONE = rb'(?:OS-EXT-AZ:)?(?:pinned_)?(?:availability_zone|availabilityZone|zoneName)' + _IS + rb'"(?P<zone>' + _TEXT + rb')"'
_ZONES = (
    rb'availability_zone(?:s|_hints)' + _IS
    + rb'\[(?P<zones>\s*+(?:"' + _TEXT + rb'"\s*+(?:,\s*+"' + _TEXT + rb'"\s*+)*+)?+)\]'
)  # fmt: skip
_FLAVOR_OUT = rb'flavorRef' + _IS + rb'(?P<flavor>"[^"\\]*"|\d++(?![.eE]))'
_FLAVOR_IN = rb'flavor' + _IS + rb'\{\s*"id' + _IS + rb'"(?P<flavor>[^"\\]*)"'
_KEY = rb'key_name' + _IS + rb'"(?P<key>[^"\\]*)"'


def _either(*fields: bytes) -> re.Pattern[bytes]:
    """All begin with a quote, for which the engine looks at the speed of memchr. One after a backslash stands inside a
    string and opens nothing.
    """
    return re.compile(rb'"(?=[a-zO0-9])(?<!\\")(?:(?P<id>' + _BARE + rb')"|' + b'|'.join(fields) + b')')


_OUT = _either(_FREE, _ZONE, _ZONES, _FLAVOR_OUT, _KEY)
_IN = _either(_FREE, _HREF, _ZONE, _ZONES, _FLAVOR_IN, _KEY)
_ONE_ID = re.compile(_ID)
_ID_LENGTH = 32
# In a URL what comes before an id may be written as %2C.
_TEXT_ID = re.compile(_ID.decode().replace('(?<![0-9A-Za-z])', '(?:(?<![0-9A-Za-z])|(?<=%[0-9A-Fa-f]{2}))', 1))
_WORD = re.compile(rb'"(' + _TEXT + rb')"')
_MARK = b'"hansa:intent'
_MARKED = re.compile(_MARK + _IS + rb'"' + _TEXT + rb'"(?P<next>\s*+,\s*+)?')
_IMAGE = re.compile(r'https?://[^?#]+/images/([^/?#]+)')


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
        kind = match.lastgroup or ''
        if kind == 'free':
            return match.group()
        if kind == 'id':
            return b'"' + to_local(match.group(kind).decode(), place, book).encode() + b'"'
        found = match.group(kind)
        if kind == 'zone':
            return _swap(match, kind, _zone_out(found, place))
        if kind == 'zones':
            return _swap(match, kind, _WORD.sub(lambda word: b'"' + _zone_out(word.group(1), place) + b'"', found))
        if kind == 'flavor':
            head, slash, last = _text(found.strip(b'"')).rpartition('/')
            local = to_local(last, place, book)
            return match.group() if local == last else _swap(match, kind, msgspec.json.encode(head + slash + local))
        local = book.local(place.site, f'{place.user}/{_text(found)}')
        return _swap(match, kind, _raw(local)) if local else match.group()

    return _OUT.sub(change, body)


def inbound(body: bytes, place: Place, book: AliasBook) -> bytes:
    """A response body for the client: the site's ids, links, zones, flavor and key names become the league's."""

    def change(match: re.Match[bytes]) -> bytes:
        kind = match.lastgroup or ''
        if kind == 'free':
            return match.group()
        if kind == 'id':
            return b'"' + _league_id(match.group(kind), place, book) + b'"'
        found = match.group(kind)
        if kind == 'url':
            return _swap(match, kind, _encoded(_link(_text(found), place, book)))
        if kind == 'zone':
            return _swap(match, kind, _zone_in(found, place) if found else b'')
        if kind == 'zones':
            return _swap(match, kind, _zones_in(found, place))
        if kind == 'flavor':
            return _swap(match, kind, _league_id(found, place, book))
        return _swap(match, kind, _raw(book.league(place.site, _text(found), 'keypair').partition('/')[2]) or found)

    if _MARK in body:
        body = _unmarked(body)
    return _IN.sub(change, body)


def _unmarked(body: bytes) -> bytes:
    """Without the journal's markers, each with one of the commas beside it. Nearly every server has one, so no pattern seeks it."""
    parts: list[bytes] = []
    done = 0
    at = body.find(_MARK)
    while at >= 0:
        found = _MARKED.match(body, at) if body[at - 1 : at] != b'\\' else None
        if found:
            before = body[done:at]
            bare = before.rstrip()
            parts.append(bare[:-1] if bare.endswith(b',') and not found['next'] else before)
            done = found.end()
        at = body.find(_MARK, at + 1)
    return b''.join((*parts, body[done:]))


def message(body: bytes, place: Place, book: AliasBook) -> bytes:
    """What a site says of a failure: the ids in its sentences become the league's too."""
    return _ONE_ID.sub(lambda match: _league_id(match.group(), place, book), inbound(body, place, book))


def link(url: str, place: Place, book: AliasBook) -> str:
    """A `Location` header as the league's: same path below the service's root, league ids in it.

    Nova's createImage leads to the image service, and so does ours.
    """
    head, _, service = place.base.rpartition('/')
    image = _IMAGE.fullmatch(url) if service == 'compute' else None
    if image:
        return f'{head}/image/v2/images/{text_inbound(image.group(1), place, book)}'
    return _link(url, place, book)


def text_outbound(text: str, place: Place, book: AliasBook) -> str:
    """A raw path, query string, or header's value with the site's ids in it."""
    return _TEXT_ID.sub(lambda match: to_local(match.group(), place, book), text)


def text_inbound(text: str, place: Place, book: AliasBook) -> str:
    """A raw path, query string, or header's value with the league's ids in it."""
    return _TEXT_ID.sub(lambda match: _known(match.group(), place, book) or match.group(), text)


def _known(word: str, place: Place, book: AliasBook) -> str:
    """The league's id for a site's. Where several projects share one of the site, it is the place's own project that is meant."""
    league = book.league(place.site, word)
    if league and league != place.project and place.project and book.local(place.site, place.project) == word:
        return place.project
    return league


def to_local(word: str, place: Place, book: AliasBook) -> str:
    """The site's word for one id."""
    return book.local(place.site, word, place.project) or word


def ids(body: bytes) -> set[str]:
    """All ids that stand in a body."""
    return {match.group().decode() for match in _ONE_ID.finditer(body)}


def _link(url: str, place: Place, book: AliasBook) -> str:
    """A bare path (Glance's) keeps its form: it counts from the service's root in both worlds."""
    bare = url.startswith('/')
    below = _below(url if bare else '/' + url.partition('://')[2].partition('/')[2], place.root)
    if below is None and not bare:
        return url
    where, mark, query = (url if below is None else below).partition('?')
    words = where.split('/')
    for at, word in enumerate(words):
        if len(word) >= _ID_LENGTH or (at and words[at - 1] == 'flavors'):
            words[at] = _known(word, place, book) or word
    return ('' if bare else place.base) + '/'.join(words) + mark + (text_inbound(query, place, book) if query else '')


def _below(path: str, root: str) -> str | None:
    """What comes after the root; None for a path that is not below it."""
    rest = path.removeprefix(root)
    return rest if path.startswith(root) and (not root or rest[:1] in {'', '/', '?', '#'}) else None


def _league_id(found: bytes, place: Place, book: AliasBook) -> bytes:
    league = _known(_text(found), place, book)
    return _raw(league) if league else found


def _swap(match: re.Match[bytes], group: str, value: bytes) -> bytes:
    start, end = match.span(group)
    begin = match.start()
    whole = match.group()
    return whole[: start - begin] + value + whole[end - begin :]


def _text(raw: bytes) -> str:
    """What stands between two quotes, escapes as they are; a site's bytes that are no UTF-8 must pass too."""
    return raw.decode(errors='surrogateescape')


def _encoded(text: str) -> bytes:
    return text.encode(errors='surrogateescape')


def _raw(word: str) -> bytes:
    """A word of our own as it stands between quotes."""
    return msgspec.json.encode(word)[1:-1]


def _zone_out(found: bytes, place: Place) -> bytes:
    site, rest = zone_rules.parse(_text(found))
    if site != place.site:
        return found
    return _encoded(rest) or (_raw(place.zones[0]) if place.zones else found)


def _zone_in(found: bytes, place: Place) -> bytes:
    return _encoded(zone_rules.shown(place.site, _text(found), place.zones))


def _zones_in(found: bytes, place: Place) -> bytes:
    """Networks and routers always tell their zone; a site without zones of its own tells just its name."""
    if not found.strip():
        return msgspec.json.encode(place.site)
    return _WORD.sub(lambda word: b'"' + _zone_in(word.group(1), place) + b'"', found)
