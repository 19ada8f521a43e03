"""Glance's members: projects that a shared image is offered to."""

from __future__ import annotations

from hansa.sites.sim import images
from hansa.sites.sim.state import Doc, z
from hansa.sites.sim.wire import Answer, Ask, Refused

MEMBER_SCHEMA: Doc = {
    'name': 'member',
    'properties': {
        'member_id': {'type': 'string'},
        'image_id': {'type': 'string', 'pattern': images.UUID},
        'created_at': {'type': 'string'},
        'updated_at': {'type': 'string'},
        'status': {'type': 'string', 'enum': ['pending', 'accepted', 'rejected']},
        'schema': {'readOnly': True, 'type': 'string'},
    },
}


def _find(ask: Ask, id: str, project: str) -> Doc:
    doc, mine = images.find(ask, id), ask.who.project
    found = ask.state.members.get(f'{id}/{project}')
    if found is None or not (ask.who.admin or mine in (doc['owner'], project)):
        raise Refused(404, f'{project} not found in the member list of the image {id}.')
    return found


def index(ask: Ask, id: str) -> Answer:
    """GET /images/ID/members."""
    doc, mine = images.find(ask, id), ask.who.project
    found = [one for one in ask.state.members.values() if one['image_id'] == id]
    if not ask.who.admin and doc['owner'] != mine:
        found = [one for one in found if one['member_id'] == mine]
    return Answer(200, {'members': found, 'schema': '/v2/schemas/members'})


def create(ask: Ask, id: str) -> Answer:
    """POST /images/ID/members. Raises Refused 400, 403, 404 or 409."""
    doc, body = images.own(ask, id, 'add_member'), ask.json()
    project = body.get('member') if isinstance(body, dict) else None
    if not isinstance(project, str):
        raise Refused(400, "Expected a member in the form: {'member': 'image_id'}")
    if doc['visibility'] != 'shared':
        raise Refused(403, 'Only shared images have members.')
    if f'{id}/{project}' in ask.state.members:
        raise Refused(409, f'Member {project} is duplicated for image {id}')
    stamp = z(ask.state.now())
    made = {
        'member_id': project,
        'image_id': id,
        'status': 'pending',
        'created_at': stamp,
        'updated_at': stamp,
        'schema': '/v2/schemas/member',
    }
    ask.state.members[f'{id}/{project}'] = made
    return Answer(200, made)


def show(ask: Ask, id: str, project: str) -> Answer:
    return Answer(200, _find(ask, id, project))


def update(ask: Ask, id: str, project: str) -> Answer:
    """PUT of a member's status, by the member. Raises Refused 400, 403 or 404."""
    found, body = _find(ask, id, project), ask.json()
    status = body.get('status') if isinstance(body, dict) else None
    if status not in ('pending', 'accepted', 'rejected'):
        raise Refused(400, 'Status not valid')
    if project != ask.who.project and not ask.who.admin:
        raise Refused(403, 'You are not authorized to complete modify_member action.')
    found |= {'status': status, 'updated_at': z(ask.state.now())}
    return Answer(200, found)


def delete(ask: Ask, id: str, project: str) -> Answer:
    """DELETE of a member, by the image's owner. Raises Refused 403 or 404."""
    images.own(ask, id, 'delete_member')
    _find(ask, id, project)
    del ask.state.members[f'{id}/{project}']
    return Answer(204)
