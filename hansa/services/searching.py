"""Finding at a site what an intent made there, by the marker that it left."""

from __future__ import annotations

import datetime

import msgspec

from hansa.model.errors import HansaError, SiteDown
from hansa.model.intent import Intent
from hansa.model.resource import Kind
from hansa.ports.roster import Member
from hansa.ports.site import OPERATOR, SiteRequest
from hansa.services import relay

_SKEW = 300.0
_PAGE = 200
_PAGES = 20
_TIMEOUT = 20.0


async def marked(member: Member, kind: Kind, intent: Intent) -> list[str]:
    """Ids of what carries the intent's marker, newest first, as far back as the intent.

    Raises SiteDown; HansaError where the site refuses the search.
    """
    found: list[str] = []
    marker = ''
    for _ in range(_PAGES):
        items = await _page(member, kind, marker, intent.marker)
        found.extend(str(item['id']) for item in items if intent.marker in msgspec.json.encode(item).decode())
        if len(items) < _PAGE or _older(items[-1], intent.created - _SKEW):
            break
        marker = str(items[-1]['id'])
    return found


async def _page(member: Member, kind: Kind, marker: str, word: str) -> list[dict[str, object]]:
    query = f'sort_key=created_at&sort_dir=desc&limit={_PAGE}' + (f'&marker={marker}' if marker else '')
    path = kind.collection
    if kind.service == 'image':
        query += f'&hansa%3Aintent={word}'
    elif kind.service == 'network':
        query = f'description={word}'
    else:
        path += '/detail'
        query += '&all_tenants=1' if member.managed else ''
    headers = relay.microversion(kind.service, member.highest(kind.service))
    response = await member.site.send(SiteRequest(kind.service, 'GET', path, query, headers), OPERATOR, _TIMEOUT)
    raw = await response.read()
    if response.status != 200:
        raise HansaError(f'{member.name} answered {response.status} to a search')
    try:
        return msgspec.convert(msgspec.json.decode(raw, type=dict[str, object]).get(kind.plural), list[dict[str, object]])
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise SiteDown(member.name, f'({kind.service}) answered a search with something that is no list') from None


def _older(item: dict[str, object], moment: float) -> bool:
    """Whether an item was made before a moment of the league's clock, by its own stamp."""
    stamp = str(item.get('created_at') or item.get('created') or '')
    try:
        made = datetime.datetime.fromisoformat(stamp.rstrip('Z')).replace(tzinfo=datetime.UTC)
    except ValueError:
        return False
    return made.timestamp() < moment
