"""List requests of Glance's API, read as Glance reads them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from hansa.model.call import Call
from hansa.model.errors import BadRequest
from hansa.model.listing import Filter, Operator, Query, Sort
from hansa.northbound.hall import filters

PAGE = 25
"""Images on a page where the client names no limit."""

SORTS: Mapping[str, tuple[str, ...]] = {
    'name': ('name',),
    'status': ('status',),
    'container_format': ('doc', 'container_format'),
    'disk_format': ('doc', 'disk_format'),
    'size': ('doc', 'size'),
    'id': ('id',),
    'created_at': ('created',),
    'updated_at': ('updated',),
}

_VISIBLE = ('community', 'public', 'private', 'shared', 'all')
_MEMBER = ('pending', 'accepted', 'rejected', 'all')
_PAGING = frozenset(('limit', 'marker', 'member_status', 'sort', 'sort_key', 'sort_dir', 'tag', 'visibility'))
_LISTS = frozenset(('name', 'id', 'status', 'container_format', 'disk_format'))
_TIMES: Mapping[str, Operator] = {'gt': 'gt', 'gte': 'ge', 'lt': 'lt', 'lte': 'le', 'neq': 'not_in', 'eq': 'in'}
_RANGES = frozenset(('size', 'min_ram', 'min_disk', 'virtual_size'))
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)",?|([^,]+),?|,', re.DOTALL)


def listing(kind: str, items: filters.Items, call: Call, sites: Collection[str] = ()) -> filters.Listing:
    """A list request for images; `sites` are the names of all sites. Raises BadRequest with what Glance would say."""
    given = dict(items)
    limit = _limit(given)
    visibility = given.get('visibility', '')
    _check(given, visibility)
    conditions = [one for key, value in given.items() if key not in _PAGING for one in _condition(key, value, sites)]
    tags = tuple(tag.strip() for tag in filters.values(items, 'tag'))
    if tags:
        conditions.append(Filter(('doc', 'tags', '*'), 'has', tags))
    if 'os_hidden' not in given:
        # An image of a Glance that knows no hidden ones lacks the field: it is not hidden.
        conditions.append(Filter(('doc', 'os_hidden'), 'not_in', ('true',)))
    if visibility == '' and 'visibility' in given:
        conditions.append(filters.NOTHING)
    if visibility not in ('', 'all'):
        conditions.append(filters.equals(('doc', 'visibility'), visibility))
    query = Query(
        kind,
        projects=None if call.token.admin or visibility in ('public', 'community') else (call.token.project,),
        filters=tuple(conditions),
        sorts=_sorts(items, given),
        limit=limit,
        marker=given.get('marker', ''),
    )
    return filters.Listing(query, limit, all_projects=call.token.admin)


def _limit(given: Mapping[str, str]) -> int:
    try:
        limit = int(given.get('limit', str(PAGE))[:32])
    except ValueError:
        raise BadRequest('limit param must be an integer') from None
    if limit < 0:
        raise BadRequest('limit param must be positive')
    return min(limit, filters.MAX_PAGE)


def _check(given: Mapping[str, str], visibility: str) -> None:
    if visibility and visibility not in _VISIBLE:
        raise BadRequest(f'Invalid visibility value: {visibility}')
    if given.get('changes-since'):
        raise BadRequest('The "changes-since" filter is no longer available on v2.')
    status = given.get('member_status', 'accepted')
    if status not in _MEMBER:
        raise BadRequest(f'Invalid status: {status}')


def _condition(key: str, value: str, sites: Collection[str]) -> list[Filter]:
    if key in ('os_hidden', 'protected'):
        # Glance takes any case for the one and only lower case for the other.
        word = value.lower() if key == 'os_hidden' else value
        if word not in ('true', 'false'):
            raise BadRequest(f"Invalid value '{value}' for '{key}' filter. Valid values are 'true' or 'false'.")
        return [_hidden(word) if key == 'os_hidden' else filters.equals(('doc', key), word)]
    if key.endswith(('_min', '_max')):
        return [_range(key, value)]
    if key in ('created_at', 'updated_at'):
        return [_time(key, value)]
    if key in _LISTS:
        return _any(key, value, sites)
    if key == '*':
        return [filters.NOTHING]  # a path's word for everything, and no property's name here
    return [filters.equals(('project',) if key == 'owner' else ('doc', key), value)]


def _hidden(word: str) -> Filter:
    return Filter(('doc', 'os_hidden'), 'in' if word == 'true' else 'not_in', ('true',))


def _range(key: str, value: str) -> Filter:
    name = key[:-4]
    if name not in _RANGES:
        raise BadRequest(f'Unable to filter on a range of {name}.')
    if not re.fullmatch(r'\s*[+-]?[0-9]{1,18}\s*', value):
        raise BadRequest('Unable to filter on a range with a non-numeric value.')
    return Filter(('doc', name), 'ge' if key.endswith('_min') else 'le', (str(int(value)),))


def _split(value: str) -> tuple[str, str]:
    """Operator and operand; a date, which has colons of its own, is its own operand."""
    word, sign, rest = value.partition(':')
    if not sign:
        return 'eq', value
    try:
        filters.moment(value)
    except ValueError:
        return word, rest
    return 'eq', value


def _time(key: str, value: str) -> Filter:
    word, text = _split(value)
    try:
        when = filters.moment(text).strftime('%Y-%m-%dT%H:%M:%SZ')
    except ValueError:
        raise BadRequest(f'Bad "{key}" query filter format. Use ISO 8601 DateTime notation.') from None
    if word not in _TIMES:
        raise BadRequest('Unable to filter on a unknown operator.')
    return Filter(SORTS[key], _TIMES[word], (when,))


def _any(key: str, value: str, sites: Collection[str]) -> list[Filter]:
    word, text = _split(value)
    if word not in ('eq', 'in'):
        raise BadRequest(f"Unable to filter by unknown operator '{word}'.")
    wanted = (text,) if word == 'eq' else _quoted(text)
    if key != 'name':
        return [filters.equals(SORTS[key], *wanted)]
    names, place = filters.at_site(wanted, sites)
    return [filters.equals(SORTS[key], *names), *place]


def _quoted(text: str) -> tuple[str, ...]:
    """Words with commas between; those in double quotes may have commas in them."""
    parts, place = [], 0
    while place < len(text):
        found = _QUOTED.match(text, place)
        if found is None or (found[2] and '"' in found[2].replace('\\"', '')):
            raise BadRequest(f'Invalid filter value {text}. The quote is not closed.')
        if found[1] is not None and found.end() < len(text) and not found[0].endswith(','):
            raise BadRequest(f'Invalid filter value {text}. There is no comma after closing quotation mark.')
        parts.append(found[1] or found[2] or '')
        place = found.end()
    return tuple(parts)


def _sorts(items: filters.Items, given: Mapping[str, str]) -> tuple[Sort, ...]:
    if 'sort' in given:
        if 'sort_key' in given or 'sort_dir' in given:
            raise BadRequest('Old and new sorting syntax cannot be combined')
        parts = [part.partition(':') for part in given['sort'].strip().split(',')]
        keys = [_key(key.strip()) for key, _, _ in parts]
        words = [_direction(word.strip() or 'desc') for _, _, word in parts]
    else:
        keys = [_key(value.strip()) for value in filters.values(items, 'sort_key')]
        words = [_direction(value.strip()) for value in filters.values(items, 'sort_dir')]
        if len(words) > 1 and len(words) != len(keys):
            raise BadRequest('Number of sort dirs does not match the number of sort keys')
        keys = keys or ['created_at']
        words = words * len(keys) if len(words) == 1 else words or ['desc'] * len(keys)
    pairs = zip(keys, words, strict=True)
    return filters.with_created([Sort(SORTS[key], word == 'desc') for key, word in pairs])


def _key(key: str) -> str:
    if key not in SORTS:
        raise BadRequest(f'Invalid sort key: {key}. It must be one of the following: {", ".join(SORTS)}.')
    return key


def _direction(word: str) -> str:
    if word not in ('asc', 'desc'):
        raise BadRequest(f'Invalid sort direction: {word}')
    return word
