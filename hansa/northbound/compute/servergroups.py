"""Server groups: plain ones are at one site, those with the rule `scope: site` are the league's own."""

from __future__ import annotations

from typing import Any

import msgspec

from hansa.model.errors import BadRequest
from hansa.model.resource import KINDS, Record
from hansa.northbound.compute import params
from hansa.northbound.hall import headers, kinds, lists, table, versions, wire
from hansa.rules import companies, views
from hansa.services.routing import decoded

_KIND = KINDS['server_group']
_RULES = (2, 64)
_LONGEST = 255


def listed(services: kinds.Services) -> table.Handler:
    """`GET /os-server-groups`."""

    async def handle(ask: table.Ask) -> wire.Answer:
        listing = params.listing('server_group', ask.request.items(), ask.call, sites=services.roster.names())
        found = await lists.page(services, ask, listing)
        found = msgspec.structs.replace(found, records=await services.companies.filled(found.records))
        return lists.answer('server_group', lists.shown(ask, found, detail=True), found, {})

    return handle


def create(services: kinds.Services) -> table.Handler:
    """`POST /os-server-groups`. The rules `scope` and `site` are the league's and reach no site."""
    async def handle(ask: table.Ask) -> wire.Answer:
        forward = await headers.forward(ask.request, _KIND.collection, services.limit)
        wanted = (decoded(forward) or {}).get('server_group')
        rules = wanted.get('rules') if isinstance(wanted, dict) else None
        if not isinstance(wanted, dict) or not isinstance(rules, dict) or rules.keys().isdisjoint(('scope', 'site')):
            return await kinds.place(services, ask, _KIND, forward)
        if versions.number(ask.call.version) < _RULES:
            raise _invalid(wanted, "Additional properties are not allowed ('rules' was unexpected)")
        if 'scope' not in rules:
            return await kinds.place(services, ask, _KIND, forward)
        _check(wanted, rules)
        record = await services.companies.create(ask.call, wanted['name'], wanted['policy'])
        return _shown(ask, record)

    return handle


def one(services: kinds.Services) -> table.Handler:
    """`GET` and `DELETE` of `/os-server-groups/{id}`."""
    routed = kinds.routed(services, _KIND.name, _KIND.collection)

    async def handle(ask: table.Ask) -> wire.Answer:
        record = await services.companies.find(ask.call, ask.names['id'])
        if record is None:
            return await routed(ask)
        if ask.request.method == 'DELETE':
            await services.companies.delete(record)
            return wire.Answer(204)
        if ask.request.method not in kinds.READS:
            raise table.MethodNotAllowed(ask.request.method, frozenset(('GET', 'HEAD', 'DELETE')))
        return _shown(ask, (await services.companies.filled([record]))[0])

    return handle


def _shown(ask: table.Ask, record: Record) -> wire.Answer:
    doc: dict[str, Any] = msgspec.json.decode(record.doc)
    version = versions.number(ask.call.version)
    return wire.document(200, {'server_group': views.show(_KIND.name, doc, version, ask.call.token.admin, kinds.context(ask), single=True)})


def _check(wanted: dict[str, Any], rules: dict[str, Any]) -> None:
    """Raises BadRequest as Nova's schema would."""
    name, policy = wanted.get('name'), wanted.get('policy')
    for key in ('name', 'policy'):
        if key not in wanted:
            raise _invalid(wanted, f"'{key}' is a required property")
    if unknown := [key for key in wanted if key not in {'name', 'policy', 'rules'}]:
        raise _invalid(wanted, f"Additional properties are not allowed ('{unknown[0]}' was unexpected)")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or name.strip() != name or not name.isprintable():
        raise _invalid(wanted, f'{name!r} is no name: 1 to {_LONGEST} printable characters, no blank at either end')
    if policy not in companies.POLICIES:
        raise _invalid(wanted, f'{policy!r} is not one of {list(companies.POLICIES)}')
    if rules != companies.SCOPE:
        raise _invalid(wanted, 'the rule scope can only be "site", and no other rule goes with it')


def _invalid(wanted: dict[str, Any], why: str) -> BadRequest:
    return BadRequest(f'Invalid input for field/attribute server_group. Value: {wanted}. {why}')
