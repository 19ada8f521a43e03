"""Nova's key pairs and server groups."""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hansa.sites.sim.state import Doc, micro
from hansa.sites.sim.wire import Answer, Ask, Refused


def _fingerprint(public_key: str) -> str:
    try:
        raw = base64.b64decode(public_key.split()[1], validate=True)
    except (IndexError, binascii.Error):
        raise Refused(400, 'Keypair data is invalid: failed to generate fingerprint') from None
    digest = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    return ':'.join(digest[n : n + 2] for n in range(0, 32, 2))


def _whose(ask: Ask) -> str:
    asked = ask.arg('user_id')
    if asked and asked != ask.who.user:
        ask.need_admin('os_compute_api:os-keypairs')
    return asked or ask.who.user


def _brief(ask: Ask, doc: Doc) -> Doc:
    keys = ('name', 'public_key', 'fingerprint', *(('type',) if ask.minor >= 2 else ()))
    return {key: doc[key] for key in keys}


def index(ask: Ask) -> Answer:
    user = _whose(ask)
    mine = [doc for doc in ask.state.keypairs.values() if doc['user_id'] == user]
    names = [doc['name'] for doc in mine]
    if ask.arg('marker') and ask.arg('marker') in names:
        mine = mine[names.index(ask.arg('marker')) + 1 :]
    if ask.arg('limit').isdigit():
        mine = mine[: int(ask.arg('limit'))]
    return Answer(200, {'keypairs': [{'keypair': _brief(ask, doc)} for doc in mine]})


def create(ask: Ask) -> Answer:
    """POST /os-keypairs; makes a key below 2.92. Raises Refused 400 or 409."""
    given, state = ask.member('keypair'), ask.state
    name, user, private = given.get('name'), str(given.get('user_id') or ask.who.user), ''
    if user != ask.who.user:
        ask.need_admin('os_compute_api:os-keypairs:create')
    if not name or (ask.minor >= 92 and 'public_key' not in given):
        key = 'public_key' if name else 'name'
        raise Refused(400, f"Invalid input for field/attribute keypair. Value: {given}. '{key}' is a required property")
    if f'{user}/{name}' in state.keypairs:
        raise Refused(409, f"Key pair '{name}' already exists.")
    public = given.get('public_key')
    if public is None:
        key_pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        old_style = serialization.PrivateFormat.TraditionalOpenSSL
        private = key_pair.private_bytes(serialization.Encoding.PEM, old_style, serialization.NoEncryption()).decode()
        open_ssh = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        public = key_pair.public_key().public_bytes(*open_ssh).decode() + ' Generated-by-Nova'
    doc = {
        'name': name,
        'public_key': public,
        'fingerprint': _fingerprint(public),
        'user_id': user,
        'created_at': micro(state.now()),
        'deleted': False,
        'deleted_at': None,
        'id': state.next_number(),
        'updated_at': None,
        'type': given.get('type', 'ssh'),
    }
    state.keypairs[f'{user}/{name}'] = doc
    shown = _brief(ask, doc) | {'user_id': user} | ({'private_key': private} if private else {})
    return Answer(201 if ask.minor >= 2 else 200, {'keypair': shown})


def _find(ask: Ask, name: str) -> Doc:
    user = _whose(ask)
    doc = ask.state.keypairs.get(f'{user}/{name}')
    if doc is None:
        raise Refused(404, f'Keypair {name} not found for user {user}')
    return doc


def show(ask: Ask, name: str) -> Answer:
    doc = _find(ask, name)
    return Answer(200, {'keypair': {key: value for key, value in doc.items() if ask.minor >= 2 or key != 'type'}})


def delete(ask: Ask, name: str) -> Answer:
    doc = _find(ask, name)
    del ask.state.keypairs[f'{doc["user_id"]}/{name}']
    return Answer(204 if ask.minor >= 2 else 202)


# -- server groups


def _group(ask: Ask, doc: Doc) -> Doc:
    if ask.minor >= 64:
        return doc
    old = {key: value for key, value in doc.items() if key not in ('policy', 'rules')}
    old |= {'policies': [doc['policy']], 'metadata': {}}
    return old if ask.minor >= 13 else {key: value for key, value in old.items() if key not in ('project_id', 'user_id')}


def groups(ask: Ask) -> Answer:
    every = ask.who.admin and ask.flag('all_projects')
    mine = [doc for doc in ask.state.server_groups.values() if every or doc['project_id'] == ask.who.project]
    start = int(ask.arg('offset', '0'))
    return Answer(200, {'server_groups': [_group(ask, doc) for doc in mine[start : start + int(ask.arg('limit', '1000'))]]})


def group_create(ask: Ask) -> Answer:
    """POST /os-server-groups. Raises Refused 400 or 403."""
    given, state = ask.member('server_group'), ask.state
    policy = given.get('policy') or next(iter(given.get('policies') or ()), None)
    if policy not in ('affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity') or not given.get('name'):
        raise Refused(400, f'Invalid input for field/attribute server_group. Value: {given}.')
    limit = state.quota('compute', ask.who.project)['server_groups']
    if 0 <= limit <= sum(doc['project_id'] == ask.who.project for doc in state.server_groups.values()):
        raise Refused(403, 'Quota exceeded, too many server groups.')
    doc: Doc = {
        'id': state.new_id(),
        'name': given['name'],
        'policy': policy,
        'rules': given.get('rules') or {},
        'members': [],
        'project_id': ask.who.project,
        'user_id': ask.who.user,
    }
    state.server_groups[doc['id']] = doc
    return Answer(200, {'server_group': _group(ask, doc)})


def _find_group(ask: Ask, id: str) -> Doc:
    doc = ask.state.server_groups.get(id)
    if doc is None or not ask.sees(doc):
        raise Refused(404, f'Instance group {id} could not be found.')
    return doc


def group_show(ask: Ask, id: str) -> Answer:
    return Answer(200, {'server_group': _group(ask, _find_group(ask, id))})


def group_delete(ask: Ask, id: str) -> Answer:
    del ask.state.server_groups[_find_group(ask, id)['id']]
    return Answer(204)
