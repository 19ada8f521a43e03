"""Keystone: versions, tokens and the catalog; accounts live beside it."""

from __future__ import annotations

from typing import Any

from hansa.sites.sim import accounts, wire
from hansa.sites.sim.state import Doc, State, micro_z, moment
from hansa.sites.sim.wire import Answer, Ask, Refused, Who

LIFE = 4 * 3600.0
UNAUTHORIZED = 'The request you have made requires authentication.'
TITLES = {
    400: 'Bad Request',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'Not Found',
    405: 'Method Not Allowed',
    409: 'Conflict',
    413: 'Request Entity Too Large',
}
CATALOG = [
    ('image', 'glance', '/image'),
    ('placement', 'placement', '/placement'),
    ('compute', 'nova', '/compute/v2.1'),
    ('volumev3', 'cinderv3', '/volume/v3/{project}'),
    ('block-storage', 'cinder', '/volume/v3'),
    ('identity', 'keystone', '/identity/v3'),
    ('network', 'neutron', '/network'),
    ('object-store', 'swift', '/object-store/v1/AUTH_{project}'),
]
IMPLIED = {'admin': ('manager', 'member', 'reader'), 'manager': ('member', 'reader'), 'member': ('reader',)}


def who_is(state: State, token: str) -> Who | None:
    """Whom a token speaks for; None where it is unknown or has expired."""
    doc = state.tokens.get(token)
    if doc is None or doc['_until'] <= state.now() or not state.users.get(doc['user']['id'], {}).get('enabled'):
        return None
    project = doc.get('project', {})
    roles = frozenset(role['name'] for role in doc.get('roles', ()))
    return Who(doc['user']['id'], doc['user']['name'], project.get('id', ''), project.get('name', ''), roles)


def answer(ask: Ask) -> Answer:
    """Everything below /identity."""
    try:
        if ask.path in ('', '/', '/v3', '/v3/'):
            return _versions(ask)
        ask.path = ask.path.removeprefix('/v3')
        if (ask.method, ask.path) != ('POST', '/auth/tokens'):
            who = who_is(ask.state, ask.headers.get('x-auth-token', ''))
            if who is None:
                raise Refused(401, UNAUTHORIZED)
            ask.who = who
        return wire.dispatch(ROUTES, ask)
    except Refused as refused:
        error = {'code': refused.status, 'message': refused.message, 'title': TITLES.get(refused.status, 'Error')}
        headers = {'WWW-Authenticate': f'Keystone uri="{ask.base}/identity/v3"'} if refused.status == 401 else {}
        return Answer(refused.status, {'error': error}, headers=headers)


def _versions(ask: Ask) -> Answer:
    version = {
        'id': 'v3.14',
        'status': 'stable',
        'updated': '2020-04-07T00:00:00Z',
        'links': [{'rel': 'self', 'href': f'{ask.base}/identity/v3/'}],
        'media-types': [{'base': 'application/json', 'type': 'application/vnd.openstack.identity-v3+json'}],
    }
    if ask.path.startswith('/v3'):
        return Answer(200, {'version': version})
    return Answer(300, {'versions': {'values': [version]}}, headers={'Location': f'{ask.base}/identity/v3/'})


def services(state: State) -> list[Doc]:
    """The services of the catalog, with ids that do not change."""
    return [{'id': _fixed(state, kind), 'type': kind, 'name': name, 'enabled': True} for kind, name, _ in CATALOG]


def endpoints(ask: Ask, project: str) -> list[Doc]:
    """All endpoints; those with a project in the URL only where there is one."""
    made = []
    for kind, _, path in CATALOG:
        if '{project}' in path and not project:
            continue
        for interface in ('public', 'internal', 'admin'):
            made.append(
                {
                    'id': _fixed(ask.state, kind + interface),
                    'interface': interface,
                    'region_id': 'RegionOne',
                    'url': ask.base + path.replace('{project}', project),
                    'region': 'RegionOne',
                    'service_id': _fixed(ask.state, kind),
                }
            )
    return made


def _fixed(state: State, word: str) -> str:
    return state.fixed_id(word).replace('-', '')


def catalog(ask: Ask, project: str) -> list[Doc]:
    """The catalog as a token carries it."""
    listed = []
    for service in services(ask.state):
        own = [
            {key: value for key, value in end.items() if key != 'service_id'}
            for end in endpoints(ask, project)
            if end['service_id'] == service['id']
        ]
        listed.append({'endpoints': own, 'id': service['id'], 'type': service['type'], 'name': service['name']})
    return listed


# -- tokens


def issue(ask: Ask) -> Answer:
    """POST /auth/tokens. Raises Refused 400 or 401."""
    auth = ask.member('auth')
    identity = auth.get('identity')
    if not isinstance(identity, dict) or not identity.get('methods'):
        raise Refused(400, "'identity' is a required property")
    method = str(identity['methods'][0])
    given = identity.get(method)
    state = ask.state
    if not isinstance(given, dict) or method not in ('password', 'token', 'application_credential'):
        raise Refused(401, UNAUTHORIZED)
    until, scope = state.now() + LIFE, auth.get('scope')
    if method == 'password':
        user = _by_password(state, given.get('user', {}))
    elif method == 'token':
        old = state.tokens.get(given.get('id', ''))
        if old is None or old['_until'] <= state.now():
            raise Refused(401, UNAUTHORIZED)
        user, until = state.users[old['user']['id']], old['_until']
    else:
        credential = _credential(state, given)
        user, scope = state.users[credential['user_id']], {'project': {'id': credential['project_id']}}
    if not user['enabled']:
        raise Refused(401, UNAUTHORIZED)
    doc = _token(ask, user, [method], scope, until)
    word = 'gAAAAAB' + state.new_hex() + state.new_hex()
    state.tokens[word] = doc
    return Answer(201, {'token': _full(ask, doc)}, headers={'X-Subject-Token': word})


def _by_password(state: State, given: Any) -> Doc:
    user = accounts.lookup(state, state.users, given)
    if user is None or given.get('password') != user['_password']:
        raise Refused(401, UNAUTHORIZED)
    return user


def _credential(state: State, given: Doc) -> Doc:
    found = state.credentials.get(given.get('id', ''))
    if found is None and 'name' in given:
        user = accounts.lookup(state, state.users, given.get('user', {})) or {'id': ''}
        mine = [one for one in state.credentials.values() if one['user_id'] == user['id'] and one['name'] == given['name']]
        found = mine[0] if mine else None
    if found is None or found['_secret'] != given.get('secret'):
        raise Refused(401, UNAUTHORIZED)
    if found['expires_at'] and moment(found['expires_at']) <= state.now():
        raise Refused(401, UNAUTHORIZED)
    return found


def _token(ask: Ask, user: Doc, methods: list[str], scope: Any, until: float) -> Doc:
    state, domain = ask.state, {'id': 'default', 'name': 'Default'}
    doc: Doc = {
        'methods': methods,
        'user': {'domain': domain, 'id': user['id'], 'name': user['name'], 'password_expires_at': None},
        'audit_ids': [state.new_hex()[:22]],
        'expires_at': micro_z(float(int(until))),
        'issued_at': micro_z(float(int(state.now()))),
        '_until': until,
    }
    if scope is None and roles_of(state, user['id'], user.get('default_project_id', '')):
        scope = {'project': {'id': user['default_project_id']}}
    if not scope or scope == 'unscoped' or not isinstance(scope, dict):
        return doc
    if 'project' in scope:
        project = accounts.lookup(state, state.projects, scope['project'])
        if project is None or not project['enabled']:
            raise Refused(401, UNAUTHORIZED)
        target = project['id']
        doc |= {'project': {'domain': domain, 'id': target, 'name': project['name']}, 'is_domain': False}
    elif 'domain' in scope:
        named = accounts.lookup(state, state.domains, scope['domain']) or {'id': '', 'name': ''}
        target = f'domain:{named["id"]}'
        doc['domain'] = {'id': named['id'], 'name': named['name']}
    else:
        target = 'system'
        doc['system'] = {'all': True}
    roles = roles_of(state, user['id'], target)
    if not roles:
        raise Refused(401, UNAUTHORIZED)
    return doc | {'roles': [{'id': role['id'], 'name': role['name']} for role in roles]}


def roles_of(state: State, user: str, target: str) -> list[Doc]:
    """Roles granted and those that they imply, by name."""
    names = {state.roles[role]['name'] for who, where, role in state.grants if (who, where) == (user, target)}
    names |= {more for name in names for more in IMPLIED.get(name, ())}
    return sorted((role for role in state.roles.values() if role['name'] in names), key=lambda role: str(role['name']))


def _full(ask: Ask, doc: Doc) -> Doc:
    plain = wire.shown(doc)
    if 'roles' not in doc or 'nocatalog' in ask.raw_query:
        return plain
    return plain | {'catalog': catalog(ask, doc.get('project', {}).get('id', ''))}


def validate(ask: Ask) -> Answer:
    """GET and HEAD /auth/tokens. Raises Refused 403 or 404."""
    word = ask.headers.get('x-subject-token', '')
    if who_is(ask.state, word) is None:
        raise Refused(404, 'Could not recognize Fernet token')
    doc = ask.state.tokens[word]
    if not ask.who.admin and doc['user']['id'] != ask.who.user:
        raise Refused(403, 'You are not authorized to perform the requested action: identity:validate_token.')
    return Answer(200, {'token': _full(ask, doc)}, headers={'X-Subject-Token': word})


def revoke(ask: Ask) -> Answer:
    """DELETE /auth/tokens."""
    if ask.state.tokens.pop(ask.headers.get('x-subject-token', ''), None) is None:
        raise Refused(404, 'Could not recognize Fernet token')
    return Answer(204)


def auth_catalog(ask: Ask) -> Answer:
    links = {'next': None, 'self': f'{ask.base}/identity/v3/auth/catalog', 'previous': None}
    return Answer(200, {'catalog': catalog(ask, ask.who.project), 'links': links})


def auth_projects(ask: Ask) -> Answer:
    mine = {where for who, where, _ in ask.state.grants if who == ask.who.user}
    return accounts.listed(ask, 'projects', [one for one in ask.state.projects.values() if one['id'] in mine])


def auth_domains(ask: Ask) -> Answer:
    mine = {where for who, where, _ in ask.state.grants if who == ask.who.user}
    return accounts.listed(ask, 'domains', [one for one in ask.state.domains.values() if f'domain:{one["id"]}' in mine])


def list_services(ask: Ask) -> Answer:
    accounts.admin(ask, 'list_services')
    return accounts.listed(ask, 'services', services(ask.state))


def list_endpoints(ask: Ask) -> Answer:
    accounts.admin(ask, 'list_endpoints')
    return accounts.listed(ask, 'endpoints', [one | {'enabled': True} for one in endpoints(ask, '$(project_id)s')])


def list_regions(ask: Ask) -> Answer:
    return accounts.listed(ask, 'regions', [{'id': 'RegionOne', 'description': '', 'parent_region_id': None}])


ROUTES = wire.table(
    [
        ('POST', '/auth/tokens', issue),
        ('GET', '/auth/tokens', validate),
        ('DELETE', '/auth/tokens', revoke),
        ('GET', '/auth/catalog', auth_catalog),
        ('GET', '/auth/projects', auth_projects),
        ('GET', '/auth/domains', auth_domains),
        ('GET', '/services', list_services),
        ('GET', '/endpoints', list_endpoints),
        ('GET', '/regions', list_regions),
        *accounts.ROWS,
    ]
)
