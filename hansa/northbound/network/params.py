"""List requests of Neutron's API, read as Neutron reads them with filter validation, as it is set by default."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from hansa.model.call import Call
from hansa.model.errors import BadRequest
from hansa.model.listing import Filter, Operator, Query, Sort
from hansa.northbound.hall import filters
from hansa.northbound.network import attributes

_PAGING = frozenset(('fields', 'sort_key', 'sort_dir', 'limit', 'marker', 'page_reverse'))
_TAGS: Mapping[str, Operator] = {'tags': 'has', 'tags-any': 'in', 'not-tags': 'not_in', 'not-tags-any': 'not_in'}


def listing(kind: str, items: filters.Items, call: Call, sites: Collection[str] = ()) -> filters.Listing:
    """A list request for a kind of Neutron's; `sites` are the names of all sites.

    Administrators see all projects. Without a limit there is one page. Raises BadRequest with what Neutron would say.
    """
    keys = _keys(kind, items)
    conditions = [one for key in keys for one in _condition(key, filters.values(items, key), sites)]
    limit = _limit(items) or None
    query = Query(
        kind,
        projects=None if call.token.admin else (call.token.project,),
        filters=tuple(conditions),
        sorts=_sorts(kind, items),
        limit=limit,
        marker=dict(items).get('marker', '') if limit else '',
        backwards=bool(limit) and dict(items).get('page_reverse', '').lower() == 'true',
    )
    return filters.Listing(query, limit, fields=_fields(items), all_projects=call.token.admin)


def rules(every: Sequence[dict[str, Any]], items: filters.Items) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Of these security group rules the page that is asked for, and the fields that are wanted (none: all).

    Raises BadRequest with what Neutron would say.
    """
    kind = 'security_group_rule'
    kept = list(every)
    for key in _keys(kind, items):
        wanted = {value.lower() for value in filters.values(items, key)}
        kept = [rule for rule in kept if _text(rule.get(key)) in wanted]
    for sort in reversed(_sorts(kind, items)):
        kept.sort(key=_order(sort.path[-1]), reverse=sort.descending)
    limit, marker = _limit(items), dict(items).get('marker', '')
    if limit:
        ids = [rule['id'] for rule in kept]
        start = ids.index(marker) + 1 if marker in ids else 0
        kept = kept[start : start + limit]
    return kept, _fields(items)


def _text(value: object) -> str:
    return '' if value is None else str(value).lower()


def _order(key: str) -> Callable[[dict[str, Any]], tuple[bool, int, str]]:
    def rank(rule: dict[str, Any]) -> tuple[bool, int, str]:
        value = rule.get(key)
        return (value is not None, value if isinstance(value, int) else 0, _text(value))

    return rank


def _fields(items: filters.Items) -> tuple[str, ...]:
    return tuple(value for value in filters.values(items, 'fields') if value)


def _keys(kind: str, items: filters.Items) -> list[str]:
    keys = [key for key in dict.fromkeys(key for key, _ in items) if key not in _PAGING]
    unknown = [key for key in keys if key not in attributes.FILTERS[kind]]
    if unknown:
        raise BadRequest(f'{unknown} is invalid attribute for filtering')
    return keys


def _limit(items: filters.Items) -> int:
    text = dict(items).get('limit', '0')
    if not re.fullmatch(r'\s*\+?[0-9]{1,18}\s*', text):
        raise BadRequest(f"Bad limit request: Limit must be an integer 0 or greater and not '{text}'.")
    return int(text)


def _sorts(kind: str, items: filters.Items) -> tuple[Sort, ...]:
    keys = [value for value in filters.values(items, 'sort_key') if value]
    directions = [value for value in filters.values(items, 'sort_dir') if value]
    if len(keys) != len(directions):
        raise BadRequest('The number of sort_keys and sort_dirs must be same')
    absent = [key for key in keys if key not in attributes.SORTS[kind]]
    if absent:
        raise BadRequest(f'{absent} is invalid attribute for sort_keys')
    wrong = [word for word in directions if word not in ('asc', 'desc')]
    if wrong:
        raise BadRequest(f"{wrong} is invalid value for sort_dirs, valid value is 'asc' and 'desc'")
    sorts = [Sort(_path(key), word == 'desc') for key, word in zip(keys, directions, strict=True)]
    return (*sorts, *(() if 'id' in keys else (Sort(('id',)),)))


def _path(key: str) -> tuple[str, ...]:
    return attributes.COLUMNS.get(key, ('doc', key))


def _condition(key: str, asked: tuple[str, ...], sites: Collection[str]) -> list[Filter]:
    if key in attributes.TAGS:
        return [_tags(key, asked)]
    if key == 'name':
        names, place = filters.at_site(asked, sites)
        return [filters.equals(('name',), *names), *place]
    if key == 'fixed_ips':
        return _addresses(asked)
    if key == 'security_groups':
        return [filters.equals(('doc', key, '*'), *asked)]
    return [filters.equals(_path(key), *(_value(key, value) for value in asked))]


def _value(key: str, value: str) -> str:
    """A value in the form in which documents have it. Raises BadRequest."""
    if key in attributes.TRUTHS:
        truth = filters.boolean(value)
        if truth is None:
            raise BadRequest(f"Invalid input for operation: '{value}' cannot be converted to boolean.")
        return 'true' if truth else 'false'
    if key in attributes.NUMBERS:
        if not re.fullmatch(r'\s*[+-]?[0-9]{1,18}\s*', value):
            raise BadRequest(f"Invalid input for operation: '{value}' is not an integer.")
        return str(int(value))
    if key == 'cidr':
        try:
            return str(ipaddress.ip_network(value, strict=False))
        except ValueError:
            raise BadRequest(f"Invalid input for operation: '{value}' is not in a CIDR format.") from None
    return value.lower() if key == 'mac_address' else value


def _tags(key: str, asked: tuple[str, ...]) -> Filter:
    words = tuple(word for value in asked for word in value.split(','))
    if key == 'not-tags' and len(words) > 1:
        raise BadRequest('not-tags is taken with one tag; not-tags-any takes several.')
    return Filter(('doc', 'tags', '*'), _TAGS[key], words)


def _addresses(asked: tuple[str, ...]) -> list[Filter]:
    """`ip_address=`, `subnet_id=` and `ip_address_substr=`; each any of its values. Other keys Neutron passes over."""
    wanted: dict[str, list[str]] = {}
    for value in asked:
        key, sign, text = value.partition('=')
        if not sign:
            raise BadRequest(f"Invalid input for operation: '{value}' is not of the form <key>=[value].")
        wanted.setdefault(key, []).append(text)
    path = ('doc', 'fixed_ips', '*')
    found = [filters.equals((*path, key), *wanted[key]) for key in ('ip_address', 'subnet_id') if key in wanted]
    if parts := wanted.get('ip_address_substr'):
        found.append(filters.pattern((*path, 'ip_address'), '|'.join(re.escape(part) for part in parts)))
    return found
