"""Security groups and their rules: objects of the league, true at every site."""

from __future__ import annotations

from typing import Any

import msgspec

from hansa.model.errors import BadRequest, NotFound
from hansa.model.listing import Query
from hansa.model.resource import KINDS, Record
from hansa.northbound.hall import headers, kinds, lists, table, wire
from hansa.northbound.network import params
from hansa.services.relay import Reply
from hansa.services.routing import decoded
from hansa.services.sharing.groups import Groups, rules


class GroupsRoom:
    """Handlers of `/security-groups` and `/security-group-rules`."""

    def __init__(self, services: kinds.Services, groups: Groups) -> None:
        self._services = services
        self._groups = groups
        self._routed = kinds.routed(services, 'security_group', '/security-groups')

    async def change(self, ask: table.Ask) -> wire.Answer:
        """`PUT /security-groups/{id}`: the primary, then its replicas."""
        group = await self._group(ask, ask.names['id'])
        forward = await headers.forward(ask.request, '', self._services.limit)
        reply = await self._services.routing.change(ask.call, 'security_group', '/security-groups', group.id, '', forward)
        if reply.status < 300:
            for member in self._groups.replicas(group):
                forward.path = f'/security-groups/{group.id}'
                await self._services.relay.send(ask.call, member, forward, project=group.project)
        return kinds.answer(reply)

    async def delete(self, ask: table.Ask) -> wire.Answer:
        """`DELETE /security-groups/{id}`."""
        group = await self._group(ask, ask.names['id'])
        forward = await headers.forward(ask.request, f'/security-groups/{group.id}', self._services.limit)
        reply = await self._groups.delete(ask.call, group, forward)
        await self._services.routing.look(self._services.roster.get(group.site), 'security_group', group.site_id)
        return kinds.answer(reply)

    async def below(self, ask: table.Ask) -> wire.Answer:
        """What stands below a group (tags), at its primary."""
        return await self._routed(ask)

    async def rules(self, ask: table.Ask) -> wire.Answer:
        """`GET /security-group-rules`: those of all groups that the caller sees; filters by equality."""
        query = Query('security_group', None if ask.call.token.admin else (ask.call.token.project,))
        found = await lists.young(self._services, ask, query, lambda: self._services.listing.page(query))
        every = [rule for group in found.records for rule in rules(group)]
        kept, fields = params.rules(every, ask.request.items())
        shown = [{key: value for key, value in rule.items() if not fields or key in fields} for rule in kept]
        return wire.document(200, {'security_group_rules': shown}, *lists.freshness(found))

    async def rule(self, ask: table.Ask) -> wire.Answer:
        """`GET /security-group-rules/{id}`."""
        _, rule = await self._rule(ask)
        return wire.document(200, {'security_group_rule': rule})

    async def add(self, ask: table.Ask) -> wire.Answer:
        """`POST /security-group-rules`, single or bulk: at the primary, then at its replicas."""
        forward = await headers.forward(ask.request, '/security-group-rules', self._services.limit)
        body = decoded(forward) or {}
        items = body.get('security_group_rules') or [body.get('security_group_rule')]
        named = [item.get('security_group_id') if isinstance(item, dict) else None for item in items] if isinstance(items, list) else []
        ids = [word if isinstance(word, str) else '' for word in named]
        id = ids[0] if len(set(ids)) == 1 else ''
        if not id:
            raise BadRequest('Invalid input for operation: rules are made for one security group at a time, named by security_group_id.')
        group = await self._group(ask, id)
        member = self._services.roster.get(group.site)
        intent, reply = await self._services.journal.growing(
            ask.call, 'security_group.rule', group.site, {'security_group_rule': len(ids)},
            lambda: self._services.relay.send(ask.call, member, forward, project=group.project), project=group.project,
        )  # fmt: skip
        answer = await self._spread(ask, group, reply)
        if reply.status < 400:
            await self._services.journal.shown(intent)
        return answer

    async def remove(self, ask: table.Ask) -> wire.Answer:
        """`DELETE /security-group-rules/{id}`."""
        group, rule = await self._rule(ask)
        forward = await headers.forward(ask.request, f'/security-group-rules/{rule["id"]}', self._services.limit)
        reply = await self._services.relay.send(ask.call, self._services.roster.get(group.site), forward, project=group.project)
        return await self._spread(ask, group, reply)

    async def _spread(self, ask: table.Ask, group: Record, reply: Reply) -> wire.Answer:
        if reply.status < 300:
            await self._services.routing.look(self._services.roster.get(group.site), 'security_group', group.site_id)
            await self._groups.spread(ask.call, await self._group(ask, group.id))
        return kinds.answer(reply)

    async def _group(self, ask: table.Ask, id: str) -> Record:
        record = await self._services.locating.record(ask.call, 'security_group', id)
        if record is None:
            member, _ = await self._services.locating.member(ask.call, 'security_group', KINDS['security_group'].collection, id)
            await self._services.routing.look(member, 'security_group', id)
            record = await self._services.locating.record(ask.call, 'security_group', id)
        if record is None:
            raise NotFound(f'Security group {id} does not exist')
        return record

    async def _rule(self, ask: table.Ask) -> tuple[Record, dict[str, Any]]:
        projects = None if ask.call.token.admin else (ask.call.token.project,)
        found = await self._services.listing.page(Query('security_group', projects))
        for group in found.records:
            if ask.names['id'].encode() in group.doc:
                for rule in msgspec.json.decode(group.doc).get('security_group_rules') or []:
                    if rule['id'] == ask.names['id']:
                        return group, rule
        raise NotFound(f'Security group rule {ask.names["id"]} does not exist')
