"""Cinder's attachments: which server has which volume."""

from __future__ import annotations

from hansa.sites.sim import volumes
from hansa.sites.sim.state import Doc, State, micro
from hansa.sites.sim.wire import Answer, Ask, Refused


def join(state: State, volume: Doc, server: str, device: str) -> Doc:
    """The volume is in use by that server from now on."""
    doc: Doc = {
        'id': state.new_id(),
        'status': 'attached',
        'instance': server,
        'volume_id': volume['id'],
        'attached_at': micro(state.now()),
        'detached_at': '',
        'attach_mode': 'rw',
        'connection_info': {},
        'project_id': volume['project_id'],
        '_device': device,
        '_bdm': state.new_id(),
    }
    state.attachments[doc['id']] = doc
    volume |= {'status': 'in-use', '_updated': state.now()}
    return doc


def part(state: State, volume: Doc, server: str) -> None:
    """The volume is free again ('' lets go of all servers)."""
    for doc in list(state.attachments.values()):
        if doc['volume_id'] == volume['id'] and server in ('', doc['instance']):
            del state.attachments[doc['id']]
    if not any(doc['volume_id'] == volume['id'] for doc in state.attachments.values()):
        volume |= {'status': 'available', '_updated': state.now()}


def parted(state: State, doc: Doc, changes: Doc) -> None:
    """A detach has come to its end; the event names the server."""
    part(state, doc, changes['_leaving'])


def of_server(state: State, server: str) -> list[Doc]:
    """All attachments of one server, oldest first."""
    return state.attachments_of(server)


def _find(ask: Ask, id: str) -> Doc:
    doc = ask.state.attachments.get(id)
    if doc is None or not ask.sees(doc):
        raise Refused(404, f'Volume attachment {id} could not be found.')
    return doc


def _full(doc: Doc) -> Doc:
    return {key: value for key, value in doc.items() if not key.startswith('_') and key != 'project_id'}


def index(ask: Ask) -> Answer:
    """GET /attachments, the same with /detail but for what is in each."""
    every = ask.who.admin and ask.flag('all_tenants')
    mine = [one for one in ask.state.attachments.values() if every or one['project_id'] == ask.who.project]
    for field, key in (('volume_id', 'volume_id'), ('instance', 'instance_id')):
        if ask.arg(key):
            mine = [one for one in mine if one[field] == ask.arg(key)]
    if ask.path.endswith('/detail'):
        return Answer(200, {'attachments': [_full(one) for one in mine]})
    keys = ('id', 'status', 'instance', 'volume_id')
    return Answer(200, {'attachments': [{key: one[key] for key in keys} for one in mine]})


def create(ask: Ask) -> Answer:
    """POST /attachments: at once attached. Raises Refused 400 or 404."""
    given = ask.member('attachment')
    volume = volumes.find(ask, str(given.get('volume_uuid')))
    if volume['status'] not in ('available', 'reserved', 'attaching'):
        why = f'Volume {volume["id"]} status must be available or downloading to reserve, but the current status is {volume["status"]}.'
        raise Refused(400, f'Invalid volume: {why}')
    doc = join(ask.state, volume, str(given.get('instance_uuid') or ''), '')
    return Answer(200, {'attachment': _full(doc)})


def show(ask: Ask, id: str) -> Answer:
    return Answer(200, {'attachment': _full(_find(ask, id))})


def complete(ask: Ask, id: str) -> Answer:
    """POST /attachments/ID/action, after which it is attached. Raises Refused 404."""
    _find(ask, id)
    return Answer(204)


def delete(ask: Ask, id: str) -> Answer:
    """DELETE /attachments/ID; one that a server holds goes only with the server. Raises Refused 404 or 409."""
    doc = _find(ask, id)
    if doc['instance'] in ask.state.servers and not ask.who.admin:
        raise Refused(409, f'Detach volume from instance {doc["instance"]} using the Compute API')
    volume = ask.state.volumes[doc['volume_id']]
    del ask.state.attachments[id]
    part(ask.state, volume, 'none')
    return Answer(200, {'attachments': []})
