"""What projects lend each other by RBAC policies, and topologies that Neutron makes for a project when it is first asked."""

from __future__ import annotations

from typing import Any

import msgspec

from hansa.model.errors import BadRequest, Unsupported
from hansa.model.resource import Kind
from hansa.northbound.hall import headers, kinds, table, wire
from hansa.northbound.network import offers
from hansa.ports.roster import Member
from hansa.rules import references
from hansa.services.relay import Forward, Reply
from hansa.services.routing import decoded

_PATH = '/rbac-policies'
_LISTED = {'network': 'network', 'security_group': 'security_group'}
"""Object types of policies that the inventory keeps, by its kinds; of the others each site lists what is shared."""


class Lending:
    """Handlers of `/rbac-policies`."""

    def __init__(self, services: kinds.Services) -> None:
        self._services = services

    async def create(self, ask: table.Ask) -> wire.Answer:
        """`POST`: the other project is made known to the object's site; from then on the object is in its lists. Raises Unsupported."""
        forward = await headers.forward(ask.request, _PATH, self._services.limit)
        policy = (decoded(forward) or {}).get('rbac_policy')
        if not isinstance(policy, dict):
            raise BadRequest("Unable to find 'rbac_policy' in request body")
        await self._introduce(ask, policy)
        answer = await self._send(ask, forward)
        if answer.status < 300 and isinstance(answer.body, bytes):
            await self._note(ask, msgspec.json.decode(answer.body)['rbac_policy'])
        return answer

    async def change(self, ask: table.Ask) -> wire.Answer:
        """`PUT` and `DELETE` by id: who had the object is noted anew."""
        forward = await headers.forward(ask.request, '', self._services.limit)
        read = await self._services.routing.read(ask.call, '', _PATH, ask.names['id'], '', Forward('GET', '', '', headers.passed(ask.request)))
        old = kinds.document(read).get('rbac_policy', {}) if isinstance(read, Reply) and read.status < 300 else {}
        given = (decoded(forward) or {}).get('rbac_policy')
        if isinstance(given, dict):
            await self._introduce(ask, old | given)
        reply = await self._services.routing.change(ask.call, '', _PATH, ask.names['id'], '', forward)
        if reply.status < 300 and old:
            await self._services.grants.forget(str(old.get('object_type')), _target(old), str(old.get('object_id')), ask.names['id'])
            await self._look(old)
            if ask.request.method == 'PUT':
                await self._note(ask, kinds.document(reply)['rbac_policy'])
        return kinds.answer(reply)

    async def _send(self, ask: table.Ask, forward: Forward) -> wire.Answer:
        rbac = Kind('rbac-policies', 'network', 'rbac_policies', 'rbac_policy', path='rbac-policies')
        needs = offers.need(self._services, 'rbac-policies')
        reply = await self._services.placing.create(ask.call, rbac, forward, decoded(forward) or {}, 'rbac_policy', needs)
        if reply.status < 300:
            self._services.locating.place(_PATH, str(kinds.document(reply)['rbac_policy']['id']), reply.header('x-hansa-site'))
        return kinds.answer(reply)

    async def _introduce(self, ask: table.Ask, policy: dict[str, Any]) -> None:
        target, id = _target(policy), str(policy.get('object_id') or '')
        if not references.ID.fullmatch(target) or not references.ID.fullmatch(id):
            return
        member = await self._holder(ask, policy, id)
        if member is None:
            return
        if not member.managed:
            raise Unsupported(f'Site {member.name} knows the league as one project, so that nothing there can be lent to another project.')
        await self._services.members.introduce(ask.call, member, target)

    async def _holder(self, ask: table.Ask, policy: dict[str, Any], id: str) -> Member | None:
        kind = _LISTED.get(str(policy.get('object_type')), '')
        if kind:
            record = await self._services.locating.record(ask.call, kind, id)
            return self._services.roster.get(record.site) if record and self._services.locating.certain(ask.call, record) else None
        pins = await self._services.locating.loose(ask.call, 'network', policy)
        return self._services.roster.get(pins[0].site) if pins else None

    async def _note(self, ask: table.Ask, policy: dict[str, Any]) -> None:
        target = _target(policy)
        if target != '*' and policy.get('object_type') in _LISTED:
            await self._services.grants.note(str(policy['object_type']), target, str(policy['object_id']), str(policy['id']))
        await self._look(policy)

    async def _look(self, policy: dict[str, Any]) -> None:
        """For all projects shared is what the network itself tells, and its subnets with it."""
        kind = _LISTED.get(str(policy.get('object_type')), '')
        for record in await self._services.listing.replicas(kind, str(policy.get('object_id'))) if kind else ():
            member = self._services.roster.get(record.site)
            await self._services.routing.look(member, kind, record.site_id)
            self._services.routing.poke(member, 'subnet')


def topology(services: kinds.Services) -> table.Handler:
    """`GET` and `DELETE /auto-allocated-topology/{project}`: at the project's home; what is made is in the lists at once."""

    async def handle(ask: table.Ask) -> wire.Answer:
        able = offers.need(services, 'auto-allocated-topology')[0].sites
        home = await services.placing.home(ask.call.token.project)
        sites = [home] if home in able else [member.name for member in services.roster if member.name in able]
        forward = await headers.forward(ask.request, ask.path('/auto-allocated-topology/{project}'), services.limit)
        member = services.roster.get(sites[0])
        # Making it takes as long as any create, though it is asked for by GET: with a body, if an empty one, it is waited for so long.
        forward.body = forward.body or b''
        reply = await services.relay.send(ask.call, member, forward)
        found = kinds.document(reply).get('auto_allocated_topology', {}).get('id') if reply.status < 300 and reply.body else ''
        if references.ID.fullmatch(str(found)):
            await services.routing.look(member, 'network', str(found))
        services.routing.poke(member, 'network', 'subnet', 'router', 'port')
        return kinds.answer(reply)

    return handle


def _target(policy: dict[str, Any]) -> str:
    return str(policy.get('target_tenant') or policy.get('target_project') or '')
