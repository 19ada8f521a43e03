"""Placement: one resource provider, the compute host, with what its servers take of it."""

from __future__ import annotations

from typing import Any

from hansa.sites.sim import identity, servers, versioned, wire
from hansa.sites.sim.state import Doc
from hansa.sites.sim.wire import Answer, Ask, Refused

HIGHEST = 39
_STOCK = {'VCPU': 64, 'MEMORY_MB': 262144, 'DISK_GB': 4096}
_TRAITS = ('COMPUTE_NODE', 'HW_CPU_X86_VMX')
_TITLES = {400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 406: 'Not Acceptable'}


def answer(ask: Ask) -> Answer:
    """Everything below /placement."""
    if ask.path in ('', '/'):
        link = [{'rel': 'self', 'href': '/placement'}]
        version = {'id': 'v1.0', 'min_version': '1.0', 'max_version': f'1.{HIGHEST}', 'status': 'CURRENT', 'links': link}
        return Answer(200, {'versions': [version]})
    who = identity.who_is(ask.state, ask.headers.get('x-auth-token', ''))
    if who is None:
        return versioned.unauthorized(ask)
    ask.who = who
    try:
        ask.minor = versioned.asked_minor(ask, 'placement', 1, 0, HIGHEST)
        ask.need_admin('placement:' + ask.path.split('/')[1])
        done = wire.dispatch(ROUTES, ask)
    except Refused as refused:
        told: Doc = {'status': refused.status, 'title': _TITLES.get(refused.status, ''), 'detail': refused.message, 'request_id': ask.request_id}
        done = Answer(refused.status, {'errors': [told | {'code': 'placement.undefined_code'}]})
    done.headers = done.headers | {'openstack-api-version': f'placement 1.{ask.minor}', 'vary': 'openstack-api-version'}
    return done


def _own(ask: Ask) -> str:
    return ask.state.fixed_id('hypervisor')


def _links(path: str, *words: str) -> list[Doc]:
    return [{'rel': word or 'self', 'href': f'/placement{path}' + (f'/{word}' if word else '')} for word in ('', *words)]


def _provider(ask: Ask) -> Doc:
    links = _links(f'/resource_providers/{_own(ask)}', 'inventories', 'usages', *(('aggregates',) if ask.minor >= 1 else ()))
    one: Doc = {'uuid': _own(ask), 'name': ask.state.host, 'generation': 1, 'links': links}
    return one | ({'parent_provider_uuid': None, 'root_provider_uuid': _own(ask)} if ask.minor >= 14 else {})


def _takes(doc: Doc) -> dict[str, int]:
    flavor = doc['_flavor']
    return {'VCPU': flavor['vcpus'], 'MEMORY_MB': flavor['ram'], 'DISK_GB': flavor['disk']}


def _taken(ask: Ask, project: str = '') -> dict[str, int]:
    every = [_takes(doc) for doc in servers.living(ask.state, project)]
    return {word: sum(each[word] for each in every) for word in _STOCK}


def providers(ask: Ask) -> Answer:
    """Filters: name, uuid, resources. Raises Refused 400 for a class that is not known."""
    fits = ask.arg('name') in ('', ask.state.host) and ask.arg('uuid') in ('', _own(ask)) and _fits(ask)
    return Answer(200, {'resource_providers': [_provider(ask)] if fits else []})


def _fits(ask: Ask) -> bool:
    for part in filter(None, ask.arg('resources').split(',')):
        word, _, amount = part.partition(':')
        if word not in _STOCK:
            raise Refused(400, f'Invalid resource class in resources parameter: No such resource class {word}.')
        if int(amount or 0) > _STOCK[word]:
            return False
    return True


def provider(ask: Ask, uuid: str, below: str = '', word: str = '') -> Answer:
    """One, and what is below it. Raises Refused 404."""
    if uuid != _own(ask):
        raise Refused(404, f'No resource provider with uuid {uuid} found')
    stock = {name: {'total': total, 'reserved': 0, 'allocation_ratio': 1.0} for name, total in _STOCK.items()}
    generation = {'resource_provider_generation': 1}
    found: dict[str, Any] = {
        '': _provider(ask),
        'inventories': {'inventories': stock} | generation,
        'usages': {'usages': _taken(ask)} | generation,
        'aggregates': {'aggregates': []},
        'traits': {'traits': list(_TRAITS)} | generation,
        'allocations': {'allocations': {doc['id']: {'resources': _takes(doc)} for doc in servers.living(ask.state)}} | generation,
    }
    if below not in found or (word and word not in stock):
        raise Refused(404, 'The resource could not be found.')
    return Answer(200, stock[word] | generation if word else found[below])


def classes(ask: Ask, word: str = '') -> Answer:
    every = {name: {'name': name, 'links': _links(f'/resource_classes/{name}')} for name in (*_STOCK, f'CUSTOM_{ask.state.name.upper()}')}
    if word and word not in every:
        raise Refused(404, f'No such resource class {word}.')
    return Answer(200, every[word] if word else {'resource_classes': list(every.values())})


def traits(ask: Ask, word: str = '') -> Answer:
    every = [*_TRAITS, f'CUSTOM_{ask.state.name.upper()}']
    if word and word not in every:
        raise Refused(404, f'No such trait(s): {word}.')
    return Answer(204) if word else Answer(200, {'traits': every})


def usages(ask: Ask) -> Answer:
    if not ask.arg('project_id'):
        raise Refused(400, "Invalid query string parameters: 'project_id' is a required property")
    taken = _taken(ask, ask.arg('project_id'))
    return Answer(200, {'usages': taken if any(taken.values()) else {}})


def allocations(ask: Ask, consumer: str) -> Answer:
    doc = next((doc for doc in servers.living(ask.state) if doc['id'] == consumer), None)
    if doc is None:
        return Answer(200, {'allocations': {}})
    return Answer(200, {'allocations': {_own(ask): {'resources': _takes(doc), 'generation': 1}}, 'project_id': doc['project_id'], 'user_id': doc['user_id']})


def candidates(ask: Ask) -> Answer:
    wanted = dict(part.partition(':')[::2] for part in ask.arg('resources').split(',') if part)
    if not _fits(ask):
        return Answer(200, {'allocation_requests': [], 'provider_summaries': {}})
    resources = {word: int(amount) for word, amount in wanted.items()}
    taken = _taken(ask)
    summary = {'resources': {word: {'capacity': _STOCK[word], 'used': taken[word]} for word in _STOCK}}
    return Answer(200, {'allocation_requests': [{'allocations': {_own(ask): {'resources': resources}}}], 'provider_summaries': {_own(ask): summary}})


ROUTES = wire.table(
    [
        ('GET', '/resource_providers', providers),
        ('GET', '/resource_providers/{}', provider),
        ('GET', '/resource_providers/{}/{}', provider),
        ('GET', '/resource_providers/{}/{}/{}', provider),
        ('GET', '/resource_classes', classes),
        ('GET', '/resource_classes/{}', classes),
        ('GET', '/traits', traits),
        ('GET', '/traits/{}', traits),
        ('GET', '/usages', usages),
        ('GET', '/allocations/{}', allocations),
        ('GET', '/allocation_candidates', candidates),
    ]
)
