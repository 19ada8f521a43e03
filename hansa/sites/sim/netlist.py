"""Neutron's lists: filters by any field, chosen fields, sorting and pages in both directions."""

from __future__ import annotations

import urllib.parse

from hansa.sites.sim import netkinds, wire
from hansa.sites.sim.netkinds import Kind
from hansa.sites.sim.state import Doc, moment
from hansa.sites.sim.wire import Answer, Ask, Refused

STEERING = {'fields', 'limit', 'marker', 'page_reverse', 'sort_key', 'sort_dir'}
TAGS = {'tags', 'tags-any', 'not-tags', 'not-tags-any'}


def index(ask: Ask, kind: Kind) -> Answer:
    """GET of a collection. Raises Refused 400 or 404."""
    items = [netkinds.view(ask, kind, doc) for doc in ask.state.table(kind.plural).values() if netkinds.may_see(ask, kind, doc)]
    items = [doc for doc in items if _fits(ask, kind, doc)]
    keys, ways = ask.args('sort_key'), ask.args('sort_dir')
    if unknown := [key for key in keys if key not in kind.fields | {'name'}]:
        raise Refused(400, f'{unknown} is invalid attribute for sort_keys', 'HTTPBadRequest')
    order = [*zip(keys, ways + ['asc'] * len(keys), strict=False), ('id', 'asc')]
    limit = ask.arg('limit')
    if limit and not limit.isdigit():
        why = f"Bad limit request: Limit must be an integer 0 or greater and not '{limit}'."
        raise Refused(400, why, 'BadRequest')
    reverse = ask.flag('page_reverse')
    items = wire.ordered(items, order)
    if reverse:
        items.reverse()
    if marker := ask.arg('marker'):
        at = next((n for n, doc in enumerate(items) if doc['id'] == marker), None)
        if at is None:
            raise netkinds.missing(kind, marker)
        items = items[at + 1 :]
    if most := int(limit or 0):
        items = items[:most]
    if reverse:
        items.reverse()
    body: Doc = {kind.plural: [only(ask, doc) for doc in items]}
    if links := links_of(ask, kind, items, most, reverse):
        body[f'{kind.plural}_links'] = links
    return Answer(200, body)


def only(ask: Ask, doc: Doc) -> Doc:
    """Just the fields that were asked for, if any were."""
    wanted = ask.args('fields')
    return {key: value for key, value in doc.items() if key in wanted} if wanted else doc


def links_of(ask: Ask, kind: Kind, items: list[Doc], limit: int, reverse: bool) -> list[Doc]:
    """To the pages before and after this one; none where no limit was asked for."""
    if not limit or not items:
        return []
    kept = [(key, value) for key, value in ask.query if key not in ('marker', 'page_reverse')]
    base, links = f'{ask.base}/network/v2.0/{kind.path}', []
    if len(items) >= limit or reverse:
        query = urllib.parse.urlencode([*kept, ('marker', items[-1]['id'])])
        links.append({'rel': 'next', 'href': f'{base}?{query}'})
    if len(items) >= limit or not reverse:
        query = urllib.parse.urlencode([*kept, ('marker', items[0]['id']), ('page_reverse', 'True')])
        links.append({'rel': 'previous', 'href': f'{base}?{query}'})
    return links


def _fits(ask: Ask, kind: Kind, doc: Doc) -> bool:
    wanted: dict[str, list[str]] = {}
    for key, value in ask.query:
        if key not in STEERING:
            wanted.setdefault(key, []).append(value)
    known = kind.fields | TAGS | {'changed_since'}
    if unknown := [key for key in wanted if key not in known]:
        raise Refused(400, f'{unknown} is invalid attribute for filtering', 'HTTPBadRequest')
    return all(_matches(doc, key, values) for key, values in wanted.items())


def _matches(doc: Doc, key: str, values: list[str]) -> bool:
    if key == 'changed_since':
        try:
            return bool(moment(doc['updated_at']) >= moment(values[0]))
        except ValueError:
            why = (
                f'Invalid input for changed_since. The input must be in the following format: YYYY-MM-DDTHH:MM:SS(Z). {values[0]}'
            )
            raise Refused(400, why, 'InvalidInput') from None
    if key in TAGS:
        asked, held = set(','.join(values).split(',')), set(doc.get('tags', ()))
        found = bool(asked & held) if key.endswith('any') else asked <= held
        return found != key.startswith('not-')
    if key == 'fixed_ips':
        return all(_fixed(doc, *value.partition('=')[::2]) for value in values)
    held_value = doc.get(key)
    if isinstance(held_value, list):
        return any(value in [str(one) for one in held_value] for value in values)
    if isinstance(held_value, bool):
        return any(wire.strict_bool(value) == held_value for value in values)
    return ('' if held_value is None else str(held_value)) in values


def _fixed(doc: Doc, field: str, value: str) -> bool:
    if field == 'ip_address_substr':
        return any(value in fixed['ip_address'] for fixed in doc['fixed_ips'])
    return any(fixed.get(field) == value for fixed in doc['fixed_ips'])
