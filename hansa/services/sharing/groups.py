"""Security groups: one per project over all sites; their rules are brought to a replica and kept level with the primary's."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from hansa.model.alias import Alias
from hansa.model.call import Call
from hansa.model.errors import BadRequest, Conflict, SiteDown
from hansa.model.listing import Filter, Query
from hansa.model.resource import Record
from hansa.ports.clock import Clock
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.rules.aliases import AliasBook
from hansa.services.journal import Journal
from hansa.services.relay import Forward, Relay, Reply
from hansa.services.turns import Turns

_JSON = [('Content-Type', 'application/json')]
_RULE = (
    'direction', 'ethertype', 'protocol', 'port_range_min', 'port_range_max', 'remote_ip_prefix', 'remote_group_id',
    'remote_address_group_id', 'description',
)  # fmt: skip
_DEEP = 8


class Groups:
    """Replicas of security groups."""

    def __init__(self, store: Store, book: AliasBook, roster: Roster, relay: Relay, journal: Journal, clock: Clock, turns: Turns) -> None:
        self._store = store
        self._book = book
        self._roster = roster
        self._relay = relay
        self._journal = journal
        self._clock = clock
        self._turns = turns

    async def find(self, call: Call, word: str) -> Record | None:
        """A group of the caller's project by id or name; None where the inventory knows none ('default' of a new project)."""
        record = await self._store.get('security_group', word)
        if record is not None:
            return record
        named = Query('security_group', (call.token.project,), public=False, filters=(Filter(('name',), 'in', (word,)),), limit=2)
        found = await self._store.page(named)
        if len(found) > 1:
            raise Conflict(f"Multiple security groups found matching '{word}'. Use an ID to be more specific.")
        if not found and word != 'default':
            raise BadRequest(f'Unable to find security group with name or id {word}.')
        return found[0] if found else None

    async def ensure(self, call: Call, member: Member, group: Record, depth: int = 0) -> str:
        """Have a group at a site; its id there. Raises SiteDown, BadRequest for rules that refer to groups too deep."""
        if depth > _DEEP:
            raise BadRequest(f'Rules of security group {group.name} refer to each other more than {_DEEP} deep.')
        if group.site == member.name:
            return group.site_id
        local = self._book.local(member.name, group.id, group.project)
        if local:
            return local
        async with self._turns.of(f'group/{member.name}/{group.id}'):
            local = self._book.local(member.name, group.id, group.project)
            if local:
                return local
            local = await self._make(call, member, group)
        await self.level(call, member, group, depth)
        return local

    async def _make(self, call: Call, member: Member, group: Record) -> str:
        if group.name == 'default':
            found = await self._send(call, member, group, 'GET', '/security-groups', query='name=default')
            own = [each for each in found['security_groups'] if each['project_id'] == group.project]
            if own:
                return await self._alias(member, group, self._raw(member, own[0]['id']))
        return await self._copy(call, member, group)

    async def _copy(self, call: Call, member: Member, group: Record) -> str:
        """Until its alias stands a copy carries the marker of its intent, so that one left by a crash is found and deleted."""
        intent = await self._journal.plan(call, 'security_group.copy', member.name, {'group': group.id})
        intent = await self._journal.sent(intent)
        body = {'security_group': {'name': group.name, 'description': intent.marker}}
        try:
            made = await self._send(call, member, group, 'POST', '/security-groups', body)
            local = self._raw(member, made['security_group']['id'])
            await self._journal.own(intent, [local])
            await self._alias(member, group, local)
        except BaseException as error:
            await asyncio.shield(self._journal.give_up(intent, error))
            raise
        await self._journal.done(intent, local)
        body = {'security_group': {'description': msgspec.json.decode(group.doc).get('description') or ''}}
        await self._send(call, member, group, 'PUT', f'/security-groups/{group.id}', body)
        return local

    async def _alias(self, member: Member, group: Record, local: str) -> str:
        alias = Alias(member.name, 'security_group', group.id, local)
        await self._store.add_aliases([alias])
        self._book.add([alias])
        return local

    async def level(self, call: Call, member: Member, group: Record, depth: int = 0) -> None:
        """Make a replica's rules those of the primary: missing ones are made, surplus ones deleted."""
        wanted = {_key(rule): rule for rule in msgspec.json.decode(group.doc)['security_group_rules']}
        shown = await self._send(call, member, group, 'GET', f'/security-groups/{group.id}')
        there = {_key(rule): rule for rule in shown['security_group']['security_group_rules']}
        for key in there.keys() - wanted.keys():
            await self._send(call, member, group, 'DELETE', f'/security-group-rules/{there[key]["id"]}')
        for key in wanted.keys() - there.keys():
            there[key] = await self._add_rule(call, member, group, wanted[key], depth)
        aliases = [
            Alias(member.name, 'security_group_rule', wanted[key]['id'], self._raw(member, there[key]['id']))
            for key in wanted
            if wanted[key]['id'] != there[key]['id']
        ]
        await self._store.add_aliases(aliases)
        self._book.add(aliases)

    async def _add_rule(self, call: Call, member: Member, group: Record, rule: dict[str, Any], depth: int) -> dict[str, Any]:
        remote = rule.get('remote_group_id')
        if remote and remote != group.id:
            other = await self._store.get('security_group', remote)
            if other is not None:
                await self.ensure(call, member, other, depth + 1)
        fields = {key: rule[key] for key in _RULE if rule.get(key) not in {None, ''}}
        body = {'security_group_rule': {'security_group_id': group.id, **fields}}
        made: dict[str, Any] = (await self._send(call, member, group, 'POST', '/security-group-rules', body))['security_group_rule']
        return made

    def replicas(self, group: Record) -> list[Member]:
        """Sites, other than the primary's, that have a replica."""
        sites = {alias.site for alias in self._book.of('security_group', group.id)} - {group.site}
        return [self._roster.get(site) for site in sorted(sites) if site in self._roster]

    async def spread(self, call: Call, group: Record) -> None:
        """Level all replicas after the primary changed; a site that is down is levelled when it is back."""
        for member in self.replicas(group):
            try:
                await self.level(call, member, group)
            except SiteDown:
                continue

    async def delete(self, call: Call, group: Record, forward: Forward) -> Reply:
        """Replicas first, so that one in use at any site refuses before the primary is gone. Raises SiteDown."""
        for member in self.replicas(group):
            reply = await self._relay.send(call, member, _again(forward), project=group.project, service='network')
            if reply.status >= 400 and reply.status != 404:
                return reply
            aliases = self._book.of('security_group', group.id, member.name)
            await self._store.drop_aliases(aliases)
            await self._store.remove(member.name, 'security_group', [group.id], self._clock.now())
            self._book.drop(aliases)
        return await self._relay.send(call, self._roster.get(group.site), forward, project=group.project, service='network')

    async def _send(
        self, call: Call, member: Member, group: Record, method: str, path: str, body: object = None, query: str = ''
    ) -> dict[str, Any]:
        raw = msgspec.json.encode(body) if body is not None else None
        forward = Forward(method, path, query, _JSON if raw else [], raw)
        reply = await self._relay.send(call, member, forward, project=group.project, service='network')
        if reply.status == 404 and method == 'DELETE':
            return {}
        if reply.status >= 400 or not isinstance(reply.body, bytes):
            raise SiteDown(member.name, f'did not take security group {group.name} ({method} {reply.status})')
        return msgspec.json.decode(reply.body) if reply.body else {}

    def _raw(self, member: Member, id: str) -> str:
        """A site's own id behind what the relay has already put into the league's words."""
        return self._book.local(member.name, id) or id


def _again(forward: Forward) -> Forward:
    return Forward(forward.method, forward.path, forward.query, forward.headers, forward.body)


def _key(rule: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(rule.get(field) or '') for field in _RULE)


def rules(group: Record) -> list[dict[str, Any]]:
    """The rules in a group's document."""
    found: list[dict[str, Any]] = msgspec.json.decode(group.doc).get('security_group_rules') or []
    return found


