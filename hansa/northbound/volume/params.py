"""List requests of Cinder's API, read as Cinder reads them with its default resource filters."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping

from hansa.model.call import Call
from hansa.model.errors import BadRequest
from hansa.model.listing import Filter, Operator, Query, Sort
from hansa.northbound.hall import filters
from hansa.rules.views.tables import USER_EXTRA_SPECS

Path = tuple[str, ...]
Version = tuple[int, int]

OFFERED: Mapping[str, frozenset[str]] = {
    'volume': frozenset(
        (
            'name', 'status', 'metadata', 'bootable', 'migration_status', 'availability_zone', 'group_id', 'size',
            'created_at', 'updated_at', 'consumes_quota',
        )
    ),
    'snapshot': frozenset(('name', 'status', 'volume_id', 'metadata', 'availability_zone', 'consumes_quota')),
    'volume_type': frozenset(('is_public', 'extra_specs')),
}  # fmt: skip
"""What plain users may filter by: Cinder's default resource filters."""

LATER: Mapping[str, Mapping[str, Version]] = {
    'volume': {'glance_metadata': (3, 4), 'group_id': (3, 10), 'use_quota': (3, 65)},
    'snapshot': {'metadata': (3, 22), 'use_quota': (3, 65)},
    'volume_type': {'extra_specs': (3, 52)},
}
"""Filters that came with a version, and are passed over before the resource filters of 3.31 came."""

_GENERAL = (3, 31)
_TIMES: Mapping[str, Operator] = {'gt': 'gt', 'gte': 'ge', 'eq': 'in', 'neq': 'not_in', 'lt': 'lt', 'lte': 'le'}

_EQUAL: Mapping[str, Mapping[str, Path]] = {
    'volume': {
        'id': ('id',), 'name': ('name',), 'display_name': ('name',), 'status': ('status',), 'project_id': ('project',),
        **{key: ('doc', key) for key in (
            'availability_zone', 'group_id', 'size', 'migration_status', 'user_id', 'snapshot_id', 'source_volid', 'volume_type_id',
            'provider_id', 'encryption_key_id', 'replication_status', 'service_uuid', 'cluster_name', 'consistencygroup_id',
        )},
        'host': ('doc', 'os-vol-host-attr:host'), 'display_description': ('doc', 'description'),
    },
    'snapshot': {
        'id': ('id',), 'name': ('name',), 'display_name': ('name',), 'status': ('status',), 'project_id': ('project',),
        'volume_id': ('doc', 'volume_id'), 'user_id': ('doc', 'user_id'), 'volume_size': ('doc', 'size'),
        'group_snapshot_id': ('doc', 'group_snapshot_id'), 'display_description': ('doc', 'description'),
    },
    'volume_type': {'id': ('id',), 'name': ('name',), 'qos_specs_id': ('doc', 'qos_specs_id'), 'description': ('doc', 'description')},
}  # fmt: skip

_SORTS: Mapping[str, Mapping[str, Path]] = {
    kind: {**paths, 'created_at': ('created',), 'updated_at': ('updated',)} for kind, paths in _EQUAL.items()
}


def listing(kind: str, items: filters.Items, call: Call, sites: Collection[str] = ()) -> filters.Listing:
    """A list request for volumes, snapshots or volume types; `sites` are the names of all sites.

    Raises BadRequest with what Cinder would say.
    """
    major, _, minor = (call.version or '3.0').partition('.')
    version = (int(major), int(minor))
    given = dict(items)
    limit, offset = _limit(given), _offset(given)
    sorts = _sorts(kind, given, version)
    counted = version >= (3, 45) and kind != 'volume_type' and 'with_count' in given and _truth(given, 'with_count')
    paging = ('limit', 'offset', 'marker', 'sort', 'sort_key', 'sort_dir', *(('with_count',) if version >= (3, 45) else ()))
    asked = {key: value for key, value in given.items() if key not in paging}
    asked = _allowed(kind, asked, version, call.token.admin)
    conditions = _conditions(kind, asked, version, sites)
    if not call.token.admin:
        conditions += [filters.NOTHING for one in conditions if one.path[1:2] == ('extra_specs',) and one.path[2] not in USER_EXTRA_SPECS]
    everybody = call.token.admin and _everybody(kind, given)
    types = kind == 'volume_type'
    if types:
        conditions += _public(given, call.token.admin)
    query = Query(
        kind,
        projects=None if everybody or (types and call.token.admin) else (call.token.project,),
        public=types,
        filters=tuple(conditions),
        sorts=sorts,
        limit=limit,
        marker=given.get('marker', ''),
    )
    return filters.Listing(query, limit, all_projects=everybody, with_count=counted, offset=offset)


def _everybody(kind: str, given: Mapping[str, str]) -> bool:
    # Of snapshots and types Cinder takes any other word for no; of volumes it refuses it, to administrators.
    if kind == 'volume' and 'all_tenants' in given:
        return _truth(given, 'all_tenants')
    return bool(filters.boolean(given.get('all_tenants', '')))


def _limit(given: Mapping[str, str]) -> int:
    text = given.get('limit', str(filters.MAX_PAGE))
    limit = _integer(text)
    if limit is None:
        raise BadRequest('limit param must be an integer')
    if limit < 0:
        raise BadRequest('limit param must be positive')
    return min(limit, filters.MAX_PAGE)


def _offset(given: Mapping[str, str]) -> int:
    offset = _integer(given.get('offset', '0'))
    if offset is None:
        raise BadRequest('offset must be an integer')
    if offset < 0:
        raise BadRequest('offset must be >= 0')
    if offset >= 1 << 31:
        raise BadRequest(f'offset must be <= {(1 << 31) - 1}')
    return offset


def _integer(text: str) -> int | None:
    try:
        return int(text[:32])
    except ValueError:
        return None


def _truth(given: Mapping[str, str], key: str) -> bool:
    truth = filters.boolean(given[key])
    if truth is None:
        raise BadRequest(f"Value '{given[key]}' for '{key}' is not a boolean.")
    return truth


def _sorts(kind: str, given: Mapping[str, str], version: Version) -> tuple[Sort, ...]:
    if 'sort' in given:
        if 'sort_key' in given or 'sort_dir' in given:
            raise BadRequest("The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter.")
        pairs = [(key.strip(), word.strip()) for key, _, word in (part.partition(':') for part in given['sort'].strip().split(','))]
    else:
        pairs = [(given.get('sort_key', 'created_at').strip(), given.get('sort_dir', '').strip())]
    unnamed = {'name'} if kind == 'snapshot' and version < (3, 30) else set()
    for key, word in pairs:
        if word not in ('', 'asc', 'desc'):
            raise BadRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.")
        if key not in _SORTS[kind] or key in unnamed:
            raise BadRequest('Invalid input received: Invalid sort key')
    return filters.with_created([Sort(_SORTS[kind][key], word != 'asc') for key, word in pairs])


def _allowed(kind: str, asked: dict[str, str], version: Version, admin: bool) -> dict[str, str]:
    """The filters that count, by the names that they have inside Cinder."""
    asked = {key: value for key, value in asked.items() if key != 'all_tenants'}
    offered = OFFERED[kind]
    if version >= (_GENERAL if kind != 'volume_type' else (3, 52)):
        unknown = [key for key in asked if key not in offered]
        if unknown and not admin:
            raise BadRequest(f'Invalid filters {",".join(unknown)} are found in query options.')
        return {'use_quota' if key == 'consumes_quota' else key: value for key, value in asked.items()}
    early = {key for key, since in LATER[kind].items() if version < since}
    return {key: value for key, value in asked.items() if key not in early and (admin or key in offered)}


def _conditions(kind: str, asked: Mapping[str, str], version: Version, sites: Collection[str]) -> list[Filter]:
    found: list[Filter] = []
    for key, value in asked.items():
        inner = key.removesuffix('~')
        path = _EQUAL[kind].get(inner)
        if kind == 'volume_type' and key == 'is_public':
            continue
        if key in _SPECIAL:
            found += _SPECIAL[key](key, asked, version)
        elif kind == 'snapshot' and key == 'availability_zone':
            found.append(filters.equals(('site',), value.partition(':')[0]))
        elif path is None or (key != inner and version < (3, 34)):
            # Cinder, too, finds nothing by what it does not know; only administrators come so far.
            found.append(filters.NOTHING)
        elif path == ('name',):
            (name,), place = filters.at_site((value,), sites)
            found += [Filter(path, 'in' if key == inner else 'like', (name,)), *place]
        else:
            found.append(Filter(path, 'in' if key == inner else 'like', (value,)))
    return found


def _pairs(key: str, asked: Mapping[str, str], _: Version) -> list[Filter]:
    """A dictionary as text, as Python or JSON write it; by anything else nothing is found."""
    try:
        pairs = ast.literal_eval(asked[key][:4096])
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        pairs = None
    # '*' is a path's word for everything, and stays without an answer as a key.
    if not isinstance(pairs, dict) or len(pairs) > 64 or '*' in pairs:
        return [filters.NOTHING]
    field = 'volume_image_metadata' if key == 'glance_metadata' else key
    return [filters.equals(('doc', field, str(name)), str(value)) for name, value in pairs.items()]


def _bootable(key: str, asked: Mapping[str, str], version: Version) -> list[Filter]:
    if version < (3, 2):
        return [filters.truth(('doc', key), asked[key].lower() != 'false')]
    truth = filters.boolean(asked[key])
    if truth is None:
        raise BadRequest(f"Invalid input received: '{key} = {asked[key]}'")
    return [filters.truth(('doc', key), truth)]


def _quota(key: str, asked: Mapping[str, str], _: Version) -> list[Filter]:
    return [filters.truth(('doc', 'consumes_quota'), _truth(asked, key))]


def _times(key: str, asked: Mapping[str, str], version: Version) -> list[Filter]:
    """Comparisons with commas between: `gt:2026-01-01T00:00:00,lte:2026-02-01`; before 3.31 no notice is taken of them."""
    found: list[Filter] = []
    if version < (3, 31):
        return found
    for part in asked[key].split(','):
        # A text without ':' is its own operator to Cinder, and a wrong one.
        word, _colon, time = part.partition(':')
        if word not in _TIMES:
            raise BadRequest(f'Invalid {word} operator')
        try:
            when = filters.moment(time).strftime('%Y-%m-%dT%H:%M:%S.%f')
        except ValueError:
            raise BadRequest(f'Invalid {time} value') from None
        found.append(Filter(('created' if key == 'created_at' else 'updated',), _TIMES[word], (when,)))
    return found


_SPECIAL: Mapping[str, Callable[[str, Mapping[str, str], Version], list[Filter]]] = {
    'metadata': _pairs,
    'glance_metadata': _pairs,
    'extra_specs': _pairs,
    'bootable': _bootable,
    'multiattach': _bootable,
    'use_quota': _quota,
    'created_at': _times,
    'updated_at': _times,
}


def _public(given: Mapping[str, str], admin: bool) -> list[Filter]:
    """Administrators see public types unless they ask for others or, with 'None', for all."""
    word = given.get('is_public', 'true') if admin else 'true'
    if word.lower() == 'none':
        return []
    truth = filters.boolean(word)
    if truth is None:
        raise BadRequest(f'Invalid is_public filter [{word}]')
    # A plain user's own private types are those that the project was given; the query's scope has seen to that.
    return [filters.truth(('doc', 'is_public'), truth)] if admin else []
