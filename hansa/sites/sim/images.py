"""Glance's image records: list, create, change by JSON patch, delete, tags."""

from __future__ import annotations

import re
import urllib.parse
from typing import Any

from hansa.sites.sim import wire
from hansa.sites.sim.state import Doc, State, moment, z
from hansa.sites.sim.wire import Answer, Ask, Refused

UUID = '^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$'
DISK = [None, 'ami', 'ari', 'aki', 'vhd', 'vhdx', 'vmdk', 'raw', 'qcow2', 'vdi', 'iso', 'ploop']
CONTAINER = [None, 'ami', 'ari', 'aki', 'bare', 'ovf', 'ova', 'docker', 'compressed']
VISIBILITY = ['community', 'public', 'private', 'shared']
STATUS = ['queued', 'saving', 'active', 'killed', 'deleted', 'uploading', 'importing', 'pending_delete', 'deactivated']
TEXT: Doc = {'type': ['null', 'string'], 'maxLength': 255}
NUMBER: Doc = {'type': ['null', 'integer'], 'readOnly': True}
WRITTEN: Doc = {'type': 'string', 'readOnly': True}

SCHEMA: Doc = {
    'name': 'image',
    'properties': {
        'id': {'type': 'string', 'pattern': UUID},
        'name': TEXT,
        'status': WRITTEN | {'enum': STATUS},
        'visibility': {'type': 'string', 'enum': VISIBILITY},
        'protected': {'type': 'boolean'},
        'os_hidden': {'type': 'boolean'},
        'checksum': TEXT | {'readOnly': True},
        'os_hash_algo': TEXT | {'readOnly': True},
        'os_hash_value': TEXT | {'readOnly': True},
        'owner': TEXT,
        'size': NUMBER,
        'virtual_size': NUMBER,
        'container_format': {'type': ['null', 'string'], 'enum': CONTAINER},
        'disk_format': {'type': ['null', 'string'], 'enum': DISK},
        'created_at': WRITTEN,
        'updated_at': WRITTEN,
        'tags': {'type': 'array', 'items': {'type': 'string', 'maxLength': 255}},
        'min_ram': {'type': 'integer', 'minimum': 0},
        'min_disk': {'type': 'integer', 'minimum': 0},
        'direct_url': WRITTEN,
        'self': WRITTEN,
        'file': WRITTEN,
        'schema': WRITTEN,
        'stores': WRITTEN,
    },
    'additionalProperties': {'type': 'string'},
    'links': [
        {'rel': 'self', 'href': '{self}'},
        {'rel': 'enclosure', 'href': '{file}'},
        {'rel': 'describedby', 'href': '{schema}'},
    ],
}
PROPERTIES: dict[str, Doc] = SCHEMA['properties']
SORT_KEYS = ('name', 'status', 'container_format', 'disk_format', 'size', 'id', 'created_at', 'updated_at')


def record(state: State, owner: str, given: Doc) -> Doc:
    """A new image, stored, with nothing in it."""
    stamp = z(state.now())
    doc: Doc = {
        'name': None,
        'disk_format': None,
        'container_format': None,
        'visibility': 'shared',
        'size': None,
        'virtual_size': None,
        'status': 'queued',
        'checksum': None,
        'protected': False,
        'min_ram': 0,
        'min_disk': 0,
        'owner': owner,
        'os_hidden': False,
        'os_hash_algo': None,
        'os_hash_value': None,
        'id': state.new_id(),
        'created_at': stamp,
        'updated_at': stamp,
        'tags': [],
        **given,
        '_number': state.next_number(),
    }
    state.images[doc['id']] = doc
    return doc


def view(doc: Doc) -> Doc:
    """As Glance shows it; its links have no host."""
    path = f'/v2/images/{doc["id"]}'
    made = wire.shown(doc) | {'self': path, 'file': f'{path}/file', 'schema': '/v2/schemas/image'}
    return made | ({'stores': 'files'} if doc['checksum'] else {})


def _membership(ask: Ask, doc: Doc) -> str:
    return str(ask.state.members.get(f'{doc["id"]}/{ask.who.project}', {}).get('status', ''))


def visible(ask: Ask, doc: Doc) -> bool:
    """Whether the caller can get it by id."""
    open_to_all = doc['visibility'] in ('public', 'community')
    mine = ask.who.admin or doc['owner'] == ask.who.project
    return open_to_all or mine or (doc['visibility'] == 'shared' and _membership(ask, doc) != '')


def find(ask: Ask, id: str) -> Doc:
    """Raises Refused 404."""
    doc = ask.state.images.get(id)
    if doc is None or not visible(ask, doc):
        raise Refused(404, f'No image found with ID {id}')
    return doc


def own(ask: Ask, id: str, action: str) -> Doc:
    """Raises Refused 403 or 404."""
    doc = find(ask, id)
    if not ask.who.admin and doc['owner'] != ask.who.project:
        raise Refused(403, f'You are not authorized to complete {action} action.')
    return doc


def _listed(ask: Ask, doc: Doc) -> bool:
    """Lists leave out what others keep to themselves, community images of others and hidden ones, unless asked for."""
    if doc['os_hidden'] != ask.flag('os_hidden'):
        return False
    asked, mine = ask.arg('visibility'), doc['owner'] == ask.who.project
    if asked and asked not in [*VISIBILITY, 'all']:
        raise Refused(400, f'Invalid visibility value: {asked}')
    if asked not in ('', 'all') and doc['visibility'] != asked:
        return False
    if mine or doc['visibility'] == 'public' or ask.who.admin:
        return True
    if doc['visibility'] == 'community':
        return asked in ('community', 'all')
    wanted = ask.arg('member_status', 'accepted')
    status = _membership(ask, doc)
    return doc['visibility'] == 'shared' and status != '' and wanted in ('all', status)


def _fits(doc: Doc, key: str, value: str) -> bool:
    if key in ('limit', 'marker', 'sort', 'sort_key', 'sort_dir', 'visibility', 'member_status', 'os_hidden'):
        return True
    if key in ('created_at', 'updated_at'):
        return _when(doc, key, value)
    if key == 'tag':
        return value in doc['tags']
    if key in ('size_min', 'size_max'):
        size = doc['size'] or 0
        return bool(size >= int(value) if key == 'size_min' else size <= int(value))
    held = doc.get(key)
    if isinstance(held, bool):
        return wire.strict_bool(value) == held
    if value.startswith('in:') and key in ('id', 'name', 'status', 'container_format', 'disk_format'):
        return str(held) in [one.strip('"') for one in value.removeprefix('in:').split(',')]
    return str(held) == value.removeprefix('eq:')


def _when(doc: Doc, key: str, value: str) -> bool:
    operator, _, stamp = value.partition(':') if re.match('(gt|gte|lt|lte|eq|neq):', value) else ('eq', '', value)
    try:
        held, limit = moment(doc[key]), moment(stamp)
    except ValueError:
        raise Refused(400, f'Bad "{key}" query filter format. Use ISO 8601 DateTime notation.') from None
    return {
        'gt': held > limit,
        'gte': held >= limit,
        'lt': held < limit,
        'lte': held <= limit,
        'eq': held == limit,
        'neq': held != limit,
    }[operator]


def index(ask: Ask) -> Answer:
    """GET /images. Raises Refused 400."""
    for key in ('created_at', 'updated_at'):
        if ask.arg(key):
            _when({key: '2026-01-01T00:00:00Z'}, key, ask.arg(key))
    items = [doc for doc in ask.state.images.values() if _listed(ask, doc)]
    items = [doc for doc in items if all(_fits(doc, key, value) for key, value in ask.query)]
    keys, ways = ask.args('sort_key'), ask.args('sort_dir')
    if ask.arg('sort'):
        pairs = [word.partition(':') for word in ask.arg('sort').split(',')]
        keys, ways = [key for key, _, _ in pairs], [way or 'desc' for _, _, way in pairs]
    if unknown := [key for key in keys if key not in SORT_KEYS]:
        raise Refused(400, f'Invalid sort key: {unknown[0]}. It must be one of the following: {", ".join(SORT_KEYS)}.')
    way = ways[-1] if ways else 'desc'
    order = [*zip(keys, ways + [way] * len(keys), strict=False), ('created_at', way), ('_number', way)]
    items = wire.ordered(items, order)
    wanted = ask.arg('limit')
    if wanted and not wanted.isdigit():
        raise Refused(400, 'limit param must be an integer')
    shown, more = wire.page(
        items, ask, lambda marker: Refused(400, f'No image found with ID {marker}'), 25 if not wanted else 1000
    )
    kept = urllib.parse.urlencode([(key, value) for key, value in ask.query if key != 'marker'])
    body: Doc = {
        'images': [view(doc) for doc in shown],
        'first': f'/v2/images?{kept}'.rstrip('?'),
        'schema': '/v2/schemas/images',
    }
    if more:
        body['next'] = f'/v2/images?{wire.next_query(ask, shown[-1])}'
    return Answer(200, body)


def _check(ask: Ask, key: str, value: Any) -> None:
    rule = PROPERTIES.get(key)
    if rule is not None and rule.get('readOnly'):
        raise Refused(403, f"Attribute '{key}' is read-only.")
    if rule is None and not isinstance(value, str):
        raise Refused(400, f"Provided object does not match schema 'image': {value!r} is not of type 'string'")
    if rule and 'enum' in rule and value not in rule['enum']:
        raise Refused(400, f"Provided object does not match schema 'image': {value!r} is not one of {rule['enum']}")
    if rule and 'pattern' in rule and not re.match(rule['pattern'], str(value)):
        raise Refused(400, f"Provided object does not match schema 'image': {value!r} does not match {rule['pattern']!r}")
    if (key, value) == ('visibility', 'public') and not ask.who.admin:
        raise Refused(403, 'You are not authorized to complete publicize_image action.')


def _json(ask: Ask) -> Any:
    try:
        return ask.json()
    except Refused:
        raise Refused(400, 'Malformed JSON in request body.') from None


def create(ask: Ask) -> Answer:
    """POST /images. Raises Refused 400, 403 or 409."""
    given = _json(ask)
    if not isinstance(given, dict):
        raise Refused(400, "Provided object does not match schema 'image'")
    for key, value in given.items():
        _check(ask, key, value)
    if given.get('id') in ask.state.images:
        raise Refused(409, f'Image ID {given["id"]} already exists!')
    if given.get('owner', ask.who.project) != ask.who.project and not ask.who.admin:
        raise Refused(403, "You are not permitted to create images owned by '" + str(given['owner']) + "'.")
    doc = record(ask.state, ask.who.project, given)
    headers = {'Location': f'{ask.base}/image/v2/images/{doc["id"]}', 'OpenStack-image-store-ids': 'files'}
    return Answer(201, view(doc), headers=headers)


def show(ask: Ask, id: str) -> Answer:
    return Answer(200, view(find(ask, id)))


def patch(ask: Ask, id: str) -> Answer:
    """PATCH /images/ID: all operations or none. Raises Refused 400, 403, 404, 409 or 415."""
    media = ask.headers.get('content-type', '').split(';')[0]
    if media not in ('application/openstack-images-v2.1-json-patch', 'application/openstack-images-v2.0-json-patch'):
        raise Refused(415, f'The request media type {media} is not supported by this server.')
    doc, operations = own(ask, id, 'modify_image'), _json(ask)
    if not isinstance(operations, list):
        raise Refused(400, 'Request body must be a JSON array of operation objects.')
    changed = dict(doc)
    for operation in operations:
        _apply(ask, changed, operation)
    changed['updated_at'] = z(ask.state.now())
    ask.state.images[id] = changed
    return Answer(200, view(changed))


def _apply(ask: Ask, doc: Doc, operation: Any) -> None:
    if not isinstance(operation, dict) or operation.get('op') not in ('add', 'replace', 'remove'):
        raise Refused(400, 'Operations must be JSON objects.')
    key = str(operation.get('path', '')).removeprefix('/').replace('~1', '/').replace('~0', '~')
    if operation['op'] == 'remove':
        if key in PROPERTIES:
            raise Refused(403, f'Access was denied to this resource.\n\n Property {key} may not be removed.')
        if doc.pop(key, None) is None:
            raise Refused(409, f'There was a conflict when trying to complete your request.\n\n Property {key} does not exist.')
        return
    _check(ask, key, operation.get('value'))
    if operation['op'] == 'replace' and key not in doc and key not in PROPERTIES:
        raise Refused(409, f'There was a conflict when trying to complete your request.\n\n Property {key} does not exist.')
    doc[key] = sorted(set(operation['value'])) if key == 'tags' else operation.get('value')


def delete(ask: Ask, id: str) -> Answer:
    """DELETE /images/ID. Raises Refused 403 or 404."""
    doc = own(ask, id, 'delete_image')
    if doc['protected']:
        raise Refused(403, f'Image {id} is protected and cannot be deleted.')
    state = ask.state
    del state.images[id]
    state.blobs.pop(id, None)
    state.members = {key: one for key, one in state.members.items() if one['image_id'] != id}
    return Answer(204)


def tag(ask: Ask, id: str, word: str) -> Answer:
    doc = own(ask, id, 'modify_image')
    doc |= {'tags': sorted({*doc['tags'], word}), 'updated_at': z(ask.state.now())}
    return Answer(204)


def untag(ask: Ask, id: str, word: str) -> Answer:
    doc = own(ask, id, 'modify_image')
    if word not in doc['tags']:
        raise Refused(404, 'The resource could not be found.')
    doc |= {'tags': [one for one in doc['tags'] if one != word], 'updated_at': z(ask.state.now())}
    return Answer(204)
