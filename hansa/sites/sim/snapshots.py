"""Cinder's snapshots."""

from __future__ import annotations

from hansa.sites.sim import volumes, wire
from hansa.sites.sim.state import Doc, State, micro
from hansa.sites.sim.wire import Answer, Ask, Refused, strict_bool

FILTERS = {'name', 'status', 'metadata', 'volume_id', 'availability_zone', 'project_id', 'consumes_quota'}


def find(ask: Ask, id: str) -> Doc:
    """Raises Refused 404."""
    doc = ask.state.snapshots.get(id)
    if doc is None or not ask.sees(doc):
        raise Refused(404, f'Snapshot {id} could not be found.')
    return doc


def view(ask: Ask, doc: Doc, full: bool = True) -> Doc:
    """As in a list, or with all of a single one."""
    shown = wire.shown(doc)
    project = shown.pop('project_id')
    shown |= {'created_at': micro(doc['_created']), 'updated_at': micro(doc['_updated']) if doc['_updated'] else None}
    if full and ask.minor >= 14:
        shown['group_snapshot_id'] = None
    if full and ask.minor >= 41:
        shown['user_id'] = doc['_user']
    if full and ask.minor >= 65:
        shown['consumes_quota'] = True
    if full:
        progress = '100%' if doc['status'] == 'available' else '0%'
        shown |= {'os-extended-snapshot-attributes:project_id': project, 'os-extended-snapshot-attributes:progress': progress}
    return shown


def _list(ask: Ask, path: str, full: bool) -> Answer:
    items = volumes.chosen(ask, ask.state.snapshots, FILTERS)
    shown, more = volumes.paged(ask, items, lambda marker: Refused(404, f'Snapshot {marker} could not be found.'))
    body: Doc = {'snapshots': [view(ask, doc, full) for doc in shown]}
    if more:
        href = f'{ask.base}/volume/v3/{path}?{wire.next_query(ask, shown[-1])}'
        body['snapshots_links'] = [{'rel': 'next', 'href': href}]
    if ask.minor >= 45 and ask.flag('with_count'):
        body['count'] = len(items)
    return Answer(200, body)


def index(ask: Ask) -> Answer:
    return _list(ask, 'snapshots', False)


def detail(ask: Ask) -> Answer:
    return _list(ask, 'snapshots/detail', True)


def create(ask: Ask) -> Answer:
    """POST /snapshots. Raises Refused 400, 404 or 413."""
    given, state = ask.member('snapshot'), ask.state
    source = volumes.find(ask, str(given.get('volume_id')))
    allowed = ('available', 'in-use') if strict_bool(given.get('force')) or ask.minor >= 66 else ('available',)
    if source['status'] not in allowed:
        why = f'Volume {source["id"]} status must be {", ".join(allowed)}, but current status is: {source["status"]}.'
        raise Refused(400, f'Invalid volume: {why}')
    limit = state.quota('volume', ask.who.project)['snapshots']
    if 0 <= limit <= sum(one['project_id'] == ask.who.project for one in state.snapshots.values()):
        raise Refused(413, f'SnapshotLimitExceeded: Maximum number of snapshots allowed ({limit}) exceeded')
    return Answer(202, {'snapshot': _plain(view(ask, make(ask, source, given)))})


def make(ask: Ask, source: Doc, given: Doc) -> Doc:
    """A stored snapshot of a volume that will be available."""
    state = ask.state
    doc: Doc = {
        'id': state.new_id(),
        'name': given.get('name'),
        'description': given.get('description'),
        'volume_id': source['id'],
        'status': 'creating',
        'size': source['size'],
        'metadata': dict(given.get('metadata') or {}),
        'project_id': ask.who.project,
        '_user': ask.who.user,
        '_created': state.now(),
        '_updated': 0.0,
        '_number': state.next_number(),
    }
    state.snapshots[doc['id']] = doc
    state.later('snapshots', doc['id'], {'status': 'available'})
    return doc


def _plain(shown: Doc) -> Doc:
    return {key: value for key, value in shown.items() if not key.startswith('os-extended')}


def show(ask: Ask, id: str) -> Answer:
    return Answer(200, {'snapshot': view(ask, find(ask, id))})


def update(ask: Ask, id: str) -> Answer:
    doc, given = find(ask, id), ask.member('snapshot')
    doc |= {key: given[key] for key in ('name', 'description') if key in given}
    doc['_updated'] = ask.state.now()
    return Answer(200, {'snapshot': _plain(view(ask, doc))})


def delete(ask: Ask, id: str) -> Answer:
    """DELETE /snapshots/ID. Raises Refused 400 or 404."""
    doc = find(ask, id)
    if doc['status'] not in ('available', 'error'):
        raise Refused(400, 'Invalid snapshot: Snapshot status must be available or error and must not be in a group.')
    doc |= {'status': 'deleting', '_updated': ask.state.now()}
    ask.state.later('snapshots', id, {}, 'snapshot gone')
    return Answer(202)


def gone(state: State, doc: Doc, _: Doc) -> None:
    """A delete has come to its end."""
    state.snapshots.pop(doc['id'], None)


def act(ask: Ask, id: str) -> Answer:
    """POST /snapshots/ID/action, for admins."""
    doc, body = find(ask, id), ask.json()
    name = next(iter(body), '') if isinstance(body, dict) else ''
    ask.need_admin(f'volume_extension:snapshot_admin_actions:{name.removeprefix("os-")}')
    if name == 'os-reset_status':
        doc |= {'status': body[name].get('status', doc['status']), '_updated': ask.state.now()}
    elif name == 'os-force_delete':
        ask.state.later('snapshots', id, {}, 'snapshot gone')
    else:
        raise Refused(400, f'There is no such action: {name}.')
    return Answer(202)


def metadata(ask: Ask, id: str) -> Answer:
    return volumes.change_metadata(ask, find(ask, id))


def metadatum(ask: Ask, id: str, key: str) -> Answer:
    return volumes.change_metadatum(ask, find(ask, id), key)
