"""Quotas and limits: the league's own where it has any, over what the sites say together."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from hansa.model.errors import BadRequest, Forbidden, NotFound, Unsupported
from hansa.model.quota import LEAGUE, Quota
from hansa.northbound.hall import filters, headers, kinds, own, table, wire
from hansa.rules import overlay, quota, references
from hansa.services.routing import decoded


class Form(msgspec.Struct, frozen=True):
    """How an API writes quotas.

    `key` is what a quota set stands under, `used` the word for what is in use; `passed` are words of a body that are no
    resources, `gone` the status of a DELETE; `unknown`, `small` and `word` are what is said of a wrong body. `standard` is where sites
    tell the quotas of any project.
    """

    service: str
    key: str
    used: str
    passed: frozenset[str]
    gone: int
    unknown: str
    small: str
    word: str
    standard: str = '/os-quota-sets/{}/defaults'


COMPUTE = Form(
    'compute', 'quota_set', 'in_use', frozenset(('force', 'tenant_id', 'id')), 202,
    "Invalid input for field/attribute {key}. Value: {body}. Additional properties are not allowed ('{name}' was unexpected)",
    'Invalid input for field/attribute {name}. Value: {value}. {value} is less than the minimum of -1',
    "Invalid input for field/attribute {name}. Value: {value}. '{value}' does not match '^-?[0-9]+$'",
)  # fmt: skip
VOLUME = Form(
    'volume', 'quota_set', 'in_use', frozenset(('tenant_id', 'skip_validation', 'id')), 200,
    'Invalid input received: Bad key(s) in quota set: {name}', '{name} must be >= -1',
    '{name} must be an integer',
)  # fmt: skip
NETWORK = Form(
    'network', 'quota', 'used', frozenset(('tenant_id', 'project_id', 'force', 'check_limit')), 204,
    "Unrecognized attribute(s) '{name}'", "Invalid input for {name}. Reason: '{value}' is too small - must be at least '-1'.",
    "Invalid input for operation: '{value}' is not an integer.", '/quotas/{}/default',
)  # fmt: skip

_NUMBER = re.compile('-?[0-9]{1,18}')


def limits(services: kinds.Services, service: str) -> table.Handler:
    """`GET /limits` of Nova and Cinder; an administrator may name another project."""

    async def handle(ask: table.Ask) -> wire.Answer:
        document = await services.quotas.merged(ask.call, '/limits', ask.request.query)
        if not document:
            return await own.first(services, '/limits')(ask)
        asked = dict(ask.request.items())
        project = asked.get('tenant_id') or asked.get('project_id') or ask.call.token.project
        absolute = document.get('limits', {}).get('absolute')
        if isinstance(absolute, dict):
            document['limits']['absolute'] = overlay.absolute(absolute, await _quota(services, ask, project), service)
        return wire.document(200, document)

    return handle


def shown(services: kinds.Services, path: str, form: Form, what: str = '') -> table.Handler:
    """`GET` of a project's quota; `what` is 'details' or 'defaults' where the path itself says so."""

    async def handle(ask: table.Ask) -> wire.Answer:
        document = await _document(services, ask, path, form, what)
        return wire.document(200, document) if document else await own.first(services, path)(ask)

    return handle


async def _document(services: kinds.Services, ask: table.Ask, path: str, form: Form, what: str = '') -> dict[str, Any]:
    """Empty where neither the league nor any site says anything."""
    told = await services.quotas.merged(ask.call, ask.path(path), ask.request.query)
    asked = dict(ask.request.items())
    project = ask.names['project'].removesuffix('.json')
    word = what or ask.names.get('what', '').removesuffix('.json')
    if asked.get('user_id') or word not in {'', 'detail', 'details', 'default', 'defaults'}:
        return told
    stands = await (services.allotting.quota('') if word.startswith('default') else _quota(services, ask, project))
    detailed = word.startswith('detail') or bool(filters.boolean(asked.get('usage', '')))
    part = told.get(form.key) or await _standard(services, ask, form, detailed=detailed)
    if detailed:
        part = overlay.details(part, stands, form.service, form.used)
    else:
        part = overlay.amounts(part, stands, form.service)
    if part and form.key == 'quota_set':
        part['id'] = project
    return {**told, form.key: part} if part else {}


async def _standard(services: kinds.Services, ask: table.Ask, form: Form, *, detailed: bool) -> dict[str, Any]:
    """What an administrator is told of a project that no site knows yet: what sites give to any project, here to the administrator's."""
    if not ask.call.token.admin:
        return {}
    told = await services.quotas.merged(ask.call, form.standard.format(ask.call.token.project))
    amounts = {name: value for name, value in told.get(form.key, {}).items() if isinstance(value, int)}
    return {name: {'limit': value, form.used: 0, 'reserved': 0} for name, value in amounts.items()} if detailed else amounts


async def _quota(services: kinds.Services, ask: table.Ask, project: str) -> Quota:
    """What stands of a project, if the caller may know it; whether it may else be asked for, the sites say."""
    token = ask.call.token
    return await services.allotting.quota(project) if token.admin or project == token.project else Quota()


def changed(services: kinds.Services, path: str, form: Form) -> table.Handler:
    """`PUT` and `DELETE` of a project's quota: written down by the league, and brought to the sites as they can be reached."""

    async def handle(ask: table.Ask) -> wire.Answer:
        _administrator(ask)
        project = ask.names['project'].removesuffix('.json')
        if not references.ID.fullmatch(project):
            raise NotFound(f'There is no project {project}.')
        if dict(ask.request.items()).get('user_id'):
            raise Unsupported('Quotas of the league are for projects, not for single users.')
        if ask.request.method == 'DELETE':
            if not await services.allotting.reset(project, form.service) and form.service == 'network':
                raise NotFound(f'Quota for project {project} could not be found.')
            return wire.Answer(form.gone)
        body = await _body(services, ask, path, form, form.key)
        if form is COMPUTE and not filters.boolean(str(body.get('force', ''))):
            _enough(body, await services.allotting.quota(project))
        await services.allotting.set(project, {LEAGUE: _wanted(body, form)})
        document = await _document(services, ask, path, form)
        part = {name: value for name, value in document.get(form.key, {}).items() if name != 'id'}
        return wire.document(200, {form.key: part})

    return handle


def standard(services: kinds.Services, form: Form) -> table.Handler:
    """`GET` and `PUT /os-quota-class-sets/{name}`: the class 'default' is what projects without a quota of their own have."""
    path, key = '/os-quota-class-sets/{name}', 'quota_class_set'

    async def handle(ask: table.Ask) -> wire.Answer:
        name = ask.names['name']
        if ask.request.method == 'PUT':
            _administrator(ask)
            if name != 'default':
                raise NotFound(f'There is no quota class {name}; the league has default.')
            body = await _body(services, ask, path, form, key)
            await services.allotting.set('', {LEAGUE: _wanted(body, form)})
        told = await services.quotas.merged(ask.call, ask.path(path))
        part = overlay.amounts(told.get(key, {}), await services.allotting.quota('') if name == 'default' else Quota(), form.service)
        if not part:
            return await own.first(services, path)(ask)
        part['id'] = name
        if ask.request.method == 'PUT':
            del part['id']
        return wire.document(200, {key: part})

    return handle


async def _body(services: kinds.Services, ask: table.Ask, path: str, form: Form, key: str) -> dict[str, Any]:
    """The quota set of a body. Raises BadRequest in the API's own words."""
    body = (decoded(await headers.forward(ask.request, '', services.limit)) or {}).get(key)
    if not isinstance(body, dict):
        raise BadRequest(f"Invalid input for operation: the body has no object '{key}'.")
    for name, value in body.items():
        if name in form.passed:
            continue
        if quota.service(name) != form.service:
            raise BadRequest(form.unknown.format(name=name, key=key, body=body))
        number = value if isinstance(value, str) else str(value) if isinstance(value, int) and not isinstance(value, bool) else ''
        if not _NUMBER.fullmatch(number):
            raise BadRequest(form.word.format(name=name, value=value))
        if int(number) < -1:
            raise BadRequest(form.small.format(name=name, value=value))
    return body


def _wanted(body: dict[str, Any], form: Form) -> dict[str, int | None]:
    return {name: int(value) for name, value in body.items() if name not in form.passed}


def _enough(body: dict[str, Any], stands: Quota) -> None:
    """Nova takes no limit below what is there already, unless it is forced to."""
    for name, value in body.items():
        if name not in COMPUTE.passed and 0 <= int(value) < stands.taken(name):
            raise BadRequest(
                f'Quota limit {int(value)} for {name} must be greater than or equal to already used and reserved {stands.taken(name)}.'
            )


def _administrator(ask: table.Ask) -> None:
    if not ask.call.token.admin:
        raise Forbidden("Policy doesn't allow quotas to be changed: that is for administrators.")
