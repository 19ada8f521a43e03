"""The league API: what the operator's command line asks of a running league on the unix socket. `door.py` shows a part of it elsewhere."""

from __future__ import annotations

import re
from typing import Any

import msgspec

import hansa
from hansa.model.call import Call, Token
from hansa.model.errors import BadRequest, ConfigError, Conflict, HansaError, NotFound
from hansa.model.listing import Filter, Query
from hansa.model.resource import KINDS, Record
from hansa.model.site import SiteSpec
from hansa.northbound.hall import wire
from hansa.northbound.hall.table import Ask, Route, Table
from hansa.northbound.league import errors, views
from hansa.northbound.league.agents import AgentRoom
from hansa.northbound.league.drift import DriftRoom
from hansa.northbound.league.quotas import QuotaRoom
from hansa.ports.clock import Clock
from hansa.ports.identity import Identity
from hansa.ports.roster import Member, Roster
from hansa.ports.store import Store
from hansa.services.allotting import Allotting
from hansa.services.auditing import Auditing
from hansa.services.credentials import Credentials
from hansa.services.membership import Membership

_OPERATOR = Token('', 'operator', '', '', '', '', frozenset(('admin',)), float('inf'))
_LIMIT = 1 << 20
_NAME = re.compile('[a-z0-9][a-z0-9-]{0,62}')
_ENTERING = 20.0


class _Join(msgspec.Struct):
    name: str
    settings: dict[str, Any]
    kind: str = 'openstack'
    landlord: str = ''
    projects: tuple[str, ...] = ('demo',)


class League:
    """Handlers, and the door around them. `reading` are the routes that administrators may use with a token too."""

    def __init__(
        self, store: Store, roster: Roster, membership: Membership, allotting: Allotting, auditing: Auditing, identity: Identity, credentials: Credentials,
        clock: Clock, address: str,
    ) -> None:  # fmt: skip
        self._store = store
        self._roster = roster
        self._membership = membership
        self._clock = clock
        self._address = address
        self._since = clock.now()
        quotas, drift, agents = QuotaRoom(allotting, roster, identity), DriftRoom(auditing), AgentRoom(credentials, roster, clock)
        self.reading = (
            Route('own', 'GET', '/v1/status', self.status),
            Route('own', 'GET', '/v1/sites', self.sites),
            Route('own', 'GET', '/v1/sites/{name}', self.site),
            Route('own', 'GET', '/v1/why/{kind}/{id}', self.why),
        )
        self._table = Table(
            (
                *self.reading,
                Route('own', 'POST', '/v1/sites', self.join),
                Route('own', 'DELETE', '/v1/sites/{name}', self.leave),
                Route('own', 'POST', '/v1/sites/{name}/check', self.check),
                Route('own', 'GET', '/v1/agents', agents.listed),
                Route('own', 'GET', '/v1/sites/{name}/agents', agents.listed),
                Route('own', 'POST', '/v1/sites/{name}/agents', agents.add),
                Route('own', 'DELETE', '/v1/sites/{name}/agents', agents.remove),
                Route('own', 'DELETE', '/v1/sites/{name}/agents/{id}', agents.remove),
                Route('own', 'GET', '/v1/drift', drift.listed),
                Route('own', 'POST', '/v1/drift/repair', drift.repair),
                Route('own', 'GET', '/v1/quotas', quotas.listed),
                Route('own', 'GET', '/v1/quotas/{project}', quotas.one),
                Route('own', 'PUT', '/v1/quotas/{project}', quotas.change),
                Route('own', 'GET', '/v1/quota-default', quotas.one),
                Route('own', 'PUT', '/v1/quota-default', quotas.change),
            )
        )

    async def answer(self, request: wire.Request) -> wire.Answer:
        """Answer the operator; errors are sentences."""
        try:
            request.admit()
            route, names = self._table.match(request.method, request.words)
            request.note.route = route.kind
            return await route.handler(Ask(Call(request.id, _OPERATOR, 'league'), request, names))
        except HansaError as error:
            request.note.failed(error)
            return errors.fault(error, request.id)

    async def status(self, _: Ask) -> wire.Answer:
        """`GET /status`."""
        summary = await self._store.summary()
        return wire.document(
            200,
            {
                'mode': 'running',
                'version': hansa.__version__,
                'address': self._address,
                'since': views.moment(self._since),
                'sites': [views.site(member, summary, self._clock.now()) for member in self._roster],
                'intents_open': len(await self._store.open_intents()),
                'counts': views.totals(summary),
            },
        )

    async def sites(self, _: Ask) -> wire.Answer:
        """`GET /sites`."""
        summary, now = await self._store.summary(), self._clock.now()
        found = [views.site(each, summary, now) | views.kinds(each, summary, now) for each in self._roster]
        return wire.document(200, {'sites': found})

    async def site(self, ask: Ask) -> wire.Answer:
        """`GET /sites/{name}`."""
        return await self._shown(200, self._roster.get(ask.names['name']))

    async def join(self, ask: Ask) -> wire.Answer:
        """`POST /sites`."""
        try:
            wanted = msgspec.json.decode(await ask.request.body(_LIMIT), type=_Join)
        except msgspec.DecodeError:
            raise BadRequest('The site cannot be read: name, kind and settings are expected, as JSON.') from None
        spec = SiteSpec(wanted.name, wanted.kind, wanted.settings, wanted.landlord, wanted.projects)
        if not _NAME.fullmatch(spec.name):
            raise BadRequest('The name of a site is up to 63 lower-case letters, digits and hyphens, no hyphen first.')
        try:
            await self._membership.probe(spec)
        except ConfigError as error:
            raise BadRequest(str(error)) from error
        member = await self._membership.join(spec, new=True)
        await self._membership.ready([spec.name], _ENTERING)
        return await self._shown(201, member)

    async def leave(self, ask: Ask) -> wire.Answer:
        """`DELETE /sites/{name}`."""
        await self._membership.leave(ask.names['name'])
        return wire.Answer(204)

    async def check(self, ask: Ask) -> wire.Answer:
        """`POST /sites/{name}/check`."""
        ok, capabilities, findings = await self._membership.check(ask.names['name'])
        return wire.document(200, {'ok': ok, 'mode': capabilities.mode if capabilities else 'unknown', 'findings': findings})

    async def why(self, ask: Ask) -> wire.Answer:
        """`GET /why/{kind}/{id or name}`."""
        kind, word = ask.names['kind'], ask.names['id']
        if kind not in KINDS:
            raise NotFound(f'There is no kind {kind}; there are {", ".join(KINDS)}.')
        record = await self._store.get(kind, word)
        if record is None:
            found = await self._store.page(Query(kind, filters=(Filter(('name',), 'in', (word,)),), limit=2))
            if len(found) > 1:
                raise Conflict(f'More than one {kind} is called {word}; use the id.')
            record = found[0] if found else None
        id = record.id if record else word
        decision = await self._store.decision(kind, id)
        if decision is None:
            raise NotFound(f'The league did not place a {kind} {word}' + _whose(record))
        return wire.document(200, views.why(kind, id, decision))

    async def _shown(self, status: int, member: Member) -> wire.Answer:
        summary = await self._store.summary()
        league = {each.name: each.capabilities for each in self._roster if each.capabilities}
        shown = views.details(member, summary, self._clock.now(), league)
        return wire.document(status, {'site': shown})


def _whose(record: Record | None) -> str:
    if record is None:
        return ' and knows none.'
    return f'; site {record.site} has it.' if record.site else "; it is the league's own."
