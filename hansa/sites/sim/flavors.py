"""Nova's flavors and their extra specs."""

from __future__ import annotations

from hansa.sites.sim import servers, wire
from hansa.sites.sim.state import Doc, State
from hansa.sites.sim.wire import Answer, Ask, Refused


def record(state: State, given: Doc) -> Doc:
    """A new flavor, stored."""
    doc: Doc = {
        'id': str(given.get('id') or state.new_id()),
        'name': given['name'],
        'ram': int(given['ram']),
        'disk': int(given['disk']),
        'swap': int(given.get('swap') or 0),
        'OS-FLV-EXT-DATA:ephemeral': int(given.get('OS-FLV-EXT-DATA:ephemeral') or 0),
        'OS-FLV-DISABLED:disabled': False,
        'vcpus': int(given['vcpus']),
        'os-flavor-access:is_public': given.get('os-flavor-access:is_public', True),
        'rxtx_factor': float(given.get('rxtx_factor') or 1.0),
        'description': given.get('description'),
        'extra_specs': {},
        '_access': [],
    }
    state.flavors[doc['id']] = doc
    return doc


def _visible(ask: Ask, doc: Doc) -> bool:
    return ask.who.admin or doc['os-flavor-access:is_public'] or ask.who.project in doc['_access']


def find(ask: Ask, id: str) -> Doc:
    """Raises Refused 404."""
    doc = ask.state.flavors.get(id)
    if doc is None or not _visible(ask, doc):
        raise Refused(404, f'Flavor {id} could not be found.')
    return doc


def view(ask: Ask, doc: Doc) -> Doc:
    """The document of the caller's microversion."""
    shown = wire.shown(doc) | {'links': servers.links(ask, 'flavors', doc['id'])}
    if ask.minor < 75 and not shown['swap']:
        shown['swap'] = ''
    if ask.minor < 55:
        del shown['description']
    if ask.minor < 61:
        del shown['extra_specs']
    return shown


def _chosen(ask: Ask) -> tuple[list[Doc], bool]:
    public = ask.arg('is_public', 'true').lower()
    items = [doc for doc in ask.state.flavors.values() if _visible(ask, doc)]
    if not ask.who.admin or public != 'none':
        wanted = wire.strict_bool(public, True) or not ask.who.admin
        items = [doc for doc in items if doc['os-flavor-access:is_public'] == wanted or ask.who.project in doc['_access']]
    if ask.arg('minRam', '0').isdigit():
        items = [doc for doc in items if doc['ram'] >= int(ask.arg('minRam', '0'))]
    if ask.arg('minDisk', '0').isdigit():
        items = [doc for doc in items if doc['disk'] >= int(ask.arg('minDisk', '0'))]
    key = {'flavorid': 'id', 'memory_mb': 'ram', 'root_gb': 'disk'}.get(ask.arg('sort_key', 'flavorid'), ask.arg('sort_key'))
    items = wire.ordered(items, [(key, ask.arg('sort_dir', 'asc'))])
    return wire.page(items, ask, lambda marker: Refused(400, f'marker [{marker}] not found'))


def _answer(ask: Ask, listed: list[Doc], more: bool, path: str) -> Answer:
    body: Doc = {'flavors': listed}
    if more:
        href = f'{ask.base}/compute/v2.1/{path}?{wire.next_query(ask, listed[-1])}'
        body['flavors_links'] = [{'rel': 'next', 'href': href}]
    return Answer(200, body)


def index(ask: Ask) -> Answer:
    shown, more = _chosen(ask)
    keys = ('id', 'name', 'links', *(('description',) if ask.minor >= 55 else ()))
    return _answer(ask, [{key: value for key, value in view(ask, doc).items() if key in keys} for doc in shown], more, 'flavors')


def detail(ask: Ask) -> Answer:
    shown, more = _chosen(ask)
    return _answer(ask, [view(ask, doc) for doc in shown], more, 'flavors/detail')


def show(ask: Ask, id: str) -> Answer:
    return Answer(200, {'flavor': view(ask, find(ask, id))})


def create(ask: Ask) -> Answer:
    """POST /flavors. Raises Refused 400, 403 or 409."""
    ask.need_admin('os_compute_api:os-flavor-manage:create')
    given = ask.member('flavor')
    for key in ('name', 'ram', 'vcpus', 'disk'):
        if key not in given:
            raise Refused(400, f"Invalid input for field/attribute flavor. Value: {given}. '{key}' is a required property")
    if any(given['name'] == doc['name'] for doc in ask.state.flavors.values()):
        raise Refused(409, f'Flavor with name {given["name"]} already exists.')
    if given.get('id') == 'auto':
        given['id'] = None
    if given.get('id') and str(given['id']) in ask.state.flavors:
        raise Refused(409, f'Flavor with ID {given["id"]} already exists.')
    return Answer(200, {'flavor': view(ask, record(ask.state, given))})


def update(ask: Ask, id: str) -> Answer:
    ask.need_admin('os_compute_api:os-flavor-manage:update')
    doc = find(ask, id)
    doc['description'] = ask.member('flavor').get('description')
    return Answer(200, {'flavor': view(ask, doc)})


def delete(ask: Ask, id: str) -> Answer:
    ask.need_admin('os_compute_api:os-flavor-manage:delete')
    del ask.state.flavors[find(ask, id)['id']]
    return Answer(202)


def specs(ask: Ask, id: str) -> Answer:
    """GET and POST of extra specs."""
    doc = find(ask, id)
    if ask.method == 'POST':
        ask.need_admin('os_compute_api:os-flavor-extra-specs:create')
        doc['extra_specs'] = doc['extra_specs'] | ask.member('extra_specs')
    return Answer(200, {'extra_specs': doc['extra_specs']})


def spec(ask: Ask, id: str, key: str) -> Answer:
    """GET, PUT and DELETE of one."""
    doc = find(ask, id)
    if ask.method == 'PUT':
        ask.need_admin('os_compute_api:os-flavor-extra-specs:update')
        doc['extra_specs'] = doc['extra_specs'] | {key: ask.object().get(key)}
    elif key not in doc['extra_specs']:
        raise Refused(404, f'Flavor {id} has no extra specs with key {key}.')
    elif ask.method == 'DELETE':
        ask.need_admin('os_compute_api:os-flavor-extra-specs:delete')
        doc['extra_specs'] = {word: value for word, value in doc['extra_specs'].items() if word != key}
        return Answer(200)
    return Answer(200, {key: doc['extra_specs'][key]})


def access(ask: Ask, id: str) -> Answer:
    ask.need_admin('os_compute_api:os-flavor-access')
    doc = find(ask, id)
    if doc['os-flavor-access:is_public']:
        raise Refused(404, 'Access list not available for public flavors.')
    return Answer(200, {'flavor_access': [{'flavor_id': id, 'tenant_id': project} for project in doc['_access']]})


def act(ask: Ask, id: str) -> Answer:
    """Give or take a project's access. Raises Refused 400, 403, 404 or 409."""
    ask.need_admin('os_compute_api:os-flavor-access')
    doc, body = find(ask, id), ask.json()
    name = next(iter(body), '') if isinstance(body, dict) else ''
    if name not in ('addTenantAccess', 'removeTenantAccess'):
        raise Refused(400, f'There is no such action: {name}')
    project = body[name].get('tenant')
    if name == 'addTenantAccess' and project in doc['_access']:
        raise Refused(409, f'Flavor access already exists for flavor {id} and project {project} combination.')
    kept = [one for one in doc['_access'] if one != project]
    doc['_access'] = [*kept, project] if name == 'addTenantAccess' else kept
    return access(ask, id)
