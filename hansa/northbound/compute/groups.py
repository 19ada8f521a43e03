"""Security groups by Nova's old way, below 2.36: they are the league's, true at every site, however they are asked for."""

from __future__ import annotations

import msgspec

from hansa.model.errors import BadRequest, Conflict, NotFound
from hansa.model.listing import Query
from hansa.model.resource import Kind, Record
from hansa.northbound.compute import gone
from hansa.northbound.compute.legacy import PROXIES
from hansa.northbound.hall import gathering, headers, kinds, table, wire
from hansa.northbound.hall.table import Route
from hansa.rules import references
from hansa.services.preparing import Preparing
from hansa.services.relay import Forward, Reply
from hansa.services.routing import decoded
from hansa.services.sharing.groups import rules

_GROUPS, _RULES = '/os-security-groups', '/os-security-group-rules'
_KIND = Kind('security_group', 'compute', 'security_groups', 'security_group', path=_GROUPS[1:])


class OldGroups:
    """Handlers of `/os-security-groups` and `/os-security-group-rules`."""

    def __init__(self, services: kinds.Services, preparing: Preparing) -> None:
        self._services = services
        self._preparing = preparing

    def routes(self) -> tuple[Route, ...]:
        """All rows."""
        services = self._services
        rows: tuple[tuple[table.Kind, str, str, table.Handler], ...] = (
            ('shared', 'GET', _GROUPS, gathering.gathered(services, _GROUPS)),
            ('placed', 'POST', _GROUPS, kinds.placed(services, _KIND)),
            ('shared', 'GET', f'{_GROUPS}/{{id}}', kinds.routed(services, '', _GROUPS)),
            ('shared', 'PUT', f'{_GROUPS}/{{id}}', self._change),
            ('shared', 'DELETE', f'{_GROUPS}/{{id}}', self._delete),
            ('shared', 'POST', _RULES, self._add),
            ('shared', 'DELETE', f'{_RULES}/{{id}}', self._remove),
        )
        return tuple(Route(kind, methods, f'/v2.1{path}', gone.until(PROXIES, handler)) for kind, methods, path, handler in rows)

    async def _change(self, ask: table.Ask) -> wire.Answer:
        """The primary, then its replicas."""
        group = await self._group(ask, ask.names['id'])
        forward = await headers.forward(ask.request, '', self._services.limit)
        body = forward.body
        reply = await self._services.routing.change(ask.call, 'security_group', _GROUPS, group.id, '', forward)
        if reply.status < 300:
            for member in self._preparing.groups.replicas(group):
                copy = Forward('PUT', f'{_GROUPS}/{group.id}', '', forward.headers, body)
                await self._services.relay.send(ask.call, member, copy, project=group.project)
        return kinds.answer(reply)

    async def _delete(self, ask: table.Ask) -> wire.Answer:
        """At every site that has it."""
        group = await self._group(ask, ask.names['id'])
        reply = await self._preparing.groups.delete(ask.call, group, Forward('DELETE', f'/security-groups/{group.id}'))
        await self._services.routing.look(self._services.roster.get(group.site), 'security_group', group.site_id)
        if reply.status >= 400:
            raise _refused(reply)
        return wire.Answer(202)

    async def _add(self, ask: table.Ask) -> wire.Answer:
        """At the primary, then at its replicas."""
        forward = await headers.forward(ask.request, _RULES, self._services.limit)
        rule = (decoded(forward) or {}).get('security_group_rule')
        if not isinstance(rule, dict) or not isinstance(rule.get('parent_group_id'), str):
            raise BadRequest("Invalid input: 'security_group_rule' with a 'parent_group_id' is required.")
        if not references.ID.fullmatch(rule['parent_group_id']):
            raise BadRequest('Security group id should be uuid')
        group = await self._group(ask, rule['parent_group_id'])
        member = self._services.roster.get(group.site)
        await self._preparing.ensure(ask.call, member, None, rule)
        intent, reply = await self._services.journal.growing(
            ask.call, 'security_group.rule', group.site, {'security_group_rule': 1},
            lambda: self._services.relay.send(ask.call, member, forward, project=group.project), project=group.project,
        )  # fmt: skip
        answer = await self._spread(ask, group, reply)
        if reply.status < 400:
            await self._services.journal.shown(intent)
        return answer

    async def _remove(self, ask: table.Ask) -> wire.Answer:
        projects = None if ask.call.token.admin else (ask.call.token.project,)
        found = await self._services.listing.page(Query('security_group', projects))
        id = ask.names['id']
        group = next((each for each in found.records if any(rule['id'] == id for rule in rules(each))), None)
        if group is None:
            raise NotFound(f'Security group rule {id} does not exist')
        forward = await headers.forward(ask.request, f'{_RULES}/{id}', self._services.limit)
        reply = await self._services.relay.send(ask.call, self._services.roster.get(group.site), forward, project=group.project)
        return await self._spread(ask, group, reply)

    async def _spread(self, ask: table.Ask, group: Record, reply: Reply) -> wire.Answer:
        if reply.status < 300:
            await self._services.routing.look(self._services.roster.get(group.site), 'security_group', group.site_id)
            await self._preparing.groups.spread(ask.call, await self._group(ask, group.id))
        return kinds.answer(reply)

    async def _group(self, ask: table.Ask, id: str) -> Record:
        """A project's first default group comes to be, at each site, when it is first looked at: the list then tells ids that nobody knew."""
        locating = self._services.locating
        record = await locating.record(ask.call, 'security_group', id) or await locating.merged(ask.call, 'security_group', id)
        if record is None:
            await self._services.routing.look(await locating.probe(ask.call, _GROUPS, id), 'security_group', id)
            record = await locating.record(ask.call, 'security_group', id) or await locating.merged(ask.call, 'security_group', id)
        if record is None:
            raise NotFound(f'Security group {id} not found.')
        return record


def _refused(reply: Reply) -> Exception:
    """The network service's refusal as Nova passes it on."""
    told = msgspec.json.decode(reply.body) if isinstance(reply.body, bytes) and reply.body else {}
    error = told.get('NeutronError') if isinstance(told, dict) else None
    message = str(error.get('message')) if isinstance(error, dict) else 'The security group cannot be deleted.'
    return {404: NotFound, 409: BadRequest}.get(reply.status, Conflict)(message)
