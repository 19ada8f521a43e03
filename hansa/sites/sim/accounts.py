"""Keystone's users, projects, domains, roles, grants and application credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hansa.sites.sim import wire
from hansa.sites.sim.state import Doc, State
from hansa.sites.sim.wire import Answer, Ask, Refused, Row

FRESH: dict[str, Doc] = {
    'users': {'name': '', 'domain_id': 'default', 'enabled': True, 'password_expires_at': None, 'options': {}},
    'projects': {
        'name': '',
        'domain_id': 'default',
        'description': '',
        'enabled': True,
        'parent_id': 'default',
        'is_domain': False,
        'tags': [],
        'options': {},
    },
    'roles': {'name': '', 'domain_id': None, 'description': None, 'options': {}},
    'domains': {'name': '', 'description': '', 'enabled': True, 'tags': [], 'options': {}},
}


def admin(ask: Ask, rule: str) -> None:
    """Raises Refused 403 for anybody else."""
    if not ask.who.admin:
        raise Refused(403, f'You are not authorized to perform the requested action: identity:{rule}.')


def lookup(state: State, kind: dict[str, Doc], given: Any) -> Doc | None:
    """An object by {'id'} or by {'name'} and its domain; None where there is none."""
    if not isinstance(given, dict):
        return None
    if 'id' in given:
        return kind.get(str(given['id']))
    asked = given.get('domain') if isinstance(given.get('domain'), dict) else {}
    domain = next((one for one in state.domains.values() if asked and asked.get('name', one['name']) == one['name']), None)
    where = asked.get('id') or (domain or {'id': 'default'})['id'] if asked else 'default'
    fits = (one for one in kind.values() if one['name'] == given.get('name') and one.get('domain_id', 'default') == where)
    return next(fits, None)


def listed(ask: Ask, kind: str, items: list[Doc]) -> Answer:
    """A list as Keystone gives it, with the filters that fit."""
    for key, value in ask.query:
        if items and key in ('name', 'domain_id', 'enabled', 'parent_id', 'type', 'interface', 'service_id'):
            items = [one for one in items if str(one.get(key)).lower() == value.lower()]
    links = {'next': None, 'self': f'{ask.base}/identity/v3{ask.path}', 'previous': None}
    return Answer(200, {kind: [linked(ask, kind, one) for one in items], 'links': links})


def linked(ask: Ask, kind: str, doc: Doc) -> Doc:
    """The document with its link."""
    return wire.shown(doc) | {'links': {'self': f'{ask.base}/identity/v3/{kind}/{doc["id"]}'}}


def fresh(state: State, kind: str, given: Doc) -> Doc:
    """A new user, project, role or domain, stored."""
    doc = {'id': state.new_hex(), **FRESH[kind], **given}
    if kind == 'users':
        doc['_password'] = doc.pop('password', None)
    state.table(kind)[doc['id']] = doc
    return doc


def _found(ask: Ask, kind: str, id: str) -> Doc:
    doc = ask.state.table(kind).get(id)
    if doc is None:
        raise Refused(404, f'Could not find {kind[:-1]}: {id}.')
    return doc


def _handlers(kind: str) -> list[Row]:
    one = kind[:-1]

    def index(ask: Ask) -> Answer:
        if kind != 'roles' or not ask.who.writes:
            admin(ask, f'list_{kind}')
        return listed(ask, kind, list(ask.state.table(kind).values()))

    def show(ask: Ask, id: str) -> Answer:
        if id not in (ask.who.user, ask.who.project):
            admin(ask, f'get_{one}')
        return Answer(200, {one: linked(ask, kind, _found(ask, kind, id))})

    def create(ask: Ask) -> Answer:
        admin(ask, f'create_{one}')
        given = {key: value for key, value in ask.member(one).items() if value is not None or key != 'domain_id'}
        if not given.get('name'):
            raise Refused(400, "'name' is a required property")
        where = given.get('domain_id', FRESH[kind].get('domain_id'))
        if any(old['name'] == given['name'] and old.get('domain_id') == where for old in ask.state.table(kind).values()):
            raise Refused(409, _taken(one, given['name'], where))
        return Answer(201, {one: linked(ask, kind, fresh(ask.state, kind, given))})

    def update(ask: Ask, id: str) -> Answer:
        admin(ask, f'update_{one}')
        doc, given = _found(ask, kind, id), ask.member(one)
        if 'password' in given:
            doc['_password'] = given.pop('password')
        doc.update(given)
        return Answer(200, {one: linked(ask, kind, doc)})

    def delete(ask: Ask, id: str) -> Answer:
        admin(ask, f'delete_{one}')
        _found(ask, kind, id)
        state = ask.state
        del state.table(kind)[id]
        state.grants = {grant for grant in state.grants if id not in grant}
        gone = [word for word, token in state.tokens.items() if id in (token['user']['id'], token.get('project', {}).get('id'))]
        for word in gone:
            del state.tokens[word]
        return Answer(204)

    return [
        ('GET', f'/{kind}', index),
        ('POST', f'/{kind}', create),
        ('GET', f'/{kind}/{{}}', show),
        ('PATCH', f'/{kind}/{{}}', update),
        ('DELETE', f'/{kind}/{{}}', delete),
    ]


def _taken(one: str, name: str, domain: str | None) -> str:
    if one == 'project':
        return (
            'Conflict occurred attempting to store project - it is not permitted to have two projects with either '
            f'the same name or same id in the same domain: name is {name}.'
        )
    return f'Conflict occurred attempting to store {one} - Duplicate entry found with name {name} at domain ID {domain}.'


# -- grants


def _granting(target: Callable[[str], str]) -> tuple[Callable[..., Answer], Callable[..., Answer], Callable[..., Answer]]:
    def put(ask: Ask, where: str, user: str, role: str) -> Answer:
        admin(ask, 'create_grant')
        _found(ask, 'users', user)
        _found(ask, 'roles', role)
        if target(where) == where:
            _found(ask, 'projects', where)
        ask.state.grants.add((user, target(where), role))
        return Answer(204)

    def drop(ask: Ask, where: str, user: str, role: str) -> Answer:
        admin(ask, 'revoke_grant')
        if (user, target(where), role) not in ask.state.grants:
            raise Refused(
                404, f'Could not find role assignment with role: {role}, user or group: {user}, project, domain, or system.'
            )
        ask.state.grants.discard((user, target(where), role))
        return Answer(204)

    def index(ask: Ask, where: str, user: str) -> Answer:
        admin(ask, 'list_grants')
        held = {role for who, place, role in ask.state.grants if (who, place) == (user, target(where))}
        return listed(ask, 'roles', [role for role in ask.state.roles.values() if role['id'] in held])

    return put, drop, index


def check_grant(ask: Ask, where: str, user: str, role: str) -> Answer:
    """HEAD of a grant."""
    admin(ask, 'check_grant')
    if (user, where, role) not in ask.state.grants:
        raise Refused(404, f'Could not find role assignment with role: {role}, user or group: {user}, project: {where}.')
    return Answer(204)


def assignments(ask: Ask) -> Answer:
    """GET /role_assignments."""
    asked_project, asked_user = ask.arg('scope.project.id'), ask.arg('user.id')
    if not (ask.who.admin or asked_user == ask.who.user):
        admin(ask, 'list_role_assignments')
    made = []
    for user, where, role in sorted(ask.state.grants):
        if asked_user not in ('', user) or asked_project not in ('', where):
            continue
        made.append(_assignment(ask, user, where, role, ask.flag('include_names')))
    links = {'next': None, 'self': f'{ask.base}/identity/v3/role_assignments', 'previous': None}
    return Answer(200, {'role_assignments': made, 'links': links})


def _assignment(ask: Ask, user: str, where: str, role: str, named: bool) -> Doc:
    state, base = ask.state, f'{ask.base}/identity/v3'

    def ref(kind: str, id: str) -> Doc:
        if not named:
            return {'id': id}
        found = {'id': id, 'name': state.table(kind)[id]['name']}
        return found if kind in ('roles', 'domains') else found | {'domain': {'id': 'default', 'name': 'Default'}}

    if where == 'system':
        scope, link = {'system': {'all': True}}, f'{base}/system/users/{user}/roles/{role}'
    elif where.startswith('domain:'):
        id = where.removeprefix('domain:')
        scope, link = {'domain': ref('domains', id)}, f'{base}/domains/{id}/users/{user}/roles/{role}'
    else:
        scope, link = {'project': ref('projects', where)}, f'{base}/projects/{where}/users/{user}/roles/{role}'
    return {'links': {'assignment': link}, 'scope': scope, 'user': ref('users', user), 'role': ref('roles', role)}


def user_projects(ask: Ask, user: str) -> Answer:
    """GET /users/ID/projects."""
    if user != ask.who.user:
        admin(ask, 'list_user_projects')
    mine = {where for who, where, _ in ask.state.grants if who == user}
    return listed(ask, 'projects', [one for one in ask.state.projects.values() if one['id'] in mine])


def no_groups(ask: Ask, *_: str) -> Answer:
    """There are none."""
    return listed(ask, 'groups', [])


def own_password(ask: Ask, user: str) -> Answer:
    """POST /users/ID/password."""
    given, doc = ask.member('user'), _found(ask, 'users', user)
    if given.get('original_password') != doc['_password']:
        raise Refused(401, 'The request you have made requires authentication.')
    doc['_password'] = given.get('password')
    return Answer(204)


# -- application credentials


def _own(ask: Ask, user: str) -> None:
    if user != ask.who.user:
        admin(ask, 'list_application_credentials')


def credentials(ask: Ask, user: str) -> Answer:
    """GET /users/ID/application_credentials."""
    _own(ask, user)
    mine = [one for one in ask.state.credentials.values() if one['user_id'] == user]
    return listed(ask, 'application_credentials', mine)


def credential_create(ask: Ask, user: str) -> Answer:
    """POST /users/ID/application_credentials; needs a token of a project."""
    _own(ask, user)
    given = ask.member('application_credential')
    if any(one['user_id'] == user and one['name'] == given.get('name') for one in ask.state.credentials.values()):
        raise Refused(
            409,
            f'Conflict occurred attempting to store application_credential - Duplicate entry found with name {given["name"]}.',
        )
    roles = [role for role in ask.state.roles.values() if role['name'] in ask.who.roles]
    id, secret = ask.state.new_hex(), given.get('secret') or ask.state.new_hex() + ask.state.new_hex()
    doc = {
        'id': id,
        'name': given.get('name', ''),
        'description': given.get('description'),
        'user_id': user,
        'project_id': ask.who.project,
        'system': None,
        'expires_at': given.get('expires_at'),
        'unrestricted': given.get('unrestricted'),
        'roles': roles,
        '_secret': secret,
    }
    ask.state.credentials[id] = doc
    return Answer(201, {'application_credential': linked(ask, 'application_credentials', doc) | {'secret': secret}})


def _credential(ask: Ask, user: str, id: str) -> Doc:
    _own(ask, user)
    doc = ask.state.credentials.get(id)
    if doc is None or doc['user_id'] != user:
        raise Refused(404, f'Could not find Application Credential: {id}.')
    return doc


def credential(ask: Ask, user: str, id: str) -> Answer:
    return Answer(200, {'application_credential': linked(ask, 'application_credentials', _credential(ask, user, id))})


def credential_delete(ask: Ask, user: str, id: str) -> Answer:
    del ask.state.credentials[_credential(ask, user, id)['id']]
    return Answer(204)


PROJECT_PUT, PROJECT_DROP, PROJECT_ROLES = _granting(lambda where: where)
DOMAIN_PUT, DOMAIN_DROP, DOMAIN_ROLES = _granting(lambda where: f'domain:{where}')

ROWS: list[Row] = [
    *_handlers('users'),
    *_handlers('projects'),
    *_handlers('roles'),
    *_handlers('domains'),
    ('HEAD', '/projects/{}/users/{}/roles/{}', check_grant),
    ('PUT', '/projects/{}/users/{}/roles/{}', PROJECT_PUT),
    ('DELETE', '/projects/{}/users/{}/roles/{}', PROJECT_DROP),
    ('GET', '/projects/{}/users/{}/roles', PROJECT_ROLES),
    ('PUT', '/domains/{}/users/{}/roles/{}', DOMAIN_PUT),
    ('DELETE', '/domains/{}/users/{}/roles/{}', DOMAIN_DROP),
    ('GET', '/domains/{}/users/{}/roles', DOMAIN_ROLES),
    ('GET', '/role_assignments', assignments),
    ('GET', '/groups', no_groups),
    ('GET', '/users/{}/groups', no_groups),
    ('GET', '/users/{}/projects', user_projects),
    ('POST', '/users/{}/password', own_password),
    ('GET', '/users/{}/application_credentials', credentials),
    ('POST', '/users/{}/application_credentials', credential_create),
    ('GET', '/users/{}/application_credentials/{}', credential),
    ('DELETE', '/users/{}/application_credentials/{}', credential_delete),
]
