"""Cinder's volumes: list, create, show, rename, delete, metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hansa.sites.sim import wire
from hansa.sites.sim.state import Doc, State, micro, moment
from hansa.sites.sim.wire import Answer, Ask, Refused

FIELDS = {
    'size',
    'name',
    'description',
    'volume_type',
    'snapshot_id',
    'source_volid',
    'imageRef',
    'image_id',
    'metadata',
    'availability_zone',
    'multiattach',
    'consistencygroup_id',
    'group_id',
    'backup_id',
    'scheduler_hints',
    'source_replica',
}
FILTERS = {
    'name',
    'status',
    'metadata',
    'bootable',
    'availability_zone',
    'size',
    'migration_status',
    'group_id',
    'consumes_quota',
}
STEERING = {'limit', 'marker', 'offset', 'sort', 'sort_key', 'sort_dir', 'all_tenants', 'with_count', 'project_id'}
SORT_KEYS = {'id', 'name', 'display_name', 'status', 'size', 'created_at', 'updated_at', 'availability_zone', 'bootable', 'host'}
COMPARE = {'gt', 'gte', 'lt', 'lte', 'eq', 'neq'}
DELETABLE = (
    'Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and '
    'must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from '
    'snapshots after volume transfer.'
)


def find(ask: Ask, id: str) -> Doc:
    """Raises Refused 404."""
    doc = ask.state.volumes.get(id)
    if doc is None or not ask.sees(doc):
        raise Refused(404, f'Volume {id} could not be found.')
    return doc


def links(ask: Ask, id: str) -> list[Doc]:
    """With the project in it where the request had it."""
    project = ask.headers.get('_project', '')
    middle = f'/{project}' if project else ''
    return [
        {'rel': 'self', 'href': f'{ask.base}/volume/v3{middle}/volumes/{id}'},
        {'rel': 'bookmark', 'href': f'{ask.base}/volume{middle}/volumes/{id}'},
    ]


def view(ask: Ask, doc: Doc) -> Doc:
    """The document of the caller's microversion."""
    state, kind = ask.state, ask.state.types[doc['_type']]
    shown = wire.shown(doc)
    project = shown.pop('project_id')
    image = shown.pop('volume_image_metadata', None)
    shown |= {
        'created_at': micro(doc['_created']),
        'updated_at': micro(doc['_updated']) if doc['_updated'] else None,
        'volume_type': kind['name'],
        'links': links(ask, doc['id']),
        'bootable': 'true' if doc['bootable'] else 'false',
        'attachments': [_attached(one) for one in state.attachments_on(doc['id'])],
        'os-vol-tenant-attr:tenant_id': project,
    }
    if ask.minor >= 13:
        shown['group_id'] = doc.get('_group')
    if ask.minor >= 48:
        shown |= {'shared_targets': False, 'service_uuid': None}
    if ask.minor >= 63:
        shown['volume_type_id'] = kind['id']
    if ask.minor >= 65:
        shown['consumes_quota'] = True
    if image:
        shown['volume_image_metadata'] = image
    if ask.who.admin:
        shown |= {
            'os-vol-host-attr:host': f'{state.name}-storage-1@sim#sim',
            'os-vol-mig-status-attr:migstat': None,
            'os-vol-mig-status-attr:name_id': None,
            'migration_status': None,
            'provider_id': None,
            'cluster_name': None,
        }
    return shown


def _attached(one: Doc) -> Doc:
    return {
        'id': one['volume_id'],
        'attachment_id': one['id'],
        'volume_id': one['volume_id'],
        'server_id': one['instance'],
        'host_name': None,
        'device': one['_device'],
        'attached_at': one['attached_at'],
    }


# -- lists


def index(ask: Ask) -> Answer:
    return _list(ask, 'volumes', lambda doc: {'id': doc['id'], 'name': doc['name'], 'links': links(ask, doc['id'])})


def detail(ask: Ask) -> Answer:
    return _list(ask, 'volumes/detail', lambda doc: view(ask, doc))


def _list(ask: Ask, path: str, show: Any) -> Answer:
    items = chosen(ask, ask.state.volumes, FILTERS)
    shown, more = paged(ask, items, lambda marker: Refused(404, f'Volume {marker} could not be found.'))
    body: Doc = {'volumes': [show(doc) for doc in shown]}
    if more:
        project = ask.headers.get('_project', '')
        middle = f'/{project}' if project else ''
        href = f'{ask.base}/volume/v3{middle}/{path}?{wire.next_query(ask, shown[-1])}'
        body['volumes_links'] = [{'rel': 'next', 'href': href}]
    if ask.minor >= 45 and ask.flag('with_count'):
        body['count'] = len(items)
    return Answer(200, body)


def chosen(ask: Ask, all_of: Mapping[str, Doc], filters: set[str]) -> list[Doc]:
    """Visible ones that fit the filters, sorted. Raises Refused 400."""
    every = ask.who.admin and ask.flag('all_tenants')
    items = [doc for doc in all_of.values() if every or doc['project_id'] == ask.who.project]
    if every and ask.arg('project_id'):
        items = [doc for doc in items if doc['project_id'] == ask.arg('project_id')]
    unknown = [key for key, _ in ask.query if key.rstrip('~') not in filters | STEERING | {'created_at', 'updated_at'}]
    if unknown:
        raise Refused(400, f'Invalid filters {", ".join(unknown)} are found in query options.')
    for key, value in ask.query:
        if key not in STEERING:
            items = [doc for doc in items if _fits(doc, key, value)]
    pairs = [word.strip().partition(':') for word in ask.arg('sort', '').split(',') if word]
    order = [(key, way or 'desc') for key, _, way in pairs]
    if ask.arg('sort_key'):
        order = [(ask.arg('sort_key'), ask.arg('sort_dir', 'desc'))]
    if any(key not in SORT_KEYS for key, _ in order):
        raise Refused(400, 'Invalid input received: Invalid sort key')
    stored = {'created_at': '_created', 'updated_at': '_updated', 'display_name': 'name'}
    order = [(stored.get(key, key), way) for key, way in order] or [('_created', 'desc')]
    return wire.ordered(items, [*order, ('_number', order[-1][1])])


def _fits(doc: Doc, key: str, value: str) -> bool:
    if key in ('created_at', 'updated_at'):
        return all(_when(doc['_' + key.removesuffix('_at')] or doc['_created'], one) for one in value.split(','))
    if key == 'metadata':
        pairs = re.findall(r"""["']([^"']+)["']\s*:\s*["']([^"']*)["']""", value)
        return all(doc['metadata'].get(word) == wanted for word, wanted in pairs)
    if key.endswith('~'):
        return value in str(doc.get(key.rstrip('~')) or '')
    held = doc.get(key)
    return wire.strict_bool(value) == held if isinstance(held, bool) else str(held) == value


def _when(held: float, value: str) -> bool:
    operator, _, stamp = value.partition(':') if value.partition(':')[0] in COMPARE else ('eq', '', value)
    try:
        limit = moment(stamp)
    except ValueError:
        raise Refused(400, f'Invalid input received: Invalid filter value {value}') from None
    held = float(int(held))
    return {
        'gt': held > limit,
        'gte': held >= limit,
        'lt': held < limit,
        'lte': held <= limit,
        'eq': held == limit,
        'neq': held != limit,
    }[operator]


def paged(ask: Ask, items: list[Doc], missing: Any) -> tuple[list[Doc], bool]:
    """limit, marker and offset. Raises Refused 400 or what `missing` gives."""
    for key in ('limit', 'offset'):
        value = ask.arg(key, '0')
        if not value.isdigit():
            raise Refused(400, f'{key} param must be ' + ('positive' if value.startswith('-') else 'an integer'))
    return wire.page(items[int(ask.arg('offset', '0')) :], ask, missing)


def summary(ask: Ask) -> Answer:
    """GET /volumes/summary; before 3.12 that is a volume's id."""
    if ask.minor < 12:
        raise Refused(404, 'Volume summary could not be found.')
    items = chosen(ask, ask.state.volumes, FILTERS)
    held: dict[str, list[str]] = {}
    for doc in items:
        for key, value in doc['metadata'].items():
            held[key] = sorted({*held.get(key, []), value})
    total = {'total_count': len(items), 'total_size': sum(doc['size'] for doc in items)}
    return Answer(200, {'volume-summary': total | ({'metadata': held} if ask.minor >= 36 else {})})


# -- one


def create(ask: Ask) -> Answer:
    """POST /volumes. Raises Refused 400, 404 or 413."""
    given = ask.member('volume')
    if unknown := [key for key in given if key not in FIELDS]:
        why = f"Value: {given}. Additional properties are not allowed ('{unknown[0]}' was unexpected)"
        raise Refused(400, f'Invalid input for field/attribute volume. {why}')
    doc = make(ask, ask.who.project, given)
    shown = view(ask, doc)
    del shown['os-vol-tenant-attr:tenant_id']
    return Answer(202, {'volume': shown})


def make(ask: Ask, project: str, given: Doc) -> Doc:
    """A stored volume that will be available. Raises Refused 400, 404 or 413."""
    state, image = ask.state, None
    if given.get('availability_zone') not in (None, '', 'nova'):
        raise Refused(400, f"Availability zone '{given['availability_zone']}' is invalid.")
    kind = _kind(state, given.get('volume_type'))
    if given.get('imageRef') or given.get('image_id'):
        image = state.images.get(str(given.get('imageRef') or given.get('image_id')))
        if image is None or image['status'] != 'active':
            raise Refused(400, 'Invalid image identifier or unable to access requested image.')
    size, bootable = _size(ask, given, image)
    _within_quota(state, project, size)
    doc: Doc = {
        'id': state.new_id(),
        'status': 'creating',
        'size': size,
        'availability_zone': 'nova',
        'name': given.get('name'),
        'description': given.get('description'),
        'snapshot_id': given.get('snapshot_id'),
        'source_volid': given.get('source_volid'),
        'metadata': dict(given.get('metadata') or {}),
        'user_id': ask.who.user,
        'bootable': False,
        'encrypted': False,
        'replication_status': None,
        'consistencygroup_id': None,
        'multiattach': bool(given.get('multiattach')),
        'project_id': project,
        '_created': state.now(),
        '_group': given.get('group_id'),
        '_updated': 0.0,
        '_type': kind['id'],
        '_number': state.next_number(),
    }
    changes: Doc = {'status': 'available', 'bootable': bootable}
    if image:
        keys = ('checksum', 'container_format', 'disk_format', 'min_disk', 'min_ram', 'size')
        changes['volume_image_metadata'] = {'image_id': image['id'], 'image_name': image['name']} | {
            k: str(image[k]) for k in keys
        }
    state.volumes[doc['id']] = doc
    state.later('volumes', doc['id'], changes)
    return doc


def _kind(state: State, wanted: Any) -> Doc:
    for kind in state.types.values():
        if wanted in (kind['id'], kind['name']) or (not wanted and kind['name'] == '__DEFAULT__'):
            return kind
    raise Refused(404, f'Volume type with name {wanted} could not be found.')


def _size(ask: Ask, given: Doc, image: Doc | None) -> tuple[int, bool]:
    source: Doc | None = None
    if given.get('snapshot_id'):
        snapshot = ask.state.snapshots.get(given['snapshot_id'])
        if snapshot is None or not ask.sees(snapshot):
            raise Refused(404, f'Snapshot {given["snapshot_id"]} could not be found.')
        source = snapshot | {'bootable': ask.state.volumes.get(snapshot['volume_id'], {}).get('bootable', False)}
    elif given.get('source_volid'):
        source = find(ask, given['source_volid'])
    size = given.get('size') or (source or {}).get('size')
    if size is None:
        why = 'The server could not comply with the request since it is either malformed or otherwise incorrect.'
        raise Refused(400, why)
    if not str(size).isdigit() or int(size) < 1:
        raise Refused(400, f"Invalid input received: Volume size '{size}' must be an integer and greater than 0")
    if source and int(size) < source['size']:
        what = 'snapshot' if given.get('snapshot_id') else 'source volume'
        why = f"Volume size '{size}'GB cannot be smaller than the {what} size {source['size']}GB. They must be >= original {what} size."
        raise Refused(400, f'Invalid input received: {why}')
    return int(size), bool(image) or bool((source or {}).get('bootable'))


def _within_quota(state: State, project: str, size: int) -> None:
    limits = state.quota('volume', project)
    if limits['volumes'] < 0 and limits['gigabytes'] < 0:
        return
    have, used = state.stored(project)
    if 0 <= limits['volumes'] <= have:
        why = f"VolumeLimitExceeded: Maximum number of volumes allowed ({limits['volumes']}) exceeded for quota 'volumes'."
        raise Refused(413, why)
    if 0 <= limits['gigabytes'] < used + size:
        why = f'Requested volume or snapshot exceeds allowed gigabytes quota. Requested {size}G, quota is {limits["gigabytes"]}G and {used}G has been consumed.'
        raise Refused(413, f'VolumeSizeExceedsAvailableQuota: {why}')


def show(ask: Ask, id: str) -> Answer:
    return Answer(200, {'volume': view(ask, find(ask, id))})


def update(ask: Ask, id: str) -> Answer:
    """PUT /volumes/ID."""
    doc, given = find(ask, id), ask.member('volume')
    doc |= {key: given[key] for key in ('name', 'description', 'metadata') if key in given}
    doc['_updated'] = ask.state.now()
    shown = view(ask, doc)
    del shown['os-vol-tenant-attr:tenant_id']
    return Answer(200, {'volume': shown})


def delete(ask: Ask, id: str) -> Answer:
    """DELETE /volumes/ID. Raises Refused 400 or 404."""
    doc, state = find(ask, id), ask.state
    children = [one for one in state.snapshots.values() if one['volume_id'] == id]
    if ask.flag('cascade'):
        for child in children:
            state.later('snapshots', child['id'], {'status': 'deleting'}, 'snapshot gone')
        children = []
    if children or not (doc['status'] in ('available', 'error') or doc['status'].startswith('error_')):
        raise Refused(400, DELETABLE)
    doc |= {'status': 'deleting', '_updated': state.now()}
    state.later('volumes', id, {}, 'volume gone')
    return Answer(202)


def gone(state: State, doc: Doc, _: Doc) -> None:
    """A delete has come to its end."""
    state.volumes.pop(doc['id'], None)


# -- metadata, the same for snapshots


def change_metadata(ask: Ask, doc: Doc) -> Answer:
    """GET, POST (merge) and PUT (replace) of all metadata."""
    if ask.method != 'GET':
        given = ask.member('metadata')
        doc['metadata'] = (doc['metadata'] if ask.method == 'POST' else {}) | given
        doc['_updated'] = ask.state.now()
    return Answer(200, {'metadata': doc['metadata']})


def change_metadatum(ask: Ask, doc: Doc, key: str) -> Answer:
    """One of them. Raises Refused 404."""
    if ask.method == 'PUT':
        doc['metadata'] = doc['metadata'] | ask.member('meta')
        doc['_updated'] = ask.state.now()
    elif key not in doc['metadata']:
        raise Refused(404, f'Metadata item {key} could not be found.')
    elif ask.method == 'DELETE':
        doc['metadata'] = {word: value for word, value in doc['metadata'].items() if word != key}
        return Answer(200)
    return Answer(200, {'meta': {key: doc['metadata'].get(key)}})


def metadata(ask: Ask, id: str) -> Answer:
    return change_metadata(ask, find(ask, id))


def metadatum(ask: Ask, id: str, key: str) -> Answer:
    return change_metadatum(ask, find(ask, id), key)
