"""What projects used, added up over the sites; from 2.40 on in pages of servers, one site's after the other's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from hansa.model.errors import BadRequest
from hansa.northbound.compute import hypervisors
from hansa.northbound.hall import gathering, kinds, lists, own, table, versions, wire
from hansa.ports.roster import Member
from hansa.rules import limits

PAGED = (2, 40)
_PAGING = frozenset(('limit', 'marker'))

Usage = dict[str, Any]


class Page(msgspec.Struct):
    """At most `limit` servers' usage, by project, in the order in which each project's last server came; `last` is the last server's id."""

    limit: int
    projects: dict[str, Usage] = {}
    servers: int = 0
    last: str = ''

    @property
    def room(self) -> int:
        """How many servers more it takes."""
        return self.limit - self.servers

    def add(self, usages: Sequence[Usage]) -> None:
        """Take one answer up. The project of its last server becomes the page's last: there clients look for where to go on."""
        for usage in usages:
            project, servers = usage['tenant_id'], usage['server_usages']
            known = self.projects.pop(project, None)
            self.projects[project] = limits.merged((known, usage)) if known else usage
            self.servers += len(servers)
            self.last = servers[-1]['instance_id'] if servers else self.last


class Usages:
    """Handlers of `/os-simple-tenant-usage`; of one project (`single`) or of all."""

    def __init__(self, services: kinds.Services, *, single: bool) -> None:
        self._services = services
        self._single = single
        self._key = 'tenant_usage' if single else 'tenant_usages'
        self._path = '/os-simple-tenant-usage' + ('/{project}' if single else '')

    async def shown(self, ask: table.Ask) -> wire.Answer:
        """`GET /os-simple-tenant-usage` and `GET /os-simple-tenant-usage/{project}`."""
        if versions.number(ask.call.version) >= PAGED:
            return await self._paged(ask)
        found = await self._services.quotas.gather(ask.call, ask.path(self._path), ask.request.query)
        if not found:
            return await own.first(self._services, self._path)(ask)
        total: Usage = limits.merged([document for _, document in found])
        return wire.document(200, {self._key: total.get(self._key, {})})

    async def _paged(self, ask: table.Ask) -> wire.Answer:
        """A page begins at the site that knows its marker, and goes on at the next ones until it is full."""
        limit, marker = hypervisors.page(ask)
        page, got = Page(limit), gathering.Gathered()
        members = [member for member in self._services.roster if self._services.accounts.serves(ask.call.token, member)]
        if marker:
            members = await self._after(ask, members, marker)
        for member in members:
            await self._read(ask, member, page, got, marker)
            marker = ''
            if page.room <= 0:
                break
        if not got.found:
            return got.refusal()
        every = list(page.projects.values())
        if dict(ask.request.items()).get('detailed') != '1' and not self._single:
            every = [{name: value for name, value in usage.items() if name != 'server_usages'} for usage in every]
        body: dict[str, Any] = {self._key: (every[0] if every else {}) if self._single else every}
        if page.room <= 0:
            link = lists.next_link(ask, page.last, f'{ask.call.base}/v2.1{ask.path(self._path)}')
            body[f'{self._key}_links'] = [{'rel': 'next', 'href': link}]
        return got.document(body)

    async def _after(self, ask: table.Ask, members: list[Member], marker: str) -> list[Member]:
        """The sites from the marker's on: only its own takes it. Raises BadRequest where none does, SiteDown where one cannot be asked."""
        got = await gathering.every(self._services, ask, ask.path(self._path), self._query(ask, 1, marker), members)
        if got.found:
            return members[members.index(got.found[0][0]) :]
        if got.down:
            raise got.down[0]
        raise BadRequest(f'Marker {marker} could not be found.')

    async def _read(self, ask: table.Ask, member: Member, page: Page, got: gathering.Gathered, marker: str) -> None:
        """A site's servers after the marker, as many as the page takes; a site may give fewer at once than it is asked for."""
        for _ in range(gathering.MOST_PAGES):
            part = await gathering.every(self._services, ask, ask.path(self._path), self._query(ask, page.room, marker), [member])
            got.add(part)
            if not part.found:
                return
            document = part.found[0][1]
            told = document.get(self._key)
            page.add(told if isinstance(told, list) else [told] if told else [])
            marker = page.last
            if page.room <= 0 or not document.get(f'{self._key}_links'):
                return

    def _query(self, ask: table.Ask, limit: int, marker: str) -> str:
        """With the details by which servers are counted, whether the caller wants to see them or not."""
        items = [item for item in ask.request.items() if item[0] not in _PAGING and item[0] != 'detailed']
        items += [] if self._single else [('detailed', '1')]
        return urlencode([*items, ('limit', str(limit)), *([('marker', marker)] if marker else [])])
