"""What Cinder makes of volumes: transfers, backups, groups and their snapshots."""

from __future__ import annotations

from hansa.sites.sim import volumes, wire
from hansa.sites.sim.state import Doc, micro
from hansa.sites.sim.wire import Answer, Ask, Refused, Row

KEYS = ('id', 'name', 'volume_id')


def _mine(ask: Ask, table: dict[str, Doc]) -> list[Doc]:
    every = ask.who.admin and ask.flag('all_tenants')
    found = [doc for doc in table.values() if every or doc['_project'] == ask.who.project]
    return sorted(found, key=lambda doc: doc['_number'], reverse=True)


def _one(ask: Ask, table: dict[str, Doc], id: str, what: str) -> Doc:
    doc = table.get(id)
    if doc is None or not (ask.who.admin or doc['_project'] == ask.who.project):
        raise Refused(404, f'{what} {id} could not be found.')
    return doc


def _page(ask: Ask, plural: str, table: dict[str, Doc], what: str, brief: tuple[str, ...] = ()) -> Answer:
    items, more = wire.page(_mine(ask, table), ask, lambda marker: Refused(404, f'{what} {marker} could not be found.'))
    shown = [{key: value for key, value in wire.shown(doc).items() if not brief or key in brief} for doc in items]
    body: Doc = {plural: shown}
    if more and ask.arg('limit'):
        body[f'{plural}_links'] = [{'rel': 'next', 'href': f'{ask.base}/volume/v3{ask.path}?{wire.next_query(ask, items[-1])}'}]
    return Answer(200, body)


def _fresh(ask: Ask, **fields: object) -> Doc:
    state = ask.state
    stamp = {'id': state.new_id(), 'created_at': micro(state.now()), '_project': ask.who.project, '_number': state.next_number()}
    return {**stamp, **fields}


# -- transfers


def transfers(ask: Ask) -> Answer:
    brief = () if ask.path.endswith('/detail') else KEYS
    return _page(ask, 'transfers', ask.state.transfers, 'Transfer', brief)


def create_transfer(ask: Ask) -> Answer:
    """POST of a transfer. Raises Refused 400 or 404."""
    given = ask.member('transfer')
    volume = volumes.find(ask, str(given.get('volume_id')))
    if volume['status'] != 'available':
        raise Refused(400, 'Invalid volume: status must be available')
    doc = _fresh(ask, name=given.get('name'), volume_id=volume['id'], _key=ask.state.new_hex()[:16])
    ask.state.transfers[doc['id']] = doc
    volume |= {'status': 'awaiting-transfer', '_updated': ask.state.now()}
    return Answer(202, {'transfer': wire.shown(doc) | {'auth_key': doc['_key']}})


def transfer(ask: Ask, id: str) -> Answer:
    """GET and DELETE. Raises Refused 404."""
    doc = _one(ask, ask.state.transfers, id, 'Transfer')
    if ask.method == 'DELETE':
        del ask.state.transfers[id]
        ask.state.volumes[doc['volume_id']] |= {'status': 'available', '_updated': ask.state.now()}
        return Answer(202)
    return Answer(200, {'transfer': wire.shown(doc)})


def accept(ask: Ask, id: str) -> Answer:
    """POST /…/ID/accept, by whoever has the key. Raises Refused 400 or 404."""
    doc = ask.state.transfers.get(id)
    if doc is None:
        raise Refused(404, f'Transfer {id} could not be found.')
    if ask.member('accept').get('auth_key') != doc['_key']:
        raise Refused(400, f'Invalid auth key: Attempt to transfer {id} with invalid auth key.')
    del ask.state.transfers[id]
    change = {'status': 'available', 'project_id': ask.who.project, 'user_id': ask.who.user, '_updated': ask.state.now()}
    ask.state.volumes[doc['volume_id']] |= change
    return Answer(202, {'transfer': {key: doc[key] for key in KEYS}})


# -- backups


def _able(ask: Ask) -> None:
    if not ask.state.backup_service:
        raise Refused(404, 'Service cinder-backup could not be found.')


def backups(ask: Ask) -> Answer:
    answer = _page(ask, 'backups', ask.state.backups, 'Backup', () if ask.path.endswith('/detail') else ('id', 'name'))
    if ask.minor >= 45 and ask.flag('with_count'):
        answer.doc['count'] = len(_mine(ask, ask.state.backups))
    return answer


def create_backup(ask: Ask) -> Answer:
    """POST /backups. Raises Refused 400 or 404."""
    _able(ask)
    given = ask.member('backup')
    volume = volumes.find(ask, str(given.get('volume_id')))
    doc = _fresh(ask, name=given.get('name'), volume_id=volume['id'], size=volume['size'], status='available', fail_reason=None)
    ask.state.backups[doc['id']] = doc
    return Answer(202, {'backup': {key: doc[key] for key in ('id', 'name')}})


def backup(ask: Ask, id: str) -> Answer:
    """GET and DELETE. Raises Refused 404."""
    doc = _one(ask, ask.state.backups, id, 'Backup')
    if ask.method == 'DELETE':
        _able(ask)
        del ask.state.backups[id]
        return Answer(202)
    return Answer(200, {'backup': wire.shown(doc)})


def restore(ask: Ask, id: str) -> Answer:
    """POST /backups/ID/restore: into a new volume, if none is named. Raises Refused 404."""
    doc = _one(ask, ask.state.backups, id, 'Backup')
    given = ask.member('restore')
    name = given.get('name') or f'restore_backup_{id}'
    volume = given.get('volume_id') or volumes.make(ask, ask.who.project, {'size': doc['size'], 'name': name})['id']
    return Answer(202, {'restore': {'backup_id': id, 'volume_id': volume, 'volume_name': name}})


def export_record(ask: Ask, id: str) -> Answer:
    ask.need_admin('backup:export-import')
    _one(ask, ask.state.backups, id, 'Backup')
    return Answer(200, {'backup-record': {'backup_service': 'sim', 'backup_url': id}})


def import_record(ask: Ask) -> Answer:
    ask.need_admin('backup:export-import')
    doc = _fresh(ask, name=None, volume_id='', size=1, status='available', fail_reason=None)
    ask.state.backups[doc['id']] = doc
    return Answer(201, {'backup': {key: doc[key] for key in ('id', 'name')}})


# -- groups


def groups(ask: Ask) -> Answer:
    return _page(ask, 'groups', ask.state.groups, 'Group', () if ask.path.endswith('/detail') else ('id', 'name'))


def create_group(ask: Ask) -> Answer:
    """POST /groups. Raises Refused 400 or 404."""
    given = ask.member('group')
    if given.get('group_type') not in ask.state.group_types:
        raise Refused(404, f'Group type {given.get("group_type")} could not be found.')
    for wanted in given.get('volume_types') or ['']:
        if wanted not in ask.state.types:
            raise Refused(404, f'Volume type {wanted} could not be found.')
    if given.get('availability_zone') not in (None, '', 'nova'):
        raise Refused(400, f"Availability zone '{given['availability_zone']}' is invalid.")
    return _grouped(ask, given['group_type'], list(given['volume_types']), given.get('name'))


def _grouped(ask: Ask, kind: str, types: list[str], name: object) -> Answer:
    more = {'group_type': kind, 'volume_types': types, 'name': name}
    doc = _fresh(ask, status='available', availability_zone='nova', description=None, **more)
    ask.state.groups[doc['id']] = doc
    return Answer(202, {'group': {key: doc[key] for key in ('id', 'name')}})


def from_source(ask: Ask) -> Answer:
    """POST /groups/action: a group like another or like a snapshot of one. Raises Refused 400 or 404."""
    given = ask.member('create-from-src')
    snapshot = ask.state.group_snapshots.get(str(given.get('group_snapshot_id')))
    id = snapshot['group_id'] if snapshot else str(given.get('source_group_id'))
    source = _one(ask, ask.state.groups, id, 'Group')
    return _grouped(ask, source['group_type'], source['volume_types'], given.get('name'))


def group(ask: Ask, id: str) -> Answer:
    """GET and PUT. Raises Refused 404."""
    doc = _one(ask, ask.state.groups, id, 'Group')
    if ask.method == 'PUT':
        asked = ask.member('group')
        doc |= {key: value for key, value in asked.items() if key in ('name', 'description')}
        for word, place in (('add_volumes', id), ('remove_volumes', None)):
            for volume in filter(None, str(asked.get(word) or '').split(',')):
                volumes.find(ask, volume).update({'_group': place, '_updated': ask.state.now()})
        return Answer(202)
    return Answer(200, {'group': wire.shown(doc)})


def group_action(ask: Ask, id: str) -> Answer:
    """POST /groups/ID/action: deletes it. Raises Refused 400 or 404."""
    _one(ask, ask.state.groups, id, 'Group')
    if 'delete' not in ask.object():
        raise Refused(400, 'There is no such action.')
    del ask.state.groups[id]
    return Answer(202)


def group_snapshots(ask: Ask) -> Answer:
    brief = () if ask.path.endswith('/detail') else ('id', 'name')
    return _page(ask, 'group_snapshots', ask.state.group_snapshots, 'GroupSnapshot', brief)


def create_group_snapshot(ask: Ask) -> Answer:
    """POST /group_snapshots. Raises Refused 404."""
    given = ask.member('group_snapshot')
    source = _one(ask, ask.state.groups, str(given.get('group_id')), 'Group')
    more = {'name': given.get('name'), 'group_type_id': source['group_type']}
    doc = _fresh(ask, group_id=source['id'], status='available', description=None, **more)
    ask.state.group_snapshots[doc['id']] = doc
    return Answer(202, {'group_snapshot': {key: doc[key] for key in ('id', 'name', 'group_type_id')}})


def group_snapshot(ask: Ask, id: str) -> Answer:
    """GET and DELETE. Raises Refused 404."""
    doc = _one(ask, ask.state.group_snapshots, id, 'GroupSnapshot')
    if ask.method == 'DELETE':
        del ask.state.group_snapshots[id]
        return Answer(202)
    return Answer(200, {'group_snapshot': wire.shown(doc)})


ROWS: list[Row] = [
    *[
        row
        for word in ('volume-transfers', 'os-volume-transfer')
        for row in (
            ('GET', f'/{word}', transfers),
            ('GET', f'/{word}/detail', transfers),
            ('POST', f'/{word}', create_transfer),
            ('GET DELETE', f'/{word}/{{}}', transfer),
            ('POST', f'/{word}/{{}}/accept', accept),
        )
    ],
    ('GET', '/backups', backups),
    ('GET', '/backups/detail', backups),
    ('POST', '/backups', create_backup),
    ('POST', '/backups/import_record', import_record),
    ('GET DELETE', '/backups/{}', backup),
    ('POST', '/backups/{}/restore', restore),
    ('GET', '/backups/{}/export_record', export_record),
    ('GET', '/groups', groups),
    ('GET', '/groups/detail', groups),
    ('POST', '/groups', create_group),
    ('POST', '/groups/action', from_source),
    ('GET PUT', '/groups/{}', group),
    ('POST', '/groups/{}/action', group_action),
    ('GET', '/group_snapshots', group_snapshots),
    ('GET', '/group_snapshots/detail', group_snapshots),
    ('POST', '/group_snapshots', create_group_snapshot),
    ('GET DELETE', '/group_snapshots/{}', group_snapshot),
]
