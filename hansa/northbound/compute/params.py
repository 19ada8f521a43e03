"""List requests of Nova's API, read as Nova reads them: what it refuses is refused, what it ignores is ignored."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import msgspec

from hansa.model.call import Call
from hansa.model.errors import BadRequest, Forbidden
from hansa.model.listing import Filter, Operator, Query, Sort
from hansa.northbound.compute import words
from hansa.northbound.hall import filters

Version = tuple[int, int]

STRICT = (2, 75)
"""From here on parameters that the API does not know are refused; before, they are passed over."""


class Ask(msgspec.Struct, frozen=True):
    """A list request while it is read: who asks, at which version, with what."""

    call: Call
    version: Version
    items: filters.Items
    sites: Collection[str]
    flavors: Mapping[str, str]

    @property
    def given(self) -> dict[str, str]:
        """Each key with its last value."""
        return dict(self.items)

    @property
    def admin(self) -> bool:
        return self.call.token.admin

    @property
    def own(self) -> tuple[str, ...]:
        return (self.call.token.project,)


def listing(
    kind: str,
    items: filters.Items,
    call: Call,
    sites: Collection[str] = (),
    flavors: Mapping[str, str] | None = None,
    *,
    detail: bool = True,
) -> filters.Listing:
    """A list request for servers, flavors, key pairs or server groups.

    `flavors` is flavor name -> league id, `sites` the names of all sites; `detail` matters for a message only.
    Raises BadRequest and Forbidden with what Nova would say.
    """
    major, _, minor = (call.version or '2.1').partition('.')
    ask = Ask(call, (int(major), int(minor)), items, sites, flavors or {})
    match kind:
        case 'server':
            return _servers(ask, detail)
        case 'flavor':
            return _flavors(ask)
        case 'keypair':
            return _keypairs(ask)
        case _:
            return _server_groups(ask)


def _known(ask: Ask, known: Collection[str], prefix: str = '') -> None:
    unknown = [key for key, _ in ask.items if key not in known and not (prefix and key.startswith(prefix))]
    if unknown and ask.version >= STRICT:
        names = ', '.join(f"'{key}'" for key in dict.fromkeys(unknown))
        raise BadRequest(f'Additional properties are not allowed ({names} {"was" if len(unknown) == 1 else "were"} unexpected)')


def _number(ask: Ask, key: str) -> int | None:
    for value in filters.values(ask.items, key):
        if not re.fullmatch(r'[0-9]+', value):
            why = f"'{value}' does not match '^[0-9]*$'" if value else "'' should be non-empty"
            raise BadRequest(f'Invalid input for query parameters {key}. Value: {value}. {why}')
    # More digits than any page has would only cost time.
    return min(int(ask.given[key][:18]), 1 << 31) if key in ask.given else None


def _limit(ask: Ask) -> int:
    asked = _number(ask, 'limit')
    return filters.MAX_PAGE if asked is None else min(asked, filters.MAX_PAGE)


def _choice(ask: Ask, key: str, choices: Collection[str]) -> None:
    for value in filters.values(ask.items, key):
        if value.strip() not in choices:
            raise BadRequest(f"Invalid input for query parameters {key}. Value: {value}. '{value}' is not one of {sorted(choices)}")


# -- servers


def _servers(ask: Ask, detail: bool) -> filters.Listing:
    _check_servers(ask)
    given = {key: value for key, value in ask.given.items() if words.offered(key, ask.version, ask.admin)}
    joined = [key for key in ask.given if ask.admin and (key in words.JOINED or key.startswith('_'))]
    if joined:
        raise BadRequest(f'Invalid filter field: {joined[0]}.')
    everybody = _everybody(ask, given, detail)
    conditions = [*_states(ask), *_times(given), *_tags(given), *_names(ask, given), *_places(ask, given), *_plain(given)]
    if everybody:
        conditions += [filters.equals(('project',), given[key]) for key in ('project_id', 'tenant_id') if key in given]
    if filters.boolean(given.get('deleted', '')) or filters.boolean(given.get('soft_deleted', '')):
        conditions.append(filters.NOTHING)
    limit = _limit(ask)
    query = Query(
        'server',
        projects=None if everybody else ask.own,
        public=False,
        filters=tuple(conditions),
        sorts=_server_sorts(ask),
        limit=limit,
        marker=ask.given.get('marker', ''),
        gone=not {'changes-since', 'changes-before'}.isdisjoint(given) and 'deleted' not in given,
    )
    return filters.Listing(query, limit, all_projects=everybody)


def _check_servers(ask: Ask) -> None:
    _known(ask, words.known(ask.version), prefix='_')
    _limit(ask)
    _choice(ask, 'sort_key', words.sort_keys(ask.version))
    for key, value in ask.items:
        if key in words.PATTERNS and ask.version >= words.PATTERNS[key]:
            try:
                valid = bool(value) and bool(re.compile(value[:255]))
            except re.error:
                valid = False
            if not valid:
                raise BadRequest(f"Invalid input for query parameters {key}. Value: {value}. '{value}' is not a 'regex'")
        if key == 'changes-since' or (key == 'changes-before' and ask.version >= (2, 66)):
            try:
                filters.moment(value)
            except ValueError:
                why = f"'{value}' is not a 'date-time'"
                raise BadRequest(f'Invalid input for query parameters {key}. Value: {value}. {why}') from None


def _truth(given: Mapping[str, str], key: str) -> bool:
    truth = filters.boolean(given[key])
    if truth is None:
        every = ', '.join(f"'{word}'" for word in ('0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'))
        raise BadRequest(f"Unrecognized value '{given[key]}', acceptable values are: {every}")
    return truth


def _everybody(ask: Ask, given: Mapping[str, str], detail: bool) -> bool:
    wanted = 'all_tenants' in given and (given['all_tenants'] == '' or _truth(given, 'all_tenants'))
    if wanted and not ask.admin:
        act = 'detail' if detail else 'index'
        raise Forbidden(f"Policy doesn't allow os_compute_api:servers:{act}:get_all_tenants to be performed.")
    return wanted


def _states(ask: Ask) -> list[Filter]:
    asked = filters.values(ask.items, 'status')
    if not asked:
        return []
    wanted = [word for word in dict.fromkeys(value.upper() for value in asked) if word in words.STATUSES]
    if not wanted and ask.version >= (2, 38):
        raise BadRequest('Invalid status value')
    if wanted == ['DELETED'] and not ask.admin:
        raise Forbidden('Only administrators may list deleted instances')
    return [filters.equals(('status',), *wanted) if wanted else filters.NOTHING]


def _times(given: Mapping[str, str]) -> list[Filter]:
    bounds = {key: filters.moment(given[key]) for key in ('changes-since', 'changes-before') if key in given}
    if len(bounds) == 2 and bounds['changes-before'] < bounds['changes-since']:
        raise BadRequest('The value of changes-since must be less than or equal to changes-before.')
    signs: dict[str, Operator] = {'changes-since': 'ge', 'changes-before': 'le'}
    return [Filter(('updated',), signs[key], (when.strftime('%Y-%m-%dT%H:%M:%SZ'),)) for key, when in bounds.items()]


def _tags(given: Mapping[str, str]) -> list[Filter]:
    found = []
    for key, operator, path in words.TAGS:
        if key in given:
            asked = tuple(given[key].split(','))
            if key == 'not-tags' and len(asked) > 1:
                raise BadRequest('not-tags is taken with one tag; not-tags-any takes several.')
            found.append(Filter(path, operator, asked))
    return found


def _names(ask: Ask, given: Mapping[str, str]) -> list[Filter]:
    found: list[Filter] = []
    for key in ('name', 'display_name'):
        if key in given:
            (name,), place = filters.at_site((given[key],), ask.sites, ending='$')
            found += [filters.pattern(('name',), name), *place]
    return found


def _places(ask: Ask, given: Mapping[str, str]) -> list[Filter]:
    found = []
    if 'flavor' in given:
        called = [name for name, id in ask.flavors.items() if id == given['flavor']]
        found.append(filters.equals(('doc', 'flavor', 'original_name'), *called) if called else filters.NOTHING)
    addresses = [given[key] for key in ('ip', 'ip6') if key in given]
    if addresses:
        either = addresses[0] if len(addresses) == 1 else '|'.join(f'(?:{one})' for one in addresses)
        found.append(filters.pattern(('doc', 'addresses', '*', '*', 'addr'), either))
    if 'locked' in given:
        found.append(filters.truth(('doc', 'locked'), _truth(given, 'locked')))
    return found


def _plain(given: Mapping[str, str]) -> list[Filter]:
    equal = [filters.equals(path, given[key]) for key, path in words.EQUAL.items() if key in given]
    return equal + [filters.pattern(path, given[key]) for key, path in words.FOUND.items() if key in given]


def _server_sorts(ask: Ask) -> tuple[Sort, ...]:
    keys = [key.strip() for key in filters.values(ask.items, 'sort_key')]
    directions = [word.strip() for word in filters.values(ask.items, 'sort_dir')]
    for key in [key for key in keys if key not in words.SORTS or (key == 'locked' and ask.version < (2, 73))]:
        place = keys.index(key)
        keys.pop(place)
        if place < len(directions):
            directions.pop(place)
    hidden = [key for key in keys if key in ('host', 'node')]
    if hidden and not ask.admin:
        raise Forbidden(f'Only administrators can sort servers by {hidden[0]}')
    if not {'asc', 'desc'}.issuperset(directions):
        raise BadRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'")
    keys = keys or ['created_at']
    if len(directions) > len(keys):
        raise BadRequest('Invalid input received: Sort direction size exceeds sort key size')
    directions = directions or ['desc']
    directions += directions[:1] * (len(keys) - len(directions))
    pairs = zip(keys, directions, strict=True)
    return filters.with_created([Sort(words.SORTS[key], word == 'desc') for key, word in pairs])


# -- what Nova lists beside servers


def _flavors(ask: Ask) -> filters.Listing:
    named = ask.version >= (2, 102)
    _known(ask, words.FLAVOR_WORDS | ({'name'} if named else set()))
    keys = words.FLAVOR_SORTS.keys() - ({'rxtx_factor'} if named else set())
    _choice(ask, 'sort_key', keys)
    _choice(ask, 'sort_dir', ('asc', 'desc'))
    found: list[Filter] = []
    for key, path in (('minRam', ('doc', 'ram')), ('minDisk', ('doc', 'disk'))):
        if key in ask.given:
            if not re.fullmatch(r'[+-]?[0-9]{1,18}', ask.given[key].strip()):
                raise BadRequest(f'Invalid {key} filter [{ask.given[key]}]')
            found.append(Filter(path, 'ge', (str(int(ask.given[key])),)))
    if named and 'name' in ask.given:
        (name,), place = filters.at_site((ask.given['name'],), ask.sites)
        found += [filters.pattern(('name',), name), *place]
    everybody = ask.admin and ask.given.get('is_public', '').lower() == 'none'
    if ask.admin and not everybody:
        found.append(filters.truth(('doc', 'os-flavor-access:is_public'), _public(ask)))
    key = ask.given.get('sort_key', '').strip() or 'flavorid'
    limit = _limit(ask)
    query = Query(
        'flavor',
        projects=None if ask.admin else ask.own,
        filters=tuple(found),
        sorts=(Sort(words.FLAVOR_SORTS[key], ask.given.get('sort_dir', '').strip() == 'desc'),),
        limit=limit,
        marker=ask.given.get('marker', ''),
    )
    return filters.Listing(query, limit, all_projects=everybody)


def _public(ask: Ask) -> bool:
    truth = filters.boolean(ask.given.get('is_public', 'true'))
    if truth is None:
        raise BadRequest(f'Invalid is_public filter [{ask.given["is_public"]}]')
    return truth


def _keypairs(ask: Ask) -> filters.Listing:
    paged = ask.version >= (2, 35)
    _known(ask, {'user_id', 'limit', 'marker'})
    user = ask.call.token.user
    if ask.version >= (2, 10):
        user = ask.given.get('user_id', user)
    if user != ask.call.token.user and not ask.admin:
        raise Forbidden("Policy doesn't allow os_compute_api:os-keypairs:index to be performed.")
    limit = _limit(ask) if paged else None
    marker = ask.given.get('marker', '') if paged else ''
    # Key pairs are a user's, whatever the project: the inventory has the user where other kinds have the project.
    query = Query('keypair', (user,), public=False, sorts=(Sort(('name',)),), limit=limit, marker=marker and f'{user}/{marker}')
    return filters.Listing(query, limit)


def _server_groups(ask: Ask) -> filters.Listing:
    _known(ask, {'all_projects', 'limit', 'offset'})
    everybody = ask.admin and 'all_projects' in ask.given
    limit = _limit(ask)
    query = Query('server_group', None if everybody else ask.own, public=False, limit=limit)
    return filters.Listing(query, limit, all_projects=everybody, offset=_number(ask, 'offset') or 0)
