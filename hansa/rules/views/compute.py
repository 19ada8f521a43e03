"""Nova's documents: what changed beside the fields that came and went."""

from __future__ import annotations

from typing import Any

from hansa.rules.views import tables
from hansa.rules.views.context import Context

ROOT = 'v2.1'


def server(doc: dict[str, Any], version: tables.Version, admin: bool, context: Context, single: bool) -> dict[str, Any]:
    """A server as `GET /servers/detail` lists it, or as `GET /servers/ID` shows it."""
    shown = tables.pick(tables.SERVER, doc, version, admin, single)
    if 'flavor' in shown and version < (2, 47):
        shown['flavor'] = _flavor_reference(shown['flavor'], context)
    if isinstance(shown.get('image'), dict):
        shown['image'] = _image_reference(shown['image'], version, context)
    if 'fault' in shown and not admin and shown['fault'].get('code') == 500:
        shown['fault'] = {key: value for key, value in shown['fault'].items() if key != 'details'}
    attached = 'os-extended-volumes:volumes_attached'
    if attached in shown and version < (2, 3):
        shown[attached] = [{'id': volume['id']} for volume in shown[attached]]
    return shown | {'links': context.links(ROOT, 'servers', doc['id'])}


def deleted(doc: dict[str, Any], when: str) -> dict[str, Any]:
    """A server that is gone, as Nova tells of it: out of its last document and the time when it went."""
    state = {'vm_state': 'deleted', 'task_state': None, 'power_state': 0}
    told = {f'OS-EXT-STS:{word}': value for word, value in state.items()}
    ended = doc.get('OS-SRV-USG:terminated_at') or when.removesuffix('Z') + '.000000'
    return {**doc, **told, 'status': 'DELETED', 'updated': when, 'addresses': {}, 'OS-SRV-USG:terminated_at': ended}


def _flavor_reference(flavor: dict[str, Any], context: Context) -> dict[str, Any]:
    # A flavor that the league no longer has is named by its name: every server of that age has a flavor with an id.
    name = flavor.get('original_name', '')
    id = flavor.get('id') or context.flavors.get(name, name)
    return {'id': id, 'links': context.bookmark('flavors', id)}


def _image_reference(image: dict[str, Any], version: tables.Version, context: Context) -> dict[str, Any]:
    shown = {'id': image['id'], 'links': context.bookmark('images', image['id'])}
    if version >= (2, 98) and 'properties' in image:
        shown['properties'] = image['properties']
    return shown


def flavor(doc: dict[str, Any], version: tables.Version, admin: bool, context: Context, single: bool) -> dict[str, Any]:
    """A flavor; what 2.102 took away every flavor had with the same value, unless the site still tells."""
    told = {'OS-FLV-DISABLED:disabled': False, 'rxtx_factor': 1.0, **doc}
    shown = tables.pick(tables.FLAVOR, told, version, admin, single)
    if 'swap' in shown:
        shown['swap'] = shown['swap'] or (0 if version >= (2, 75) else '')
    return shown | {'links': context.links(ROOT, 'flavors', doc['id'])}


def keypair(doc: dict[str, Any], version: tables.Version, admin: bool, _: Context, single: bool) -> dict[str, Any]:
    """A key pair; elements of the list are wrapped once more, as Nova does: `{'keypair': {…}}`."""
    shown = tables.pick(tables.KEYPAIR, doc.get('keypair', doc), version, admin, single)
    return shown if single else {'keypair': shown}


def server_group(doc: dict[str, Any], version: tables.Version, admin: bool, _: Context, single: bool) -> dict[str, Any]:
    """A server group; below 2.64 its one policy is a list, and there is an empty `metadata`."""
    policies = doc.get('policies') or ([doc['policy']] if doc.get('policy') else [])
    told = {'policies': policies, 'metadata': {}, 'policy': policies[0] if policies else None, 'rules': {}, **doc}
    return tables.pick(tables.SERVER_GROUP, told, version, admin, single)


def brief_server(doc: dict[str, Any], _: tables.Version, context: Context) -> dict[str, Any]:
    """A server as `GET /servers` lists it."""
    return {'id': doc['id'], 'name': doc['name'], 'links': context.links(ROOT, 'servers', doc['id'])}


def brief_flavor(doc: dict[str, Any], version: tables.Version, context: Context) -> dict[str, Any]:
    """A flavor as `GET /flavors` lists it."""
    described = {'description': doc.get('description')} if version >= (2, 55) else {}
    return {'id': doc['id'], 'name': doc['name'], **described, 'links': context.links(ROOT, 'flavors', doc['id'])}
