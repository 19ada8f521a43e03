"""Nova's old ways to networks, groups, volumes and images, as it has them below 2.36: it asks the other services itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hansa.sites.sim import image, network, volume
from hansa.sites.sim.state import Doc
from hansa.sites.sim.wire import Answer, Ask, Refused, Row

_LAST = 35


def _asked(ask: Ask, method: str, service: str, path: str, body: object = None, query: str = '') -> Any:
    """The document that another service of this cloud gives the same caller. Raises Refused with what it says."""
    raw = msgspec.json.encode(body) if body is not None else b''
    version = {'volume': 'volume 3.0'}.get(service, '')
    kind = 'application/openstack-images-v2.1-json-patch' if method == 'PATCH' else 'application/json'
    headers = {'x-auth-token': ask.headers.get('x-auth-token', ''), 'openstack-api-version': version, 'content-type': kind}
    inner = Ask(ask.state, method, path, query, headers, raw, ask.base, ask.request_id)
    answer = {'network': network.answer, 'volume': volume.answer, 'image': image.answer}[service](inner)
    if answer.status >= 400:
        raise Refused(400 if answer.status == 409 else answer.status, str(answer.doc or answer.raw))
    return answer.doc


def _old(handler: Callable[..., Answer], last: int = _LAST) -> Callable[..., Answer]:
    def handle(ask: Ask, *ids: str) -> Answer:
        if ask.minor > last:
            raise Refused(404, 'The resource could not be found.')
        return handler(ask, *ids)

    return handle


def _cased(doc: Doc, **names: str) -> Doc:
    """Fields of `doc` by the names that Nova has for them."""
    return {new: doc.get(old) for new, old in names.items()}


# -- networks and addresses


def networks(ask: Ask, id: str = '') -> Answer:
    if id:
        return Answer(200, {'network': _cased(_asked(ask, 'GET', 'network', f'/v2.0/networks/{id}')['network'], id='id', label='name')})
    every = _asked(ask, 'GET', 'network', '/v2.0/networks')['networks']
    return Answer(200, {'networks': [_cased(doc, id='id', label='name') for doc in every]})


def _external(ask: Ask) -> dict[str, str]:
    every = _asked(ask, 'GET', 'network', '/v2.0/networks', query='router:external=True')['networks']
    return {doc['id']: doc['name'] for doc in every}


def pools(ask: Ask) -> Answer:
    return Answer(200, {'floating_ip_pools': [{'name': name} for name in _external(ask).values()]})


def _address(ask: Ask, doc: Doc) -> Doc:
    shown = _cased(doc, id='id', ip='floating_ip_address', fixed_ip='fixed_ip_address')
    return shown | {'instance_id': None, 'pool': _external(ask).get(doc['floating_network_id'])}


def floating_ips(ask: Ask) -> Answer:
    if ask.method == 'GET':
        every = _asked(ask, 'GET', 'network', '/v2.0/floatingips', query=f'project_id={ask.who.project}')['floatingips']
        return Answer(200, {'floating_ips': [_address(ask, doc) for doc in every]})
    pool = ask.object().get('pool') or 'nova'
    chosen = next((id for id, name in _external(ask).items() if pool in (id, name)), None)
    if chosen is None:
        raise Refused(404, 'Floating IP pool not found.')
    made = _asked(ask, 'POST', 'network', '/v2.0/floatingips', {'floatingip': {'floating_network_id': chosen}})
    return Answer(200, {'floating_ip': _address(ask, made['floatingip'])})


def floating_ip(ask: Ask, id: str) -> Answer:
    found = _asked(ask, ask.method, 'network', f'/v2.0/floatingips/{id}')
    return Answer(202) if ask.method == 'DELETE' else Answer(200, {'floating_ip': _address(ask, found['floatingip'])})


# -- security groups


def _rule(doc: Doc) -> Doc:
    shown = _cased(doc, id='id', parent_group_id='security_group_id', ip_protocol='protocol', from_port='port_range_min', to_port='port_range_max')
    prefix = doc.get('remote_ip_prefix')
    return shown | {'group': {}, 'ip_range': {'cidr': prefix} if prefix else {}}


def _group(doc: Doc) -> Doc:
    told = [_rule(rule) for rule in doc['security_group_rules'] if rule['direction'] == 'ingress']
    return _cased(doc, id='id', name='name', description='description', tenant_id='project_id') | {'rules': told}


def groups(ask: Ask) -> Answer:
    if ask.method == 'GET':
        every = _asked(ask, 'GET', 'network', '/v2.0/security-groups', query=f'project_id={ask.who.project}')['security_groups']
        return Answer(200, {'security_groups': [_group(doc) for doc in every]})
    given = ask.member('security_group')
    body = {'security_group': {'name': given.get('name'), 'description': given.get('description', '')}}
    return Answer(200, {'security_group': _group(_asked(ask, 'POST', 'network', '/v2.0/security-groups', body)['security_group'])})


def group(ask: Ask, id: str) -> Answer:
    body = {'security_group': ask.member('security_group')} if ask.method == 'PUT' else None
    found = _asked(ask, ask.method, 'network', f'/v2.0/security-groups/{id}', body)
    return Answer(202) if ask.method == 'DELETE' else Answer(200, {'security_group': _group(found['security_group'])})


def rules(ask: Ask) -> Answer:
    given = ask.member('security_group_rule')
    wanted = _cased(given, protocol='ip_protocol', port_range_min='from_port', port_range_max='to_port', remote_ip_prefix='cidr', remote_group_id='group_id')
    body = {'direction': 'ingress', 'security_group_id': given.get('parent_group_id'), **{key: value for key, value in wanted.items() if value}}
    made = _asked(ask, 'POST', 'network', '/v2.0/security-group-rules', {'security_group_rule': body})
    return Answer(200, {'security_group_rule': _rule(made['security_group_rule'])})


def rule(ask: Ask, id: str) -> Answer:
    _asked(ask, 'DELETE', 'network', f'/v2.0/security-group-rules/{id}')
    return Answer(202)


# -- volumes, snapshots, images


def _volume(doc: Doc) -> Doc:
    return _cased(doc, id='id', status='status', size='size', availabilityZone='availability_zone', displayName='name', metadata='metadata')


def volumes(ask: Ask) -> Answer:
    if ask.method == 'GET':
        return Answer(200, {'volumes': [_volume(doc) for doc in _asked(ask, 'GET', 'volume', '/v3/volumes/detail')['volumes']]})
    given = ask.member('volume')
    body = {'name' if key == 'display_name' else key: value for key, value in given.items()}
    return Answer(200, {'volume': _volume(_asked(ask, 'POST', 'volume', '/v3/volumes', {'volume': body})['volume'])})


def one_volume(ask: Ask, id: str) -> Answer:
    found = _asked(ask, ask.method, 'volume', f'/v3/volumes/{id}')
    return Answer(202) if ask.method == 'DELETE' else Answer(200, {'volume': _volume(found['volume'])})


def _snapshot(doc: Doc) -> Doc:
    return _cased(doc, id='id', volumeId='volume_id', status='status', size='size', displayName='name')


def snapshots(ask: Ask) -> Answer:
    if ask.method == 'GET':
        return Answer(200, {'snapshots': [_snapshot(doc) for doc in _asked(ask, 'GET', 'volume', '/v3/snapshots/detail')['snapshots']]})
    given = ask.member('snapshot')
    if unknown := set(given) - {'volume_id', 'force', 'display_name', 'display_description'}:
        raise Refused(400, f'Additional properties are not allowed ({unknown} was unexpected)')
    body = {'volume_id': given.get('volume_id'), 'name': given.get('display_name'), 'force': True}
    return Answer(200, {'snapshot': _snapshot(_asked(ask, 'POST', 'volume', '/v3/snapshots', {'snapshot': body})['snapshot'])})


def one_snapshot(ask: Ask, id: str) -> Answer:
    found = _asked(ask, ask.method, 'volume', f'/v3/snapshots/{id}')
    return Answer(202) if ask.method == 'DELETE' else Answer(200, {'snapshot': _snapshot(found['snapshot'])})


def _image(doc: Doc) -> Doc:
    return _cased(doc, id='id', name='name', minRam='min_ram', minDisk='min_disk', created='created_at', updated='updated_at') | {
        'status': str(doc.get('status')).upper(),
        'metadata': {key[5:]: value for key, value in doc.items() if key.startswith('meta_')},
    }


def images(ask: Ask) -> Answer:
    return Answer(200, {'images': [_image(doc) for doc in _asked(ask, 'GET', 'image', '/v2/images')['images']]})


def one_image(ask: Ask, id: str) -> Answer:
    found = _asked(ask, ask.method, 'image', f'/v2/images/{id}')
    return Answer(204) if ask.method == 'DELETE' else Answer(200, {'image': _image(found)})


def image_metadata(ask: Ask, id: str) -> Answer:
    """What an image is told to be, kept here as properties whose names begin with `meta_`."""
    if ask.method != 'GET':
        path = f'/v2/images/{id}'
        known = _image(_asked(ask, 'GET', 'image', path))['metadata']
        patch = [{'op': 'replace' if key in known else 'add', 'path': f'/meta_{key}', 'value': value} for key, value in ask.member('metadata').items()]
        _asked(ask, 'PATCH', 'image', path, patch)
    return Answer(200, {'metadata': _image(_asked(ask, 'GET', 'image', f'/v2/images/{id}'))['metadata']})


ROWS: list[Row] = [
    *((methods, path, _old(handler)) for methods, path, handler in (
        ('GET', '/os-networks', networks),
        ('GET', '/os-networks/{}', networks),
        ('GET', '/os-tenant-networks', networks),
        ('GET', '/os-tenant-networks/{}', networks),
        ('GET', '/os-floating-ip-pools', pools),
        ('GET POST', '/os-floating-ips', floating_ips),
        ('GET DELETE', '/os-floating-ips/{}', floating_ip),
        ('GET POST', '/os-security-groups', groups),
        ('GET PUT DELETE', '/os-security-groups/{}', group),
        ('POST', '/os-security-group-rules', rules),
        ('DELETE', '/os-security-group-rules/{}', rule),
        ('GET POST', '/os-volumes', volumes),
        ('GET', '/os-volumes/detail', volumes),
        ('GET DELETE', '/os-volumes/{}', one_volume),
        ('GET POST', '/os-snapshots', snapshots),
        ('GET', '/os-snapshots/detail', snapshots),
        ('GET DELETE', '/os-snapshots/{}', one_snapshot),
        ('GET', '/images', images),
        ('GET', '/images/detail', images),
        ('GET DELETE', '/images/{}', one_image),
    )),
    ('GET POST', '/images/{}/metadata', _old(image_metadata, 38)),
]  # fmt: skip
