"""Glance's metadata definitions, its tasks, and what it lacks of caches and stores."""

from __future__ import annotations

from hansa.sites.sim import images, wire
from hansa.sites.sim.state import Doc, z
from hansa.sites.sim.wire import Answer, Ask, Refused, Row

KINDS = {'objects': 'name', 'properties': 'name', 'tags': 'name'}


def _admin(ask: Ask, what: str) -> None:
    if not ask.who.admin:
        raise Refused(403, f'You are not authorized to complete {what} action.')


def _namespace(ask: Ask, name: str) -> Doc:
    found = ask.state.metadefs.get(name)
    if found is None:
        raise Refused(404, f'Metadata definition namespace={name} was not found.')
    return found


def namespaces(ask: Ask) -> Answer:
    """GET /metadefs/namespaces, newest first."""
    items = [wire.shown(doc) | {'id': doc['namespace']} for doc in reversed(ask.state.metadefs.values())]
    shown, more = wire.page(items, ask, lambda marker: Refused(404, f'Metadata definition namespace={marker} was not found.'), 1000)
    listed = [{key: value for key, value in doc.items() if key != 'id'} for doc in shown]
    body: Doc = {'namespaces': listed, 'first': '/v2/metadefs/namespaces', 'schema': '/v2/schemas/metadefs/namespaces'}
    if more:
        body['next'] = f'/v2/metadefs/namespaces?{wire.next_query(ask, shown[-1])}'
    return Answer(200, body)


def create_namespace(ask: Ask) -> Answer:
    """POST /metadefs/namespaces. Raises Refused 400, 403 or 409."""
    _admin(ask, 'add_metadef_namespace')
    given = ask.object()
    name = given.get('namespace')
    if not isinstance(name, str) or not name:
        raise Refused(400, "Provided object does not match schema 'namespace': 'namespace' is a required property")
    if name in ask.state.metadefs:
        raise Refused(409, f'The metadata definition namespace={name} already exists.')
    stamp = z(ask.state.now())
    doc = {'visibility': 'private', 'protected': False, **given, 'owner': ask.who.project, 'created_at': stamp, 'updated_at': stamp}
    ask.state.metadefs[name] = doc | {f'_{kind}': {} for kind in KINDS}
    return Answer(201, doc)


def namespace(ask: Ask, name: str) -> Answer:
    """GET, PUT and DELETE. Raises Refused 403 or 404."""
    doc = _namespace(ask, name)
    if ask.method != 'GET':
        _admin(ask, 'modify_metadef_namespace')
    if ask.method == 'DELETE':
        del ask.state.metadefs[name]
        return Answer(204)
    if ask.method == 'PUT':
        doc |= ask.object()
    return Answer(200, wire.shown(doc))


def parts(ask: Ask, name: str, kind: str) -> Answer:
    """GET, POST and DELETE of what a namespace has. Raises Refused 403, 404 or 409."""
    if kind not in KINDS:
        raise Refused(404, 'The resource could not be found.')
    held: dict[str, Doc] = _namespace(ask, name)[f'_{kind}']
    if ask.method == 'GET':
        return Answer(200, {kind: held if kind == 'properties' else list(held.values())})
    _admin(ask, f'modify_metadef_{kind}')
    if ask.method == 'DELETE':
        held.clear()
        return Answer(204)
    given = ask.object()
    if given.get('name') in held:
        raise Refused(409, f'A metadata definition {kind} with name={given["name"]} already exists in namespace={name}.')
    held[str(given.get('name'))] = given
    return Answer(201, given)


def part(ask: Ask, name: str, kind: str, word: str) -> Answer:
    """GET, PUT and DELETE of one of them; a tag is made by POST. Raises Refused 403 or 404."""
    held: dict[str, Doc] = _namespace(ask, name).get(f'_{kind}', {})
    if ask.method != 'GET':
        _admin(ask, f'modify_metadef_{kind}')
    if ask.method == 'POST':
        held[word] = {'name': word}
        return Answer(201, held[word])
    if word not in held:
        raise Refused(404, f'Metadata definition {kind} with name={word} was not found.')
    if ask.method == 'DELETE':
        del held[word]
        return Answer(204)
    if ask.method == 'PUT':
        held[word] |= ask.object()
    return Answer(200, held[word])


def resource_types(ask: Ask) -> Answer:
    return Answer(200, {'resource_types': [{'name': 'OS::Nova::Server'}, {'name': f'OS::{ask.state.name}::Own'}]})


def tasks(ask: Ask) -> Answer:
    _admin(ask, 'tasks_api_access')
    return Answer(200, {'tasks': list(ask.state.tasks.values()), 'first': '/v2/tasks', 'schema': '/v2/schemas/tasks'})


def create_task(ask: Ask) -> Answer:
    """POST /tasks: done at once. Raises Refused 403."""
    _admin(ask, 'tasks_api_access')
    stamp = z(ask.state.now())
    given = ask.object()
    told = {'type': given.get('type'), 'input': given.get('input'), 'status': 'success', 'created_at': stamp}
    doc: Doc = {'id': ask.state.new_id(), **told}
    ask.state.tasks[doc['id']] = doc
    return Answer(201, doc)


def task(ask: Ask, id: str) -> Answer:
    _admin(ask, 'tasks_api_access')
    if id not in ask.state.tasks:
        raise Refused(404, f'Task {id} could not be found')
    return Answer(200, ask.state.tasks[id])


def no_cache(ask: Ask, *_: str) -> Answer:
    """Caches are not managed by this API here."""
    _admin(ask, 'cache_list')
    raise Refused(404, 'Caching via API is not supported at this site.')


def leave_store(ask: Ask, store: str, id: str) -> Answer:
    """DELETE /stores/STORE/ID: never from the only one. Raises Refused 403 or 404."""
    images.own(ask, id, 'delete_image_location')
    if store != 'files':
        raise Refused(404, f'Store {store} not found')
    raise Refused(403, f'Cannot delete image {id} from its only store.')


def stores(ask: Ask) -> Answer:
    _admin(ask, 'stores_info_detail')
    return Answer(200, {'stores': [{'id': 'files', 'default': 'true', 'type': 'file'}]})


ROWS: list[Row] = [
    ('GET', '/metadefs/namespaces', namespaces),
    ('POST', '/metadefs/namespaces', create_namespace),
    ('GET PUT DELETE', '/metadefs/namespaces/{}', namespace),
    ('GET POST DELETE', '/metadefs/namespaces/{}/{}', parts),
    ('GET PUT POST DELETE', '/metadefs/namespaces/{}/{}/{}', part),
    ('GET', '/metadefs/resource_types', resource_types),
    ('GET', '/tasks', tasks),
    ('POST', '/tasks', create_task),
    ('GET', '/tasks/{}', task),
    ('GET DELETE', '/cache', no_cache),
    ('POST', '/cache/clean', no_cache),
    ('POST', '/cache/prune', no_cache),
    ('GET', '/cache/nodes/{}', no_cache),
    ('PUT DELETE', '/cache/{}', no_cache),
    ('DELETE', '/stores/{}/{}', leave_store),
    ('GET', '/info/stores/detail', stores),
]
