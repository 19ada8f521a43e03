"""Neutron: the same six verbs for every kind of object, tags, and the table of paths."""

from __future__ import annotations

from typing import Any

from hansa.sites.sim import addresses, identity, netinfo, netkinds, netlist, ports, routers, wire
from hansa.sites.sim.netkinds import Kind
from hansa.sites.sim.state import Doc
from hansa.sites.sim.wire import Answer, Ask, Handler, Refused, Row

KINDS = [
    addresses.NETWORKS,
    addresses.SUBNETS,
    addresses.SUBNETPOOLS,
    addresses.ADDRESS_SCOPES,
    ports.PORTS,
    ports.SECURITY_GROUPS,
    ports.RULES,
    routers.ROUTERS,
    routers.FLOATINGIPS,
    addresses.RBAC_POLICIES,
]
BULK_LIMIT = 1000


def _extended(kind: Kind, alias: str) -> list[Row]:
    """The rows of a kind that only clouds with an extension have."""

    def gate(handler: Handler) -> Handler:
        def handle(ask: Ask, *ids: str) -> Answer:
            if alias not in ask.state.extensions:
                raise Refused(404, 'The resource could not be found.', 'HTTPNotFound')
            return handler(ask, *ids)

        return handle

    return [(methods, path, gate(handler)) for methods, path, handler in rows(kind)]


def answer(ask: Ask) -> Answer:
    """Everything below /network."""
    if ask.path in ('', '/'):
        link = {'rel': 'self', 'href': f'{ask.base}/network/v2.0/'}
        return Answer(200, {'versions': [{'id': 'v2.0', 'status': 'CURRENT', 'links': [link]}]})
    who = identity.who_is(ask.state, ask.headers.get('x-auth-token', ''))
    if who is None:
        error = {'code': 401, 'title': 'Unauthorized', 'message': identity.UNAUTHORIZED}
        headers = {'WWW-Authenticate': f'Keystone uri="{ask.base}/identity"'}
        return Answer(401, {'error': error}, headers=headers)
    ask.who, ask.path = who, ask.path.removeprefix('/v2.0').removesuffix('.json')
    if who.project:
        ports.default_group(ask.state, who.project)
    try:
        if not who.writes and ask.method not in ('GET', 'HEAD'):
            verb = {'POST': 'create', 'PUT': 'update', 'DELETE': 'delete'}.get(ask.method, 'update')
            what = ask.path.split('/')[1].replace('-', '_').removesuffix('s')
            raise Refused(403, f'rule:{verb}_{what} is disallowed by policy', 'PolicyNotAuthorized')
        return wire.dispatch(ROUTES, ask)
    except Refused as refused:
        kind = refused.kind or ('HTTPBadRequest' if refused.status == 400 else 'HTTPNotFound')
        return Answer(refused.status, {'NeutronError': {'type': kind, 'message': refused.message, 'detail': ''}})


def _body(ask: Ask, kind: Kind) -> tuple[list[Doc], bool]:
    try:
        body: Any = ask.json()
    except Refused:
        raise Refused(400, 'Body contains invalid data', 'HTTPBadRequest') from None
    if isinstance(body, dict) and isinstance(body.get(kind.one), dict):
        return [body[kind.one]], False
    many = body.get(kind.plural) if isinstance(body, dict) else None
    if isinstance(many, list) and all(isinstance(one, dict) for one in many) and len(many) <= BULK_LIMIT:
        return many, True
    raise Refused(400, f"Unable to find '{kind.one}' in request body", 'HTTPBadRequest')


def _create(ask: Ask, kind: Kind) -> Answer:
    given, bulk = _body(ask, kind)
    docs: list[Doc] = []
    try:
        for one in given:
            docs.append(_make(ask, kind, one))
    except Refused:
        for doc in docs:
            kind.remove(ask, doc, {})
            del ask.state.table(kind.plural)[doc['id']]
        raise
    made = [netkinds.view(ask, kind, doc) for doc in docs]
    return Answer(201, {kind.plural: made} if bulk else {kind.one: made[0]})


def _make(ask: Ask, kind: Kind, given: Doc) -> Doc:
    netkinds.check_fields(ask, kind, given, 'create')
    project = given.get('project_id') or given.get('tenant_id') or ask.who.project
    if project != ask.who.project and not ask.who.admin:
        rule = f'create_{kind.one}'
        raise Refused(403, f'(rule:{rule} and rule:{rule}:tenant_id) is disallowed by policy', 'PolicyNotAuthorized')
    _within_quota(ask, kind, project)
    doc = netkinds.fresh(ask.state, kind, project, given)
    kind.prepare(ask, doc, given)
    ask.state.table(kind.plural)[doc['id']] = doc
    return doc


def _within_quota(ask: Ask, kind: Kind, project: str) -> None:
    limit = ask.state.quota('network', project).get(kind.one, -1)
    if limit >= 0 and limit <= sum(doc['project_id'] == project for doc in ask.state.table(kind.plural).values()):
        raise Refused(409, f"Quota exceeded for resources: ['{kind.one}'].", 'OverQuota')


def _update(ask: Ask, kind: Kind, id: str) -> Answer:
    doc = netkinds.own(ask, kind, id, 'update')
    given = dict(_body(ask, kind)[0][0])
    netkinds.check_fields(ask, kind, given, 'update')
    wanted = ask.headers.get('if-match', '').removeprefix('revision_number=')
    if wanted and wanted != str(doc['revision_number']):
        why = f'Constrained to {wanted}, but current revision is {doc["revision_number"]}'
        raise Refused(412, why, 'RevisionNumberConstraintFailed')
    kind.change(ask, doc, given)
    doc |= given
    netkinds.touch(ask.state, doc)
    return Answer(200, {kind.one: netkinds.view(ask, kind, doc)})


def _delete(ask: Ask, kind: Kind, id: str) -> Answer:
    doc = netkinds.own(ask, kind, id, 'delete')
    kind.remove(ask, doc, {})
    del ask.state.table(kind.plural)[id]
    return Answer(204)


def rows(kind: Kind) -> list[Row]:
    """List, create, show, update, delete and tags of a kind."""

    def index(ask: Ask) -> Answer:
        return netlist.index(ask, kind)

    def create(ask: Ask) -> Answer:
        return _create(ask, kind)

    def show(ask: Ask, id: str) -> Answer:
        doc = netkinds.view(ask, kind, netkinds.find(ask, kind, id))
        return Answer(200, {kind.one: netlist.only(ask, doc)})

    def update(ask: Ask, id: str) -> Answer:
        return _update(ask, kind, id)

    def delete(ask: Ask, id: str) -> Answer:
        return _delete(ask, kind, id)

    def tags(ask: Ask, id: str) -> Answer:
        doc = netkinds.find(ask, kind, id)
        if ask.method in ('PUT', 'POST'):
            body = ask.json()
            added = body.get('tags', []) if isinstance(body, dict) else []
            doc['tags'] = sorted({*added, *(doc['tags'] if ask.method == 'POST' else ())})
            netkinds.touch(ask.state, doc)
        elif ask.method == 'DELETE':
            doc['tags'] = []
            netkinds.touch(ask.state, doc)
            return Answer(204)
        return Answer(200, {'tags': doc['tags']})

    def tag(ask: Ask, id: str, word: str) -> Answer:
        doc = netkinds.find(ask, kind, id)
        if ask.method == 'PUT':
            doc['tags'] = sorted({*doc['tags'], word})
            netkinds.touch(ask.state, doc)
            return Answer(201)
        if word not in doc['tags']:
            raise Refused(404, f'Tag {word} could not be found.', 'TagNotFound')
        if ask.method == 'DELETE':
            doc['tags'].remove(word)
            netkinds.touch(ask.state, doc)
        return Answer(204)

    path = f'/{kind.path}'
    return [
        ('GET', path, index),
        ('POST', path, create),
        ('GET', path + '/{}', show),
        ('PUT', path + '/{}', update),
        ('DELETE', path + '/{}', delete),
        ('GET PUT POST DELETE', path + '/{}/tags', tags),
        ('GET PUT DELETE', path + '/{}/tags/{}', tag),
    ]


ROUTES = wire.table(
    [
        ('PUT', '/routers/{}/add_router_interface', routers.add_interface),
        ('PUT', '/routers/{}/remove_router_interface', routers.remove_interface),
        ('PUT', '/routers/{}/add_extraroutes', routers.add_routes),
        ('PUT', '/routers/{}/remove_extraroutes', routers.remove_routes),
        *netinfo.ROWS,
        *[row for kind in KINDS for row in rows(kind)],
        *_extended(addresses.ADDRESS_GROUPS, 'address-group'),
    ]
)
