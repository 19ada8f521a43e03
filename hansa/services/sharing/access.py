"""Who may use private flavors: each site has a list of its own projects, and the league goes by all of them together."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from hansa.model.call import Call
from hansa.model.errors import HansaError, SiteDown
from hansa.model.resource import Record
from hansa.ports.roster import Member, Roster
from hansa.ports.site import OPERATOR, SiteRequest
from hansa.ports.store import Store
from hansa.rules.aliases import AliasBook
from hansa.services import relay
from hansa.services.accounts import Accounts

_TIMEOUT = 8.0
_ALREADY = 409


class Access:
    """What is known is kept per project, as lists ask for it; a project that is not known to be let in is asked about."""

    def __init__(self, store: Store, book: AliasBook, roster: Roster, accounts: Accounts) -> None:
        self._store = store
        self._book = book
        self._roster = roster
        self._accounts = accounts
        self._given: set[tuple[str, str, str]] = set()

    async def granted(self, project: str) -> tuple[str, ...]:
        """Ids of private flavors that a project may use."""
        return tuple(key.rpartition('/')[2] for key in await self._store.values(f'{_key(project)}/'))

    async def find(self, call: Call, id: str) -> Record | None:
        """A flavor that this caller may use; None where there is none."""
        record = await self._store.get('flavor', id)
        if record is None or record.public or call.token.admin:
            return record
        if await self._store.value(f'{_key(call.token.project)}/{id}') is None and call.token.project not in await self.learn(record):
            return None
        return record

    async def learn(self, flavor: Record) -> set[str]:
        """Ask every site that has a private flavor whom it lets in; the league ids of those projects, or the site's own for others'.

        Sites that do not answer are left out: what is known of them stays.
        """
        projects: set[str] = set()
        whole = True
        for replica in await self._store.replicas('flavor', flavor.id):
            told = await self._told(replica)
            projects |= told or set()
            whole = whole and told is not None
        for project in projects:
            await self.note(flavor.id, project)
        if whole:
            for key in await self._store.values(_key('')):
                project, _, id = key.removeprefix(_key('')).partition('/')
                if id == flavor.id and project not in projects:
                    await self._store.unset(key)
        return projects

    async def note(self, flavor: str, project: str) -> None:
        """A project may use it."""
        await self._store.set(f'{_key(project)}/{flavor}', b'true')

    async def forget(self, flavor: str, project: str) -> None:
        """A project may not use it any more."""
        self._given = {given for given in self._given if given[1:] != (flavor, project)}
        await self._store.unset(f'{_key(project)}/{flavor}')

    async def introduce(self, call: Call, flavor: Record, project: str) -> None:
        """See to it that each site that has the flavor knows a project before it is told to let it in. Raises SiteDown."""
        for replica in await self._store.replicas('flavor', flavor.id):
            await self._accounts.project(call, self._roster.get(replica.site), project)

    async def ensure(self, call: Call, member: Member, flavor: Record, local: str) -> None:
        """Let the caller's project, which the league lets in, in at one site too, where the flavor is called `local`. Raises SiteDown."""
        given = (member.name, flavor.id, call.token.project)
        if flavor.public or call.token.admin or not member.managed or given in self._given:
            return
        project = await self._accounts.project(call, member, call.token.project)
        body = msgspec.json.encode({'addTenantAccess': {'tenant': project}})
        headers = [('Content-Type', 'application/json'), *relay.microversion('compute', '2.1')]
        request = SiteRequest('compute', 'POST', f'/flavors/{quote(local, safe="")}/action', '', headers, body)
        response = await member.site.send(request, OPERATOR, relay.WRITE_TIMEOUT)
        await response.read()
        if response.status >= 400 and response.status != _ALREADY:
            raise SiteDown(member.name, f'refused to let the project use flavor {flavor.name} ({response.status})')
        self._given.add(given)

    async def _told(self, replica: Record) -> set[str] | None:
        """Whom one site lets in. A site that we are a tenant of shows us a private flavor because we are let in, for whoever it serves."""
        if replica.site not in self._roster:
            return set()
        member = self._roster.get(replica.site)
        if not member.managed:
            return {alias.league for alias in self._book.of('project', site=member.name)}
        path = f'/flavors/{quote(replica.site_id, safe="")}/os-flavor-access'
        request = SiteRequest('compute', 'GET', path, '', relay.microversion('compute', '2.1'))
        try:
            response = await member.site.send(request, OPERATOR, _TIMEOUT)
            raw = await response.read()
            if response.status == 404:
                return set()
            if response.status != 200:
                return None
            listed: list[dict[str, Any]] = msgspec.json.decode(raw)['flavor_access']
            return {self._book.league(member.name, each['tenant_id']) or str(each['tenant_id']) for each in listed}
        except (HansaError, msgspec.DecodeError, KeyError, TypeError):
            return None


def _key(project: str) -> str:
    return f'grant/flavor/{project}'
