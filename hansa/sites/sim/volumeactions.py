"""Cinder's POST /volumes/ID/action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hansa.sites.sim import attachments, imagefiles, images, volumes
from hansa.sites.sim.state import Doc, State, micro
from hansa.sites.sim.wire import Answer, Ask, Refused, strict_bool

Action = Callable[[Ask, Doc, Any], Answer]


def act(ask: Ask, id: str) -> Answer:
    """Carry one out. Raises Refused 400, 403 or 404."""
    doc, body = volumes.find(ask, id), ask.json()
    name = next(iter(body), '') if isinstance(body, dict) else ''
    if name not in ACTIONS:
        raise Refused(400, f'There is no such action: {name}. Verify the request body and Content-Type header and try again.')
    return ACTIONS[name](ask, doc, body[name] or {})


def _must_be(doc: Doc, *statuses: str) -> None:
    if doc['status'] not in statuses:
        why = f'Volume {doc["id"]} status must be {" or ".join(statuses)}, but current status is: {doc["status"]}.'
        raise Refused(400, f'Invalid volume: {why}')


def _set(ask: Ask, doc: Doc, **changes: Any) -> Answer:
    doc |= changes
    doc['_updated'] = ask.state.now()
    return Answer(202)


def extend(ask: Ask, doc: Doc, given: Doc) -> Answer:
    size, before = given.get('new_size'), doc['status']
    _must_be(doc, 'available', *(['in-use'] if ask.minor >= 42 else []))
    if not isinstance(size, int) or size <= doc['size']:
        why = f'New size for extend must be greater than current size. (current: {doc["size"]}, extended: {size}).'
        raise Refused(400, f'Invalid input received: {why}')
    ask.state.later('volumes', doc['id'], {'size': size, 'status': before})
    return _set(ask, doc, status='extending')


def reserve(ask: Ask, doc: Doc, _: Doc) -> Answer:
    _must_be(doc, 'available')
    return _set(ask, doc, status='attaching')


def unreserve(ask: Ask, doc: Doc, _: Doc) -> Answer:
    return _set(ask, doc, status='available' if doc['status'] in ('attaching', 'reserved') else doc['status'])


def begin_detaching(ask: Ask, doc: Doc, _: Doc) -> Answer:
    _must_be(doc, 'in-use')
    return _set(ask, doc, status='detaching')


def roll_detaching(ask: Ask, doc: Doc, _: Doc) -> Answer:
    return _set(ask, doc, status='in-use' if doc['status'] == 'detaching' else doc['status'])


def attach(ask: Ask, doc: Doc, given: Doc) -> Answer:
    _must_be(doc, 'available', 'attaching', 'reserved')
    attachments.join(ask.state, doc, str(given.get('instance_uuid', '')), str(given.get('mountpoint', '')))
    return Answer(202)


def detach(ask: Ask, doc: Doc, given: Doc) -> Answer:
    attachments.part(ask.state, doc, '')
    return Answer(202)


def set_bootable(ask: Ask, doc: Doc, given: Doc) -> Answer:
    _set(ask, doc, bootable=strict_bool(given.get('bootable')))
    return Answer(200)


def set_readonly(ask: Ask, doc: Doc, given: Doc) -> Answer:
    return _set(ask, doc, metadata=doc['metadata'] | {'readonly': str(strict_bool(given.get('readonly')))})


def retype(ask: Ask, doc: Doc, given: Doc) -> Answer:
    wanted = given.get('new_type')
    kinds = [one for one in ask.state.types.values() if wanted in (one['id'], one['name'])]
    if not kinds:
        raise Refused(404, f'Volume type with name {wanted} could not be found.')
    _must_be(doc, 'available', 'in-use')
    ask.state.later('volumes', doc['id'], {'status': doc['status'], '_type': kinds[0]['id']})
    return _set(ask, doc, status='retyping')


def reset_status(ask: Ask, doc: Doc, given: Doc) -> Answer:
    ask.need_admin('volume_extension:volume_admin_actions:reset_status')
    return _set(ask, doc, **{key: given[key] for key in ('status',) if key in given})


def force_delete(ask: Ask, doc: Doc, _: Doc) -> Answer:
    ask.need_admin('volume_extension:volume_admin_actions:force_delete')
    ask.state.later('volumes', doc['id'], {}, 'volume gone')
    return _set(ask, doc, status='deleting')


def revert(ask: Ask, doc: Doc, given: Doc) -> Answer:
    _must_be(doc, 'available', 'in-use')
    return _set(ask, doc)


def set_image_metadata(ask: Ask, doc: Doc, given: Doc) -> Answer:
    held = doc.get('volume_image_metadata', {}) | given.get('metadata', {})
    _set(ask, doc, volume_image_metadata=held)
    return Answer(200, {'metadata': held})


def upload_image(ask: Ask, doc: Doc, given: Doc) -> Answer:
    _must_be(doc, 'available', *(['in-use'] if strict_bool(given.get('force')) else []))
    state, kind = ask.state, ask.state.types[doc['_type']]
    record = {
        'name': given.get('image_name'),
        'disk_format': given.get('disk_format', 'raw'),
        'container_format': given.get('container_format', 'bare'),
        'visibility': given.get('visibility', 'private'),
    }
    image = images.record(state, ask.who.project, record)
    state.later('images', image['id'], {'_content': doc['id']}, 'image filled')
    state.later('volumes', doc['id'], {'status': doc['status']})
    _set(ask, doc, status='uploading')
    shown = {
        'id': doc['id'],
        'updated_at': micro(doc['_updated']),
        'status': 'uploading',
        'display_description': doc['description'],
        'size': doc['size'],
        'volume_type': {key: kind[key] for key in ('id', 'name', 'description', 'is_public', 'extra_specs')},
        'image_id': image['id'],
        'container_format': image['container_format'],
        'disk_format': image['disk_format'],
        'image_name': image['name'],
        'protected': False,
        'visibility': image['visibility'],
    }
    return Answer(202, {'os-volume_upload_image': shown})


def filled(state: State, doc: Doc, _: Doc) -> None:
    """An image made from a volume or server gets its bytes: a few that tell where they came from."""
    imagefiles.fill(state, doc, f'copy of {doc["_content"]} at {state.name}\n'.encode())


ACTIONS: dict[str, Action] = {
    'os-extend': extend,
    'os-reserve': reserve,
    'os-unreserve': unreserve,
    'os-begin_detaching': begin_detaching,
    'os-roll_detaching': roll_detaching,
    'os-attach': attach,
    'os-detach': detach,
    'os-set_bootable': set_bootable,
    'os-update_readonly_flag': set_readonly,
    'os-retype': retype,
    'os-reset_status': reset_status,
    'os-force_delete': force_delete,
    'revert': revert,
    'os-set_image_metadata': set_image_metadata,
    'os-volume_upload_image': upload_image,
}
